"""The simple way in for positions: a batch over HTTPS, for terminals and platforms that do not speak JT/T 808.

The bearer key is ``<terminal number>:<code>``, with the code that the terminal was given when it registered.
No postponed annotations here: the routes are typed with schemas.
"""

import time
from datetime import datetime
from typing import Annotated, Any

from django.db import connection, transaction
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.security import HttpBearer
from pydantic import AwareDatetime, Field

from shuzheng.apps.vehicles.gateway import store
from shuzheng.apps.vehicles.gateway.server import Known, line_of
from shuzheng.apps.vehicles.gateway.terminals import Directory
from shuzheng.base.api import limits
from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict
from shuzheng.protocols.jt808 import Location
from shuzheng.protocols.jt808.location import ACC, FIXED, FUEL, MILEAGE, SATELLITES, SOUTH, WEST, number_item

MOST = 1_000
DEEPEST, HIGHEST = -400, 9_000
_directory = Directory()


class TerminalKey(HttpBearer):
    """A terminal's own key. It opens this one route and nothing else."""

    def authenticate(self, request: HttpRequest, token: str) -> Known | None:
        number, _, code = token.partition(":")
        if not (number.isascii() and number.isdigit() and len(number) <= 20 and 0 < len(code) <= 64):
            return None
        known = _directory.authenticate(number, code)
        if known is not None:
            limits.count(f"terminal:{number}")
        return known


class PositionIn(Strict):
    """``lon``, ``lat``: degrees of WGS-84. ``mileage`` of the odometer in km, ``fuel`` in the tank in litres."""

    at: AwareDatetime
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    speed_kmh: Annotated[float, Field(ge=0, le=400)] = 0
    direction: Annotated[int, Field(ge=0, le=359)] = 0
    altitude: Annotated[int, Field(ge=DEEPEST, le=HIGHEST)] = 0
    acc: bool = True
    mileage: Annotated[float, Field(ge=0, le=10_000_000)] | None = None
    fuel: Annotated[float, Field(ge=0, le=2_000)] | None = None
    satellites: Annotated[int, Field(ge=0, le=100)] | None = None


class BatchIn(Strict):
    positions: Annotated[list[PositionIn], Field(min_length=1, max_length=MOST)]


class BatchOut(Schema):
    """How many were taken. What was stored before is not stored twice, and counts; what lies a day ahead is not taken."""

    taken: int
    until: datetime


router = Router(tags=["公务用车"], auth=TerminalKey())


@router.post(
    "/positions",
    response={200: BatchOut, **{c: REFUSALS[c] for c in (401, 422, 429)}},
    operation_id="vehicles_positions",
)
def positions(request: HttpRequest, body: BatchIn) -> dict[str, Any]:
    """Store positions of the terminal's vehicle. Sent again, they have no second effect."""
    known: Known = request.auth  # type: ignore[attr-defined]
    now = time.time()
    lines = [line for item in body.positions if (line := line_of(known.vehicle, _location(item), now, late=True))]
    if lines:
        with transaction.atomic():
            connection.ensure_connection()
            store.prepare(connection.connection)
            store.store(connection.connection, b"".join(lines))
    return {"taken": len(lines), "until": max(item.at for item in body.positions)}


def _location(item: PositionIn) -> Location:
    items = []
    if item.mileage is not None:
        items.append(number_item(MILEAGE, round(item.mileage * 10), 4))
    if item.fuel is not None:
        items.append(number_item(FUEL, round(item.fuel * 10), 2))
    if item.satellites is not None:
        items.append(number_item(SATELLITES, item.satellites, 1))
    status = FIXED | (ACC if item.acc else 0) | (SOUTH if item.lat < 0 else 0) | (WEST if item.lon < 0 else 0)
    return Location(
        item.at, round(abs(item.lat) * 1e6), round(abs(item.lon) * 1e6), 0, status, item.altitude, round(item.speed_kmh * 10),
        item.direction, tuple(items),
    )  # fmt: skip
