"""Statements whose answer nobody waits for travel with the next one: a trip to the server costs more than most of them.

``together()`` opens a stretch inside a transaction; what ``send`` is given there is held back and goes out in front of the
next statement, or at the end. So the order is always that of the program. A fault of a held statement (a value taken
already) is raised where it goes out, and what a failed stretch still holds is dropped with its transaction or savepoint.
The begin of a savepoint is held, too; its end goes out with all that is held inside, whose faults thus belong to it, and is
held where nothing inside can fail any more.

``beside()`` is for thousands of rows: large statements go out on a thread of its own, and PostgreSQL writes some rows while the
program makes the next ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DataError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import ServerCursor
from psycopg.pq import TransactionStatus

LARGE = 10_000
"""Characters, about, from which on a statement goes at once."""

Statement = tuple[str, Sequence[Any] | None, bool]
"""SQL, its values, and whether it is sure: it cannot fail."""
_held: ContextVar[list[Statement] | None] = ContextVar("held", default=None)
HUGE = 100_000
"""Characters from which on a statement is worth a thread."""
AHEAD = 8
"""Statements that may wait for the one that is executed: some megabytes."""
_unanswered: ContextVar[bool] = ContextVar("unanswered", default=False)
"""Whether nobody waits for the answer of the statement that is executed."""
_leaving: ContextVar[bool] = ContextVar("leaving", default=False)
"""Whether what is executed is what was held."""
SAVEPOINT, ROLLBACK_TO, RELEASE = "SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "


def send(sql: str, params: Sequence[Any] | None, using: str = "default", *, sure: bool = False) -> None:
    """Execute ``sql``, of which no answer is needed: at once, or inside ``together`` with the next statement.

    ``sure``: it cannot fail, so that the savepoint that it is sent in need not wait for it.
    """
    held = _held.get()
    if params is None:
        checked(sql)
    if held is None or using != "default" or _size(sql, params or ()) > LARGE:
        with connections[using].cursor() as cursor:
            if params is None and (begin := _begin(connections[using])):
                sql = f"{begin}; {sql}"
            token = _unanswered.set(True)
            try:
                cursor.execute(sql, params)
            finally:
                _unanswered.reset(token)
    else:
        held.append((sql, params, sure))


def _size(sql: str, params: Sequence[Any]) -> int:
    return len(sql) + sum(len(p) if isinstance(p, str) else 100 * len(p) for p in params if isinstance(p, str | list))


def checked(sql: str) -> str:
    """A statement with its values written in: to the server it would end at a NUL.

    Raises:
        DataError: as the driver does for a value of its own.
    """
    if "\0" in sql:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return sql


@contextmanager
def together() -> Iterator[None]:
    """Hold back what is sent: inside the transaction whose statements these are, or around it, where ``close`` ends it."""
    held = _held.get()
    if held is not None:
        mark = len(held)
        try:
            yield
        except BaseException:
            del held[mark:]  # rolled back by the savepoint around
            raise
        return
    held = []
    token = _held.set(held)
    try:
        with connection.execute_wrapper(_along):
            yield
            _flush(held)
    finally:
        _held.reset(token)


def close() -> None:
    """The end of a transaction: what is held goes out with its commit, and is dropped where it will be rolled back."""
    held = _held.get()
    if not held:
        return
    if connection.needs_rollback:
        held.clear()
    else:
        _flush([*held, ("COMMIT", None, True)])


def _flush(held: list[Statement]) -> None:
    if held:
        token = _leaving.set(True)
        try:
            with connection.cursor() as cursor:
                sql, params, _sure = held.pop()
                cursor.execute(sql, params)  # the others go along
        finally:
            _leaving.reset(token)


def _along(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    held = _held.get()
    if held is not None and params is None and not _leaving.get() and _is_kept(held, sql):
        return None
    if not held:
        return execute(sql, params, many, context)
    raw = context["cursor"].cursor
    if many or isinstance(raw, ServerCursor):
        _flush(held)
        return execute(sql, params, many, context)
    asked = [*((text, values) for text, values, _sure in held), (sql, params)]
    held.clear()
    if begin := _begin(context["connection"]):
        asked.insert(0, (begin, None))
    # Each filled in by itself: the driver keeps what it has parsed of a statement, but not of a long one.
    text = "; ".join(_filled(raw, *one) for one in asked)
    result = execute(text, None, many, context)
    for _one in asked[:-1]:  # the answer is that of the last one
        raw.nextset()
    return result


def _is_kept(held: list[Statement], sql: Any) -> bool:
    """Whether a statement about savepoints need not go out now: one that has not begun for the server is ended here."""
    if not isinstance(sql, str):
        return False
    if sql.startswith(SAVEPOINT):
        held.append((sql, None, True))
        return True
    if sql.startswith(ROLLBACK_TO):
        begun = (SAVEPOINT + sql.removeprefix(ROLLBACK_TO), None, True)
        if begun in held:
            del held[held.index(begun) + 1 :]
            return True
        held.clear()  # all of it was sent inside
    elif sql.startswith(RELEASE):
        if held and held[-1] == (SAVEPOINT + sql.removeprefix(RELEASE), None, True):
            held.pop()
            return True
        if all(sure for _sql, _params, sure in held):
            held.append((sql, None, True))
            return True
    return False


@contextmanager
def beside() -> Iterator[None]:
    """Let huge statements that are sent be executed on a thread, in order, while the caller goes on. Lies inside the
    transaction; any other statement waits for them first, and so does the end of the stretch.

    A fault of such a statement is raised at one of the next, or at the end.
    """
    sender = _Beside()
    with connection.execute_wrapper(sender):
        try:
            yield
            sender.finish()
        finally:
            sender.close()


class _Beside:
    """An execute wrapper, the innermost: what others note of a statement, or refuse, they do on the caller's thread."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None  # most stretches need none
        self._waiting: deque[Future[None]] = deque()

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if params is not None or not _unanswered.get() or len(sql) < HUGE:
            self.finish()
            return execute(sql, params, many, context)
        self.finish(but=AHEAD)
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "beside")
        self._waiting.append(self._thread.submit(_execute, connection.connection, sql))
        return None

    def finish(self, but: int = 0) -> None:
        """Wait until no more than ``but`` statements are left; raises the fault of one."""
        while len(self._waiting) > but:
            with connection.wrap_database_errors:
                self._waiting.popleft().result()

    def close(self) -> None:
        """Give up what has not begun, if anything is left: then the transaction has failed."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)


def _execute(raw: Any, sql: str) -> None:
    with raw.cursor() as cursor:
        cursor.execute(sql)


def _begin(wrapper: BaseDatabaseWrapper) -> str:
    """The begin of the transaction that is due, so that the driver does not make a trip for it; empty when it has begun."""
    raw = wrapper.connection
    if raw.autocommit or raw.pgconn.transaction_status != TransactionStatus.IDLE or raw.isolation_level is not None:
        return ""
    raw.autocommit = (
        True  # only the driver's own BEGIN: Django ends the transaction, and so the connection's mode is right
    )
    return "BEGIN"


def _filled(raw: Any, sql: str, params: Sequence[Any] | None) -> str:
    """A statement with its values in it. Columns as text, nearly all there is, are quoted here: the driver takes longer."""
    if params is None:
        return sql
    if isinstance(params, list | tuple) and all(
        type(value) is str and "\0" not in value for value in params
    ):  # the driver refuses a NUL in its own words
        return sql % tuple(map(literal, params))
    return str(raw.mogrify(sql, params))


def literal(text: str | None) -> str:
    """As libpq quotes: right whatever ``standard_conforming_strings`` says."""
    if text is None:
        return "NULL"
    quoted = text.replace("'", "''")
    return f" E'{quoted}'".replace("\\", "\\\\") if "\\" in text else f"'{quoted}'"
