"""Workbooks as people send them: read right, or refused with the place."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from openpyxl import Workbook, load_workbook

from shuzheng.base.registers import sheet_values as cells
from shuzheng.base.registers import sheets
from shuzheng.base.registers.workbooks import SheetColumn, write_csv, write_xlsx
from shuzheng.kernel.errors import Invalid

EXPECTED = {"number": ["编号"], "area": ["面积"], "built": ["建成日期"]}


def xlsx(*rows, then=None) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if then:
        then(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def table(content: bytes, name: str = "a.xlsx", **options) -> sheets.Table:
    return sheets.table(sheets.read(content, name).sheet(), EXPECTED, **options)


def test_title_above_and_unknown_columns_do_not_disturb():
    found = table(
        xlsx(
            ["甲县房间登记表"], [], ["编号*", "备忘", "面积（㎡）"], ["A1", "x", 12.5], [None, "y", None], ["A2", "", 3]
        )
    )
    assert found.rows == [(4, {"number": "A1", "area": 12.5}), (6, {"number": "A2", "area": 3.0})]
    assert found.notes == ["这些列不认识，没有读入：备忘。"]
    assert found.faults == []


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("１２．５", "12.5"),
        ("1,234,567.8", "1234567.8"),
        (" 12 ", "12"),
        ("1，234", "1234"),
        (0.1 + 0.2, "0.3"),
        (12.0, "12"),
        ("－5", "-5"),
        (1e14, "100000000000000"),
    ],
)
def test_number_is_read_exactly(typed, read):
    assert cells.to_number(typed) == Decimal(read)


@pytest.mark.parametrize("typed", ["12 万", "1,23", "12 13", "=A1", "3e5", True, date(2026, 1, 1), "一百"])
def test_number_that_could_be_another_is_refused(typed):
    with pytest.raises(ValueError, match="."):
        cells.to_number(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "2026-3-5",
        "2026/03/05",
        "2026.3.5",
        "2026年3月5日",
        "20260305",
        20260305.0,
        date(2026, 3, 5),
        datetime(2026, 3, 5, 9),
        "２０２６－３－５",
    ],
)
def test_day_is_read_in_every_usual_writing(typed):
    assert cells.to_day(typed) == date(2026, 3, 5)


@pytest.mark.parametrize("typed", ["2026-02-30", 45000.0, "3/5/2026", "去年"])
def test_day_that_is_none_is_refused(typed):
    with pytest.raises(ValueError, match="."):
        cells.to_day(typed)


def test_code_that_lost_digits_is_refused_and_short_one_keeps_its_form():
    assert cells.to_text(1024.0) == "1024"
    assert cells.to_text(" Ａ－01　室 ") == "A-01 室"
    with pytest.raises(ValueError, match="15 位"):
        cells.to_text(330106199001011234.0)


def test_merged_cells_among_the_data_are_refused_with_the_place():
    found = table(
        xlsx(
            ["表"],
            ["编号", "面积"],
            ["A1", 1],
            [None, 2],
            then=lambda s: (s.merge_cells("A1:B1"), s.merge_cells("A3:A4")),
        )
    )
    assert [(f.row, f.column, f.message) for f in found.faults] == [
        (3, "A", "单元格 A3:A4 是合并的。取消合并，每格各填一次。")
    ]


def test_formula_without_saved_result_is_refused_and_error_values_too():
    content = xlsx(["编号", "面积"], ["A1", "=1+1"], ["A2", "#REF!"])
    found = table(content)
    assert [(f.row, f.column, "没有保存" in f.message) for f in found.faults] == [(2, "B", True), (3, "B", False)]


def test_formula_with_saved_result_is_read():
    import xlsxwriter

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["编号", "面积"])
    sheet.write_string(1, 0, "A1")
    sheet.write_formula(1, 1, "=1+1", None, 2)
    sheet.write_formula(2, 1, '="1"&"2"', None, "12")
    book.close()
    found = table(file.getvalue())
    assert (found.rows, found.faults) == (
        [(2, {"number": "A1", "area": 2.0}), (3, {"number": "", "area": "12"})],
        [],
    )


def test_hidden_rows_are_read_and_said():
    def hide(sheet):
        sheet.row_dimensions[3].hidden = True
        sheet.column_dimensions["B"].hidden = True

    found = table(xlsx(["编号", "面积"], ["A1", 1], ["A2", 2], ["A3", 3], then=hide))
    assert [number for number, _v in found.rows] == [2, 3, 4]
    assert found.notes == ["有 1 行被隐藏，也一并读入：第 3 行。", "有 1 列被隐藏，也一并读入：B 列。"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_in_use(encoding):
    found = table('编号,面积\nA1,"1,200"\n'.encode(encoding), "a.csv")
    assert found.rows == [(2, {"number": "A1", "area": "1,200"})]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"", "a.xlsx", "空"),
        (b"PK\x03\x04 broken", "a.xlsx", "损坏"),
        (b"%PDF-1.7", "a.xlsx", "打不开"),
        (b"\xff\xfe\x00\x80", "a.csv", "编码"),
    ],
)
def test_file_that_is_no_sheet_is_refused_in_words(content, name, said):
    with pytest.raises(Invalid, match=said):
        sheets.read(content, name)


def test_missing_and_repeated_headings_are_named():
    found = table(xlsx(["编号", "编号"], ["A1", "A2"]), required=["area"])
    assert [f.message for f in found.faults] == ["表头“编号”出现两次。", "缺少列：面积。"]
    with pytest.raises(Invalid, match="表头"):
        table(xlsx(["甲", "乙"], [1, 2]))
    with pytest.raises(Invalid, match="没有数据"):
        table(xlsx(["编号", "面积"]))


COLUMNS = [
    SheetColumn("编号", required=True, help="楼内唯一"),
    SheetColumn("面积", "number", unit="㎡", places=2, least=0),
    SheetColumn("类型", "choice", choices=[f"类型{n}" for n in range(80)]),
    SheetColumn("建成日期", "date"),
    SheetColumn("在用", "yesno"),
]
ROWS = [["A1", Decimal("12.50"), "类型3", date(2026, 3, 5), True], ["=1+1", Decimal("1234.5"), None, None, False]]


def test_workbook_written_reads_back_the_same():
    file = io.BytesIO()
    assert write_xlsx(file, COLUMNS, ROWS, name="房间", properties={"form_version": "3"}) == 2
    book = sheets.read(file.getvalue(), "a.xlsx")
    assert book.properties == {"form_version": "3"}
    found = sheets.table(book.sheet(), {c.head: [c.head] for c in COLUMNS})
    assert [values for _n, values in found.rows] == [
        {"编号": "A1", "面积": 12.5, "类型": "类型3", "建成日期": date(2026, 3, 5), "在用": "是"},
        {"编号": "=1+1", "面积": 1234.5, "类型": "", "建成日期": "", "在用": "否"},
    ]
    assert found.faults == []


def test_csv_written_reads_back_and_starts_no_formula():
    file = io.StringIO()
    write_csv(file, COLUMNS, ROWS)
    assert "'=1+1" in file.getvalue()
    [_head, first, _second] = sheets.read(file.getvalue().encode(), "a.csv").sheet().rows
    assert first == ["A1", "12.50", "类型3", "2026-03-05", "是"]


def test_template_offers_lists_limits_and_help():
    file = io.BytesIO()
    write_xlsx(file, COLUMNS, name="房间", template=True, notes=["每行一间。"])
    book = load_workbook(file)
    assert book.sheetnames == ["房间", "_lists", "填写说明"]
    assert book["_lists"].sheet_state == "veryHidden"
    rules = {str(v.sqref): (v.type, v.formula1) for v in book["房间"].data_validations.dataValidation}
    assert rules["C2:C1001"] == ("list", "list_3")
    assert rules["B2:B1001"] == ("decimal", "0")
    assert rules["E2:E1001"] == ("list", '"是,否"')
    assert "楼内唯一" in book["房间"]["A1"].comment.text
    assert sheets.read(file.getvalue(), "t.xlsx").sheet().name == "房间"
