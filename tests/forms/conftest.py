"""A round in a small nation: the energy quarterly, asked of everybody, for the third quarter of 2026."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions
from shuzheng.base.forms.models import Definition, Round, Submission
from shuzheng.base.forms.shipped import load_forms
from shuzheng.base.standards.load import load_standards
from tests.factories import Nation
from tests.worlds import Answer

UNIT = "33/11/23/0/u1/"
BLANK_IS_ZERO = [
    f"e{n}_m{m}" for n in ("01", "011", "012", "02", "021", "03", "04", "05", "06", "07", "08", "09") for m in (1, 2, 3)
]


def full(**values: int | str) -> dict[str, Decimal | None]:
    """A complete form: nothing used but what is given."""
    form: dict[str, Decimal | None] = {code: Decimal(0) for code in BLANK_IS_ZERO}
    form |= {"area": Decimal(1000), "people": Decimal(50), "nev": Decimal(0)}
    for code, value in values.items():
        form[code] = Decimal(str(value))
        if code.endswith("_m1") and len(code) == len("e01_m1"):
            form.setdefault(code.replace("_m1", "_cost"), Decimal(str(value)) / 2)
    return form


@dataclass
class Reporting:
    """The round and everyone who takes part in it."""

    nation: Nation
    round: Round
    definition: Definition

    def unit(self, path: str = UNIT) -> Actor:
        return self.nation.actor(path, "clerk")

    def reviewer(self, division: str) -> Actor:
        organ = f"{division}0/goa/" if division else "0/ngoa/"
        return self.nation.actor(organ, "reviewer", "leader", at=division)

    def submission(self, path: str = UNIT) -> Submission:
        with system_scope("tests").activate():
            return Submission.objects.select_related("node", "round__definition").get(round=self.round, path=path)

    def handed_in(self, path: str = UNIT, **values: int | str) -> Submission:
        actor = self.unit(path)
        actions.fill([self.submission(path)], actor=actor, values=full(**(values or {"e01_m1": 10000})))
        actions.submit([self.submission(path)], actor=actor)
        return self.submission(path)

    def approve(self, division: str, *paths: str) -> None:
        actions.approve([self.submission(p) for p in paths], actor=self.reviewer(division))


def due(year: int = 2026, month: int = 10, day: int = 16) -> datetime:
    return timezone.make_aware(datetime(year, month, day, 18))


# Each is made once for the tests of a module (``tests/conftest.py``), and a test has its own copy.


@pytest.fixture
def standards(nation: Nation, _standards: Answer) -> Nation:
    _standards()
    return nation


def load() -> None:
    """What ships as standards."""
    load_standards(system_actor("tests"))


def shipped(nation: Nation) -> Definition:
    """The energy quarterly, published."""
    load_forms(system_actor("tests"), nation.organ("0/ngoa/"))
    with system_scope("tests").activate():
        return Definition.objects.get(code="energy-quarterly")


@pytest.fixture
def definition(standards: Nation, _definition: Answer) -> Definition:
    found: Definition = _definition(standards)
    return found


def opened(nation: Nation, definition: Definition) -> Round:
    """Its round for the third quarter."""
    issuer = nation.actor("0/ngoa/", "business_admin", at="")
    with issuer.scope.activate():
        [round_] = actions.issue_rounds(
            [nation.organ("")], actor=issuer, definition=definition, period="2026Q3", due_at=due()
        )
    actions.open_rounds([round_], actor=system_actor("forms.open"))
    with system_scope("tests").activate():
        return Round.objects.select_related("definition").get(pk=round_.pk)


@pytest.fixture
def reporting(standards: Nation, definition: Definition, _reporting: Answer) -> Reporting:
    return Reporting(standards, _reporting(standards, definition), definition)
