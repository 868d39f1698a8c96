"""A county with its three officers and a business administrator, and the same next door: what could leak."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Role, RoleChange
from shuzheng.base.accounts.models import Account, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from tests.factories import Nation, actor_of

COUNTY, ORGAN = "33/11/23/", "33/11/23/0/goa/"
SCHOOL, OTHER_SCHOOL = "33/11/23/0/u1/", "33/11/22/0/u1/"


@dataclass
class County:
    nation: Nation
    path: str
    admin: Account
    system: Account
    security: Account
    audit: Account

    @property
    def organ(self) -> str:
        return f"{self.path}0/goa/"


def county(nation: Nation, path: str) -> County:
    organ = f"{path}0/goa/"
    for code in (
        "clerk",
        "reviewer",
        "leader",
        "business_admin",
        "system_officer",
        "security_officer",
        "audit_officer",
    ):
        with system_scope("tests").activate():
            nation.role(code)
    return County(
        nation,
        path,
        *(
            nation.account(organ, code, at=path)
            for code in ("business_admin", "system_officer", "security_officer", "audit_officer")
        ),
    )


@pytest.fixture
def here(nation) -> County:
    return county(nation, COUNTY)


@pytest.fixture
def next_door(nation) -> County:
    return county(nation, "33/11/22/")


def post_of(account: Account) -> Post:
    """The account's post as an action wants it."""
    with system_scope("tests").activate():
        found = Post.objects.select_related("person", "node__organ__division", "node__division")
        return found.get(person=account.person_id)


def role(code: str) -> Role:
    with system_scope("tests").activate():
        return Role.objects.get(code=code)


def fresh(change: RoleChange) -> RoleChange:
    with system_scope("tests").activate():
        return RoleChange.objects.select_related(
            "post__person", "post__node__organ__division", "role", "at", "asked_by"
        ).get(pk=change.pk)


def span(start: date | None = None, end: date | None = None) -> DateRange:
    return DateRange(start or timezone.localdate(), end)


def actor(account: Account) -> Actor:
    return actor_of(account)
