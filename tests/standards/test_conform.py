"""Checking rows and sheets: every departure, with its place, value and reason."""

from __future__ import annotations

import time
import tracemalloc
from datetime import date
from decimal import Decimal
from io import BytesIO
from math import isfinite

import pytest
import xlsxwriter

from shuzheng.base.standards import conform
from shuzheng.base.standards.conform import Checker
from shuzheng.base.standards.conform_file import check_sheet, write_report
from shuzheng.base.standards.selection import Selection
from shuzheng.kernel.errors import Invalid, Missing

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 30)
GOOD = {
    "organ.name": "某县教育局", "organ.uscc": "11100000000013127D", "organ.division_code": "331123", "organ.type": "1",
}  # fmt: skip


def found(elements, *rows, **kwargs):
    report = conform.check(elements, rows, on=DAY, **kwargs)
    return [(d.row, d.identifier, d.kind, d.value) for d in report.departures]


def test_rows_that_conform_have_no_departures(standards):
    report = conform.check(list(GOOD), [GOOD, GOOD], on=DAY)
    assert (report.conforms, report.rows, report.bad_rows) == (True, 2, 0)


@pytest.mark.parametrize("element", ["energy.electricity.amount", "vehicle.annual.nev_share", "organ.staffing"])
def test_a_number_of_a_sheet_is_judged_as_the_text_that_people_see(standards, element):
    numbers = [0.0, -0.0, 0.1, 1.5, 0.285, 100.0, 100.01, 99999999.0, 1e8, 1e14, 99999999999999.98, 1e22, -1e-9]
    for number in [*numbers, float("inf"), float("nan")]:
        text = format(Decimal(repr(number)), "f") if isfinite(number) else str(number)
        kinds = [kind for _row, _name, kind, _value in found([element], {element: number}, required=())]
        assert kinds == [kind for _row, _name, kind, _value in found([element], {element: text}, required=())], number


def test_equal_values_of_other_types_are_judged_each_for_itself(standards):
    rows = [{"organ.staffing": value} for value in (1, True, 1.0, "1", True)]
    assert [row for row, *_ in found(["organ.staffing"], *rows, required=())] == [2, 5]


@pytest.mark.parametrize(
    ("element", "value", "kind", "words"),
    [
        ("organ.name", "很" * 121, "format", "最多 120 个字符，这里有 121 个（c..120）。"),
        ("organ.uscc", "911100001000015497", "range", ""),
        ("organ.uscc", "91350100M000100Y4", "format", "应为 18 个字符，这里有 17 个（an18）。"),
        ("organ.division_code", "33112３", "format", "只能是数字（n6）。"),
        ("organ.type", "7", "code", "代码集“机构类型”里没有这个代码。"),
        ("organ.type", "国家机关", "code", "填的是名称，应填代码 1。"),
        ("organ.staffing", "12人", "type", "应是数值，只含数字和小数点。"),
        ("organ.staffing", "1.5", "format", "最多 0 位小数，这里有 1 位（n..8）。"),
        ("organ.staffing", 123456789, "format", "整数部分最多 8 位，这里有 9 位（n..8）。"),
        ("organ.staffing", -1, "range", "值域为 ≥0。"),
        ("organ.founded_on", "2026-01-01", "type", "应是日期，写成 YYYYMMDD。"),
        ("organ.founded_on", "20260230", "type", "应是日期，写成 YYYYMMDD。"),
        ("energy.electricity.amount", "1.005", "format", "最多 2 位小数，这里有 3 位（n..16,2）。"),
        ("vehicle.annual.nev_share", 100.5, "range", "值域为 0～100。"),
        ("logistics.catering.sample_grams", 124, "range", "值域为 ≥125。"),
    ],
)
def test_departure_says_what_is_wrong(standards, element, value, kind, words):
    departures = conform.check([element], [{element: value}], on=DAY, required=()).departures
    assert kind in [d.kind for d in departures]
    if words:
        assert words in [d.message for d in departures]


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("organ.uscc", "91350100M000100Y43"), ("organ.uscc", "9131000013221158XC"), ("organ.uscc", "129900000000000272"),
        ("organ.division_code", 331123.0), ("organ.founded_on", date(1949, 10, 1)), ("organ.founded_on", 19491001.0),
        ("organ.staffing", "12"), ("organ.staffing", 12.0), ("energy.electricity.amount", 0.1 + 0.2 - 0.2),
        ("energy.electricity.amount", "100000000000000"[:14]), ("organ.is_vertical", "1"), ("organ.is_vertical", 0),
    ],
)  # fmt: skip
def test_value_as_sheets_and_programs_hold_it_conforms(standards, element, value):
    if isinstance(value, float) and element.endswith("amount"):
        value = round(value, 2)
    assert conform.check([element], [{element: value}], on=DAY, required=()).conforms


def test_mandatory_and_unknown_values_are_departures(standards):
    rows = [{k: v for k, v in GOOD.items() if k != "organ.type"}, {**GOOD, "organ.name": "  ", "organ.colour": "红"}]
    assert found(list(GOOD), *rows) == [
        (1, "organ.type", "missing", ""), (2, "organ.name", "missing", ""), (2, "organ.colour", "unknown", "红"),
    ]  # fmt: skip
    assert found(list(GOOD), rows[0], required=["organ.name"]) == []


def test_every_departure_is_counted_though_only_some_are_kept(standards):
    rows = ({**GOOD, "organ.type": "x"} for _ in range(500))
    report = conform.check(list(GOOD), rows, on=DAY, most=10)
    assert (report.total, len(report.departures), report.bad_rows) == (500, 10, 500)
    assert report.counts == {("organ.type", "code"): 500}


def test_element_that_is_not_in_force_is_missing(standards):
    with pytest.raises(Missing):
        conform.check(["organ.nope"], [], on=DAY)
    with pytest.raises(Invalid):
        conform.check([], [], on=DAY)


def workbook(*rows):
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for n, row in enumerate(rows):
        sheet.write_row(n, 0, row)
    book.close()
    return out.getvalue()


def checked(content, **chosen):
    selection = Selection.of("", on=DAY, **chosen)
    return check_sheet(Checker(selection.elements, on=DAY, book=selection.book), content, "a.xlsx")


def test_sheet_names_row_column_and_value_of_each_departure(standards):
    content = workbook(
        ("机构名录", "", "", ""),
        ("单位详细名称", "统一社会信用代码*", "所在行政区划代码", "organ.type", "颜色"),
        ("甲局", "11100000000013127D", "331123", "1", ""),
        ("", "11100000000013127X", "33112", "国家机关", "红"),
    )
    result = checked(content, dataset="organ")
    assert [(d.row, d.column, d.identifier, d.kind, d.value) for d in result.report.departures] == [
        (2, "E", "", "unknown", "颜色"),
        (4, "A", "organ.name", "missing", ""),
        (4, "B", "organ.uscc", "range", "11100000000013127X"),
        (4, "C", "organ.division_code", "format", "33112"),
        (4, "D", "organ.type", "code", "国家机关"),
    ]
    out = BytesIO()
    assert write_report(out, result) == 5


def test_sheet_without_a_mandatory_column_says_so_once(standards):
    result = checked(workbook(("单位详细名称", "机构类型"), ("甲局", "1"), ("乙局", "1")), dataset="organ")
    assert [(d.row, d.identifier, d.kind) for d in result.report.departures] == [
        (0, "organ.uscc", "column"), (0, "organ.division_code", "column"),
    ]  # fmt: skip


def test_sheet_of_one_data_set_is_not_asked_for_the_others_of_its_group(standards):
    result = checked(workbook(("费用号牌号码", "费用所属月份", "洗车"), ("测A·00001", "202613", "")), group="vehicle")
    assert [(d.identifier, d.kind) for d in result.report.departures] == [
        ("", "unknown"), ("vehicle.expense.period", "type"),
    ]  # fmt: skip


def test_sheet_without_a_known_heading_is_refused(standards):
    with pytest.raises(Invalid, match="没有认识的表头"):
        checked(workbook(("甲", "乙"), ("1", "2")), group="vehicle")


def test_ten_thousand_rows_are_quick_and_memory_does_not_grow_with_them(standards):
    selection = Selection.of("", dataset="vehicle.dispatch", on=DAY)
    checker = Checker(selection.elements, on=DAY, book=selection.book)
    row = {
        e.identifier: {"number": 1, "code": "1", "datetime": "20260930120000"}.get(e.data_type, "甲")
        for e in checker.elements
    }
    conform.collect(checker, [(1, row)])
    tracemalloc.start()
    begun = time.process_time()
    report = conform.collect(checker, ((n, row) for n in range(1, 10_001)))
    spent = time.process_time() - begun
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.rows == 10_000
    assert spent < 30  # a fraction of it without the tracing of memory
    assert peak < 3_000_000
