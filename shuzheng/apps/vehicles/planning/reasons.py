"""Why a ride is served as it is, or why it is not: sentences as codes with arguments."""

from __future__ import annotations

from dataclasses import replace

from shuzheng.apps.vehicles.planning.duty import duty, fits
from shuzheng.apps.vehicles.planning.greedy import Greedy
from shuzheng.apps.vehicles.planning.problem import Assignment, Problem, Reason, Ride
from shuzheng.apps.vehicles.planning.roads import Roads
from shuzheng.apps.vehicles.planning.tours import Tour, tour

ASSIGNED = (
    "emergency",
    "kept",
    "changed",
    "pooled",
    "alone",
    "follows",
    "from_lot",
    "fits",
    "electric",
    "later",
    "rested",
)
UNSERVED = ("no_seats", "no_kind", "no_car_then", "no_driver_then", "too_far", "all_busy")


def of_assignment(problem: Problem, roads: Roads, made: Assignment, before: Tour | None) -> Assignment:
    """The assignment with its reasons, the weightiest first. ``before``: the tour that the car comes from."""
    rides = [problem.ride[ride] for ride in made.rides]
    car, driver = problem.car[made.car], problem.driver[made.driver]
    found = []
    if any(ride.emergency for ride in rides):
        found.append(Reason("emergency"))
    for ride in rides:
        if ride.was == (made.car, made.driver):
            found.append(Reason("kept", {"ride": ride.id}))
        elif ride.was:
            found.append(Reason("changed", {"ride": ride.id, "car": ride.was[0], "driver": ride.was[1]}))
    if len(rides) > 1:
        apart = sum(one.km for ride in rides if (one := tour([ride], problem, roads)))
        found.append(Reason("pooled", {"rides": made.rides, "saved": round(apart - made.km, 1)}))
    found += [Reason("alone", {"ride": ride.id}) for ride in rides if ride.alone]
    first = roads.at[made.calls[0].place]
    if before:
        km = roads.km[before.last][first]
        found.append(Reason("follows", {"rides": before.rides, "km": round(km, 1)}))
    else:
        km = roads.km[roads.at[car.lot]][first]
        found.append(Reason("from_lot", {"lot": car.lot, "km": round(km, 1)}))
    found.append(Reason("fits", {"people": sum(ride.people for ride in rides), "seats": car.seats}))
    if car.range_km is not None:
        found.append(Reason("electric", {"km": round(made.km + made.empty_km, 1), "range": car.range_km}))
    for ride in rides:
        start = next(call.leave for call in made.calls if ride.id in call.on)
        if start > ride.earliest:
            found.append(Reason("later", {"ride": ride.id, "minutes": start - ride.earliest}))
    loads = sorted(other.load for other in problem.drivers)
    if loads and driver.load < loads[len(loads) // 2]:
        found.append(Reason("rested", {"driver": driver.id, "hours": round(driver.load / 60, 1)}))
    return replace(made, reasons=tuple(found))


def of_missing(problem: Problem, roads: Roads, made: Greedy, ride: Ride) -> Reason:
    """What stands in the way of a ride: the first that would have to be otherwise."""
    alone = tour([ride], problem, roads)
    if alone is None:
        raise ValueError(f"ride {ride.id} has no way")
    when = {"from": ride.earliest, "to": ride.earliest + alone.duration}
    if all(car.seats < ride.people for car in problem.cars):
        return Reason("no_seats", {"people": ride.people, "most": max((car.seats for car in problem.cars), default=0)})
    cars = {car.id for car in problem.cars if fits(car, alone)}
    if not cars:
        return Reason("no_kind", {"people": ride.people, "bodies": sorted(ride.bodies), "uses": sorted(ride.uses)})
    pieces = made.pieces
    there = [
        n for n, piece in enumerate(pieces.cars)
        if piece.id in cars and piece.span[0] <= ride.latest and piece.span[1] >= when["to"]
    ]  # fmt: skip
    if not there:
        return Reason("no_car_then", {**when, "people": ride.people, "cars": len(cars)})
    crews = [crew for n in there for _m, crew in made.able[n]]
    able = [crew for crew in crews if crew.span[0] <= ride.latest and crew.span[1] >= when["to"]]
    if not able:
        return Reason("no_driver_then", {**when, "cars": len({pieces.cars[n].id for n in there})})
    if all(duty(crew, [alone], problem, roads) is None for crew in able):
        return Reason("too_far", {**when, "km": alone.km})
    return Reason("all_busy", {**when, "people": ride.people, "cars": len({crew.car.id for crew in able})})
