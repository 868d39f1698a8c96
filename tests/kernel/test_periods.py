"""Reporting periods: their text, days, neighbours and names."""

from datetime import date

import pytest

from shuzheng.kernel.periods import HeatingSeason, Period, PeriodKind


@pytest.mark.parametrize(
    ("text", "start", "end", "zh", "en"),
    [
        ("2026-09", (2026, 9, 1), (2026, 9, 30), "2026年9月", "September 2026"),
        ("2024-02", (2024, 2, 1), (2024, 2, 29), "2024年2月", "February 2024"),
        ("2026Q3", (2026, 7, 1), (2026, 9, 30), "2026年第三季度", "Q3 2026"),
        ("2026H2", (2026, 7, 1), (2026, 12, 31), "2026年下半年", "Second half of 2026"),
        ("2026", (2026, 1, 1), (2026, 12, 31), "2026年", "2026"),
        ("2026HS", (2026, 11, 15), (2027, 3, 15), "2026—2027年采暖季", "Heating season 2026–2027"),
        (
            "2026-10-08/2026-11-05",
            (2026, 10, 8),
            (2026, 11, 5),
            "2026年10月8日至11月5日",
            "2026-10-08 to 2026-11-05",
        ),
    ],
)
def test_period_text_days_and_names(text, start, end, zh, en):
    period = Period.parse(text)
    assert str(period) == text
    assert (period.start, period.end) == (date(*start), date(*end))
    assert (period.label_zh, period.label_en) == (zh, en)
    assert period.end in period
    assert date(2031, 1, 1) not in period


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("202609", "2026-09"),
        ("2026年9月", "2026-09"),
        ("2026M9", "2026-09"),
        ("2026-q3", "2026Q3"),
        (" 2026年", "2026"),
    ],
)
def test_period_reads_usual_writings(typed, canonical):
    assert str(Period.parse(typed)) == canonical


@pytest.mark.parametrize("typed", ["", "2026Q5", "2026-13", "2026H3", "26Q1", "2026-10-08/2026-10-01", "abc", "9999"])
def test_period_refuses_what_it_cannot_read(typed):
    with pytest.raises(ValueError, match="期别|年份|日期"):
        Period.parse(typed)


@pytest.mark.parametrize(
    ("text", "previous", "following", "last_year"),
    [
        ("2026-01", "2025-12", "2026-02", "2025-01"),
        ("2026Q1", "2025Q4", "2026Q2", "2025Q1"),
        ("2026H1", "2025H2", "2026H2", "2025H1"),
        ("2026", "2025", "2027", "2025"),
        ("2026HS", "2025HS", "2027HS", "2025HS"),
    ],
)
def test_period_neighbours(text, previous, following, last_year):
    period = Period.parse(text)
    assert (str(period.previous), str(period.next), str(period.last_year)) == (previous, following, last_year)
    assert period.next.previous == period
    assert period.previous < period < period.next


def test_once_has_no_neighbours():
    once = Period.once(date(2026, 1, 5), date(2026, 1, 9))
    assert (once.previous, once.next, once.last_year) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("month", "2026-05"), ("quarter", "2026Q2"), ("half", "2026H1"), ("year", "2026"), ("heating", "2025HS")],
)
def test_period_containing_a_day(kind, expected):
    assert str(Period.containing(date(2026, 5, 20), PeriodKind(kind))) == expected


def test_period_months():
    assert [str(m) for m in Period.parse("2026Q4").months()] == ["2026-10", "2026-11", "2026-12"]
    assert [str(m) for m in Period.parse("2026HS").months()] == ["2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
    harbin = HeatingSeason(10, 20, 4, 20)
    assert Period.parse("2026HS").span(harbin) == (date(2026, 10, 20), date(2027, 4, 20))
    assert len(Period.parse("2026HS").months(harbin)) == 7
