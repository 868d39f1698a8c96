"""A year of a fleet: runs day by day, fuel as it is used up, what falls due in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.utils import timezone

from shuzheng.apps.vehicles.demo.common import GIVEN, KM, SPOTS, SURNAMES, Fleet, Rows
from shuzheng.apps.vehicles.demo.fleets import MODELS
from shuzheng.apps.vehicles.models import (
    Driver,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Quote,
    Refuel,
    Repair,
    RepairPart,
    Run,
    Trip,
    TripState,
    Vehicle,
)
from shuzheng.base.standards.working_days import add_months, is_working_day

GOALS = (
    ("县政务服务中心", 14), ("北界镇政府", 16), ("大柘镇政府", 18), ("石练镇政府", 12), ("王村口镇政府", 7),
    ("湖山乡政府", 8), ("松阳县行政中心", 8), ("丽水市行政中心", 11), ("丽水站", 4), ("衢州站", 3), ("杭州省行政中心", 2),
)  # fmt: skip
SUBJECTS = {
    "1": ("传递机要文件", "取送涉密载体"), "3": ("食品安全联合检查", "生态环境执法检查"),
    "4": ("乡镇重点项目调研", "美丽乡村建设调研", "防汛检查", "公共机构节能调研"),
    "5": ("参加全市机关事务工作会议", "参加专题推进会", "参加业务培训"), "6": ("接待省考察组", "陪同市检查组"),
    "7": ("义务植树", "集中观摩"), "9": ("送取资料", "设备维修"),
}  # fmt: skip
PARTS = (
    ("机油机滤", "380"),
    ("刹车片", "460"),
    ("轮胎", "620"),
    ("蓄电池", "580"),
    ("空调滤芯", "120"),
    ("雨刮", "90"),
)


def year(rows: Rows, fleet: Fleet, today: date, deep: bool) -> None:
    """Runs day by day; fuel as it is used up; what falls due in between."""
    random = Random(f"year {fleet.office.path}")  # noqa: S311
    usual = {v.pk: Decimal(model[7]) for v in fleet.vehicles for model in MODELS if model[0] == v.brand}
    burnt: dict[Any, Decimal] = {v.pk: Decimal(0) for v in fleet.vehicles}
    served: dict[str, int] = {}
    for day in _days(today, 365, 1 if deep else 36):
        if not deep and not is_working_day(day):
            continue
        busy = random.sample(fleet.vehicles, k=min(len(fleet.vehicles), random.randint(5, 9) if deep else 3))
        drivers = random.sample(fleet.drivers, k=len(fleet.drivers))
        for vehicle, driver in zip(busy, drivers, strict=False):
            if deep and not is_working_day(day) and random.random() < 0.93:
                continue
            km = _drive(rows, fleet, vehicle, driver, day, random, served, deep)
            burnt[vehicle.pk] += km * usual[vehicle.pk] / 100 * Decimal(random.uniform(0.93, 1.08))
            limit = Decimal("0.6") * (vehicle.tank or Decimal(45))
            if burnt[vehicle.pk] >= limit:
                _refuel(rows, fleet, vehicle, driver, day, burnt[vehicle.pk], random)
                burnt[vehicle.pk] = Decimal(0)
    for vehicle in fleet.vehicles:
        vehicle.mileage = fleet.odometer[vehicle.pk]
        _papers(rows, fleet, vehicle, today, random)
        _repairs(rows, fleet, vehicle, today, random, deep)


def _days(today: date, back: int, step: int) -> Iterator[date]:
    day = today - timedelta(days=back)
    while day < today:
        yield day
        day += timedelta(days=step)


def _at(day: date, hour: float) -> datetime:
    moment = datetime.combine(day, time(int(hour), int(hour % 1 * 60) // 5 * 5))
    return timezone.make_aware(moment)


def _drive(
    rows: Rows,
    fleet: Fleet,
    vehicle: Vehicle,
    driver: Driver,
    day: date,
    random: Random,
    served: dict[str, int],
    deep: bool,
) -> Decimal:
    """One run and its trip (two trips when it was shared); returns the kilometres."""
    goal = random.choices([g for g, _w in GOALS], [w for _g, w in GOALS])[0]
    far = KM[goal] > 150
    begins = _at(day, 7.5 if far else random.choice((8, 8.5, 9, 13.5, 14)))
    hours = KM[goal] / 55 + random.choice((1, 1.5, 2))
    ends = begins + timedelta(minutes=int(hours * 12) * 5)
    km = Decimal(KM[goal]) + Decimal(random.randint(0, 60)) / 10
    if not deep:
        km *= 4  # few runs stand for many
    start = fleet.odometer[vehicle.pk]
    fleet.odometer[vehicle.pk] = start + km
    run = Run(
        vehicle=vehicle, driver=driver, state=Run.State.BACK, begins=begins, ends=ends, accepted_at=begins - timedelta(hours=2),
        out_at=begins + timedelta(minutes=random.randint(-4, 9)), back_at=ends + timedelta(minutes=random.randint(-35, 12)),
        odometer_out=start, odometer_in=start + km, track_km=(km * Decimal(random.uniform(0.975, 1.02))).quantize(Decimal("0.1")),
        energy_out=random.randint(55, 100), energy_in=random.randint(30, 55), allowance=Decimal(80 if far else 0),
    )  # fmt: skip
    rows.add(run, fleet.office)
    tolls = Decimal(random.choice((35, 60, 85))) if far else Decimal(0)
    parking = Decimal(random.choice((0, 0, 5, 10))) if far or goal == "县政务服务中心" else Decimal(0)
    for kind, amount in (("toll", tolls), ("parking", parking)):
        if amount:
            rows.add(
                Fee(vehicle=vehicle, run=run, kind=kind, amount=amount, day=day, place=goal, voucher=_voucher(random)),
                fleet.office,
            )
    if not deep:
        return km
    number = served[str(day)] = served.get(str(day), 0) + 1
    purpose = random.choices(tuple(SUBJECTS), (4, 5, 34, 24, 10, 3, 8))[0]
    people = min(random.choice((1, 1, 2, 2, 3, 4)), vehicle.places_for_passengers)
    home, there = SPOTS[1], next(s for s in SPOTS if s[0] == goal)
    rows.add(
        Trip(
            number=f"PC{day:%Y%m%d}-{number:04d}", state=TripState.FILED, person_id=driver.pk, applicant=_applicant(random),
            department=random.choice(("综合科", "公车科", "节能科", "资产科", "后勤科")), passengers=f"{_applicant(random)}等 {people} 人",
            people=people, purpose=purpose, subject=random.choice(SUBJECTS[purpose]), origin=home[0], destination=goal,
            stops=[{"name": s[0], "lon": float(s[3]), "lat": float(s[4])} for s in (home, there)], planned_km=Decimal(KM[goal]),
            reach="city" if KM[goal] < 150 else "province", begins=begins, ends=ends, provider=fleet.office, run=run,
            car=f"{vehicle.plate} {vehicle.brand}", driver_name=driver.person.name, meet_at=SPOTS[0][0], return_to=SPOTS[0][0],
            dispatched_by="调度员", dispatched_at=begins - timedelta(hours=3), approved_at=begins - timedelta(hours=4),
            out_at=run.out_at, back_at=run.back_at, km=km, tolls=tolls, parking=parking,
            cost=(tolls + parking + km * Decimal("0.55")).quantize(Decimal("0.01")), rating=random.choice((5, 5, 5, 5, 4, 4, 3)),
            confirmed_at=run.back_at,
        ),
        fleet.office,
    )  # fmt: skip
    return km


def _applicant(random: Random) -> str:
    return random.choice(SURNAMES) + random.choice(GIVEN)


def _voucher(random: Random) -> str:
    return f"PZ{random.randint(10_000_000, 99_999_999)}"


def _refuel(
    rows: Rows, fleet: Fleet, vehicle: Vehicle, driver: Driver, day: date, quantity: Decimal, random: Random
) -> None:
    electric = vehicle.fuel == "5"
    quantity = (
        quantity.quantize(Decimal("0.01"))
        if electric
        else min(quantity, vehicle.tank or quantity).quantize(Decimal("0.01"))
    )
    price = Decimal("0.92") if electric else Decimal("7.62")
    rows.add(
        Refuel(
            vehicle=vehicle, day=day, kind="charge" if electric else "fuel", quantity=quantity,
            amount=(quantity * price).quantize(Decimal("0.01")), odometer=fleet.odometer[vehicle.pk], driver=driver,
            station="行政中心充电站" if electric else random.choice(("妙高加油站", "北街加油站")), voucher=_voucher(random),
            card="" if electric else f"1000{random.randint(100000, 999999)}", at=time(random.randint(8, 17), random.randint(0, 59)),
        ),
        fleet.office,
    )  # fmt: skip


def _papers(rows: Rows, fleet: Fleet, vehicle: Vehicle, today: date, random: Random) -> None:
    for kind, until, amount in (
        ("compulsory", vehicle.compulsory_to, 950),
        ("commercial", vehicle.commercial_to, 2600),
    ):
        since = add_months(until, -12)
        rows.add(
            Insurance(
                vehicle=vehicle, kind=kind, number=f"PDAA{random.randint(10**11, 10**12 - 1)}", since=since, until=until,
                amount=Decimal(amount + random.randint(-90, 400)), day=min(since, today), voucher=_voucher(random),
            ),
            fleet.office,
        )  # fmt: skip
    done = min(add_months(vehicle.inspection_to, -12), today)
    rows.add(
        Inspection(
            vehicle=vehicle, day=done, valid_to=vehicle.inspection_to, amount=Decimal(260), voucher=_voucher(random)
        ),
        fleet.office,
    )
    if random.random() < 0.18:
        rows.add(
            Fine(
                vehicle=vehicle, day=today - timedelta(days=random.randint(5, 300)), behaviour="机动车违反规定停放",
                place="莲都区中山街", points=0, amount=Decimal(150), state=random.choice(("settled", "settled", "open")),
            ),
            fleet.office,
        )  # fmt: skip


def _repairs(rows: Rows, fleet: Fleet, vehicle: Vehicle, today: date, random: Random, deep: bool) -> None:
    for n in range(3 if deep else 1):
        day = today - timedelta(days=random.randint(8, 350) if n or not deep else 5)
        service = n != 1
        state = Repair.State.DONE
        if deep and n == 0 and vehicle.plate.endswith(("01", "06")):
            state = Repair.State.ASKED
        repair = Repair(
            vehicle=vehicle, day=day, kind="service" if service else "repair", state=state, party=fleet.workshop,
            fault="定期保养" if service else random.choice(("更换刹车片", "空调不制冷", "更换轮胎", "底盘异响")),
            odometer=vehicle.mileage, done_on=day + timedelta(days=1) if state == Repair.State.DONE else None,
        )  # fmt: skip
        rows.add(repair, fleet.office)
        chosen = random.sample(PARTS, 2)
        total = Decimal(0)
        for name, price in (*chosen, ("工时", "120")):
            quantity = Decimal(random.choice((1, 1, 2)))
            total += quantity * Decimal(price)
            rows.add(
                RepairPart(repair=repair, name=name, is_labour=name == "工时", quantity=quantity, price=Decimal(price)),
                fleet.office,
            )
        if state == Repair.State.DONE:
            repair.amount, repair.voucher = total, _voucher(random)
        if fleet.workshop is not None:
            rows.add(
                Quote(repair=repair, party=fleet.workshop, amount=total, day=day, is_chosen=state == Repair.State.DONE),
                fleet.office,
            )
