"""The ledger, circulars, printing, and roll-ups made again."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, circulars, ledger, printing, recompute, standing
from shuzheng.base.forms.models import Circular, Rollup, Round, Submission
from shuzheng.base.forms.pages.entry import fill_in
from shuzheng.base.org.models import OrganProfile
from shuzheng.base.standards.models import ConversionFactor, Stamp
from shuzheng.kernel.errors import Invalid
from tests.forms.conftest import UNIT
from tests.rows import stored

pytestmark = pytest.mark.django_db
COUNTY, PREFECTURE, SECOND, LEVEL = "33/11/23/", "33/11/", "33/11/23/0/u2/", "33/11/0/u1/"
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def found(reporting, division, **more):
    reader = reporting.reviewer(division)
    node = reporting.nation.organ(division)
    with reader.scope.activate():
        rounds = ledger.rounds_between(*YEAR)
        return {line.name: line for line in ledger.lines(rounds, node, timezone.now(), **more)}


def test_the_ledger_counts_by_place_and_by_institution(reporting):
    reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    stored(OrganProfile, reporting.nation.organ(SECOND), floor_area="900", energy_headcount=40)
    with system_scope("tests").activate():
        Submission.objects.filter(path=SECOND).update(
            due_at=timezone.now() + timedelta(days=3), behalf="甲县机关事务中心"
        )
        Submission.objects.filter(path=UNIT).update(is_late=True, returns=2)
    standing.report_nil([reporting.submission(SECOND)], actor=reporting.unit(SECOND))
    lines = found(reporting, COUNTY, own=True)
    unit, second = lines["甲县第1小学"], lines["甲县第2小学"]
    assert (unit.asked, unit.late, unit.in_time, unit.returned, unit.timeliness) == (1, 1, 0, 2, 0)
    assert (second.nil, second.behalf, second.timeliness, second.completeness) == (1, 1, 100, 0)
    places = found(reporting, PREFECTURE)
    assert set(places) == {"甲市本级", "甲县", "乙县"}
    assert (places["甲县"].asked, places["甲县"].reported, places["甲县"].timeliness) == (2, 2, 50)
    assert (places["乙县"].missing, places["乙县"].overdue, places["乙县"].timeliness) == (2, 2, 0)


def test_the_ledger_asks_twice_whatever_the_number_of_rounds(reporting, django_assert_num_queries):
    reader, node = reporting.reviewer(PREFECTURE), reporting.nation.organ(PREFECTURE)
    with reader.scope.activate():
        rounds = ledger.rounds_between(*YEAR)
        with django_assert_num_queries(2):
            ledger.lines(rounds, node, timezone.now())
        with django_assert_num_queries(2):
            ledger.lines(rounds * 3, node, timezone.now())
        assert ledger.rounds_between(date(2025, 1, 1), date(2025, 12, 31)) == []


def test_a_circular_is_drafted_from_the_figures_edited_and_published_once(reporting):
    reporting.handed_in(UNIT)
    admin = reporting.nation.actor("33/11/0/goa/", "business_admin", at=PREFECTURE)
    node = reporting.nation.organ(PREFECTURE)
    [row] = circulars.make_circulars([node], actor=admin, first=YEAR[0], last=YEAR[1])
    assert "应报 6 份，已报 1 份" in row.text
    assert "乙县（未报 2 份" in row.text
    assert [line["name"] for line in row.table][-1] == "甲市"
    county = reporting.reviewer(COUNTY)
    with county.scope.activate():
        assert not Circular.objects.exists()  # a draft is the office's own
    circulars.change_circulars([row], actor=admin, title="三季度报送通报", text=row.text + "\n\n请抓紧。")
    circulars.publish_circulars([row], actor=admin)
    with county.scope.activate():
        assert Circular.objects.get().title == "三季度报送通报"
        assert printing.circular_pdf(Circular.objects.get()).startswith(b"%PDF")
    with pytest.raises(Invalid, match="已经发布"):
        circulars.change_circulars([row], actor=admin, title="改", text="改")
    with pytest.raises(Invalid, match="没有报送任务"):
        circulars.make_circulars([node], actor=admin, first=date(2020, 1, 1), last=date(2020, 2, 1))


def signed(reporting):
    for path in (UNIT, SECOND):
        reporting.handed_in(path, e01_m1=1000)
        reporting.approve(COUNTY, path)
    actor = reporting.reviewer(COUNTY)
    actions.sign_rollups([reporting.nation.organ(COUNTY)], actor=actor, round=reporting.round)
    return actor


def rollup_of(reporting):
    row = Rollup.objects.select_related("division").get()
    row.round = Round.objects.select_related("definition").get()
    return row


def test_a_signed_roll_up_is_made_again_to_the_last_digit(reporting):
    actor = signed(reporting)
    with actor.scope.activate():
        row = rollup_of(reporting)
        cells = {c.code: c for c in recompute.again(row)}
        assert all(c.equal for c in cells.values())
        assert cells["e01_q"].again == 2000
        assert cells["per_area"].again is not None
        assert [(m["path"], m["number"]) for m in recompute.members(row)] == [(UNIT, 1), (SECOND, 1)]


def test_a_version_handed_in_later_does_not_change_what_was_signed(reporting):
    actor = signed(reporting)
    actions.return_([reporting.submission()], actor=actor, why="核对")
    reporting.handed_in(UNIT, e01_m1=500)
    reporting.approve(COUNTY, UNIT)
    with actor.scope.activate():
        assert all(c.equal for c in recompute.again(rollup_of(reporting)))


def test_a_corrected_factor_shows_its_difference_and_leaves_the_signed_figures(reporting):
    actor = signed(reporting)
    with system_scope("tests").activate():
        ConversionFactor.objects.filter(energy="electricity", to_unit="kgce").update(value=F("value") * 2)
        Stamp.touch()
    with actor.scope.activate():
        row = rollup_of(reporting)
        cells, changes = recompute.with_factors_of_today(row)
        tce = next(c for c in cells if c.code == "tce")
        assert [c.name for c in changes] == ["f_electricity"]
        assert tce.again == tce.signed * 2
        assert all(c.equal for c in recompute.again(row))
        assert Decimal(rollup_of(reporting).values["tce"]) == tce.signed


def test_a_submission_prints_in_the_official_layout(reporting):
    reporting.handed_in(UNIT)
    actor = reporting.unit()
    with actor.scope.activate():
        row = Submission.objects.select_related("node", "round__definition").get(path=UNIT)
        filled, *_rest = fill_in(row, editable=False)
        first, again = printing.submission_pdf(row, filled), printing.submission_pdf(row, filled)
    assert first.startswith(b"%PDF")
    assert len(first) > 5000
    assert first == again
