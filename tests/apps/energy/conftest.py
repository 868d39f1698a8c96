"""A quarter of the energy scheme in a small nation: institutions with size, the year before, and the round that is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from types import SimpleNamespace

import pytest

from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.org.models import NodeKind, OrganProfile
from shuzheng.kernel.periods import Period
from shuzheng.ops.demo.reporting import consumption
from tests.factories import Nation, add_node
from tests.forms.conftest import definition, due, standards  # noqa: F401 -- fixtures

COUNTY = "33/11/23/"
MORE = 28
"""Institutions of the county besides the two that every division has."""


@dataclass
class Scheme:
    """The quarter that is asked, the same of last year, and everybody's true numbers by path."""

    nation: Nation
    round: Round
    last: Round
    forms: dict[str, dict[str, Decimal | None]]
    actors: dict[tuple[str, ...], Actor] = field(default_factory=dict)

    def unit(self, path: str) -> Actor:
        return self._actor(path, "clerk", at=path)

    def office(self, division: str, *roles: str) -> Actor:
        organ = f"{division}0/goa/" if division else "0/ngoa/"
        return self._actor(organ, *(roles or ("reviewer", "leader")), at=division)

    def _actor(self, organ: str, *roles: str, at: str) -> Actor:
        key = (organ, at, *roles)
        if key not in self.actors:
            self.actors[key] = self.nation.actor(organ, *roles, at=at)
        return self.actors[key]

    def submission(self, path: str, round_: Round | None = None) -> Submission:
        with system_scope("tests").activate():
            rows = Submission.objects.select_related("node", "round__definition")
            return rows.get(round=round_ or self.round, path=path)

    def hand_in(self, path: str, values, round_: Round | None = None, reasons=None) -> None:
        actions.fill([self.submission(path, round_)], actor=self.unit(path), values=values, explanations=reasons or {})
        actions.submit([self.submission(path, round_)], actor=self.unit(path))


def open_round(nation: Nation, definition, period: str, at: str = "") -> Round:  # noqa: F811
    organ = "0/ngoa/" if not at else f"{at}0/goa/"
    issuer = nation.actor(organ, "business_admin", at=at)
    with issuer.scope.activate():
        [row] = actions.issue_rounds(
            [nation.organ(at)], actor=issuer, definition=definition, period=period, due_at=due(2027), signing=Round.Signing.FILLER
        )  # fmt: skip
    actions.open_rounds([row], actor=system_actor("forms.open"))
    with system_scope("tests").activate():
        return Round.objects.select_related("definition").get(pk=row.pk)


@pytest.fixture
def institutions(standards) -> list[str]:  # noqa: F811
    """Paths of all institutions, each with a profile."""
    with system_scope("tests").activate():
        for n in range(MORE):
            add_node(standards, f"{COUNTY}0/m{n:02d}/", f"甲县中学{n}", NodeKind.ORGAN, type="21", is_reporting=True)
        paths = sorted(p for p, node in standards.nodes.items() if node.is_reporting)
        for path in paths:
            random = Random(path)
            row = OrganProfile(
                floor_area=Decimal(random.randint(3000, 4000)), energy_headcount=random.randint(300, 400)
            )
            row.own(standards.organ(path))
            row.save(force_insert=True)
    return paths


def true_form(nation: Nation, path: str, period: str) -> dict[str, Decimal | None]:
    """What an institution of that path used, as the demo's generator makes it: the same in both years, but for small changes."""
    organ = nation.organ(path)
    with system_scope("tests").activate():
        profile = OrganProfile.objects.get(node=organ)
    known = SimpleNamespace(code=path, type=organ.type)
    return consumption(known, profile, Period.parse(period), Random(f"{path} same"))


@pytest.fixture
def scheme(standards, definition, institutions) -> Scheme:  # noqa: F811
    last = open_round(standards, definition, "2025Q3")
    round_ = open_round(standards, definition, "2026Q3")
    forms = {path: true_form(standards, path, "2026Q3") for path in institutions}
    return Scheme(standards, round_, last, forms)
