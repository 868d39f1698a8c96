"""Drivers' cards on their way from the terminal into the database: a line of the journal, and what it says about the run.

Of the card only name and certificate number are taken; identity number and issuer are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from shuzheng.apps.vehicles.actions.cards import Noted, note_cards
from shuzheng.apps.vehicles.actions.tracks import tell_facts
from shuzheng.apps.vehicles.models import CardRead, Driver, Run, Vehicle
from shuzheng.apps.vehicles.watching import BEIJING, OTHER_DRIVER, Fact
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.keys import decrypt
from shuzheng.kernel.text import fold
from shuzheng.protocols.jt808 import messages as m

MARK = b"card\t"
EARLY = timedelta(hours=1)
"""How long before a run's planned beginning its driver may put the card in."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a line says."""

    vehicle: UUID
    at: datetime
    way: int
    result: int | None
    name: str
    certificate: str


def line_of(vehicle: UUID, said: m.DriverIdentity, received: float, ahead: float) -> bytes:
    """A card as a line of the journal. A terminal that tells no time (2011), or one that is to come, is taken at its receipt."""
    at = said.at.timestamp() if said.at is not None else received
    told = {
        "vehicle": str(vehicle), "at": int(at if at <= received + ahead else received), "result": said.result,
        "way": int(CardRead.Way.IN if said.state == m.CARD_IN else CardRead.Way.OUT), "name": said.name[:60],
        "certificate": said.certificate,
    }  # fmt: skip
    return MARK + json.dumps(told).encode() + b"\n"


def parted(lines: bytes) -> tuple[bytes, list[Card]]:
    """Positions, as they came, and cards."""
    if MARK not in lines:
        return lines, []
    each = lines.splitlines(keepends=True)
    cards = [_card(json.loads(line.removeprefix(MARK))) for line in each if line.startswith(MARK)]
    return b"".join(line for line in each if not line.startswith(MARK)), cards


def _card(told: dict[str, Any]) -> Card:
    at = datetime.fromtimestamp(told["at"], BEIJING)
    return Card(UUID(told["vehicle"]), at, told["way"], told["result"], told["name"], told["certificate"])


def note(cards: Sequence[Card], actor: Actor) -> None:
    """Keep cards, each once, and tell which show another driver than was sent. ``actor``: the system's, of the intake."""
    with actor.scope.activate():
        vehicles = Vehicle.objects.in_bulk({card.vehicle for card in cards})
        had = set(
            CardRead.objects.filter(vehicle__in=vehicles, at__in={c.at for c in cards}).values_list("vehicle_id", "at", "way")
        )  # fmt: skip
        fresh = {(c.vehicle, c.at, c.way): c for c in cards if c.vehicle in vehicles}
        new = [_noted(card, vehicles[card.vehicle]) for key, card in fresh.items() if key not in had]
        if not new:
            return
        reads = note_cards(list({n.vehicle.pk: n.vehicle for n in new}.values()), actor=actor, cards=new)
        facts = [
            Fact(r.vehicle_id, OTHER_DRIVER, r.at, None, str(r.run_id), words={"card_driver": r.who, "order_driver": str(r.run.driver)})
            for r in reads if r.differs and r.run is not None
        ]  # fmt: skip
        if facts:
            told = {r.vehicle_id for r in reads if r.differs}
            tell_facts([vehicles[pk] for pk in told], actor=actor, facts=facts)


def _noted(card: Card, vehicle: Vehicle) -> Noted:
    run = _run(vehicle, card.at)
    driver = _driver(card.certificate, vehicle, run)
    differs = False
    if run is not None and card.way == CardRead.Way.IN and card.result == 0:
        # A card that nobody has is another's only if we know the number of the one who was sent.
        differs = driver.person_id != run.driver.person_id if driver else bool(run.driver.certificate)
    return Noted(vehicle, card.at, card.way, card.result, card.name, card.certificate, driver, run, differs)


def _run(vehicle: Vehicle, at: datetime) -> Run | None:
    """The run of a vehicle at a time: the one that is out, else the one that is about to begin."""
    out = Q(out_at__lte=at) & (Q(back_at=None) | Q(back_at__gte=at))
    planned = Q(out_at=None, begins__lte=at + EARLY, ends__gte=at)
    rows = Run.objects.filter(out | planned, vehicle=vehicle).exclude(state=Run.State.DROPPED)
    return rows.select_related("driver__person").order_by("out_at", "begins").first()


def _driver(certificate: str, vehicle: Vehicle, run: Run | None) -> Driver | None:
    """Whose certificate it is, among the drivers of the vehicle's organ and the one who was sent."""
    if not fold(certificate):
        return None
    mine = Q(node=vehicle.node_id) | (Q(pk=run.driver_id) if run is not None else Q())
    drivers: Iterable[Driver] = (
        Driver.objects.filter(mine).exclude(certificate="").select_related("person").order_by("pk")
    )
    wanted = fold(certificate).upper()
    return next((d for d in drivers if fold(decrypt(d.certificate)).upper() == wanted), None)
