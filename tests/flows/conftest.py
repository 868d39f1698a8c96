"""An office with people in it, and processes that it publishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, defining, simple
from shuzheng.base.flows.models import Case, Definition, Opinion, Step, Task
from shuzheng.kernel.ids import uuid7
from tests.factories import Nation, actor_of
from tests.worlds import Answer, once

OFFICE, UNIT, UPPER = "33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/0/goa/"
FIELDS = [
    {"code": "subject", "label": "事由", "kind": "text", "required": True},
    {"code": "amount", "label": "金额", "kind": "money", "unit": "元"},
]


class Desk:
    """People by name, and what they do to a case; everything through the actions."""

    def __init__(self, nation: Nation) -> None:
        self.nation = nation
        self.people: dict[str, Actor] = {}
        self.admin = nation.actor(OFFICE, "business_admin", at="33/11/23/")

    def hire(self, name: str, organ: str = OFFICE, *roles: str, at: str | None = None) -> Actor:
        self.people[name] = actor_of(self.nation.account(organ, *roles, at=at, name=name))
        return self.people[name]

    def publish(self, steps: list[dict[str, Any]], code: str = "ask", **values: Any) -> Definition:
        text = simple.to_bpmn(
            {"code": code, "name": "请示", "title": "{subject}", "fields": FIELDS, "steps": steps, **values}
        )
        return self.publish_text(text, code)

    def publish_text(self, text: str, code: str, tables: dict[str, str] | None = None) -> Definition:
        with self.admin.scope.activate():
            row = Definition.objects.filter(node_id=self.admin.organ_id, code=code).order_by("-edition").first()
            if row is None:
                row = Definition(code=code)
                row.node_id, row.path = self.admin.organ_id, self.admin.organ_path
            [draft] = defining.save_definitions([row], actor=self.admin, bpmn=text, tables=tables)
            [found] = defining.publish([draft], actor=self.admin)
        return found

    def start(
        self, who: str, definition: Definition, *, chosen: Any = None, urgent: bool = False, **values: Any
    ) -> Case:
        actor = self.people[who]
        case = Case(definition=definition)
        case.node_id, case.path = actor.organ_id, actor.organ_path
        with actor.scope.activate():
            [case] = actions.save_drafts([case], actor=actor, values={"subject": "买纸", **values}, is_urgent=urgent)
            [case] = actions.start([case], actor=actor, key=uuid7().hex, chosen=chosen)
        return case

    def task(self, who: str, case: Case) -> Task:
        with self.people[who].scope.activate():
            return Task.objects.get(case_id=case.pk, person_id=self.people[who].person_id, state="open")

    def do(self, who: str, verb: Callable[..., Any], case: Case, **values: Any) -> Any:
        task = self.task(who, case)
        with self.people[who].scope.activate():
            return verb([task], actor=self.people[who], **values)

    def agree(self, who: str, case: Case, **values: Any) -> None:
        self.do(who, actions.decide, case, **{"verdict": "pass", **values})

    def refuse(self, who: str, case: Case, text: str = "预算不足") -> None:
        self.do(who, actions.decide, case, verdict="refuse", text=text)

    def post(self, who: str) -> Any:
        return self.people[who].id


def fresh(case: Case) -> Case:
    with system_scope("tests").activate():
        return Case.objects.select_related("definition").get(pk=case.pk)


def waiting(case: Case) -> list[str]:
    """Who is waited for, by name."""
    with system_scope("tests").activate():
        found = Task.objects.filter(case_id=case.pk, state="open").exclude(role__in=Task.TO_READ)
        return sorted(found.values_list("person", flat=True))


def story(case: Case) -> list[str]:
    with system_scope("tests").activate():
        return [f"{o.person} {o.verb}" for o in Opinion.objects.filter(case_id=case.pk).order_by("at", "pk")]


def steps(case: Case) -> list[tuple[str, str]]:
    with system_scope("tests").activate():
        return list(Step.objects.filter(case_id=case.pk).order_by("opened_at", "pk").values_list("name", "state"))


def step(ident: str, name: str, *who: str, **values: Any) -> dict[str, Any]:
    return {"type": "step", "id": ident, "name": name, "who": list(who), **values}


@pytest.fixture(scope="module")
def _desk(request: pytest.FixtureRequest, _nation: Answer) -> Iterator[Answer]:
    with once(request, staffed, _nation) as answer:
        yield answer


@pytest.fixture
def desk(nation: Nation, _desk: Answer) -> Desk:
    found: Desk = _desk(nation)
    found.nation = nation
    return found


def staffed(nation: Nation) -> Desk:
    """Who starts, who heads the organ, three who review, and one above."""
    found = Desk(nation)
    found.hire("经办", OFFICE)
    found.hire("主任", OFFICE, "leader")
    for name in ("甲", "乙", "丙"):
        found.hire(name, OFFICE, "reviewer")
    found.hire("局长", UPPER, "leader", at="33/11/")
    return found
