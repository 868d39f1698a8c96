"""Computing and checking a form: plain values in, values and findings out. The same for page, sheet, API and roll-up.

What is not asked (``show`` is not true) counts as empty in everything: in sums, computed cells and checks. A computed cell
is empty where a number that it needs is missing or a divisor is nought; it is never taken for nought.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from shuzheng.base.forms.spec import LINE, CellSpec, CellType, CheckSpec, FormSpec, SectionSpec, Value
from shuzheng.base.forms.spec.verify import line_order
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.rounding import round_half_up
from shuzheng.kernel.text import clean_number, fold

Values = Mapping[str, Value]
Lines = dict[str, dict[int, dict[str, Value]]]
"""The rows of repeating sections that something is filled in in: by section, row number and column."""

LARGEST = Decimal(10) ** 15
"""No single institution uses more of anything in any unit; a larger number is a slip of the keyboard."""

YES, NO = frozenset({"true", "是", "y", "yes", "1", "√"}), frozenset({"false", "否", "n", "no", "0", "×"})
_DAY = re.compile(r"(\d{4})(?:[-/.年]\s?)?(\d{1,2})(?:[-/.月]\s?)?(\d{1,2})日?")


@dataclass(frozen=True)
class Finding:
    """A check that does not hold."""

    check: CheckSpec
    explanation: str = ""

    @property
    def stops(self) -> bool:
        """Whether the form can't be submitted because of it."""
        return self.check.level == "error" or not self.explanation


# Reading


def read_values(spec: FormSpec, typed: Mapping[str, str | None]) -> tuple[dict[str, Value], list[FieldFault]]:
    """What was typed or pasted as values of the cells' types, and a fault for each that is none. Blank means: not filled in."""
    values: dict[str, Value] = {}
    faults: list[FieldFault] = []
    for code, text in typed.items():
        cell = spec.pattern(code)
        if cell is None or not cell.is_input:
            faults.append(FieldFault(code, _("报表里没有这个可填的格。"), value=text))
            continue
        try:
            values[code] = read_value(cell, text)
        except ValueError as fault:
            faults.append(FieldFault(code, str(fault), value=str(text)))
    return values, faults


def read_value(cell: CellSpec, text: str | None) -> Value:
    """One text as a value of the cell's type; None for a blank.

    Raises:
        ValueError: it is none; says why.
    """
    if text is None or not str(text).strip():
        return None
    text = str(text).strip()
    match cell.type:
        case CellType.NUMBER | CellType.INTEGER:
            return _read_number(cell, text)
        case CellType.TEXT:
            if len(text) > cell.length:
                raise ValueError(_("最多 %(n)d 个字，这里有 %(now)d 个。") % {"n": cell.length, "now": len(text)})
            return text.replace("\x00", "")
        case CellType.DATE:
            return _read_day(text)
        case CellType.BOOLEAN:
            said = fold(text).lower()
            if said in YES or said in NO:
                return said in YES
            raise ValueError(_("“%(text)s”不是“是”或“否”。") % {"text": text[:20]})
        case _:
            wanted = fold(text)
            for option in cell.options:
                if wanted in (option.code, fold(option.name), option.name_en, f"{option.code} {fold(option.name)}"):
                    return option.code
            raise ValueError(_("选项里没有“%(text)s”。") % {"text": text[:20]})


def _read_number(cell: CellSpec, text: str) -> Decimal:
    number = clean_number(text)
    if abs(number) >= LARGEST:
        raise ValueError(_("数值过大，核对小数点和单位。"))
    if number != round_half_up(number, 6):
        raise ValueError(_("小数超过 6 位。"))
    if cell.type == CellType.INTEGER and number != number.to_integral_value():
        raise ValueError(_("应为整数。"))
    return number


def _read_day(text: str) -> date:
    found = _DAY.fullmatch(fold(text).removesuffix(" 00:00:00"))
    if not found:
        raise ValueError(_("“%(text)s”不是日期，写成 2026-11-22。") % {"text": text[:20]})
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(_("没有“%(text)s”这一天。") % {"text": text[:20]}) from None


# Repeating rows


def lines_of(spec: FormSpec, values: Values) -> Lines:
    """The filled rows of the repeating sections, in the order of their numbers."""
    found: dict[str, dict[int, dict[str, Value]]] = {code: defaultdict(dict) for code in spec.lines}
    if found:
        for code, value in values.items():
            if value is not None and code not in spec.cells and (place := spec.place(code)):
                section, number, column = place
                found[section][number][column] = value
    typed = {code: {c.code for c in section.line if c.is_input} for code, section in spec.lines.items()}
    return {
        section: {n: rows[n] for n in sorted(rows) if not typed[section].isdisjoint(rows[n])}
        for section, rows in found.items()
    }


def _row_env(section: SectionSpec, row: Mapping[str, Value]) -> dict[str, Value]:
    return {name: row.get(code) for name, code in section.line_names}


def _lists(spec: FormSpec, lines: Lines) -> dict[str, list[Value]]:
    """``<section>.<column>``: the values of each column, empty ones included."""
    return {
        f"{code}.{column.code}": [row.get(column.code) for row in lines[code].values()]
        for code, section in spec.lines.items()
        for column in section.line
    }


# What is asked


def hidden_cells(spec: FormSpec, values: Values, given: Values) -> frozenset[str]:
    """Cells that are not asked with these values: a cell's, row's or section's ``show`` is not true.

    Judged in the order of the form, so that what hangs on a hidden cell is hidden with it.
    """
    if not any(code.startswith("show:") for code in spec.programs):
        return frozenset()
    env: dict[str, Value] = {**given, **{c.code: values.get(c.code) for c in spec.inputs}}
    lines = lines_of(spec, values)
    hidden: set[str] = set()
    for section in spec.sections:
        off = not _holds(spec, section.code, env)
        rows = {r.code for r in section.rows if off or not _holds(spec, r.code, env)}
        for cell in spec.cells.values():
            if cell.section == section.code and (off or cell.row in rows or not _holds(spec, cell.code, env)):
                hidden.add(cell.code)
                env[cell.code] = None
        for number, row in lines.get(section.code, {}).items():
            more = {**env, **_row_env(section, row)} if section.line else env
            for column in section.line:
                if off or not _holds(spec, f"{section.code}.{column.code}", more):
                    hidden.add(f"{section.code}_{number}_{column.code}")
                    more[LINE + column.code] = None
    return frozenset(hidden)


def _holds(spec: FormSpec, code: str, env: Values) -> bool:
    program = spec.programs.get(f"show:{code}")
    return program is None or program(env) is True


# Computing


def compute(spec: FormSpec, values: Values, factors: Values, before: Values | None = None) -> dict[str, Value]:
    """``values`` with every computed cell added and what is not asked emptied.

    ``before`` holds given names: ``prev_…`` and ``ly_…``, cells of other forms, facts of registers.
    """
    given = {**(before or {}), **factors}
    hidden = hidden_cells(spec, values, given)
    env: dict[str, Value] = {**given, **{c.code: values.get(c.code) for c in spec.inputs}}
    env |= dict.fromkeys(hidden & env.keys())
    lines = lines_of(spec, {c: v for c, v in values.items() if c not in hidden} if hidden else values)
    result: dict[str, Value] = {}
    for code, rows in lines.items():
        section = spec.lines[code]
        order = [(column, LINE + column, spec.programs[f"{code}.{column}"]) for column in line_order(spec, section)]
        for number, row in rows.items():
            more = {**env, **_row_env(section, row)}
            for column, name, program in order:
                row[column] = more[name] = _kept(program(more))
            for _name, column in section.line_names:
                result[f"{code}_{number}_{column}"] = row.get(column)
    return {**_computed(spec, {**env, **_lists(spec, lines)}, spec.computed), **result}  # type: ignore[dict-item]


def derive(spec: FormSpec, sums: Values, factors: Values) -> dict[str, Value]:
    """A roll-up: sums of additive cells as they are, ratios (price, energy per head) computed from the sums."""
    env = {**factors, **{code: value for code, value in sums.items() if spec.cells[code].additive}}
    return _computed(spec, env, [c for c in spec.computed if not c.additive])


def _computed(spec: FormSpec, env: dict[str, Value], cells: Iterable[CellSpec]) -> dict[str, Value]:
    for cell in cells:
        env[cell.code] = _kept(spec.programs[cell.code](env))
    return {code: env.get(code) for code in spec.cells}


def _kept(result: object) -> Value:
    """A result as it is stored: numbers with six decimals."""
    return round_half_up(result, 6) if isinstance(result, Decimal) else result  # type: ignore[return-value]


# Checking


def check(
    spec: FormSpec, values: Values, factors: Values, before: Values, explained: Mapping[str, str]
) -> list[Finding]:
    """The checks that do not hold for ``values`` (computed cells included), errors first.

    A check that comes out empty holds: what can't be said is no fault. Checks of cells that are not asked are left out.
    """
    given = {**before, **factors}
    hidden = hidden_cells(spec, values, given)
    lines = lines_of(spec, values)
    env: dict[str, Value] = {**given, **values, **_lists(spec, lines)}  # type: ignore[dict-item]
    found = [
        Finding(item, explained.get(item.code, ""))
        for item in spec.checks
        if not item.line and item.cell not in hidden and spec.programs[item.code](env) is False
    ]
    for code, rows in lines.items():
        own = [(item, spec.programs[item.code]) for item in spec.checks if item.line == code]
        for number, row in rows.items():
            env |= _row_env(spec.lines[code], row)
            for item, program in own:
                if not (hidden and f"{code}_{number}_{item.cell}" in hidden) and program(env) is False:
                    one = item.of_row(number)
                    found.append(Finding(one, explained.get(one.code, "")))
    return sorted(found, key=lambda f: f.check.level != "error")
