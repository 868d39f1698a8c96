"""A year of journeys, and how many of them some cars could have served: exactly for one kind of car, by replay for several."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Journey:
    """A car gone from its site and back: minutes from the beginning of the year, km, people without the driver.

    ``goal``: where to; journeys of a site to one goal may be pooled when ``may_pool``. ``count``: requests it serves.
    """

    site: str
    start: int
    end: int
    km: float
    people: int
    goal: str = ""
    may_pool: bool = True
    count: int = 1


def pooled(journeys: Iterable[Journey], *, window: int, most: int, seats: int) -> list[Journey]:
    """Journeys of one site to one goal that start within ``window`` minutes of each other, taken as one, up to ``most``."""
    groups: dict[tuple[str, str], list[Journey]] = {}
    found = []
    for journey in journeys:
        if journey.may_pool and journey.goal:
            groups.setdefault((journey.site, journey.goal), []).append(journey)
        else:
            found.append(journey)
    for _key, group in sorted(groups.items()):
        group.sort(key=lambda j: (j.start, j.end))
        now = group[0]
        first = now.start
        for then in group[1:]:
            # Only those that come back at about the same time share a car: nobody waits longer than the window.
            near = then.start - first <= window and abs(then.end - now.end) <= window
            if near and now.count + then.count <= most and now.people + then.people <= seats:
                now = replace(
                    now, end=max(now.end, then.end), km=max(now.km, then.km), people=now.people + then.people,
                    count=now.count + then.count,
                )  # fmt: skip
            else:
                found.append(now)
                now, first = then, then.start
        found.append(now)
    return sorted(found, key=lambda j: (j.site, j.start, j.end, -j.people))


def curve(spans: Sequence[tuple[int, int]]) -> list[int]:
    """How many of the spans (in order of their starts) ``m`` alike cars serve at most, for ``m`` from 0 until all are served.

    Dropping the span that ends last whenever more than ``m`` run at once is optimal (Faigle and Nawijn 1995; Carlisle
    and Lloyd 1995), so this is a proof and not an estimate.
    """
    found = [0]
    while found[-1] < len(spans):
        cars, running, dropped = len(found), [], 0
        for start, end in spans:
            del running[: bisect_right(running, start)]
            insort(running, end)
            if len(running) > cars:
                running.pop()
                dropped += 1
        found.append(len(spans) - dropped)
    return found


def least(curve_of: Sequence[int], wanted: int) -> int:
    """The fewest cars that serve so many."""
    return bisect_left(curve_of, wanted)


@dataclass(slots=True)
class Electric:
    """Battery cars among those of a kind: ``number`` of them, km of use when full, km that the site's chargers give a night."""

    number: int
    reach: float
    night: float


def replay(
    journeys: Sequence[Journey], grades: Sequence[int], fleet: Sequence[int], electric: Sequence[Electric] | None = None
) -> int:
    """How many journeys of one site (in order of start) a fleet serves, driven as a dispatcher would: the smallest car that
    fits goes; where none is free, the journey that ends last of those in the way is not served.

    Args:
        grades: of each journey the smallest kind of car that fits; larger kinds fit too.
        fleet: cars of each kind, from small to large.
        electric: of each kind those that run on batteries. They go first, where what they have left is enough.
    """
    kinds = range(len(fleet))
    free = [0] * len(fleet)
    full: list[list[float]] = [[e.reach] * e.number for e in electric] if electric else [[] for _ in kinds]
    for kind in kinds:
        free[kind] = fleet[kind] - len(full[kind])
    running: list[tuple[int, int, float]] = []
    served, day = 0, journeys[0].start // 1440 if journeys else 0
    for journey, grade in zip(journeys, grades, strict=True):
        while running and running[0][0] <= journey.start:
            _end, kind, left = running.pop(0)
            if left < 0:
                free[kind] += 1
            else:
                insort(full[kind], left)
        if electric and journey.start // 1440 > day:
            nights, day = journey.start // 1440 - day, journey.start // 1440
            for kind in kinds:
                _charge(full[kind], electric[kind].reach, electric[kind].night * nights)
        served += _send(journey, grade, free, full, running)
    return served


def _send(
    journey: Journey, grade: int, free: list[int], full: list[list[float]], running: list[tuple[int, int, float]]
) -> int:
    for kind in range(grade, len(free)):
        at = bisect_left(full[kind], journey.km)
        if at < len(full[kind]):
            insort(running, (journey.end, kind, full[kind].pop(at) - journey.km))
            return 1
        if free[kind]:
            free[kind] -= 1
            insort(running, (journey.end, kind, -1.0))
            return 1
    for at in range(len(running) - 1, -1, -1):
        end, kind, left = running[at]
        if end <= journey.end:
            return 0
        if kind >= grade and left < 0:
            del running[at]
            insort(running, (journey.end, kind, -1.0))
            return 0
    return 0


def _charge(levels: list[float], reach: float, energy: float) -> None:
    """The emptiest first, as far as the chargers go."""
    for n, level in enumerate(levels):
        given = min(reach - level, energy)
        levels[n], energy = level + given, energy - given
    levels.sort()
