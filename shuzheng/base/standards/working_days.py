"""Working days: Monday to Friday, less the holidays (休) and plus the days worked in exchange (班) of the loaded years."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from shuzheng.base.standards.book import Book, Day, RuleValue
from shuzheng.base.standards.models import CalendarDay
from shuzheng.base.standards.resolve import current, rule
from shuzheng.kernel.errors import Invalid


def is_working_day(day: date, path: str = "", *, book: Book | None = None) -> bool:
    """Whether offices at a place work on ``day``."""
    said = (book or current()).day(day, path)
    return day.weekday() < 5 if said is None else said.kind == CalendarDay.DayKind.WORKING


def add(day: date, n: int, path: str = "", *, book: Book | None = None) -> date:
    """The ``n``-th working day after ``day`` (before it, if negative); ``day`` itself for 0, worked or not."""
    book = book or current()
    step = timedelta(days=1 if n > 0 else -1)
    for _step in range(abs(n)):
        day += step
        while not is_working_day(day, path, book=book):
            day += step
    return day


def next_working_day(day: date, path: str = "", *, book: Book | None = None) -> date:
    """``day`` if it is worked, else the first one after it that is."""
    book = book or current()
    while not is_working_day(day, path, book=book):
        day += timedelta(days=1)
    return day


def between(first: date, last: date, path: str = "", *, book: Book | None = None) -> int:
    """How many working days lie after ``first`` up to ``last``; negative when ``last`` is earlier."""
    if last < first:
        return -between(last, first, path, book=book)
    book = book or current()
    span = (last - first).days
    return sum(is_working_day(first + timedelta(days=n), path, book=book) for n in range(1, span + 1))


def is_loaded(day: date, *, book: Book | None = None) -> bool:
    """Whether the arrangement of that year is loaded. If not, only Monday to Friday is known: say so beside the date."""
    return (book or current()).year_loaded(day.year)


@dataclass(frozen=True)
class MonthDay:
    """A day for a calendar view. ``mark`` is ``休`` or ``班`` where the calendar says so."""

    day: date
    is_working: bool
    said: Day | None

    @property
    def mark(self) -> str:
        return "" if self.said is None else CalendarDay.DayKind(self.said.kind).label


def month(year: int, number: int, path: str = "", *, book: Book | None = None) -> list[MonthDay]:
    """The days of a month."""
    book = book or current()
    days = [date(year, number, n) for n in range(1, monthrange(year, number)[1] + 1)]
    return [MonthDay(d, is_working_day(d, path, book=book), book.day(d, path)) for d in days]


def add_months(day: date, n: int) -> date:
    """The same day ``n`` months later, or the last of that month when it is shorter."""
    at = day.year * 12 + day.month - 1 + n
    year, number = at // 12, at % 12 + 1
    return date(year, number, min(day.day, monthrange(year, number)[1]))


@dataclass(frozen=True)
class Due:
    """A day that a rule sets, and the rule. ``is_certain`` is False where it rests on a year whose holidays aren't loaded."""

    day: date
    rule: RuleValue
    is_certain: bool = True


def due(code: str, start: date, path: str = "", *, key: str = "", on: date | None = None) -> Due:
    """The day on which something is due by a deadline rule.

    Args:
        start: what the deadline counts from; for a rule that names a day of the year, any day of the year reported on:
            the day lies in the year after.
        on: the day whose rules count, ``start`` unless given.

    Raises:
        Missing: no such rule was in force.
        Invalid: the rule's unit is no span of days, or a day of the year that does not exist.
    """
    book = current()
    found = rule(code, on or start, path, key=key, book=book)
    value = int(found.value)
    if found.unit == "MMDD":
        try:
            day = date(start.year + 1, value // 100, value % 100)
        except ValueError:
            words = _("规则“%(name)s”的日期 %(value)s 不存在。改为月×100＋日，如 331。")
            raise Invalid(words % {"name": found.name, "value": value}) from None
        return Due(day, found)
    if found.unit == "工作日":
        day = add(start, value, path, book=book)
        return Due(day, found, all(book.year_loaded(year) for year in range(start.year, day.year + 1)))
    months = {"月": 1, "年": 12, "a": 12}.get(found.unit)
    if months:
        return Due(add_months(start, value * months), found)
    if found.unit in ("日", "d"):
        return Due(start + timedelta(days=value), found)
    raise Invalid(_("规则“%(name)s”的单位 %(unit)s 不是期限。") % {"name": found.name, "unit": found.unit})


__all__ = [
    "Due",
    "MonthDay",
    "add",
    "add_months",
    "between",
    "due",
    "is_loaded",
    "is_working_day",
    "month",
    "next_working_day",
]
