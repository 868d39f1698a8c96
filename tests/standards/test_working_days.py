"""Working days and deadlines."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import working_days
from shuzheng.base.standards.book import Book, Day
from shuzheng.base.standards.models import CalendarDay, Stamp

D = date


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (D(2026, 1, 1), False),  # 元旦
        (D(2026, 1, 4), True),  # 星期日，班
        (D(2026, 2, 14), True),  # 星期六，班
        (D(2026, 2, 16), False),  # 星期一，春节
        (D(2026, 10, 8), True),
        (D(2026, 10, 10), True),  # 星期六，班
        (D(2026, 10, 11), False),
        (D(2025, 10, 8), False),
        (D(2025, 9, 28), True),
    ],
)
def test_holidays_and_days_worked_in_exchange(standards, day, worked):
    assert working_days.is_working_day(day) is worked


@pytest.mark.django_db
def test_adding_passes_over_the_holidays_and_counts_days_worked_in_exchange(standards):
    assert working_days.add(D(2026, 9, 30), 1) == D(2026, 10, 8)
    assert working_days.add(D(2026, 9, 30), 3) == D(2026, 10, 10)
    assert working_days.add(D(2026, 10, 8), -1) == D(2026, 9, 30)
    assert working_days.next_working_day(D(2026, 2, 15)) == D(2026, 2, 24)
    assert working_days.between(D(2026, 9, 30), D(2026, 10, 12)) == 4


@pytest.mark.django_db
def test_year_that_is_not_loaded_counts_monday_to_friday_and_says_so(standards):
    assert working_days.is_working_day(D(2027, 2, 8))  # would be in the Spring Festival
    assert not working_days.is_loaded(D(2027, 2, 8))
    assert working_days.is_loaded(D(2026, 2, 8))
    due = working_days.due("DISCLOSURE-OWN", D(2026, 12, 20))
    assert (due.day, due.is_certain) == (D(2027, 1, 15), False)


@pytest.mark.django_db
def test_holiday_of_a_region_holds_there_only(standards):
    with system_scope("tests").activate():
        day = CalendarDay(region="33/", audience="33/", day=D(2026, 4, 20), kind="holiday", name="地方节日")
        day.own(standards.organ("33/0/goa/"))
        day.save(force_insert=True)
        Stamp.touch()
    assert not working_days.is_working_day(D(2026, 4, 20), "33/11/0/u1/")
    assert working_days.is_working_day(D(2026, 4, 20), "32/0/u1/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "start", "due"),
    [
        ("VACATE-SECOND-OFFICE", D(2025, 3, 10), D(2025, 5, 10)),
        ("VACATE-AFTER-LEAVING", D(2025, 3, 10), D(2025, 4, 10)),
        ("VACATE-AFTER-LEAVING", D(2025, 1, 31), D(2025, 2, 28)),
        ("ENERGY-ANNUAL-REPORT", D(2025, 12, 31), D(2026, 3, 31)),
        ("REPORT-DUE-QUARTER", D(2026, 9, 30), D(2026, 10, 15)),
        ("RETAIN-STAT-SOURCE", D(2026, 1, 31), D(2028, 1, 31)),
    ],
)
def test_deadlines_of_the_law(standards, code, start, due):
    assert working_days.due(code, start).day == due


@pytest.mark.django_db
def test_month_has_its_marks(standards):
    days = working_days.month(2026, 10)
    assert len(days) == 31
    assert [str(d.mark) for d in days[:11]] == ["休"] * 7 + ["", "", "班", ""]


DAYS = st.dates(D(2020, 1, 1), D(2030, 12, 31))
BOOKS = st.dictionaries(DAYS, st.sampled_from(["holiday", "working"]), max_size=60).map(
    lambda said: Book(None, days={day: {"": Day(kind, "", "", "")} for day, kind in said.items()})
)


@given(BOOKS, DAYS, st.integers(-60, 60))
def test_the_result_of_adding_is_a_working_day_at_that_distance(book, day, n):
    end = working_days.add(day, n, book=book)
    if n > 0:
        assert working_days.is_working_day(end, book=book)
        assert working_days.between(day, end, book=book) == n
    elif n < 0:
        assert working_days.is_working_day(end, book=book)
        # Counting includes the later end and leaves out the earlier one.
        assert working_days.between(end, day - timedelta(1), book=book) == -n - 1
    else:
        assert end == day


@given(BOOKS, DAYS, st.integers(0, 40), st.integers(0, 40))
def test_adding_in_two_steps_is_adding_at_once(book, day, a, b):
    assert working_days.add(working_days.add(day, a, book=book), b, book=book) == working_days.add(
        day, a + b, book=book
    )


@given(BOOKS, DAYS)
def test_next_working_day_is_the_first(book, day):
    end = working_days.next_working_day(day, book=book)
    assert working_days.is_working_day(end, book=book)
    assert end == day or working_days.between(day - timedelta(1), end, book=book) == 1


@given(DAYS, st.integers(-30, 30))
def test_months_are_added_within_the_month(day, n):
    end = working_days.add_months(day, n)
    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == n
    assert end.day == day.day or (end.day < day.day and (end + timedelta(1)).day == 1)
