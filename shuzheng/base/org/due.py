"""What time does to the tree: planned changes are carried out on their day, and stragglers are mended after a change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.handlers import concerned
from shuzheng.base.org.models import Node, Reorganisation
from shuzheng.kernel.errors import Fault

log = logging.getLogger(__name__)

WATCHED = timedelta(days=2)
"""How long after a change its old paths are looked at again."""


def apply_due(today: date) -> dict[str, list[Reorganisation]]:
    """Carry out the planned changes whose day has come, each in a transaction of its own; the daily job calls it.

    One that the tree no longer allows stays planned, with the reason in ``result["fault"]``, and is tried again the next day.
    Returns the rows under ``applied`` and ``refused``.
    """
    from shuzheng.base.org.actions import apply_reorganisations  # the actions know this module
    from shuzheng.base.org.changes import overdue

    actor = system_actor("org.reorganise")
    done: dict[str, list[Reorganisation]] = {"applied": [], "refused": []}
    with actor.scope.activate():
        waiting = list(overdue(today))
    for row in waiting:
        try:
            apply_reorganisations([row], actor=actor, reason="按期生效")
            done["applied"].append(row)
        except Fault as fault:
            log.warning("planned reorganisation %s was refused: %s", row.pk, fault.code)
            reasons = [f.message for f in getattr(fault, "faults", ())] or [fault.message]
            with actor.scope.activate():
                Reorganisation.objects.filter(pk=row.pk).update(result={"fault": " ".join(reasons)})
            done["refused"].append(row)
    with actor.scope.activate():
        recent = Reorganisation.objects.filter(
            state=Reorganisation.State.APPLIED, updated_at__date__gte=today - WATCHED
        )
        settled = list(recent)
    for row in settled:
        settle(row)
    return done


def settle(row: Reorganisation) -> int:
    """Mend rows that were added with an old path while a change was being committed; returns how many.

    A writer who read the path before the change and waited for it at the foreign key inserts with the old one. There are few
    of them and they are found by the range of the old path, which is empty otherwise.
    """
    mended = 0
    with system_scope("org.reorganise").activate():
        nodes = Node.objects.in_bulk(_absorbed(row.result.get("absorbed", ())))
        for old, _new in row.result.get("moved", ()):
            mended += sum(handler.settle(model, old) for model, handler in concerned())
        for absorbed, successor in row.result.get("absorbed", ()):
            pair = nodes[UUID(absorbed)], nodes[UUID(successor)]
            mended += sum(handler.merge(model, *pair, row.on) for model, handler in concerned())
    return mended


def _absorbed(pairs: Iterable[tuple[str, str]]) -> set[UUID]:
    return {UUID(key) for pair in pairs for key in pair}
