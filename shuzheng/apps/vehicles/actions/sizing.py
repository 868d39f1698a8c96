"""Right-sizing: asked for by somebody, reckoned by a job, kept with its proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shuzheng.apps.vehicles.models import SizingRun
from shuzheng.base.core.action import Write, action


@action("vehicles.sizing.ask")
def ask_sizing(w: Write, rows: Sequence[SizingRun]) -> Sequence[SizingRun]:
    """Ask for a reckoning; ``jobs.reckon`` answers it."""
    for row in rows:
        row.asked_by = w.actor.name
        w.create(row)
    return rows


@action("vehicles.sizing.finish", permission="vehicles.sizing.ask")
def finish_sizing(w: Write, rows: Sequence[SizingRun], *, result: Mapping[str, Any]) -> Sequence[SizingRun]:
    """Keep the answer; without journeys there is none."""
    for row in rows:
        w.change(row, state=SizingRun.State.DONE if result else SizingRun.State.EMPTY, result=dict(result))
    return rows
