"""One reporting round: asked by the nation, filled in by institutions, checked at every tier, added up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, integrity, rollup
from shuzheng.base.forms.amendments import return_cells
from shuzheng.base.forms.models import Cell, Rollup, RollupDelta, Submission
from shuzheng.base.forms.queries import board, drill, overall
from shuzheng.kernel.errors import Denied, Invalid, Missing
from shuzheng.ops.health import DatabaseCollector
from tests.forms.conftest import UNIT, due, full

pytestmark = pytest.mark.django_db
State = Submission.State
SECOND, OTHER_COUNTY, PREFECTURE_UNIT = "33/11/23/0/u2/", "33/11/22/0/u1/", "33/11/0/u1/"


def sums(reporting, division):
    with system_scope("tests").activate():
        return rollup.totals(reporting.round, division)


def test_issuing_opens_one_submission_for_each_institution_below_and_only_once(reporting):
    with system_scope("tests").activate():
        paths = set(Submission.objects.values_list("path", flat=True))
    assert {UNIT, SECOND, OTHER_COUNTY, PREFECTURE_UNIT, "32/0/u1/"} <= paths
    assert not any("goa" in p for p in paths)
    actions.open_rounds([reporting.round], actor=system_actor("forms.open"))
    with system_scope("tests").activate():
        assert Submission.objects.count() == len(paths) == reporting.round.asked


def test_a_county_can_not_issue_to_the_nation(reporting):
    county = reporting.nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with pytest.raises(Denied):
        actions.issue_rounds(
            [reporting.nation.organ("")], actor=county, definition=reporting.definition, period="2026Q3", due_at=due()
        )


@pytest.mark.parametrize(("period", "words"), [("2026-09", "报告期不符"), ("第三季", "报告期|格式|不")])
def test_a_wrong_period_is_refused_in_words(reporting, period, words):
    issuer = reporting.nation.actor("0/ngoa/", "business_admin", at="")
    with pytest.raises(Invalid) as caught:
        actions.issue_rounds(
            [reporting.nation.organ("")], actor=issuer, definition=reporting.definition, period=period, due_at=due()
        )
    assert caught.value.faults[0].field == "period"


def test_filling_computes_standard_coal_by_the_factors_of_the_period_and_keeps_their_versions(reporting):
    actions.fill([reporting.submission()], actor=reporting.unit(), values=full(e01_m1=10000))
    row = reporting.submission()
    with system_scope("tests").activate():
        cells = dict(Cell.objects.filter(submission=row).values_list("code", "value"))
    assert cells["e01_q"] == 10000
    assert cells["tce"] == Decimal("1.229")  # domain §13: 10,000 kWh
    assert cells["per_area"] == Decimal("1.229")
    assert row.factors["f_electricity"]["value"].startswith("0.1229")
    assert row.factors["f_electricity"]["version"]
    assert row.state == State.DRAFT


def test_an_incomplete_form_is_not_submitted_and_every_fault_names_its_cell(reporting):
    actor = reporting.unit()
    actions.fill([reporting.submission()], actor=actor, values={"e01_m1": Decimal(5), "area": Decimal(10)})
    with pytest.raises(Invalid) as caught:
        actions.submit([reporting.submission()], actor=actor)
    fields = {f.field for f in caught.value.faults}
    assert {"e01_m2", "people", "e01_cost"} <= fields
    assert "e01_m1" not in fields
    assert reporting.submission().state == State.DRAFT


def test_a_part_larger_than_its_whole_stops_submission(reporting):
    actor = reporting.unit()
    actions.fill([reporting.submission()], actor=actor, values=full(e01_m1=10, e011_m1=11))
    with pytest.raises(Invalid) as caught:
        actions.submit([reporting.submission()], actor=actor)
    assert [f.field for f in caught.value.faults] == ["e011_q"]


def test_a_warning_passes_once_it_is_explained(reporting):
    actor = reporting.unit()
    actions.fill([reporting.submission()], actor=actor, values=full(e01_m1=10, e011_m1=10))
    with pytest.raises(Invalid, match="补写 1 处说明"):
        actions.submit([reporting.submission()], actor=actor)
    actions.fill([reporting.submission()], actor=actor, values={}, explanations={"solar_only": "全部自用"})
    actions.submit([reporting.submission()], actor=actor)
    assert reporting.submission().state == State.SUBMITTED


def test_a_number_counts_at_a_tier_once_that_tier_approved_it(reporting):
    reporting.handed_in(UNIT, e01_m1=10000)
    assert sums(reporting, "33/11/23/") == ({}, 0)

    for tier, division, upper in [(4, "33/11/23/", "33/11/"), (3, "33/11/", "33/"), (2, "33/", ""), (1, "", None)]:
        reporting.approve(division, UNIT)
        row = reporting.submission()
        assert row.approved_tier == tier
        assert sums(reporting, division)[0]["e01_q"] == 10000
        assert sums(reporting, division)[1] == 1
        if upper is not None:
            assert sums(reporting, upper) == ({}, 0)
            assert row.state == State.SUBMITTED
    assert reporting.submission().state == State.APPROVED


def test_tiers_approve_in_turn_and_neighbours_not_at_all(reporting):
    row = reporting.handed_in()
    with pytest.raises(Invalid, match="不在本级待审"):
        actions.approve([row], actor=reporting.reviewer("33/11/"))
    with pytest.raises(Missing):
        actions.approve([row], actor=reporting.reviewer("33/11/22/"))
    with pytest.raises(Denied):
        actions.approve([row], actor=reporting.unit())


def test_an_institution_of_a_prefecture_is_first_reviewed_there(reporting):
    reporting.handed_in(PREFECTURE_UNIT)
    assert reporting.submission(PREFECTURE_UNIT).waiting_tier == 3
    reporting.approve("33/11/", PREFECTURE_UNIT)
    assert reporting.submission(PREFECTURE_UNIT).waiting_tier == 2


def test_returning_takes_the_number_out_of_every_tier_that_counted_it(reporting):
    for path in (UNIT, SECOND):
        reporting.handed_in(path, e01_m1=100)
        reporting.approve("33/11/23/", path)
        reporting.approve("33/11/", path)
    actions.return_([reporting.submission()], actor=reporting.reviewer("33/"), why="与凭证不符", cells=["e01_m1"])

    row = reporting.submission()
    assert (row.state, row.returned_reason, row.returned_cells) == (State.RETURNED, "与凭证不符", ["e01_m1"])
    assert sums(reporting, "33/11/23/")[0]["e01_q"] == 100
    assert sums(reporting, "33/11/")[0]["e01_q"] == 100
    actions.fill([row], actor=reporting.unit(), values={"e01_m1": Decimal(70)})
    actions.submit([reporting.submission()], actor=reporting.unit())
    assert reporting.submission().edition == 2
    reporting.approve("33/11/23/", UNIT)
    assert sums(reporting, "33/11/23/")[0]["e01_q"] == 170
    assert sums(reporting, "33/11/")[0]["e01_q"] == 100


def test_a_return_needs_a_reason(reporting):
    with pytest.raises(Invalid, match="退回原因"):
        actions.return_([reporting.handed_in()], actor=reporting.reviewer("33/11/23/"), why="  ")


def test_a_signed_roll_up_lists_its_members_and_is_reopened_by_a_return(reporting):
    for path in (UNIT, SECOND):
        reporting.handed_in(path, e01_m1=1000)
        reporting.approve("33/11/23/", path)
    county = reporting.reviewer("33/11/23/")
    actions.sign_rollups([reporting.nation.organ("33/11/23/")], actor=county, round=reporting.round)
    with system_scope("tests").activate():
        signed = Rollup.objects.get()
        assert {m.submission.path for m in signed.members.all()} == {UNIT, SECOND}
    assert (signed.counted, signed.asked, signed.state) == (2, 2, "signed")
    assert Decimal(signed.values["e01_q"]) == 2000
    assert Decimal(signed.values["e01_price"]) == Decimal("0.5")  # 1,000 yuan for 2,000 kWh: from the sums, not summed

    actions.return_([reporting.submission()], actor=county, why="核对")
    with system_scope("tests").activate():
        assert Rollup.objects.get().state == "reopened"


def test_folding_changes_no_total_and_the_recount_agrees(reporting):
    for n, path in enumerate((UNIT, SECOND, OTHER_COUNTY), 1):
        reporting.handed_in(path, e01_m1=1000 * n)
        reporting.approve(path[:9], path)
        reporting.approve("33/11/", path)
    actions.return_([reporting.submission(SECOND)], actor=reporting.reviewer("33/11/"), why="核对")
    before = sums(reporting, "33/11/")
    with system_scope("forms.fold").activate():
        assert rollup.fold() > 0
        assert RollupDelta.objects.count() == 0
    assert sums(reporting, "33/11/") == before
    with system_scope("tests").activate():
        again, units = rollup.recount(reporting.round, "33/11/", 3)
    assert {k: v for k, v in before[0].items() if v} == {k: v for k, v in again.items() if v}
    assert before[1] == units == 2


def test_the_nightly_recount_finds_a_sum_that_is_not_its_cells(reporting):
    reporting.handed_in(UNIT, e01_m1=1000)
    reporting.approve("33/11/23/", UNIT)
    reporting.approve("33/11/", UNIT)
    actor = system_actor("forms.recount")
    sound = integrity.recount_round(reporting.round, actor)
    assert (sound.wrong, sound.first) == (0, "")
    assert sound.divisions >= 6  # the nation, two provinces, and what lies below them
    with system_scope("tests").activate():
        RollupDelta.objects.filter(path="33/11/", code="e01_m1").update(value=1001)
    spoilt = integrity.recount_round(reporting.round, actor)
    assert (spoilt.divisions, spoilt.wrong, spoilt.first) == (sound.divisions, 1, "33/11/")
    lines = generate_latest(_collected()).decode()
    assert "shuzheng_rollups_wrong 1.0" in lines


def _collected() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return registry


def test_the_board_counts_every_institution_once_and_drilling_adds_up(reporting, django_assert_num_queries):
    reporting.handed_in(UNIT, e01_m1=1000)
    reporting.handed_in(PREFECTURE_UNIT, e01_m1=500)
    reporting.approve("33/11/23/", UNIT)
    reporting.approve("33/11/", UNIT, PREFECTURE_UNIT)
    prefecture = reporting.nation.organ("33/11/")
    reader = reporting.reviewer("33/11/")
    with reader.scope.activate():
        with django_assert_num_queries(2):
            rows = board(reporting.round, prefecture, due())
        whole = overall(reporting.round, prefecture, due())
        parts = drill(reporting.round, prefecture, "e01_q", 3)
    assert [(r.name, r.asked, r.approved) for r in rows] == [("甲市本级", 2, 1), ("乙县", 2, 0), ("甲县", 2, 1)]
    assert (whole.asked, whole.approved, whole.todo) == (6, 2, 4)
    assert {p.name: p.value for p in parts} == {"甲市第1小学": 500, "甲县": 1000}
    assert sum(p.value for p in parts) == sums(reporting, "33/11/")[0]["e01_q"]


def test_what_was_typed_is_in_the_trail_with_both_values(reporting):
    actor = reporting.unit()
    actions.fill([reporting.submission()], actor=actor, values={"e01_m1": Decimal(5)})
    actions.fill([reporting.submission()], actor=actor, values={"e01_m1": Decimal(7)})
    with system_scope("tests").activate():
        entry = Entry.objects.filter(action="forms.submission.fill", after__has_key="e01_m1").order_by("-id").first()
    assert (entry.before["e01_m1"], entry.after["e01_m1"]) == ("5.000000", "7")


def test_last_years_numbers_ask_for_a_reason_when_they_differ_much(reporting):
    issuer = reporting.nation.actor("0/ngoa/", "business_admin", at="")
    earlier = reporting.round
    reporting.handed_in(UNIT, e01_m1=1000)
    with issuer.scope.activate():
        [later] = actions.issue_rounds(
            [reporting.nation.organ("")],
            actor=issuer,
            definition=reporting.definition,
            period="2027Q3",
            due_at=due(2027),
        )
    actions.open_rounds([later], actor=system_actor("forms.open"))
    reporting.round = later
    with pytest.raises(Invalid, match="补写 1 处说明"):
        reporting.handed_in(UNIT, e01_m1=1300)
    assert earlier.period == "2026Q3"


@pytest.mark.parametrize(
    ("move", "values"),
    [
        (actions.approve, {}),
        (actions.return_, {"why": "重填"}),
        (return_cells, {"cells": {"e01_m1": "重填"}, "due_at": due(2099)}),
    ],
)
def test_a_right_that_ends_at_the_institution_decides_nothing_about_its_own_submission(reporting, move, values):
    row = reporting.handed_in()
    own = reporting.nation.actor(UNIT, "reviewer", "leader")
    with pytest.raises(Denied):
        move([row], actor=own, **values)
    assert reporting.submission().state == State.SUBMITTED
