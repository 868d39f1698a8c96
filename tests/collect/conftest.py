"""A collection of a county's office, ready to be answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shuzheng.base.accounts.models import Account
from shuzheng.base.api import limits
from shuzheng.base.collect import actions, door
from shuzheng.base.collect.audience import targets
from shuzheng.base.collect.models import Answer, Collection
from shuzheng.base.collect.questions import paste
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.ids import uuid7
from tests.factories import Nation, actor_of

OFFICE, UNIT, OTHER = "33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/"
LINES = "参加人数（人）*\n是否参加：参加/请假*\n想听什么：安全/节能/采购（多选）\n意见"

Make = Callable[..., Collection]


@pytest.fixture(autouse=True)
def _no_calls_counted() -> None:
    limits._counts.clear()


@pytest.fixture
def maker(nation: Nation) -> Actor:
    return nation.actor(OFFICE, "clerk", "business_admin", at="33/11/23/")


@pytest.fixture
def make(maker: Actor) -> Make:
    """``make(audience="level", per="organ")``: a collection that is open."""

    def make_one(*, by: Actor | None = None, lines: str = LINES, is_open: bool = True, **values: Any) -> Collection:
        actor = by or maker
        row = Collection()
        row.node_id, row.path = actor.organ_id, actor.organ_path
        closes_at = values.pop("closes_at", None) or actions.evening(3)
        facts = {
            "title": "培训报名", "audience": "level", "per": "organ", "closes_at": closes_at, "purpose": "办会",
            "keep_until": actions.usual_keeping(closes_at), "questions": [q.data() for q in paste(lines)],
        }  # fmt: skip
        with actor.scope.activate():
            [row] = actions.save_collections([row], actor=actor, **facts | values)
            if is_open:
                found = targets(row, actor)
                actions.open_collections(found or [row], actor=actor, collection=row)
        return row

    return make_one


def answer(
    row: Collection, who: Actor | None, *, ticket: str = "", version: int = 0, files: Any = None, **values: Any
) -> door.Sent:
    """Somebody answers by the link, as the page does."""
    given = {code: v if isinstance(v, list) else [str(v)] for code, v in ({"q1": 3, "q2": "参加"} | values).items()}
    guest = door.come_in(row.token, who)
    with who.scope.activate() if who else door.system().scope.activate():
        return door.send(guest, given, files or {}, ticket=ticket or uuid7().hex, version=version)


def stored(row: Collection) -> list[Answer]:
    with system_scope("tests").activate():
        return list(Answer.objects.filter(collection=row).order_by("pk"))


def fresh(row: Collection) -> Collection:
    with system_scope("tests").activate():
        return Collection.objects.get(pk=row.pk)


def colleague(nation: Nation, organ: str, *roles: str, name: str = "") -> tuple[Account, Actor]:
    account = nation.account(organ, *roles, name=name)
    return account, actor_of(account)
