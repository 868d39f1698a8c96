"""Checking a sheet against data elements, and writing what was found as a workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from shuzheng.base.registers.sheets import Table, head_key, letter, read, table
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.base.standards.book import ElementValue
from shuzheng.base.standards.conform import KEPT, KINDS, Checker, Departure, Report, collect

MOST = 1_000_000
"""Departures that a report holds: as many rows as a sheet has, with its head."""


@dataclass
class Checked:
    """A sheet that was checked: what it says of itself beside the report."""

    report: Report
    sheet: str
    notes: list[str]
    columns: dict[str, str]
    """Identifier of each column that was checked, with its letter."""


def check_sheet(
    checker: Checker, content: bytes, filename: str, *, sheet: str = "", whole: bool = True, most: int = KEPT
) -> Checked:
    """Check the first (or the named) sheet of a file. Headings are element names, identifiers or English names.

    Args:
        whole: whether a required element without a column is a departure; else only the columns that are there are checked.

    Raises:
        Invalid: the file cannot be read, or no heading is that of an element.
    """
    raw = read(content, filename).sheet(sheet)
    found = table(raw, _expected(checker.elements))
    place = {name: letter(column) for name, column in found.columns.items()}
    ahead = [*_head_faults(found), *(_absent(checker, place) if whole else ())]
    required = checker.required
    checker.required = required & place.keys()  # what has no column at all is said once, not once a row
    unreadable = _cell_faults(found, place)
    departures = (*ahead, *unreadable)
    report = collect(checker, found.rows, most=most, ahead=departures)
    checker.required = required
    report.departures = [_with_column(d, place) for d in report.departures]
    return Checked(report, raw.name, found.notes, place)


def _expected(elements: Sequence[ElementValue]) -> dict[str, Sequence[str]]:
    """For each identifier the headings it may have. A heading that two elements share is taken by identifier only."""
    names: dict[str, list[str]] = {}
    for e in elements:
        for head in dict.fromkeys((e.name, e.name_en)):
            if head:
                names.setdefault(head_key(head), []).append(e.identifier)
    return {
        e.identifier: [e.identifier, *(h for h in (e.name, e.name_en) if h and len(names[head_key(h)]) == 1)]
        for e in elements
    }


def _head_faults(found: Table) -> list[Departure]:
    head = found.sheet.rows[found.head_row]
    said = []
    for place, cell in enumerate(head):
        if cell != "" and place not in found.columns.values():
            reason = (
                _("这一列的表头与前面重复。") if any(f.column == letter(place) for f in found.faults) else "unknown"
            )
            said.append(
                Departure(found.head_row + 1, "", str(cell), "unknown", reason, str(cell)[:200], column=letter(place))
            )
    return said


def _absent(checker: Checker, place: dict[str, str]) -> list[Departure]:
    """Required elements without a column, of the data sets that the sheet has any column of."""
    touched = {e.dataset for e in checker.elements if e.identifier in place}
    return [
        Departure(0, e.identifier, e.name, "column", "column")
        for e in checker.elements
        if e.identifier in checker.required and e.identifier not in place and e.dataset in touched
    ]


def _cell_faults(found: Table, place: dict[str, str]) -> list[Departure]:
    """Cells that cannot be read: merged, error values, formulas whose result was not saved."""
    by_letter = {column: name for name, column in place.items()}
    return [
        Departure(f.row or 0, by_letter.get(f.column or "", ""), "", "cell", f.message, column=f.column or "")
        for f in found.faults
        if f.row != found.head_row + 1
    ]


def _with_column(departure: Departure, place: dict[str, str]) -> Departure:
    if departure.column or departure.identifier not in place:
        return departure
    return Departure(
        departure.row, departure.identifier, departure.name, departure.kind, departure.reason, departure.value,
        column=place[departure.identifier], params=departure.params,
    )  # fmt: skip


def write_report(file: IO[bytes] | str, checked: Checked) -> int:
    """Write the departures of a sheet as a workbook, one a row; returns how many."""
    columns = [
        SheetColumn(_("行"), "integer", width=8),
        SheetColumn(_("列"), width=6),
        SheetColumn(_("数据项名称"), width=24),
        SheetColumn(_("标识符"), width=30),
        SheetColumn(_("问题"), width=16),
        SheetColumn(_("填写的值"), width=30),
        SheetColumn(_("说明"), width=60),
    ]
    rows = (
        (d.row or None, d.column, d.name, d.identifier, str(KINDS[d.kind]), d.value, d.message)
        for d in checked.report.departures
    )
    return write_xlsx(file, columns, rows, name=_("不符合项"))


__all__ = ["MOST", "Checked", "check_sheet", "write_report"]
