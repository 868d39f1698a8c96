"""Schemas of a register's API, from the same declaration as its pages: what is read, what is written, what is asked for."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints, create_model

from shuzheng.base.core.models import plain
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.fields import Shown, columns_of, field_names, kind_of
from shuzheng.base.registers.filters import filters_of
from shuzheng.kernel.errors import FieldFault, Invalid

TEXT = r"^[^\x00]*$"
NUMBER = r"^-?\d{1,18}(\.\d{1,12})?$"


class Reference(Schema):
    """Another record: its id and what it is called."""

    id: str
    name: str


class Span(Schema):
    """Days from … to, both included; an open end is null."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: date | None = Field(None, alias="from")
    to: date | None = None


class Strict(Schema):
    model_config = ConfigDict(extra="forbid")


class Page(Schema):
    """Rows and where the next ones begin; ``next`` is empty at the end."""

    next: str = ""


def text(length: int | None = None, pattern: str = TEXT) -> Any:
    return Annotated[str, StringConstraints(max_length=length or 2000, pattern=pattern)]


def _written(field: models.Field) -> Any:
    """The type of a value that is sent for a model's field."""
    kind = kind_of(field)
    if kind == "choice":
        return Literal[tuple(value for value, _ in field.flatchoices)]  # type: ignore[valid-type]
    if kind == "integer":
        return Annotated[int, Field(ge=-(2**31), le=2**31 - 1, strict=True)]
    if isinstance(field, ArrayField):
        return Annotated[list[text(field.base_field.max_length)], Field(max_length=200)]  # type: ignore[misc]
    return {
        "number": text(40, NUMBER),
        "yesno": Annotated[bool, Field(strict=True)],
        "date": date,
        "datetime": datetime,
        "relation": UUID,
        "span": Span,
        "json": dict[str, Any],
    }.get(kind, text(field.max_length))


def written(register: Register, *, partial: bool) -> type[Schema]:
    """The body of a create (or, ``partial``, of a change)."""
    fields: dict[str, Any] = {}
    for name in field_names(register):
        field = register.model._meta.get_field(name)
        if not field.editable:
            continue
        kind = _written(field)
        needed = not partial and not field.blank and not field.null and not field.has_default()
        about = str(field.verbose_name)
        if needed:
            fields[name] = (kind, Field(..., title=about))
        else:
            fields[name] = (kind | None, Field(None, title=about))
    if register.owned and not partial:
        fields["node"] = (UUID | None, Field(None, title="归属单位"))
    word = "Change" if partial else "New"
    return create_model(f"{word}{class_name(register)}", __base__=Strict, **fields)


def read(register: Register) -> type[Schema]:
    """One record as it is answered: numbers with a fraction as text, so that nothing is rounded."""
    fields: dict[str, Any] = {"id": (str, ...)}
    if register.versioned:
        fields["version"] = (int, ...)
    if register.owned:
        fields["node"] = (Reference | None, None)
    for column in columns_of(register):
        if column.name not in fields:
            fields[_key(column)] = (_read_type(column), Field(None, title=column.label))
    return create_model(class_name(register), __base__=Schema, **fields)


def _read_type(column: Shown) -> Any:
    kinds: dict[str, Any] = {
        "integer": int | None,
        "yesno": bool | None,
        "relation": Reference | None,
        "choices": list[str] | None,
        "span": Span | None,
        "json": Any,
    }
    return kinds.get(column.kind, str | None)


def answer(register: Register, row: Any) -> dict[str, Any]:
    """A record's values for ``read``."""
    values: dict[str, Any] = {"id": str(row.pk)}
    if register.versioned:
        values["version"] = row.version
    if register.owned:
        values["node"] = {"id": str(row.node_id), "name": str(row.node)}
    for column in columns_of(register):
        if column.name not in values:
            values[_key(column)] = _answer(column, row)
    return values


def _answer(column: Shown, row: Any) -> Any:
    value = column.read(row)
    if value is None:
        return None
    if column.kind == "relation":
        return {"id": str(value.pk), "name": str(value)}
    if column.kind == "span":
        lower, upper = plain(value)
        last = None if value.upper is None else plain(date.fromordinal(value.upper.toordinal() - 1))
        return {"from": lower, "to": last if upper else None}
    if column.kind in ("integer", "yesno", "choices", "json"):
        return plain(value)
    return str(plain(value.value if isinstance(value, Enum) else value))


def query(register: Register) -> type[Schema]:
    """What a list can be asked: the page's own address words."""
    fields: dict[str, Any] = {
        "q": (text(100) | None, Field(None, description="搜索")),
        "sort": (text(60) | None, Field(None, description="排序字段，前加 - 为降序")),
        "scope": (Literal["own", "all"] | None, Field(None, description="own 本级，all 含下级")),
        "cursor": (text(600) | None, Field(None, description="上一页的 next")),
        "limit": (Annotated[int, Field(ge=1, le=200)], Field(50, description="每页行数")),
    }
    for item in filters_of(register):
        for key in item.keys:
            fields[key] = (text(200) | None, Field(None, description=item.label))
    return create_model(f"Find{class_name(register)}", __base__=Strict, **fields)


def refuse_unknown(request: HttpRequest, asked: Schema) -> None:
    """A misspelt condition would be none, and the answer more than was asked for.

    Raises:
        Invalid: the address has a word that ``asked``, the schema of its query, does not know.
    """
    if unknown := sorted(set(request.GET) - set(type(asked).model_fields)):
        raise Invalid(faults=[FieldFault(name[:60], _("没有这个字段。")) for name in unknown])


def page(register: Register, row: type[Schema]) -> type[Schema]:
    return create_model(f"{class_name(register)}Page", __base__=Page, rows=(list[row], ...))  # type: ignore[valid-type]


def class_name(register: Register) -> str:
    return "".join(part.capitalize() for part in register.name.replace("-", "_").split("_"))


def _key(column: Shown) -> str:
    """``building__name`` is said ``building.name``'s way in JSON: one flat name."""
    return column.name.replace("__", "_")
