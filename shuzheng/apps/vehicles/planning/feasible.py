"""Whether a plan can be driven and keeps every rule: judged from its calls and times alone, by nothing that made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shuzheng.apps.vehicles.planning.problem import Assignment, Car, Driver, Plan, Problem
from shuzheng.apps.vehicles.planning.roads import Roads

SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong (a code), and with whom: the car, driver or ride."""

    code: str
    who: str


def faults(problem: Problem, plan: Plan) -> list[Fault]:
    """Everything in the plan that cannot be or may not be; empty when it holds."""
    roads = Roads(problem)
    found = [*_served(problem, plan)]
    for assignment in plan.assignments:
        found += _trip(problem, roads, assignment)
    for car in problem.cars:
        mine = sorted((a for a in plan.assignments if a.car == car.id), key=lambda a: a.start)
        found += _car(problem, roads, car, mine)
    for driver in problem.drivers:
        mine = sorted((a for a in plan.assignments if a.driver == driver.id), key=lambda a: a.start)
        found += _driver(problem, roads, driver, mine)
    return found


def _served(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Every ride is served once, or stands in the list of those that are not."""
    served = [ride for assignment in plan.assignments for ride in assignment.rides]
    missing = [unserved.ride for unserved in plan.unserved]
    for ride in problem.rides:
        if (served + missing).count(ride.id) != 1:
            yield Fault("served_once", ride.id)
    for ride in set(served + missing) - set(problem.ride):
        yield Fault("unknown_ride", ride)


def _trip(problem: Problem, roads: Roads, made: Assignment) -> Iterator[Fault]:
    """One trip: its kind of car, seats, order, times, stays and what pooling may add."""
    car, driver = problem.car[made.car], problem.driver[made.driver]
    aboard: set[str] = set()
    begin, end = {}, {}
    for call in made.calls:
        aboard = aboard - set(call.off) | set(call.on)
        if sum(problem.ride[ride].people for ride in aboard) > car.seats:
            yield Fault("seats", car.id)
        for ride in call.on:
            begin.setdefault(ride, call.leave)
        for ride in call.off:
            end[ride] = call.arrive
    for ride_id in made.rides:
        ride = problem.ride[ride_id]
        if not ride.earliest <= begin[ride_id] <= ride.latest:
            yield Fault("window", ride_id)
        if ride.bodies and car.body not in ride.bodies or ride.uses and car.use not in ride.uses:
            yield Fault("kind", ride_id)
        if ride.off_road and not car.off_road:
            yield Fault("off_road", ride_id)
        if ride.alone and len(made.rides) > 1:
            yield Fault("alone", ride_id)
        if not _in_order(made, ride_id, [(stop.place, stop.stay) for stop in ride.stops]):
            yield Fault("stops", ride_id)
        least = _alone(problem, roads, ride_id)
        if len(made.rides) > 1 and end[ride_id] - begin[ride_id] > least + problem.rules.pool_detour:
            yield Fault("detour", ride_id)
    if len(made.rides) > problem.rules.pool_most:
        yield Fault("pool_most", made.car)
    for here, there in zip(made.calls, made.calls[1:], strict=False):
        if there.arrive - here.leave < roads.minutes[roads.at[here.place]][roads.at[there.place]]:
            yield Fault("speed", made.car)
    if car.licences and not car.licences & driver.licences:
        yield Fault("licence", driver.id)
    if driver.cars and car.id not in driver.cars or not driver.cars and driver.lot not in ("", car.lot):
        yield Fault("strange_car", driver.id)


def _in_order(made: Assignment, ride: str, stops: list[tuple[str, int]]) -> bool:
    """Whether the trip goes to the ride's stops in their order and stays as long as is asked."""
    first = next(n for n, call in enumerate(made.calls) if ride in call.on)
    calls = made.calls[first:]
    at = 0
    for number, (place, stay) in enumerate(stops):
        found = [n for n in range(at, len(calls)) if calls[n].place == place]
        if not found:
            return False
        at = found[0]
        if 0 < number < len(stops) - 1 and stay:
            fetched = [n for n in found if calls[n].leave - calls[at].arrive >= stay]
            if not fetched:
                return False
            at = fetched[0]
    return ride in calls[at].off or any(ride in call.off for call in calls[at:])


def _alone(problem: Problem, roads: Roads, ride_id: str) -> int:
    """How long the ride takes in a car of its own, rests and stays counted."""
    rules, stops = problem.rules, problem.ride[ride_id].stops
    time, run = 0, 0
    for number, (here, there) in enumerate(zip(stops, stops[1:], strict=False)):
        stay = here.stay if number else 0
        time, run = time + stay, 0 if stay >= rules.rest else run
        leg = roads.driving[roads.at[here.place]][roads.at[there.place]]
        if run and run + leg > rules.driving_unbroken:
            time, run = time + rules.rest, 0
        time += roads.minutes[roads.at[here.place]][roads.at[there.place]]
        run += leg if leg <= rules.driving_unbroken else (leg - 1) % rules.driving_unbroken + 1
    return time


def _legs(problem: Problem, roads: Roads, mine: list[Assignment]) -> Iterator[tuple[int, int, int, int]]:
    """Each drive of a car's or driver's day: leave, arrive, and the places' numbers; the way home included."""
    place = -1
    for number, made in enumerate(mine):
        lot = roads.at[problem.car[made.car].lot]
        first = roads.at[made.calls[0].place]
        here = lot if made.home_before else place
        yield made.start, made.calls[0].arrive, here, first
        for call, then in zip(made.calls, made.calls[1:], strict=False):
            yield call.leave, then.arrive, roads.at[call.place], roads.at[then.place]
        place = roads.at[made.calls[-1].place]
        if made.home_after:
            until = (
                mine[number + 1].start
                if number + 1 < len(mine)
                else made.end + roads.minutes[place][lot] + problem.rules.rest
            )
            yield made.end, until, place, lot


def _car(problem: Problem, roads: Roads, car: Car, mine: list[Assignment]) -> Iterator[Fault]:
    rules, lot = problem.rules, roads.at[car.lot]
    fixed = [f for f in problem.fixed if f.car == car.id]
    last = -1
    for number, made in enumerate(mine):
        home = made.end + (roads.minutes[roads.at[made.calls[-1].place]][lot] if made.home_after else 0)
        if not any(begin <= made.start and home <= end for begin, end in car.spans):
            yield Fault("car_away", car.id)
        if any(made.start < f.end + rules.turnaround and f.start < home + rules.turnaround for f in fixed):
            yield Fault("fixed", car.id)
        if made.home_before != (number == 0 or mine[number - 1].home_after):
            yield Fault("home", car.id)
        if number:
            before = mine[number - 1]
            if made.start < last + rules.turnaround:
                yield Fault("turnaround", car.id)
            if not made.home_before and made.start - before.end > rules.wait_away:
                yield Fault("wait_away", car.id)
        last = home
    if mine and not mine[-1].home_after:
        yield Fault("home", car.id)
    yield from _battery(problem, roads, car, mine)


def _battery(problem: Problem, roads: Roads, car: Car, mine: list[Assignment]) -> Iterator[Fault]:
    """Never below the reserve; charged only while standing at the lot."""
    if car.range_km is None or not mine:
        return
    rules, lot = problem.rules, roads.at[car.lot]
    level, home_since = car.range_km * car.charge, None
    events: list[tuple[int, int, Assignment | float]] = [(made.start, 1, made) for made in mine]
    events += [(f.start, 0, f.km) for f in problem.fixed if f.car == car.id]
    for minute, _order, what in sorted(events, key=lambda e: e[:2]):
        if home_since is not None:
            level = min(car.range_km, level + (minute - home_since) * car.charge_km_h / 60)
        if isinstance(what, float):
            level -= what
            home_since = None
        else:
            level -= what.km + what.empty_km
            place = roads.at[what.calls[-1].place]
            home_since = what.end + roads.minutes[place][lot] if what.home_after else None
        if level < rules.ev_reserve * car.range_km - 0.1:
            yield Fault("battery", car.id)


def _driver(problem: Problem, roads: Roads, driver: Driver, mine: list[Assignment]) -> Iterator[Fault]:
    rules = problem.rules
    fixed = [f for f in problem.fixed if f.driver == driver.id]
    driving = driver.driven + sum(f.driving for f in fixed)
    run, last = 0, None
    for leave, arrive, here, there in _legs(problem, roads, mine):
        wheel = roads.driving[here][there]
        driving += wheel
        if last is not None and leave - last >= rules.rest:
            run = 0
        pauses = (arrive - leave - wheel) // rules.rest
        run = max(0, run + wheel - pauses * rules.driving_unbroken) if pauses > 0 else run + wheel
        if run > rules.driving_unbroken:
            yield Fault("unbroken", driver.id)
        last = leave + roads.minutes[here][there] if arrive > leave + roads.minutes[here][there] else arrive
    if mine and driving > rules.driving_day:
        yield Fault("driving_day", driver.id)
    for number, made in enumerate(mine):
        lot = roads.at[problem.car[made.car].lot]
        home = made.end + (roads.minutes[roads.at[made.calls[-1].place]][lot] if made.home_after else 0)
        if not any(begin <= made.start and home <= end for begin, end in driver.spans):
            yield Fault("off_duty", driver.id)
        if driver.last_end is not None and made.start < driver.last_end + rules.rest_between:
            yield Fault("rest_between", driver.id)
        if any(made.start < f.end + rules.turnaround and f.start < home + rules.turnaround for f in fixed):
            yield Fault("fixed", driver.id)
        if number and made.start < mine[number - 1].end:
            yield Fault("two_at_once", driver.id)
