"""What happens by itself: submissions are opened, institutions told, reminders sent on working days, roll-ups follow the tree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.forms import actions, events, jobs, reminders, rollup
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.notify.models import Notice, Receipt
from shuzheng.base.standards import working_days
from tests.forms.conftest import UNIT, full

pytestmark = pytest.mark.django_db
COUNTY, PREFECTURE = "33/11/23/", "33/11/"
SECOND = "33/11/23/0/u2/"


def take_up(name: str, handler, scope: str) -> None:
    """Deliver the newest event of a name."""
    actor = system_actor(scope)
    with actor.scope.activate():
        handler(Event.objects.filter(name=name).order_by("-at").first(), actor)


def notices() -> list[Notice]:
    with system_scope("tests").activate():
        return list(Notice.objects.order_by("created_at"))


def told(notice: Notice) -> set[str]:
    with system_scope("tests").activate():
        return set(Receipt.objects.filter(notice=notice).values_list("path", flat=True))


def test_the_job_opens_submissions_and_tells_each_institution_once(reporting):
    issuer = reporting.nation.actor("33/0/goa/", "business_admin", at="33/")
    [round_] = actions.issue_rounds(
        [reporting.nation.organ("33/11/")], actor=issuer, definition=reporting.definition, period="2026Q2",
        due_at=timezone.now() + timedelta(days=9), instructions="没有消费填 0。",
    )  # fmt: skip
    for _ in range(2):
        jobs.open_round(round_id=str(round_.pk))
    with system_scope("tests").activate():
        paths = set(Submission.objects.filter(round=round_).values_list("path", flat=True))
        assert Round.objects.get(pk=round_.pk).state == "open"
    [notice] = notices()
    assert told(notice) == paths
    assert len(paths) == 6
    with translation.override("zh-hans"):
        assert "公共机构能源资源消费季报" in notice.words


def test_a_return_is_a_notice_to_be_read_with_the_reason(reporting):
    reporting.handed_in(UNIT)
    actions.return_([reporting.submission()], actor=reporting.reviewer(COUNTY), why="与凭证不符")
    for _ in range(2):
        take_up("forms.submission.returned", events.say_returned, "forms.notify")
    [notice] = notices()
    assert told(notice) == {UNIT}
    assert notice.must_read
    assert "与凭证不符" in notice.title
    assert notice.sender_organ == "甲县机关事务中心"


def test_a_reminder_by_hand_is_one_notice_for_all(reporting):
    rows = [reporting.submission(UNIT), reporting.submission(SECOND)]
    actions.remind(rows, actor=reporting.reviewer(COUNTY))
    take_up("forms.submission.reminded", events.say_reminded, "forms.notify")
    [notice] = notices()
    assert told(notice) == {UNIT, SECOND}


def test_the_days_of_reminders_are_working_days(standards):
    # 2026-10-16 is a Friday after the October holiday.
    days = {r.key: r.day for r in reminders.schedule(date(2026, 10, 16))}
    assert days == {
        "T-3": date(2026, 10, 13),
        "T-1": date(2026, 10, 15),
        "T+0": date(2026, 10, 16),
        "T+1": date(2026, 10, 19),
    }


def test_each_reminder_is_sent_once_and_none_on_a_day_off(reporting):
    reporting.handed_in(UNIT)
    actor = system_actor("forms.remind")
    due = date(2026, 10, 16)
    sent = {}
    day = due - timedelta(days=10)
    while day <= due + timedelta(days=6):
        at_nine = timezone.make_aware(datetime(day.year, day.month, day.day, 9))
        for hour in (0, 1):
            _clock(at_nine + timedelta(hours=hour))
            if count := reminders.send_due(actor, day):
                assert working_days.is_working_day(day)
                sent[day] = sent.get(day, 0) + count
        day += timedelta(days=1)
    _clock(None)
    missing = reporting.round.asked - 1
    assert sent == dict.fromkeys([date(2026, 10, 13), date(2026, 10, 15), due, date(2026, 10, 19)], missing)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Lets a test set the time of actions."""
    now = timezone.now
    global _clock

    def set_to(moment):
        monkeypatch.setattr(timezone, "now", now if moment is None else lambda: moment)

    _clock = set_to
    yield
    set_to(None)


def _clock(moment) -> None:
    raise NotImplementedError("set by the fixture")


def test_a_reminder_that_a_stopped_worker_missed_is_sent_once_later(reporting):
    actor = system_actor("forms.remind")
    _clock(timezone.make_aware(datetime(2026, 10, 15, 14)))
    assert reminders.send_due(actor, date(2026, 10, 15)) == reporting.round.asked
    assert reminders.send_due(actor, date(2026, 10, 15)) == 0


def test_a_moved_county_takes_its_submissions_along_and_sums_follow_in_rounds_in_progress(reporting):
    from shuzheng.base.org.actions import move_nodes

    for path in (UNIT, SECOND):
        reporting.handed_in(path, e01_m1=100)
        reporting.approve(COUNTY, path)
        reporting.approve(PREFECTURE, path)
    admin = reporting.nation.actor("33/0/goa/", "business_admin", at="33/")
    with admin.scope.activate():
        county, target = reporting.nation.organ(COUNTY), reporting.nation.organ("33/10/")
        move_nodes([county], actor=admin, to=target, on=timezone.localdate())
    take_up("org.node.reorganised", events.rebuild_moved, "forms.fold")
    with system_scope("tests").activate():
        moved = Submission.objects.get(pk=reporting.round.submissions.get(node=reporting.nation.organ(UNIT)).pk)
        assert moved.path == "33/10/23/0/u1/"
        assert moved.sealed_path == UNIT
        assert rollup.totals(reporting.round, "33/10/23/")[1] == 2
        for path, tier in (("33/10/", 3), ("33/11/", 3), ("33/10/23/", 4), ("33/", 2)):
            sums, units = rollup.totals(reporting.round, path)
            assert (sums, units) == rollup.recount(reporting.round, path, tier), path
        assert rollup.totals(reporting.round, "33/10/")[1] == 2
        assert rollup.totals(reporting.round, "33/11/")[1] == 0


def test_a_county_merges_in_mid_round_and_nothing_is_lost(reporting):
    from shuzheng.base.org.actions import merge_nodes
    from tests.factories import actor_of

    other, idle = "33/11/22/0/u1/", "33/11/22/0/u2/"
    for path, county in ((UNIT, COUNTY), (other, "33/11/22/")):
        reporting.handed_in(path, e01_m1=100)
        reporting.approve(county, path)
    waiting, clerk = reporting.submission(idle), reporting.nation.account(idle, "clerk")
    actions.fill([waiting], actor=actor_of(clerk), values={"e01_m1": Decimal(7)})
    admin = reporting.nation.actor("33/0/goa/", "business_admin", at="33/")
    with admin.scope.activate():
        old, into = reporting.nation.organ("33/11/22/"), reporting.nation.organ(COUNTY)
        merge_nodes([old], actor=admin, into=into, on=timezone.localdate())
    take_up("org.node.reorganised", events.rebuild_moved, "forms.fold")
    with system_scope("tests").activate():
        rows = Submission.objects.select_related("node", "round__definition").filter(round=reporting.round)
        assert rows.count() == reporting.round.asked
        assert rows.get(node=reporting.nation.organ(other)).sealed_path == other
        moved = rows.get(pk=waiting.pk)
        assert (moved.path, moved.cells.get(code="e01_m1").value) == (f"{COUNTY}0/u2-22/", 7)
        for path, tier in ((COUNTY, 4), (PREFECTURE, 3)):
            sums, units = rollup.totals(reporting.round, path)
            assert (sums, units) == rollup.recount(reporting.round, path, tier), path
        assert (rollup.totals(reporting.round, COUNTY)[1], rollup.totals(reporting.round, "33/11/22/")[1]) == (2, 0)
    actions.fill([moved], actor=actor_of(clerk), values=full(e01_m1=8))  # goes on where it left
    actions.submit([moved], actor=actor_of(clerk))
    actions.approve([moved], actor=reporting.reviewer(COUNTY))
    with system_scope("tests").activate():
        assert rollup.totals(reporting.round, COUNTY)[1] == 3
