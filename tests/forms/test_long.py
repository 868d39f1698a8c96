"""A form of very many rows: its workbook is checked and stored by a job, and handing it in is one; the page says how far it is."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django import app as queue
from procrastinate.contrib.django.models import ProcrastinateJob

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import incoming, sheets
from shuzheng.base.forms.models import Cell, Definition, Round, Submission
from shuzheng.base.forms.saving import save
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.registers.sheets import read
from tests.forms.conftest import UNIT, Reporting
from tests.forms.test_pages import SECOND, patch, unit

pytestmark = pytest.mark.django_db
LONG = {
    "code": "long", "name": "采购明细", "period": "quarter",
    "sections": [
        {"code": "d", "kind": "rows", "name": "明细", "most": 60_000, "columns": [
            {"code": "what", "name": "品名", "type": "text", "require": "true"},
            {"code": "n", "name": "数量"}, {"code": "price", "name": "单价", "unit": "元"},
            {"code": "sum", "name": "金额", "unit": "元", "expr": "row.n * row.price"}]},
    ],
    "checks": [{"code": "k", "level": "error", "line": "d", "cell": "n", "expr": "row.n > 0", "message": "数量应大于 0。"}],
}  # fmt: skip
ROWS = 300


@pytest.fixture
def long(standards, settings, tmp_path) -> Reporting:
    """A round of a form of many rows, where more than a hundred cells are a job's."""
    settings.SZ_FORM_NOW_CELLS, settings.MEDIA_ROOT = 100, tmp_path
    ahead = timezone.now() + timedelta(days=10)
    with system_scope("tests").activate():
        form = Definition(code="long", name="采购明细", period_kind="quarter", spec=LONG, state="published")
        form.own(standards.organ("0/ngoa/"))
        form.save(force_insert=True)
        one = Round(
            definition=form,
            title="采购明细",
            period="2026Q3",
            due_at=ahead,
            tier=1,
            state="open",
            audience="",
            signing="none",
        )
        one.own(standards.organ("0/ngoa/"))
        one.save(force_insert=True)
        for path in (UNIT, SECOND):
            row = Submission(round=one, own_tier=4, due_at=ahead)
            row.own(standards.organ(path))
            row.save(force_insert=True)
    return Reporting(standards, one, form)


def book(long: Reporting, **wrong: object) -> SimpleUploadedFile:
    """A workbook of ``ROWS`` rows; ``wrong`` values stand in the columns of that letter, in each third row."""
    with system_scope("tests").activate():
        made = openpyxl.load_workbook(io.BytesIO(sheets.template(long.submission(), {})))
    for n in range(ROWS):
        for column, value in {"B": f"笔{n}", "C": n + 1, "D": 2, **(wrong if n % 3 == 2 else {})}.items():
            made["明细"][f"{column}{sheets.HEAD + 1 + n}"] = value
    file = io.BytesIO()
    made.save(file)
    return SimpleUploadedFile("明细.xlsx", file.getvalue())


def bring(client, row: Submission, file: SimpleUploadedFile) -> str:
    answer = client.post(reverse("forms:upload", args=[row.pk]), {"file": file})
    assert answer.status_code == 302  # nobody waits for it
    return answer["Location"]


def work(again: bool = False) -> JobRun:
    """What a worker does with the job that was put in the queue last."""
    job = ProcrastinateJob.objects.order_by("-id").first()
    queue.tasks[job.task_name].func(**job.args)
    with system_scope("tests").activate():
        return JobRun.objects.get(pk=job.args["run_id"])


def cells(row: Submission) -> dict:
    with system_scope("tests").activate():
        return {c.code: (c.value, c.source) for c in Cell.objects.filter(submission=row)}


def test_a_long_workbook_with_faults_is_checked_by_a_job_and_nothing_of_it_is_stored(long, monkeypatch):
    monkeypatch.setattr("shuzheng.base.registers.faults.AT_HAND", 20)
    client, row = unit(long), long.submission()
    seen = bring(client, row, book(long, C="若干"))
    waiting = client.get(seen).content.decode()
    assert "正在检查" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "正在检查" in client.get(seen, headers={"accept-language": "zh-hans"}).content.decode()
    assert client.post(seen).status_code == 302  # not before it was checked
    assert unit(long, SECOND).get(seen).status_code == 404
    run = work()
    assert (run.state, run.message) == ("done", "已检查 300 行，100 处问题")
    asked = client.get(seen, headers={"HX-Request": "true"})
    assert asked["HX-Refresh"] == "true"  # the page that waited shows what was found
    page = client.get(seen)
    assert "100 处读不了，没有存" in page.content.decode()
    assert [(f["row"], f["column"], f["value"]) for f in page.context["faults"]][:2] == [
        (7, "C", "若干"),
        (10, "C", "若干"),
    ]
    assert len(page.context["faults"]) == 20
    whole = read(b"".join(client.get(f"{seen}faults/").streaming_content), "f.xlsx").sheet().rows
    assert (len(whole), whole[-1][:3]) == (101, [304, "C", "若干"])
    assert client.post(seen).status_code == 422
    assert cells(row) == {}


def test_a_long_workbook_is_stored_by_a_job_once_although_its_worker_died(long, monkeypatch):
    client, row = unit(long), long.submission()
    seen = bring(client, row, book(long))
    work()
    page = client.get(seen)
    assert "有 900 格不同" in page.content.decode()
    assert client.post(seen)["Location"] == seen
    assert "正在存入" in client.get(seen).content.decode()
    with monkeypatch.context() as dying:
        dying.setattr(incoming, "finish_transfer", dies)
        with pytest.raises(SystemExit):
            work()
    assert cells(row) == {}  # all or nothing
    assert "正在存入" in client.get(seen).content.decode()
    run = work()
    assert (run.state, run.message) == ("done", "已存入 900 格")
    stored = cells(row)
    assert (stored["d_300_n"], stored["d_300_sum"], stored["d_sum"]) == (
        (300, "sheet"), (600, "computed"), (90_300, "computed"),
    )  # fmt: skip
    assert "已存入 900 格" in client.get(seen).content.decode()
    work()  # handed out twice: nothing more happens
    with system_scope("tests").activate():
        noted = Entry.objects.filter(action="forms.submission.fill", object_id=str(row.pk), after__has_key="d_1_n")
        assert noted.count() == 1
        assert Submission.objects.get(pk=row.pk).filled == 900


def dies(*_args: object, **_values: object) -> None:
    raise SystemExit


def test_what_somebody_typed_meanwhile_stops_the_job_with_its_reason(long):
    client, row = unit(long), long.submission()
    seen = bring(client, row, book(long))
    work()
    save(long.unit(), row, {"d_1_n": "5"})
    client.post(seen)
    run = work()
    assert (run.state, run.message) == ("failed", "读文件之后有人改了同样的格。重新上传，看过差异再存。")
    assert run.message in client.get(seen).content.decode()
    assert {code for code, (value, _source) in cells(row).items() if value is not None} == {"d_1_n", "d_n"}


def test_another_institutions_workbook_is_refused_by_the_job_in_words(long):
    client = unit(long, SECOND)
    seen = bring(client, long.submission(SECOND), book(long))
    assert work().state == "failed"
    assert "别的单位" in client.get(seen).content.decode()
    with system_scope("tests").activate():  # as if the worker had died before it could say so
        JobRun.objects.update(state="running", message="")
    assert "别的单位" in work().message


def test_a_long_form_is_handed_in_by_a_job_that_names_every_fault(long):
    client, row = unit(long), long.submission()
    typed = {
        f"d_{n}_{code}": value for n in range(1, 61) for code, value in (("what", "笔"), ("n", "3"), ("price", "2"))
    }
    wrong = {f"d_{n}_n": "0" for n in range(1, 61, 2)}
    save(long.unit(), row, typed | wrong)
    url = reverse("forms:submit", args=[row.pk])
    signers = {"statistics": "甲", "head": "乙"}
    progress = client.post(url, signers)["Location"]
    run = work()
    assert (run.state, len(run.faults)) == ("failed", 30)
    assert "改正 30 处错误" in run.message
    assert run.faults[1] == {"row": 3, "column": "明细 3 · 数量", "message": "数量应大于 0。", "value": None}
    assert "明细 3 · 数量" in client.get(progress).content.decode()
    listed = read(b"".join(client.get(f"{progress}result").streaming_content), "f.xlsx").sheet().rows
    assert len(listed) == 31
    save(long.unit(), long.submission(), dict.fromkeys(wrong, "1"))
    client.post(url, signers)
    assert (work().state, long.submission().state) == ("done", "submitted")
    with system_scope("tests").activate():
        assert len(long.submission().editions.get().values) == 243  # with three sums


def test_a_save_answers_with_what_its_writer_does_not_know_yet(long):
    client, row = unit(long), long.submission()
    save(long.unit(), row, {f"d_{n}_n": "3" for n in range(1, 40)})
    known = long.submission().version
    save(long.unit(), long.submission(), {"d_7_price": "2"})
    answer = patch(client, long.submission(), {"d_1_price": "5"}, version=known).json()
    assert answer["values"] == {
        "d_1_price": "5",
        "d_1_sum": "15",
        "d_7_price": "2",
        "d_7_sum": "6",
        "d_price": "7",
        "d_sum": "21",
    }
