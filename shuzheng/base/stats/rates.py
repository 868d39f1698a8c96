"""How many kilograms of standard coal and carbon one unit of each kind is worth, in a period and province.

Rates have six decimals. They are written beside each fact with the versions they came from: what was exported stays as it was computed, and a
corrected factor counts from the next export of that part. Factors of a prefecture or county of its own are not looked at here; they
count in the form's own computed cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shuzheng.base.standards import resolve
from shuzheng.base.standards.resolve import Method
from shuzheng.base.stats.declare import KINDS, Kind
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.rounding import round_half_up

METHODS = {
    "tce": ("kgce", Method.EQUIVALENT_HEAT),
    "equal": ("kgce", Method.EQUAL_VALUE),
    "co2": ("kgCO2", Method.NATIONAL_AVERAGE),
}


@dataclass(frozen=True)
class Rates:
    """Rates by kind and method, and the versions of the factors."""

    kinds: dict[str, Kind]
    values: dict[tuple[str, str], Decimal]
    versions: dict[str, str] = field(default_factory=dict)

    def of(self, code: str, kind: str, measure: str, method: str) -> Decimal | None:
        """What a unit of a fact is worth. Monthly amounts count; own solar power is taken off what was bought."""
        known = self.kinds.get(kind)
        if known is None:
            return None
        if measure == "amount":
            return self.values.get((kind, method))
        if measure == "part" and method == "co2" and known.less and code.startswith(f"{known.less}_"):
            rate = self.values.get((kind, method))
            return None if rate is None else -rate
        return None


def rates_of(form: str, on: date, bucket: str) -> Rates:
    """The rates of a form's kinds on a day, in a province (``0``: for the nation's own organs)."""
    book = resolve.current()
    path = "" if bucket == "0" else f"{bucket}/"
    kinds = {row: kind for (code, row), kind in KINDS.items() if code == form}
    values: dict[tuple[str, str], Decimal] = {}
    versions: dict[str, str] = {}
    for row, kind in kinds.items():
        if not kind.energy:
            continue
        for name, (unit, method) in METHODS.items():
            try:
                found = resolve.convert(
                    Decimal(1), kind.unit, kind.energy, method, on=on, path=path, to_unit=unit, book=book
                )
            except Missing:
                continue  # no factor, no rate: the kind is left out of this method, as the indicator's note says
            values[row, name] = round_half_up(found.value, 6)
            versions[f"{row}.{name}"] = ",".join(str(v) for v in found.versions)
    return Rates(kinds, values, versions)
