"""Reporting periods: month, quarter, half, year, heating season, and one-off spans of days."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import total_ordering

from shuzheng.kernel.words import gettext


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    HEATING = "heating"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class HeatingSeason:
    """Local heating dates: from a day of one year to a day of the next. They differ by place, so they are data."""

    from_month: int = 11
    from_day: int = 15
    to_month: int = 3
    to_day: int = 15


DEFAULT_HEATING = HeatingSeason()
"""15 November to 15 March, the usual dates of northern cities; places may start earlier or end later."""

_MONTHS_IN = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF: 6, PeriodKind.YEAR: 12}
_ZH_QUARTER = "一二三四"
_EN_MONTH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

_FORMS: tuple[tuple[PeriodKind, re.Pattern[str]], ...] = (
    (PeriodKind.YEAR, re.compile(r"(\d{4})年?", re.ASCII)),
    (PeriodKind.QUARTER, re.compile(r"(\d{4})-?Q([1-4])", re.ASCII)),
    (PeriodKind.HALF, re.compile(r"(\d{4})-?H([12])", re.ASCII)),
    (PeriodKind.HEATING, re.compile(r"(\d{4})-?HS", re.ASCII)),
    (PeriodKind.MONTH, re.compile(r"(\d{4})(?:-|年|M)?(0[1-9]|1[0-2])月?", re.ASCII)),
    (PeriodKind.MONTH, re.compile(r"(\d{4})(?:-|年|M)([1-9])月?", re.ASCII)),
)
_ONCE = re.compile(r"(\d{4}-\d{2}-\d{2})/(\d{4}-\d{2}-\d{2})", re.ASCII)


@total_ordering
@dataclass(frozen=True, slots=True)
class Period:
    """One period. `index` counts months, quarters or halves from 1 and is 0 otherwise; `days` is for one-off spans only.

    Its text form (`str`) is canonical and is what is stored: `2026-09`, `2026Q3`, `2026H1`, `2026`, `2026HS` (the
    season that begins in 2026), `2026-10-01/2026-10-31`. Raises ValueError when it names no period.
    """

    kind: PeriodKind
    year: int
    index: int = 0
    days: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        if not 1900 <= self.year <= 2200:
            raise ValueError(gettext("年份超出范围：%(year)d") % {"year": self.year})
        size = _MONTHS_IN.get(self.kind)
        top = 12 // size if size and size < 12 else 0
        if not (1 <= self.index <= top if top else self.index == 0):
            said = f"{self.kind} {self.year} {self.index}"
            raise ValueError(gettext("没有这样的期别：%(text)s") % {"text": said})
        if (self.kind is PeriodKind.ONCE) != (self.days is not None):
            raise ValueError(gettext("一次性任务须给出起止日期，其他期别不可给"))
        if self.days and (self.days[0] > self.days[1] or self.days[0].year != self.year):
            raise ValueError(gettext("一次性任务的起止日期颠倒或与年份不符"))

    # Making

    @classmethod
    def parse(cls, text: str) -> Period:
        """Reads a canonical form, and the usual ways to write it (`202609`, `2026年9月`, `2026-Q3`). Raises ValueError."""
        t = text.strip().upper()
        for kind, form in _FORMS:
            if m := form.fullmatch(t):
                return cls(kind, int(m[1]), int(m[2]) if form.groups == 2 else 0)
        if m := _ONCE.fullmatch(t):
            try:
                return cls.once(date.fromisoformat(m[1]), date.fromisoformat(m[2]))
            except ValueError as error:  # no such day, or in the wrong order
                raise ValueError(gettext("看不懂的期别：“%(text)s”") % {"text": text}) from error
        raise ValueError(gettext("看不懂的期别：“%(text)s”") % {"text": text})

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        return cls(PeriodKind.MONTH, year, month)

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Period:
        return cls(PeriodKind.QUARTER, year, quarter)

    @classmethod
    def half(cls, year: int, half: int) -> Period:
        return cls(PeriodKind.HALF, year, half)

    @classmethod
    def full_year(cls, year: int) -> Period:
        return cls(PeriodKind.YEAR, year)

    @classmethod
    def heating(cls, year: int) -> Period:
        """The heating season that begins in `year`."""
        return cls(PeriodKind.HEATING, year)

    @classmethod
    def once(cls, first: date, last: date) -> Period:
        return cls(PeriodKind.ONCE, first.year, 0, (first, last))

    @classmethod
    def containing(cls, day: date, kind: PeriodKind) -> Period:
        """The period of a kind that a day falls in. For heating: the season running, or else the last one before."""
        if kind is PeriodKind.ONCE:
            raise ValueError(gettext("一次性任务没有固定的期别"))
        if kind is PeriodKind.HEATING:
            running = cls.heating(day.year)
            return running if day >= running.start else cls.heating(day.year - 1)
        size = _MONTHS_IN[kind]
        return cls(kind, day.year, 0 if kind is PeriodKind.YEAR else (day.month - 1) // size + 1)

    # Days

    def span(self, season: HeatingSeason = DEFAULT_HEATING) -> tuple[date, date]:
        """First and last day, both included. `season` matters to a heating season only."""
        if self.days:
            return self.days
        if self.kind is PeriodKind.HEATING:
            last = min(season.to_day, monthrange(self.year + 1, season.to_month)[1])
            return date(self.year, season.from_month, season.from_day), date(self.year + 1, season.to_month, last)
        size = _MONTHS_IN[self.kind]
        first = (max(self.index, 1) - 1) * size + 1
        last_month = first + size - 1
        return date(self.year, first, 1), date(self.year, last_month, monthrange(self.year, last_month)[1])

    @property
    def start(self) -> date:
        return self.span()[0]

    @property
    def end(self) -> date:
        """The last day, included."""
        return self.span()[1]

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def months(self, season: HeatingSeason = DEFAULT_HEATING) -> list[Period]:
        """The months in it, or touched by it."""
        first, last = self.span(season)
        at, stop = first.year * 12 + first.month - 1, last.year * 12 + last.month - 1
        return [Period.month(m // 12, m % 12 + 1) for m in range(at, stop + 1)]

    # Neighbours

    def shift(self, by: int) -> Period | None:
        """The period `by` steps later (earlier if negative). None for a one-off span, which has no neighbours."""
        if self.kind is PeriodKind.ONCE:
            return None
        if self.index == 0:
            return Period(self.kind, self.year + by)
        per_year = 12 // _MONTHS_IN[self.kind]
        at = self.year * per_year + self.index - 1 + by
        return Period(self.kind, at // per_year, at % per_year + 1)

    @property
    def previous(self) -> Period | None:
        """上期。"""
        return self.shift(-1)

    @property
    def next(self) -> Period | None:
        """下期。"""
        return self.shift(1)

    @property
    def last_year(self) -> Period | None:
        """上年同期。"""
        return None if self.kind is PeriodKind.ONCE else Period(self.kind, self.year - 1, self.index)

    def __lt__(self, other: Period) -> bool:
        if not isinstance(other, Period):
            return NotImplemented
        return (*self.span(), self.kind.value) < (*other.span(), other.kind.value)

    # Words

    def __str__(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year}-{self.index:02d}"
            case PeriodKind.QUARTER:
                return f"{self.year}Q{self.index}"
            case PeriodKind.HALF:
                return f"{self.year}H{self.index}"
            case PeriodKind.YEAR:
                return f"{self.year}"
            case PeriodKind.HEATING:
                return f"{self.year}HS"
            case PeriodKind.ONCE:
                return f"{self.start}/{self.end}"

    @property
    def label_zh(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{self.year}年{self.index}月"
            case PeriodKind.QUARTER:
                return f"{self.year}年第{_ZH_QUARTER[self.index - 1]}季度"
            case PeriodKind.HALF:
                return f"{self.year}年{'上下'[self.index - 1]}半年"
            case PeriodKind.YEAR:
                return f"{self.year}年"
            case PeriodKind.HEATING:
                return f"{self.year}—{self.year + 1}年采暖季"
            case PeriodKind.ONCE:
                a, b = self.start, self.end
                tail = f"{b.month}月{b.day}日" if b.year == a.year else f"{b.year}年{b.month}月{b.day}日"
                return f"{a.year}年{a.month}月{a.day}日至{tail}"

    @property
    def label_en(self) -> str:
        match self.kind:
            case PeriodKind.MONTH:
                return f"{_EN_MONTH[self.index - 1]} {self.year}"
            case PeriodKind.QUARTER:
                return f"Q{self.index} {self.year}"
            case PeriodKind.HALF:
                return f"{('First', 'Second')[self.index - 1]} half of {self.year}"
            case PeriodKind.YEAR:
                return f"{self.year}"
            case PeriodKind.HEATING:
                return f"Heating season {self.year}–{self.year + 1}"
            case PeriodKind.ONCE:
                return f"{self.start} to {self.end}"


__all__ = ["DEFAULT_HEATING", "HeatingSeason", "Period", "PeriodKind"]
