"""How numbers, dates and deadlines are written (look.md, Words). Plain functions; the template filters call them.

A missing value is ``—`` ("does not apply"), never an empty place and never 0.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, NamedTuple

from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

NONE = "—"
MINUS = "−"
DueTone = Literal["", "warn", "late"]


def number(value: object, places: int | None = None) -> str:
    """``1234.5`` → ``1,234.5``; with ``places`` rounded half up to that many. A proper minus; ``—`` for none.

    A value that is no number raises :class:`ValueError`: it is a mistake in the page, not in the data.
    """
    if value is None or value == "":
        return NONE
    try:
        amount = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"not a number: {value!r}")
    if not amount.is_finite():
        return NONE
    if places is not None:
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = f"{amount:,f}".replace("-", MINUS)
    return text.removeprefix(MINUS) if amount == 0 else text


def english() -> bool:
    """Whether the reader's language is English."""
    return (get_language() or "").startswith("en")


def in_language(name: str, name_en: str) -> str:
    """The label of shipped content in the reader's language; what users type has one language only."""
    return name_en if name_en and english() else name


def many(word: str) -> str:
    """What stands over a list of such things: ``位置`` is ``Locations`` in English, where one is a ``Location``."""
    said = pgettext("台账", word)
    return _(word) if said == word else said


LARGE = {"zh": ((8, "亿"), (4, "万")), "en": ((9, "bn"), (6, "M"))}
"""How large figures are shortened: the power of ten, and the word in front of the unit."""


def large(value: object, places: int, unit: str, language: str) -> tuple[str, str]:
    """A headline's figure and its unit: from a million on in 万 or 亿 (English: M, bn) with two places.

    ``49054024.62`` ``元`` → ``4,905.40`` ``万元``; smaller ones as ``number`` writes them. The exact figure belongs beside it.
    """
    if value is None or value == "" or (size := abs(Decimal(str(value)))) < 1_000_000:
        return number(value, places), unit
    power, word = next((p, w) for p, w in LARGE["zh" if language.startswith("zh") else "en"] if size >= 10**p)
    space = " " if unit.isascii() else ""
    return number(Decimal(str(value)).scaleb(-power), 2), f"{word}{space}{unit}"


def change(value: object, places: int = 1) -> str:
    """A difference with its sign: ``+27.2``, ``−3.0``, ``0.0``."""
    text = number(value, places)
    return text if text == NONE or text.startswith(MINUS) or Decimal(str(value)) == 0 else f"+{text}"


def count(value: int | None, cap: int = 10_000) -> str:
    """A count that is exact to ``cap``; past it ``10,000+``, as lists do not count further."""
    return f"{cap:,}+" if value is not None and value > cap else number(value)


def unit(name: str) -> str:
    """A unit as it is set: ``kgce/m2`` → ``kgce/㎡``, ``m3`` → ``m³``. Anything else stays as the code set gives it."""
    return re.sub(r"\bm\^?([23])\b", lambda found: {"2": "㎡", "3": "m³"}[found[1]], name)


def _local(value: date | datetime) -> datetime | date:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def day(value: date | datetime | None, today: date | None = None) -> str:
    """``10-14`` this year, ``2025-10-14`` another."""
    if value is None:
        return NONE
    value = _local(value)
    return value.strftime("%m-%d" if value.year == (today or timezone.localdate()).year else "%Y-%m-%d")


def full(value: date | datetime | None) -> str:
    """``2026-10-14`` or ``2026-10-14 17:00``, for titles and the printed page."""
    if value is None:
        return NONE
    return _local(value).strftime("%Y-%m-%d %H:%M" if isinstance(value, datetime) else "%Y-%m-%d")


def when(value: date | datetime | None, now: datetime | None = None) -> str:
    """A moment, near ones in words: ``今天 17:00``, ``昨天 16:30``, ``明天 10:00``, ``周五 18:00``, ``10-20 18:00``."""
    if value is None:
        return NONE
    now = timezone.localtime(now)
    local = _local(value)
    clock = local.strftime(" %H:%M") if isinstance(local, datetime) else ""
    the_day = local.date() if isinstance(local, datetime) else local
    ahead = (the_day - now.date()).days
    near = {-1: _("昨天"), 0: _("今天"), 1: _("明天")}
    if ahead in near:
        return near[ahead] + clock
    # "Friday" is only clear inside the week one stands in
    if ahead > 0 and the_day.isocalendar()[:2] == now.date().isocalendar()[:2]:
        return _weekday(the_day.weekday()) + clock
    return day(the_day, now.date()) + (clock if the_day.year == now.year else "")


def _weekday(index: int) -> str:
    return [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")][index]


class Due(NamedTuple):
    """A deadline as shown: what to say, how loud, and the full time for the title."""

    text: str
    tone: DueTone
    title: str


def due(value: date | datetime | None, now: datetime | None = None, *, done: bool = False, warn_days: int = 3) -> Due:
    """A deadline: ``逾期 1 天``, ``今天 17:00``, ``剩 2 天``, ``10-20``. Amber within ``warn_days``, plum once it is past.

    A date without a time runs to the end of that day. ``done`` (handed in) takes the alarm away.
    """
    if value is None:
        return Due(NONE, "", "")
    now = timezone.localtime(now)
    local = _local(value)
    end = local if isinstance(local, datetime) else None
    last_day = local.date() if isinstance(local, datetime) else local
    title = full(value)
    if done:
        return Due(when(value, now), "", title)
    late = (timezone.make_aware(end) if timezone.is_naive(end) else end) < now if end else last_day < now.date()
    if late:
        days = (now.date() - last_day).days
        if days:
            return Due(_("逾期 %(n)d 天") % {"n": days}, "late", title)
        hours = int((now - (end or now)) / timedelta(hours=1))
        return Due(_("逾期 %(n)d 小时") % {"n": hours} if hours else _("刚刚逾期"), "late", title)
    ahead = (last_day - now.date()).days
    if ahead == 0:
        return Due(when(value, now), "warn", title)
    if ahead <= warn_days:
        return Due(_("剩 %(n)d 天") % {"n": ahead}, "warn", title)
    return Due(when(value, now), "", title)
