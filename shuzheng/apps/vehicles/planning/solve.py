"""From a problem to a plan: the simple proposal always, the optimised one where OR-Tools is installed."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterable, Sequence

from shuzheng.apps.vehicles.planning.duty import Duty, Pieces, shares
from shuzheng.apps.vehicles.planning.greedy import Greedy
from shuzheng.apps.vehicles.planning.problem import Assignment, Call, Plan, Problem, Score, Unserved
from shuzheng.apps.vehicles.planning.reasons import of_assignment, of_missing
from shuzheng.apps.vehicles.planning.repair import improve
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour, tours, without

PRICING = 0.65
"""Share of the time after which no more duties are made: choosing takes the rest."""
WORTH = 1e-3
"""Distance from the bound, as a share, up to which a plan is left as it is."""
PASSES = 8
"""Simple proposals before the optimiser: rides that found no place go first in the next."""


def optimiser_installed() -> bool:
    """Whether OR-Tools is here (requirements/planning.lock)."""
    return importlib.util.find_spec("ortools") is not None


def solve(problem: Problem, *, seconds: float = 8.5, optimise: bool | None = None) -> Plan:
    """A plan that keeps every rule, and the bound that no plan is better than.

    The same problem gives the same plan, unless ``seconds`` run out before the optimiser is done: then it takes what it
    has. ``optimise``: by default where it is installed.
    """
    begin = time.monotonic()

    def total(made: Greedy) -> float:
        return score(problem, made).total(problem.rules)

    roads = Roads(problem)
    pieces, ways = Pieces.of(problem), tours(problem, roads)
    passes = _passes(problem, roads, pieces, ways)
    best = min(passes, key=total)
    wanted = optimiser_installed() if optimise is None else optimise
    bound = sum(shares(problem, ways).values())
    if wanted and best.duties:
        better, proven = _optimised(problem, roads, pieces, ways, passes, begin + PRICING * seconds)
        bound = max(bound, proven)
        best = min(better, best, key=total)
        if total(best) - bound > WORTH * total(best):
            best = improve(best, begin + seconds, total)
    return _plan(problem, roads, best, "optimised" if wanted else "simple", bound, time.monotonic() - begin)


def _passes(problem: Problem, roads: Roads, pieces: Pieces, ways: list[Tour]) -> list[Greedy]:
    urgent: dict[str, int] = {}
    found = []
    for _ in range(PASSES):
        found.append(Greedy(problem, roads, pieces, ways))
        found[-1].run(urgent)
        missing = [ride.id for ride in problem.rides if ride.id not in found[-1].of_ride]
        if not missing:
            break
        urgent.update({ride: urgent.get(ride, 0) + 1 for ride in missing})
    return found


def _optimised(
    problem: Problem, roads: Roads, pieces: Pieces, ways: list[Tour], passes: Iterable[Greedy], until: float
) -> tuple[Greedy, float]:
    from shuzheng.apps.vehicles.planning.columns import Classes, Master

    classes = Classes(problem, pieces)
    master = Master(problem, roads, pieces, classes, ways)
    class_of = [{n: g for g, group in enumerate(groups) for n in group} for groups in (classes.cars, classes.drivers)]
    number = {pair: n for n, pair in enumerate(classes.pairs)}
    for simple in passes:
        for key, (_crew, made) in simple.duties.items():
            master.add(number[class_of[0][key[0]], class_of[1][key[1]]], made.tours)
    master.price(until)
    chosen = [(classes.pairs[column.pair], column.duty) for column in master.choose()]
    result = Greedy(problem, roads, pieces, ways)
    for key, made in _members(problem, pieces, classes.cars, classes.drivers, chosen):
        kept = without(made.tours, set(result.of_ride), problem, roads)
        while kept and not result.load(key, kept):
            kept = kept[:-1]
    result.run()
    return result, master.bound


def _members(
    problem: Problem, pieces: Pieces, cars: list[list[int]], drivers: list[list[int]],
    chosen: list[tuple[tuple[int, int], Duty]],
) -> list[tuple[tuple[int, int], Duty]]:  # fmt: skip
    """Who of a class drives which of its duties: who was planned for most of it; then the most driving falls to who drove
    least, and the most kilometres to the car that ran least."""
    car_of = _shared_out(
        [(pair[0], duty, duty.km) for pair, duty in chosen], cars,
        lambda n: (pieces.cars[n].id, problem.car[pieces.cars[n].id].odometer), 0, problem,
    )  # fmt: skip
    driver_of = _shared_out(
        [(pair[1], duty, float(duty.driving)) for pair, duty in chosen], drivers,
        lambda n: (pieces.drivers[n].id, float(problem.driver[pieces.drivers[n].id].load)), 1, problem,
    )  # fmt: skip
    return [((car_of[n], driver_of[n]), duty) for n, (_pair, duty) in enumerate(chosen)]


def _shared_out(
    duties: Sequence[tuple[int, Duty, float]], groups: list[list[int]], who: Callable[[int], tuple[str, float]],
    side: int, problem: Problem,
) -> dict[int, int]:  # fmt: skip
    """For each duty (its class, itself, its size) a member of the class, once each."""
    free = [sorted(group, key=lambda n: (who(n)[1], who(n)[0])) for group in groups]
    found: dict[int, int] = {}
    planned = []
    for number, (group, duty, _size) in enumerate(duties):
        was = [now[side] for t in duty.tours for r in t.rides if (now := problem.ride[r].was)]
        planned += [(-was.count(who(n)[0]), number, n) for n in groups[group] if who(n)[0] in was]
    for _count, number, n in sorted(planned):
        group = duties[number][0]
        if number not in found and n in free[group]:
            found[number] = n
            free[group].remove(n)
    for number in sorted(range(len(duties)), key=lambda k: (-duties[k][2], k)):
        if number not in found:
            found[number] = free[duties[number][0]].pop(0)
    return found


def score(problem: Problem, made: Greedy) -> Score:
    """What a proposal is judged by."""
    missing = [ride for ride in problem.rides if ride.id not in made.of_ride]
    changes = sum(
        ride.was is not None and ride.was != (made.duties[key][0].car.id, made.duties[key][0].driver.id)
        for ride in problem.rides
        if (key := made.of_ride.get(ride.id)) is not None
    )
    return Score(
        missed_emergency=sum(ride.emergency for ride in missing),
        missed=sum(not ride.emergency for ride in missing),
        cost=round(sum(duty.km * crew.car.cost_km for crew, duty in made.duties.values()), 2),
        changes=changes,
    )


def _plan(problem: Problem, roads: Roads, made: Greedy, method: str, bound: float, seconds: float) -> Plan:
    result = score(problem, made)
    total = result.total(problem.rules)
    assignments = []
    for _key, (crew, duty) in sorted(made.duties.items()):
        lot, place = roads.at[crew.car.lot], -1
        for n, one in enumerate(duty.tours):
            last = n + 1 == len(duty.tours)
            home_after = last or duty.home[n + 1]
            here = lot if duty.home[n] else place
            empty = roads.km[here][one.first] + (roads.km[one.last][lot] if home_after else 0.0)
            calls = tuple(
                Call(c.place, c.arrive + duty.starts[n], c.leave + duty.starts[n], c.on, c.off) for c in one.calls
            )
            assignment = Assignment(
                one.rides, crew.car.id, crew.driver.id, duty.leaves[n], duty.starts[n] + one.duration, one.km,
                round(empty, 2), calls, duty.home[n], home_after,
            )  # fmt: skip
            before = duty.tours[n - 1] if n and not duty.home[n] else None
            assignments.append(of_assignment(problem, roads, assignment, before))
            place = one.last
    unserved = tuple(
        Unserved(ride.id, of_missing(problem, roads, made, ride))
        for ride in problem.rides
        if ride.id not in made.of_ride
    )
    gap = max(total - bound, 0.0) / total if total else 0.0
    assignments.sort(key=lambda a: (a.start, a.car))
    return Plan(tuple(assignments), unserved, result, method, bound, gap, seconds)
