"""Shapely alone: an index of all fences, asked for each position in turn."""

from __future__ import annotations

from collections.abc import Sequence

from shapely import STRtree, points
from shapely.geometry import Point, Polygon


def count(tree: STRtree, places: Sequence[tuple[float, float]]) -> int:
    """How many (place, fence) pairs there are, place by place, as positions come."""
    return sum(len(tree.query(Point(place), predicate="within")) for place in places)


def count_at_once(tree: STRtree, places: Sequence[tuple[float, float]]) -> int:
    """The same in one call over all places."""
    return int(tree.query(points(places), predicate="within").shape[1])


def tree_of(rings: Sequence[Sequence[tuple[float, float]]]) -> STRtree:
    return STRtree([Polygon(ring) for ring in rings])
