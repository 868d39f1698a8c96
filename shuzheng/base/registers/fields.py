"""What a column is, derived from the model's field: its kind, how it is read from a row, shown, sorted and written to a sheet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.portal import formats
from shuzheng.base.registers.declare import Column, Register, follow
from shuzheng.base.registers.workbooks import SheetColumn

Kind = Literal[
    "text", "integer", "number", "date", "datetime", "yesno", "choice", "choices", "span", "relation", "json"
]

NUMBERS = frozenset({"integer", "number"})
LABEL_FIELDS = ("name", "title", "label", "number", "code", "username")


def kind_of(item: models.Field[Any, Any]) -> Kind:
    """The kind of a model's field."""
    if item.is_relation:
        return "relation"
    if isinstance(item, DateRangeField):
        return "span"
    if isinstance(item, ArrayField):
        return "choices"
    if item.choices:
        return "choice"
    if isinstance(item, models.BooleanField):
        return "yesno"
    if isinstance(item, models.IntegerField):
        return "integer"
    if isinstance(item, models.DecimalField | models.FloatField):
        return "number"
    if isinstance(item, models.DateTimeField):
        return "datetime"
    if isinstance(item, models.DateField):
        return "date"
    if isinstance(item, models.JSONField):
        return "json"
    return "text"


def label_field(model: type[models.Model]) -> str:
    """The field that names a record of ``model``: what is shown for it, searched and typed in sheets."""
    names = {f.name for f in model._meta.concrete_fields}
    return next((name for name in LABEL_FIELDS if name in names), "pk")


def last_day(span: Any) -> date | None:
    """The last day of a span: its end is not included."""
    return span.upper - timedelta(days=1) if span is not None and span.upper else None


def span_text(span: Any) -> str:
    """``2026-01-01 起``, ``2026-01-01 至 2026-12-31``."""
    if span is None or span.isempty:
        return ""
    begin, end = span.lower, last_day(span)
    if begin and end:
        return _("%(begin)s 至 %(end)s") % {"begin": begin, "end": end}
    if begin:
        return _("%(begin)s 起") % {"begin": begin}
    return _("至 %(end)s") % {"end": end} if end else ""


def _dotted(path: str) -> Callable[[Any], Any]:
    """Reads ``building.name``; None where a link on the way is missing."""
    parts = path.split("__")
    if len(parts) == 1:
        return attrgetter(path)

    def read(row: Any) -> Any:
        for part in parts:
            row = getattr(row, part)
            if row is None:
                return None
        return row

    return read


@dataclass(frozen=True)
class Shown:
    """A column with everything the model tells about it. Made once for each register (``columns_of``)."""

    column: Column
    kind: Kind
    read: Callable[[Any], Any]
    field: models.Field[Any, Any] | None = None
    joins: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    first: bool = False
    _choices: Mapping[Any, Any] = dataclasses.field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def label(self) -> str:
        if self.column.label:
            return str(self.column.label)
        return str(self.field.verbose_name) if self.field is not None else self.name

    @property
    def unit(self) -> str:
        return formats.unit(str(self.column.unit)) if self.column.unit else ""

    @property
    def locked(self) -> bool:
        return self.first or self.column.locked

    @property
    def numeric(self) -> bool:
        return self.column.align != "start" and (self.kind in NUMBERS or self.column.align == "end")

    @property
    def choices(self) -> dict[Any, str]:
        return {value: str(label) for value, label in self._choices.items()}

    @cached_property
    def places(self) -> int | None:
        if self.column.places is not None:
            return self.column.places
        return getattr(self.field, "decimal_places", None) if self.kind == "number" else None

    def text(self, value: Any) -> str:
        """A value in words, without markup; an empty text for none."""
        if value is None or value == "":
            return ""
        if self.kind == "choice":
            return str(self._choices.get(value, value))
        if self.kind == "choices":
            return "、".join(str(self._choices.get(v, v)) for v in value)
        if self.kind == "yesno":
            return _("是") if value else _("否")
        if self.kind in NUMBERS:
            return formats.number(value, self.places)
        if self.kind in ("date", "datetime") and hasattr(value, "year"):
            return formats.full(value)
        if self.kind == "span":
            return span_text(value)
        return str(value)

    def cell(self, value: Any) -> Any:
        """A value as a sheet holds it: numbers and dates as such, the rest as text."""
        if value is None or isinstance(value, bool | int | float | Decimal | datetime):
            return self.text(value) if self.kind == "choice" and value is not None else value
        if isinstance(value, date):
            return value
        return self.text(value)

    @property
    def sheet(self) -> SheetColumn:
        kind = {"choices": "text", "span": "text", "relation": "text", "json": "text"}.get(self.kind, self.kind)
        return SheetColumn(self.label, kind, unit=self.unit, places=self.places)  # type: ignore[arg-type]


def shown(register: Register, column: Column, *, first: bool = False) -> Shown:
    """The column of a register with what its field tells."""
    if column.value is not None:
        sort = tuple(column.sort.split(",")) if column.sort else ()
        kind: Kind = "number" if column.align == "end" or column.places is not None else "text"
        return Shown(column, kind, column.value, joins=tuple(column.joins), sort=sort, first=first)
    target = follow(register.model, column.name)
    kind = kind_of(target)
    heads = column.name.split("__")[:-1]
    joins = ("__".join(heads),) if heads else ()
    path = column.name
    if kind == "relation":
        joins = (column.name,)
        path = column.name
        named = label_field(target.related_model)  # type: ignore[arg-type]
        sort = (column.sort or f"{column.name}__{named}",)
    else:
        sort = (column.sort or _sort_field(register, column.name),)
    joins = (*joins, *column.joins)
    base = target.base_field if isinstance(target, ArrayField) else target
    choices = dict(base.flatchoices) if base.choices else {}
    if target.name in getattr(target.model, "sensitive", ()):
        return Shown(column, "text", _masked(path), target, joins, (), first)
    return Shown(column, kind, _dotted(path), target, joins, sort, first, choices)


def _masked(path: str) -> Callable[[Any], Any]:
    """Reads only whether there is a value: a register never shows sensitive ones, own pages may unmask them."""
    read = _dotted(path)
    return lambda row: "***" if read(row) else ""


def _sort_field(register: Register, name: str) -> str:
    """Names sort by their stored pinyin where the model has it."""
    names = {f.name for f in register.model._meta.concrete_fields}
    return "pinyin" if name == "name" and "pinyin" in names else name


def search_names(register: Register) -> list[str]:
    """The paths that the search box looks into: the declared ones, or the first column's text."""
    if register.search:
        return list(register.search)
    first = columns_of(register)[0]
    if first.field is None:
        return []
    if first.kind == "relation":
        return [f"{first.name}__{label_field(first.field.related_model)}"]  # type: ignore[arg-type]
    return [first.name] if first.kind == "text" else []


_COLUMNS: dict[type[Register], tuple[Shown, ...]] = {}


def columns_of(register: Register) -> tuple[Shown, ...]:
    """All columns that the list of a register can show, in the declared order."""
    known = _COLUMNS.get(type(register))
    if known is None:
        declared = [c if isinstance(c, Column) else Column(c) for c in register.columns]
        if not declared:
            declared = [Column(name) for name in field_names(register)]
        named = {c.name for c in declared}
        if register.owned and "node" not in named:
            declared.append(Column("node", shown=False))
        declared += [Column(name, shown=False) for name in field_names(register) if name not in named]
        known = tuple(shown(register, column, first=not place) for place, column in enumerate(declared))
        _COLUMNS[type(register)] = known
    return known


def field_names(register: Register) -> list[str]:
    """The fields that users fill in, in order: declared ones, those of the groups, or every editable one.

    Sensitive ones are never among them: they are written by actions of their own, which encrypt.
    """
    hidden = getattr(register.model, "sensitive", frozenset())
    return [name for name in _declared_names(register) if name not in hidden]


def _declared_names(register: Register) -> list[str]:
    if register.fields:
        return list(register.fields)
    if register.groups:
        editable = {f.name for f in register.model._meta.concrete_fields if f.editable}
        return [name for group in register.groups for name in group.fields if name in editable]
    return [
        f.name
        for f in register.model._meta.concrete_fields
        if f.editable and not f.primary_key and f.name != "node" and kind_of(f) != "json"
    ]


def detail_value(register: Register, name: str) -> Shown:
    """A field as the detail page shows it: with the column's unit and tone where the list has that column."""
    found = next((c for c in columns_of(register) if c.name == name), None)
    return found or shown(register, Column(name))


def local_text(moment: datetime | None) -> str:
    """A moment as ``2026-10-14 17:00`` in the time of the deployment."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""
