"""Places in two organs and a neighbour's, and people who may see or write them."""

from __future__ import annotations

import pytest
from django.test import Client

from shuzheng.base.core.scope import system_scope
from shuzheng.base.masters.models import Place
from tests.factories import actor_of

U1, U2, OTHER, GOA = "33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/22/0/u1/", "33/11/23/0/goa/"


def place(nation, organ: str, number: str, name: str = "", kind: str = "building", **values) -> Place:
    row = Place(number=number, name=name or f"位置{number}", kind=kind, **values)
    row.full_name = f"{row.parent.full_name} / {row.name}" if row.parent else row.name
    row.own(nation.organ(organ))
    with system_scope("tests").activate():
        row.save(force_insert=True)
    return row


@pytest.fixture
def places(nation):
    """One's own two, a neighbour's in the same county, and one of another county: data that could leak."""
    return {
        "own": place(nation, U1, "A1", "一号楼", net_area=100, gross_area=150),
        "room": place(nation, U1, "A2", "二号楼", net_area=20, state="idle"),
        "neighbour": place(nation, U2, "B1", "邻居楼", net_area=7),
        "far": place(nation, OTHER, "C1", "外县楼", net_area=9),
    }


def sign_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def clerk(nation):
    """A clerk of the first institution: keeps its places."""
    return sign_in(nation.account(U1, "clerk", name="周岚"))


@pytest.fixture
def county(nation):
    """The county's office: sees and keeps the places of the whole county."""
    return sign_in(nation.account(GOA, "business_admin", at="33/11/23/", name="徐立"))


@pytest.fixture
def clerk_actor(nation):
    return actor_of(nation.account(U1, "clerk", name="吴海"))


@pytest.fixture
def county_actor(nation):
    return actor_of(nation.account(GOA, "business_admin", at="33/11/23/", name="郑文"))
