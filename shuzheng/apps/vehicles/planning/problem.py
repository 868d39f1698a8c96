"""What is to be planned, and what a plan is.

Times are whole minutes from the midnight at which the plan's day begins (they may be negative, or pass 1440 when a ride
goes on into the next day). Distances are kilometres by road. Money is yuan. ``seats`` are those for passengers: the
driver's is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Span = tuple[int, int]
"""From minute to minute."""
DAY = 1440


@dataclass(frozen=True, slots=True)
class Place:
    """Where one gets in or out, or where cars are kept: degrees of longitude and latitude (WGS-84)."""

    id: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Stop:
    """A place that a ride goes to, and the minutes that the passengers need there before they go on."""

    place: str
    stay: int = 0


@dataclass(frozen=True, slots=True)
class Ride:
    """One request: people to be taken from the first stop over the others to the last.

    It may start from ``earliest`` to ``latest``, but is never put off for longer than it lasts: so nobody could be taken
    twice in one window, and what starts later is also driven later. Its end follows from roads and stays. ``bodies`` and ``uses`` are the
    kinds of car that may serve it (none named: any). ``alone`` rides (confidential papers) share their car with nobody.
    ``was``: the car and driver that are planned for it now, and that a new plan changes only for a reason.
    """

    id: str
    earliest: int
    latest: int
    people: int
    stops: tuple[Stop, ...]
    purpose: str = ""
    bodies: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    off_road: bool = False
    alone: bool = False
    emergency: bool = False
    was: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A trip that stands: begun, accepted or locked by the dispatcher. A plan goes round it and never judges it.

    ``start`` and ``end`` are when the car leaves its lot and is back; ``driving`` are the minutes at the wheel.
    """

    id: str
    car: str
    driver: str
    start: int
    end: int
    km: float
    driving: int


@dataclass(frozen=True, slots=True)
class Car:
    """A car, where it is kept and when it may be had.

    An electric car has ``range_km`` when full, ``charge`` (the share it has at the beginning) and, where its lot has a
    charger, ``charge_km_h``: the kilometres that an hour at the lot gives back. ``odometer`` is what it has run, in km;
    of cars that are alike the one that ran least goes first.
    """

    id: str
    lot: str
    seats: int
    body: str
    use: str
    cost_km: float
    spans: tuple[Span, ...]
    fuel: str = "petrol"
    licences: frozenset[str] = frozenset()
    off_road: bool = False
    range_km: float | None = None
    charge: float = 1.0
    charge_km_h: float = 0.0
    odometer: float = 0.0


@dataclass(frozen=True, slots=True)
class Driver:
    """A driver, the classes held (a car names those of which one will do) and when on duty.

    ``cars``: the only ones to be driven; none named, those kept at the driver's ``lot``, or all where no lot is named either. ``driven``: minutes at the wheel
    this day outside the plan. ``last_end``: when the duty before ended. ``load``: what was driven lately, in minutes;
    who drove least is given the longest duty.
    """

    id: str
    lot: str
    licences: frozenset[str]
    spans: tuple[Span, ...]
    cars: frozenset[str] = frozenset()
    driven: int = 0
    last_end: int | None = None
    load: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of the day, from dated rules; nothing has a value of its own here. Minutes unless the name says otherwise.

    ``wait_away``: a car that would stand longer than this between two trips goes home to its lot, or does not take both
    (定点停放). ``pool_detour``: what pooling may add to anybody's ride. ``ev_reserve``: share of the range never used.
    ``missed`` and ``missed_emergency`` (yuan) price a ride that is not served: above what any ride costs with a car of
    ours, so that serving goes before saving. ``change`` (yuan) prices a ride that changes its car or driver.
    """

    driving_day: int
    driving_unbroken: int
    rest: int
    rest_between: int
    turnaround: int
    wait_away: int
    pool_most: int
    pool_detour: int
    ev_reserve: float
    road_factor: float
    speed_km_h: float
    missed: float
    missed_emergency: float
    change: float

    def price(self, ride: Ride) -> float:
        """Of a ride that is not served, in yuan."""
        return self.missed_emergency if ride.emergency else self.missed


@dataclass(frozen=True)
class Problem:
    """A day to be planned. ``roads``: km and minutes between places where they are known better than by the air line."""

    places: tuple[Place, ...]
    rides: tuple[Ride, ...]
    cars: tuple[Car, ...]
    drivers: tuple[Driver, ...]
    rules: Rules
    fixed: tuple[Fixed, ...] = ()
    roads: Mapping[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ``ValueError`` when something that is named is not there or a ride cannot be."""
        known = {place.id for place in self.places}
        for ride in self.rides:
            if len(ride.stops) < 2 or ride.people < 1 or ride.latest < ride.earliest:
                raise ValueError(f"ride {ride.id}: two stops, one person and an order of times are the least")
            if missing := {stop.place for stop in ride.stops} - known:
                raise ValueError(f"ride {ride.id}: unknown places {sorted(missing)}")
        for car in self.cars:
            if car.lot not in known:
                raise ValueError(f"car {car.id}: unknown lot {car.lot}")
        for kind, ids in (("ride", self.ride), ("car", self.car), ("driver", self.driver)):
            if len(ids) != len(getattr(self, f"{kind}s")):
                raise ValueError(f"a {kind} is named twice")

    @cached_property
    def ride(self) -> dict[str, Ride]:
        return {ride.id: ride for ride in self.rides}

    @cached_property
    def car(self) -> dict[str, Car]:
        return {car.id: car for car in self.cars}

    @cached_property
    def driver(self) -> dict[str, Driver]:
        return {driver.id: driver for driver in self.drivers}


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence as data: what it says (a code of ``REASONS``) and of what. Pages make the words."""

    code: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """A car at a place: when it comes, when it goes, who gets in and who gets out."""

    place: str
    arrive: int
    leave: int
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One trip of the plan. ``start``: leaving the place before, ``end``: the last passenger out.

    ``km`` counts passengers aboard or waited for; ``empty_km`` the way there and, before a stay at the lot, the way home.
    """

    rides: tuple[str, ...]
    car: str
    driver: str
    start: int
    end: int
    km: float
    empty_km: float
    calls: tuple[Call, ...]
    home_before: bool
    home_after: bool
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Unserved:
    """A ride that finds no car of ours, why, and what it would need: the proposal is to rent one."""

    ride: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Score:
    """What a plan is judged by, in this order: ``missed_emergency``, ``missed``, then ``cost`` with ``changes``."""

    missed_emergency: int
    missed: int
    cost: float
    changes: int

    def total(self, rules: Rules) -> float:
        """All in one sum, in yuan."""
        return (
            self.missed_emergency * rules.missed_emergency
            + self.missed * rules.missed
            + self.cost
            + self.changes * rules.change
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """The proposal. ``bound``: no plan's ``score.total`` is below this; ``gap``: its distance, as a share.

    ``method``: ``optimised`` or ``simple``; ``simple`` is what is proposed where the optimiser is not installed.
    """

    assignments: tuple[Assignment, ...]
    unserved: tuple[Unserved, ...]
    score: Score
    method: str
    bound: float
    gap: float
    seconds: float = 0.0
