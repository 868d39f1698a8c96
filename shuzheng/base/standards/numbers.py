"""Numbers as the standards write them."""

from __future__ import annotations

from decimal import Decimal


def tidy(value: Decimal) -> Decimal:
    """The same number without the zeros that a column's scale adds; whole numbers without an exponent."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def shown(value: Decimal | None) -> str:
    """As a page writes it, all digits that count: ``0.1229``, ``2,000,000``; empty for none."""
    return "" if value is None else f"{tidy(value):,f}"
