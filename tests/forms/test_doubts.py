"""Doubts: found by checks that hold no longer and by history, marked by hand, talked over by both sides, settled by the tier above."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.forms import actions, doubts, events, jobs
from shuzheng.base.forms.models import Cell, Doubt, Round, Submission
from shuzheng.base.forms.values import cell_row
from shuzheng.base.notify.models import Notice, Receipt
from shuzheng.base.standards import working_days
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from tests.api.conftest import program  # noqa: F401 -- the fixture
from tests.forms.conftest import UNIT, Reporting, due

pytestmark = pytest.mark.django_db
COUNTY, OFFICE, SECOND = "33/11/23/", "33/11/23/0/goa/", "33/11/23/0/u2/"


@pytest.fixture
def checked(reporting, monkeypatch) -> Reporting:
    """Two institutions have handed in; the county's office is competent for reporting; today is a working day."""
    monkeypatch.setattr(working_days, "is_working_day", lambda *_a, **_k: True)
    reporting.nation.competent(OFFICE, COUNTY)
    reporting.handed_in(UNIT, e01_m1=900)
    reporting.handed_in(SECOND, e01_m1=10)
    return reporting


def stored(**where) -> list[Doubt]:
    with system_scope("tests").activate():
        return list(Doubt.objects.filter(**where).order_by("sort", "code"))


def put(path: str, **cells: int) -> None:
    """What a correction elsewhere would leave: other numbers than those that were checked."""
    with system_scope("tests").activate():
        for code, value in cells.items():
            assert Cell.objects.filter(submission__path=path, round__period="2026Q3", code=code).update(
                value=Decimal(value)
            )


def told() -> list[tuple[str, set[str]]]:
    """Deliver what waits, and say who was told what."""
    actor = system_actor("forms.notify")
    with actor.scope.activate():
        for event in Event.objects.filter(name__in=("forms.doubt.found", "forms.doubt.remarked")).order_by("at"):
            {"forms.doubt.found": events.say_found, "forms.doubt.remarked": events.say_remarked}[event.name](
                event, actor
            )
    with system_scope("tests").activate():
        notices = Notice.objects.filter(template__startswith="forms.doubt").order_by("created_at")
        return [(n.template, set(Receipt.objects.filter(notice=n).values_list("path", flat=True))) for n in notices]


def history(reporting: Reporting, **cells: list[int]) -> None:
    """Numbers of one institution in the quarters before, the oldest first."""
    with system_scope("tests").activate():
        periods = ["2024Q4", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2"]
        for n, period in enumerate(periods[-len(next(iter(cells.values()))) :]):
            round_ = Round(
                definition=reporting.definition, title=period, period=period, due_at=due(), tier=1, state="closed"
            )
            round_.own(reporting.nation.organ("0/ngoa/"))
            round_.save(force_insert=True)
            row = Submission(round=round_, own_tier=4, due_at=due(), state="approved", submitted_at=timezone.now())
            row.own(reporting.nation.organ(UNIT))
            row.save(force_insert=True)
            made = [cell_row(row, code, Decimal(values[n]), "hand") for code, values in cells.items()]
            Cell.objects.bulk_create(made)


def test_the_daily_look_finds_what_no_longer_holds_and_tells_the_countys_office_once(checked):
    jobs.check_rounds()
    assert stored(sort="check") == []
    put(UNIT, e011_q=5000)
    for _ in range(2):
        jobs.check_rounds()
    [found] = stored(sort="check")
    assert (found.path, found.code, found.check_code, found.state) == (UNIT, "e011_q", "part.e011", "open")
    assert told() == [("forms.doubt.found", {OFFICE})]
    put(UNIT, e011_q=0)
    jobs.check_rounds()
    assert [d.state for d in stored(sort="check")] == ["over"]
    put(UNIT, e011_q=7000)
    jobs.check_rounds()
    assert [(d.state, d.value) for d in stored(sort="check")] == [("open", Decimal(7000))]
    assert len(told()) == 2, "what comes back is news again"


def test_nothing_is_looked_at_on_a_day_off_or_once_the_round_has_ended(checked, monkeypatch):
    put(UNIT, e011_q=5000)
    monkeypatch.setattr(working_days, "is_working_day", lambda *_a, **_k: False)
    jobs.check_rounds()
    monkeypatch.setattr(working_days, "is_working_day", lambda *_a, **_k: True)
    with system_scope("tests").activate():
        Round.objects.update(state="closed")
    jobs.check_rounds()
    assert stored() == []


def test_a_number_unlike_those_before_is_doubted_unless_its_warning_was_explained(checked):
    history(checked, people=[49, 50, 51, 50, 49, 50, 51], e01_q=[900, 905, 895, 900, 910, 900, 890])
    put(UNIT, people=400, e01_q=90_000)
    with system_scope("tests").activate():
        checked.submission().explanations.create(
            check_code="yoy.e01", text="新增用能面积", by="甲", node_id=checked.submission().node_id, path=UNIT
        )
    jobs.check_rounds()
    [found] = stored(sort="outlier")
    assert (found.code, found.value, found.facts["n"], found.facts["most"]) == (
        "people",
        Decimal(400),
        "7",
        "51.000000",
    )
    client = Client()
    client.force_login(checked.nation.account(OFFICE, "reviewer", at=COUNTY))
    page = client.get(reverse("forms:doubts", args=[checked.round.pk]) + "?show=outlier").content.decode()
    assert "用能人数" in page and "前 7 期在 49 到 51 之间" in page
    panel = client.get(reverse("forms:cell", args=[checked.submission().pk, "people"])).content.decode()
    assert 'class="sz-spark"' in panel and "前 7 期 49 至 51" in panel and "偏离以往" in panel


def test_the_tier_above_settles_with_a_finding_and_only_another_number_opens_it_again(checked):
    put(UNIT, e011_q=5000)
    jobs.check_rounds()
    [found] = stored(sort="check")
    reviewer, clerk = checked.reviewer(COUNTY), checked.unit()
    with pytest.raises(Invalid, match="结论"):
        doubts.settle([found], actor=reviewer, note=" ")
    with pytest.raises(Denied):
        doubts.settle([found], actor=clerk, note="属实")
    with pytest.raises((Denied, Missing)):
        doubts.settle([found], actor=checked.reviewer("33/11/22/"), note="属实")
    doubts.settle([found], actor=reviewer, note="光伏表计更换，属实")
    jobs.check_rounds()
    [row] = stored(sort="check")
    assert (row.state, row.settled_note, row.settled_by) == ("settled", "光伏表计更换，属实", reviewer.name)
    with pytest.raises(Conflict):
        doubts.settle([found], actor=reviewer, note="再看")
    put(UNIT, e011_q=6000)
    jobs.check_rounds()
    assert [d.state for d in stored(sort="check")] == ["open"]


def test_both_sides_talk_about_a_cell_and_each_hears_of_the_other(checked):
    reviewer, clerk = checked.reviewer(COUNTY), checked.unit()
    submission = checked.submission()
    [row] = doubts.flag([submission], actor=reviewer, code="e01_m1", text="与电费单核对")
    assert told() == [("forms.doubt.remarked", {UNIT})]
    doubts.remark([row], actor=clerk, text="已核，含空调机房")
    assert told()[1:] == [("forms.doubt.remarked", {OFFICE})]
    [held] = stored(sort="flag")
    assert [(said["by"], said["text"]) for said in held.thread] == [
        (reviewer.name, "与电费单核对"), (clerk.name, "已核，含空调机房"),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="写一句话"):
        doubts.remark([row], actor=clerk, text="  ")
    with pytest.raises(Missing):
        doubts.flag([submission], actor=reviewer, code="nothing", text="看看")
    jobs.check_rounds()
    assert [d.state for d in stored(sort="flag")] == ["open"], "what people marked is theirs to settle"
    assert submission.state == checked.submission().state, "a mark changes nothing of what was handed in"


def test_the_pages_mark_answer_list_and_settle(checked):
    office, unit = Client(), Client()
    office.force_login(checked.nation.account(OFFICE, "reviewer", at=COUNTY))
    unit.force_login(checked.nation.account(UNIT, "clerk"))
    submission = checked.submission()
    mark = reverse("forms:flag", args=[submission.pk, "e01_m1"])
    office.post(mark, {"text": "与<b>电费单核对"})
    [row] = stored(sort="flag")
    panel = unit.get(reverse("forms:cell", args=[submission.pk, "e01_m1"])).content.decode()
    assert "与&lt;b&gt;电费单核对" in panel and str(row.pk) in panel
    form = unit.get(reverse("forms:entry", args=[submission.pk])).content.decode()
    assert "疑点待核实" in form and reverse("forms:cell", args=[submission.pk, "e01_m1"]) in form
    unit.post(mark, {"text": "已核", "doubt": str(row.pk)})
    url = reverse("forms:doubts", args=[checked.round.pk])
    page = office.get(url).content.decode()
    assert "1 处疑点待核实" in page and "2 条留言" in page and submission.node.name in page
    answer = office.post(reverse("forms:doubts_settle", args=[checked.round.pk]), {"id": [str(row.pk)], "note": "属实"})
    assert answer["Location"] == url
    assert "属实" in office.get(f"{url}?show=closed").content.decode()
    assert "没有待核实的疑点" in office.get(url).content.decode()
    assert office.post(reverse("forms:doubts_check", args=[checked.round.pk]))["Location"] == url


def test_programs_list_mark_and_settle(checked, program):  # noqa: F811
    county = program(OFFICE, "reviewer", at=COUNTY)
    made = county.post(
        f"/forms/submissions/{checked.submission().pk}/doubts", {"cell": "e01_m1", "text": "核对"}
    ).json()
    assert made["state"] == "open" and made["thread"][0]["text"] == "核对"
    listed = county.get(f"/forms/rounds/{checked.round.pk}/doubts?at={COUNTY}&state=open").json()
    assert [r["id"] for r in listed["rows"]] == [made["id"]]
    done = county.post(f"/forms/doubts/{made['id']}/settle", {"note": "属实"}).json()
    assert (done["state"], done["note"]) == ("settled", "属实")
    assert county.post(f"/forms/doubts/{made['id']}/settle", {"note": "属实"}).status_code == 409


def test_a_returned_submission_takes_its_doubts_with_it(checked):
    put(UNIT, e011_q=5000)
    jobs.check_rounds()
    actions.return_([checked.submission()], actor=checked.reviewer(COUNTY), why="光伏大于用电")
    jobs.check_rounds()
    assert [d.state for d in stored(sort="check")] == ["over"]
