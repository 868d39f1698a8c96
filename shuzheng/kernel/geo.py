"""Places on the earth: distances, figures, lines, and the shift that Chinese map tiles ask for. Plain Python.

Coordinates are degrees, (longitude, latitude), WGS-84. CGCS2000 differs from it by centimetres (GB 22021-2008) and is
taken as the same. Distances are metres on a sphere; within a county they are right to 0.5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import asin, cos, hypot, pi, radians, sin, sqrt

Point = tuple[float, float]

RADIUS = 6_371_008.8
"""Mean radius of the earth in metres (IUGG)."""
DEGREE = radians(1) * RADIUS
"""Metres of a degree of latitude."""


def distance(a: Point, b: Point) -> float:
    """Metres along the great circle (haversine)."""
    lon1, lat1, lon2, lat2 = radians(a[0]), radians(a[1]), radians(b[0]), radians(b[1])
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * RADIUS * asin(min(1.0, sqrt(h)))


def length(line: Sequence[Point]) -> float:
    """Metres along a line."""
    return sum(distance(a, b) for a, b in zip(line, line[1:], strict=False))


def near(a: Point, b: Point) -> float:
    """Metres on the plane that touches the earth at ``a``: quick, and right to 0.1 % up to some ten kilometres."""
    return hypot((b[0] - a[0]) * cos(radians((a[1] + b[1]) / 2)), b[1] - a[1]) * DEGREE


def within(point: Point, ring: Sequence[Point]) -> bool:
    """Whether a point is in a polygon, given as its corners (closed or not). A point on the edge may be either.

    Even-odd rule, as of a ray to the east. The ring must not cross the date line.
    """
    x, y = point
    inside = False
    x1, y1 = ring[-1]
    for x2, y2 in ring:
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
        x1, y1 = x2, y2
    return inside


def off(point: Point, line: Sequence[Point]) -> float:
    """Metres from a point to the nearest place of a line; to its only point when it has one.

    Raises:
        ValueError: the line is empty.
    """
    if not line:
        raise ValueError("a line without points")
    scale = cos(radians(point[1]))
    flat = [((x - point[0]) * scale, y - point[1]) for x, y in line]
    best = hypot(*flat[0])
    for (x1, y1), (x2, y2) in zip(flat, flat[1:], strict=False):
        best = min(best, _off_segment(x1, y1, x2, y2))
    return best * DEGREE


def _off_segment(x1: float, y1: float, x2: float, y2: float) -> float:
    """From the origin to the segment, in its unit."""
    dx, dy = x2 - x1, y2 - y1
    square = dx * dx + dy * dy
    along = 0.0 if square == 0 else max(0.0, min(1.0, -(x1 * dx + y1 * dy) / square))
    return hypot(x1 + along * dx, y1 + along * dy)


def simplified(line: Sequence[Point], tolerance: float) -> list[int]:
    """Indices of the points that remain when none that is left out is more than ``tolerance`` metres off (Douglas and Peucker)."""
    if len(line) < 3:
        return list(range(len(line)))
    scale = cos(radians(line[0][1]))
    flat = [(x * scale * DEGREE, y * DEGREE) for x, y in line]
    keep = {0, len(line) - 1}
    waiting = [(0, len(line) - 1)]  # a stack and no recursion: tracks have a hundred thousand points
    while waiting:
        first, last = waiting.pop()
        (ax, ay), (bx, by) = flat[first], flat[last]
        farthest, most = 0, tolerance
        for n in range(first + 1, last):
            x, y = flat[n]
            away = _off_segment(ax - x, ay - y, bx - x, by - y)
            if away > most:
                farthest, most = n, away
        if farthest:
            keep.add(farthest)
            waiting += ((first, farthest), (farthest, last))
    return sorted(keep)


# The shift of GCJ-02. Nobody publishes it officially; these are the terms that all open implementations share,
# on the ellipsoid of Krasovsky 1940. For tiles only: what we store is never shifted.

_AXIS, _SQUARED_ECCENTRICITY = 6_378_245.0, 0.006_693_421_622_965_943


def gcj02(point: Point) -> Point:
    """Where a tile in GCJ-02 shows the point; outside China (by a rough box) the point itself."""
    lon, lat = point
    if not (72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271):
        return point
    x, y = lon - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    magic = 1 - _SQUARED_ECCENTRICITY * sin(radians(lat)) ** 2
    meridian = _AXIS * (1 - _SQUARED_ECCENTRICITY) / (magic * sqrt(magic))
    return (
        lon + east / (_AXIS / sqrt(magic) * cos(radians(lat)) * pi / 180),
        lat + north / (meridian * pi / 180),
    )


def wgs84(shifted: Point) -> Point:
    """The place that ``gcj02`` shows there, to a millimetre: for terminals that report shifted coordinates."""
    lon, lat = shifted
    for _ in range(10):
        again = gcj02((lon, lat))
        lon, lat = lon + shifted[0] - again[0], lat + shifted[1] - again[1]
    return lon, lat
