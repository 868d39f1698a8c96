"""The usual verbs of a register: create, change and delete, as actions made for each one that has no own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from shuzheng.base.core.action import ACTIONS, Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.columns import is_one
from shuzheng.base.core.registry import EVENTS, HANDOVERS
from shuzheng.kernel.errors import Invalid

if TYPE_CHECKING:
    from shuzheng.base.registers.declare import Register

FACTS = {"create": "created", "change": "changed", "delete": "deleted"}


def declare(register: Register) -> None:
    """Make the actions that the register offers and nobody else has made. Called when it is registered."""
    for verb, body in (("create", _create), ("change", _change), ("delete", _delete)):
        name = f"{register.app}.{register.noun}.{verb}"
        if not register.has(verb) or name in ACTIONS or register.permission(verb) != name or _own_write(register):
            continue
        event = f"{register.app}.{register.noun}.{FACTS[verb]}"
        action(name, handover=name in HANDOVERS, event=event if event in EVENTS else "")(body())


def _own_write(register: Register) -> bool:
    from shuzheng.base.registers.declare import Register

    return type(register).write is not Register.write


def _create() -> Callable[..., Any]:
    def create(w: Write, rows: Sequence[Any], *, content: str) -> Sequence[Any]:
        """Insert new records. ``content`` is the digest of their values, so that a key is not used for other ones."""
        w.create(*rows)
        return rows

    return create


def _change() -> Callable[..., Any]:
    def change(w: Write, rows: Sequence[Any], *, changes: Mapping[str, Mapping[str, Any]]) -> Sequence[Any]:
        """Set fields of records: ``changes`` has for each id the new values by field."""
        for row in rows:
            w.change(row, **changes[str(row.pk)])
        return rows

    return change


def _delete() -> Callable[..., Any]:
    def delete(w: Write, rows: Sequence[Any]) -> Sequence[Any]:
        """Remove records that nothing refers to; the trail keeps their last values."""
        w.delete(*rows)
        try:
            w.flush()
        except ProtectedError as fault:
            held = sorted({str(o._meta.verbose_name) for o in fault.protected_objects})
            raise Invalid(_("还有%(things)s引用它，不能删除。") % {"things": "、".join(held)})
        return rows

    return delete


def write(
    register: Register,
    verb: str,
    rows: Sequence[Any],
    *,
    actor: Actor,
    key: str = "",
    seen: Mapping[Any, int] | None = None,
    reason: str = "",
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Any:
    """Run the register's own verb ``<app>.<noun>.<verb>`` on ``rows``."""
    run = ACTIONS[register.permission(verb)]
    if verb == "create":
        return run(rows, actor=actor, key=key, reason=reason, content=digest(rows))
    if verb == "change":
        return run(rows, actor=actor, key=key, seen=seen, reason=reason, changes=changes or {})
    return run(rows, actor=actor, key=key, seen=seen, reason=reason)


def digest(rows: Sequence[Any]) -> str:
    """Of the values of new rows, without those made for each try (ids, times)."""
    skip = {"id", "created_at", "updated_at"}
    names = [f.attname for f in rows[0]._meta.concrete_fields if f.name not in skip] if rows else []
    columns = {name: list(map(attrgetter(name), rows)) for name in names}
    said = {name: [len(rows), values[0]] if is_one(values) else values for name, values in columns.items()}
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
