"""Numbers, dates and deadlines as the look prescribes them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from shuzheng.base.portal import formats

NOW = datetime(2026, 10, 14, 9, 30, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Wednesday


def at(month: int, day: int, hour: int = 18, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def chinese():
    with translation.override("zh-hans"):
        yield


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (62280, None, "62,280"),
        (Decimal("12.85"), 1, "12.9"),
        (Decimal("-0.04"), 1, "0.0"),
        (-3, 1, "−3.0"),
        ("1240.50", None, "1,240.50"),
        (Decimal("1E+3"), None, "1,000"),
        (0, None, "0"),
        (None, 2, "—"),
        ("", None, "—"),
        (float("nan"), None, "—"),
    ],
)
def test_number(value: object, places: int | None, shown: str) -> None:
    assert formats.number(value, places) == shown


def test_number_of_text_that_is_none_raises() -> None:
    with pytest.raises(ValueError, match="not a number"):
        formats.number("12 km")


@pytest.mark.parametrize(("value", "shown"), [(Decimal("27.24"), "+27.2"), (-3, "−3.0"), (0, "0.0"), (None, "—")])
def test_change(value: object, shown: str) -> None:
    assert formats.change(value) == shown


@pytest.mark.parametrize(
    ("value", "unit", "language", "shown"),
    [
        (Decimal("49054024.62"), "元", "zh-hans", ("4,905.40", "万元")),
        (Decimal("-250000000"), "kWh", "zh-hans", ("−2.50", "亿 kWh")),
        (Decimal("49054024.62"), "元", "en", ("49.05", "M元")),
        (Decimal("999999.4"), "元", "zh-hans", ("999,999.40", "元")),
        (None, "元", "zh-hans", ("—", "元")),
    ],
)
def test_large_figures_of_a_headline_are_shortened(value: object, unit: str, language: str, shown: tuple) -> None:
    assert formats.large(value, 2, unit, language) == shown


@pytest.mark.parametrize(("value", "shown"), [(186, "186"), (10_000, "10,000"), (10_001, "10,000+"), (None, "—")])
def test_count_is_exact_to_its_cap(value: int | None, shown: str) -> None:
    assert formats.count(value) == shown


@pytest.mark.parametrize(("name", "shown"), [("m2", "㎡"), ("kgce/m2", "kgce/㎡"), ("m3/人", "m³/人"), ("kWh", "kWh")])
def test_unit(name: str, shown: str) -> None:
    assert formats.unit(name) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (at(10, 14, 17), "今天 17:00"),
        (at(10, 13, 16, 30), "昨天 16:30"),
        (at(10, 15, 10), "明天 10:00"),
        (at(10, 16), "周五 18:00"),
        (at(10, 20), "10-20 18:00"),
        (at(10, 12), "10-12 18:00"),
        (at(12, 31, year=2025), "2025-12-31"),
        (date(2026, 10, 14), "今天"),
        (date(2026, 11, 7), "11-07"),
        (None, "—"),
    ],
)
def test_when(value: date | datetime | None, shown: str) -> None:
    assert formats.when(value, NOW) == shown


@pytest.mark.parametrize(
    ("value", "text", "tone"),
    [
        (at(10, 13), "逾期 1 天", "late"),
        (at(10, 14, 7), "逾期 2 小时", "late"),
        (at(10, 14, 9, 10), "刚刚逾期", "late"),
        (at(10, 14, 17), "今天 17:00", "warn"),
        (at(10, 16), "剩 2 天", "warn"),
        (at(10, 20), "10-20 18:00", ""),
        (date(2026, 10, 14), "今天", "warn"),
        (date(2026, 10, 13), "逾期 1 天", "late"),
        (None, "—", ""),
    ],
)
def test_due(value: date | datetime | None, text: str, tone: str) -> None:
    due = formats.due(value, NOW)
    assert (due.text, due.tone) == (text, tone)


def test_due_is_calm_once_handed_in() -> None:
    assert formats.due(at(10, 13), NOW, done=True) == ("昨天 18:00", "", "2026-10-13 18:00")


def test_times_are_those_of_the_place_not_of_utc() -> None:
    utc = datetime(2026, 10, 13, 23, 0, tzinfo=ZoneInfo("UTC"))
    assert formats.when(utc, NOW) == "今天 07:00"
    assert formats.full(utc) == "2026-10-14 07:00"
