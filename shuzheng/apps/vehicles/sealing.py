"""Tracks of days that are over: each vehicle's day as one encrypted text; read again for whoever gave a reason; aged out by rule.

Points of a day: epoch second, place, speed, direction, altitude and odometer, packed, deflated, encrypted with SM4-GCM by
``core.keys``, so that ``shuzheng keys rotate`` takes tracks along.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from struct import Struct
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models.functions import TruncDate
from django.utils import timezone

from shuzheng.apps.vehicles import rules, staying
from shuzheng.apps.vehicles.actions.tracks import measure_runs
from shuzheng.apps.vehicles.models import Position, Run, Spot, TrackDay, Vehicle
from shuzheng.apps.vehicles.models.tracks import slot_of
from shuzheng.apps.vehicles.watching import BEIJING, DRIFT, STILL
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.keys import blind_index, decrypt, encrypt
from shuzheng.base.standards import resolve
from shuzheng.base.standards.working_days import is_working_day
from shuzheng.kernel import geo

FASTEST = 70.0
"""Metres a second that no car goes: what lies farther is a wrong position, and no distance."""
DAY = timedelta(days=1)
_POINT = Struct(">IiiHHiq")
_VERSION = b"1"


class Point(NamedTuple):
    """A point of a track: epoch second, millionths of a degree, 0.1 km/h, degrees, m, 0.1 km (-1: not told)."""

    at: int
    lon: int
    lat: int
    speed: int
    direction: int
    altitude: int
    mileage: int

    @property
    def place(self) -> geo.Point:
        return (self.lon / 1e6, self.lat / 1e6)

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(self.at, BEIJING)


def seal(points: Iterable[Point]) -> str:
    """The points as one encrypted text."""
    packed = zlib.compress(b"".join(_POINT.pack(*point) for point in points), 6)
    return encrypt(base64.b85encode(_VERSION + packed).decode())


def unseal(sealed: str) -> list[Point]:
    """The points again.

    Raises:
        KeyTrouble: the key is gone, or a byte was changed.
    """
    raw = base64.b85decode(decrypt(sealed))
    return [Point(*values) for values in _POINT.iter_unpack(zlib.decompress(raw[1:]))]


def metres(points: Sequence[Point]) -> float:
    """How far a track goes. A standing vehicle that drifts goes nowhere, and a leap that no car makes is none."""
    if not points:
        return 0.0
    total, last = 0.0, points[0]
    for point in points[1:]:
        away = geo.near(last.place, point.place)
        if away > FASTEST * max(1, point.at - last.at):
            continue
        if point.speed / 10 > STILL or away > DRIFT:
            total += away
            last = point
    return total


def bounds(day: date) -> tuple[datetime, datetime]:
    """Begin and end of a day in Beijing; the end is not included."""
    begin = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
    return begin, begin + DAY


def _open(vehicle: UUID, day: date) -> list[Point]:
    """Points of a day that are not sealed."""
    begin, end = bounds(day)
    rows = Position.objects.filter(slot=slot_of(day), vehicle_id=vehicle, at__gte=begin, at__lt=end).order_by("at")
    names = ("at", "lon", "lat", "speed", "direction", "altitude", "mileage")
    return [
        Point(int(at.timestamp()), lon, lat, speed, direction, altitude, -1 if mileage is None else mileage)
        for at, lon, lat, speed, direction, altitude, mileage in rows.values_list(*names)
    ]


def read(vehicle: UUID, day: date) -> list[Point]:
    """The track of a day, sealed or not. The caller has noted who looks, and why."""
    sealed = TrackDay.objects.filter(vehicle=vehicle, day=day).values_list("sealed", flat=True).first()
    return _joined(unseal(sealed) if sealed else [], _open(vehicle, day))


def _joined(*tracks: Sequence[Point]) -> list[Point]:
    return sorted({point.at: point for track in tracks for point in track}.values())


def due(today: date) -> list[tuple[UUID, date]]:
    """Vehicles and days that are over and have open points, oldest first."""
    rows = Position.objects.filter(at__lt=bounds(today)[0]).annotate(day=TruncDate("at", tzinfo=BEIJING))
    return list(rows.values_list("vehicle_id", "day").distinct().order_by("day", "vehicle_id"))


def seal_day(vehicle: Vehicle, day: date) -> int:
    """Seal what is open of a day, together with what was sealed of it before; how many points the day has then.

    Runs in the caller's transaction: the open points go when the sealed ones are there.
    """
    fresh = _open(vehicle.pk, day)
    if not fresh:
        return 0
    before = TrackDay.objects.select_for_update().filter(vehicle=vehicle, day=day).first()
    points = _joined(unseal(before.sealed) if before else [], fresh)
    row = before or TrackDay(vehicle=vehicle, day=day)
    row.node_id, row.path = vehicle.node_id, vehicle.path
    row.count, row.metres, row.sealed = len(points), round(metres(points)), seal(points)
    row.begins_at, row.ends_at = points[0].time, points[-1].time
    row.noted = note(vehicle, day, points)
    row.save()
    sealed = [point.time for point in fresh]
    for at in range(0, len(sealed), 5000):
        some = sealed[at : at + 5000]
        Position.objects.filter(slot=slot_of(day), vehicle_id=vehicle.pk, at__in=some).delete()
    return len(points)


def note(vehicle: Vehicle, day: date, points: Sequence[Point]) -> dict[str, Any]:
    """What supervision may know of a day without opening its track. Evaluated here, while the track lies open."""

    def limit(code: str) -> float:
        return float(rules.number(code, day, vehicle.path, held=book))

    book = resolve.current()
    limits = staying.Limits(
        limit("VEH-STATION-METRES"), limit("VEH-STOP-METRES"), limit("VEH-STOP-MINUTES"),
        (int(limit("VEH-NIGHT-FROM")), int(limit("VEH-NIGHT-TO"))),
    )  # fmt: skip
    spots = [(s.kind, str(s.pk), (float(s.lon), float(s.lat))) for s in Spot.objects.filter(node=vehicle.node_id)]

    def mark(x: int, y: int) -> str:
        return blind_index("vehicles.trackday.stop", f"{vehicle.pk}|{x}|{y}")[:20]

    return staying.noted(
        points, int(bounds(day)[0].timestamp()), limits, works=is_working_day(day, vehicle.path, book=book),
        stations={pk: place for kind, pk, place in spots if kind == Spot.Sort.STATION}, sites=[place for *_, place in spots],
        mark=mark,
    )  # fmt: skip


def seal_all(actor: Actor, today: date) -> int:
    """Seal all days before ``today``, each in a transaction of its own; how many. Broken off, it goes on where it stopped."""
    done = 0
    with actor.scope.activate():
        waiting = due(today)
    for pk, day in waiting:
        with actor.scope.activate():
            vehicle = Vehicle.objects.filter(pk=pk).first()
            if vehicle is not None and seal_day(vehicle, day):
                measure(vehicle, day, actor)
                done += 1
    return done


def measure(vehicle: Vehicle, day: date, actor: Actor) -> None:
    """Note the distance by track of the runs that ended on ``day``."""
    begin, end = bounds(day)
    runs = list(Run.objects.filter(vehicle=vehicle, back_at__gte=begin, back_at__lt=end).exclude(out_at=None))
    km = {}
    for run in runs:
        since, until = run.out_at, run.back_at
        if since is None or until is None:
            continue
        first, last = since.astimezone(BEIJING).date(), until.astimezone(BEIJING).date()
        days = [first + n * DAY for n in range((last - first).days + 1)]
        points = [p for d in days for p in read(vehicle.pk, d) if since.timestamp() <= p.at <= until.timestamp()]
        km[run.pk] = Decimal(round(metres(points))) / 1000
    if measured := [run for run in runs if run.pk in km]:
        measure_runs(measured, actor=actor, km=km)


def age(today: date) -> int:
    """Delete tracks that are older than the rule lets them become where they are (VEH-TRACK-DAYS); how many days of vehicles."""
    book, gone = resolve.current(), 0
    for path in TrackDay.objects.filter(day__lt=today).values_list("path", flat=True).distinct():
        days = int(rules.number("VEH-TRACK-DAYS", today, path, held=book))
        gone += TrackDay.objects.filter(path=path, day__lt=today - days * DAY).delete()[0]
    return gone


def today() -> date:
    """The day in Beijing."""
    return timezone.now().astimezone(BEIJING).date()
