"""What of a day's track is kept open when it is sealed: when it was heard, when it was at a known station, and where it stood oddly.

A place that nobody registered is not told: only a mark under a secret key, by which the same place is known again for the same
vehicle (``core.keys.blind_index``). Times are minutes of the day in Beijing. Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shuzheng.apps.vehicles.watching import STILL
from shuzheng.kernel import geo

ROOM = 100.0
"""Metres within which a vehicle stands at one place: a lot, and what satellites add to it."""
SILENCE = 15
"""Minutes between two positions past which nobody knows where it was."""
CELL = 0.003
"""Degrees, about 300 m: places in one cell are the same place."""
WHOLE = 24 * 60


class Point(Protocol):
    """A position of a track: epoch second, place, speed in 0.1 km/h."""

    @property
    def at(self) -> int: ...
    @property
    def place(self) -> geo.Point: ...
    @property
    def speed(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rules say: metres round a station and round a known site, minutes of a stop that count, hours of night."""

    station_metres: float
    site_metres: float
    stop_minutes: float
    night: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Stay:
    """A vehicle that stood, from minute to minute."""

    place: geo.Point
    begin: int
    end: int

    def at_night(self, night: tuple[int, int]) -> int:
        """Minutes of it in the night, whose hours begin and end in ``night``."""
        spans = ((0, night[1] * 60), (night[0] * 60, WHOLE))
        return sum(max(0, min(self.end, end) - max(self.begin, begin)) for begin, end in spans)


def _minute(point: Point, midnight: int) -> int:
    return min(max(0, (point.at - midnight) // 60), WHOLE)


def stays(points: Sequence[Point], midnight: int) -> Iterator[Stay]:
    """Where a vehicle stood for a minute or longer. Silence at one place is standing there: terminals sleep with the engine,
    and a vehicle that stood when it was last heard stands until the day is over."""
    first = 0
    for n, point in enumerate([*points[1:], None], 1):
        if point is not None and geo.near(points[first].place, point.place) <= ROOM:
            continue
        begin, last = points[first], points[n - 1]
        end = WHOLE if point is None and last.speed / 10 <= STILL else _minute(last, midnight)
        if end > _minute(begin, midnight):
            yield Stay(last.place, _minute(begin, midnight), end)
        first = n


def heard(points: Iterable[Point], midnight: int) -> list[list[int]]:
    """The spans in which it was heard without silence."""
    found: list[list[int]] = []
    for point in points:
        minute = _minute(point, midnight)
        if found and minute - found[-1][1] <= SILENCE:
            found[-1][1] = minute
        else:
            found.append([minute, minute])
    return found


def visits(points: Iterable[Point], place: geo.Point, metres: float, midnight: int) -> list[list[int]]:
    """The spans in which it was within so many metres of a place."""
    found: list[list[int]] = []
    for point in points:
        if geo.near(point.place, place) <= metres:
            minute = _minute(point, midnight)
            if found and minute - found[-1][1] <= SILENCE:
                found[-1][1] = minute
            else:
                found.append([minute, minute])
    return found


def noted(
    points: Sequence[Point],
    midnight: int,
    limits: Limits,
    *,
    works: bool,
    stations: Mapping[str, geo.Point],
    sites: Sequence[geo.Point],
    mark: Callable[[int, int], str],
) -> dict[str, Any]:
    """What is kept: ``heard`` spans, ``stations`` (id: spans), ``stops`` (mark, begin, end) at night or on days off at no known site.

    Args:
        works: whether the day is worked.
        mark: of a cell of the grid, what tells it without telling where it is.
    """  # fmt: skip
    at = {key: visits(points, place, limits.station_metres, midnight) for key, place in stations.items()}
    odd = []
    for stay in stays(points, midnight):
        counted = stay.at_night(limits.night) if works else stay.end - stay.begin
        if counted < limits.stop_minutes or any(geo.near(stay.place, site) <= limits.site_metres for site in sites):
            continue
        odd.append([mark(round(stay.place[0] / CELL), round(stay.place[1] / CELL)), stay.begin, stay.end])
    return {
        "heard": heard(points, midnight),
        "stations": {key: spans for key, spans in at.items() if spans},
        "stops": odd,
    }
