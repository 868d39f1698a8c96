"""Rides as cars drive them: one alone, or several pooled into one tour."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from shuzheng.apps.vehicles.planning.problem import Call, Problem, Ride, Stop
from shuzheng.apps.vehicles.planning.roads import Roads

MOST_POOLS = 6
"""For each ride only so many ways of pooling are looked at, those that save most."""


@dataclass(frozen=True, slots=True)
class Tour:
    """Rides in one car, from the first one in to the last one out. Minutes, km; places by their number in ``Roads``.

    It starts from ``earliest`` to ``latest`` at ``first`` and takes ``duration``. ``head``: at the wheel until the first
    rest, ``tail``: since the last rest; without a rest (``broken`` false) both are ``driving``.
    """

    rides: tuple[str, ...]
    earliest: int
    latest: int
    duration: int
    km: float
    driving: int
    head: int
    tail: int
    broken: bool
    first: int
    last: int
    people: int
    bodies: frozenset[str]
    uses: frozenset[str]
    off_road: bool
    emergency: bool
    calls: tuple[Call, ...]
    """With times counted from the tour's start."""


def tour(rides: Sequence[Ride], problem: Problem, roads: Roads, alone: Mapping[str, int] | None = None) -> Tour | None:
    """The tour of these rides, taken up in this order; None when they cannot share a car.

    Pooled rides have the same number of stops, are taken to each in turn, and are fetched again from those where they
    stay in the opposite order. Nobody's ride takes more than ``pool_detour`` longer than alone (``alone``: those
    durations, where they are known already).
    """
    if len(rides) > 1 and (any(ride.alone for ride in rides) or len({len(ride.stops) for ride in rides}) > 1):
        return None
    bodies, uses = _common([r.bodies for r in rides]), _common([r.uses for r in rides])
    if bodies is None or uses is None:
        return None
    way, last = _Way(roads, problem), len(rides[0].stops) - 1
    for level in range(last + 1):
        stays = 0 < level < last and any(ride.stops[level].stay for ride in rides)
        reached = {}
        for ride in rides:
            way.go(ride.stops[level].place)
            if level == 0:
                way.on.append(ride.id)
            elif level == last or stays:
                way.off.append(ride.id)
            reached[ride.id] = way.time
        if stays:
            back = list(reversed(rides))
            way.wait(_wait([(reached[r.id], r.stops[level]) for r in back], way))
            for ride in back:
                way.go(ride.stops[level].place)
                way.on.append(ride.id)
    way.close()
    begin, end = {}, {}
    for call in way.calls:
        begin.update({ride: call.leave for ride in call.on if ride not in begin})
        end.update(dict.fromkeys(call.off, call.arrive))
    lasts = {ride.id: end[ride.id] - begin[ride.id] for ride in rides}
    if len(rides) > 1:
        alone = alone or {r.id: made.duration for r in rides if (made := tour([r], problem, roads)) is not None}
        if any(lasts[ride] > alone[ride] + problem.rules.pool_detour for ride in lasts):
            return None
        lasts = dict(alone)
    earliest = max(ride.earliest - begin[ride.id] for ride in rides)
    latest = min(min(ride.latest, ride.earliest + lasts[ride.id]) - begin[ride.id] for ride in rides)
    if latest < earliest:
        return None
    return Tour(
        rides=tuple(ride.id for ride in rides),
        earliest=earliest,
        latest=latest,
        duration=way.time,
        km=round(way.km, 2),
        driving=way.driving,
        head=way.head if way.broken else way.driving,
        tail=way.run if way.broken else way.driving,
        broken=way.broken,
        first=roads.at[way.calls[0].place],
        last=roads.at[way.calls[-1].place],
        people=sum(ride.people for ride in rides),
        bodies=bodies,
        uses=uses,
        off_road=any(ride.off_road for ride in rides),
        emergency=any(ride.emergency for ride in rides),
        calls=tuple(way.calls),
    )


class _Way:
    """A car on its way: where, when, and how long at the wheel; times from the tour's start."""

    def __init__(self, roads: Roads, problem: Problem) -> None:
        self.roads, self.rules = roads, problem.rules
        self.time, self.km, self.driving = 0, 0.0, 0
        self.run, self.head, self.broken = 0, 0, False
        self.place = ""
        self.calls: list[Call] = []
        self.arrived = 0
        self.on: list[str] = []
        self.off: list[str] = []

    def go(self, place: str) -> None:
        if place == self.place:
            return
        if self.place:
            self.close()
            here, there = self.roads.at[self.place], self.roads.at[place]
            leg = self.roads.driving[here][there]
            if self.run and self.run + leg > self.rules.driving_unbroken:
                self.wait(self.rules.rest, late=True)
            self.run += leg
            if leg > self.rules.driving_unbroken:  # rests on its way: ``minutes`` has them
                self.head = self.head if self.broken else self.rules.driving_unbroken
                self.broken, self.run = True, (leg - 1) % self.rules.driving_unbroken + 1
            self.driving += leg
            self.km += self.roads.km[here][there]
            self.time += self.roads.minutes[here][there]
        self.place, self.arrived = place, self.time

    def wait(self, minutes: int, *, late: bool = False) -> None:
        """Stand; a stand that is long enough is a rest. ``late``: the call has been written down already."""
        self.time += minutes
        if late:
            call = self.calls.pop()
            self.calls.append(Call(call.place, call.arrive, self.time, call.on, call.off))
        if minutes >= self.rules.rest:
            self.head = self.head if self.broken else self.run
            self.broken, self.run = True, 0

    def close(self) -> None:
        """Write the call at the present place down."""
        self.calls.append(Call(self.place, self.arrived, self.time, tuple(self.on), tuple(self.off)))
        self.on, self.off = [], []


def _wait(stays: list[tuple[int, Stop]], way: _Way) -> int:
    """How long to stand at the last place so that nobody is fetched before the stay is over. In order of fetching."""
    need, passed, place = 0, 0, way.place
    for since, stop in stays:
        passed += way.roads.minutes[way.roads.at[place]][way.roads.at[stop.place]]
        place = stop.place
        need = max(need, since + stop.stay - way.time - passed)
    return need


def _common(sets: Sequence[frozenset[str]]) -> frozenset[str] | None:
    """What all allow (an empty set allows everything); None when there is nothing."""
    named = [s for s in sets if s]
    if not named:
        return frozenset()
    return frozenset.intersection(*named) or None


def without(made: Iterable[Tour], gone: Collection[str], problem: Problem, roads: Roads) -> list[Tour]:
    """The tours less some rides."""
    kept = []
    for one in made:
        rides = [problem.ride[ride] for ride in one.rides if ride not in gone]
        left = one if len(rides) == len(one.rides) else tour(rides, problem, roads) if rides else None
        if left:
            kept.append(left)
    return kept


def tours(problem: Problem, roads: Roads) -> list[Tour]:
    """Every ride alone, and the pools that save kilometres and that some car has the seats for."""
    found = [t for ride in problem.rides if (t := tour([ride], problem, roads)) is not None]
    single = {t.rides[0]: t for t in found}
    if problem.rules.pool_most < 2 or len(found) < 2:
        return found
    seats = max((car.seats for car in problem.cars), default=0)
    saved: dict[tuple[str, ...], tuple[float, Tour]] = {}
    for a, b in _near(problem, roads):
        _keep(saved, [a, b], single, problem, roads, seats)
    pools = list(_best(saved))
    for _ in range(problem.rules.pool_most - 2):
        wider: dict[tuple[str, ...], tuple[float, Tour]] = {}
        partners: dict[str, set[str]] = {}
        for pool in pools:
            for ride in pool.rides:
                partners.setdefault(ride, set()).update(set(pool.rides) - {ride})
        for pool in pools:
            for third in sorted(set.intersection(*(partners[r] for r in pool.rides)) - set(pool.rides)):
                _keep(wider, [problem.ride[r] for r in (*pool.rides, third)], single, problem, roads, seats)
        found += pools
        pools = list(_best(wider))
    return found + pools


def _keep(
    saved: dict[tuple[str, ...], tuple[float, Tour]], rides: list[Ride], single: Mapping[str, Tour],
    problem: Problem, roads: Roads, seats: int,
) -> None:  # fmt: skip
    key = tuple(sorted(ride.id for ride in rides))
    if key in saved or sum(ride.people for ride in rides) > seats:
        return
    apart, alone = sum(single[r.id].km for r in rides), {r.id: single[r.id].duration for r in rides}
    ways = (tour(order, problem, roads, alone) for order in permutations(rides))
    made = [t for t in ways if t is not None and t.km < apart]
    if made:
        best = min(made, key=lambda t: (t.km, t.duration, t.rides))
        saved[key] = (apart - best.km, best)


def _best(saved: dict[tuple[str, ...], tuple[float, Tour]]) -> list[Tour]:
    """For each ride the pools that save most; those that no ride has among its best are left out."""
    taken: dict[str, int] = {}
    kept = []
    for key, (_saving, pool) in sorted(saved.items(), key=lambda item: (-item[1][0], item[0])):
        if any(taken.get(ride, 0) < MOST_POOLS for ride in key):
            kept.append(pool)
            for ride in key:
                taken[ride] = taken.get(ride, 0) + 1
    return kept


def _near(problem: Problem, roads: Roads) -> list[tuple[Ride, Ride]]:
    """Pairs of rides that may be worth a look: near each other in time, at the start and at the next stop."""
    rides = [r for r in problem.rides if not r.alone]
    if not rides:
        return []
    limit = problem.rules.pool_detour
    first = np.array([roads.at[r.stops[0].place] for r in rides])
    second = np.array([roads.at[r.stops[1].place] for r in rides])
    early, late = np.array([r.earliest for r in rides]), np.array([r.latest for r in rides])
    stops = np.array([len(r.stops) for r in rides])
    near = (roads.minutes_table[np.ix_(first, first)] <= limit) & (roads.minutes_table[np.ix_(second, second)] <= limit)
    near &= stops[:, None] == stops[None, :]
    near &= (early[:, None] - late[None, :] <= limit) & (early[None, :] - late[:, None] <= limit)
    return [(rides[a], rides[b]) for a, b in zip(*np.nonzero(np.triu(near, 1)), strict=True)]
