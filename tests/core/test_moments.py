"""Moments are read from the database as they were written, whatever their form there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection

from shuzheng.base.core.moments import MomentLoader

pytestmark = pytest.mark.django_db


def read(text: str) -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [text])
        found: datetime = cursor.fetchone()[0]
    return found


@pytest.mark.parametrize(
    "written",
    [
        datetime(2026, 12, 1, 4, 15, tzinfo=UTC),
        datetime(2026, 12, 1, 4, 15, 0, 123456, tzinfo=UTC),
        datetime(2026, 12, 1, 4, 15, 0, 120000, tzinfo=UTC),
        datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=8, minutes=5, seconds=43))),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_as_it_was_written_in_utc(written):
    found = read(written.isoformat())
    assert (found, found.tzinfo) == (written, UTC)
    connection.ensure_connection()
    assert connection.connection.adapters.get_loader(1184, 0) is MomentLoader


def test_in_a_session_of_another_zone_it_is_the_same_moment():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'Asia/Shanghai'")
        found = read("2026-12-01 12:15:00.5+08")
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    assert found == datetime(2026, 12, 1, 4, 15, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize("text", ["infinity", "0044-03-15 BC", "12026-01-01"])
def test_what_python_cannot_hold_is_refused_by_the_driver_as_ever(text):
    with pytest.raises(DataError):
        read(text)
