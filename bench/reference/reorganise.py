"""Moving rows by a plain UPDATE of the path column, as the owner."""

from __future__ import annotations

from django.db import connections, transaction

TABLES = ("masters_place", "search_doc")


def move(old: str, new: str) -> int:
    """Put ``new`` for the beginning ``old`` of the paths of places and of their entries for search; returns how many rows."""
    rows = 0
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"UPDATE {table} SET path = %s || substr(path, %s) WHERE path >= %s AND path < %s",
                [new, len(old) + 1, old, old[:-1] + "0"],
            )
            rows += cursor.rowcount
    return rows
