"""Planning of trips: 500 requests with 100 cars for a day, and the fleet for a year of 100,000 trips."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from bench.measure import Result
from shuzheng.apps.vehicles.planning.demand import Journey
from shuzheng.apps.vehicles.planning.feasible import faults
from shuzheng.apps.vehicles.planning.problem import Car, Driver, Place, Problem, Ride, Rules, Stop
from shuzheng.apps.vehicles.planning.sizing import Kind, Terms, size
from shuzheng.apps.vehicles.planning.solve import solve

RULES = Rules(
    driving_day=480, driving_unbroken=240, rest=20, rest_between=600, turnaround=10, wait_away=45, pool_most=3,
    pool_detour=15, ev_reserve=0.2, road_factor=1.3, speed_km_h=40, missed=600.0, missed_emergency=50_000.0, change=20.0,
)  # fmt: skip
MODELS = (
    # body, use, passengers, yuan a km, fuel, km of range, licences, share of the fleet
    ("sedan", "general", 4, 0.9, "petrol", None, {"C1"}, 0.35),
    ("sedan", "general", 4, 0.35, "electric", 400.0, {"C1"}, 0.25),
    ("suv", "emergency", 4, 1.2, "petrol", None, {"C1"}, 0.10),
    ("mpv", "general", 6, 1.1, "petrol", None, {"C1"}, 0.15),
    ("minibus", "general", 18, 1.8, "diesel", None, {"B1"}, 0.10),
    ("sedan", "courier", 4, 0.9, "petrol", None, {"C1"}, 0.05),
)


def day(seed: int, rides: int = 500, cars: int = 100) -> Problem:
    """A working day of a prefecture's pool: six lots in town and its counties, drivers of two shifts."""
    chance = random.Random(seed)
    lots = [Place(f"lot{n}", 119.92 + dx, 28.45 + dy) for n, (dx, dy) in enumerate(
        [(0, 0), (0.03, 0.02), (-0.04, 0.01), (0.02, -0.05), (0.22, 0.12), (-0.35, 0.1)]
    )]  # fmt: skip
    seats = [Place(f"p{n}", 119.92 + chance.gauss(0, 0.05), 28.45 + chance.gauss(0, 0.04)) for n in range(120)]
    far = [Place(f"q{n}", 119.92 + chance.uniform(-0.5, 0.5), 28.45 + chance.uniform(-0.4, 0.4)) for n in range(40)]
    fleet, staff = [], []
    for number in range(cars):
        share, model = number / cars, 0
        while share >= MODELS[model][7] - 1e-9:
            share, model = share - MODELS[model][7], model + 1
        body, use, seat, cost, fuel, reach, licences, _share = MODELS[model]
        fleet.append(Car(
            f"car{number:03}", lots[number % 6].id, seat, body, use, cost, ((360, 1380),), fuel, frozenset(licences),
            body == "suv", reach, 0.9, 40.0 if fuel == "electric" else 0.0, float(chance.randrange(5000, 90000)),
        ))  # fmt: skip
        staff.append(Driver(
            f"drv{number:03}", lots[number % 6].id, frozenset({"B1", "C1"} if seat > 8 or number % 4 == 0 else {"C1"}),
            ((420, 1080) if number % 3 else (660, 1320),), load=chance.randrange(500, 6000),
        ))  # fmt: skip
    wanted = []
    for number in range(rides):
        start = min(
            max(
                int(chance.choice([chance.gauss(540, 70), chance.gauss(850, 80), *[chance.uniform(440, 1060)] * 2])),
                430,
            ),
            1080,
        )
        start = start // 5 * 5
        origin, goal = chance.choice(seats), chance.choice(far if chance.random() < 0.08 else seats)
        while goal is origin:
            goal = chance.choice(seats)
        stops = (Stop(origin.id), Stop(goal.id))
        if chance.random() < 0.5:
            stops = (Stop(origin.id), Stop(goal.id, chance.choice([15, 20, 30, 60])), Stop(origin.id))
        draw = chance.random()
        courier, rough = draw < 0.02, 0.02 <= draw < 0.05
        people = (
            1 if courier else chance.choice([1, 1, 2, 2, 3, 4, 4, 5, 6]) if draw < 0.96 else chance.randrange(8, 18)
        )
        uses = {"courier"} if courier else {"general", "emergency"}
        wanted.append(Ride(
            f"r{number:03}", start, start + chance.choice([0, 10, 20, 30]), people if not rough else min(people, 4), stops,
            "", frozenset(), frozenset(uses), rough, courier, not courier and not rough and chance.random() < 0.01,
        ))  # fmt: skip
    return Problem((*lots, *seats, *far), tuple(wanted), tuple(fleet), tuple(staff), RULES)


KINDS = (Kind("sedan", 4, 42_000, 400.0), Kind("mpv", 6, 55_000), Kind("minibus", 18, 90_000))
TERMS = Terms(turnaround=15, pool_window=30, pool_most=3, ev_reserve=0.2, night=300.0)


def year(seed: int, journeys: int = 100_000, sites: int = 20) -> list[Journey]:
    """A year of 250 working days at twenty sites, with the peaks of a morning and an afternoon."""
    chance, found = random.Random(seed), []
    for _ in range(journeys):
        minute = chance.choice([chance.gauss(540, 70), chance.gauss(850, 80), chance.uniform(440, 1060)])
        start = chance.randrange(250) * 1440 + int(min(max(minute, 400), 1200))
        km = chance.choice([8, 12, 20, 30, 40, chance.uniform(60, 200), chance.uniform(5, 60)])
        people = chance.choice([1, 1, 2, 2, 3, 4, 4, 5, 6]) if chance.random() < 0.96 else chance.randrange(8, 18)
        end = start + int(km / 40 * 60) + chance.choice([20, 40, 60, 120])
        # Half of the journeys go to the few places where everybody goes.
        goal = f"g{chance.randrange(4) if chance.random() < 0.5 else chance.randrange(4, 60)}"
        found.append(Journey(f"s{chance.randrange(sites):02}", start, end, km, people, goal, chance.random() < 0.9))
    return found


def run() -> Iterator[Result]:
    """Time against the bar; the distance to what is proven is stated."""
    problem = day(1)
    begin = time.perf_counter()
    plan = solve(problem)
    taken = time.perf_counter() - begin
    if found := faults(problem, plan):
        raise RuntimeError(f"the plan cannot be driven: {found[:3]}")
    served = len(problem.rides) - len(plan.unserved)
    yield Result(
        "dispatch, 500 requests, 100 cars", taken, f"{served} served, {plan.score.cost:,.0f} yuan; checked", bar=10
    )
    how = "of the whole sum (rides not served at their price, kilometres) above what no plan is below"
    yield Result("dispatch, gap to the bound", plan.gap * 100, how, unit="%")
    simple = solve(problem, optimise=False)
    yield Result("dispatch, not served: optimised, simple", len(plan.unserved), "the simple proposal beside it",
                 reference=len(simple.unserved), unit="rides")  # fmt: skip
    journeys = year(1)
    for level in (0.95, 0.99):
        sizing = size(journeys, KINDS, TERMS, level=level, chargers={f"s{n:02}": 6 for n in range(20)})
        how = f"100,000 trips, pooled to {sizing.journeys:,}; {sizing.cars} cars, {sum(sum(s.electric) for s in sizing.sites)} electric"
        yield Result(f"right-sizing, {level:.0%}", sizing.seconds, how)
        yield Result(
            f"right-sizing, {level:.0%}, gap to the bound",
            sizing.gap * 100,
            "yuan a year, proposed above proven",
            unit="%",
        )
