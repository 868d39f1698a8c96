"""Appending to the trail: the provider of ``ports.write_audit``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from shuzheng.base.audit.models import Entry
from shuzheng.base.core import scope
from shuzheng.base.core.action import AuditLine
from shuzheng.base.core.bulk import insert_columns
from shuzheng.kernel.ids import uuid7s


def write(lines: Sequence[AuditLine]) -> None:
    """Insert one entry a line, set-wise, in the running transaction.

    An entry about another organ's record (a handover, a sharing) is that organ's too: the write range is widened to it.
    """
    now, many = timezone.now(), len(lines)
    origins = {id(line.actor): dict(line.actor.origin) for line in lines}
    paths = [line.path for line in lines]
    columns: dict[str, list[Any]] = {
        "id": uuid7s(many),
        "at": [now] * many,
        "action": [line.action for line in lines],
        "actor": [line.actor.scope.actor for line in lines],
        "person_id": [line.actor.person_id if line.actor.person_id.int else None for line in lines],
        "actor_name": [line.actor.name for line in lines],
        "actor_organ": [line.actor.organ_name for line in lines],
        "actor_path": [line.actor.organ_path for line in lines],
        "model": [line.model for line in lines],
        "object_id": [line.object_id for line in lines],
        "label": [line.label for line in lines],
        "path": paths,
        "before": [line.before for line in lines],
        "after": [line.after for line in lines],
        "handed_over": [line.handed_over for line in lines],
        "reason": [line.reason for line in lines],
        "key": [line.key for line in lines],
        "origin": [origins[id(line.actor)] for line in lines],
    }
    # Each range of a handover costs a comparison a row: of what is open already, none is added.
    running = scope.require()
    outside = {path for path in set(paths) if not running.may_write(path)}
    with scope.handover(map(scope.Range.exactly, sorted(outside))):
        insert_columns(Entry, columns)
