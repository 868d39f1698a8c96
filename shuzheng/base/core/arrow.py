"""Reading many rows as Arrow, inside the scope that is active: a connection of its own, as numbers leave PostgreSQL in columns.

The row policies hold there as everywhere: the connection is the running role's, and takes the active scope first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections
from psycopg.conninfo import make_conninfo
from psycopg.sql import Literal

from shuzheng.base.core import scope

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 32 * 1024 * 1024
"""Bytes of a batch, about half a million narrow rows."""


@contextmanager
def read_arrow(sql: str, params: Sequence[Any] = (), using: str = "default") -> Iterator[pa.RecordBatchReader]:
    """The rows of a query, batch by batch. ``sql`` has ``%s`` for each parameter.

    What the running transaction has not committed is not seen: it is another connection.

    Raises:
        RuntimeError: no scope is active.
    """
    import adbc_driver_postgresql.dbapi as adbc

    values = scope.require().settings
    text = sql % tuple(Literal(p).as_string() for p in params)
    with adbc.connect(_address(using)) as connection, connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH)})
        cursor.execute(scope.statement(values))
        cursor.fetchall()
        cursor.execute(text)
        yield cursor.fetch_record_batch()


def _address(using: str) -> str:
    known = connections[using].settings_dict
    parts = {
        "host": known["HOST"],
        "port": known["PORT"],
        "user": known["USER"],
        "password": known["PASSWORD"],
        "dbname": known["NAME"],
        **{k: v for k, v in known["OPTIONS"].items() if k.startswith("ssl")},
    }
    return make_conninfo("", **{k: v for k, v in parts.items() if v})
