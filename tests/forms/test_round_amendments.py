"""Single cells returned or corrected: approvals stay, roll-ups move by the difference as each tier confirms."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, amendments, rollup
from shuzheng.base.forms.models import Amendment, Cell, Edition, Rollup, Submission
from shuzheng.base.forms.queries import drill
from shuzheng.kernel.errors import Invalid
from tests.forms.conftest import UNIT

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
State, COUNTY, PREFECTURE = Amendment.State, "33/11/23/", "33/11/"
SECOND = "33/11/23/0/u2/"


def soon():
    return timezone.now() + timedelta(days=3)


@pytest.fixture
def counted(reporting):
    """Two institutions of a county, counted by county and prefecture; 1,000 kWh a month each."""
    for path in (UNIT, SECOND):
        reporting.handed_in(path, e01_m1=1000)
        reporting.approve(COUNTY, path)
        reporting.approve(PREFECTURE, path)
    return reporting


def power(reporting, division):
    """The roll-up's figure, that of the recount, and that of the drill: they must be one."""
    node = reporting.nation.organ(division)
    with system_scope("tests").activate():
        sums, _units = rollup.totals(reporting.round, division)
        again, _counted = rollup.recount(reporting.round, division, node.tier)
        parts = sum(p.value or 0 for p in drill(reporting.round, node, "e01_q", node.tier))
    assert {k: v for k, v in sums.items() if v} == {k: v for k, v in again.items() if v}
    assert parts == sums.get("e01_q", 0)
    return sums.get("e01_q", Decimal(0))


def returned(reporting, division="33/", cells=("e01_m1",)):
    reviewer = reporting.reviewer(division)
    reasons = dict.fromkeys(cells, "与电费单不符")
    amendments.return_cells([reporting.submission()], actor=reviewer, cells=reasons, due_at=soon())
    return amendment()


def amendment():
    with system_scope("tests").activate():
        return Amendment.objects.select_related("submission__node", "round__definition").get()


def answered(reporting, value=700):
    amendments.answer([amendment()], actor=reporting.unit(), values={"e01_m1": Decimal(value)})
    return amendment()


def test_returning_one_cell_keeps_every_approval_and_every_total(counted):
    row = returned(counted)
    assert (row.state, row.what, [c["code"] for c in row.cells]) == (State.ASKED, "return", ["e01_m1"])
    stored = counted.submission()
    assert (stored.state, stored.approved_tier, stored.returns) == ("submitted", 3, 1)
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 2000


def test_each_tier_moves_by_the_difference_when_it_confirms_and_the_cells_when_the_last_has(counted):
    returned(counted)
    row = answered(counted)
    assert (row.state, row.waiting_tier) == (State.ANSWERED, 4)
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 2000

    amendments.confirm([row], actor=counted.reviewer(COUNTY))
    assert (power(counted, COUNTY), power(counted, PREFECTURE)) == (1700, 2000)
    with system_scope("tests").activate():
        assert Cell.objects.get(submission=counted.submission(), code="e01_m1").value == 1000

    amendments.confirm([amendment()], actor=counted.reviewer(PREFECTURE))
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 1700
    stored = counted.submission()
    assert (amendment().state, stored.edition, stored.approved_tier, stored.waiting_tier) == (State.DONE, 2, 3, 2)
    with system_scope("tests").activate():
        cells = dict(Cell.objects.filter(submission=stored).values_list("code", "value"))
        edition = Edition.objects.get(submission=stored, number=2)
    assert (cells["e01_m1"], cells["e01_q"]) == (700, 700)
    assert edition.values["e01_m1"] == "700"
    counted.approve("33/", UNIT, SECOND)
    assert power(counted, "33/") == 1700


def test_what_was_returned_before_any_approval_takes_effect_at_once(reporting):
    reporting.handed_in(UNIT, e01_m1=1000)
    returned(reporting, COUNTY)
    row = answered(reporting)
    assert (row.state, reporting.submission().edition) == (State.DONE, 2)
    reporting.approve(COUNTY, UNIT)
    assert power(reporting, COUNTY) == 700


def test_only_returned_cells_and_their_rows_are_open(counted):
    returned(counted)
    with pytest.raises(Invalid, match="只能改退回的格") as caught:
        amendments.answer([amendment()], actor=counted.unit(), values={"e02_m1": Decimal(5)})
    assert [f.field for f in caught.value.faults] == ["e02_m1"]
    amendments.answer([amendment()], actor=counted.unit(), values={"e01_m1": Decimal(9), "e01_cost": Decimal(9)})


def test_an_answer_changes_something_or_says_why_not(counted):
    returned(counted)
    with pytest.raises(Invalid, match="原数无误"):
        amendments.answer([amendment()], actor=counted.unit(), values={})
    amendments.answer([amendment()], actor=counted.unit(), values={}, note="电费单跨月，已核对")
    for division in (COUNTY, PREFECTURE):
        amendments.confirm([amendment()], actor=counted.reviewer(division))
    assert power(counted, PREFECTURE) == 2000
    assert amendment().state == State.DONE


def test_an_answer_that_makes_the_form_wrong_is_refused(counted):
    returned(counted, cells=("e011_m1",))
    with pytest.raises(Invalid):
        amendments.answer([amendment()], actor=counted.unit(), values={"e011_m1": Decimal(5000)})
    assert amendment().state == State.ASKED


def test_each_cell_has_a_reason_and_the_answer_a_deadline(counted):
    reviewer = counted.reviewer(COUNTY)
    for cells, due in (
        ({"e01_m1": " "}, soon()),
        ({"e01_q": "x"}, soon()),
        ({}, soon()),
        ({"e01_m1": "x"}, timezone.now()),
    ):
        with pytest.raises(Invalid):
            amendments.return_cells([counted.submission()], actor=reviewer, cells=cells, due_at=due)


def test_the_same_tier_adds_cells_another_one_waits(counted):
    returned(counted, PREFECTURE)
    amendments.return_cells(
        [counted.submission()], actor=counted.reviewer(PREFECTURE), cells={"e02_m1": "水表换过"}, due_at=soon()
    )
    assert [c["code"] for c in amendment().cells] == ["e01_m1", "e02_m1"]
    with pytest.raises(Invalid, match="有修订在办"):
        amendments.return_cells(
            [counted.submission()], actor=counted.reviewer("33/"), cells={"e02_m1": "核对"}, due_at=soon()
        )


def test_nothing_goes_up_while_a_cell_is_asked_again(counted):
    returned(counted)
    with pytest.raises(Invalid, match="在办"):
        counted.approve("33/", UNIT)
    counted.approve("33/", SECOND)


def test_confirming_is_for_the_tier_whose_turn_it_is(counted):
    returned(counted)
    row = answered(counted)
    with pytest.raises(Invalid, match="不在本级待确认"):
        amendments.confirm([row], actor=counted.reviewer(PREFECTURE))


def test_refusing_an_answer_takes_out_what_lower_tiers_had_confirmed(counted):
    returned(counted)
    amendments.confirm([answered(counted)], actor=counted.reviewer(COUNTY))
    assert power(counted, COUNTY) == 1700
    amendments.refuse([amendment()], actor=counted.reviewer(PREFECTURE), why="附上电费单")
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 2000
    assert (amendment().state, amendment().refusal) == (State.ASKED, "附上电费单")
    answered(counted, 800)
    for division in (COUNTY, PREFECTURE):
        amendments.confirm([amendment()], actor=counted.reviewer(division))
    assert power(counted, PREFECTURE) == 1800


def test_returning_the_whole_ends_it_and_takes_everything_out(counted):
    returned(counted)
    amendments.confirm([answered(counted)], actor=counted.reviewer(COUNTY))
    actions.return_([counted.submission()], actor=counted.reviewer(PREFECTURE), why="重报")
    assert amendment().state == State.WITHDRAWN
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 1000


def test_a_correction_after_the_round_has_ended_is_traced_and_approved(counted):
    issuer = counted.nation.actor("0/ngoa/", "business_admin", at="")
    counted.approve("33/", UNIT)
    counted.approve("", UNIT)
    actions.close_rounds([counted.round], actor=issuer)
    with pytest.raises(Invalid, match="订正原因"):
        amendments.correct([counted.submission()], actor=counted.unit(), values={"e01_m1": Decimal(500)}, note=" ")
    amendments.correct([counted.submission()], actor=counted.unit(), values={"e01_m1": Decimal(500)}, note="抄表错位")
    for division in (COUNTY, PREFECTURE, "33/", ""):
        amendments.confirm([amendment()], actor=counted.reviewer(division))
    assert power(counted, "") == 500
    stored = counted.submission()
    assert (stored.state, stored.approved_tier, stored.corrections, stored.edition) == ("approved", 1, 1, 2)
    assert [s["tier"] for s in amendment().signatures] == [None, 4, 3, 2, 1]


def test_a_correction_that_is_turned_down_leaves_no_trace_in_the_numbers(counted):
    amendments.correct([counted.submission()], actor=counted.unit(), values={"e01_m1": Decimal(500)}, note="抄表错位")
    amendments.confirm([amendment()], actor=counted.reviewer(COUNTY))
    amendments.refuse([amendment()], actor=counted.reviewer(PREFECTURE), why="证据不足")
    assert amendment().state == State.REFUSED
    assert power(counted, COUNTY) == power(counted, PREFECTURE) == 2000
    assert counted.submission().corrections == 0
    with system_scope("tests").activate():
        assert Edition.objects.filter(submission=counted.submission()).count() == 1


def test_signatures_hold_the_changes_and_each_other(counted):
    returned(counted)
    amendments.confirm([answered(counted)], actor=counted.reviewer(COUNTY))
    with system_scope("tests").activate():
        row = amendment()
        assert amendments.verify(row)
        assert len(row.digest) == 64
        change = row.changes.get(code="e01_m1")
        change.new = Decimal(701)
        change.save()
        assert not amendments.verify(row)


def test_a_signed_roll_up_is_reopened_where_a_difference_came_in_only(counted):
    for division in (COUNTY, PREFECTURE):
        actor = counted.reviewer(division)
        actions.sign_rollups([counted.nation.organ(division)], actor=actor, round=counted.round)
    returned(counted)
    amendments.confirm([answered(counted)], actor=counted.reviewer(COUNTY))
    with system_scope("tests").activate():
        assert dict(Rollup.objects.values_list("tier", "state")) == {4: "reopened", 3: "signed"}
    actor = counted.reviewer(COUNTY)
    actions.sign_rollups([counted.nation.organ(COUNTY)], actor=actor, round=counted.round)
    with system_scope("tests").activate():
        again = Rollup.objects.get(tier=4)
        assert Decimal(again.values["e01_q"]) == 1700
        assert sorted(again.members.values_list("edition", flat=True)) == [1, 2]


def test_rebuilding_counts_what_a_tier_confirmed(counted):
    returned(counted)
    amendments.confirm([answered(counted)], actor=counted.reviewer(COUNTY))
    with system_scope("forms.fold").activate():
        rollup.rebuild(counted.round, COUNTY, 4)
    assert power(counted, COUNTY) == 1700
    with system_scope("tests").activate():
        assert Submission.objects.filter(approved_tier__lte=3).count() == 2
