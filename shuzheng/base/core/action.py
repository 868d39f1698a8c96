"""``@action``: the only way to write (docs/architecture.md, 'Writing').

One action is permission, state check, transaction, save, audit and event; it takes a batch, and one is a batch of one.
Page, API, job and import call the same action.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext

from shuzheng.base.core import ports, scope, trips
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many, unswept, update_groups
from shuzheng.base.core.models import ActionKey, Kind, Record, plain
from shuzheng.base.core.registry import EVENTS, HANDOVERS, PERMISSIONS
from shuzheng.kernel.errors import Conflict, Denied, Missing
from shuzheng.kernel.ids import uuid7

F = TypeVar("F", bound=Callable[..., Any])

LARGE = 1000
"""New records from which on an action is ``is_large``."""
ACTIONS: dict[str, Callable[..., Any]] = {}
"""Every action by name, for the API, the audit pages and the tests that walk them."""


@dataclass(frozen=True)
class AuditLine:
    """One entry of the trail: who did what to which record, with the values before and after."""

    action: str
    actor: Actor
    model: str
    object_id: str
    label: str
    path: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    key: str = ""
    handed_over: bool = False
    reason: str = ""


@dataclass
class Write:
    """What an action is about to write. Collects changes and writes them set-wise at the end of the action's body.

    ``create``, ``change`` and ``delete`` note; ``flush`` writes what is noted so far, for a body that reads its own writes.
    """

    name: str
    actor: Actor
    key: str
    handed_over: bool = False
    reason: str = ""
    lines: list[AuditLine] = field(default_factory=list)
    payload: dict[str, Any] = field(default_factory=dict)
    _created: list[models.Model] = field(default_factory=list)
    _changed: dict[tuple[type, Any], tuple[models.Model, dict[str, Any], set[str]]] = field(default_factory=dict)
    _deleted: list[models.Model] = field(default_factory=list)

    @property
    def is_large(self) -> bool:
        """Whether so many new rows are noted that it pays to make some while PostgreSQL inserts others."""
        return len(self._created) >= LARGE

    def create(self, *rows: models.Model) -> None:
        """Insert ``rows``, in the order given; a row that another refers to comes first."""
        self._created += rows

    def change(self, row: models.Model, **values: Any) -> bool:
        """Set fields of ``row`` and note the values before; returns whether anything differs."""
        key = (type(row), row.pk)
        before: dict[str, Any]
        _, before, names = self._changed.get(key, (row, {}, set()))
        for name, value in values.items():
            target = row._meta.get_field(name)
            attname, old = target.attname, getattr(row, target.attname)
            value = value if target.is_relation else target.to_python(value)
            if (value.pk if isinstance(value, models.Model) else value) == old:
                continue
            before.setdefault(attname, old)
            setattr(row, name, value)
            names.add(name)
        if names:
            self._changed[key] = (row, before, names)
        return bool(names)

    def delete(self, *rows: models.Model) -> None:
        self._deleted += rows

    def note(
        self,
        row: models.Model,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        label: str = "",
        path: str = "",
    ) -> None:
        """Put an entry in the trail for what is no field of ``row``: its cells, a look at masked data, a reminder."""
        self.lines.append(self._line(row, plain(before or {}), plain(after or {}), label, path))

    def flush(self) -> None:
        """Write what has been noted."""
        created, changed_rows = self._created, list[models.Model]()
        for group in _by_model(created):
            insert_many(group)
            self.lines += [self._line(row, _NOTHING, _snapshot(row)) for row in group]
        groups: dict[tuple[type, frozenset[str]], list[tuple[models.Model, dict[str, Any]]]] = {}
        for (model, _pk), (row, before, names) in self._changed.items():
            groups.setdefault((model, frozenset(names)), []).append((row, before))
        changed_rows += self._save([(items, sorted(names)) for (_model, names), items in groups.items()])
        for group in _by_model(self._deleted):
            self.lines += [self._line(row, _snapshot(row), _NOTHING) for row in group]
            found, _ = type(group[0])._base_manager.filter(pk__in=[row.pk for row in group]).delete()
            if found < len(group):
                raise Denied(gettext("有记录不在可写范围内。"))
        if ports.index_records.ready and (created or changed_rows or self._deleted):
            ports.index_records(changed_rows, list(self._deleted), created)
        self._created, self._changed, self._deleted = [], {}, []

    def _save(self, groups: list[tuple[list[tuple[models.Model, dict[str, Any]]], list[str]]]) -> list[models.Model]:
        """Write groups of rows, each with the names of the fields that changed in it."""
        now, written = timezone.now(), []
        for items, names in groups:
            rows = [row for row, _ in items]
            extra = []
            if isinstance(rows[0], Record):
                for row in cast(list[Record], rows):
                    row.version, row.updated_at = row.version + 1, now
                extra = ["version", "updated_at"]
            written.append((rows, [*names, *extra]))
        counts = update_groups(written)
        if any(count < len(rows) for count, (rows, _names) in zip(counts, written, strict=True)):
            raise Denied(gettext("有记录不在可写范围内。"))
        for items, _names in groups:
            for row, before in items:
                hidden = getattr(row, "sensitive", frozenset())
                after = {k: getattr(row, k) for k in before}
                self.lines.append(self._line(row, _masked(row, before, hidden), _masked(row, after, hidden)))
        return [row for rows, _names in written for row in rows]

    def _line(
        self, row: models.Model, before: Mapping[str, Any], after: Mapping[str, Any], label: str = "", path: str = ""
    ) -> AuditLine:
        return AuditLine(
            action=self.name,
            actor=self.actor,
            model=row._meta.label_lower,
            object_id=str(row.pk),
            label=(label or str(row))[:200],
            path=path or getattr(row, "path", "") or self.actor.organ_path,
            before=before,
            after=after,
            key=self.key,
            handed_over=self.handed_over,
            reason=self.reason,
        )


_NOTHING: Mapping[str, Any] = {}
"""What a new record was, and a deleted one is: one for all, so that it is written once for thousands."""


def _masked(row: models.Model, values: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    return {k: "***" if k in hidden and v else plain(v) for k, v in values.items()}


def _snapshot(row: models.Model) -> dict[str, Any]:
    if isinstance(row, Record):
        return row.snapshot()
    hidden = getattr(row, "sensitive", frozenset())
    return _masked(row, {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}, hidden)


def _by_model(rows: Iterable[models.Model]) -> list[list[models.Model]]:
    groups: dict[type, list[models.Model]] = {}
    for row in rows:
        groups.setdefault(type(row), []).append(row)
    return list(groups.values())


def action(
    name: str, *, handover: bool = False, event: str = "", permission: str | None = None, system_only: bool = False
) -> Callable[[F], F]:
    """Make a function the one door to a change.

    The function takes a ``Write``, the batch (rows, or paths/nodes for something new: whatever has ``path``) and keyword
    arguments; callers leave the ``Write`` out and add ``actor``, and may add ``key`` (idempotency key), ``seen``
    (``{id: version}``) and ``reason``. It returns the rows it touched.

    Args:
        name: of the action, and of its permission unless ``permission`` says another (``""``: none is needed beyond
            being signed in, for one's own things).
        handover: whether it may write rows of other organs: those that own the batch. The list of such actions is closed.
        event: published after the change, with the ids of the rows that the function returns.
        system_only: only jobs under a system scope may call it.

    Raises:
        UnknownName: at import, when a name is not declared in a manifest.
    """
    needed = name if permission is None else permission
    if needed and not system_only:
        PERMISSIONS[needed]
    if event:
        EVENTS[event]
    if handover:
        HANDOVERS[name]

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def run(
            batch: Sequence[Any],
            *,
            actor: Actor,
            key: str = "",
            seen: Mapping[UUID, int] | None = None,
            reason: str = "",
            **values: Any,
        ) -> Any:
            batch = list(batch)
            if system_only and "system" not in actor.origin:
                raise Denied(gettext("只有系统任务可以执行。"), code=name)
            if needed and not system_only:
                _check_rights(actor, needed, batch)
            with _transaction(actor):
                if key and (ids := _replay(key, actor, name, _digest(batch, values))) is not None:
                    return _again(ids)
                paths = [path for path in dict.fromkeys(row.path for row in batch) if not _inside(path, actor)]
                write = Write(name, actor, key, handed_over=bool(paths) and handover, reason=reason)
                handed = map(scope.Range.subtree, paths) if handover else ()
                with scope.handover(handed):  # the trail of a record lies with the record: it is handed over with it
                    result = _perform(function, write, batch, seen, values)
                    with unswept(), trips.beside() if write.is_large else nullcontext():
                        write.flush()
                        _close(write, result, event, key)
                return result

        run.action_name = name  # type: ignore[attr-defined]
        run.permission = needed  # type: ignore[attr-defined]
        run.handover = handover  # type: ignore[attr-defined]
        run.event = event  # type: ignore[attr-defined]
        ACTIONS[name] = run
        return cast(F, run)

    return decorate


def _inside(path: str, actor: Actor) -> bool:
    return path in actor.scope.write


@contextmanager
def _transaction(actor: Actor) -> Iterator[None]:
    """The running transaction if it already has the actor's scope, else a new one with it; what is sent inside is held back."""
    active = scope.current()
    if active is not None and active.actor == actor.scope.actor:
        with trips.together(), transaction.atomic():
            yield
    else:
        with actor.scope.activate(held=True):
            yield


def _perform(function: Callable[..., Any], write: Write, batch: list[Any], seen: Any, values: dict[str, Any]) -> Any:
    if seen:
        check_versions(batch, seen)
    return function(write, batch, **values)


def _close(write: Write, result: Any, event: str, key: str) -> None:
    rows = [row for row in result if hasattr(row, "pk")] if isinstance(result, list | tuple) else []
    if write.lines:
        ports.write_audit(write.lines)
    told = [str(row.pk) for row in rows] if event or key else []
    if event and (rows or write.payload):
        ports.publish_event(event, told, plain(write.payload), write.actor)
    if key:
        ids = json.dumps([f"{row._meta.label_lower}:{pk}" for row, pk in zip(rows, told, strict=True)])
        trips.send("UPDATE core_actionkey SET ids = %s::jsonb WHERE key = %s", [ids, key], sure=True)


def _check_rights(actor: Actor, permission: str, batch: list[Any]) -> None:
    if not batch:
        actor.require(permission)
    for path, scoping in {(row.path, getattr(type(row), "scoping", None)) for row in batch}:
        if actor.may(permission, path):
            continue
        supervised = scoping is not None and scoping.kind in (Kind.SUPERVISED, Kind.INTERNAL)
        if supervised and not actor.scope.may_read(scoping.line, path):
            raise Missing(gettext("没有这条记录。"))
        actor.require(permission, path)


def _digest(batch: list[Any], values: Mapping[str, Any]) -> str:
    """Of what was asked, to tell a retry from another request under the same key."""
    body = [
        [str(getattr(row, "pk", row)) for row in batch if getattr(row, "_state", None) is None or not row._state.adding]
    ]
    body.append({k: plain(v) for k, v in values.items() if not isinstance(v, models.Model | list | tuple)})
    return hashlib.sha256(json.dumps(body, sort_keys=True, default=str).encode()).hexdigest()


def _replay(key: str, actor: Actor, name: str, digest: str) -> list[str] | None:
    """The ids answered when ``key`` was used before; None when it is new. Of two at once, the second waits for the first.

    Raises:
        Conflict: the key was used for something else, or by somebody else.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_actionkey (key, actor, action, digest, ids, at) VALUES (%s, %s, %s, %s, '[]', now())"
            " ON CONFLICT DO NOTHING",
            [key, actor.scope.actor, name, digest],
        )
        if cursor.rowcount:
            return None
    known = ActionKey.objects.get(key=key)
    if (known.actor, known.action, known.digest) != (actor.scope.actor, name, digest):
        raise Conflict(gettext("这个幂等键已用于另一次操作。换一个新键再提交。"))
    return list(known.ids)


def was_used(key: str, actor: Actor) -> bool:
    """Whether the actor used this key before: then what it asks for may be there already, and is no duplicate."""
    return ActionKey.objects.filter(key=key, actor=actor.scope.actor).exists()


def _again(ids: list[str]) -> list[Any]:
    """The rows that were answered, as they are now. An action may answer rows of another kind than its batch."""
    by_model: dict[str, list[str]] = {}
    for label, pk in (name.split(":", 1) for name in ids):
        by_model.setdefault(label, []).append(pk)
    found = {
        f"{label}:{row.pk}": row
        for label, pks in by_model.items()
        for row in apps.get_model(label)._base_manager.filter(pk__in=pks)
    }
    return [found[name] for name in ids if name in found]


def check_versions(rows: Sequence[Record], seen: Mapping[UUID, int]) -> None:
    """Lock ``rows`` and compare their stored versions with those the caller saw.

    Raises:
        Conflict: somebody changed one in between; carries both versions.
        Missing: one is gone, or out of sight.
    """
    model = type(rows[0])
    stored = {
        r["pk"]: r
        for r in model._base_manager.select_for_update(no_key=True)
        .filter(pk__in=list(seen))
        .order_by("pk")
        .values(*[f.attname for f in model._meta.concrete_fields], "pk")
    }
    for pk, version in seen.items():
        if pk not in stored:
            raise Missing(gettext("这条记录已不存在。"))
        if stored[pk]["version"] != version:
            current = {
                k: plain(v) for k, v in stored[pk].items() if k not in getattr(model, "sensitive", ()) and k != "pk"
            }
            raise Conflict(
                gettext("有人先改了这条记录。对照两个版本后再保存。"),
                seen={"id": str(pk), "version": version},
                current=current,
            )


def new_key() -> str:
    """A fresh idempotency key, for callers that start a change themselves."""
    return str(uuid7())


__all__ = ["ACTIONS", "AuditLine", "Write", "action", "check_versions", "new_key", "was_used"]
