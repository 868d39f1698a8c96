"""Time limits of steps: working days on the calendar of the case's place, hours and minutes by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.portal import formats
from shuzheng.base.standards import working_days
from shuzheng.base.standards.resolve import current


def due(limit: str, start: datetime, path: str, stamp: UUID | None = None) -> datetime:
    """When a limit that begins at ``start`` ends: ``2d`` at the same time on the second working day after, ``4h``, ``30m``.

    Args:
        stamp: of the standards, where it has just been read.
    """
    if limit[-1] != "d":
        return start + span(limit)
    local = timezone.localtime(start)
    day = working_days.add(local.date(), int(limit[:-1]), path, book=current(stamp))
    return timezone.make_aware(datetime.combine(day, local.time().replace(tzinfo=None)))


def span(limit: str) -> timedelta:
    """A limit by the clock, days too."""
    return timedelta(**{{"d": "days", "h": "hours", "m": "minutes"}[limit[-1]]: int(limit[:-1])})


def stored(value: Any) -> Any:
    """A value of an expression as it is kept: exact numbers and days as texts."""
    if isinstance(value, tuple | list):
        return [stored(v) for v in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else value


def took(first: datetime, last: datetime | None = None) -> str:
    """How long something took, or takes so far: ``20 分钟``, ``3 小时``, ``2 天``."""
    seconds = max(0, int(((last or timezone.now()) - first).total_seconds()))
    if seconds < 3600:
        return _("%(n)d 分钟") % {"n": seconds // 60}
    if seconds < 86400:
        return _("%(n)d 小时") % {"n": seconds // 3600}
    return _("%(n)d 天") % {"n": seconds // 86400}


def lasted(seconds: float | None) -> str:
    """A duration of statistics: ``40 分钟``, ``5.3 小时``, ``4.1 天``; a dash for none."""
    if seconds is None:
        return formats.NONE
    if seconds < 3600:
        return _("%(n)d 分钟") % {"n": round(seconds / 60)}
    if seconds < 2 * 86400:
        return _("%(n)s 小时") % {"n": formats.number(round(seconds / 3600, 1))}
    return _("%(n)s 天") % {"n": formats.number(round(seconds / 86400, 1))}


def worked(seconds: float | None) -> str:
    """A duration in working time, whose days have 24 hours: ``40 分钟``, ``5.3 小时``, ``1.5 个工作日``; a dash for none."""
    if seconds is None or seconds < 86400:
        return lasted(seconds)
    return _("%(n)s 个工作日") % {"n": formats.number(round(seconds / 86400, 1))}


def said(limit: str) -> str:
    """A limit in words; empty for none."""
    if not limit:
        return ""
    words = {"d": _("%(n)d 个工作日"), "h": _("%(n)d 小时"), "m": _("%(n)d 分钟")}
    return words[limit[-1]] % {"n": int(limit[:-1])}
