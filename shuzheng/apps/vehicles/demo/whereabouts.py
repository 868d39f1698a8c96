"""Violations that only the track shows, beside look-alikes: fuel billed where the car was not, and nights at one unknown place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone

from shuzheng.apps.vehicles.demo.tracks import drive, road, sealed_day, there_and_back
from shuzheng.apps.vehicles.models import Refuel, Run, Spot, TrackDay, Vehicle
from shuzheng.apps.vehicles.models.alerts import Warned
from shuzheng.apps.vehicles.sealing import Point
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.standards.working_days import is_working_day
from shuzheng.kernel import geo

if TYPE_CHECKING:
    from shuzheng.apps.vehicles.demo.violations import Seeder

STATION = ("城南加油站", "119.2460", "28.5590")
VILLAGE: geo.Point = (119.1496, 28.5438)
BLOCK, DYKE = (119.3020, 28.5660), (119.3110, 28.6120)
"""Where nothing is registered: a block of flats, and a dyke that is watched when it rains."""


def seed(seeder: Seeder) -> None:
    station = Spot(name=STATION[0], kind=Spot.Sort.STATION, lon=Decimal(STATION[1]), lat=Decimal(STATION[2]))
    station.own(seeder.office)
    insert_many([station])
    _fuel(seeder, (float(station.lon), float(station.lat)))
    _nights(seeder)


def _home(seeder: Seeder, vehicle: Vehicle) -> geo.Point:
    lot = vehicle.home or Spot.objects.get(node=seeder.office, kind=Spot.Sort.LOT)
    return (float(lot.lon), float(lot.lat))


def _fuel(seeder: Seeder, station: geo.Point) -> None:
    """Bills of the station while the car was in a village, at the station, and nobody knows where."""
    since, until = seeder.today - timedelta(days=170), seeder.today - timedelta(days=30)
    rows = Refuel.objects.filter(vehicle__in=seeder.fuelled, day__range=(since, until), kind="fuel")
    bills = list(rows.select_related("vehicle__home").order_by("day", "pk"))
    seeder.random.shuffle(bills)
    for goal in (VILLAGE, VILLAGE, station, station, None, None):
        bill = bills.pop()
        run = Run.objects.filter(vehicle=bill.vehicle, out_at__date=bill.day).order_by("out_at").first()
        begin = run.out_at if run is not None and run.out_at is not None else timezone.make_aware(
            datetime(bill.day.year, bill.day.month, bill.day.day, 9)
        )  # fmt: skip
        moment = begin + timedelta(minutes=20)
        if goal is not None:
            points = there_and_back(_home(seeder, bill.vehicle), goal, begin, 45, 38, seeder.random)
            moment = points[len(points) // 2].time
            insert_many([sealed_day(bill.vehicle, bill.day, points)])
        at = timezone.localtime(moment).time().replace(second=0, microsecond=0)
        Refuel.objects.filter(pk=bill.pk).update(station=STATION[0], at=at)
        what = {VILLAGE: "票据时间车在别处", station: "到站加油", None: "没有轨迹可比"}[goal]
        seeder.note(what, Warned.REFUEL, bill.vehicle, bill.day, innocent=goal != VILLAGE)


def _nights(seeder: Seeder) -> None:
    """Four evenings at a block of flats without an order; four at a dyke with one."""
    for vehicle, place, ordered in ((seeder.fuelled[2], BLOCK, False), (seeder.fuelled[3], DYKE, True)):
        for n, day in enumerate(_evenings(seeder, vehicle)):
            begin = seeder.at(day, 22.25)
            papers = {"subject": "防汛值守", "approved_at": begin - timedelta(hours=6)} if ordered else {}
            seeder.drive(vehicle, begin, 1.7, 14, **papers)
            insert_many([sealed_day(vehicle, day, _evening(seeder, vehicle, begin, place))])
            seeder.note(
                "夜间停在住宅区" if not ordered else "汛期夜间值守，有单",
                Warned.OFF_HOURS,
                vehicle,
                day,
                innocent=ordered,
            )
            if ordered or n >= 2:  # the third evening at one place makes it a habit
                seeder.note("夜间反复停在同一处", Warned.PRIVATE, vehicle, day, innocent=ordered)


def _evenings(seeder: Seeder, vehicle: Vehicle) -> Iterator[date]:
    """Four working days of one month on which it was back by the evening and stayed there."""
    found = 0
    for ago in range(75, 46, -1):
        day = seeder.today - timedelta(days=ago)
        late = Run.objects.filter(
            vehicle=vehicle, back_at__gt=seeder.at(day, 19), out_at__lt=seeder.at(day + timedelta(days=1), 6)
        )
        known = TrackDay.objects.filter(vehicle=vehicle, day=day)
        before = is_working_day(day, seeder.office.path) and is_working_day(day + timedelta(days=1), seeder.office.path)
        if before and not late.exists() and not known.exists():
            yield day
            found += 1
        if found == 4:
            return


def _evening(seeder: Seeder, vehicle: Vehicle, begin: datetime, place: geo.Point) -> list[Point]:
    """There, and standing until midnight."""
    out = list(drive(road(_home(seeder, vehicle), place, seeder.random), begin, 38, seeder.random))
    last = out[-1]
    midnight = int(timezone.localtime(begin).replace(hour=23, minute=59, second=0).timestamp())
    lon, lat = round(place[0] * 1e6), round(place[1] * 1e6)
    return [*out, *(last._replace(at=at, lon=lon, lat=lat, speed=0) for at in range(last.at + 60, midnight, 60))]
