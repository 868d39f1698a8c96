"""A plan made better piece by piece: some rides are taken out and put back in another order; what costs less is kept.

The optimiser chooses among whole duties, and what it cannot make whole numbers of is put in as it comes. Most of what is lost there
lies close together in time: so rides around one that found no car, or around any other, are planned anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from shuzheng.apps.vehicles.planning.greedy import Greedy
from shuzheng.apps.vehicles.planning.problem import Ride

DUTIES = (2, 5)
"""How many duties are opened at a time, at least and at most."""
AROUND = (60, 240)
"""Minutes before and after the ride within which they are."""
PATIENCE = 30
"""Tries without success, for each ride of the day, after which it is enough: what is small ends the same each time."""
MISSING = 0.7
"""How often a ride without a car is the one to begin with, while there are any."""


def improve(made: Greedy, until: float, total: Callable[[Greedy], float]) -> Greedy:
    """The plan, or a better one that was found before ``until`` (``time.monotonic``). Chance is the same each time."""
    problem, chance = made.problem, Random(1)  # noqa: S311 -- no secret
    best, height, tries = made, total(made), 0
    while tries < PATIENCE * len(problem.rides) and time.monotonic() < until:
        tries += 1
        missing = [ride for ride in problem.rides if ride.id not in best.of_ride]
        centre = chance.choice(missing if missing and chance.random() < MISSING else problem.rides)
        tried = best.copy()
        removed = _near(best, centre, chance)
        if not tried.take_out(removed):
            continue
        back = [problem.ride[ride] for ride in removed]
        chance.shuffle(back)
        first = [centre] if centre.id not in tried.of_ride else []
        rest = [ride for ride in missing if ride is not centre]
        for ride in sorted([*first, *(r for r in back if r is not centre), *rest], key=lambda r: not r.emergency):
            tried.add(ride.id)
        if (reached := total(tried)) < height - 1e-9:
            best, height, tries = tried, reached, 0
    return best


def _near(made: Greedy, centre: Ride, chance: Random) -> list[str]:
    """Rides of some duties that could serve the one in the centre, of about its time."""
    span = chance.randint(*AROUND)
    single, able = made.single[centre.id], made.cars_for[centre.id]
    since, until = centre.earliest - span, centre.latest + single.duration + span
    keys = [key for key, (crew, _duty) in made.duties.items() if crew.car.id in able]
    own = made.of_ride.get(centre.id)
    chosen = chance.sample(keys, min(len(keys), chance.randint(*DUTIES)))
    if own is not None and own not in chosen:
        chosen.append(own)
    return [
        ride for key in chosen for tour, start in zip(made.duties[key][1].tours, made.duties[key][1].starts, strict=True)
        if start < until and start + tour.duration > since for ride in tour.rides
    ]  # fmt: skip
