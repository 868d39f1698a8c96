"""Values of a column as PostgreSQL reads them in: one by one, or all as one array."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from operator import is_
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db import connections, models

Text = str | None
"""What a column holds, as PostgreSQL reads it in; None for NULL."""
Writer = Callable[[Any], Text]


class Column:
    """What writing a field's values takes, found out once: asking the field takes longer than writing a value.

    Attributes:
        name: quoted.
        kind: the column's type.
        element: the type of an array's elements, without a length: a cast to it would cut what the column is to refuse.
    """

    __slots__ = ("_encoder", "_other", "_usual", "attname", "element", "kind", "name")

    def __init__(self, field: models.Field) -> None:
        connection = connections["default"]
        self.attname, self.name = field.attname, f'"{field.column}"'
        self.kind = (field.rel_db_type(connection) if field.is_relation else field.db_type(connection)) or "text"
        # Arrays, ranges and JSON travel as text and are cast back: PostgreSQL's arrays can't be ragged.
        nested = self.kind.endswith("]") or "range" in self.kind or self.kind in {"jsonb", "tsvector"}
        self.element = "text" if nested or self.kind.startswith("varchar") else self.kind.split("(")[0]
        self._usual, self._other = _writers(field, self.kind)
        self._encoder = field.encoder if isinstance(field, models.JSONField) and dict in self._usual else None

    def texts(self, values: Sequence[Any]) -> list[Text]:
        """The text of each value."""
        usual, other = self._usual, self._other
        return [None if v is None else usual[type(v)](v) if type(v) in usual else other(v) for v in values]

    def document(self, values: Sequence[Any]) -> Text:
        """All values as one JSON array, quicker made and read than one by one; None where they are no JSON."""
        if dict not in self._usual or self.kind != "jsonb" or not all(type(value) is dict for value in values):
            return None
        return json.dumps(values, ensure_ascii=False, cls=self._encoder)

    def cast(self, expression: str) -> str:
        """An element as the column takes it."""
        is_text = self.kind.startswith("varchar") and not self.kind.endswith("]")
        return expression if self.element != "text" or is_text else f"{expression}::{self.kind}"


@cache
def column(field: models.Field) -> Column:
    return Column(field)


def is_one(values: Sequence[Any]) -> bool:
    """Whether all are the very same object: the moment, the actor, a default."""
    return all(map(partial(is_, values[0]), values))


def array(values: Sequence[Text]) -> str:
    """Texts as an array literal."""
    if None not in values:
        joined = '","'.join(values)  # type: ignore[arg-type] -- there is no None
        if "\\" not in joined and joined.count('"') == 2 * (len(values) - 1):
            return f'{{"{joined}"}}'
    return "{" + ",".join(["NULL" if v is None else _element(v) for v in values]) + "}"


def _element(text: str) -> str:
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


_USUAL: tuple[tuple[type[models.Field], dict[type, Writer]], ...] = (
    (models.CharField, {str: str}),
    (models.TextField, {str: str}),
    (SearchVectorField, {str: str}),
    (models.UUIDField, {UUID: lambda value: value.hex}),
    (models.BooleanField, {bool: {True: "t", False: "f"}.__getitem__}),
    (models.IntegerField, {int: str}),
    (models.DecimalField, {Decimal: str, int: str}),
    (models.DateTimeField, {}),  # a DateField too
    (models.DateField, {date: str}),
)
"""By class of field, types whose values are stored as they are: asking the field for each of thousands changes nothing."""


def _writers(field: models.Field, kind: str) -> tuple[dict[type, Writer], Writer]:
    """How values of usual types are written, and how any other is."""
    connection = connections["default"]

    def other(value: Any) -> Text:
        return _text(field, kind, field.get_db_prep_save(value, connection))

    if isinstance(field, models.ForeignKey) and _is_as(field, models.ForeignKey):
        return _writers(field.target_field, kind)[0], other
    if isinstance(field, models.JSONField) and _is_as(field, models.JSONField):
        encode = partial(_encoded, field) if field.encoder else json.JSONEncoder(ensure_ascii=False).encode
        return {dict: encode, list: encode}, other
    if isinstance(field, models.DateTimeField) and _is_as(field, models.DateTimeField):
        return {datetime: lambda value: str(value) if value.tzinfo is not None else other(value)}, other
    # A field with a conversion of its own (``EncryptedTextField``) is asked, whatever it is derived from.
    return next((found for usual, found in _USUAL if isinstance(field, usual) and _is_as(field, usual)), {}), other


def _is_as(field: models.Field, usual: type[models.Field]) -> bool:
    steps = ("get_prep_value", "get_db_prep_value", "get_db_prep_save")
    return all(getattr(type(field), step) is getattr(usual, step) for step in steps)


def _encoded(field: models.JSONField, value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, cls=field.encoder)


def _text(field: models.Field, kind: str, value: Any) -> Text:
    """What the field would hand to the driver, as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return f"\\x{bytes(value).hex()}"
    if kind == "jsonb":
        return _encoded(field, getattr(value, "obj", value))  # type: ignore[arg-type] -- only these are jsonb
    if "range" in kind:
        if value.isempty:
            return "empty"
        lower, upper = ("" if end is None else str(end) for end in (value.lower, value.upper))
        return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"
    if isinstance(value, list | tuple):
        return "{" + ",".join("NULL" if v is None else _element(str(v)) for v in value) + "}"
    return str(value)
