"""Set-wise writes. ``COPY`` is refused on tables with row policies, so rows travel as arrays in one INSERT."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from django.db import connections, models
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone

from shuzheng.base.core import trips

CHUNK = 5000


def insert_many(rows: Sequence[models.Model], using: str = "default", *, ignore_conflicts: bool = False) -> None:
    """Insert ``rows`` of one model, ``CHUNK`` at a time, values as arrays: about ten times ``bulk_create`` for many rows.

    Dates of creation and change are set here. Primary keys must be set. A column with a database default that the rows
    leave alone gets it.
    """
    if not rows:
        return
    model = type(rows[0])
    connection = connections[using]
    fields = [
        f
        for f in model._meta.concrete_fields
        if not isinstance(f, models.GeneratedField)
        and not _is_serial(f)
        and not isinstance(getattr(rows[0], f.attname), DatabaseDefault)
    ]
    now = timezone.now()
    for field in fields:
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
            value = now if isinstance(field, models.DateTimeField) else timezone.localdate()
            for row in rows:
                setattr(row, field.attname, value)
    sql = _insert(model, tuple(fields), ignore_conflicts)
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        trips.send(sql, [_values(f, part, connection) for f in fields], using)
    for row in rows:
        row._state.adding = False
        row._state.db = using


def insert_columns(model: type[models.Model], columns: Mapping[str, Sequence[Any]], using: str = "default") -> None:
    """Insert rows given by their columns, by field name: for records made by the ten thousand that nobody looks at again.

    Columns that are not given take the database's default.
    """
    connection = connections[using]
    fields = tuple(model._meta.get_field(name) for name in columns)
    sql = _insert(model, fields, ignore_conflicts=False)
    length = len(next(iter(columns.values())))
    for start in range(0, length, CHUNK):
        parts = [values[start : start + CHUNK] for values in columns.values()]
        trips.send(sql, [column(f, part, connection) for f, part in zip(fields, parts, strict=True)], using)


@lru_cache(maxsize=500)
def _insert(model: type[models.Model], fields: tuple[models.Field, ...], ignore_conflicts: bool) -> str:
    columns = ", ".join(f'"{f.column}"' for f in fields)
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in fields)
    names = ", ".join(_select(f, n) for n, f in enumerate(fields))
    aliases = ", ".join(f"c{n}" for n in range(len(fields)))
    tail = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return (
        f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {names} FROM unnest({arrays}) AS t({aliases}){tail}'  # noqa: S608
    )


def update_many(rows: Sequence[models.Model], fields: Sequence[str], using: str = "default") -> int:
    """Write ``fields`` of ``rows`` back in one UPDATE a chunk; returns how many rows the policies let it change."""
    if not rows or not fields:
        return 0
    model = type(rows[0])
    connection = connections[using]
    keys = list(model._meta.pk_fields)  # several for a composite key
    columns = [model._meta.get_field(name) for name in dict.fromkeys(fields)]
    sets = ", ".join(f'"{f.column}" = {_select(f, n)}' for n, f in enumerate(columns, len(keys)))
    found = " AND ".join(f'u."{k.column}" = {_select(k, n)}' for n, k in enumerate(keys))
    arrays = ", ".join(f"%s::{_array_type(f)}" for f in [*keys, *columns])
    aliases = ", ".join(f"c{n}" for n in range(len(columns) + len(keys)))
    table = model._meta.db_table
    sql = f'UPDATE "{table}" AS u SET {sets} FROM unnest({arrays}) AS t({aliases}) WHERE {found}'  # noqa: S608
    changed = 0
    with connection.cursor() as cursor:
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            cursor.execute(sql, [_values(f, part, connection) for f in [*keys, *columns]])
            changed += cursor.rowcount
    return changed


def _is_serial(field: models.Field) -> bool:
    return isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField)


@cache
def _kind(field: models.Field) -> str:
    """The column's type. Asked of each field once: it takes longer than writing a value."""
    return field.db_type(connections["default"]) or ""


@cache
def _nested(field: models.Field) -> bool:
    """Arrays, ranges and JSON travel as text and are cast back: PostgreSQL's arrays can't be ragged."""
    kind = _kind(field)
    return kind.endswith("]") or "range" in kind or kind in {"jsonb", "tsvector"}


@cache
def _array_type(field: models.Field) -> str:
    connection = connections["default"]
    kind = (field.rel_db_type(connection) if field.is_relation else field.db_type(connection)) or "text"
    if _nested(field) or kind.startswith("varchar"):
        return "text[]"
    return kind.split("(")[0].replace("bigserial", "bigint").replace("serial", "integer") + "[]"


def _select(field: models.Field, position: int) -> str:
    return f"c{position}::{_kind(field)}" if _nested(field) else f"c{position}"


def _values(field: models.Field, rows: Sequence[models.Model], connection: Any) -> str:
    name = field.attname
    return column(field, [getattr(row, name) for row in rows], connection)


def column(field: models.Field, values: Sequence[Any], connection: Any) -> str:
    """One column as an array literal. Written here, since the driver takes three times as long over each value."""
    if not _as_it_is(field):
        prepare = field.get_db_prep_save
        values = [prepare(value, connection) for value in values]
    if _nested(field):
        kind = _kind(field)
        values = [v if v is None or isinstance(v, str) else _as_text(field, kind, v) for v in values]
    return "{" + ",".join(["NULL" if v is None else _quoted(v) for v in values]) + "}"


@cache
def _as_it_is(field: models.Field) -> bool:
    """Whether a value's text is what is stored: then asking the field for each of thousands changes nothing."""
    kind = type(field)
    # A field with a conversion of its own (``EncryptedTextField``) is asked, whatever it is derived from.
    return kind.get_db_prep_save is models.Field.get_db_prep_save and any(
        isinstance(field, usual) and kind.get_prep_value is usual.get_prep_value
        for usual in (models.CharField, models.TextField, models.UUIDField, models.BooleanField)
    )


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        if '"' in value or "\\" in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    if isinstance(value, int | Decimal):  # bool too: an element True or False is read as such
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f'"\\\\x{bytes(value).hex()}"'
    return f'"{value}"'  # identifiers and times: nothing in them that would end it


def _as_text(field: models.Field, kind: str, value: Any) -> str:
    if kind == "jsonb":
        return json.dumps(getattr(value, "obj", value), ensure_ascii=False, cls=field.encoder)
    if "range" in kind:
        if value.isempty:
            return "empty"
        lower, upper = ("" if end is None else str(end) for end in (value.lower, value.upper))
        return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"
    return "{" + ",".join("NULL" if v is None else _quoted(v) for v in value) + "}"
