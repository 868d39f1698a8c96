"""Moments read from the database: the driver's reader of them takes most of the time that a row takes, with eight of them in a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.backends.postgresql.psycopg_any import BaseTzLoader


class MomentLoader(BaseTzLoader):
    """Reads a ``timestamptz`` as Django does, in UTC; what is no ISO text of a year that Python knows, in its own way."""

    timezone = UTC

    def load(self, data: Any) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii")).astimezone(UTC)
        except (ValueError, OverflowError):
            found: datetime = super().load(data)
            return found


def register(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Read so on a connection that is new."""
    if connection.timezone is UTC:
        connection.connection.adapters.register_loader("timestamptz", MomentLoader)
