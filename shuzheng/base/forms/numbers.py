"""Exact numbers as pages, scripts and the API write them."""

from __future__ import annotations

from decimal import Decimal

from shuzheng.base.portal import formats


def exact(value: Decimal | None) -> str | None:
    """The number in full and no longer than needed (``1229.5``), as scripts and the API exchange it; None stays None."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def typed(value: Decimal | None, places: int) -> str:
    """In a field: with the cell's decimals, and with more if more were typed; empty for none."""
    if value is None:
        return ""
    plain = exact(value) or "0"
    more = len(plain.partition(".")[2]) > places
    return formats.number(plain) if more else formats.number(value, places)


def shown(value: Decimal | None, places: int) -> str:
    """In a computed cell: rounded to its decimals; empty for none."""
    return "" if value is None else formats.number(value, places)


def percent(now: Decimal | None, before: Decimal | None) -> str:
    """The change in percent with one decimal, ``+27.2%``; ``—`` where there is nothing to compare with."""
    if now is None or before is None or before == 0:
        return formats.NONE
    return formats.change((now - before) * 100 / abs(before)) + "%"
