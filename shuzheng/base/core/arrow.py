"""Reading many rows as Arrow, inside the scope that is active: a connection of its own, as numbers leave PostgreSQL in columns.

The row policies hold there as everywhere: the connection is the running role's, and takes the active scope first.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

from django.db import connections
from psycopg.conninfo import make_conninfo
from psycopg.sql import Literal

from shuzheng.base.core import scope

if TYPE_CHECKING:
    import pyarrow as pa

Question = tuple[str, Sequence[Any]]
"""SQL with ``%s`` for each parameter, and the parameters."""
AHEAD = 2
"""Batches that are read and not yet taken."""
BATCH = 32 * 1024 * 1024
"""Bytes of a batch, about half a million narrow rows."""


class ArrowReader:
    """A connection for reading, opened at the first read: that alone takes a tenth of a second, as the types are asked for.

    What the running transaction has not committed is not seen: it is another connection.
    """

    def __init__(self, using: str = "default") -> None:
        self._using = using
        self._connection: Any = None

    def __enter__(self) -> ArrowReader:
        return self

    def __exit__(self, *fault: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def read(self, sql: str, params: Sequence[Any] = ()) -> Iterator[pa.RecordBatchReader]:
        """The rows of a query, batch by batch, in the scope that is active now. ``sql`` has ``%s`` for each parameter.

        Exact decimals come as text (``numbers`` makes them numbers again).

        Raises:
            RuntimeError: no scope is active.
        """
        with self._read(sql, params, scope.require().settings) as rows:
            yield rows

    @contextmanager
    def ahead(self, questions: Sequence[Question]) -> Iterator[Iterator[Iterator[pa.RecordBatch]]]:
        """The rows of one question after the other, in the scope that is active now; each is taken whole before the next.

        While the caller is busy with some, the next are read on a thread of their own: PostgreSQL need not wait for us.

        Raises:
            RuntimeError: no scope is active.
        """
        values, rows, over = scope.require().settings, Queue[Any](AHEAD), threading.Event()

        def put(item: Any) -> None:
            while not over.is_set():
                with suppress(Full):
                    return rows.put(item, timeout=0.2)
            raise CancelledError

        def work() -> None:
            try:
                for sql, params in questions:
                    with self._read(sql, params, values) as batches:
                        for batch in batches:
                            put(batch)
                    put(None)
            finally:
                put(over)

        def answer() -> Iterator[pa.RecordBatch]:
            while (item := rows.get()) is not None:
                if item is over:
                    reading.result()  # raises the fault that ended it
                    raise LookupError("all questions are answered")
                yield item

        with ThreadPoolExecutor(1, "ahead") as thread:
            reading = thread.submit(work)
            try:
                yield (answer() for _ in questions)
            finally:
                over.set()

    @contextmanager
    def _read(self, sql: str, params: Sequence[Any], values: Mapping[str, str]) -> Iterator[pa.RecordBatchReader]:
        text = sql % tuple(Literal(p).as_string() for p in params)
        if self._connection is None:
            import adbc_driver_postgresql.dbapi as adbc

            self._connection = adbc.connect(_address(self._using))
        try:
            with self._connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(BATCH)})
                cursor.execute(scope.statement(values))
                cursor.fetchall()
                cursor.execute(text)
                yield cursor.fetch_record_batch()
        finally:
            self._connection.rollback()  # the scope was set for this transaction, and ends with it


def numbers(column: pa.Array | pa.ChunkedArray, kind: pa.Decimal128Type) -> pa.Array:
    """A column of ``numeric`` as exact decimals.

    Raises:
        ArrowInvalid: a value does not fit, or has more places than ``kind``.
    """
    import pyarrow as pa

    return column.cast(pa.string()).cast(kind)


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
