"""Time limits of steps: working days on the calendar of the case's place, hours and minutes by the clock."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.standards import working_days


def due(limit: str, start: datetime, path: str) -> datetime:
    """When a limit that begins at ``start`` ends: ``2d`` at the same time on the second working day after, ``4h``, ``30m``."""
    count, unit = int(limit[:-1]), limit[-1]
    if unit != "d":
        return start + timedelta(**{"hours" if unit == "h" else "minutes": count})
    local = timezone.localtime(start)
    day = working_days.add(local.date(), count, path)
    return timezone.make_aware(datetime.combine(day, local.time().replace(tzinfo=None)))


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


def said(limit: str) -> str:
    """A limit in words; empty for none."""
    if not limit:
        return ""
    words = {"d": _("%(n)d 个工作日"), "h": _("%(n)d 小时"), "m": _("%(n)d 分钟")}
    return words[limit[-1]] % {"n": int(limit[:-1])}
