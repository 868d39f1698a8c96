"""Right-sizing: the cheapest fleet of each site that would have served a share of a year's journeys, with its proof.

The bound: journeys that need a kind of car or a larger one can only be served by those, and how many of them so many alike
cars serve at most is known exactly (``demand.curve``). No fleet below these numbers reaches the share. What is proposed has
been replayed and does. Where both agree, the fleet is proven the cheapest.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import groupby

from shuzheng.apps.vehicles.planning.demand import Electric, Journey, curve, least, pooled, replay


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of car: seats for passengers, what one costs a year before it has run a kilometre (yuan), and the range of the
    electric ones (km; None: there are none)."""

    id: str
    seats: int
    cost_year: float
    range_km: float | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How it is reckoned, from dated rules: minutes between journeys, pooling, electric cars.

    ``night``: km that one charger gives in a night.
    """

    turnaround: int
    pool_window: int
    pool_most: int
    ev_reserve: float
    night: float


@dataclass(frozen=True, slots=True)
class SiteFleet:
    """What one site needs. Lists by kind, from small to large: ``cars`` proposed, ``proven`` that no fleet is below in cost,
    ``electric`` of the cars that may run on batteries, ``electric_most`` that no assignment can pass."""

    site: str
    journeys: int
    unservable: int
    wanted: int
    served: int
    cars: tuple[int, ...]
    proven: tuple[int, ...]
    electric: tuple[int, ...]
    electric_most: tuple[int, ...]
    curve: tuple[int, ...]
    """Journeys that any fleet of so many cars could serve at most."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """The answer for a service level: yuan a year of the fleet and of the bound, and what lies between."""

    level: float
    pooling: bool
    requests: int
    journeys: int
    sites: tuple[SiteFleet, ...]
    cost: float
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        return (self.cost - self.bound) / self.cost if self.cost else 0.0

    @property
    def cars(self) -> int:
        return sum(sum(site.cars) for site in self.sites)


def size(
    journeys: Sequence[Journey], kinds: Sequence[Kind], terms: Terms, *, level: float, pooling: bool = True,
    chargers: Mapping[str, int] | None = None,
) -> Sizing:  # fmt: skip
    """The fleet by site and kind that serves ``level`` of each site's journeys.

    Args:
        kinds: from small to large; a larger car may do what a smaller one does.
        chargers: by site; without any nothing runs on batteries.
    """
    begin = time.monotonic()
    requests = sum(journey.count for journey in journeys)
    found = sorted(journeys, key=lambda j: (j.site, j.start, j.end, -j.people))
    if pooling:
        found = pooled(found, window=terms.pool_window, most=terms.pool_most, seats=kinds[-1].seats if kinds else 0)
    sites = tuple(
        _site(site, list(group), kinds, terms, level, (chargers or {}).get(site, 0))
        for site, group in groupby(found, key=lambda j: j.site)
    )
    costs = [kind.cost_year for kind in kinds]
    return Sizing(
        level, pooling, requests, len(found), sites,
        sum(_cost(site.cars, costs) for site in sites), sum(_cost(site.proven, costs) for site in sites),
        time.monotonic() - begin,
    )  # fmt: skip


def _cost(cars: Sequence[int], costs: Sequence[float]) -> float:
    return sum(number * cost for number, cost in zip(cars, costs, strict=True))


def _site(
    site: str, every: list[Journey], kinds: Sequence[Kind], terms: Terms, level: float, chargers: int
) -> SiteFleet:
    fitting = [j for j in every if j.people <= kinds[-1].seats]
    grades = [next(n for n, kind in enumerate(kinds) if j.people <= kind.seats) for j in fitting]
    held = [Journey(j.site, j.start, j.end + terms.turnaround, j.km, j.people) for j in fitting]
    wanted = min(-int(-level * len(every) // 1), len(held))
    blocks = {
        (n, m): curve([(j.start, j.end) for j, g in zip(held, grades, strict=True) if n <= g <= m])
        for n in range(len(kinds))
        for m in range(n, len(kinds))
    }
    proven = _proven(blocks, wanted, [kind.cost_year for kind in kinds])
    cars, served = _reached(held, grades, proven, wanted, kinds)
    electric, most = _electric(held, grades, cars, wanted, kinds, terms, chargers)
    return SiteFleet(
        site, len(every), len(every) - len(fitting), wanted, served, tuple(cars), tuple(proven), tuple(electric),
        tuple(most), tuple(blocks[0, len(kinds) - 1]),
    )  # fmt: skip


def _proven(blocks: Mapping[tuple[int, int], Sequence[int]], wanted: int, costs: Sequence[float]) -> list[int]:
    """Cars by kind that no fleet which serves ``wanted`` journeys costs less than.

    ``large[n]`` are the cars of kind ``n`` and larger. Journeys that need kinds ``n`` to ``m`` are served by those only,
    so that ``blocks[n, m]`` says how many they can be; however the kinds are cut into such blocks, their sum is not
    passed. Numbers are tried in the order of their cost.
    """
    kinds = len(costs)
    # A larger car that costs less would be taken instead.
    least_costs = [min(costs[n:]) for n in range(kinds)]
    steps = [least_costs[n] - (least_costs[n - 1] if n else 0.0) for n in range(kinds)]
    every = [blocks[0, kinds - 1][-1] - blocks[n, kinds - 1][-1] for n in range(kinds)]
    floor = [least(blocks[n, kinds - 1], wanted - every[n]) for n in range(kinds)]
    start = tuple(max(floor[n:]) for n in range(kinds))
    heap = [(sum(step * number for step, number in zip(steps, start, strict=True)), start)]
    seen = {start}
    while heap:
        cost, large = heappop(heap)
        if _most(blocks, large) >= wanted:
            return [large[n] - (large[n + 1] if n + 1 < kinds else 0) for n in range(kinds)]
        for n in range(kinds):
            if n == 0 or large[n] < large[n - 1]:
                more = (*large[:n], large[n] + 1, *large[n + 1 :])
                if more not in seen:
                    seen.add(more)
                    heappush(heap, (cost + steps[n], more))
    raise AssertionError("enough cars serve everything that fits")


def _most(blocks: Mapping[tuple[int, int], Sequence[int]], large: Sequence[int]) -> int:
    """Journeys that fleets of these numbers serve at most: the least over all ways to cut the kinds into blocks."""
    best = [0]
    for m in range(len(large)):
        best.append(min(best[n] + blocks[n, m][min(large[n], len(blocks[n, m]) - 1)] for n in range(m + 1)))
    return best[-1]


def _reached(
    held: Sequence[Journey], grades: Sequence[int], proven: Sequence[int], wanted: int, kinds: Sequence[Kind]
) -> tuple[list[int], int]:
    """The proven numbers, and cars added to them one by one until a replay serves what is wanted."""
    cars = list(proven)
    served = replay(held, grades, cars)
    while served < wanted:
        tried = []
        for n, kind in enumerate(kinds):
            more = [number + (k == n) for k, number in enumerate(cars)]
            tried.append((replay(held, grades, more), -kind.cost_year, more))
        enough = [option for option in tried if option[0] >= wanted]
        served, _cost, cars = max(enough, key=lambda t: t[1]) if enough else max(tried, key=lambda t: t[:2])
    return cars, served


def _electric(
    held: Sequence[Journey], grades: Sequence[int], cars: Sequence[int], wanted: int, kinds: Sequence[Kind], terms: Terms,
    chargers: int,
) -> tuple[list[int], list[int]]:  # fmt: skip
    """Of each kind as many electric cars as still serve what is wanted, the small kinds first; and what none can pass:
    journeys longer than a charge need a car with a tank."""
    reach = [(kind.range_km or 0.0) * (1 - terms.ev_reserve) for kind in kinds]
    most = []
    for n in range(len(kinds)):
        long = curve([(j.start, j.end) for j, g in zip(held, grades, strict=True) if g >= n and j.km > reach[n]])
        need = least(long, max(long[-1] - (len(held) - wanted), 0))
        most.append(max(0, cars[n] - max(0, need - sum(cars[n + 1 :]))) if chargers and reach[n] else 0)
    electric = [0] * len(kinds)
    for n in range(len(kinds)):
        low, high = 0, most[n]
        while low < high:
            middle = (low + high + 1) // 2
            numbers = [middle if k == n else electric[k] for k in range(len(kinds))]
            share = chargers * terms.night / max(sum(numbers), 1)
            lines = [Electric(number, reach[k], share * number) for k, number in enumerate(numbers)]
            if replay(held, grades, cars, lines) >= wanted:
                low = middle
            else:
                high = middle - 1
        electric[n] = low
    return electric, most
