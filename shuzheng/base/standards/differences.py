"""What differs between two editions, field by field; for code sets also code by code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Field
from django.utils.translation import gettext as _

from shuzheng.base.standards.models import CodeItem, CodeSet, Standard
from shuzheng.base.standards.numbers import shown

_SILENT = frozenset({
    "id", "node", "path", "audience", "version", "created_at", "updated_at", "is_shipped", "drafted_by", "reviewed_by",
    "reviewed_at", "review_note", "state", "edition", "region",
})  # fmt: skip
"""Fields that say nothing about the content of an edition."""


@dataclass(frozen=True)
class FieldChange:
    """A field and how it reads in both editions."""

    name: str
    label: str
    before: str
    after: str

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True)
class ItemChange:
    """A code that is in both editions and reads differently."""

    code: str
    name: str
    changes: tuple[FieldChange, ...]

    @property
    def renamed(self) -> bool:
        return any(change.name == "name" for change in self.changes)


@dataclass
class ItemDifferences:
    """Two lists of codes compared."""

    added: list[CodeItem] = field(default_factory=list)
    removed: list[CodeItem] = field(default_factory=list)
    changed: list[ItemChange] = field(default_factory=list)
    same: int = 0

    @property
    def renamed(self) -> list[ItemChange]:
        return [change for change in self.changed if change.renamed]


def fields(before: Standard | None, after: Standard) -> list[FieldChange]:
    """Every field of content, in the order of the model, with both readings; ``before`` None: there was nothing.

    Raises:
        TypeError: the two are of different kinds.
    """
    if before is not None and type(before) is not type(after):
        raise TypeError("editions of different kinds cannot be compared")
    return [
        FieldChange(f.name, str(f.verbose_name), reading(before, f) if before else "", reading(after, f))
        for f in after._meta.concrete_fields
        if f.name not in _SILENT
    ]


def reading(row: Any, f: Field) -> str:
    """The value of a field as people read it."""
    value = getattr(row, f.attname)
    if f.is_relation:
        return str(getattr(row, f.name) or "")
    if f.choices:
        return str(getattr(row, f"get_{f.name}_display")())
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Decimal):
        return shown(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return "、".join(map(str, value))
    return str(value)


_ITEM_FIELDS = ("name", "name_en", "parent_code", "std_code", "effective_from", "effective_to", "note")


def items(before: CodeSet | None, after: CodeSet) -> ItemDifferences:
    """Which codes were added, removed, renamed or otherwise changed."""
    old = {item.code: item for item in before.items.order_by("order", "code")} if before else {}
    new: Sequence[CodeItem] = after.items.order_by("order", "code")
    found, seen = ItemDifferences(), set()
    named = [CodeItem._meta.get_field(name) for name in _ITEM_FIELDS]
    for item in new:
        seen.add(item.code)
        was = old.get(item.code)
        if was is None:
            found.added.append(item)
            continue
        changes = [FieldChange(f.name, str(f.verbose_name), reading(was, f), reading(item, f)) for f in named]
        if different := tuple(change for change in changes if change.differs):
            found.changed.append(ItemChange(item.code, item.name, different))
        else:
            found.same += 1
    found.removed = [item for code, item in old.items() if code not in seen]
    return found


__all__ = ["FieldChange", "ItemChange", "ItemDifferences", "fields", "items", "reading"]
