"""A submission as a workbook: the template that an institution fills in. ``forms.uploads`` reads it back, cell by cell.

The layout is the form's own: one sheet a section, rows and columns as on the page. The file says which submission and
which version of the form it is made for; reading trusts nothing else that a spreadsheet program may have lost.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import xlsxwriter

from shuzheng.base.forms.engine import lines_of
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.spec import CellSpec, CellType, FormSpec, SectionKind, SectionSpec, Value, load
from shuzheng.base.portal import formats
from shuzheng.base.registers.sheets import letter
from shuzheng.kernel.periods import Period

VERSION, SUBMISSION = "form_version", "submission"
HEAD = 4
"""Rows above the first row of cells: title, institution, empty, headings."""
LEFT = 3
"""Columns before the first cell: number, name, unit. In a repeating section only the number stands before."""
UNMARKED = (Cell.Source.HAND, Cell.Source.SHEET, Cell.Source.COMPUTED)
SPARE_ROWS = 50
"""Empty rows of a repeating section in a template."""


@dataclass(frozen=True)
class Spot:
    """Where a cell stands in the workbook: sheet and place counted from 0.

    ``cell`` says what it is; of a repeating row it is the column that all rows share, and ``code`` the cell's own.
    """

    sheet: str
    row: int
    column: int
    cell: CellSpec
    code: str

    @property
    def place(self) -> str:
        return f"{letter(self.column)}{self.row + 1}"


def sheet_name(section: SectionSpec) -> str:
    """Always the Chinese name: a file made by one person is read back by another in any language."""
    return section.name[:31]


def layout(spec: FormSpec, lines: Mapping[str, int] | None = None) -> Iterator[Spot]:
    """Every cell of the form with its place. ``lines`` says how many rows a repeating section has in the sheet."""
    for section in spec.sections:
        name = sheet_name(section)
        for number, code in enumerate(section.fields):
            yield Spot(name, HEAD + number, LEFT, spec.cells[code], code)
        for number, row in enumerate(section.rows):
            for place, column in enumerate(section.columns):
                cell = spec.cell(row.code, column.code)
                if cell is not None:
                    yield Spot(name, HEAD + number, LEFT + place, cell, cell.code)
        yield from line_spots(section, range((lines or {}).get(section.code, 0)))


def line_spots(section: SectionSpec, numbers: Iterable[int]) -> Iterator[Spot]:
    """The cells of repeating rows, counted from 0."""
    name = sheet_name(section)
    for number in numbers:
        for place, column in enumerate(section.line):
            yield Spot(name, HEAD + number, 1 + place, column, f"{section.code}_{number + 1}_{column.code}")


def _written_lines(spec: FormSpec, values: Mapping[str, Value]) -> dict[str, int]:
    """Rows of the repeating sections in a template: those that are filled, and room for more."""
    filled = lines_of(spec, values)
    return {code: min(max(filled[code], default=0) + SPARE_ROWS, section.most) for code, section in spec.lines.items()}


def template(
    submission: Submission, values: Mapping[str, Value], *, locked: bool = False,
    sources: Mapping[str, str] | None = None,
) -> bytes:  # fmt: skip
    """The workbook, filled with ``values``; with ``locked`` nothing in it can be typed in (a copy of what was handed in).

    A value that nobody typed has a note with its source (``sources``, by cell): Excel marks the corner.
    """
    spec = load(submission.round.definition.spec)
    period = Period.parse(submission.round.period)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_custom_property(VERSION, spec.digest)
    book.set_custom_property(SUBMISSION, str(submission.pk))
    marks = {code: Cell.Source(source).label for code, source in (sources or {}).items() if source not in UNMARKED}
    _Writer(book, spec, period, submission, values, locked, marks).write()
    book.close()
    return file.getvalue()


class _Writer:
    def __init__(
        self, book: Any, spec: FormSpec, period: Period, submission: Submission,
        values: Mapping[str, Value], locked: bool, marks: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self.book, self.spec, self.period, self.marks = book, spec, period, marks
        self.submission, self.values, self.locked = submission, values, locked
        self.lines = _written_lines(spec, values)
        base = {"font_name": "等线", "font_size": 11, "valign": "vcenter"}
        self.base = base
        self.title = book.add_format({**base, "bold": True, "font_size": 14})
        self.note = book.add_format({**base, "font_color": "#5A6A80"})
        self.head = book.add_format(
            {**base, "bold": True, "bg_color": "#F6F8FB", "border": 1, "border_color": "#C6CED9"}
        )
        self.name = book.add_format({**base, "bg_color": "#F6F8FB", "border": 1, "border_color": "#C6CED9"})
        self.none = book.add_format({**base, "bg_color": "#E8ECF1", "border": 1, "border_color": "#C6CED9"})
        self._numbers: dict[tuple[int, bool], Any] = {}

    def number(self, places: int, open_: bool) -> Any:
        if (places, open_) not in self._numbers:
            shape = {**self.base, "num_format": "#,##0" + ("." + "0" * places if places else ""), "border": 1,
                     "border_color": "#C6CED9", "locked": not open_}  # fmt: skip
            shape |= {} if open_ else {"bg_color": "#E8ECF1"}
            self._numbers[places, open_] = self.book.add_format(shape)
        return self._numbers[places, open_]

    def write(self) -> None:
        spots: dict[str, list[Spot]] = {}
        for spot in layout(self.spec, self.lines):
            spots.setdefault(spot.sheet, []).append(spot)
        for section in self.spec.sections:
            if section.kind == SectionKind.NOTE:
                continue
            sheet = self.book.add_worksheet(sheet_name(section))
            self._heads(sheet, section)
            self._blanks(sheet, section)
            for spot in spots.get(sheet_name(section), ()):
                self._cell(sheet, spot)
            self._line_rules(sheet, section)
            sheet.freeze_panes(HEAD, LEFT)
            sheet.set_column(0, 0, 6)
            sheet.set_column(1, 1, 24)
            sheet.set_column(2, 2, 8)
            sheet.set_column(LEFT, LEFT + max(len(section.columns), len(section.line), 1), 14)
            sheet.protect("", {"select_locked_cells": True, "format_columns": True})
        self._help()

    def _heads(self, sheet: Any, section: SectionSpec) -> None:
        sheet.write_string(0, 0, f"{self.submission.round.definition.name} {self.period.label_zh}", self.title)
        sheet.write_string(1, 0, self.submission.node.name, self.note)
        heads = ["序号"] if section.line else ["序号", "指标", "单位"]
        if section.fields:
            heads.append("本期")
        named = [(self.spec.column_label(c, self.period), c.unit) for c in section.columns] if section.rows else []
        for name, unit in [*named, *((c.name, c.unit) for c in section.line)]:
            heads.append(f"{name}（{unit}）" if unit else name)
        for place, text in enumerate(heads):
            sheet.write_string(HEAD - 1, place, text, self.head)
        items = [self.spec.cells[c] for c in section.fields] or list(section.rows)
        for number, item in enumerate(items):
            sheet.write_string(HEAD + number, 0, getattr(item, "number", str(number + 1)), self.name)
            sheet.write_string(HEAD + number, 1, item.name, self.name)
            sheet.write_string(HEAD + number, 2, formats.unit(item.unit), self.name)

    def _blanks(self, sheet: Any, section: SectionSpec) -> None:
        for number in range(self.lines.get(section.code, 0)):
            sheet.write_number(HEAD + number, 0, number + 1, self.name)
        for number in range(len(section.rows)):
            for place in range(len(section.columns)):
                sheet.write_blank(HEAD + number, LEFT + place, None, self.none)

    def _cell(self, sheet: Any, spot: Spot) -> None:
        cell, value = spot.cell, self.values.get(spot.code)
        open_ = cell.is_input and not self.locked
        shape = self.number(cell.places, open_) if cell.is_number else self.word(open_, cell.type)
        if value is None:
            sheet.write_blank(spot.row, spot.column, None, shape)
        elif isinstance(value, Decimal):
            sheet.write_number(spot.row, spot.column, value, shape)
        elif isinstance(value, date) and not isinstance(value, bool):
            sheet.write_datetime(spot.row, spot.column, datetime.combine(value, time()), shape)
        else:
            option = cell.option(value)
            text = ("是" if value else "否") if isinstance(value, bool) else option.name if option else str(value)
            sheet.write_string(spot.row, spot.column, text, shape)
        if value is not None and spot.code in self.spec.cells and (mark := self.marks.get(spot.code)):
            sheet.write_comment(spot.row, spot.column, f"来源：{mark}", {"author": "", "y_scale": 0.4})
        if open_ and spot.code in self.spec.cells and (rule := self._rule(cell)):
            sheet.data_validation(spot.row, spot.column, spot.row, spot.column, rule)

    def _line_rules(self, sheet: Any, section: SectionSpec) -> None:
        """What may be entered in the columns of repeating rows, said once for all of them."""
        last = HEAD + self.lines.get(section.code, 0) - 1
        for place, cell in enumerate(section.line, 1):
            if cell.is_input and not self.locked and last >= HEAD and (rule := self._rule(cell)):
                sheet.data_validation(HEAD, place, last, place, rule)

    def word(self, open_: bool, type_: str) -> Any:
        """The look of a cell that is no number."""
        key = (-2 if type_ == CellType.DATE else -1, open_)
        if key not in self._numbers:
            shape = {**self.base, "border": 1, "border_color": "#C6CED9", "locked": not open_}
            shape |= {"num_format": "yyyy-mm-dd" if type_ == CellType.DATE else "@"}
            shape |= {} if open_ else {"bg_color": "#E8ECF1"}
            self._numbers[key] = self.book.add_format(shape)
        return self._numbers[key]

    @staticmethod
    def _rule(cell: CellSpec) -> dict[str, Any] | None:
        """What the spreadsheet lets one enter: a number, a day, one of a few words."""
        if cell.is_number:
            least = 0 if cell.least is None else cell.least
            return {
                "validate": "decimal", "criteria": "between", "minimum": least, "maximum": 10**15 - 1,
                "error_title": "填数字", "error_message": f"{cell.name}：填不小于 {least} 的数，单位 {cell.unit}。"[:255],
            }  # fmt: skip
        words = ["是", "否"] if cell.type == CellType.BOOLEAN else [o.name for o in cell.options]
        if words and len(",".join(words)) <= 250 and not any("," in w for w in words):
            return {"validate": "list", "source": words, "error_title": "选一项", "error_message": "从下拉项里选。"}
        if cell.type == CellType.DATE:
            return {
                "validate": "date", "criteria": "between", "minimum": date(1900, 1, 1), "maximum": date(2200, 12, 31),
                "error_title": "填日期", "error_message": "写成 2026-01-31。",
            }  # fmt: skip
        return None

    def _help(self) -> None:
        sheet = self.book.add_worksheet("填写说明")
        sheet.set_column(0, 0, 100)
        lines = [
            f"这份表只给 {self.submission.node.name} {self.period.label_zh}用，换单位、换报告期要重新下载。",
            "白格填写，灰格是自动计算或不填的；没有消费填 0。",
            "角上有标记的格是台账、表计或上期带入的，指上去看来源；改了就算手工填写。",
            "不要增删行列、不要改表名。可以粘贴数值。",
            "填好后在填报页“上传 Excel”；上传后先看差异，再存入。",
            self.submission.round.instructions,
        ]
        for number, line in enumerate(lines):
            sheet.write_string(number, 0, line)
