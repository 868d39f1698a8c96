"""Arithmetic of the language: decimals with at most 20 digits after the point, exact or rounded once, halves up.

The same results come from `to_sql.py` (numeric) and from the browser (scaled BigInt); the conformance suite holds them
together. Sums and differences are exact. Products and quotients are rounded to 20 digits after the point, halves away
from zero. Nothing depends on the size of the numbers: sizes are bounded when the expression is checked.
"""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

from shuzheng.kernel.expr.types import MAX_DIGITS, NAME_DIGITS, NUMBER, SCALE, ExprError
from shuzheng.kernel.words import gettext

# Room for an exact product of two longest numbers; exactness is enforced by the trap of Inexact.
_EXACT = Context(
    prec=3 * MAX_DIGITS, rounding=ROUND_HALF_UP, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero]
)
_ROUNDING = Context(prec=3 * MAX_DIGITS, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow, Clamped])
_STEP = Decimal(1).scaleb(-SCALE)
_ONE = Decimal(1)

add = _EXACT.add
subtract = _EXACT.subtract
negative = _EXACT.minus
absolute = _EXACT.abs
_times = _EXACT.multiply
_quantize = _ROUNDING.quantize
_divide_int = _ROUNDING.divide_int


def multiply(a: Decimal, b: Decimal) -> Decimal:
    return _quantize(_times(a, b), _STEP)


def divide(a: Decimal, b: Decimal) -> Decimal | None:
    """a / b, or None where b is zero."""
    if not b:
        return None
    # One digit more than is kept, cut off exactly: rounding that half up is rounding the true quotient half up.
    return _quantize(_divide_int(a.scaleb(SCALE + 1, _EXACT), b).scaleb(-SCALE - 1, _EXACT), _STEP)


def power(a: Decimal, n: int) -> Decimal:
    out = _ONE
    for _ in range(n):
        out = multiply(out, a)
    return out


def round_to(a: Decimal, places: int) -> Decimal:
    """Halves away from zero; a negative `places` rounds to tens, hundreds…"""
    if places >= 0:
        return _quantize(a, Decimal(1).scaleb(-places))
    return _quantize(a.scaleb(places, _EXACT), _ONE).scaleb(-places, _EXACT)


def floor(a: Decimal) -> Decimal:
    return a.to_integral_value(ROUND_FLOOR, _ROUNDING)


def ceiling(a: Decimal) -> Decimal:
    return a.to_integral_value(ROUND_CEILING, _ROUNDING)


def number_in(value: object) -> Decimal:
    """A number given from outside. Raises ExprError for what is none, or is too long to calculate with."""
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal):
        raise ExprError(gettext("应为%(want)s，实为 %(found)s") % {"want": NUMBER.label, "found": type(value).__name__})
    if not value.is_finite() or value.adjusted() >= NAME_DIGITS:
        raise ExprError(gettext("数字过长，整数最多 %(n)d 位") % {"n": NAME_DIGITS})
    exponent = value.as_tuple().exponent
    return _quantize(value, _STEP) if isinstance(exponent, int) and exponent < -SCALE else value


def tidy(a: Decimal) -> Decimal:
    """The same number without trailing zeros and never in exponent form."""
    if not a:
        return Decimal(0)
    a = _ROUNDING.create_decimal(a.normalize(_ROUNDING))
    exponent = a.as_tuple().exponent
    return _quantize(a, _ONE) if isinstance(exponent, int) and exponent > 0 else a


__all__ = [
    "absolute",
    "add",
    "ceiling",
    "divide",
    "floor",
    "multiply",
    "negative",
    "number_in",
    "power",
    "round_to",
    "subtract",
    "tidy",
]
