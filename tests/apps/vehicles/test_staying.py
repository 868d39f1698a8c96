"""What a sealed day keeps open: when the vehicle was heard, when it was at a known station, where it stood oddly. No database."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from shuzheng.apps.vehicles.models import Refuel, TrackDay, Vehicle
from shuzheng.apps.vehicles.sealing import Point
from shuzheng.apps.vehicles.staying import Limits, Stay, noted, stays
from shuzheng.apps.vehicles.supervision import keeping, suspicion
from tests.apps.vehicles.test_suspicion import NOW, alert, car, drive, limits  # noqa: F401 -- fixtures

LOT, STATION, FLATS = (119.27, 28.59), (119.25, 28.56), (119.302, 28.566)
LIMITS = Limits(station_metres=300, site_metres=400, stop_minutes=60, night=(22, 6))
WEDNESDAY = date(2026, 3, 4)


def track(*legs: tuple[float, float, tuple[float, float]], every: int = 5) -> list[Point]:
    """Standing from hour to hour at places, heard every so many minutes."""
    return [
        Point(minute * 60, round(place[0] * 1e6), round(place[1] * 1e6), 0, 0, 0, -1)
        for begin, end, place in legs for minute in range(round(begin * 60), round(end * 60), every)
    ]  # fmt: skip


def told(points: list[Point], *, works: bool = True, sites=(LOT,)):
    return noted(points, 0, LIMITS, works=works, stations={"s": STATION}, sites=sites, mark=lambda x, y: f"{x}|{y}")


def test_a_vehicle_stands_where_it_was_last_heard_and_silence_at_one_place_is_standing():
    points = [*track((8, 9, LOT)), *track((9, 9.1, STATION)), *track((12, 12.1, STATION)), *track((13, 14, FLATS))]
    assert list(stays(points, 0)) == [Stay(LOT, 480, 535), Stay(STATION, 540, 725), Stay(FLATS, 780, 1440)]
    moving = points[-1]._replace(at=points[-1].at + 60, lon=119_400_000, speed=400)
    assert list(stays([*points, moving], 0))[-1] == Stay(FLATS, 780, 835), "what drives is not standing until midnight"


@pytest.mark.parametrize(
    ("begin", "end", "works", "place", "odd"),
    [
        (20, 24, True, FLATS, True),
        (20, 22.5, True, FLATS, False),  # half an hour of it in the night
        (3, 7, True, FLATS, True),
        (9, 17, True, FLATS, False),  # a working day
        (9, 11, False, FLATS, True),
        (9, 9.5, False, FLATS, False),
        (0, 24, False, LOT, False),  # a registered place
        (0, 24, False, (LOT[0] + 0.003, LOT[1]), False),  # beside it
    ],
)
def test_which_stops_are_odd(begin, end, works, place, odd):
    on = [*track((begin, end, place)), *([] if end == 24 else track((end, end + 0.1, LOT)))]
    assert bool(told(on, works=works)["stops"]) is odd


def test_the_same_place_has_the_same_mark_and_a_station_is_noted_by_its_spans():
    first, second = (told(track((22, 24, (FLATS[0] + off, FLATS[1]))))["stops"][0][0] for off in (0, 0.0003))
    assert first == second != told(track((22, 24, (119.35, 28.5))))["stops"][0][0]
    found = told([*track((8, 9, LOT)), *track((9, 9.5, STATION)), *track((11, 12, STATION))])
    assert found["stations"] == {"s": [[540, 565], [660, 715]]} and found["heard"] == [[480, 565], [660, 715]]


def refuel(vehicle: Vehicle, hour: int, minute: int = 0, station: str = "城南加油站") -> Refuel:
    at = datetime(2026, 3, 4, hour, minute).time()
    return Refuel(vehicle=vehicle, node_id=vehicle.node_id, path=vehicle.path, day=WEDNESDAY, at=at, kind="fuel",
                  quantity=Decimal(30), station=station, voucher="PZ1")  # fmt: skip


@pytest.mark.parametrize(
    ("hour", "minute", "station", "warned"),
    [
        (8, 10, "城南加油站", True),  # at the lot; at the station only at ten
        (9, 20, "城南加油站", False),  # a bill may be forty minutes early
        (10, 30, "城南加油站", False),
        (14, 0, "城南加油站", False),  # not heard: nobody knows
        (8, 10, "别处加油站", False),  # its place is not known
    ],
)
def test_fuel_billed_where_the_vehicle_was_not(car, limits, hour, minute, station, warned):  # noqa: F811
    """Only where the station's place is known and the vehicle was heard."""
    points = [*track((8, 10, LOT)), *track((10, 10.5, STATION)), *track((10.5, 12, LOT))]
    known = keeping.Stations({(car.node_id, "城南加油站"): "s"}, {(car.pk, WEDNESDAY): told(points)})
    ran = {car.pk: frozenset({WEDNESDAY})}
    found = list(keeping.refuelling([refuel(car, hour, minute, station)], ran, limits, known))
    assert [one.whats for one in found] == ([{"station", "refuelled_at", "not_there"}] if warned else [])


def test_nights_at_one_unknown_place_add_to_the_score_once_they_are_a_habit(car, limits):  # noqa: F811
    """The third night within thirty days; nights on an allowed run, and nights elsewhere, are none."""
    now = timezone.make_aware(datetime(2026, 3, 30))
    days = [1, 8, 15, 22]
    rows = [
        TrackDay(vehicle=car, node_id=car.node_id, path=car.path, day=date(2026, 3, n), noted=told(track((21, 24, FLATS))))
        for n in days
    ]  # fmt: skip
    elsewhere = TrackDay(vehicle=car, path=car.path, day=date(2026, 3, 16), noted=told(track((21, 24, (119.4, 28.4)))))
    found = suspicion.lingering([*rows, elsewhere], [], {}, now, limits)
    assert {day.day: many for (_car, day), (_row, many) in found.items()} == {15: 3, 22: 4}

    allowed, trips = drive(car, timezone.make_aware(datetime(2026, 3, 8, 20)), hours=12, approved_at=now)
    assert len(suspicion.lingering(rows, [allowed], {allowed.pk: trips}, now, limits)) == 1
    assert list(suspicion.score([], [], {}, limits, found)) == [], "by itself it is no warning"


def test_a_habit_and_a_ride_without_an_order_make_a_warning(car, limits):  # noqa: F811
    row = TrackDay(vehicle=car, node_id=car.node_id, path=car.path, day=timezone.localdate(NOW), noted={})
    stops = {(car.pk, row.day): (row, 4)}
    [found] = suspicion.score([alert(car, "05", "night")], [], {}, limits, stops)
    assert (found.score, [part for part, _n, _r in found.points]) == (45, ["night", "stops"])
    assert [(i.what, i.value) for i in found.items] == [("score", 45), ("same_place", 4)]
    assert found.begins == NOW
