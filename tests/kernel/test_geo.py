"""Distances, figures and the shift of Chinese tiles, against figures that others publish."""

from __future__ import annotations

from math import cos, pi, radians, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.kernel.geo import DEGREE, distance, gcj02, length, near, off, simplified, wgs84, within

PEKING, SHANGHAI = (116.4074, 39.9042), (121.4737, 31.2304)


def test_distances() -> None:
    # rosettacode.org, "Haversine formula": BNA to LAX is 2,887.26 km on a sphere of 6,372.8 km
    assert distance((-86.67, 36.12), (-118.40, 33.94)) * 6_372_800 / 6_371_008.8 == pytest.approx(2_887_260, abs=100)
    # a degree of the equator and a quarter of a meridian on the sphere of the mean radius: IUGG, 10,007.557 km
    assert distance((0, 0), (1, 0)) == pytest.approx(DEGREE) == pytest.approx(111_195.08, abs=0.01)
    assert length([(0, 0), (0, 45), (0, 90)]) == pytest.approx(10_007_557, abs=1)
    assert distance(PEKING, PEKING) == 0 and distance(PEKING, SHANGHAI) == distance(SHANGHAI, PEKING)


@settings(max_examples=200, deadline=None)
@given(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_the_plane_is_right_in_a_town(east: float, north: float) -> None:
    there = (PEKING[0] + east, PEKING[1] + north)
    assert near(PEKING, there) == pytest.approx(distance(PEKING, there), rel=1e-3, abs=1e-3)


def test_a_point_is_in_a_polygon() -> None:
    ring = [(0, 0), (4, 0), (4, 4), (2, 1), (0, 4)]  # with a notch from above
    inside, outside = [(1, 1), (3, 1), (0.5, 3), (2, 0.9)], [(2, 3), (2, 1.1), (-1, 1), (5, 1), (1, 4.5)]
    assert [within(point, ring) for point in inside + outside] == [True] * 4 + [False] * 5
    assert within((1, 1), [*ring, ring[0]])  # closed


def test_how_far_from_a_line() -> None:
    line = [(116.40, 39.90), (116.41, 39.90), (116.41, 39.91)]
    assert off((116.405, 39.901), line) == pytest.approx(0.001 * DEGREE, rel=1e-4)
    assert off((116.412, 39.905), line) == pytest.approx(0.002 * DEGREE * cos(radians(39.905)), rel=1e-4)
    assert off((116.39, 39.90), line) == pytest.approx(distance((116.39, 39.90), line[0]), rel=1e-3)
    assert off((116.40, 39.901), [line[0]]) == pytest.approx(0.001 * DEGREE, rel=1e-4)
    with pytest.raises(ValueError, match="without points"):
        off((0, 0), [])


def test_a_line_is_simplified_within_its_tolerance() -> None:
    line = [(116.4 + n / 10_000, 39.9 + sin(n / 40 * pi) / 500) for n in range(2_000)]
    kept = simplified(line, 5)
    assert 0 < len(kept) < 600 and kept[0] == 0 and kept[-1] == 1_999
    thin = [line[n] for n in kept]
    assert max(off(point, thin) for point in line[::7]) <= 5.01
    assert simplified(line, 0) and simplified(line[:2], 5) == [0, 1]
    assert simplified([(116.4 + n / 1000, 39.9) for n in range(100_000)], 1)  # straight, and long


@pytest.mark.parametrize(
    ("true", "shown"),
    [
        # eviltransform of googollee, python/test.py (BSD): Shanghai, Shenzhen, Peking
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        # coordtransform of wandergis, test/app.js (MIT)
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164)),
    ],
)
def test_the_shift_of_tiles(true: tuple[float, float], shown: tuple[float, float]) -> None:
    assert gcj02(true) == pytest.approx(shown, abs=1e-9)
    assert distance(wgs84(gcj02(true)), true) < 0.001


def test_abroad_nothing_is_shifted() -> None:
    assert gcj02((-122.4, 37.8)) == (-122.4, 37.8) == wgs84((-122.4, 37.8))
