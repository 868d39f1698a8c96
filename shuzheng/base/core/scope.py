"""Scope: what the present actor may read and write, told to PostgreSQL at the start of each transaction.

A subtree of the organisation is a half-open range of paths. ``Scope.activate()`` opens a transaction and sets all ranges
in one statement; the row policies (``policies.py``) compare each row's path with them. Leaving puts the previous values
back, so scopes nest, also inside a test's transaction. Only this module and ``core`` call ``set_config``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext
from psycopg.pq import TransactionStatus
from psycopg.sql import Literal

from shuzheng.base.core import trips
from shuzheng.base.core.registry import LINES, SYSTEM_SCOPES
from shuzheng.kernel.errors import Invalid

SLOTS = 6
"""Ranges a business line can hold at once. More are merged where they touch; past that the sharing is refused."""

TOP = "~"
"""Greater than every path: paths are made of digits, letters, ``-`` and ``/``."""


@dataclass(frozen=True, order=True)
class Range:
    """The half-open range ``[lo, hi)`` of paths."""

    lo: str
    hi: str

    @classmethod
    def subtree(cls, path: str) -> Range:
        """Everything at and below ``path`` (含下级). The nation's path is empty."""
        return cls(path, path[:-1] + "0" if path else TOP)

    @classmethod
    def own_level(cls, path: str) -> Range:
        """The organs of a division itself (本级), not those of the divisions below it."""
        return cls.subtree(path + "0/")

    @classmethod
    def exactly(cls, path: str) -> Range:
        """One path and nothing below it: ``!`` sorts before every character that a segment begins with."""
        return cls(path, path + "!")

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self.lo <= path < self.hi

    def covers(self, other: Range) -> bool:
        return self.lo <= other.lo and other.hi <= self.hi


EVERYTHING = Range("", TOP)
NOTHING = Range("", "")


def merge(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """The same paths in the fewest ranges, in order. Empty ranges vanish."""
    merged: list[Range] = []
    for item in sorted(r for r in ranges if r.lo < r.hi):
        if merged and item.lo <= merged[-1].hi:
            merged[-1] = Range(merged[-1].lo, max(merged[-1].hi, item.hi))
        else:
            merged.append(item)
    return tuple(merged)


def ancestors(path: str) -> tuple[str, ...]:
    """The divisions above a path, the nation first: ``33/11/0/a/`` gives ``('', '33/', '33/11/')``."""
    # A segment "0" ends the divisions: what follows are the organs of that level.
    head = f"/{path}".split("/0/", 1)[0].strip("/")
    found, current = [""], ""
    for segment in head.split("/") if head else ():
        current += segment + "/"
        found.append(current)
    return tuple(found)


@dataclass(frozen=True)
class Scope:
    """Ranges of one actor.

    Attributes:
        actor: id of the acting person's post, or ``system:<name>``.
        organ: the actor's own organ.
        reads: what it may read, by business line, own organ included. A line that is missing reads the own organ only.
        write: where it may write, mostly its own organ.
        handover: what outside ``write`` the running action was allowed to write.
        audiences: divisions whose published rows it sees.
        case: id of the case it takes part in.
    """

    actor: str
    organ: Range
    reads: Mapping[str, tuple[Range, ...]] = field(default_factory=dict)
    write: Range = NOTHING
    handover: tuple[Range, ...] = ()
    audiences: tuple[str, ...] = ()
    case: UUID | None = None

    def ranges(self, line: str) -> tuple[Range, ...]:
        """What may be read of a business line."""
        return self.reads.get(LINES[line].name) or (self.organ,)

    def may_read(self, line: str, path: str) -> bool:
        return any(path in r for r in self.ranges(line))

    def may_write(self, path: str) -> bool:
        """Whether a row at ``path`` may be written now, handovers included."""
        return path in self.write or any(path in r for r in self.handover)

    @cached_property
    def settings(self) -> Mapping[str, str]:
        """The values for PostgreSQL, by setting name."""
        handed, *more = self.handover or (NOTHING,)
        values = {
            "app.actor": self.actor,
            "app.o_lo": self.organ.lo,
            "app.o_hi": self.organ.hi,
            "app.w_lo": self.write.lo,
            "app.w_hi": self.write.hi,
            "app.h_lo": handed.lo,
            "app.h_hi": handed.hi,
            "app.w_set": json.dumps([[r.lo, r.hi] for r in more]) if more else "",
            "app.anc": "{" + ",".join(f'"{a}"' for a in self.audiences) + "}" if self.audiences else "",
            "app.case": str(self.case or ""),
        }
        for line in LINES:
            ranges = self.ranges(line)
            values[f"app.{line}_min"] = ranges[0].lo
            values[f"app.{line}_max"] = ranges[-1].hi
            values[f"app.{line}_one"] = "1" if len(ranges) == 1 else ""
            for slot, item in enumerate(ranges, 1):
                values[f"app.{line}_lo{slot}"] = item.lo
                values[f"app.{line}_hi{slot}"] = item.hi
        return values

    @contextmanager
    def activate(self, using: str = "default", *, held: bool = False) -> Iterator[Scope]:
        """Open a transaction (or a savepoint inside one) in which the policies see this scope.

        ``held`` lets the ranges travel with the first statement, what is sent inside with others, and the end of the
        transaction with the last (``trips``). Inside, nobody goes past Django's cursors to the connection.
        """
        outermost = not connections[using].in_atomic_block
        # Around a savepoint, so that its begin and end travel too; inside a transaction, whose end is not a statement of ours.
        around, inside = (trips.together() if held and outermost is place else nullcontext() for place in (False, True))
        with around, transaction.atomic(using=using), inside, self._set(using, put_back=not outermost):
            yield self
            if held and outermost:
                trips.close()

    @contextmanager
    def _set(self, using: str, *, put_back: bool = True) -> Iterator[None]:
        before = _current.get()
        values, previous = self.settings, before.settings if before else {}
        token = _current.set(self)
        _apply(values, previous if put_back else {}, using)
        try:
            yield
        finally:
            _current.reset(token)
            # Local settings end with their transaction, and with the savepoint that is rolled back.
            if put_back and not _aborted(connections[using]):
                _apply(previous, values, using)


def _aborted(connection: BaseDatabaseWrapper) -> bool:
    """Whether no statement is possible until the transaction, or its savepoint, is rolled back."""
    raw = connection.connection
    if raw is None or raw.closed or connection.needs_rollback:  # a fault inside a savepoint: Django will roll it back
        return True
    return raw.info.transaction_status == TransactionStatus.INERROR


def _apply(values: Mapping[str, str], before: Mapping[str, str], using: str) -> None:
    changed = {name: "" for name in before if name not in values and before[name]}
    changed |= {name: value for name, value in values.items() if before.get(name) != value}
    if not changed:
        return
    trips.send(_statement(tuple(changed.items())), None, using, sure=True)


def statement(values: Mapping[str, str]) -> str:
    """The statement that sets a scope's settings for one transaction; for connections that are not Django's."""
    return _statement(tuple(values.items()))


@lru_cache(maxsize=2000)
def _statement(values: tuple[tuple[str, str], ...]) -> str:
    """The statement that sets all values. Written out and kept: it is the same for every transaction of an actor."""
    calls = (f"set_config({Literal(name).as_string()}, {Literal(value).as_string()}, true)" for name, value in values)
    return f"SELECT {', '.join(calls)}"


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def stay_awake(using: str = "default") -> None:
    """A word to the database in the middle of long work of one's own: it ends a transaction that is silent for a minute."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT 1")


def current() -> Scope | None:
    """The scope that is active now, if any."""
    return _current.get()


def require() -> Scope:
    """The scope that is active now.

    Raises:
        RuntimeError: none is active: the caller forgot to open one.
    """
    if (scope := _current.get()) is None:
        raise RuntimeError("no scope is active; open one with scope.activate() or system_scope(name)")
    return scope


def make_reads(organ: Range, by_line: Mapping[str, Sequence[Range]]) -> dict[str, tuple[Range, ...]]:
    """Read ranges per line with the own organ merged in.

    Raises:
        Invalid: a line needs more than ``SLOTS`` ranges.
    """
    reads = {}
    for line, ranges in by_line.items():
        merged = merge([organ, *ranges])
        if len(merged) > SLOTS:
            raise Invalid(
                gettext("“%(line)s”的共享范围超过 %(n)d 段，无法同时生效。先结束一项共享。")
                % {"line": gettext(LINES[line].label), "n": SLOTS}
            )
        reads[line] = merged
    return reads


def system_scope(name: str) -> Scope:
    """The scope of a system job: reads and writes everything. ``name`` is one of a closed list.

    Raises:
        UnknownName: the job is not on the list.
    """
    SYSTEM_SCOPES[name]
    return Scope(
        actor=f"system:{name}",
        organ=EVERYTHING,
        reads=dict.fromkeys(LINES, (EVERYTHING,)),
        write=EVERYTHING,
    )


@contextmanager
def handover(ranges: Iterable[Range]) -> Iterator[Scope]:
    """Let the running action write these ranges too (``@action`` calls it after its permission check)."""
    scope = require()
    missing = [r for r in ranges if not scope.write.covers(r)]
    if not missing:
        yield scope
        return
    wider = replace(scope, handover=tuple(dict.fromkeys([*scope.handover, *missing])))
    with wider._set("default"):
        yield wider


@contextmanager
def case_scope(case_id: UUID) -> Iterator[Scope]:
    """See the rows of a case. The caller has checked that the actor takes part in it."""
    wider = replace(require(), case=case_id)
    with wider._set("default"):
        yield wider
