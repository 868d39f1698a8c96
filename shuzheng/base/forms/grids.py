"""A form as tables of cells for pages: what is typed, computed, compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.forms import names
from shuzheng.base.forms.engine import hidden_cells, lines_of
from shuzheng.base.forms.models import Cell
from shuzheng.base.forms.numbers import exact, percent, shown, typed
from shuzheng.base.forms.spec import (
    CellSpec,
    CellType,
    ColumnSpec,
    FormSpec,
    RowSpec,
    SectionKind,
    SectionSpec,
    Value,
)
from shuzheng.base.portal import formats
from shuzheng.base.portal.formats import in_language
from shuzheng.base.standards.uses import Help
from shuzheng.kernel.periods import Period

Values = Mapping[str, Value]
SOURCE_MARKS = {
    Cell.Source.METER: "meter",
    Cell.Source.BILL: "bill",
    Cell.Source.SHEET: "bill",
    Cell.Source.API: "bill",
    Cell.Source.REGISTER: "register",
    Cell.Source.PREVIOUS: "previous",
}
"""How a cell's source is marked in its corner; by hand, and the noughts of a nil report, have no mark."""
SHOWN_LINES, SPARE_LINES = 200, 3
"""Rows of a repeating section on a page (the rest is for Excel), and empty ones after them."""


@dataclass(frozen=True)
class Head:
    """A heading: ``group`` stands above neighbours that share it; ``kind`` is in, auto or ref; ``pick`` numbers typed columns."""

    title: str
    unit: str = ""
    kind: str = "in"
    group: str = ""
    css: str = ""
    pick: int = 0
    element: Help | None = None


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
    type: str = CellType.NUMBER
    value: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    """What a choice, or yes or no, may be: value and words."""
    length: int = 40
    help: str = ""
    hidden: bool = False

    @property
    def words(self) -> str:
        """As it is read: the name of a choice in place of its code."""
        return dict(self.choices).get(self.value, self.text)


@dataclass(frozen=True)
class GridRow:
    title: str
    unit: str
    cells: tuple[GridCell, ...]
    number: str = ""
    is_part: bool = False
    is_zero: bool = False
    help: str = ""
    element: Help | None = None
    """What the standards say of it, where it is bound to a data element."""

    @property
    def is_hidden(self) -> bool:
        """None of its cells is asked."""
        own = [c for c in self.cells if c.kind in ("in", "auto")]
        return bool(own) and all(c.hidden for c in own)


@dataclass(frozen=True)
class Sheet:
    """A section as a page of the form."""

    code: str
    title: str
    heads: tuple[Head, ...]
    groups: tuple[tuple[str, str, int], ...]
    rows: tuple[GridRow, ...]
    mark: str = ""
    kind: str = SectionKind.TABLE
    text: str = ""
    pattern: GridRow | None = None
    """A repeating section's row as it is added, with ``__n__`` for its number."""
    following: int = 0
    """The number that the next row gets."""
    most: int = 0
    unshown: int = 0
    """Rows that are too many for a page."""
    sums: tuple[GridCell, ...] = ()
    is_hidden: bool = False

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
    given: Values = field(default_factory=dict)
    """Factors and rules by name: what decides, with ``before``, on what is asked."""
    helps: Mapping[str, Help] = field(default_factory=dict)
    """Of the data elements that cells are bound to, by identifier."""
    is_comparable: bool = True
    """False for a sum over other institutions than last year's: a change in percent would say something untrue."""

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Cells that are not asked now."""
        return hidden_cells(self.spec, {**self.values, **self.typed}, {**self.before, **self.given})

    def sheets(self) -> list[Sheet]:
        made = {
            SectionKind.FIELDS: self._fields,
            SectionKind.ROWS: self._lines,
            SectionKind.NOTE: self._note,
            SectionKind.TABLE: self._rows,
        }
        return [made[SectionKind(s.kind)](s) for s in self.spec.sections]

    def _note(self, section: SectionSpec) -> Sheet:
        text = in_language(section.text, section.text_en)
        return Sheet(section.code, names.label(section), (), (), (), kind=section.kind, text=text)

    def _is_off(self, section: SectionSpec) -> bool:
        """Whether nothing of a section is asked."""
        own = [c.code for c in self.spec.cells.values() if c.section == section.code]
        return bool(section.show and own) and self.hidden.issuperset(own)

    # Repeating rows

    def _lines(self, section: SectionSpec) -> Sheet:
        heads = tuple(
            Head(
                names.label(c),
                names.unit(c.unit),
                "in" if c.is_input else "auto",
                css=c.type,
                pick=n,
                element=self.helps.get(c.element),
            )
            for n, c in enumerate(section.line, 1)
        )
        rows = lines_of(self.spec, {**self.values, **self.typed}).get(section.code, {})
        numbers = list(rows)[:SHOWN_LINES]
        last = max(rows, default=0)
        spare = range(last + 1, min(last + SPARE_LINES, section.most) + 1) if self.open else ()
        shown_rows = tuple(self._line(section, str(n)) for n in (*numbers, *spare))
        sums = tuple(
            GridCell("auto", c.code, shown(self.values.get(c.code), c.places), is_total=True)
            if (c := self.spec.cells.get(f"{section.code}_{column.code}")) else GridCell("na")
            for column in section.line
        )  # fmt: skip
        return Sheet(
            section.code, names.label(section), heads, (), shown_rows, self._mark(shown_rows), section.kind,
            pattern=self._line(section, "__n__"), following=last + len(spare) + 1, most=section.most,
            unshown=len(rows) - len(numbers), sums=sums if any(c.code for c in sums) else (),
            is_hidden=self._is_off(section),
        )  # fmt: skip

    def _line(self, section: SectionSpec, number: str) -> GridRow:
        cells = []
        for pick, column in enumerate(section.line, 1):
            code = f"{section.code}_{number}_{column.code}"
            cells.append(self._cell(replace(column, code=code, row=f"{section.code}_{number}"), None, pick))
        return GridRow(number, "", tuple(cells), number)

    # Sections of rows and columns

    def _rows(self, section: SectionSpec) -> Sheet:
        heads, plan = [], []
        pick = 0
        monthly = any(c.kind == "month" for c in section.columns)
        for column in section.columns:
            kind = "in" if column.is_typed else "auto"
            money = column.kind in ("input", "derived")
            pick += kind == "in"
            group = (_("费用") if money else _("实物量")) if monthly else column.group
            heads.append(
                Head(
                    names.column_title(self.spec, column, self.period), names.unit(column.unit) if kind == "in" else "",
                    kind, group, column.kind, pick if kind == "in" else 0,
                )
            )  # fmt: skip
            plan.append((column, pick if kind == "in" else 0))
            if column.kind == "total" and monthly:
                heads += self._compared()
        rows = tuple(self._row(row, plan) for row in section.rows)
        groups = _grouped(heads) if any(h.group for h in heads) else ()
        return Sheet(
            section.code, names.label(section), tuple(heads), groups, rows, self._mark(rows),
            is_hidden=self._is_off(section),
        )  # fmt: skip

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
            if column.kind == "total" and cell and any(c.kind == "month" for c, _pick in plan):
                cells += self._references(cell)
        amounts = [self.values.get(c.code) for c in self.spec.cells.values() if c.row == row.code]
        return GridRow(
            names.label(row), names.unit(row.unit), tuple(cells), row.number, bool(row.of), not any(amounts),
            element=self.helps.get(row.element),
        )  # fmt: skip

    def _references(self, cell: CellSpec) -> list[GridCell]:
        """The same cell in the period before and last year, and the change on last year."""
        previous, last_year = names.before_codes(cell.code)
        then = self.before.get(last_year)
        change = percent(self.values.get(cell.code), then) if self.is_comparable else formats.NONE
        return [
            GridCell("ref", text=names.said(cell, self.before.get(previous)) or formats.NONE, css="prev"),
            GridCell("ref", text=names.said(cell, then) or formats.NONE, css="ly"),
            GridCell("yoy", cell.code, change, against=last_year, css="yy"),
        ]

    # Sections of single fields

    def _fields(self, section: SectionSpec) -> Sheet:
        heads = [Head(_("本期"), group="", pick=1), *(Head(h.title, kind="ref", css=h.css) for h in self._compared())]
        rows = []
        for code in section.fields:
            cell = self.spec.cells[code]
            cells = (self._cell(cell, None, 1), *self._references(cell))
            about = self.helps.get(cell.element)
            rows.append(
                GridRow(names.label(cell), names.unit(cell.unit), cells, help=names.help_text(cell), element=about)
            )
        return Sheet(
            section.code, names.label(section), tuple(heads), (), tuple(rows), self._mark(rows), section.kind,
            is_hidden=self._is_off(section),
        )  # fmt: skip

    def _cell(self, cell: CellSpec, column: ColumnSpec | None, pick: int) -> GridCell:
        value, kind = self.values.get(cell.code), self.kinds.get(cell.code, "")
        css = {"error": "is-err", "warn": "is-warn", "noted": "is-noted"}.get(kind, "")
        off = cell.code in self.hidden
        if not cell.is_input:
            is_total = column is not None and column.kind == "total"
            return GridCell(
                "auto", cell.code, names.said(cell, value), css, is_total=is_total, hidden=off, type=cell.type
            )
        value = self.typed.get(cell.code, value)
        marks = [SOURCE_MARKS.get(self.sources.get(cell.code, ""), ""), css]  # type: ignore[call-overload]
        marks += ["is-returned"] if cell.code in self.returned else []
        locked = cell.code not in self.open if cell.code in self.spec.cells else bool(self.returned) or not self.open
        marks += ["is-locked"] if locked and self.open else []
        text = self.unread.get(cell.code)
        said = " ".join(filter(None, (names.cell_title(self.spec, cell, self.period), names.unit(cell.unit))))
        plain = exact(value) or ""
        return GridCell(
            "in", cell.code, typed(value, cell.places) if text is None else text,
            " ".join(filter(None, marks)), said, locked=locked, fault=text or "", pick=pick, type=cell.type,
            value=plain, choices=choices_of(cell), length=cell.length if cell.type == CellType.TEXT else 40,
            help=names.help_text(cell), hidden=off,
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


def choices_of(cell: CellSpec) -> tuple[tuple[str, str], ...]:
    """What may be chosen in a cell: value and words. Empty for what is typed."""
    if cell.type == CellType.BOOLEAN:
        return (("true", _("是")), ("false", _("否")))
    return tuple((o.code, names.label(o)) for o in cell.options) if cell.type == CellType.CHOICE else ()


def _grouped(heads: Sequence[Head]) -> tuple[tuple[str, str, int], ...]:
    groups: list[tuple[str, str, int]] = []
    for head in heads:
        if groups and groups[-1][0] == head.group:
            groups[-1] = (head.group, groups[-1][1], groups[-1][2] + 1)
        else:
            groups.append((head.group, "ref" if head.kind == "ref" else "", 1))
    return tuple(groups)
