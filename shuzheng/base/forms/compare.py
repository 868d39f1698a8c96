"""Two sides of a form for the reviewer: this submission beside the one before it, or beside last year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuzheng.base.forms import names
from shuzheng.base.forms.grids import Values
from shuzheng.base.forms.numbers import percent
from shuzheng.base.forms.spec import LAST_YEAR, CellSpec, ColumnSpec, FormSpec, RowSpec, SectionSpec, Value
from shuzheng.base.forms.values import from_texts
from shuzheng.base.portal import formats
from shuzheng.kernel.periods import Period


@dataclass(frozen=True)
class Side:
    """One of the two columns groups: what it is called, and its values."""

    title: str
    values: Values


@dataclass(frozen=True)
class DiffCell:
    code: str
    text: str
    css: str = ""
    label: str = ""


@dataclass(frozen=True)
class DiffRow:
    title: str
    unit: str
    number: str
    is_part: bool
    is_zero: bool
    old: tuple[DiffCell, ...]
    new: tuple[DiffCell, ...]
    total: str
    total_kind: str
    change: str
    last_year: str
    yoy: str
    is_changed: bool


@dataclass(frozen=True)
class Diff:
    """A comparison. ``rows`` are those of the widest table, with the columns of ``heads`` on each side; ``fields`` are all
    that stands alone: fields, cells of other tables, and repeating rows."""

    heads: tuple[str, ...]
    rows: tuple[DiffRow, ...]
    fields: tuple[DiffRow, ...]
    changed: int


def values_of(edition_values: Mapping[str, Any], spec: FormSpec) -> dict[str, Value]:
    """An edition's values, kept as texts, as values of the form's types."""
    return from_texts(spec, edition_values)


def compare(
    spec: FormSpec, period: Period, new: Values, old: Values | None, before: Values, kinds: Mapping[str, str]
) -> Diff:
    """``new`` beside ``old`` (None: alone), with last year's totals. ``kinds`` marks cells with findings."""
    made = _Maker(spec, period, new, old, before, kinds)
    typed = [c for c in spec.columns if c.is_typed]
    rows: list[DiffRow] = []
    fields: list[DiffRow] = []
    for section in spec.sections:
        fields += [made.field(spec.cells[code]) for code in section.fields]
        fields += made.lines(section)
        if section.columns == spec.columns:
            rows += [made.row(row, typed) for row in section.rows]
        else:
            cells = [c for c in spec.cells.values() if c.section == section.code and c.row]
            fields += [made.field(cell) for cell in cells]
    changed = sum(cell.css.endswith("ch") for row in (*rows, *fields) for cell in row.new)
    heads = tuple(names.column_title(spec, c, period) for c in typed)
    return Diff(heads, tuple(rows), tuple(fields), changed)


@dataclass(frozen=True)
class _Maker:
    spec: FormSpec
    period: Period
    new: Values
    old: Values | None
    before: Values
    kinds: Mapping[str, str]

    def row(self, row: RowSpec, typed: Sequence[ColumnSpec]) -> DiffRow:
        cells = [self.spec.cell(row.code, c.code) for c in typed]
        totals = [self.spec.cell(row.code, c.code) for c in self.spec.columns if c.kind == "total"]
        total = totals[0] if totals else None
        return self._made(names.label(row), row.unit, row.number, bool(row.of), cells, total)

    def field(self, cell: CellSpec) -> DiffRow:
        return self._made(names.cell_title(self.spec, cell, self.period), cell.unit, "", False, [cell], cell)

    def lines(self, section: SectionSpec) -> list[DiffRow]:
        """A row for each cell of a repeating section that either side has."""
        if section.code not in self.spec.lines:
            return []
        places = {self.spec.place(code) for code in (*self.new, *(self.old or ()))} - {None}
        own = sorted(p[1:] for p in places if p and p[0] == section.code)
        order = {c.code: n for n, c in enumerate(section.line)}
        found = [self.spec.line_cell(section.code, *p) for p in sorted(own, key=lambda p: (p[0], order[p[1]]))]
        return [
            self.field(cell) for cell in found if cell and (self.new.get(cell.code), self._then(cell)) != (None, None)
        ]

    def _then(self, cell: CellSpec) -> Value:
        return self.old.get(cell.code) if self.old is not None else None

    def _made(
        self,
        title: str,
        unit: str,
        number: str,
        is_part: bool,
        cells: Sequence[CellSpec | None],
        total: CellSpec | None,
    ) -> DiffRow:
        old, new = [], []
        for cell in cells:
            if cell is None:
                old.append(DiffCell("", "", "na"))
                new.append(DiffCell("", "", "na"))
                continue
            now, then = self.new.get(cell.code), self.old.get(cell.code) if self.old is not None else None
            differs = self.old is not None and now != then
            mark = {"error": "is-err", "warn": "is-warn", "noted": "is-noted"}.get(self.kinds.get(cell.code, ""), "")
            said = names.cell_title(self.spec, cell, self.period)
            old.append(DiffCell(cell.code, names.said(cell, then) or formats.NONE, "ch" if differs else ""))
            new.append(
                DiffCell(
                    cell.code,
                    names.said(cell, now) or formats.NONE,
                    f"{mark} {'ch' if differs else ''}".strip(),
                    said,
                )
            )
        now = self.new.get(total.code) if total else None
        then = self.old.get(total.code) if total and self.old is not None else None
        last = self.before.get(LAST_YEAR + total.code) if total else None
        numbers = isinstance(now, Decimal) and isinstance(then, Decimal)
        moved = now - then if numbers else None  # type: ignore[operator]
        return DiffRow(
            title, names.unit(unit), number, is_part, not any(self.new.get(c.code) for c in cells if c),
            tuple(old), tuple(new), (names.said(total, now) if total else "") or formats.NONE,
            self.kinds.get(total.code, "") if total else "",
            formats.change(moved, total.places) if moved and total else formats.NONE,
            (names.said(total, last) if total else "") or formats.NONE, percent(now, last),
            any(c.css.endswith("ch") for c in new),
        )  # fmt: skip
