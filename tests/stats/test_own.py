"""Users' own indicators and the board: the same digits as roll-ups and shipped indicators."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import rollup
from shuzheng.base.forms.engine import derive
from shuzheng.base.forms.spec import load
from shuzheng.base.stats import actions
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.question import Question
from shuzheng.kernel.errors import Denied, Invalid, Missing
from tests.forms.conftest import UNIT

pytestmark = pytest.mark.django_db
COUNTY, PROVINCE = "33/11/23/", "33/"
SECOND = "33/11/23/0/u2/"


def draft(nation, formula: str, **values: object) -> OwnIndicator:
    row = OwnIndicator(
        code="power", name="每人用电", unit="kWh/人", form="energy-quarterly", formula=formula, audience=PROVINCE,
        **values,
    )  # fmt: skip
    row.own(nation.organ("33/0/goa/"))
    return row


@pytest.fixture
def definer(reporting):
    return reporting.nation.actor("33/0/goa/", "business_admin", at=PROVINCE)


def test_an_own_indicator_is_a_formula_over_sums(reporting, definer, made):
    actions.define_indicators([draft(reporting.nation, "round(e01_q / people, 4)")], actor=definer)
    answer = stats.ask(
        Question(("own.power", "energy.electricity", "energy.people"), (), ("2025", "2025")),
        scope=system_scope("tests"),
    )
    own, power, people = answer.total.values
    assert abs(own - power / people) < Decimal("0.00005")
    offered = [i for i in stats.catalogue(scope=definer.scope).indicators if i.is_own]
    assert [(i.name, i.label, i.unit) for i in offered] == [("own.power", "每人用电", "kWh/人")]


def test_it_is_asked_by_those_below_and_by_nobody_else(reporting, definer, made):
    actions.define_indicators([draft(reporting.nation, "e01_q")], actor=definer)
    below = reporting.reviewer(COUNTY).scope
    assert stats.ask(Question(("own.power",)), scope=below).total is None
    with pytest.raises(Missing):
        stats.ask(Question(("own.power",)), scope=reporting.reviewer("32/").scope)


@pytest.mark.parametrize(
    ("formula", "words"),
    [("e01_q +", "字符"), ("e99_q / people", "e99_q"), ("1 + 1", "至少用到"), ("e01_q > 3", "数字")],
)
def test_a_formula_that_can_not_be_computed_is_refused(reporting, definer, formula, words):
    with pytest.raises(Invalid) as caught:
        actions.define_indicators([draft(reporting.nation, formula)], actor=definer)
    assert any(words in f.message for f in caught.value.faults)


def test_dividing_by_nothing_is_no_number_and_no_fault(reporting, definer, made):
    actions.define_indicators([draft(reporting.nation, "e01_q / (people - people)")], actor=definer)
    answer = stats.ask(Question(("own.power",), ("province",)), scope=system_scope("tests"))
    assert {r.values for r in answer.rows} == {(None,)}


def test_change_and_retirement_are_in_the_trail_and_need_the_right(reporting, definer):
    [row] = actions.define_indicators([draft(reporting.nation, "e01_q")], actor=definer)
    with pytest.raises(Denied):
        actions.retire_indicators([row], actor=reporting.reviewer(COUNTY))
    actions.change_indicators([row], actor=definer, name="用电", formula="e01_q / 2")
    actions.retire_indicators([row], actor=definer)
    with pytest.raises(Missing):
        stats.ask(Question(("own.power",)), scope=definer.scope)
    with system_scope("tests").activate():
        found = Entry.objects.filter(object_id=str(row.pk)).order_by("at").values_list("action", flat=True)
        assert list(found) == [f"stats.indicator.{v}" for v in ("define", "change", "retire")]


def test_an_export_is_in_the_trail(reporting, made):
    actor = reporting.reviewer(COUNTY)
    answer = stats.ask(Question(("energy.total",), ("county",)), scope=actor.scope)
    organ = reporting.nation.organ(f"{COUNTY}0/goa/")
    actions.note_export([organ], actor=actor, answer=answer, what="xlsx")
    with system_scope("tests").activate():
        [entry] = Entry.objects.filter(action="stats.answer.export")
        assert (entry.after["indicators"], entry.after["what"]) == (["energy.total"], "xlsx")


def test_the_board_equals_roll_up_and_recount_and_takes_one_query(reporting, django_assert_num_queries):
    reporting.handed_in(UNIT, e01_m1=10000)
    reporting.handed_in(SECOND, e01_m1=3000)
    reporting.approve(COUNTY, UNIT, SECOND)
    with reporting.reviewer(COUNTY).scope.activate():
        with django_assert_num_queries(1):
            found = stats.board(reporting.round, COUNTY)
        recounted, counted = rollup.recount(reporting.round, COUNTY, 4)
    shown = {f.column.name: f.value for f in found.figures}
    spec = load(reporting.definition.spec)
    derived = derive(spec, recounted, {})
    assert found.counted == counted == 2
    assert shown["energy.electricity"] == recounted["e01_q"] == 13000
    assert shown["energy.total"] == recounted["tce"]
    assert round(shown["energy.per_head"], 6) == derived["per_head"]
    assert round(shown["energy.per_area"], 6) == derived["per_area"]
    with reporting.reviewer("32/").scope.activate():
        assert stats.board(reporting.round, COUNTY).counted == 0
