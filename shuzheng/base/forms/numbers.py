"""Exact numbers as pages, scripts and the API write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shuzheng.base.portal import formats


def exact(value: Decimal | str | bool | date | None) -> str | None:
    """A value as scripts and the API exchange it: a number in full and no longer than needed (``1229.5``), ``true`` or
    ``false``, a day as 2026-11-22, a text as it is; None stays None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, Decimal):
        return str(value)
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def typed(value: Decimal | str | bool | date | None, places: int) -> str:
    """In a field: with the cell's decimals, and with more if more were typed; empty for none; what is no number as it is."""
    if not isinstance(value, Decimal):
        return exact(value) or ""
    plain = exact(value) or "0"
    more = len(plain.partition(".")[2]) > places
    return formats.number(plain) if more else formats.number(value, places)


def shown(value: Decimal | str | bool | date | None, places: int) -> str:
    """In a computed cell: rounded to its decimals; empty for none. ``names.said`` has words for what is no number."""
    return formats.number(value, places) if isinstance(value, Decimal) else exact(value) or ""


def percent(now: object, before: object) -> str:
    """The change in percent with one decimal, ``+27.2%``; ``—`` where there is nothing to compare with."""
    if not isinstance(now, Decimal) or not isinstance(before, Decimal) or before == 0:
        return formats.NONE
    return formats.change((now - before) * 100 / abs(before)) + "%"
