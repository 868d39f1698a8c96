"""The one way the platform rounds: halves away from zero (四舍五入), never to even."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

WIDE = Context(prec=100, rounding=ROUND_HALF_UP)
"""Wide enough that rounding at the end is the only rounding."""


def round_half_up(value: Decimal, places: int = 0) -> Decimal:
    """`value` with exactly `places` decimals; a negative `places` rounds to tens, hundreds…

    The digits after the point stay (`Decimal("1.50")`), so a report prints what was reported. Minus zero becomes zero.
    """
    if places >= 0:
        out = value.quantize(Decimal(1).scaleb(-places), context=WIDE)
    else:
        unit = Decimal(1).scaleb(-places)
        out = WIDE.multiply(WIDE.divide(value, unit).quantize(Decimal(1), context=WIDE), unit).quantize(Decimal(1))
    return abs(out) if out.is_zero() else out


__all__ = ["WIDE", "round_half_up"]
