"""Vehicles with terminals, and positions of theirs, for tests about tracks."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import psycopg
from django.db import connection

from shuzheng.apps.vehicles.gateway import store
from shuzheng.apps.vehicles.gateway.server import line_of
from shuzheng.apps.vehicles.models import Fence, Run, Spot, Terminal, Vehicle
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node
from shuzheng.kernel.geo import DEGREE
from shuzheng.protocols.jt808 import Location
from shuzheng.protocols.jt808.fields import BEIJING

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING)
LOT = (119.922_000, 28.467_000)


def add_vehicle(node: Node, n: int, *, at_lot: bool = True) -> Vehicle:
    """A car in use, parked at the lot."""
    spot = None
    with system_scope("tests").activate():
        if at_lot:
            spot = Spot(name=f"院内停车场{n}", kind=Spot.Sort.LOT, lon=Decimal(str(LOT[0])), lat=Decimal(str(LOT[1])))
            spot.own(node)
            spot.save(force_insert=True)
        vehicle = Vehicle(
            plate=f"浙K0A{n:03}", vin=f"LSVAA4182E2{n:06}", body="1", brand="红旗 H5", seats=5, fuel="1", price=Decimal(150_000),
            displacement=Decimal("1.5"), registered_on=date(2022, 3, 1), title_holder=node.name, use="5", home=spot,
        )  # fmt: skip
        vehicle.own(node)
        vehicle.save(force_insert=True)
    return vehicle


def add_terminal(vehicle: Vehicle, number: str, **values: object) -> Terminal:
    with system_scope("tests").activate():
        terminal = Terminal(vehicle=vehicle, number=number, **values)
        terminal.own(vehicle.node)
        terminal.save(force_insert=True)
    return terminal


def add_fence(node: Node, name: str, area: str, shape: dict) -> Fence:
    with system_scope("tests").activate():
        fence = Fence(name=name, area=area, shape=shape)
        fence.own(node)
        fence.save(force_insert=True)
    return fence


def add_run(vehicle: Vehicle, driver: object, begins: datetime, ends: datetime, **values: object) -> Run:
    with system_scope("tests").activate():
        run = Run(vehicle=vehicle, driver=driver, begins=begins, ends=ends, **values)
        run.own(vehicle.node)
        run.save(force_insert=True)
    return run


def north(metres: float) -> tuple[float, float]:
    return (LOT[0], LOT[1] + metres / DEGREE)


def location(minute: float, metres: float, kmh: float = 0, *, day: datetime = MONDAY) -> Location:
    """Somewhere north of the lot, so many minutes after nine."""
    lon, lat = north(metres)
    at = day + timedelta(minutes=minute)
    return Location(at, round(lat * 1e6), round(lon * 1e6), speed=round(kmh * 10), direction=90)


def put(vehicle: UUID, *locations: Location, late: bool = False) -> None:
    """Store positions as the gateway does, in the test's own transaction."""
    received = max(place.at for place in locations if place.at).timestamp() + 1
    lines = b"".join(line_of(vehicle, place, received, late) or b"" for place in locations)
    connection.ensure_connection()
    raw: psycopg.Connection = connection.connection
    store.prepare(raw)
    store.store(raw, lines)
