"""What happened to a record: entries of the audit trail and remarks, newest first, in the words of the register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.utils.translation import gettext as _

from shuzheng.base.audit.labels import action_label
from shuzheng.base.audit.models import Entry as Line
from shuzheng.base.portal.parts import Change, Entry
from shuzheng.base.registers.declare import Column, Register
from shuzheng.base.registers.fields import Shown, label_field, shown
from shuzheng.base.registers.models import Comment

MOST = 500
HIDDEN = frozenset({"id", "node_id", "pinyin", "initials", "path", "version"})


def story(register: Register, row: Any, limit: int = MOST) -> list[Entry]:
    """The last ``limit`` things that happened. The caller has read ``row`` through the register, so it may be seen."""
    about = {"model": row._meta.label_lower, "object_id": str(row.pk)}
    lines = list(Line.objects.filter(**about).order_by("-at", "-id")[:limit])
    remarks = list(Comment.objects.filter(**about).order_by("-at", "-id")[:limit]) if register.has("comments") else []
    names = _related_names(register, lines)
    entries = [_entry(register, line, names) for line in lines]
    entries += [
        Entry(_("评论"), at=r.at, person=r.author, by=r.organ, icon="message-2", comment=r.text) for r in remarks
    ]
    entries.sort(key=lambda e: e.at or datetime.min, reverse=True)
    return entries[:limit]


def _entry(register: Register, line: Line, names: Mapping[str, str]) -> Entry:
    created = not line.before
    changes = () if created or not line.after else tuple(_changes(register, line, names))
    system = line.actor.startswith("system:")
    by = line.actor_organ + (_("（代管）") if line.handed_over else "")
    return Entry(
        action_label(line.action),
        at=line.at,
        person="" if system else line.actor_name,
        by=_("系统") if system else by,
        icon="file-plus" if created else "edit",
        changes=changes,
        comment=line.reason,
    )


def _changes(register: Register, line: Line, names: Mapping[str, str]) -> list[Change]:
    found = []
    for attname in line.after:
        if attname in HIDDEN:
            continue
        column = _column(register, attname)
        if column is None:
            continue
        before, after = (_words(column, side.get(attname), names) for side in (line.before, line.after))
        found.append(Change(column.label, before, after))
    return found


def _column(register: Register, attname: str) -> Shown | None:
    """The field of an entry; None for one that the model no longer has."""
    field = next((f for f in register.model._meta.concrete_fields if attname in (f.attname, f.name)), None)
    if field is None or not field.editable and field.name not in {n for g in register.groups for n in g.fields}:
        return None
    try:
        return shown(register, Column(field.name))
    except FieldDoesNotExist:
        return None


def _words(column: Shown, value: Any, names: Mapping[str, str]) -> str:
    """A value of the trail, which holds plain JSON, in the words of the page."""
    if value in (None, "", "***"):
        return value or ""
    if column.kind == "relation":
        return names.get(str(value), _("（已不可见）"))
    if column.kind == "span" and isinstance(value, list):
        begin, end = value
        return f"{begin or '…'} – {end or '…'}"
    if column.kind in ("choice", "number", "integer", "date", "datetime") and column.field is not None:
        try:
            value = column.field.to_python(value)
        except ValidationError:
            return str(value)
    return column.text(value) if not isinstance(value, date) or column.kind in ("date", "datetime") else str(value)


def _related_names(register: Register, lines: list[Line]) -> dict[str, str]:
    """Names of the records that foreign keys in the entries point to, through the scope: one question a target."""
    wanted: dict[Any, set[str]] = {}
    keys = {f.attname: f for f in register.model._meta.concrete_fields if f.many_to_one}
    for line in lines:
        for side in (line.before, line.after) if line.before else ():
            for attname, field in keys.items():
                if value := side.get(attname):
                    wanted.setdefault(field.related_model, set()).add(str(value))
    names = {}
    for model, ids in wanted.items():
        valid = [i for i in ids if _is_key(model, i)]
        for pk, name in model._default_manager.filter(pk__in=valid).values_list("pk", label_field(model)):
            names[str(pk)] = str(name)
    return names


def _is_key(model: Any, text: str) -> bool:
    if model._meta.pk.get_internal_type() != "UUIDField":
        return text.isdecimal()
    try:
        UUID(text)
    except ValueError:
        return False
    return True
