"""The simple proposal: each ride in turn goes where it costs least. Also what the optimiser begins with."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from dataclasses import replace

from shuzheng.apps.vehicles.planning.duty import Crew, Duty, Pieces, duty, fits
from shuzheng.apps.vehicles.planning.problem import Problem
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour, without

Option = tuple[float, float, tuple[int, int], list[Tour]]
"""What it costs more, what the car ran so far (of what costs the same the least goes first), the pieces, the tours."""


class Greedy:
    """Duties as they grow. ``duties``: by the pieces they are made of (numbers in ``pieces``)."""

    def __init__(self, problem: Problem, roads: Roads, pieces: Pieces, tours: list[Tour]) -> None:
        self.problem, self.roads, self.pieces = problem, roads, pieces
        self.single = {t.rides[0]: t for t in tours if len(t.rides) == 1}
        self.cars_for = {
            ride: frozenset(car.id for car in problem.cars if fits(car, t)) for ride, t in self.single.items()
        }
        self.pools: dict[str, list[Tour]] = {}
        for pool in (t for t in tours if len(t.rides) > 1):
            for ride in pool.rides:
                self.pools.setdefault(ride, []).append(pool)
        self.duties: dict[tuple[int, int], tuple[Crew, Duty]] = {}
        self.of_ride: dict[str, tuple[int, int]] = {}
        self.able: list[list[tuple[int, Crew]]] = [
            [(m, crew) for m, who in enumerate(pieces.drivers) if (crew := pieces.crew(problem, car, who))]
            for car in pieces.cars
        ]
        self.left_km = dict(pieces.reach)
        self.left_driving = dict(pieces.driving)

    def load(self, key: tuple[int, int], tours: list[Tour]) -> bool:
        """Take a duty over; False when these pieces cannot drive it."""
        return self._try(key, tours)

    def copy(self) -> Greedy:
        """Another that grows by itself; what never changes is shared."""
        other = object.__new__(Greedy)
        other.__dict__.update(self.__dict__)
        other.duties, other.of_ride = dict(self.duties), dict(self.of_ride)
        other.left_km, other.left_driving = dict(self.left_km), dict(self.left_driving)
        return other

    def take_out(self, rides: Collection[str]) -> bool:
        """Leave rides without a place; False when a duty cannot be driven without them."""
        for key in {self.of_ride[ride] for ride in rides}:
            crew, now = self.duties[key]
            kept = without(now.tours, rides, self.problem, self.roads)
            for ride in (ride for tour in now.tours for ride in tour.rides):
                del self.of_ride[ride]
            if kept and not self._try(key, kept):
                return False
            if not kept:
                self._close(key, crew, now)
        return True

    def _close(self, key: tuple[int, int], crew: Crew, now: Duty) -> None:
        reach = self.left_km[crew.car.id]
        if reach is not None:
            self.left_km[crew.car.id] = reach + now.km
        self.left_driving[crew.driver.id] += now.driving
        del self.duties[key]

    def run(self, urgent: dict[str, int] | None = None) -> None:
        """Emergencies first, then the most ``urgent``, then in the order of time. Rides that have a place keep it."""
        urgency = urgent or {}
        order = sorted(
            self.problem.rides, key=lambda r: (not r.emergency, -urgency.get(r.id, 0), r.earliest, r.latest, r.id)
        )
        for ride in order:
            if ride.id not in self.of_ride:
                self.add(ride.id)

    def add(self, ride: str) -> bool:
        """Put a ride where it costs least; False when there is nowhere."""
        options = self._inserted(ride) + self._pooled(ride) + self._begun(ride)
        options.sort(key=lambda option: option[:3])
        return any(self._try(key, tours) for _cost, _ran, key, tours in options)

    def _try(self, key: tuple[int, int], tours: list[Tour]) -> bool:
        if key[1] < 0:
            key = key[0], self._driver(key[0], tours[0])
        crew = self._crew(key) if key[1] >= 0 else None
        made = crew and duty(crew, tours, self.problem, self.roads)
        if not crew or not made:
            return False
        self._set(key, crew, made)
        return True

    def _set(self, key: tuple[int, int], crew: Crew, made: Duty) -> None:
        before = self.duties.get(key)
        km, driving = (before[1].km, before[1].driving) if before else (0.0, 0)
        reach = self.left_km[crew.car.id]
        if reach is not None:
            self.left_km[crew.car.id] = reach - (made.km - km)
        self.left_driving[crew.driver.id] -= made.driving - driving
        self.duties[key] = crew, made
        for tour in made.tours:
            for ride in tour.rides:
                self.of_ride[ride] = key

    def _crew(self, key: tuple[int, int]) -> Crew | None:
        """With what other pieces of the same car and driver have left."""
        car, driver = self.pieces.cars[key[0]], self.pieces.drivers[key[1]]
        crew = self.pieces.crew(self.problem, car, driver)
        if crew is None or (car.alone and driver.alone):
            return crew
        own = self.duties[key][1] if key in self.duties else None
        km, driving = (own.km, own.driving) if own else (0.0, 0)
        reach = crew.reach
        if reach is not None and not car.alone:
            reach = (self.left_km[car.id] or 0.0) + km
        return replace(crew, reach=reach, driving=self.left_driving[driver.id] + driving)

    def _inserted(self, ride: str) -> list[Option]:
        tour, km, minutes, able = self.single[ride], self.roads.km, self.roads.minutes, self.cars_for[ride]
        found = []
        for key, (crew, now) in self.duties.items():
            if crew.car.id not in able:
                continue
            lot = self.roads.at[crew.car.lot]
            at = bisect_left(now.starts, tour.earliest)
            before, after = (now.tours[at - 1] if at else None), (now.tours[at] if at < len(now.tours) else None)
            if before and now.starts[at - 1] + before.duration + minutes[before.last][tour.first] > tour.latest:
                continue
            if after and tour.earliest + tour.duration + minutes[tour.last][after.first] > after.latest:
                continue
            here, there = (before.last if before else lot), (after.first if after else lot)
            more = km[here][tour.first] + tour.km + km[tour.last][there] - km[here][there]
            cost = more * crew.car.cost_km + self._change(ride, crew.car.id, crew.driver.id)
            found.append((cost, crew.car.odometer, key, [*now.tours[:at], tour, *now.tours[at:]]))
        return found

    def _pooled(self, ride: str) -> list[Option]:
        found = []
        for pool in self.pools.get(ride, ()):
            others = set(pool.rides) - {ride}
            key = self.of_ride.get(min(others))
            if key is None:
                continue
            crew, now = self.duties[key]
            for at, tour in enumerate(now.tours):
                if set(tour.rides) == others:
                    cost = (pool.km - tour.km) * crew.car.cost_km + self._change(ride, crew.car.id, crew.driver.id)
                    found.append((cost, crew.car.odometer, key, [*now.tours[:at], pool, *now.tours[at + 1 :]]))
        return found

    def _begun(self, ride: str) -> list[Option]:
        """Cars that stand still; who drives is settled when one is tried (``_driver``), as it costs nothing more."""
        tour, was = self.single[ride], self.problem.ride[ride].was
        cars = {key[0] for key in self.duties}
        found = []
        for n, piece in enumerate(self.pieces.cars):
            car = self.problem.car[piece.id]
            if n not in cars and self.able[n] and car.id in self.cars_for[ride]:
                lot = self.roads.at[car.lot]
                km = self.roads.km[lot][tour.first] + tour.km + self.roads.km[tour.last][lot]
                change = self.problem.rules.change if was is not None and was[0] != car.id else 0.0
                found.append((round(km * car.cost_km + change, 6), car.odometer, (n, -1), [tour]))
        return found

    def _driver(self, car: int, tour: Tour) -> int:
        """Which free driver piece goes with a car; −1 when there is none."""
        taken = {key[1] for key in self.duties}
        able = [(m, crew) for m, crew in self.able[car] if m not in taken]
        best = min(able, key=lambda option: self._preference(option[1], tour.rides[0], tour), default=(-1, None))
        return best[0]

    def _preference(self, crew: Crew, ride: str, tour: Tour) -> tuple[bool, bool, int, int, str]:
        """Who was planned, then who can, for longest, and drove least lately."""
        covers = crew.span[0] <= tour.earliest and tour.earliest + tour.duration <= crew.span[1]
        changes = self._change(ride, crew.car.id, crew.driver.id) > 0
        return (changes, not covers, crew.span[0] - crew.span[1], crew.driver.load, crew.driver.id)

    def _change(self, ride: str, car: str, driver: str) -> float:
        was = self.problem.ride[ride].was
        return self.problem.rules.change if was is not None and was != (car, driver) else 0.0
