"""Drivers' cards that terminals have read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shuzheng.apps.vehicles.models import CardRead, Driver, Run, Vehicle
from shuzheng.base.core.action import Write, action


@dataclass(frozen=True, slots=True)
class Noted:
    """A card with what it means; the fields are those of ``CardRead``."""

    vehicle: Vehicle
    at: datetime
    way: int
    result: int | None
    name: str
    certificate: str
    driver: Driver | None
    run: Run | None
    differs: bool


@action("vehicles.card.note", permission="", event="vehicles.card.noted", system_only=True)
def note_cards(w: Write, vehicles: Sequence[Vehicle], *, cards: Sequence[Noted]) -> Sequence[CardRead]:
    """Keep that drivers' cards went in or out in these vehicles."""
    made = []
    for card in cards:
        row = CardRead(
            vehicle=card.vehicle, at=card.at, way=card.way, result=card.result, name=card.name, certificate=card.certificate,
            driver=card.driver, run=card.run, differs=card.differs,
        )  # fmt: skip
        row.node_id, row.path = card.vehicle.node_id, card.vehicle.path
        w.create(row)
        made.append(row)
    return made
