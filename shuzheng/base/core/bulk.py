"""Set-wise writes. ``COPY`` is refused on tables with row policies: few rows travel as VALUES, many as arrays in one INSERT.

Either way the values are written into the statement here (``columns``); the driver takes three times as long over each.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connections, models
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone

from shuzheng.base.core import trips
from shuzheng.base.core.columns import Column, array, column, is_one

GROUPS = 12
"""Most groups of rows that are updated in one statement."""
CHUNK = 5000
FEW = 4
"""Rows up to which VALUES are quicker: an array for each column costs PostgreSQL more than a single row does."""


@contextmanager
def unswept() -> Iterator[None]:
    """Make records by the ten thousand without a look for garbage: all of them stay, and each look goes over them again."""
    if not gc.isenabled():  # another thread is at it, and will switch it on
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Target:
    """Columns of a table that are written together."""

    def __init__(self, model: type[models.Model], fields: Sequence[models.Field]) -> None:
        self.columns: list[Column] = [column(f) for f in fields]
        self.table = f'"{model._meta.db_table}"'
        self.into = f"INSERT INTO {self.table} ({', '.join([c.name for c in self.columns])})"
        names = [c.attname for c in self.columns]
        self._read = attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)

    def values(self, rows: Sequence[models.Model]) -> list[tuple[Any, ...]]:
        """The rows' values, column by column."""
        return list(zip(*map(self._read, rows), strict=True))


def insert_many(rows: Sequence[models.Model], using: str = "default", *, ignore_conflicts: bool = False) -> None:
    """Insert ``rows`` of one model, ``CHUNK`` at a time: about ten times ``bulk_create`` for many rows.

    Dates of creation and change are set here. Primary keys must be set. A column with a database default that the rows
    leave alone gets it.
    """
    if not rows:
        return
    model = type(rows[0])
    dated, defaults = _marked(model)
    now = timezone.now()
    for field in dated:
        value = now if isinstance(field, models.DateTimeField) else timezone.localdate(now)
        for row in rows:
            setattr(row, field.attname, value)
    left = tuple(f.name for f in defaults if isinstance(getattr(rows[0], f.attname), DatabaseDefault))
    target = _all_but(model, left)
    _insert(target, target.values(rows), using, "ON CONFLICT DO NOTHING" if ignore_conflicts else "")
    for row in rows:
        row._state.adding = False
        row._state.db = using


def insert_columns(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]], using: str = "default", *, tail: str = ""
) -> None:
    """Insert rows given by their columns, by field name: for records that nobody looks at again.

    Columns that are not given take the database's default. ``tail``: what follows, ``ON CONFLICT …``.
    """
    _insert(_target(model, tuple(columns)), list(columns.values()), using, tail)


def _insert(target: _Target, values: Sequence[Sequence[Any]], using: str, tail: str) -> None:
    length = len(values[0])
    if not length:
        return
    if length <= FEW:
        texts = [map(trips.literal, c.texts(part)) for c, part in zip(target.columns, values, strict=True)]
        lines = ", ".join([f"({', '.join(line)})" for line in zip(*texts, strict=True)])
        trips.send(f"{target.into} VALUES {lines} {tail}", None, using)
        return
    for start in range(0, length, CHUNK):
        parts = [part[start : start + CHUNK] for part in values]
        trips.send(f"{target.into} {_select(target, parts)} {tail}", None, using)


def _select(target: _Target, values: Sequence[Sequence[Any]]) -> str:
    """The rows as a question; what is the same in all is said once."""
    taken, sources, names = [], [], []
    for col, part in zip(target.columns, values, strict=True):
        if is_one(part):
            [text] = col.texts(part[:1])
            taken.append(col.cast(f"{trips.literal(text)}::{col.element}"))
            continue
        names.append(f"c{len(names)}")
        if (document := col.document(part)) is not None:
            taken.append(names[-1])
            sources.append(f"jsonb_array_elements({trips.literal(document)}::jsonb)")
        else:
            taken.append(col.cast(names[-1]))
            sources.append(f"unnest({trips.literal(array(col.texts(part)))}::{col.element}[])")
    source = (
        f"ROWS FROM ({', '.join(sources)}) AS t({', '.join(names)})"
        if sources
        else f"generate_series(1, {len(values[0])})"
    )
    return f"SELECT {', '.join(taken)} FROM {source}"  # noqa: S608 -- quoted values


@cache
def _marked(model: type[models.Model]) -> tuple[list[models.Field], list[models.Field]]:
    """The fields that hold the moment of a change, and those with a default in the database."""
    fields = model._meta.concrete_fields
    dated = [f for f in fields if getattr(f, "auto_now", False) or getattr(f, "auto_now_add", False)]
    return dated, [f for f in fields if f.has_db_default()]


@cache
def _all_but(model: type[models.Model], left: tuple[str, ...]) -> _Target:
    given_there = models.GeneratedField | models.AutoField | models.BigAutoField | models.SmallAutoField
    fields = [f for f in model._meta.concrete_fields if not isinstance(f, given_there) and f.name not in left]
    return _Target(model, fields)


@cache
def _target(model: type[models.Model], names: tuple[str, ...]) -> _Target:
    return _Target(model, [model._meta.get_field(name) for name in names])


def update_many(rows: Sequence[models.Model], fields: Sequence[str], using: str = "default") -> int:
    """Write ``fields`` of ``rows`` back in one UPDATE a chunk; returns how many rows the policies let it change."""
    if not rows or not fields:
        return 0
    model = type(rows[0])
    keys = [f.name for f in model._meta.pk_fields]  # several for a composite key
    target = _target(model, (*keys, *dict.fromkeys(fields)))
    update = _update_one if len(rows) == 1 else _update
    changed = 0
    with connections[using].cursor() as cursor:
        for start in range(0, len(rows), CHUNK):
            cursor.execute(trips.checked(update(target, len(keys), target.values(rows[start : start + CHUNK]))))
            changed += cursor.rowcount
    return changed


def update_groups(groups: Sequence[tuple[Sequence[models.Model], Sequence[str]]]) -> list[int]:
    """``update_many`` for several groups of rows, no row in two of them; few and small ones in one trip."""
    if len(groups) < 2 or len(groups) > GROUPS or sum(len(rows) for rows, _fields in groups) > CHUNK:
        return [update_many(rows, fields) for rows, fields in groups]
    parts = []
    for rows, fields in groups:
        keys = [f.name for f in type(rows[0])._meta.pk_fields]
        target = _target(type(rows[0]), (*keys, *dict.fromkeys(fields)))
        update = _update_one if len(rows) == 1 else _update
        parts.append(f"{update(target, len(keys), target.values(rows))} RETURNING 1")
    named = ", ".join(f"g{n} AS ({part})" for n, part in enumerate(parts))
    counts = ", ".join(f"(SELECT count(*) FROM g{n})" for n in range(len(parts)))  # noqa: S608 -- our own names
    with connections["default"].cursor() as cursor:
        cursor.execute(trips.checked(f"WITH {named} SELECT {counts}"))
        return list(cursor.fetchone())


def _update_one(target: _Target, keys: int, values: Sequence[Sequence[Any]]) -> str:
    columns = zip(target.columns, values, strict=True)
    equal = [f"{c.name} = {trips.literal(text)}" for c, part in columns for text in c.texts(part)]
    return f"UPDATE {target.table} SET {', '.join(equal[keys:])} WHERE {' AND '.join(equal[:keys])}"  # noqa: S608


def _update(target: _Target, keys: int, values: Sequence[Sequence[Any]]) -> str:
    columns = list(enumerate(target.columns))
    arrays = ", ".join(
        f"{trips.literal(array(c.texts(part)))}::{c.element}[]" for c, part in zip(target.columns, values, strict=True)
    )
    names = ", ".join(f"c{n}" for n, _c in columns)
    sets = ", ".join(f"{c.name} = {c.cast(f'c{n}')}" for n, c in columns[keys:])
    found = " AND ".join(f"u.{c.name} = c{n}" for n, c in columns[:keys])
    return f"UPDATE {target.table} AS u SET {sets} FROM unnest({arrays}) AS t({names}) WHERE {found}"  # noqa: S608
