"""Locks by name, for rules that no constraint of the database can hold (one officer's duty a person, ranges that fit)."""

from __future__ import annotations

from django.db import connection

from shuzheng.base.core import trips


def hold(*names: str) -> None:
    """Wait until nobody else holds these names, and hold them until the transaction ends.

    Taken in one order, so that two that want the same names don't wait for each other. Needs a transaction: it can't be
    given back before its end, when others see what was written.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a lock needs a transaction to live in")
    for name in sorted(set(names)):  # inside an action it goes along with the next statement, which waits behind it
        trips.send("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def free(name: str) -> bool:
    """Hold a name until the transaction ends if nobody else does; False, at once, if somebody does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])
