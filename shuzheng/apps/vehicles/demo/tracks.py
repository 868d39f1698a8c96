"""Tracks of the demo: terminals and fences of the county that newcomers see, a fortnight of sealed days, where its cars are now.

Lines are made up: from place to place, with the bends that a road has. Three rides of the last days had no order; what
judges positions (``watch``) has to find them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from math import atan2, cos, degrees, pi, radians, sin
from random import Random
from typing import Any
from uuid import UUID

from django.utils import timezone

from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import (
    CardRead,
    Command,
    Driver,
    Fence,
    Intake,
    Place,
    Position,
    Run,
    Spot,
    Terminal,
    TrackDay,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.tracks import slot_of
from shuzheng.apps.vehicles.sealing import Point, metres, note, seal
from shuzheng.apps.vehicles.supervision.scan import take_facts
from shuzheng.apps.vehicles.watching import BEIJING, OTHER_DRIVER, Fact
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.kernel import geo
from shuzheng.protocols.jt808.messages import UNSUPPORTED

DAYS = 14
"""Of runs that have tracks."""
EVERY = 30
"""Seconds between two positions."""
STATUS = 3
"""Ignition on, satellites seen."""
PARK = ("南尖岩景区", 28.372, 119.048)
RIDES = ((1, 20.5, 50), (2, 14.0, 60), (5, 9.0, 95))
"""Without an order: days ago, hour, highest km/h."""


def load(path: str, today: date) -> None:
    """For the vehicles of the organs below ``path``. Runs under a system scope, after the fleet."""
    vehicles = list(below(Vehicle.objects.exclude(state=VehicleState.DISPOSED), path).select_related("home", "node"))
    if not vehicles:
        return
    terminals = []
    for n, vehicle in enumerate(vehicles):
        terminal = Terminal(
            vehicle=vehicle,
            number=str(13957810000 + n),
            maker="演示",
            model="SZ-808",
            sim=f"89860000000000{n:06}",
            registered_at=None if n == len(vehicles) - 1 else timezone.now() - timedelta(days=260 - n),
        )
        terminal.own(vehicle.node)
        terminals.append(terminal)
    insert_many(terminals)
    _told(terminals)
    _cards(vehicles, today)
    _fences(vehicles[0])
    tracks = _fortnight(vehicles, today)
    insert_many([sealed_day(vehicle, day, points) for (vehicle, day), points in tracks.items()])
    _rides(vehicles, today)
    _now(vehicles, today)


def _told(terminals: Sequence[Terminal]) -> None:
    """Commands: done, refused, and one that waits for its terminal."""
    now = timezone.now()
    by, why = "陈晓", "汛期安全提醒"
    read = {"parameters": {"interval": 30, "asleep": 300, "speed": 120, "heartbeat": 60}, "others": 14}
    told: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
        ("text", {"text": "今日有强降雨，请减速慢行，勿走临水路段。", "spoken": True}, "done", {}),
        ("read", {}, "done", read),
        ("properties", {}, "refused", {"result": UNSUPPORTED}),
        ("locate", {}, "waiting", {}),
    ]
    rows = []
    for terminal, (kind, content, state, answer) in zip(terminals, told, strict=False):
        at = None if state == "waiting" else now
        row = Command(
            terminal=terminal, kind=kind, content=content, why=why, by=by, state=state, answer=answer, tries=int(at is not None),
            until=now + timedelta(hours=24), sent_at=at, answered_at=at,
        )  # fmt: skip
        row.node_id, row.path = terminal.node_id, terminal.path
        rows.append(row)
    insert_many(rows)


def _cards(vehicles: Sequence[Vehicle], today: date) -> None:
    """Drivers put their cards in when they set out, and take them out when they are back. Once somebody else drove than was sent."""
    since = datetime.combine(today - timedelta(days=DAYS), datetime.min.time(), BEIJING)
    runs = (
        Run.objects.filter(vehicle__in=vehicles, out_at__gte=since).select_related("driver__person").order_by("out_at")
    )
    rows = []
    for run in runs:
        ways = ((CardRead.Way.IN, run.out_at, 0), (CardRead.Way.OUT, run.back_at, None))
        for way, at, result in ways:
            if at is not None:
                out = way == CardRead.Way.OUT
                row = CardRead(
                    vehicle_id=run.vehicle_id, at=at, way=way, result=result, run=run, driver=None if out else run.driver,
                    name="" if out else run.driver.person.name,
                )  # fmt: skip
                row.node_id, row.path = run.node_id, run.path
                rows.append(row)
    if not rows:
        return
    mine = [row for row in rows if row.way == CardRead.Way.IN][len(rows) // 4]
    if other := Driver.objects.filter(node=mine.node_id).exclude(pk=mine.driver_id).select_related("person").first():
        sent, mine.driver, mine.name, mine.differs = mine.driver, other, other.person.name, True
        fact = Fact(
            mine.vehicle_id,
            OTHER_DRIVER,
            mine.at,
            None,
            str(mine.run_id),
            words={"card_driver": mine.who, "order_driver": str(sent)},
        )
        take_facts([fact.as_json()], actor=system_actor("vehicles.watch"))
    insert_many(rows, ignore_conflicts=True)


def _fences(vehicle: Vehicle) -> None:
    lot = vehicle.home
    if lot is None:
        return
    lon, lat = float(lot.lon), float(lot.lat)
    county = [[lon + 0.42 * sin(n / 12 * pi), lat + 0.33 * cos(n / 12 * pi)] for n in range(24)]
    shapes = [
        ("机关大院停车场", Fence.Area.HOME, {"circle": [lon, lat, 120]}),
        ("县域", Fence.Area.REGION, {"polygon": county}),
        (PARK[0], Fence.Area.SENSITIVE, {"circle": [PARK[2], PARK[1], 600]}),
    ]
    fences = [Fence(name=name, area=area, shape=shape) for name, area, shape in shapes]
    for fence in fences:
        fence.own(vehicle.node)
    insert_many(fences)


def road(begin: geo.Point, end: geo.Point, random: Random) -> list[geo.Point]:
    """A line with bends, a hundred points long."""
    across = (end[1] - begin[1], begin[0] - end[0])
    bends = [(random.uniform(-0.09, 0.09), n) for n in (1, 2, 3, 5)]
    line = []
    for step in range(101):
        share = step / 100
        off = sum(size / n * sin(n * pi * share) for size, n in bends)
        line.append(
            (
                begin[0] + (end[0] - begin[0]) * share + across[0] * off,
                begin[1] + (end[1] - begin[1]) * share + across[1] * off,
            )
        )
    return line


def drive(line: Sequence[geo.Point], begin: datetime, kmh: float, random: Random) -> Iterator[Point]:
    """Positions along a line, a little slower and faster."""
    at, left, place = begin.timestamp(), 0.0, line[0]
    speed = kmh
    for a, b in zip(line, line[1:], strict=False):
        stretch = geo.near(a, b)
        heading = round(degrees(atan2((b[0] - a[0]) * cos(radians(a[1])), b[1] - a[1]))) % 360
        gone = left
        while gone < stretch:
            share = gone / stretch
            place = (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            yield Point(round(at), round(place[0] * 1e6), round(place[1] * 1e6), round(speed * 10), heading, 60, -1)
            speed = max(15.0, min(kmh * 1.15, speed + random.uniform(-6, 6)))
            gone += speed / 3.6 * EVERY
            at += EVERY
        left = gone - stretch


def there_and_back(
    home: geo.Point, goal: geo.Point, begin: datetime, stay: float, kmh: float, random: Random
) -> list[Point]:
    """A drive to a goal, minutes there, and the way back."""
    line = road(home, goal, random)
    out = list(drive(line, begin, kmh, random))
    rest = [out[-1]._replace(at=out[-1].at + n * 60, speed=0) for n in range(1, round(stay))]
    since = datetime.fromtimestamp((rest or out)[-1].at + 60, BEIJING)
    return [*out, *rest, *drive(line[::-1], since, kmh, random)]


def _fortnight(vehicles: Sequence[Vehicle], today: date) -> dict[tuple[Vehicle, date], list[Point]]:
    known = {vehicle.pk: vehicle for vehicle in vehicles}
    since = datetime.combine(today - timedelta(days=DAYS), datetime.min.time(), BEIJING)
    until = datetime.combine(today, datetime.min.time(), BEIJING)
    runs = (
        Run.objects.filter(vehicle__in=known, out_at__gte=since, back_at__lt=until)
        .prefetch_related("trips")
        .order_by("out_at")
    )
    tracks: dict[tuple[Vehicle, date], list[Point]] = {}
    for run in runs:
        vehicle, places = known[run.vehicle_id], [s for trip in run.trips.all() for s in trip.stops]
        if vehicle.home is None or len(places) < 2 or run.out_at is None or run.back_at is None:
            continue
        random = Random(f"track {run.pk}")  # noqa: S311 -- made-up data
        home, goal = (float(vehicle.home.lon), float(vehicle.home.lat)), (places[-1]["lon"], places[-1]["lat"])
        points = there_and_back(home, goal, run.out_at, 45, 62 if geo.near(home, goal) > 8_000 else 38, random)
        day = run.out_at.astimezone(BEIJING).date()
        mine = tracks.setdefault((vehicle, day), [])
        mine += [p for p in points if p.time.date() == day and (not mine or p.at > mine[-1].at)]
    return tracks


def sealed_day(vehicle: Vehicle, day: date, points: list[Point]) -> TrackDay:
    """A day as ``sealing`` leaves it."""
    return TrackDay(
        vehicle=vehicle, node_id=vehicle.node_id, path=vehicle.path, day=day, count=len(points), metres=round(metres(points)),
        begins_at=points[0].time, ends_at=points[-1].time, sealed=seal(points),
        noted=note(vehicle, day, points),
    )  # fmt: skip


def _rides(vehicles: Sequence[Vehicle], today: date) -> None:
    """Positions that nobody has judged yet: the worker does, within a minute."""
    rows, spans = [], {}
    homed = [v for v in vehicles if v.home is not None and v.state == VehicleState.IN_USE]
    for n, (ago, hour, kmh) in enumerate(RIDES[: len(homed)]):
        vehicle = homed[-1 - n]
        begin = datetime.combine(today - timedelta(days=ago), datetime.min.time(), BEIJING) + timedelta(hours=hour)
        home = (float(vehicle.home.lon), float(vehicle.home.lat))
        points = there_and_back(home, (PARK[2], PARK[1]), begin, 40, kmh, Random(f"ride {n}"))  # noqa: S311
        rows += [_position(vehicle, point) for point in points]
        spans[str(vehicle.pk)] = [points[0].time.isoformat(), points[-1].time.isoformat()]
    insert_many(rows)
    Intake.objects.create(spans=spans)


def _position(vehicle: Vehicle, point: Point) -> Position:
    at = point.time
    return Position(
        slot=slot_of(at.date()), vehicle_id=vehicle.pk, node_id=vehicle.node_id, path=vehicle.path, at=at, lon=point.lon,
        lat=point.lat, altitude=point.altitude, speed=point.speed, direction=point.direction, status=STATUS, alarm=0,
        mileage=None, fuel=None, satellites=14, received_at=at, late=False,
    )  # fmt: skip


def _now(vehicles: Sequence[Vehicle], today: date) -> None:
    """Where they are: those on the road somewhere on it, the others at the lot, one not heard for two days."""
    now, spots = timezone.now(), list(Spot.objects.filter(node=vehicles[0].node_id))
    out: set[UUID] = set(
        Run.objects.filter(state=Run.State.OUT, vehicle__in=vehicles).values_list("vehicle_id", flat=True)
    )
    places: list[Any] = []
    for n, vehicle in enumerate(vehicles):
        if vehicle.home is None:
            continue
        random = Random(f"now {n}")  # noqa: S311 -- made-up data
        home = (float(vehicle.home.lon), float(vehicle.home.lat))
        moving = vehicle.pk in out
        goal = random.choice([s for s in spots if s.pk != vehicle.home_id] or spots) if moving else None
        at = (
            road(home, (float(goal.lon), float(goal.lat)), random)[60]
            if goal
            else (home[0] + n % 6 * 2e-5, home[1] + n // 6 * 3e-5)
        )
        heard = now - (timedelta(days=2) if n == 7 else timedelta(seconds=20))
        places.append(
            Place(
                vehicle=vehicle,
                node_id=vehicle.node_id,
                path=vehicle.path,
                at=heard,
                lon=round(at[0] * 1e6),
                lat=round(at[1] * 1e6),
                speed=420 if moving else 0,
                direction=random.randint(0, 359),
                status=STATUS if moving else 2,
                mileage=None,
                heard_at=heard,
                moved_at=now,
                watched={},
            )  # fmt: skip
        )
    insert_many(places)
