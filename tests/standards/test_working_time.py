"""Working time between two moments, counted by PostgreSQL, is what one gets day by day on the calendar of the place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db.models import Value
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node
from shuzheng.base.standards import working_days
from shuzheng.base.standards.book import Book, Day
from shuzheng.base.standards.working_time import Calendar, WorkingTime

FIRST, LAST = date(2026, 9, 20), date(2026, 10, 20)


def day(kind: str, region: str = "") -> dict[str, Day]:
    return {region: Day(kind, "", "", region)}


# National Day at home in the whole nation; 20 September is worked in exchange; one county has a holiday of its own.
BOOK = Book(
    None,
    days={date(2026, 10, n): day("holiday") for n in range(1, 8)}
    | {date(2026, 9, 27): day("working"), date(2026, 10, 12): day("holiday", "33/11/")},
)
MOMENTS = st.datetimes(datetime(2026, 9, 20), datetime(2026, 10, 20, 23, 59)).map(timezone.make_aware)


def by_hand(first: datetime, last: datetime, path: str) -> timedelta:
    """What lies of each working day between the two."""
    if last < first:
        return -by_hand(last, first, path)
    found, at = timedelta(), timezone.localdate(first)
    while at <= timezone.localdate(last):
        begin = timezone.make_aware(datetime.combine(at, time.min))
        if working_days.is_working_day(at, path, book=BOOK):
            found += max(timedelta(), min(last, begin + timedelta(days=1)) - max(first, begin))
        at += timedelta(days=1)
    return found


def counted(first: datetime, last: datetime) -> dict[str, timedelta]:
    calendar = Calendar(FIRST, LAST, BOOK)
    took = WorkingTime(Value(first), Value(last), calendar)
    with system_scope("tests").activate():
        rows = Node.objects.filter(path__in=("33/11/23/", "33/10/")).annotate(took=took)
        return dict(rows.values_list("path", "took"))


@pytest.mark.django_db
def test_a_working_day_is_a_day_at_the_same_time_on_the_next_one(nation):
    friday, monday = (timezone.make_aware(datetime(2026, 10, n, 16)) for n in (9, 12))
    assert counted(friday, monday) == {"33/10/": timedelta(days=1), "33/11/23/": timedelta(hours=8)}


@pytest.mark.django_db
def test_it_is_what_one_counts_day_by_day(nation):
    @settings(max_examples=60, deadline=None)
    @given(MOMENTS, MOMENTS)
    def holds(first: datetime, last: datetime) -> None:
        assert counted(first, last) == {path: by_hand(first, last, path) for path in ("33/10/", "33/11/23/")}

    holds()


@pytest.mark.django_db
def test_where_the_calendar_does_not_reach_nothing_is_said(nation):
    first, last = (timezone.make_aware(datetime(year, 10, 1)) for year in (2025, 2026))
    assert set(counted(first, last).values()) == {None}
