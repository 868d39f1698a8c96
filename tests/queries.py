"""What a test counts when it counts questions to the database."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from shuzheng.base.core.trips import RELEASE, SAVEPOINT

UNASKED = (SAVEPOINT, RELEASE, "SELECT set_config")
"""What begins a statement that no page asks for: a test's own transaction adds savepoints, and a scope is put back."""


class Trips(CaptureQueriesContext):
    """The statements that went to the server. One that is held back is noted without a text when it is held, and with the
    statement that takes it along."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def captured_queries(self) -> list[dict[str, Any]]:
        return [query for query in super().captured_queries if query["sql"] is not None]

    def about(self, *tables: str) -> list[str]:
        """The statements that name one of the tables (or a part of its name)."""
        return [q["sql"] for q in self if any(table in q["sql"] for table in tables)]

    def asked(self) -> list[str]:
        """The statements that ask for something."""
        return [q["sql"] for q in self if not all(part.startswith(UNASKED) for part in q["sql"].split("; "))]
