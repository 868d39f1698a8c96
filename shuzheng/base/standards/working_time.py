"""How much working time lies between two moments, counted by PostgreSQL over any number of rows.

Working time is time on working days, by the calendar of the row's place (``working_days``); a working day has 24 hours, as it
has for time limits: what comes on a Friday at 16:00 with one working day is due, and has taken one, on Monday at 16:00.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import DurationField, F, Func
from django.utils import timezone

from shuzheng.base.core.scope import Range, ancestors
from shuzheng.base.standards import working_days
from shuzheng.base.standards.book import Book
from shuzheng.base.standards.resolve import current

DAY = timedelta(days=1)


class Calendar:
    """The working days of a span, by region: for each day how many were worked before it, times two, plus one if it is worked."""

    def __init__(self, first: date, last: date, book: Book | None = None) -> None:
        book = book or current()
        self.first, self.last = first, last
        days = [first + DAY * n for n in range((last - first).days + 1)]
        regions = {""} | {region for day, said in book.days.items() if first <= day <= last for region in said}
        self.codes = {region: _codes(days, region, book) for region in regions}

    def code(self, path: str, moment: str) -> str:
        """SQL: the number of a moment's day, by the calendar of the nearest region that has one of its own."""
        index = f"({_local(moment)}::date - DATE '{self.first.isoformat()}' + 1)"
        *others, nation = sorted(self.codes, key=lambda region: len(ancestors(region)), reverse=True)
        cases = [f"WHEN {_inside(path, region)} THEN ({self.codes[region]})[{index}]" for region in others]
        usual = f"({self.codes[nation]})[{index}]"
        return f"(CASE {' '.join(cases)} ELSE {usual} END)" if cases else usual


def _codes(days: list[date], region: str, book: Book) -> str:
    worked = [working_days.is_working_day(day, region, book=book) for day in days]
    before = accumulate(worked, initial=0)
    return f"'{{{','.join(str(2 * n + w) for n, w in zip(before, worked, strict=False))}}}'::int[]"


def _inside(path: str, region: str) -> str:
    span = Range.subtree(region)
    return f"({path} >= '{span.lo}' AND {path} < '{span.hi}')"


def _local(moment: str) -> str:
    return f"({moment} AT TIME ZONE '{timezone.get_current_timezone_name()}')"


class WorkingTime(Func):
    """The working time from ``first`` to ``last`` (expressions) of rows with a ``path``; null where the calendar does not reach."""

    output_field = DurationField()

    def __init__(self, first: Any, last: Any, calendar: Calendar, path: str = "path") -> None:
        super().__init__(*(F(e) if isinstance(e, str) else e for e in (first, last)), F(path))
        self.calendar = calendar

    def as_sql(self, compiler: Any, connection: Any, **_context: Any) -> tuple[str, list[Any]]:
        (first, given), (last, more), (path, _none) = (compiler.compile(e) for e in self.get_source_expressions())
        begin, end = self._at(path, first), self._at(path, last)
        times = 1 + 2 * len(self.calendar.codes)  # each names its moment so often
        return f"({end} - {begin})", [*more * times, *given * times]

    def _at(self, path: str, moment: str) -> str:
        """SQL: the working time from the first day of the calendar to a moment."""
        code = self.calendar.code(path, moment)
        return f"(({code} >> 1) * interval '1 day' + ({code} & 1) * {_local(moment)}::time::interval)"
