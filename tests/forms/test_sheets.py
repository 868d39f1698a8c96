"""Workbooks of a submission: out, back in, and every way in which one can be wrong."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, sheets, uploads
from shuzheng.base.forms.models import Cell, Round, Submission
from shuzheng.base.registers.sheets import read
from shuzheng.kernel.errors import Invalid
from tests.forms.conftest import UNIT, full
from tests.forms.test_pages import COUNTY, SECOND, office, unit

pytestmark = pytest.mark.django_db
ENERGY, BASIC = "能源资源消费", "基本信息"


@pytest.fixture
def running(reporting):
    with system_scope("tests").activate():
        ahead = timezone.now() + timedelta(days=10)
        Round.objects.update(due_at=ahead)
        Submission.objects.update(due_at=ahead)
        reporting.round.refresh_from_db()
    return reporting


def book_of(reporting, path: str = UNIT, **values) -> openpyxl.Workbook:
    with system_scope("tests").activate():
        content = sheets.template(reporting.submission(path), values)
    return openpyxl.load_workbook(io.BytesIO(content))


def content(book: openpyxl.Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def back(reporting, book: openpyxl.Workbook | bytes, path: str = UNIT, **stored) -> uploads.Upload:
    data = book if isinstance(book, bytes) else content(book)
    with system_scope("tests").activate():
        row = reporting.submission(path)
        return uploads.read_back(io.BytesIO(data), "填报.xlsx", row, stored)


def decided(page) -> str:
    """Where a file whose differences are shown is stored."""
    return reverse("forms:uploaded", args=[page.context["submission"].pk, page.context["transfer"].pk])


def test_a_template_is_locked_but_for_the_cells_to_fill_in(running):
    book = book_of(running, e01_m1=Decimal(86240))
    sheet = book[ENERGY]
    assert sheet.protection.sheet
    assert sheet["D5"].value == 86240
    assert not sheet["D5"].protection.locked
    assert sheet["G5"].protection.locked  # the quarter is computed
    assert sheet["B5"].protection.locked
    assert "7 月" in sheet["D4"].value
    assert {str(r) for v in sheet.data_validations.dataValidation for r in v.sqref.ranges} >= {"D5"}
    assert {p.name: p.value for p in book.custom_doc_props.props}["submission"] == str(running.submission().pk)


def test_what_was_filled_in_comes_back_with_the_differences(running):
    book = book_of(running)
    book[ENERGY]["D5"] = 1000.5
    book[ENERGY]["E5"] = "１，２００"
    book[BASIC]["D5"] = " 3,500 "
    found = back(running, book, e01_m1=Decimal(7))
    assert list(found.faults) == []
    assert found.values == {"e01_m1": Decimal("1000.5"), "e01_m2": Decimal(1200), "area": Decimal(3500)}
    assert [(d.title, d.before, d.after) for d in found.differences][-1] == ("电 · 8 月", "—", "1,200")


def test_a_file_for_another_institution_form_or_version_is_refused_in_words(running):
    other = content(book_of(running, SECOND))
    with pytest.raises(Invalid, match="别的单位"):
        back(running, other)
    old = book_of(running)
    for prop in old.custom_doc_props.props:
        if prop.name == "form_version":
            prop.value = "0" * 64
    with pytest.raises(Invalid, match="换了版本"):
        back(running, old)
    plain = openpyxl.Workbook()
    with pytest.raises(Invalid, match="不是从填报页下载的模板"):
        back(running, plain)
    with pytest.raises(Invalid):
        back(running, b"not a workbook")
    renamed = book_of(running)
    renamed[ENERGY].title = "别的名字"
    with pytest.raises(Invalid, match="没有工作表"):
        back(running, renamed)


def test_every_fault_names_sheet_row_column_and_value(running):
    book = book_of(running)
    sheet = book[ENERGY]
    sheet["D5"] = "约一千"
    sheet["E6"] = "12%"
    sheet["F7"] = "=1+"
    sheet.merge_cells("D9:E9")
    sheet["B8"] = "别的指标"
    found = back(running, book)
    said = {(f.row, f.column): f for f in found.faults}
    assert "电 · 7 月" in said[5, "D"].message
    assert said[5, "D"].value == "约一千"
    assert said[6, "E"].value == "12%"
    assert (9, "D") in said
    assert "行的位置变了" in said[8, "B"].message


def test_hidden_rows_are_read_and_said(running):
    book = book_of(running)
    book[ENERGY]["D5"] = 3
    book[ENERGY].row_dimensions[5].hidden = True
    found = back(running, book)
    assert found.values["e01_m1"] == 3
    assert "隐藏" in found.notes[0]


def test_an_upload_shows_differences_first_and_then_stores_all_with_its_source(running):
    client, row = unit(running), running.submission()
    url = reverse("forms:upload", args=[row.pk])
    book = book_of(running)
    book[ENERGY]["D5"] = 1000
    page = client.post(url, {"file": SimpleUploadedFile("填报.xlsx", content(book))})
    assert page.status_code == 200
    assert "有 1 格不同" in page.content.decode()
    with system_scope("tests").activate():
        assert not Cell.objects.filter(submission=row).exists()
    assert client.post(decided(page)).status_code == 302
    with system_scope("tests").activate():
        cell = Cell.objects.get(submission=row, code="e01_m1")
        computed = Cell.objects.get(submission=row, code="e01_q")
    assert (cell.value, cell.source, computed.value) == (1000, "sheet", 1000)


def test_an_upload_with_a_fault_stores_nothing(running):
    client, row = unit(running), running.submission()
    book = book_of(running)
    book[ENERGY]["D5"], book[ENERGY]["E5"] = 1000, "x"
    page = client.post(reverse("forms:upload", args=[row.pk]), {"file": SimpleUploadedFile("填报.xlsx", content(book))})
    assert page.status_code == 422
    assert "没有存" in page.content.decode()
    assert client.post(decided(page)).status_code == 422
    with system_scope("tests").activate():
        assert not Cell.objects.filter(submission=row).exists()


def test_values_that_were_changed_since_the_file_was_read_are_a_conflict(running):
    client, row = unit(running), running.submission()
    url = reverse("forms:upload", args=[row.pk])
    book = book_of(running)
    book[ENERGY]["D5"] = 1000
    page = client.post(url, {"file": SimpleUploadedFile("填报.xlsx", content(book))})
    actions.fill([running.submission()], actor=running.unit(), values={"e01_m1": Decimal(5)})
    assert client.post(decided(page)).status_code == 409
    stranger, forged = unit(running, SECOND), reverse("forms:uploaded", args=[row.pk, uuid4()])
    assert (client.post(forged).status_code, stranger.post(decided(page)).status_code) == (404, 404)


def test_what_was_handed_in_downloads_as_a_locked_copy(running):
    running.handed_in(UNIT, e01_m1=10)
    data = unit(running).get(reverse("forms:template", args=[running.submission().pk])).content
    sheet = openpyxl.load_workbook(io.BytesIO(data))[ENERGY]
    assert sheet["D5"].value == 10
    assert sheet["D5"].protection.locked


@pytest.mark.parametrize("what", ["board", "units", "rollup"])
def test_exports_can_be_read_and_stand_in_the_trail(running, what):
    running.handed_in(UNIT, e01_m1=10000)
    running.approve(COUNTY, UNIT)
    answer = office(running, COUNTY).get(f"{reverse('forms:export', args=[running.round.pk, what])}?at={COUNTY}")
    sheet = read(answer.content, "x.xlsx").sheet()
    text = " ".join(str(c) for row in sheet.rows for c in row if c != "")
    assert {"board": "甲县", "units": "甲县第1小学", "rollup": "综合表"}[what] in text
    if what != "board":
        assert any(c == 10000 for row in sheet.rows for c in row)
    with system_scope("tests").activate():
        entry = Entry.objects.get(action="forms.round.export")
    assert entry.after["what"] == what


def test_numbers_keep_their_decimals_through_a_round_trip(running):
    typed = full(e01_m1="0.1", e03_m1="12.34", e05_m1="170.3")
    book = book_of(running, **{k: v for k, v in typed.items() if v is not None})
    assert back(running, book, **typed).values == {}
