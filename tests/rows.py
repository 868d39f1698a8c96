"""A row of any model, filled by the kinds of its fields: for tests that walk over all tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.core.models import Following, Published, Scoped
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node
from shuzheng.kernel.ids import uuid7

DAY = date(2031, 1, 1)
_numbers = count(1)

SPECIAL: dict[str, dict[str, Callable[[Node], Any]]] = {
    # Nodes and their versions are there already; a further one has a path of its own, and days of its own.
    "org.node": {"path": lambda node: f"{node.path}x{next(_numbers)}/"},
    "org.nodeversion": {"valid": lambda node: DateRange(day := DAY + timedelta(next(_numbers)), day + timedelta(1))},
}
"""Values that the kind of the field can't tell, by model and field."""


def row_of(model: type[models.Model], node: Node, /, **values: Any) -> Any:
    """An unsaved row of ``model`` that belongs to ``node``. Rows that it must refer to are stored."""
    special = SPECIAL.get(model._meta.label_lower, {})
    row = model()
    for field in model._meta.concrete_fields:
        if field.name in values:
            setattr(row, field.name, values[field.name])
        elif field.name in special:
            setattr(row, field.attname, special[field.name](node))
        elif field.name == "path" and issubclass(model, Scoped):
            row.path = node.path
        elif field.name == "rule" and issubclass(model, Following):
            row.rule = "general"
        elif field.name == "audience" and issubclass(model, Published):
            row.audience = division_of(node.path)
        elif not _filled(row, field):
            setattr(row, field.attname, _value(field, node))
    return row


def stored(model: type[models.Model], node: Node, /, **values: Any) -> Any:
    """A stored row of ``model`` that belongs to ``node``."""
    row = row_of(model, node, **values)
    with system_scope("tests").activate():
        row.save_base(force_insert=True)
    return row


def division_of(path: str) -> str:
    """The division that an organ's path lies in: ``33/11/`` of ``33/11/0/goa/``."""
    return path.split("0/", 1)[0] if path.startswith("0/") else path.split("/0/", 1)[0] + "/"


def _filled(row: models.Model, field: models.Field) -> bool:
    """Whether the field's own default says enough. One that has to be unique does not."""
    if field.has_db_default() or isinstance(field, models.AutoField | models.BigAutoField | models.GeneratedField):
        return True
    if field.primary_key:
        return getattr(row, field.attname) not in (None, "")
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return True
    return field.has_default() or (field.null and field.name not in _unique_together(type(row)))


@cache
def _unique_together(model: type[models.Model]) -> frozenset[str]:
    return frozenset(
        name for c in model._meta.constraints if isinstance(c, models.UniqueConstraint) for name in c.fields
    )


def _value(field: models.Field, node: Node) -> Any:
    if field.is_relation:
        target = field.related_model
        if target is Node:
            return node.pk
        if issubclass(target, models.Model) and target._meta.label_lower == "contenttypes.contenttype":
            return target.objects.get_for_model(Node).pk
        return stored(target, node).pk
    if field.choices:
        return field.flatchoices[0][0]
    n = next(_numbers)
    if isinstance(field, DateRangeField):
        return DateRange(DAY, None)
    if isinstance(field, ArrayField):
        return []
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return DAY + timedelta(n)
    if isinstance(field, models.UUIDField):
        return uuid7()
    if isinstance(field, models.DecimalField):
        return Decimal(n % 9 + 1)
    if isinstance(field, models.IntegerField | models.FloatField):
        return n % 32000
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.BinaryField):
        return b"x"
    if isinstance(field, models.GenericIPAddressField):
        return "192.0.2.1"
    if isinstance(field, models.CharField | models.TextField | SearchVectorField):
        return f"r{n}"[: field.max_length or 20]
    raise TypeError(f"tests/rows.py knows no value for {field!r}; say one in _value or in SPECIAL")
