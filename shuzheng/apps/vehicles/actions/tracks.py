"""What is done about terminals and tracks. Positions themselves are stored set-wise by the gateway (``gateway.store``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.models import Run, Terminal, TrackAccess, Vehicle
from shuzheng.apps.vehicles.watching import Fact
from shuzheng.base.core.action import Write, action
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid

SHORTEST = 4
"""Characters of a reason to look at a track."""
LONGEST = 31
"""Days that one look may cover."""


@action("vehicles.terminal.admit", permission="", event="vehicles.terminal.admitted", system_only=True)
def admit_terminals(
    w: Write, terminals: Sequence[Terminal], *, code_hash: str, edition: int, device: str, maker: str, model: str
) -> Sequence[Terminal]:
    """A terminal has registered over the air: from now on it needs the code that it was given."""
    for terminal in terminals:
        w.change(
            terminal, code_hash=code_hash, edition=edition, device=device, maker=maker, model=model,
            registered_at=timezone.now(),
        )  # fmt: skip
    return terminals


@action("vehicles.terminal.reopen", handover=True, event="vehicles.terminal.reopened")
def reopen_terminals(w: Write, terminals: Sequence[Terminal]) -> Sequence[Terminal]:
    """Let terminals register anew: their code is void, and the next to register under the number gets one."""
    for terminal in terminals:
        w.change(terminal, code_hash="", device="", registered_at=None)
    return terminals


@action("vehicles.track.judge", permission="", event="vehicles.track.fact", system_only=True)
def tell_facts(w: Write, vehicles: Sequence[Vehicle], *, facts: Sequence[Fact]) -> Sequence[Vehicle]:
    """Say what positions show of these vehicles; who makes warnings of it takes the event up."""
    w.payload = {"facts": [fact.as_json() for fact in facts]}
    return vehicles


@action("vehicles.run.measure", permission="", system_only=True)
def measure_runs(w: Write, runs: Sequence[Run], *, km: Mapping[UUID, Decimal]) -> Sequence[Run]:
    """Note how far runs went by their tracks."""
    for run in runs:
        w.change(run, track_km=km[run.pk])
    return runs


@action("vehicles.track.look", event="vehicles.track.looked")
def look_at_tracks(
    w: Write, organs: Sequence[Node], *, vehicle: Vehicle, why: str, since: date, until: date
) -> Sequence[TrackAccess]:
    """Note that somebody looks at a vehicle's track, and why. ``organs``: the looker's own.

    Raises:
        Invalid: no reason that says anything, or more days than one look may cover.
    """
    if len(why.strip()) < SHORTEST:
        raise Invalid.one("why", _("写明查看轨迹的事由。"))
    if not 0 <= (until - since).days < LONGEST:
        raise Invalid.one("until", _("一次最多查看 %(n)d 天。") % {"n": LONGEST})
    looks: list[Any] = []
    for organ in organs:
        look = TrackAccess(vehicle=vehicle, by=w.actor.name, post=w.actor.id, why=why.strip(), since=since, until=until)
        look.own(organ)
        w.create(look)
        looks.append(look)
    return looks
