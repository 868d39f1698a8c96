"""Two sides of a form for the reviewer: this submission beside the one before it, or beside last year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from shuzheng.base.forms import names
from shuzheng.base.forms.grids import Values
from shuzheng.base.forms.numbers import percent, shown
from shuzheng.base.forms.spec import LAST_YEAR, CellSpec, ColumnSpec, FormSpec, RowSpec
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
    """The tables of a comparison. ``fields`` stand alone; ``rows`` have the columns of ``heads`` on each side."""

    heads: tuple[str, ...]
    rows: tuple[DiffRow, ...]
    fields: tuple[DiffRow, ...]
    changed: int


def values_of(edition_values: Mapping[str, str | None]) -> dict[str, Decimal | None]:
    """An edition's values, kept as texts, as numbers."""
    return {code: None if text is None else Decimal(text) for code, text in edition_values.items()}


def compare(
    spec: FormSpec, period: Period, new: Values, old: Values | None, before: Values, kinds: Mapping[str, str]
) -> Diff:
    """``new`` beside ``old`` (None: alone), with last year's totals. ``kinds`` marks cells with findings."""
    made = _Maker(spec, period, new, old, before, kinds)
    typed = [c for c in spec.columns if c.kind in ("month", "input")]
    rows = tuple(made.row(row, typed) for s in spec.sections for row in s.rows)
    fields = tuple(made.field(spec.cells[code]) for s in spec.sections for code in s.fields)
    changed = sum(cell.css.endswith("ch") for row in (*rows, *fields) for cell in row.new)
    heads = tuple(names.column_title(spec, c, period) for c in typed)
    return Diff(heads, rows, fields, changed)


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
        return self._made(names.label(cell), cell.unit, "", False, [cell], cell)

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
            old.append(DiffCell(cell.code, shown(then, cell.places) or formats.NONE, "ch" if differs else ""))
            new.append(
                DiffCell(
                    cell.code,
                    shown(now, cell.places) or formats.NONE,
                    f"{mark} {'ch' if differs else ''}".strip(),
                    said,
                )
            )
        now = self.new.get(total.code) if total else None
        then = self.old.get(total.code) if total and self.old is not None else None
        last = self.before.get(LAST_YEAR + total.code) if total else None
        moved = now - then if now is not None and then is not None else None
        places = total.places if total else 0
        return DiffRow(
            title, names.unit(unit), number, is_part, not any(self.new.get(c.code) for c in cells if c),
            tuple(old), tuple(new), shown(now, places) or formats.NONE,
            self.kinds.get(total.code, "") if total else "",
            formats.change(moved, places) if moved else formats.NONE,
            shown(last, places) or formats.NONE, percent(now, last), any(c.css.endswith("ch") for c in new),
        )  # fmt: skip
