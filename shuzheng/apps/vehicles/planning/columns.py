"""The optimiser: duties are made where prices say that they gain (column generation), and chosen by diving.

Cars that are alike, and drivers that are alike, are classes: prices and choice need not tell them apart. Who of a class
drives is settled afterwards (``solve``), by what was planned, by odometers and by what was driven lately.
OR-Tools is imported where it is used: it is installed for workers only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shuzheng.apps.vehicles.planning.duty import Crew, Duty, Pieces, duty, shares
from shuzheng.apps.vehicles.planning.pricing import FAR, Network
from shuzheng.apps.vehicles.planning.problem import Problem
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour

KEPT, CROWDED = 1800, 3600
"""When there are more duties in the programme than the second, the first many stay: those that come near to gaining."""
ROUNDS, QUICK = 40, 16
"""Rounds of pricing at most, and of those by the quicker question."""
A_ROUND = 6
"""Of each kind of crew, so many last tours are looked at a round, and those taken that no better duty has in it."""
STEADY = 0.8
"""How much of the best prices so far is kept in those asked next: prices that jump make duties of no use."""
FAIR = 1.6
"""What a ride costs about, as a multiple of its share of the shortest tour: the prices that are asked first."""
SURE, AT_ONCE = 0.9, 3
"""In choosing, duties with this share and more are fixed at once, so many at most."""
NEAR, ROUGHLY = 0.002, 0.02
"""Distance of bound and programme, as a share of what kilometres cost, at which pricing ends or becomes exact."""


@dataclass(frozen=True)
class Column:
    """A duty for a class of cars and a class of drivers."""

    pair: int
    duty: Duty
    cost: float
    rides: frozenset[str]


class Classes:
    """Pieces that are alike, and the pairs of classes that can be a crew."""

    def __init__(self, problem: Problem, pieces: Pieces) -> None:
        named = {car for driver in problem.drivers for car in driver.cars}
        self.cars: list[list[int]] = _grouped(
            (
                p.span, p.id if p.id in named or not p.alone else "", c.lot, c.seats, c.body, c.use, c.off_road, c.licences,
                c.cost_km, pieces.reach[c.id], pieces.full[c.id], c.charge_km_h,
            )
            for p in pieces.cars
            for c in [problem.car[p.id]]
        )  # fmt: skip
        self.drivers: list[list[int]] = _grouped(
            (p.span, "" if p.alone else p.id, d.lot, d.licences, d.cars, pieces.driving[d.id])
            for p in pieces.drivers
            for d in [problem.driver[p.id]]
        )
        self.pairs: list[tuple[int, int]] = []
        self.crews: list[Crew] = []
        for g, cars in enumerate(self.cars):
            for d, drivers in enumerate(self.drivers):
                if crew := pieces.crew(problem, pieces.cars[cars[0]], pieces.drivers[drivers[0]]):
                    self.pairs.append((g, d))
                    self.crews.append(crew)
        self.car_ids = [{pieces.cars[n].id for n in group} for group in self.cars]
        self.driver_ids = [{pieces.drivers[n].id for n in group} for group in self.drivers]

    def changes(self, problem: Problem, pair: int, rides: Iterable[str]) -> int:
        """Rides that a crew of these classes cannot serve as was planned."""
        g, d = self.pairs[pair]
        planned = [was for ride in rides if (was := problem.ride[ride].was) is not None]
        return sum(was[0] not in self.car_ids[g] or was[1] not in self.driver_ids[d] for was in planned)


def _grouped(keys: Iterable[Any]) -> list[list[int]]:
    found: dict[Any, list[int]] = {}
    for number, key in enumerate(keys):
        found.setdefault(key, []).append(number)
    return list(found.values())


class Programme:
    """The linear programme over duties: each ride is served or paid for, each class has only so many members."""

    def __init__(self, missed: Mapping[str, float], classes: Classes) -> None:
        from ortools.linear_solver import pywraplp

        self.missed, self.classes = missed, classes
        self.lp = lp = pywraplp.Solver.CreateSolver("GLOP")
        lp.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self.rows = {ride: lp.Constraint(1.0, lp.infinity()) for ride in missed}
        self.car_rows = [lp.Constraint(-lp.infinity(), float(len(g))) for g in classes.cars]
        self.driver_rows = [lp.Constraint(-lp.infinity(), float(len(g))) for g in classes.drivers]
        self.goal = lp.Objective()
        self.goal.SetMinimization()
        self.slack = {ride: lp.NumVar(0, 1, "") for ride in missed}
        for ride, variable in self.slack.items():
            self.rows[ride].SetCoefficient(variable, 1)
            self.goal.SetCoefficient(variable, missed[ride])
        self.columns: list[Column] = []
        self.variables: list[Any] = []

    def add(self, column: Column) -> None:
        """Take a duty up."""
        variable = self.lp.NumVar(0, self.lp.infinity(), "")
        self.columns.append(column)
        self.variables.append(variable)
        self.goal.SetCoefficient(variable, column.cost)
        for ride in sorted(column.rides):
            self.rows[ride].SetCoefficient(variable, 1)
        g, d = self.classes.pairs[column.pair]
        self.car_rows[g].SetCoefficient(variable, 1)
        self.driver_rows[d].SetCoefficient(variable, 1)

    def solve(self) -> tuple[float, float, np.ndarray]:
        """Its value, what it pays for kilometres alone, and the prices of its rows."""
        self.lp.Solve()
        value = float(self.goal.Value())
        missed = sum(self.slack[r].solution_value() * price for r, price in self.missed.items())
        rows = [*self.rows.values(), *self.car_rows, *self.driver_rows]
        return value, value - missed, np.array([row.dual_value() for row in rows])

    def smaller(self) -> Programme:
        """The same with the duties that cost least more than they are worth at present prices."""
        gains = [(variable.reduced_cost(), n) for n, variable in enumerate(self.variables)]
        other = Programme(self.missed, self.classes)
        for n in sorted(n for _gain, n in sorted(gains)[:KEPT]):
            other.add(self.columns[n])
        return other


class Master:
    """Which duties to drive: the linear programme that prices rides, and at the end the whole numbers."""

    def __init__(self, problem: Problem, roads: Roads, pieces: Pieces, classes: Classes, tours: Sequence[Tour]) -> None:
        self.problem, self.roads, self.pieces, self.classes = problem, roads, pieces, classes
        self.tours = sorted(tours, key=lambda t: (t.latest, t.earliest, t.rides))
        extra = np.array(
            [
                [problem.rules.change * classes.changes(problem, pair, t.rides) for t in self.tours]
                for pair in range(len(classes.pairs))
            ]
        )
        # Crews of one class of cars for the same span, with as much left, have the same paths: one line for all.
        self.lines: dict[Any, list[int]] = {}
        for pair, (crew, (g, _d)) in enumerate(zip(classes.crews, classes.pairs, strict=True)):
            self.lines.setdefault((g, crew.span, crew.driving, extra[pair].tobytes()), []).append(pair)
        first = [pairs[0] for pairs in self.lines.values()]
        self.network = Network(problem, roads, [classes.crews[n] for n in first], self.tours, extra[first])
        self.known: set[tuple[int, tuple[Tour, ...]]] = set()
        self.missed = {r.id: problem.rules.price(r) for r in problem.rides}
        self.programme = Programme(self.missed, classes)
        self.bound = 0.0
        fair = shares(problem, tours)
        own = np.array([min(FAIR * fair[ride], price) for ride, price in self.missed.items()])
        self.guess = np.concatenate([own, np.zeros(len(classes.cars) + len(classes.drivers))])

    def add(self, pair: int, tours: Sequence[Tour]) -> bool:
        """Take a duty up; what cannot be driven of it is left out. False when that leaves nothing new."""
        crew, taken, seen = self.classes.crews[pair], [], set()
        for tour in tours:
            if seen.isdisjoint(tour.rides):
                taken.append(tour)
                seen.update(tour.rides)
        made = duty(crew, taken, self.problem, self.roads)
        if made is None:
            kept: list[Tour] = []
            for tour in taken:
                if (longer := duty(crew, [*kept, tour], self.problem, self.roads)) is not None:
                    kept, made = [*kept, tour], longer
        if made is None or (pair, made.tours) in self.known:
            return False
        self.known.add((pair, made.tours))
        rides = frozenset(ride for tour in made.tours for ride in tour.rides)
        cost = made.km * crew.car.cost_km
        cost += self.problem.rules.change * self.classes.changes(self.problem, pair, rides)
        self.programme.add(Column(pair, made, cost, rides))
        return True

    def price(self, until: float) -> None:
        """Make duties until none gains, or rounds or time (``time.monotonic``) are up.

        First by the quicker question, which misses some, then by the exact one, which also gives the bound.
        """
        centre, height, exact, begin, share = self.guess, -FAR, False, time.monotonic(), 1.0
        for number in range(ROUNDS):
            value, kilometres, now = self.programme.solve()
            if len(self.programme.columns) > CROWDED:
                self.programme = self.programme.smaller()
                self.known = {(column.pair, column.duty.tours) for column in self.programme.columns}
            # The first prices as they are, to know what they bound; then between the best so far and the programme's. Where
            # that makes nothing new, the programme's own are asked, too: they may be the last ones.
            for asked in (share * centre + (1 - share) * now, now):
                added, reached = self._round(asked, exact=exact)
                if reached > height:
                    centre, height = asked, reached
                if exact:
                    self.bound = max(self.bound, reached)
                if added:
                    break
            share = STEADY
            near = value - height <= (NEAR if exact else ROUGHLY) * kilometres
            late = time.monotonic() > (until if exact else (begin + until) / 2)
            if exact and (near or late or not added):
                return
            if not exact and (near or late or not added or number >= QUICK):
                exact, height = True, -FAR

    def _split(self, duals: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        rides, cars = len(self.missed), len(self.classes.cars)
        return duals[:rides], duals[rides : rides + cars], duals[rides + cars :]

    def _prices(self, ride: np.ndarray) -> np.ndarray:
        worth = dict(zip(self.missed, ride.tolist(), strict=True))
        return np.array([sum(worth[r] for r in tour.rides) for tour in self.tours])

    def _round(self, duals: np.ndarray, *, exact: bool) -> tuple[int, float]:
        """How many duties were made at these prices; and prices of rides less what crews gain at most at these prices,
        which, when the answer is exact, no plan costs less than."""
        ride, car, driver = self._split(duals)
        ride, driver = np.clip(ride, 0, list(self.missed.values())), np.minimum(driver, 0)
        prices = self._prices(ride)
        paths = self.network.least(prices) if exact else self.network.paths(prices)
        added, gain = 0, np.zeros(len(car))
        for c, pairs in enumerate(self.lines.values()):
            # The driver who is missed least goes.
            pair = max(pairs, key=lambda n: driver[self.classes.pairs[n][1]])
            g, d = self.classes.pairs[pair]
            gain[g] = min(gain[g], paths.value[c].min(initial=0.0) - driver[d])
            limit, seen = min(car[g] + driver[d], 0) - 1e-6, set[int]()
            for node in np.argsort(paths.value[c], kind="stable")[:A_ROUND].tolist():
                if paths.value[c, node] >= limit:
                    break
                if node not in seen:
                    path = paths.tours(c, node)
                    seen.update(path)
                    added += self.add(pair, [self.tours[n] for n in path])
        size = np.array([*map(len, self.classes.cars)]), np.array([*map(len, self.classes.drivers)])
        return added, float(ride.sum() + (gain * size[0]).sum() + (driver * size[1]).sum())

    def choose(self) -> list[Column]:
        """Whole duties: those that the programme is most sure of are fixed, it is asked again, and so on to the end."""
        self.programme.solve()
        programme = self.programme.smaller()
        programme.lp.SetSolverSpecificParametersAsString("use_preprocessing: false use_dual_simplex: true")
        fixed: dict[int, int] = {}
        free = [[len(g) for g in self.classes.cars], [len(d) for d in self.classes.drivers]]
        while True:
            programme.lp.Solve()
            values = (
                (variable.solution_value(), n) for n, variable in enumerate(programme.variables) if n not in fixed
            )
            open_ones = sorted((item for item in values if item[0] > 1e-6), key=lambda item: (-item[0], item[1]))
            taken = 0
            for value, n in open_ones:
                g, d = self.classes.pairs[programme.columns[n].pair]
                often = min(max(1, int(value + 1e-6)), free[0][g], free[1][d])
                if not often:
                    continue
                if taken and (value < SURE or taken >= AT_ONCE):
                    break
                programme.variables[n].SetLb(float(often))
                fixed[n], taken = often, taken + 1
                free[0][g] -= often
                free[1][d] -= often
            if not taken:
                return [programme.columns[n] for n, often in sorted(fixed.items()) for _ in range(often)]
