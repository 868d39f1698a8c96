"""Proposals that a job makes: asked for, answered, dropped. What comes of one is written by ``assign_trips``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shuzheng.apps.vehicles.models import Proposal
from shuzheng.base.core.action import Write, action


@action("vehicles.proposal.ask", permission="vehicles.trip.dispatch")
def ask_proposals(w: Write, rows: Sequence[Proposal]) -> Sequence[Proposal]:
    """Ask for proposals of days; ``jobs.propose`` answers. What was proposed for the day before this is dropped."""
    for row in rows:
        w.delete(*Proposal.objects.filter(node=row.node_id, day=row.day))
        w.flush()
        row.asked_by = w.actor.name
        w.create(row)
    return rows


@action("vehicles.proposal.finish", permission="vehicles.trip.dispatch")
def finish_proposals(w: Write, rows: Sequence[Proposal], *, result: Mapping[str, Any]) -> Sequence[Proposal]:
    """Keep the plan that was made."""
    for row in rows:
        w.change(row, state=Proposal.State.DONE, result=dict(result))
    return rows


@action("vehicles.proposal.drop", permission="vehicles.trip.dispatch")
def drop_proposals(w: Write, rows: Sequence[Proposal]) -> Sequence[Proposal]:
    """A proposal is not wanted any more."""
    w.delete(*rows)
    return rows
