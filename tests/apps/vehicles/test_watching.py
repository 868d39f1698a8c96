"""What positions say about the use of a vehicle. Domain dossier §3.5 and §3.6, rule codes of the alerts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.apps.vehicles import watching as w
from shuzheng.kernel.geo import DEGREE

CAR = UUID(int=1)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=w.BEIJING)
LOT = (116.40, 39.90)
LIMITS = w.Limits(home_metres=50, speed_kmh=120, stop_minutes=20, off_route_metres=500, offline_hours=24, night=(22, 6))
HOME = w.Area.of("home", "home", {"circle": [*LOT, 80]})
PARK = w.Area.of("park", "sensitive", {"polygon": [[116.45, 39.90], [116.46, 39.90], [116.46, 39.91], [116.45, 39.91]]})


def north(metres: float, at: tuple[float, float] = LOT) -> tuple[float, float]:
    return (at[0], at[1] + metres / DEGREE)


def seen(minute: float, place: tuple[float, float], kmh: float = 0) -> w.Seen:
    return w.Seen(MONDAY + timedelta(minutes=minute), place, kmh)


def setting(**given: object) -> w.Setting:
    return w.Setting(**{"limits": LIMITS, "areas": w.Areas([HOME, PARK]), "home": [HOME], **given})  # type: ignore[arg-type]


def order(begin: float, end: float, route: tuple[tuple[float, float], ...] = ()) -> w.Order:
    return w.Order("trip", MONDAY + timedelta(minutes=begin), MONDAY + timedelta(minutes=end), route)


def told(track: list[w.Seen], given: w.Setting) -> list[tuple[str, float, str]]:
    """Kinds of the facts with the minute and what they are about; the same whether the track comes at once or bit by bit."""
    facts, end = w.judge(CAR, track, w.State(), given)
    state, again = w.State(), []
    for one in track:
        more, state = w.judge(CAR, [one], w.State.of(state.as_json()), given)
        again += more
    assert (again, w.State.of(state.as_json())) == (facts, w.State.of(end.as_json()))
    return [(fact.kind, (fact.at - MONDAY).total_seconds() / 60, fact.subject) for fact in facts]


OUT = [seen(0, LOT), seen(1, north(100), 20), seen(2, north(140), 20), seen(3, north(900), 40), seen(9, north(900))]


def test_a_vehicle_that_leaves_its_lot_by_fifty_metres_without_an_order_is_told_once() -> None:
    # The fence ends at 80 m: 100 m is 20 m off, 140 m is 60 m off.
    left = (w.LEFT, 1, "home")
    assert told(OUT, setting()) == [left, (w.AWAY, 2, "")]
    assert told(OUT, setting(orders=[order(-5, 60)])) == [left]
    assert told(OUT, setting(orders=[order(-60, -5)])) == [left, (w.AWAY, 2, "")]
    assert told(OUT, setting(home=[])) == [left]
    home_again = [*OUT, seen(20, LOT), seen(30, north(500), 30)]
    assert [fact for fact in told(home_again, setting()) if fact[0] == w.AWAY] == [(w.AWAY, 2, ""), (w.AWAY, 30, "")]


def test_one_that_stands_outside_when_its_order_ends_has_not_left_then() -> None:
    parked = [seen(n, north(900)) for n in range(0, 60, 5)]
    assert [f for f in told(parked, setting(orders=[order(-5, 20)])) if f[0] == w.AWAY] == []


def test_a_locked_vehicle_and_one_on_a_holiday_are_told_when_they_move() -> None:
    jam = [seen(0, LOT), seen(1, LOT, 20), seen(2, LOT, 0), seen(3, LOT, 25), seen(4, LOT, 0)]
    holidays = frozenset({date(2026, 11, 23)})
    assert told(jam, setting(locked=True)) == [(w.LOCKED, 1, "")]
    assert told(jam, setting(holidays=holidays)) == [(w.HOLIDAY, 1, "")]
    assert told(jam, setting(holidays=holidays, orders=[order(0, 10)])) == []
    assert told([seen(0, LOT), seen(1, LOT, 2)], setting(locked=True, holidays=holidays)) == []  # drift
    towed = [seen(0, LOT), seen(1, north(60))]
    assert told(towed, setting(locked=True)) == [(w.LOCKED, 1, "")]


def test_night_is_told_once_a_night() -> None:
    ride = [seen(60 * 12.5 + n, LOT, kmh) for n, kmh in enumerate([30] * 40 + [0, 30] * 300)]  # from half past nine on
    assert told(ride, setting(home=[])) == [(w.NIGHT, 60 * 13, "")]
    assert told(ride, setting(home=[], orders=[order(0, 60 * 30)])) == []


def test_speeding_counts_when_it_lasts() -> None:
    fast = [seen(n / 4, LOT, kmh) for n, kmh in enumerate([100, 125, 100, 125, 130, 131, 132, 100])]
    assert told(fast, setting(home=[])) == [(w.SPEEDING, 0.75, "")]
    assert told([seen(n / 4, LOT, 120) for n in range(8)], setting()) == []


def test_a_long_stop_at_a_sensitive_place_begins_when_it_stops() -> None:
    there = (116.455, 39.905)
    stop = [seen(0, there, 10), seen(1, there), seen(15, there), seen(22, there), seen(50, there)]
    facts = told(stop, setting(home=[]))
    assert facts == [(w.LONG_STOP, 1, "park")]
    assert told([seen(0, there), seen(19, there), seen(20, there, 30)], setting(home=[])) == []
    assert told([seen(0, LOT), seen(60, LOT)], setting()) == []


def test_leaving_the_route_of_an_order_is_told_once_for_each_deviation() -> None:
    route = (LOT, (116.50, 39.90))
    trip = order(0, 60, route)
    off = (116.45, 39.91)  # a kilometre north of it
    track = [seen(1, (116.42, 39.90), 40), seen(5, off, 40), seen(6, off, 0), seen(7, off, 40), seen(9, (116.48, 39.9001), 40),
             seen(12, off, 40)]  # fmt: skip
    assert [f for f in told(track, setting(orders=[trip])) if f[0] == w.OFF_ROUTE] == [
        (w.OFF_ROUTE, 5, "trip"), (w.OFF_ROUTE, 12, "trip"),
    ]  # fmt: skip
    assert [f for f in told(track, setting(orders=[order(0, 60)])) if f[0] == w.OFF_ROUTE] == []


def test_positions_that_were_judged_are_passed_over() -> None:
    facts, state = w.judge(CAR, OUT, w.State(), setting())
    assert facts
    assert w.judge(CAR, OUT, state, setting()) == ([], state)


def test_a_terminal_not_heard_for_a_day_is_one_fact_however_often_it_is_asked() -> None:
    assert w.silent(CAR, MONDAY, LOT, MONDAY + timedelta(hours=24), LIMITS) is None
    first = w.silent(CAR, MONDAY, LOT, MONDAY + timedelta(hours=25), LIMITS)
    later = w.silent(CAR, MONDAY, LOT, MONDAY + timedelta(hours=49), LIMITS)
    assert first is not None and later is not None
    assert (first.at, first.figures["hours"]) == (MONDAY, 25.0) and (later.at, later.kind) == (first.at, first.kind)


@settings(max_examples=100, deadline=None)
@given(st.floats(116.0, 116.6), st.floats(39.6, 40.2))
def test_the_grid_finds_what_asking_every_fence_finds(lon: float, lat: float) -> None:
    shapes = [{"circle": [116 + n / 40, 39.7 + n / 50, 200 * (n + 1)]} for n in range(24)]
    shapes += [
        {"polygon": [[115, 39], [117, 39], [117, 40], [116.2, 39.5]]},
        {"polygon": [[116, 39.6], [116.5, 39.7], [116.2, 40.1]]},
    ]
    areas = [w.Area.of(str(n), "region", shape) for n, shape in enumerate(shapes)]
    found = {area.id for area in w.Areas(areas).at((lon, lat))}
    assert found == {area.id for area in areas if area.has((lon, lat))}


@pytest.mark.parametrize(
    "shape",
    [{}, {"circle": [1, 2]}, {"circle": [116, 39, -5]}, {"circle": [500, 39, 5]}, {"polygon": [[1, 1], [2, 2]]}, {"polygon": "x"},
     {"polygon": [[1, 1], [2, 2], ["a", 3]]}],
)  # fmt: skip
def test_a_fence_is_a_circle_or_a_polygon(shape: dict) -> None:
    with pytest.raises(ValueError, match="neither"):
        w.Area.of("x", "home", shape)
