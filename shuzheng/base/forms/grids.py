"""A form as tables of cells for pages: what is typed, computed, compared with; and the same as data for the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.forms import names
from shuzheng.base.forms.models import Cell
from shuzheng.base.forms.numbers import exact, percent, shown, typed
from shuzheng.base.forms.spec import CellSpec, ColumnSpec, FormSpec, RowSpec, SectionSpec, Value
from shuzheng.base.portal import formats
from shuzheng.kernel.periods import Period

Values = Mapping[str, Value]
SOURCE_MARKS = {
    Cell.Source.METER: "meter",
    Cell.Source.BILL: "bill",
    Cell.Source.SHEET: "bill",
    Cell.Source.API: "bill",
}
"""How a cell's source is marked in its corner; by hand has no mark."""


@dataclass(frozen=True)
class Head:
    """A heading: ``group`` stands above neighbours that share it; ``kind`` is in, auto or ref; ``pick`` numbers typed columns."""

    title: str
    unit: str = ""
    kind: str = "in"
    group: str = ""
    css: str = ""
    pick: int = 0


@dataclass(frozen=True)
class GridCell:
    """One place in the grid: typed in (``in``), computed (``auto``), for comparison (``ref``, ``yoy``), or none (``na``)."""

    kind: str
    code: str = ""
    text: str = ""
    css: str = ""
    label: str = ""
    against: str = ""
    locked: bool = False
    fault: str = ""
    pick: int = 0
    is_total: bool = False


@dataclass(frozen=True)
class GridRow:
    title: str
    unit: str
    cells: tuple[GridCell, ...]
    number: str = ""
    is_part: bool = False
    is_zero: bool = False


@dataclass(frozen=True)
class Sheet:
    """A section as a page of the form."""

    code: str
    title: str
    heads: tuple[Head, ...]
    groups: tuple[tuple[str, str, int], ...]
    rows: tuple[GridRow, ...]
    mark: str = ""

    @property
    def picks(self) -> list[Head]:
        """The columns that are typed in: a phone shows one of them at a time."""
        return [h for h in self.heads if h.pick]


@dataclass(frozen=True)
class Filled:
    """Everything that a grid shows about one submission."""

    spec: FormSpec
    period: Period
    values: Values
    before: Values
    sources: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    typed: Values = field(default_factory=dict)
    """What was typed in, also where it is not asked now and counts as empty in ``values``."""
    open: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()
    kinds: Mapping[str, str] = field(default_factory=dict)
    """For each cell with a finding: error, warn or noted."""
    is_comparable: bool = True
    """False for a sum over other institutions than last year's: a change in percent would say something untrue."""

    def sheets(self) -> list[Sheet]:
        return [self._fields(s) if s.fields else self._rows(s) for s in self.spec.sections]

    # Sections of rows and columns

    def _rows(self, section: SectionSpec) -> Sheet:
        heads, plan = [], []
        pick = 0
        for column in self.spec.columns:
            kind = "auto" if column.kind in ("total", "derived") else "in"
            money = column.kind in ("input", "derived")
            pick += kind == "in"
            heads.append(
                Head(
                    names.column_title(self.spec, column, self.period), names.unit(column.unit) if kind == "in" else "", kind,
                    _("费用") if money else _("实物量"), column.kind, pick if kind == "in" else 0,
                )
            )  # fmt: skip
            plan.append((column, pick if kind == "in" else 0))
            if column.kind == "total":
                heads += self._compared()
        rows = tuple(self._row(row, plan) for row in section.rows)
        return Sheet(section.code, names.label(section), tuple(heads), _grouped(heads), rows, self._mark(rows))

    def _compared(self) -> list[Head]:
        return [
            Head(names.previous_title(self.period), kind="ref", group=_("对照"), css="prev"),
            Head(_("去年同期"), kind="ref", group=_("对照"), css="ly"),
            Head(_("同比"), kind="ref", group=_("对照"), css="yoy"),
        ]

    def _row(self, row: RowSpec, plan: Sequence[tuple[ColumnSpec, int]]) -> GridRow:
        cells: list[GridCell] = []
        for column, pick in plan:
            cell = self.spec.cell(row.code, column.code)
            cells.append(self._cell(cell, column, pick) if cell else GridCell("na", pick=pick, css=column.kind))
            if column.kind == "total" and cell:
                cells += self._references(cell)
        amounts = [self.values.get(c.code) for c in self.spec.cells.values() if c.row == row.code]
        return GridRow(names.label(row), names.unit(row.unit), tuple(cells), row.number, bool(row.of), not any(amounts))

    def _references(self, cell: CellSpec) -> list[GridCell]:
        """The same cell in the period before and last year, and the change on last year."""
        previous, last_year = names.before_codes(cell.code)
        then = self.before.get(last_year)
        change = percent(self.values.get(cell.code), then) if self.is_comparable else formats.NONE
        return [
            GridCell("ref", text=shown(self.before.get(previous), cell.places) or formats.NONE, css="prev"),
            GridCell("ref", text=shown(then, cell.places) or formats.NONE, css="ly"),
            GridCell("yoy", cell.code, change, against=last_year, css="yy"),
        ]

    # Sections of single fields

    def _fields(self, section: SectionSpec) -> Sheet:
        heads = [Head(_("本期"), group="", pick=1), *(Head(h.title, kind="ref", css=h.css) for h in self._compared())]
        rows = []
        for code in section.fields:
            cell = self.spec.cells[code]
            cells = (self._cell(cell, None, 1), *self._references(cell))
            rows.append(GridRow(names.label(cell), names.unit(cell.unit), cells))
        return Sheet(section.code, names.label(section), tuple(heads), (), tuple(rows), self._mark(rows))

    def _cell(self, cell: CellSpec, column: ColumnSpec | None, pick: int) -> GridCell:
        value, kind = self.values.get(cell.code), self.kinds.get(cell.code, "")
        css = {"error": "is-err", "warn": "is-warn", "noted": "is-noted"}.get(kind, "")
        if not cell.is_input:
            is_total = column is not None and column.kind == "total"
            return GridCell("auto", cell.code, shown(value, cell.places), css, is_total=is_total)
        marks = [SOURCE_MARKS.get(self.sources.get(cell.code, ""), ""), css]  # type: ignore[call-overload]
        marks += ["is-returned"] if cell.code in self.returned else []
        locked = cell.code not in self.open
        marks += ["is-locked"] if locked and self.open else []
        text = self.unread.get(cell.code)
        said = " ".join(filter(None, (names.cell_title(self.spec, cell, self.period), names.unit(cell.unit))))
        return GridCell(
            "in", cell.code, typed(value, cell.places) if text is None else text,
            " ".join(filter(None, marks)), said, locked=locked, fault=text or "", pick=pick,
        )  # fmt: skip

    def _mark(self, rows: Sequence[GridRow]) -> str:
        """error, warn or ok for the tab of a page; empty while nothing is filled in."""
        kinds = {self.kinds.get(c.code, "") for r in rows for c in r.cells if c.kind in ("in", "auto")}
        if "error" in kinds or "warn" in kinds:
            return "error" if "error" in kinds else "warn"
        return "ok" if any(self.values.get(c.code) is not None for r in rows for c in r.cells if c.kind == "in") else ""

    def results(self) -> list[dict[str, Any]]:
        """The indicators at the foot: name, value, unit, last year's."""
        found = []
        for cell in self.spec.results:
            then = self.before.get(names.before_codes(cell.code)[1])
            found.append(
                {
                    "code": cell.code,
                    "title": names.label(cell),
                    "unit": names.unit(cell.unit),
                    "text": shown(self.values.get(cell.code), cell.places) or formats.NONE,
                    "then": shown(then, cell.places),
                }
            )
        return found


def _grouped(heads: Sequence[Head]) -> tuple[tuple[str, str, int], ...]:
    groups: list[tuple[str, str, int]] = []
    for head in heads:
        if groups and groups[-1][0] == head.group:
            groups[-1] = (head.group, groups[-1][1], groups[-1][2] + 1)
        else:
            groups.append((head.group, "ref" if head.kind == "ref" else "", 1))
    return tuple(groups)


def browser_data(filled: Filled, factors: Values, reasons: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """What ``<sz-grid>`` computes with: cells, order, given values and checks, expressions as data (``program.json()``)."""
    spec = filled.spec
    cells = {}
    for cell in spec.cells.values():
        cells[cell.code] = {
            "label": names.cell_title(spec, cell, filled.period),
            "unit": names.unit(cell.unit),
            "places": cell.places,
            "value": exact(filled.values.get(cell.code)),
            **({"expr": spec.programs[cell.code].json()} if cell.expr else {}),
        }
    checks = [
        {
            "code": item.code,
            "level": item.level,
            "cell": item.cell,
            "expr": spec.programs[item.code].json(),
            "message": names.message(item),
            "phrases": list(item.phrases),
        }
        for item in spec.checks
    ]
    given = {name: exact(value) for name, value in {**filled.before, **factors}.items()}
    return {
        "cells": cells,
        "order": [c.code for c in spec.computed],
        "given": given,
        "checks": checks,
        "reasons": dict(reasons),
        "unread": dict(filled.unread),
        **more,
    }
