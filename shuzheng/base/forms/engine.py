"""Computing and checking a form: plain values in, values and findings out. The same for page, sheet, API and roll-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from shuzheng.base.forms.spec import CellSpec, CheckSpec, FormSpec
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.rounding import round_half_up
from shuzheng.kernel.text import clean_number

Values = Mapping[str, Decimal | None]

LARGEST = Decimal(10) ** 15
"""No single institution uses more of anything in any unit; a larger number is a slip of the keyboard."""


@dataclass(frozen=True)
class Finding:
    """A check that does not hold."""

    check: CheckSpec
    explanation: str = ""

    @property
    def stops(self) -> bool:
        """Whether the form can't be submitted because of it."""
        return self.check.level == "error" or not self.explanation


def read_values(spec: FormSpec, typed: Mapping[str, str | None]) -> tuple[dict[str, Decimal | None], list[FieldFault]]:
    """What was typed or pasted as exact numbers, and a fault for each that is none. Blank means: not filled in."""
    values: dict[str, Decimal | None] = {}
    faults: list[FieldFault] = []
    for code, text in typed.items():
        cell = spec.cells.get(code)
        if cell is None or not cell.is_input:
            faults.append(FieldFault(code, _("报表里没有这个可填的格。"), value=text))
            continue
        if text is None or not str(text).strip():
            values[code] = None
            continue
        try:
            number = clean_number(str(text))
        except ValueError as fault:
            faults.append(FieldFault(code, str(fault), value=str(text)))
            continue
        if reason := _unfit(cell, number):
            faults.append(FieldFault(code, reason, value=str(text)))
        else:
            values[code] = number
    return values, faults


def _unfit(cell: CellSpec, number: Decimal) -> str:
    if abs(number) >= LARGEST:
        return _("数值过大，核对小数点和单位。")
    if number != round_half_up(number, 6):
        return _("小数超过 6 位。")
    return ""


def compute(spec: FormSpec, values: Values, factors: Values, before: Values | None = None) -> dict[str, Decimal | None]:
    """``values`` with every computed cell added. ``before`` holds ``prev_…`` and ``ly_…`` names."""
    env = {**(before or {}), **factors, **{c.code: values.get(c.code) for c in spec.inputs}}
    return _computed(spec, env, spec.computed)


def derive(spec: FormSpec, sums: Values, factors: Values) -> dict[str, Decimal | None]:
    """A roll-up: sums of additive cells as they are, ratios (price, energy per head) computed from the sums."""
    env = {**factors, **{code: value for code, value in sums.items() if spec.cells[code].additive}}
    return _computed(spec, env, [c for c in spec.computed if not c.additive])


def _computed(spec: FormSpec, env: dict[str, Decimal | None], cells: Iterable[CellSpec]) -> dict[str, Decimal | None]:
    for cell in cells:
        result = spec.programs[cell.code](env)
        env[cell.code] = None if result is None else round_half_up(result, 6)
    return {code: env.get(code) for code in spec.cells}


def check(
    spec: FormSpec, values: Values, factors: Values, before: Values, explained: Mapping[str, str]
) -> list[Finding]:
    """The checks that do not hold for ``values`` (computed cells included), errors first."""
    env = {**before, **factors, **values}
    found = [
        Finding(item, explained.get(item.code, "")) for item in spec.checks if spec.programs[item.code](env) is False
    ]
    return sorted(found, key=lambda f: f.check.level != "error")
