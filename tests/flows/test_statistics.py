"""Figures of processes: exact, of what the reader answers for, and in as many questions for one case as for many."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import openpyxl
import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from shuzheng.base.accounts.models import Account
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, statistics
from shuzheng.base.flows.models import Case, Definition, Step, Task
from shuzheng.base.standards.models import Stamp
from shuzheng.kernel.errors import Denied, Invalid, Missing
from tests.flows.conftest import Desk, step
from tests.flows.test_pages import Caller

pytestmark = pytest.mark.django_db

STEPS = [step("one", "核稿", "role:leader@organ", due="1d"), step("two", "批办", "role:leader@upper")]


def at(case: Case, hours: dict[str, tuple[int, int]], ended: int | None = None) -> None:
    """Set when each step was reached and left, in hours after the start, ten days ago."""
    begin = timezone.now() - timedelta(days=10)
    with system_scope("tests").activate():
        Case.objects.filter(pk=case.pk).update(
            started_at=begin, ended_at=begin + timedelta(hours=ended) if ended else None
        )
        for element, (first, last) in hours.items():
            when = {"opened_at": begin + timedelta(hours=first)}
            rows = Step.objects.filter(case_id=case.pk, element=element)
            rows.filter(closed_at=None).update(**when)
            rows.exclude(closed_at=None).update(**when, closed_at=begin + timedelta(hours=last))
            tasks = Task.objects.filter(case_id=case.pk, step__element=element)
            tasks.filter(done_at=None).update(**when)
            tasks.exclude(done_at=None).update(**when, done_at=begin + timedelta(hours=last))
        Step.objects.filter(case_id=case.pk, element="one").update(due=F("opened_at") + timedelta(hours=24))
        Task.objects.filter(case_id=case.pk, step__element="one").update(due=F("opened_at") + timedelta(hours=24))


@pytest.fixture
def known(desk: Desk) -> Definition:
    """Four cases: 2 + 4 hours, 10 + 20 hours, one returned after 30 hours, and one that stands at its first step."""
    definition = desk.publish(STEPS)
    for first, second in ((2, 4), (10, 20)):
        case = desk.start("经办", definition)
        desk.agree("主任", case)
        desk.agree("局长", case)
        at(case, {"one": (0, first), "two": (first, first + second)}, ended=first + second)
    case = desk.start("经办", definition)
    desk.do("主任", actions.send_back, case, text="补依据", to="")
    at(case, {"one": (0, 30)})
    standing = desk.start("经办", definition)
    at(standing, {"one": (0, 0)})
    return definition


def test_figures_are_exact(desk: Desk, known: Definition):
    with desk.people["主任"].scope.activate():
        found = statistics.figures(statistics.asked(desk.people["主任"]), "ask", "请示")
    assert (found.totals.started, found.totals.running, found.totals.done) == (4, 2, 2)
    assert found.totals.clock.median == pytest.approx(18 * 3600)  # of 6 and 30 hours
    one, two = found.steps
    assert (one.element, one.visits, one.standing, one.late, one.returns, one.level) == ("one", 4, 1, 2, 1, 5)
    assert (one.clock.median, one.clock.p90) == pytest.approx((10 * 3600, 26 * 3600))  # of 2, 10 and 30 hours
    assert one.clock_waited == pytest.approx((2 + 10 + 30 + 240) * 3600, abs=60)
    assert (two.element, two.visits, two.late, two.level) == ("two", 2, 0, 1)
    head, clerk = found.persons  # of the reader's own organ only: 局长 is another's
    assert (head.person, head.done, head.standing, head.late, head.returns) == ("主任", 3, 1, 2, 1)
    assert (clerk.person, clerk.done, clerk.standing) == ("经办", 0, 1)  # what was sent back waits for them
    assert [(p.name, p.totals.started) for p in found.tiers] == [("县级", 4)]
    assert [p.totals.started for p in found.places] == [4]


def test_working_time_leaves_weekends_and_holidays_out(desk: Desk):
    definition = desk.publish(STEPS)
    friday = timezone.make_aware(datetime(2026, 10, 9, 16))
    case = desk.start("经办", definition)
    desk.agree("主任", case)
    with system_scope(
        "tests"
    ).activate():  # came on a Friday at 16:00, signed on Monday at 10:00; the other step stands since
        Case.objects.filter(pk=case.pk).update(started_at=friday)
        left = friday + timedelta(days=2, hours=18)
        Step.objects.filter(case_id=case.pk, element="one").update(opened_at=friday, closed_at=left)
        Task.objects.filter(case_id=case.pk, step__element="one").update(opened_at=friday, done_at=left)
        Step.objects.filter(case_id=case.pk, element="two").update(opened_at=left)
    head = desk.people["主任"]
    with head.scope.activate():
        found = statistics.figures(statistics.asked(head, date(2026, 10, 1)), "ask", "请示")
    one = next(s for s in found.steps if s.element == "one")
    assert (one.work.median, one.clock.median) == (18 * 3600, 66 * 3600)
    assert (one.waited, one.clock_waited) == (18 * 3600, 66 * 3600)
    [person] = found.persons
    assert (person.work.p90, person.clock.p90) == (18 * 3600, 66 * 3600)
    two = next(s for s in found.steps if s.element == "two")
    assert two.waited < two.clock_waited and found.steps[0] is two, "the longest by working time first"


def test_a_tier_sees_figures_below_and_not_the_cases(desk: Desk, known: Definition):
    boss, other = desk.people["局长"], desk.hire("邻", "33/11/22/0/goa/", "leader")
    with boss.scope.activate():
        found = statistics.figures(statistics.asked(boss, place="33/11/23/"), "ask", "请示")
        assert found.totals.started == 4 and [p.person for p in found.persons] == ["局长"]
        assert not Case.objects.exists()
        with pytest.raises(Missing):
            statistics.asked(boss, place="33/")
    with other.scope.activate():
        assert statistics.overview(statistics.asked(other)) == []
    with desk.people["甲"].scope.activate(), pytest.raises(Denied):
        statistics.asked(desk.people["甲"])


def test_a_period_counts_what_was_started_in_it(desk: Desk, known: Definition):
    head = desk.people["主任"]
    today = timezone.localdate()
    with head.scope.activate():
        before = statistics.asked(head, today - timedelta(days=40), today - timedelta(days=20))
        assert statistics.overview(before) == []
        [row] = statistics.overview(statistics.asked(head))
        assert (row.code, row.name, row.totals.started, row.waiting, row.late) == ("ask", "请示", 4, 2, 1)
        with pytest.raises(Invalid):
            statistics.asked(head, today, today - timedelta(days=1))


def test_as_many_questions_for_one_as_for_three(desk: Desk, django_assert_num_queries):
    head = desk.people["主任"]

    def ask() -> None:
        with head.scope.activate():
            statistics.overview(statistics.asked(head))
            statistics.figures(statistics.asked(head), "ask", "请示")

    definition = desk.publish(STEPS)
    desk.start("经办", definition)
    with system_scope("tests").activate():
        Stamp.touch()
    ask()  # the calendar is at hand from now on
    with django_assert_num_queries(25, exact=False) as first:
        ask()
    for who in ("经办", "甲", "局长"):
        desk.agree("主任", desk.start(who if who != "局长" else "乙", definition))
    with django_assert_num_queries(len(first)):
        ask()


def test_the_pages_the_workbook_and_the_answers_to_programs(desk: Desk, known: Definition):
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.people["主任"].person_id))
    shown = client.get("/flows/statistics/").content.decode()
    assert "请示" in shown and "钟点 18.0 小时" in shown and "扣除周末和节假日" in shown
    one = client.get("/flows/statistics/ask/").content.decode()
    assert 'class="nd h5"' in one and "钟点 10.0 小时" in one and "停留最久的环节：核稿" in one
    assert (
        "这段时间没有发起过" in client.get("/flows/statistics/ask/?since=2020-01-01&until=2020-02-01").content.decode()
    )
    assert client.get("/flows/statistics/ask/?since=2026-02-01&until=2026-01-01").status_code == 422
    assert client.get("/flows/statistics/none/").status_code == 404
    book = openpyxl.load_workbook(io.BytesIO(client.get("/flows/statistics/ask/file/").content))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][4:8] == (
        "中位用时（工作时间）（工作日）", "九成不超过（工作时间）（工作日）", "中位用时（钟点）（小时）", "九成不超过（钟点）（小时）"
    )  # fmt: skip
    assert rows[1][:4] == ("全部", "请示", 4, 2) and rows[1][6:8] == (18, 27.6)
    said = Caller(desk.people["主任"]).get("/flows/statistics/ask")
    work, clock = said["steps"][0]["work"], said["steps"][0]["clock"]
    assert clock["median"] == pytest.approx(36000) and said["totals"]["started"] == 4
    [row] = [r for r in rows if r[:2] == ("环节", "核稿")]
    assert row == (
        "环节",
        "核稿",
        4,
        1,
        round(work["median"] / 86400, 2),
        round(work["p90"] / 86400, 2),
        10,
        26,
        2,
        1,
        None,
    )
