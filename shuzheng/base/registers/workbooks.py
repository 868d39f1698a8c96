"""Writing workbooks: exports, and templates with drop-downs, notes and limits.

A template is a help, not a guard: whoever saves it in another program may lose locks and lists, so an upload is checked
cell by cell again (parts: the very hidden list sheet becomes merely hidden in LibreOffice).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Literal

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

LIST_SHEET = "_lists"
INPUT_ROWS = 1000
"""Rows of a template that carry drop-downs and limits."""
INLINE_LIST = 200
"""Characters a drop-down may hold in place (Excel allows 255); longer ones go to the list sheet."""

Kind = Literal["text", "integer", "number", "date", "datetime", "choice", "yesno"]


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column of a sheet. ``choices`` are the texts a drop-down offers; ``least`` and ``most`` bound a number."""

    head: str
    kind: Kind = "text"
    unit: str = ""
    help: str = ""
    required: bool = False
    choices: Sequence[str] = ()
    places: int | None = None
    least: Decimal | int | None = None
    most: Decimal | int | None = None
    width: int = 0
    locked: bool = False

    @property
    def title(self) -> str:
        return f"{self.head}（{self.unit}）" if self.unit else self.head


def write_xlsx(
    file: IO[bytes] | str,
    columns: Sequence[SheetColumn],
    rows: Iterable[Sequence[Any]] = (),
    *,
    name: str,
    notes: Sequence[str] = (),
    properties: Mapping[str, str] | None = None,
    template: bool = False,
) -> int:
    """Write one table; returns the number of rows. Rows are written as they come, so that many need little memory.

    ``template`` adds drop-downs, limits and notes on headings, room to fill in, and a sheet with ``notes``.
    """
    book = xlsxwriter.Workbook(
        file, {"constant_memory": not template, "default_date_format": "yyyy-mm-dd", "remove_timezone": True}
    )
    for key, value in (properties or {}).items():
        book.set_custom_property(key, value)
    formats = _Formats(book)
    sheet = book.add_worksheet(name[:31])
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width or _width(column), formats.of(column))
        sheet.write_string(0, place, column.title, formats.head(column))
    count = 0
    for count, row in enumerate(rows, 1):
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            _write_cell(sheet, count, place, value, formats.of(column))
    if template:
        _add_help(book, sheet, columns, max(INPUT_ROWS, count))
        _add_notes(book, columns, notes)
    elif count:
        sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()
    return count


class _Formats:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        base = {"font_name": "等线", "font_size": 11}
        self._head = book.add_format({**base, "bold": True, "bg_color": "#F6F8FB", "bottom": 1, "text_wrap": True})
        self._required = book.add_format({**base, "bold": True, "bg_color": "#DDE9F6", "bottom": 1, "text_wrap": True})
        self._book, self._base, self._made = book, base, {}

    def head(self, column: SheetColumn) -> Any:
        return self._required if column.required else self._head

    def of(self, column: SheetColumn) -> Any:
        pattern = {"text": "@", "choice": "@", "yesno": "@", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "integer": "#,##0"}.get(
            column.kind, "#,##0" + ("." + "0" * column.places if column.places else ".######" if column.places is None else "")
        )  # fmt: skip
        if pattern not in self._made:
            self._made[pattern] = self._book.add_format({**self._base, "num_format": pattern})
        return self._made[pattern]


def _width(column: SheetColumn) -> int:
    wide = 2 * sum(ord(c) > 255 for c in column.title) + sum(ord(c) < 256 for c in column.title)
    return max(wide + 3, {"date": 12, "datetime": 17, "integer": 10, "number": 12}.get(column.kind, 16))


def _write_cell(sheet: Any, row: int, place: int, value: Any, shape: Any) -> None:
    """Text always as text: what begins with ``=`` must not become a formula."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        sheet.write_string(row, place, _("是") if value else _("否"), shape)
    elif isinstance(value, int | float | Decimal) and abs(value) < 10**15:
        sheet.write_number(row, place, value, shape)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, place, timezone.localtime(value) if timezone.is_aware(value) else value, shape)
    elif isinstance(value, date):
        sheet.write_datetime(row, place, value, shape)
    else:
        sheet.write_string(row, place, str(value)[:32_000], shape)


def _add_help(book: Any, sheet: Any, columns: Sequence[SheetColumn], last: int) -> None:
    lists = None
    for place, column in enumerate(columns):
        said = "\n".join(filter(None, [_("必填") if column.required else _("选填"), column.help]))
        sheet.write_comment(0, place, said, {"x_scale": 1.5, "author": ""})
        rule = _rule(column)
        if column.choices or column.kind == "yesno":
            choices = list(column.choices) or [_("是"), _("否")]
            if len(",".join(choices)) <= INLINE_LIST and not any("," in c for c in choices):
                rule = {"validate": "list", "source": choices}
            else:
                if lists is None:
                    lists = book.add_worksheet(LIST_SHEET)
                    lists.very_hidden()
                defined = f"list_{place + 1}"
                lists.write_column(0, place, choices)
                from xlsxwriter.utility import xl_col_to_name

                at = xl_col_to_name(place, col_abs=True)
                book.define_name(defined, f"={LIST_SHEET}!{at}$1:{at}${len(choices)}")
                rule = {"validate": "list", "source": f"={defined}"}
            rule |= {"error_title": column.head[:32], "error_message": _("从下拉列表里选。")}
        if rule:
            sheet.data_validation(1, place, last, place, {"ignore_blank": True, **rule})


def _rule(column: SheetColumn) -> dict[str, Any]:
    if column.kind in ("integer", "number"):
        least, most = column.least, column.most
        kind = "integer" if column.kind == "integer" else "decimal"
        said = {"error_title": column.head[:32]}
        if least is not None and most is not None:
            return {**said, "validate": kind, "criteria": "between", "minimum": least, "maximum": most,
                    "error_message": _("在 %(least)s 到 %(most)s 之间。") % {"least": least, "most": most}}  # fmt: skip
        if least is not None:
            return {**said, "validate": kind, "criteria": ">=", "value": least,
                    "error_message": _("不小于 %(least)s。") % {"least": least}}  # fmt: skip
        return {**said, "validate": kind, "criteria": ">=", "value": -(10**15), "error_message": _("这里要数字。")}
    if column.kind in ("date", "datetime"):
        return {"validate": "date", "criteria": ">=", "value": date(1900, 1, 1), "error_title": column.head[:32],
                "error_message": _("写成 2026-10-14。")}  # fmt: skip
    return {}


def _add_notes(book: Any, columns: Sequence[SheetColumn], notes: Sequence[str]) -> None:
    sheet = book.add_worksheet(_("填写说明"))
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 10)
    sheet.set_column(2, 2, 90)
    bold = book.add_format({"bold": True})
    row = 0
    for row, note in enumerate(notes, 1):
        sheet.write_string(row - 1, 0, note)
    for place, head in enumerate((_("列"), _("必填"), _("说明"))):
        sheet.write_string(row + 1, place, head, bold)
    for number, column in enumerate(columns, row + 2):
        sheet.write_string(number, 0, column.title)
        sheet.write_string(number, 1, _("是") if column.required else "")
        choices = _("可选：%(choices)s") % {"choices": "、".join(column.choices[:40])} if column.choices else ""
        sheet.write_string(number, 2, " ".join(filter(None, [column.help, choices])))


def write_csv(file: IO[str], columns: Sequence[SheetColumn], rows: Iterable[Sequence[Any]]) -> int:
    """The same as comma-separated text (UTF-8 with a mark at its head, so that Excel reads it right)."""
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow([column.title for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_csv_text(value) for value in row])
        count += 1
    return count


def _csv_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%Y-%m-%d %H:%M")
    text = str(value)
    # A spreadsheet would run text that begins like a formula; numbers keep their sign.
    if isinstance(value, str) and text and text[0] in "=+-@\t\r":
        return "'" + text
    return text
