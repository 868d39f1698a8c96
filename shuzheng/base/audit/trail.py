"""Appending to the trail: the provider of ``ports.write_audit``."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from shuzheng.base.audit.models import Entry
from shuzheng.base.core import scope
from shuzheng.base.core.action import AuditLine
from shuzheng.base.core.bulk import insert_many


def write(lines: Sequence[AuditLine]) -> None:
    """Insert one entry a line, set-wise, in the running transaction.

    An entry about another organ's record (a handover, a sharing) is that organ's too: the write range is widened to it.
    """
    now = timezone.now()
    entries = [
        Entry(
            at=now,
            action=line.action,
            actor=line.actor.scope.actor,
            person_id=line.actor.person_id if line.actor.person_id.int else None,
            actor_name=line.actor.name,
            actor_organ=line.actor.organ_name,
            actor_path=line.actor.organ_path,
            model=line.model,
            object_id=line.object_id,
            label=line.label,
            path=line.path,
            before=dict(line.before),
            after=dict(line.after),
            handed_over=line.handed_over,
            reason=line.reason,
            key=line.key,
            origin=dict(line.actor.origin),
        )
        for line in lines
    ]
    # Each range of a handover costs a comparison a row: of what is open already, none is added.
    running = scope.require()
    outside = {path for path in {entry.path for entry in entries} if not running.may_write(path)}
    if outside:
        with scope.handover(map(scope.Range.exactly, sorted(outside))):
            insert_many(entries)
    else:
        insert_many(entries)
