"""What a form is made of: cells, checks, sections of four kinds, and the names that expressions may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from shuzheng.kernel import expr
from shuzheng.kernel.expr import Program, Type
from shuzheng.kernel.periods import Period

PREVIOUS, LAST_YEAR = "prev_", "ly_"
CARRIED = "previous"
"""What a cell names as ``prefill`` to begin with its own value of the period before."""
LINE = "row."
"""Begins the names of the columns of a repeating row, in expressions about that row."""

Value = Decimal | str | bool | date | None
"""What a cell may hold: a number, a text or the code of a choice, yes or no, a day; None where nothing is filled in."""


class CellType(StrEnum):
    NUMBER = "number"
    INTEGER = "integer"
    TEXT = "text"
    DATE = "date"
    CHOICE = "choice"
    BOOLEAN = "boolean"


EXPR_TYPES = {
    CellType.NUMBER: expr.NUMBER,
    CellType.INTEGER: expr.NUMBER,
    CellType.TEXT: expr.TEXT,
    CellType.DATE: expr.DATE,
    CellType.CHOICE: expr.TEXT,
    CellType.BOOLEAN: expr.BOOLEAN,
}
"""The type that a cell has in expressions: a choice is the text of its code."""


class SectionKind(StrEnum):
    TABLE = "table"
    FIELDS = "fields"
    ROWS = "rows"
    NOTE = "note"


@dataclass(frozen=True)
class Option:
    """One answer of a choice."""

    code: str
    name: str
    name_en: str = ""


@dataclass(frozen=True)
class CellSpec:
    """One cell: typed in (``is_input``), or computed by ``expr``. ``additive`` ones are summed in roll-ups.

    ``show`` says when the cell is asked at all; where it is not, it counts as empty everywhere. ``require`` says when it
    must be filled in. ``least`` and ``most`` bound numbers; ``element`` is the data element that the rest was taken from.
    """

    code: str
    name: str
    name_en: str
    unit: str
    places: int
    section: str
    row: str
    column: str
    expr: str = ""
    additive: bool = True
    required: bool = False
    prefill: str = ""
    type: str = CellType.NUMBER
    element: str = ""
    options: tuple[Option, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    length: int = 200
    show: str = ""
    require: str = ""
    help: str = ""
    help_en: str = ""

    @property
    def is_input(self) -> bool:
        return not self.expr

    @property
    def is_carried(self) -> bool:
        """Whether it begins with its own value of the period before."""
        return self.prefill == CARRIED

    @property
    def fact(self) -> str:
        """The fact of a register that it begins with; empty for none."""
        return "" if self.is_carried else self.prefill

    @property
    def is_number(self) -> bool:
        return self.type in (CellType.NUMBER, CellType.INTEGER)

    @property
    def expr_type(self) -> Type:
        return EXPR_TYPES[CellType(self.type)]

    def option(self, code: object) -> Option | None:
        return next((o for o in self.options if o.code == code), None)


@dataclass(frozen=True)
class CheckSpec:
    """A condition that holds in a right form. ``error`` stops submission; ``warning`` passes with an explanation.

    A check of a repeating section (``line`` names it) is asked of every row; ``cell`` is then the code of a column.
    """

    code: str
    level: str
    cell: str
    expr: str
    message: str
    message_en: str = ""
    phrases: tuple[str, ...] = ()
    """Reasons that are often given, to pick from."""
    line: str = ""

    def of_row(self, number: int) -> CheckSpec:
        """The check as it is asked of one row: its own code and cell, so that a reason belongs to that row."""
        return replace(self, code=f"{self.code}.{number}", cell=f"{self.line}_{number}_{self.cell}", line="")


@dataclass(frozen=True)
class RowSpec:
    code: str
    number: str
    name: str
    name_en: str
    unit: str
    places: int
    of: str = ""
    has_cost: bool = False
    expr: str = ""
    show: str = ""
    element: str = ""
    """The data element of its amounts; ``cost_element`` that of its cost."""
    cost_element: str = ""


@dataclass(frozen=True)
class ColumnSpec:
    """A column of a table: ``month``, ``value`` and ``input`` are typed in; ``total``, ``derived`` and ``formula`` computed."""

    code: str
    kind: str
    name: str
    name_en: str
    unit: str = ""
    places: int | None = None
    offset: int = 0
    type: str = CellType.NUMBER
    expr: str = ""
    group: str = ""

    @property
    def is_typed(self) -> bool:
        return self.kind in ("month", "value", "input")


@dataclass(frozen=True)
class SectionSpec:
    """A part of a form. ``rows`` with ``columns`` (a table), ``fields``, ``line`` (columns of a repeating row), or ``text``."""

    code: str
    name: str
    name_en: str
    rows: tuple[RowSpec, ...] = ()
    fields: tuple[str, ...] = ()
    kind: str = SectionKind.TABLE
    columns: tuple[ColumnSpec, ...] = ()
    line: tuple[CellSpec, ...] = ()
    most: int = 0
    text: str = ""
    text_en: str = ""
    show: str = ""

    @cached_property
    def line_names(self) -> tuple[tuple[str, str], ...]:
        """What expressions call the columns of the repeating row (``row.price``), with their codes."""
        return tuple((LINE + c.code, c.code) for c in self.line)

    def column(self, code: str) -> CellSpec | None:
        """A column of the repeating row."""
        return next((c for c in self.line if c.code == code), None)


@dataclass(frozen=True)
class GivenSpec:
    """A name that nobody types: a cell of another form (``form``, ``cell``, ``period``) or a fact of a register (``fact``)."""

    name: str
    label: str
    form: str = ""
    cell: str = ""
    period: str = "same"
    fact: str = ""
    type: str = CellType.NUMBER


@dataclass(frozen=True)
class FormSpec:
    """A form as people fill it in: sections, cells in order of computation, checks.

    ``cells`` are the cells that every submission has. Those of repeating rows, ``<section>_<n>_<column>``, are as many as
    were filled in: ``find`` knows them too. In expressions ``<section>.<column>`` is the list of a column's values,
    and ``row.<column>`` the value in the row that is asked about.
    """

    code: str
    name: str
    name_en: str
    period_kind: str
    columns: tuple[ColumnSpec, ...]
    sections: tuple[SectionSpec, ...]
    cells: Mapping[str, CellSpec]
    computed: tuple[CellSpec, ...]
    checks: tuple[CheckSpec, ...]
    factors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digest: str = ""
    programs: Mapping[str, Program] = field(default_factory=dict, repr=False)
    """Compiled expressions: by code those of computed cells and checks; ``<section>.<column>`` a computed column of a
    repeating row; ``show:<cell, row or section>`` when it is asked."""
    givens: tuple[GivenSpec, ...] = ()

    @property
    def inputs(self) -> list[CellSpec]:
        return [c for c in self.cells.values() if c.is_input]

    @property
    def results(self) -> list[CellSpec]:
        """Computed cells that stand on their own (not in a row): the indicators at the foot of the form."""
        return [c for c in self.cells.values() if c.expr and not c.row and not c.section]

    @cached_property
    def elements(self) -> frozenset[str]:
        """Identifiers of the data elements that cells, rows and columns are bound to."""
        bound = {c.element for c in self.cells.values()} | {c.element for s in self.sections for c in s.line}
        return frozenset(bound - {""})

    @cached_property
    def lines(self) -> dict[str, SectionSpec]:
        """The repeating sections by code."""
        return {s.code: s for s in self.sections if s.kind == SectionKind.ROWS}

    @cached_property
    def rows_by_code(self) -> dict[str, tuple[SectionSpec, RowSpec]]:
        return {r.code: (s, r) for s in self.sections for r in s.rows}

    def cell(self, row: str, column: str) -> CellSpec | None:
        return self.cells.get(f"{row}_{column}")

    def find(self, code: str) -> CellSpec | None:
        """A cell by its code, those of repeating rows included."""
        if code in self.cells:
            return self.cells[code]
        place = self.place(code)
        return self.line_cell(*place) if place else None

    def pattern(self, code: str) -> CellSpec | None:
        """As ``find``, but for a cell of a repeating row its column as it stands: what all rows share, far quicker."""
        if code in self.cells:
            return self.cells[code]
        place = self.place(code)
        return self._columns[place[0]][place[2]] if place else None

    @cached_property
    def _columns(self) -> dict[str, dict[str, CellSpec]]:
        return {code: {c.code: c for c in section.line} for code, section in self.lines.items()}

    def place(self, code: str) -> tuple[str, int, str] | None:
        """Section, row number from 1, and column of a cell of a repeating row; None for any other code."""
        found = self._line_code.fullmatch(code)
        if found is None or found.lastindex is None:
            return None
        section, number, column = found.group(found.lastindex - 2, found.lastindex - 1, found.lastindex)
        return (section, int(number), column) if int(number) <= self.lines[section].most else None

    @cached_property
    def _line_code(self) -> re.Pattern[str]:
        """A cell of a repeating row. A form may have hundreds of thousands, and each is asked for several times."""
        ways = (
            f"({section})_([1-9][0-9]*)_({'|'.join(columns)})" for section, columns in self._columns.items() if columns
        )
        return re.compile("|".join(ways))

    def line_cell(self, section: str, number: int, column: str) -> CellSpec | None:
        found = self.lines[section].column(column)
        code = f"{section}_{number}_{column}"
        return replace(found, code=code, row=f"{section}_{number}") if found else None

    def has_check(self, code: str) -> bool:
        """Whether a reason may be given under this code: a check's, or a check's of one repeating row."""
        if any(c.code == code and not c.line for c in self.checks):
            return True
        base, _, number = code.rpartition(".")
        return number.isdigit() and any(c.code == base and c.line for c in self.checks)

    def column_of(self, cell: CellSpec) -> ColumnSpec | None:
        """The column of a table that a cell stands in."""
        section = next((s for s in self.sections if s.code == cell.section), None)
        return next((c for c in section.columns if c.code == cell.column), None) if section else None

    def column_label(self, column: ColumnSpec, period: Period, english: bool = False) -> str:
        """The heading of a column in a given period: the month for months."""
        if column.kind != "month":
            return column.name_en if english and column.name_en else column.name
        months = period.months()
        if column.offset >= len(months):
            return column.name
        month = months[column.offset]
        return month.start.strftime("%b") if english else f"{month.start.month} 月"
