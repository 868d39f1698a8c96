"""Cells as values: what somebody typed or Excel made of it, turned into text, exact numbers and dates, or refused."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from shuzheng.kernel.text import clean_number, fold

EXACT_DIGITS = 15
"""Digits that a number in a workbook keeps; longer codes must be text."""

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0?0:00(?::00)?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")

YES = frozenset({"是", "有", "对", "√", "✓", "y", "yes", "true", "1", "启用", "在职"})
NO = frozenset({"否", "无", "不", "×", "✗", "n", "no", "false", "0", "停用", "离职"})


def shown(value: Any) -> str:
    """A cell as the user saw it, for faults; at most 60 characters."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def is_blank(value: Any) -> bool:
    """Whether a cell holds nothing but spaces, or a dash that stands for nothing."""
    return value is None or (isinstance(value, str) and value.strip() in ("", "—", "——", "/", "\\"))


def to_text(value: Any) -> str:
    """Text of a cell, folded. A whole number comes without ``.0``.

    Raises:
        ValueError: a number with more digits than a workbook keeps (an identity number typed as a number).
    """
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, int | float):
        if abs(value) >= 10**EXACT_DIGITS:
            raise ValueError(_("超过 15 位的数字已丢失尾数。把单元格设为文本后重填。"))
        return str(int(value)) if float(value).is_integer() else format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return fold(str(value))


def to_number(value: Any) -> Decimal:
    """The exact number that was meant: text is cleaned (``clean_number``), floats lose the noise past 15 digits.

    Raises:
        ValueError: with the reason, in the user's language.
    """
    if isinstance(value, bool):
        raise ValueError(_("这里要数字，不是“是/否”。"))
    if isinstance(value, int | float):
        number = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
        return number if number != number.to_integral() else Decimal(int(number))
    if isinstance(value, date | time):
        raise ValueError(_("“%(value)s”是日期，这里要数字。把单元格格式改为数值。") % {"value": shown(value)})
    return clean_number(str(value))


def to_integer(value: Any) -> int:
    """A whole number.

    Raises:
        ValueError: it is none.
    """
    number = to_number(value)
    if number != number.to_integral():
        raise ValueError(_("“%(value)s”不是整数。") % {"value": shown(value)})
    return int(number)


def to_day(value: Any) -> date:
    """A day: a date cell, ``2026-10-14``, ``2026/10/14``, ``2026.10.14``, ``2026年10月14日`` or ``20261014``.

    Raises:
        ValueError: no such day, or a bare number, which could be anything.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = fold(str(value))
    found = _DAY.fullmatch(text) or _COMPACT.fullmatch(text)
    if not found:
        raise ValueError(_("“%(value)s”不是日期。写成 2026-10-14。") % {"value": shown(value)})
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise ValueError(_("没有“%(value)s”这一天。") % {"value": shown(value)})


def to_moment(value: Any) -> datetime:
    """A time: a date cell, or ``2026-10-14 17:00``. Without a time of day it is the day's begin.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        text = fold(value).replace("/", "-")
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment:
            return moment
    return datetime.combine(to_day(value), time())


def to_yes(value: Any) -> bool:
    """Yes or no.

    Raises:
        ValueError: neither.
    """
    if isinstance(value, bool):
        return value
    text = to_text(value).lower()
    if text in YES:
        return True
    if text in NO:
        return False
    raise ValueError(_("“%(value)s”看不出是“是”还是“否”。") % {"value": shown(value)})
