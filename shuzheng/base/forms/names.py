"""Names as pages say them: in the language of the reader where the data has both."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _

from shuzheng.base.forms.models import Round
from shuzheng.base.forms.numbers import exact, shown
from shuzheng.base.forms.spec import LAST_YEAR, PREVIOUS, CellSpec, CheckSpec, ColumnSpec, FormSpec, Value
from shuzheng.base.portal import formats
from shuzheng.kernel.periods import Period, PeriodKind


class Named(Protocol):
    """What has a Chinese and, mostly, an English name."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


def label(item: Named) -> str:
    """The name of a form, section, row, column or cell."""
    return formats.in_language(item.name, item.name_en)


_UNITS = {"元": "CNY", "人": "person", "辆": "vehicle"}


def unit(text: str) -> str:
    """A unit as it is set (``m³``, ``㎡``); counted things and money in the reader's language."""
    shown = formats.unit(text)
    if formats.english():
        for chinese, said in _UNITS.items():
            shown = shown.replace(chinese, said)
    return shown


def message(check: CheckSpec) -> str:
    return formats.in_language(check.message, check.message_en)


def help_text(cell: CellSpec) -> str:
    """How a cell is filled in, as whoever made the form says it."""
    return formats.in_language(cell.help, cell.help_en)


def period_label(period: Period | str) -> str:
    """``2026年第三季度`` or ``Q3 2026``."""
    found = Period.parse(period) if isinstance(period, str) else period
    return formats.in_language(found.label_zh, found.label_en)


def round_title(round_: Round) -> str:
    """The title that was given; one made from form and period is made again in the reader's language."""
    made = f"{round_.definition.name} {Period.parse(round_.period).label_zh}"
    if formats.english() and round_.title == made:
        return f"{label(round_.definition)}, {period_label(round_.period)}"
    return round_.title


def column_title(spec: FormSpec, column: ColumnSpec, period: Period) -> str:
    """The heading of a column, without its unit: months by name, the total by the kind of period."""
    if column.kind == "month":
        return spec.column_label(column, period, formats.english())
    return label(column)


def cell_title(spec: FormSpec, cell: CellSpec, period: Period) -> str:
    """``电 · 8 月``; ``人员 3 · 姓名`` in a repeating row; a cell that stands on its own has its name only."""
    if place := spec.place(cell.code):
        return f"{label(spec.lines[place[0]])} {place[1]} · {label(cell)}"
    column = spec.column_of(cell)
    if not cell.row or column is None:
        return label(cell)
    row = spec.rows_by_code[cell.row][1]
    return f"{label(row)} · {column_title(spec, column, period)}"


def said(cell: CellSpec, value: Value) -> str:
    """A value as it is read: a number with the cell's decimals, 是 or 否, the name of a choice; empty for none."""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, Decimal):
        return shown(value, cell.places)
    option = cell.option(value)
    return label(option) if option else exact(value) or ""


def previous_title(period: Period) -> str:
    """What the period before is called in a column's heading."""
    before = period.previous
    if before is None:
        return _("上期")
    if before.kind is PeriodKind.QUARTER:
        return [_("一季度"), _("二季度"), _("三季度"), _("四季度")][before.index - 1]
    if before.kind is PeriodKind.MONTH:
        return _("%(n)d 月") % {"n": before.index}
    return _("上期")


def before_codes(code: str) -> tuple[str, str]:
    """Names of the same cell in the period before, and in the same period last year."""
    return PREVIOUS + code, LAST_YEAR + code
