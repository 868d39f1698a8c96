"""What positions say about the use of a vehicle: a pure function over a batch, with no database and no clock.

``judge`` takes the positions of one vehicle in order of time, what was known before (``State``), and what there is to hold
them against (``Setting``: fences, orders, days on which vehicles stay locked up, limits from the rules). It gives facts:
what kind, when, where, how much. Who makes warnings of them decides what they mean (docs/vehicles-tracks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from math import cos, radians
from typing import Any
from uuid import UUID

from shuzheng.kernel import geo
from shuzheng.kernel.geo import Point

BEIJING = timezone(timedelta(hours=8))

ENTERED, LEFT = "fence_entered", "fence_left"
AWAY = "left_home_without_order"
SPEEDING = "speeding"
HOLIDAY = "moved_on_holiday"
NIGHT = "moved_at_night"
LOCKED = "moved_while_locked"
LONG_STOP = "long_stop_at_sensitive_place"
OFF_ROUTE = "off_route"
OFFLINE = "offline"
OTHER_DRIVER = "other_driver"
"""Not of positions: a driver's card shows it (``gateway.cards``)."""
KINDS = (ENTERED, LEFT, AWAY, SPEEDING, HOLIDAY, NIGHT, LOCKED, LONG_STOP, OFF_ROUTE, OFFLINE, OTHER_DRIVER)

STILL = 3.0
"""km/h up to which a vehicle counts as standing: satellites alone make one drift."""
DRIFT = 30.0
"""Metres that satellites make a standing vehicle drift."""
LASTING = 30.0
"""Seconds that a speed must last: one odd measurement is none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One position. ``speed`` in km/h, place in degrees of WGS-84."""

    at: datetime
    place: Point
    speed: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules say on the day (rules.yaml, ``vehicles.*``)."""

    home_metres: float
    speed_kmh: float
    stop_minutes: float
    off_route_metres: float
    offline_hours: float
    night: tuple[int, int] = (24, 0)
    """Hours of the day (Beijing) at which night begins and ends."""

    def is_night(self, at: datetime) -> bool:
        hour = at.astimezone(BEIJING).hour
        return hour >= self.night[0] or hour < self.night[1]


@dataclass(frozen=True, slots=True)
class Area:
    """A fence, made ready: its box first, so that most are passed over quickly."""

    id: str
    kind: str
    circle: tuple[float, float, float] | None = None
    ring: tuple[Point, ...] = ()
    box: tuple[float, float, float, float] = (0, 0, 0, 0)

    @classmethod
    def of(cls, id: str, kind: str, shape: Mapping[str, Any]) -> Area:
        """From a fence's shape.

        Raises:
            ValueError: it is neither a circle nor a polygon of three corners or more.
        """
        try:
            if "circle" in shape:
                lon, lat, metres = map(float, shape["circle"])
                north = metres / geo.DEGREE
                east = north / cos(radians(lat))
                if metres <= 0 or not (-180 <= lon <= 180 and -85 <= lat <= 85):
                    raise ValueError
                return cls(id, kind, (lon, lat, metres), (), (lon - east, lat - north, lon + east, lat + north))
            ring = tuple((float(lon), float(lat)) for lon, lat in shape["polygon"])
            lons, lats = [p[0] for p in ring], [p[1] for p in ring]
            if len(ring) < 3 or not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in ring):
                raise ValueError
        except (KeyError, TypeError, ValueError):
            raise ValueError("neither a circle nor a polygon") from None
        return cls(id, kind, None, ring, (min(lons), min(lats), max(lons), max(lats)))

    def has(self, point: Point) -> bool:
        west, south, east, north = self.box
        if not (west <= point[0] <= east and south <= point[1] <= north):
            return False
        if self.circle is not None:
            return geo.near(point, self.circle[:2]) <= self.circle[2]
        return geo.within(point, self.ring)

    def off(self, point: Point) -> float:
        """Metres from a point outside to the fence; nought inside."""
        if self.has(point):
            return 0.0
        if self.circle is not None:
            return max(0.0, geo.near(point, self.circle[:2]) - self.circle[2])
        return geo.off(point, (*self.ring, self.ring[0]))


class Areas:
    """Fences found by place: cells of a grid, each with those whose box touches it."""

    CELL = 0.02
    """Degrees: about two kilometres."""
    WIDE = 400
    """Cells past which a fence stands outside the grid and is asked each time: a province."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.all = list(areas)
        self._cells: dict[tuple[int, int], list[Area]] = {}
        self._wide: list[Area] = []
        for area in self.all:
            west, south, east, north = (int(v // self.CELL) for v in area.box)
            if (east - west + 1) * (north - south + 1) > self.WIDE:
                self._wide.append(area)
                continue
            for x in range(west, east + 1):
                for y in range(south, north + 1):
                    self._cells.setdefault((x, y), []).append(area)

    def at(self, point: Point) -> list[Area]:
        """The fences that a point is in."""
        near = self._cells.get((int(point[0] // self.CELL), int(point[1] // self.CELL)), ())
        return [area for area in (*near, *self._wide) if area.has(point)]


@dataclass(frozen=True, slots=True)
class Order:
    """A trip that was ordered: when, and the line it was to follow, if one is known."""

    id: str
    begin: datetime
    end: datetime
    route: tuple[Point, ...] = ()

    def covers(self, at: datetime) -> bool:
        return self.begin <= at <= self.end


@dataclass(frozen=True)
class Setting:
    """What one vehicle's positions are held against."""

    limits: Limits
    areas: Areas
    orders: Sequence[Order] = ()
    locked: bool = False
    holidays: frozenset[date] = frozenset()
    home: Sequence[Area] = ()

    def order(self, at: datetime) -> Order | None:
        return next((order for order in self.orders if order.covers(at)), None)


@dataclass(frozen=True)
class State:
    """What is known of a vehicle between batches. ``open`` says since when something lasts, by kind."""

    at: datetime | None = None
    place: Point | None = None
    inside: frozenset[str] | None = None
    open: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        found["at"] = self.at.isoformat() if self.at else None
        found["inside"] = None if self.inside is None else sorted(self.inside)
        return found

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> State:
        if not value:
            return cls()
        place, inside = value["place"], value["inside"]
        return cls(
            datetime.fromisoformat(value["at"]) if value["at"] else None,
            (place[0], place[1]) if place else None,
            None if inside is None else frozenset(inside),
            dict(value["open"]),
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that positions show. ``figures`` are in the units that their names say; the same fact is found once.

    (vehicle, kind, subject, at) tells it. ``subject``: the fence, or the order, that it is about; empty when there is none.
    """

    vehicle: UUID
    kind: str
    at: datetime
    place: Point | None
    subject: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "vehicle": str(self.vehicle), "kind": self.kind, "at": self.at.isoformat(),
            "place": list(self.place) if self.place else None, "subject": self.subject, "figures": dict(self.figures),
            "words": dict(self.words),
        }  # fmt: skip


def judge(vehicle: UUID, track: Sequence[Seen], state: State, setting: Setting) -> tuple[list[Fact], State]:
    """Facts of a vehicle's next positions, and what to know for those after.

    Positions not after the state's time are passed over: they were judged, or came too late to be judged in order.
    """
    facts: list[Fact] = []
    for seen in track:
        if state.at is not None and seen.at <= state.at:
            continue
        state = _step(vehicle, seen, state, setting, facts)
    return facts, state


def _step(vehicle: UUID, seen: Seen, state: State, setting: Setting, facts: list[Fact]) -> State:
    limits, running = setting.limits, dict(state.open)
    order = setting.order(seen.at)
    moving = seen.speed > STILL

    def lasts(kind: str, *, holds: bool, needs: float, subject: str = "", **figures: float) -> None:
        """``kind`` holds at this position: a fact once it has lasted ``needs`` seconds, and again only after it ended."""
        if not holds:
            running.pop(kind, None)
            return
        since = running.get(kind, "")
        if since.endswith("!"):  # was told
            return
        if not since:
            running[kind] = since = seen.at.isoformat()
        begin = datetime.fromisoformat(since)
        if (seen.at - begin).total_seconds() >= needs:
            running[kind] = since + "!"
            facts.append(Fact(vehicle, kind, begin, seen.place, subject, figures))

    now = {area.id: area for area in setting.areas.at(seen.place)}
    inside = frozenset(now)
    if state.inside is not None and inside != state.inside:
        facts += [Fact(vehicle, ENTERED, seen.at, seen.place, id) for id in sorted(inside - state.inside)]
        facts += [Fact(vehicle, LEFT, seen.at, seen.place, id) for id in sorted(state.inside - inside)]

    if setting.home:
        metres = min(area.off(seen.place) for area in setting.home)
        away = metres > limits.home_metres and order is None
        # A vehicle that stands outside, drifting, has not left just now: it must have moved to get there.
        told = state.open.get(AWAY, "")
        lasts(AWAY, holds=away and (moving or bool(told) or _came(state, seen)), needs=0, metres=round(metres))
    day = seen.at.astimezone(BEIJING).date()
    # Once told, these are told for the day: traffic lights make no second fact.
    idle = day in setting.holidays and order is None
    lasts(HOLIDAY, holds=idle and (moving or _since(state, HOLIDAY) == day), needs=0, kmh=seen.speed)
    dark = limits.is_night(seen.at) and order is None and day not in setting.holidays
    lasts(NIGHT, holds=dark and (moving or _since(state, NIGHT) is not None), needs=0, kmh=seen.speed)
    moved = moving or _came(state, seen) or _since(state, LOCKED) == day
    lasts(LOCKED, holds=setting.locked and moved, needs=0, kmh=seen.speed)
    lasts(SPEEDING, holds=seen.speed > limits.speed_kmh, needs=LASTING, kmh=seen.speed)
    sensitive = min((area.id for area in now.values() if area.kind == "sensitive"), default="")
    stop = limits.stop_minutes * 60
    lasts(LONG_STOP, holds=bool(sensitive) and not moving, needs=stop, subject=sensitive, minutes=limits.stop_minutes)
    if order is not None and order.route:
        metres = geo.off(seen.place, order.route)
        off = moving and metres > limits.off_route_metres
        # Standing off the route neither begins nor ends a deviation.
        if moving:
            lasts(OFF_ROUTE, holds=off, needs=0, subject=order.id, metres=round(metres))
    else:
        running.pop(OFF_ROUTE, None)
    return replace(state, at=seen.at, place=seen.place, inside=inside, open=running)


def _since(state: State, kind: str) -> date | None:
    """The day (Beijing) since which ``kind`` lasts."""
    since = state.open.get(kind, "").rstrip("!")
    return datetime.fromisoformat(since).astimezone(BEIJING).date() if since else None


def _came(state: State, seen: Seen) -> bool:
    """Whether it is farther from its place before than satellites drift: it moved between two positions."""
    return state.place is not None and geo.near(state.place, seen.place) > DRIFT


def silent(vehicle: UUID, heard: datetime, place: Point | None, now: datetime, limits: Limits) -> Fact | None:
    """The fact that a terminal has not been heard for too long. Its time is when it was last heard, so it is one fact."""
    hours = (now - heard).total_seconds() / 3600
    if hours <= limits.offline_hours:
        return None
    return Fact(vehicle, OFFLINE, heard, place, figures={"hours": round(hours, 1)})
