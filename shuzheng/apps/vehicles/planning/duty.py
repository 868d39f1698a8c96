"""A driver in a car from leaving the lot to being back, with tours between: when it is possible, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shuzheng.apps.vehicles.planning.problem import Car, Driver, Fixed, Problem, Rules, Span
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour

TEN_YEARS = 5_256_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A car or a driver for a time without anything fixed in it. One duty at most is made of it."""

    id: str
    span: Span
    alone: bool
    """Whether it is the only piece of its car or driver: else the day's limits are shared."""


@dataclass(frozen=True, slots=True)
class Crew:
    """A car and a driver who may drive it, and what both have left for the plan.

    ``reach``: km until the battery is at its reserve (None: no matter); ``driving``: minutes at the wheel that are left.
    ``charge``: km that a minute at the lot gives back, at most up to ``full``.
    """

    car: Car
    driver: Driver
    span: Span
    reach: float | None
    full: float
    charge: float
    driving: int


@dataclass(frozen=True, slots=True)
class Duty:
    """Tours in order with their starts; when the car leaves the place before, and whether that is its lot.

    ``end``: back at the lot.
    """

    tours: tuple[Tour, ...]
    starts: tuple[int, ...]
    leaves: tuple[int, ...]
    home: tuple[bool, ...]
    end: int
    km: float
    driving: int


def fits(car: Car, tour: Tour) -> bool:
    """Whether the car is of a kind that may serve the tour and has the seats."""
    return (
        tour.people <= car.seats
        and (not tour.bodies or car.body in tour.bodies)
        and (not tour.uses or car.use in tour.uses)
        and (car.off_road or not tour.off_road)
    )


def shares(problem: Problem, tours: Iterable[Tour]) -> dict[str, float]:
    """What each ride costs at least: its share of the shortest tour it can be in, in the cheapest car for it; or what missing it costs."""
    found = {ride.id: problem.rules.price(ride) for ride in problem.rides}
    for one in tours:
        cheapest = min((car.cost_km for car in problem.cars if fits(car, one)), default=None)
        if cheapest is not None:
            for ride in one.rides:
                found[ride] = min(found[ride], cheapest * one.km / len(one.rides))
    return found


def may_drive(driver: Driver, car: Car) -> bool:
    """Whether the driver holds a class of the car and is at its lot or named for it."""
    held = not car.licences or bool(car.licences & driver.licences)
    return held and (car.id in driver.cars if driver.cars else driver.lot in ("", car.lot))


@dataclass(slots=True)
class _State:
    """Where a crew is: place, minute, minutes at the wheel since the last rest, and what is left."""

    place: int
    time: int
    run: int
    driving: int
    reach: float | None
    km: float = 0.0


def duty(crew: Crew, tours: Sequence[Tour], problem: Problem, roads: Roads) -> Duty | None:
    """The tours in this order by this crew, each as early as can be; None when it cannot be done."""
    rules, lot = problem.rules, roads.at[crew.car.lot]
    now = _State(lot, crew.span[0], 0, crew.driving, crew.reach)
    starts, leaves, homes = [], [], []
    for number, tour in enumerate(tours):
        if not fits(crew.car, tour):
            return None
        leave, start, run = _approach(now, tour, rules.turnaround if number else 0, rules, roads)
        home = number == 0
        if number and leave - now.time > rules.wait_away:
            home = True
            _drive(now, lot, rules, roads)
            since = now.time
            leave, start, run = _approach(now, tour, rules.turnaround, rules, roads)
            if now.reach is not None:
                now.reach = min(crew.full, now.reach + (leave - since) * crew.charge)
        if start > tour.latest:
            return None
        here = roads.km[now.place][tour.first] + tour.km
        now.km += here
        now.driving -= roads.driving[now.place][tour.first] + tour.driving
        now.place, now.time, now.run = (
            tour.last,
            start + tour.duration,
            tour.tail if tour.broken else run + tour.driving,
        )
        if now.reach is not None:
            now.reach -= here
            if now.reach < roads.km[tour.last][lot]:
                return None
        starts.append(start)
        leaves.append(leave)
        homes.append(home)
    _drive(now, lot, rules, roads)
    if now.driving < 0 or now.time > crew.span[1]:
        return None
    driving = crew.driving - now.driving
    return Duty(tuple(tours), tuple(starts), tuple(leaves), tuple(homes), now.time, round(now.km, 2), driving)


def _approach(now: _State, tour: Tour, turn: int, rules: Rules, roads: Roads) -> tuple[int, int, int]:
    """When to leave for the tour, when it starts, and the minutes at the wheel since a rest by then.

    The car leaves as late as it may; where the way there and the tour are too long in one, it rests at the pick-up.
    """
    unbroken = rules.driving_unbroken
    leg = roads.minutes[now.place][tour.first]
    wheel = roads.driving[now.place][tour.first]
    wheel = (wheel - 1) % unbroken + 1 if wheel else 0
    pause = rules.rest if wheel + tour.head > unbroken else 0
    tired = now.run + wheel + (0 if pause else tour.head) > unbroken
    start = max(tour.earliest, now.time + max(turn, rules.rest if tired else 0) + leg + pause)
    leave = start - pause - leg
    run = 0 if leave - now.time >= rules.rest else now.run
    return leave, start, 0 if pause else run + wheel


def _drive(now: _State, place: int, rules: Rules, roads: Roads) -> None:
    """Go to a place at once, or after the rest that is due."""
    wheel = roads.driving[now.place][place]
    if now.run and now.run + wheel > rules.driving_unbroken:
        now.time, now.run = now.time + rules.rest, 0
    now.time += roads.minutes[now.place][place]
    now.run += (wheel - 1) % rules.driving_unbroken + 1 if wheel else 0
    now.driving -= wheel
    now.km += roads.km[now.place][place]
    if now.reach is not None:
        now.reach -= roads.km[now.place][place]
    now.place = place


def _free(spans: Iterable[Span], fixed: Iterable[Fixed], pause: int) -> list[Span]:
    """What is left of the spans around what is fixed, with a pause between any two."""
    found: list[Span] = []
    taken = sorted((f.start, f.end) for f in fixed)
    for begin, end in sorted(spans):
        for start, stop in [*taken, (end + pause, end)]:
            begin = max(begin, found[-1][1] + pause) if found else begin
            if min(start - pause, end) > begin:
                found.append((begin, min(start - pause, end)))
            begin = max(begin, stop + pause)
    return found


@dataclass(frozen=True)
class Pieces:
    """Cars and drivers cut at what is fixed, and what their day has left for the plan."""

    cars: tuple[Piece, ...]
    drivers: tuple[Piece, ...]
    reach: dict[str, float | None]
    """Km by car until the reserve, the fixed trips driven; recharging between pieces is not counted on."""
    full: dict[str, float]
    """Km by car that a full battery leaves beside the reserve and the fixed trips."""
    driving: dict[str, int]
    """Minutes at the wheel by driver."""

    @classmethod
    def of(cls, problem: Problem) -> Pieces:
        rules = problem.rules
        cars, drivers, reach, full, driving = [], [], {}, {}, {}
        for car in problem.cars:
            fixed = [f for f in problem.fixed if f.car == car.id]
            spans = _free(car.spans, fixed, rules.turnaround)
            cars += [Piece(car.id, span, len(spans) == 1) for span in spans]
            reserved = rules.ev_reserve * (car.range_km or 0) + sum(f.km for f in fixed)
            reach[car.id] = None if car.range_km is None else car.range_km * car.charge - reserved
            full[car.id] = (car.range_km or 0) - reserved
        for driver in problem.drivers:
            fixed = [f for f in problem.fixed if f.driver == driver.id]
            rested = -TEN_YEARS if driver.last_end is None else driver.last_end + rules.rest_between
            duty_spans = [(max(begin, rested), end) for begin, end in driver.spans]
            spans = _free(duty_spans, fixed, max(rules.turnaround, rules.rest))
            drivers += [Piece(driver.id, span, len(spans) == 1) for span in spans]
            driving[driver.id] = rules.driving_day - driver.driven - sum(f.driving for f in fixed)
        return cls(tuple(cars), tuple(drivers), reach, full, driving)

    def crew(self, problem: Problem, car: Piece, driver: Piece) -> Crew | None:
        """Both together; None when they may not, or are never there at one time."""
        the_car, the_driver = problem.car[car.id], problem.driver[driver.id]
        span = max(car.span[0], driver.span[0]), min(car.span[1], driver.span[1])
        if span[0] >= span[1] or not may_drive(the_driver, the_car):
            return None
        charge = the_car.charge_km_h / 60 if car.alone else 0.0
        reach, full = self.reach[car.id], self.full[car.id]
        return Crew(the_car, the_driver, span, reach, full, charge, self.driving[driver.id])
