"""The checks of the quarterly form and its outliers in plain Python, one institution after another, as the rules read."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from decimal import Decimal

Cells = Mapping[str, Decimal]

ROWS = ("e01", "e02", "e03", "e04", "e05", "e06", "e07", "e08", "e09")
PARTS = {"e011": "e01", "e012": "e01", "e021": "e02"}
PRICED = ("e01", "e02", "e04")
FIELDS = ("area", "people", "nev")


def findings(now: Cells, last_year: Cells, before: Cells, limits: Mapping[str, Decimal]) -> set[str]:
    """Codes of the checks that do not hold. ``limits`` are those of the rule book, by the form's names."""
    wrong = set()
    months = [f"{row}_m{month}" for row in (*ROWS, *PARTS) for month in (1, 2, 3)]
    inputs = [*FIELDS, *months, *(f"{row}_cost" for row in ROWS)]

    def say(code: str, holds: bool) -> None:
        if not holds:
            wrong.add(code)

    for part, whole in PARTS.items():
        say(f"part.{part}", now.get(f"{part}_q", 0) <= now.get(f"{whole}_q", 0))
    for row in ROWS:
        say(f"cost.{row}", now.get(f"{row}_q", 0) == 0 or f"{row}_cost" in now)
        say(f"yoy.{row}", _near(now.get(f"{row}_q"), last_year.get(f"{row}_q"), limits["yoy_limit"]))
    for code in inputs:
        say(f"negative.{code}", now.get(code, 0) >= 0)
    for code in months:
        say(f"missing.{code}", code in now)
    for code in ("area", "people"):
        say(f"required.{code}", code in now)
        say(f"{code}_zero", now.get(code, 1) > 0)
    say("solar_only", now.get("e011_q", 0) == 0 or now.get("e011_q") != now.get("e01_q"))
    say("people_jump", _near(now.get("people"), before.get("people"), limits["yoy_limit"]))
    for row in PRICED:
        price = now.get(f"{row}_price")
        say(f"price_{row}", not price or limits[f"low_{row}"] <= price <= limits[f"high_{row}"])
    return wrong


def _near(now: Decimal | None, then: Decimal | None, per_cent: Decimal) -> bool:
    return now is None or not then or abs(now - then) <= then * per_cent / 100


def outlier(value: Decimal, earlier: Sequence[Decimal]) -> bool | None:
    """Whether a number is unlike the earlier ones: three standard deviations from their mean, or a modified z above 3.5;
    of numbers that never moved whether it differs. None where fewer than four are known."""
    if len(earlier) < 4:
        return None
    known = [float(v) for v in earlier]
    spread, middle = statistics.stdev(known), statistics.median(known)
    deviation = statistics.median(abs(v - middle) for v in known)
    z = abs(float(value) - statistics.fmean(known)) / spread if spread else None
    modified = 0.6745 * abs(float(value) - middle) / deviation if deviation else None
    if z is None and modified is None:
        return not min(earlier) <= value <= max(earlier)
    return (z is not None and z > 3) or (modified is not None and modified > 3.5)
