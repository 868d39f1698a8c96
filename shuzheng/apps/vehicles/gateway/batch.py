"""Batches of positions as those send them that do not speak JT/T 808: the schema of the ways in by HTTPS and by MQTT.

No postponed annotations here: the API's routes are typed with these.
"""

from typing import Annotated

from pydantic import AwareDatetime, Field

from shuzheng.apps.vehicles.gateway.server import Known, line_of
from shuzheng.base.api.schemas import Strict
from shuzheng.protocols.jt808 import Location
from shuzheng.protocols.jt808.location import ACC, FIXED, FUEL, MILEAGE, SATELLITES, SOUTH, WEST, number_item

MOST = 1_000
DEEPEST, HIGHEST = -400, 9_000


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


def lines_of(known: Known, positions: list[PositionIn], received: float) -> list[bytes]:
    """Positions of a terminal's vehicle as lines of the journal; those that lie a day ahead are left out."""
    found = (line_of(known.vehicle, _location(item), received, late=True) for item in positions)
    return [line for line in found if line]


def is_number(text: str) -> bool:
    """Whether it may be the number of a terminal."""
    return text.isascii() and text.isdigit() and len(text) <= 20


def is_code(text: str) -> bool:
    """Whether it may be the code of a terminal."""
    return 0 < len(text) <= 64


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
