"""Official vehicles in the demo: a province's fleet with a year of runs, fuel, repairs and papers; today's trips where newcomers look.

The county that newcomers see has every trip; other offices of the province have fewer runs, enough for figures at four tiers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.apps.vehicles import actions, demo_stats, demo_tracks, demo_watch
from shuzheng.apps.vehicles.models import (
    Accident,
    Driver,
    Duty,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Plan,
    Quota,
    Quote,
    Refuel,
    Rental,
    Repair,
    RepairPart,
    Run,
    Spot,
    Trip,
    TripState,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.fleet import Marking
from shuzheng.base.access.actors import identify
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Account, Person, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.flows.actions import decide
from shuzheng.base.flows.models import Task
from shuzheng.base.masters.models import Party
from shuzheng.base.org.models import Node, Tier
from shuzheng.base.standards.working_days import add_months, is_working_day
from shuzheng.kernel.text import pinyin_initials, pinyin_key

PROVINCE, PREFECTURE, COUNTY = "33/", "33/11/", "33/11/23/"
FLEETS = {Tier.PROVINCE: 14, Tier.PREFECTURE: 9, Tier.COUNTY: 6}
DEEP_FLEET = 10
SURNAMES, GIVEN = "毛蓝雷钟邱阙翁涂应傅麻练巫赖丁洪", "建国志强伟民永根春生树林小荣金水长富立军"

MODELS: tuple[tuple[str, str, str, int, str | None, int, int | None, str], ...] = (
    # make and model, body, fuel, seats, litres of displacement, price, range, litres or kWh in 100 km
    ("红旗 E-QM5", "1", "5", 5, None, 168_000, 431, "14.6"),
    ("比亚迪 秦PLUS DM-i", "1", "4", 5, "1.5", 132_800, 60, "5.2"),
    ("大众 朗逸 1.5L", "1", "1", 5, "1.5", 109_900, None, "6.9"),
    ("丰田 卡罗拉双擎", "1", "3", 5, "1.8", 139_800, None, "4.8"),
    ("别克 GL8", "2", "1", 7, "2.0", 239_900, None, "9.6"),
    ("上汽大通 G10", "2", "2", 9, "1.9", 178_000, None, "8.4"),
    ("丰田 考斯特", "3", "1", 20, "2.7", 248_000, None, "13.8"),
    ("宇通 ZK6826", "4", "2", 37, "4.5", 438_000, None, "21.5"),
)
MIX = (0, 2, 4, 2, 1, 3, 0, 5, 2, 6, 4, 0, 2, 7)
"""Which models a fleet is made of, in order; larger fleets take more of them."""

SPOTS = (
    ("遂昌县行政中心", "lot", "妙高街道北街 1 号", "119.2712", "28.5925", 4),
    ("县机关事务服务中心", "office", "妙高街道北街 1 号", "119.2718", "28.5921", 0),
    ("县政务服务中心", "office", "妙高街道凯恩路", "119.2671", "28.5869", 2),
    ("遂昌汽车站", "hub", "妙高街道平昌路", "119.2604", "28.5808", 0),
    ("北界镇政府", "office", "北界镇", "119.2226", "28.7253", 1),
    ("大柘镇政府", "office", "大柘镇", "119.1496", "28.5438", 1),
    ("石练镇政府", "office", "石练镇", "119.0869", "28.4896", 0),
    ("王村口镇政府", "office", "王村口镇", "118.9702", "28.3537", 0),
    ("湖山乡政府", "site", "湖山乡", "119.0405", "28.7076", 0),
    ("松阳县行政中心", "office", "西屏街道", "119.4823", "28.4498", 2),
    ("丽水市行政中心", "office", "莲都区花园路 1 号", "119.9229", "28.4676", 6),
    ("丽水站", "hub", "莲都区", "119.9415", "28.4303", 2),
    ("衢州站", "hub", "柯城区", "118.8786", "28.9702", 2),
    ("杭州省行政中心", "office", "西湖区", "120.1528", "30.2672", 8),
)
KM = {
    "县政务服务中心": 4, "遂昌汽车站": 8, "北界镇政府": 34, "大柘镇政府": 31, "石练镇政府": 46, "王村口镇政府": 98,
    "湖山乡政府": 62, "松阳县行政中心": 64, "丽水市行政中心": 172, "丽水站": 180, "衢州站": 168, "杭州省行政中心": 560,
}  # fmt: skip
"""Kilometres there and back from the county's seat, by road."""
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


TOMORROW = (
    ("大柘镇政府", "美丽乡村建设调研", 30, 3, 2), ("大柘镇政府", "食堂安全检查", 45, 3, 1), ("石练镇政府", "办公用房核查", 60, 4, 3),
    ("松阳县行政中心", "送取资料", 60, 4, 1), ("北界镇政府", "公共机构节能调研", 90, 3, 2), ("丽水站", "接站", 300, 4, 5),
    ("王村口镇政府", "资产盘点", 30, 7, 3), ("县政务服务中心", "办理资产登记", 360, 2, 12),
)  # fmt: skip
"""A busy day for the dispatcher: where to, why, minutes after eight, hours, people."""


class Nation(Protocol):
    """What the demo has made so far."""

    divisions: Mapping[str, Node]
    offices: Mapping[str, Node]
    institutions: list[Node]


@dataclass
class Fleet:
    """An office's vehicles and drivers, and the rows that are made about them."""

    office: Node
    vehicles: list[Vehicle]
    drivers: list[Driver]
    workshop: Party | None
    odometer: dict[Any, Decimal] = field(default_factory=dict)


@dataclass
class Rows:
    """What is inserted, in the order in which rows refer to each other."""

    made: dict[type, list[Any]] = field(default_factory=dict)

    def add(self, row: Any, office: Node) -> Any:
        row.own(office)
        self.made.setdefault(type(row), []).append(row)
        return row


def load(nation: Nation, today: date) -> None:
    """The fleet of the province, a year back from ``today``, and today's trips of the county. Runs under a system scope."""
    rows, fleets = Rows(), []
    role = Role.objects.filter(code="driver", is_shipped=True).first()
    workshops: dict[Any, Party] = {}
    for party in Party.objects.filter(categories__contains=["vehicles"]).order_by("pk"):
        workshops.setdefault(party.node_id, party)
    paths = [path for path in sorted(nation.offices) if path.startswith(PROVINCE)]
    for serial, path in enumerate(paths):
        office, division = nation.offices[path], nation.divisions[path]
        size = DEEP_FLEET if path == COUNTY else FLEETS[Tier(division.tier)]
        fleets.append(_fleet(rows, office, size, serial, today, role, workshops.get(office.pk)))
    for fleet in fleets:
        deep = fleet.office.path.startswith(COUNTY)
        _year(rows, fleet, today, deep)
    for kind in (Spot, Person, Post, Grant, Driver, Vehicle, Quota, Duty, Run, Trip, Refuel, Repair, Quote, RepairPart, Fee,
                 Insurance, Inspection, Fine, Accident, Rental, Plan):  # fmt: skip
        if found := rows.made.get(kind):
            insert_many(found)
    demo_watch.load(nation, today)
    _now(nation, today)
    demo_tracks.load(COUNTY, today)
    demo_stats.load(nation, today)


def _fleet(
    rows: Rows, office: Node, size: int, serial: int, today: date, role: Role | None, workshop: Party | None
) -> Fleet:
    random = Random(f"fleet {office.path}")  # noqa: S311 -- made-up data, the same each time
    home = None
    if office.path.startswith(COUNTY):
        spots = [rows.add(_spot(*spot), office) for spot in SPOTS]
        home = spots[0]
    drivers = [_driver(rows, office, n, random, today, role) for n in range(max(2, size * 2 // 3))]
    account = Account.objects.filter(username="sc.driver").select_related("person").first()
    if account is not None and account.person is not None and account.person.node_id == office.pk:
        mine = Driver(person=account.person, licence_class="A1", licence_to=add_months(today, 41), mobile="13957812345")
        drivers.insert(0, rows.add(mine, office))
    letter = "ABCDEFGHJKL"[serial % 11]
    vehicles = [
        _vehicle(rows, office, n, f"浙{letter}{serial:03d}{n:02d}", MODELS[MIX[n % len(MIX)]], random, today, home)
        for n in range(size)
    ]
    for n, vehicle in enumerate(vehicles):
        vehicle.usual_driver = drivers[n % len(drivers)]
    for use in ("1", "2", "3", "5"):
        held = sum(v.use == use and v.state != VehicleState.DISPOSED for v in vehicles)
        spare = -1 if serial % 9 == 4 and use == "5" else 1 if use == "2" else 0
        if held + spare > 0:
            rows.add(
                Quota(use=use, amount=held + spare, since=date(2023, 1, 1), document=f"公车核〔2023〕{serial + 1}号"),
                office,
            )
    return Fleet(office, vehicles, drivers, workshop, {v.pk: v.mileage for v in vehicles})


def _spot(name: str, kind: str, address: str, lon: str, lat: str, chargers: int) -> Spot:
    return Spot(name=name, kind=kind, address=address, lon=Decimal(lon), lat=Decimal(lat), chargers=chargers)


def _driver(rows: Rows, office: Node, n: int, random: Random, today: date, role: Role | None) -> Driver:
    name = random.choice(SURNAMES) + "".join(random.sample(GIVEN, 2))
    person = Person(
        name=name, number=f"J{office.pk.hex[-6:]}{n:02d}", pinyin=pinyin_key(name), initials=pinyin_initials(name)
    )
    rows.add(person, office)
    always = DateRange(date(2020, 1, 1), None)
    post = rows.add(Post(person=person, name="驾驶员", valid=always), office)
    if role is not None:
        division = office.division
        rows.add(Grant(post=post, role=role, at=division, at_path=division.path, valid=always), office)
    soon = n == 1 and office.path.startswith(COUNTY)
    until = today + timedelta(days=19) if soon else add_months(today, random.randint(4, 60))
    licence = ("A1", "B1", "C1", "C1", "C1", "A1", "C1")[n % 7]
    return rows.add(
        Driver(person=person, licence_class=licence, licence_to=until, mobile=f"1380578{random.randint(1000, 9999)}"),
        office,
    )


def _vehicle(
    rows: Rows, office: Node, n: int, plate: str, model: tuple, random: Random, today: date, home: Spot | None
) -> Vehicle:
    brand, body, fuel, seats, litres, price, reach, _usual = model
    if fuel in "45":
        plate = plate[:2] + "D" + plate[2:]
    age = random.randint(200, 3300) if n % 5 else random.randint(2950, 3900)
    bought = today - timedelta(days=age)
    row = Vehicle(
        plate=plate, plate_kind="52" if fuel in "45" else "01" if body in "34" else "02", brand=brand, body=body, fuel=fuel,
        vin="LSV" + "".join(random.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=14)), seats=seats, colour=random.choice(("白", "黑", "灰")),
        displacement=Decimal(litres) if litres else None, price=Decimal(price), range_km=reach,
        tank=None if fuel == "5" else Decimal(90 if body in "34" else 55), purchased_on=bought,
        registered_on=bought + timedelta(days=12), title_holder=office.name, use=("2", "5", "5", "1", "5", "3")[n % 6],
        quota_number=f"BZ{n + 1:03d}", asset_number=f"ZC{bought.year}{random.randint(10000, 99999)}", home=home,
        marking=Marking.DUE if n == 3 else Marking.MARKED, marking_number=f"BS{random.randint(100000, 999999)}",
        compulsory_to=today + timedelta(days=random.randint(25, 350)), commercial_to=today + timedelta(days=random.randint(25, 350)),
        inspection_to=today + timedelta(days=random.randint(30, 360)),
        mileage=Decimal(age * random.randint(28, 46)),
    )  # fmt: skip
    if body in "234" and row.use in "15":
        row.use, row.is_special_case, row.approval = "5", True, f"公车函〔{bought.year}〕{random.randint(3, 60)}号"
    if row.use == "1" and (body != "1" or fuel not in "45"):
        row.use = "2"
    if row.use == "3" and fuel not in "45":
        row.use = "5"
    return rows.add(row, office)


# A year


def _year(rows: Rows, fleet: Fleet, today: date, deep: bool) -> None:
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


# Today


def _now(nation: Nation, today: date) -> None:
    """What is under way in the county: each state once, by the actions that people would take."""
    people = {name: _actor(name) for name in ("sc.clerk", "sc.dispatch", "sc.driver", "sc.unit", "sc.review")}
    if any(actor is None for actor in people.values()):
        return
    clerk, dispatcher, driver, unit, head = (
        people[n] for n in ("sc.clerk", "sc.dispatch", "sc.driver", "sc.unit", "sc.review")
    )
    office = nation.offices[COUNTY]
    now = timezone.localtime()
    soon = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    cars = list(
        Vehicle.objects.filter(node=office, state=VehicleState.IN_USE).select_related("home", "node").order_by("plate")
    )
    mine = Driver.objects.select_related("person").get(person_id=driver.person_id)
    others = list(Driver.objects.filter(node=office).exclude(pk=mine.pk).select_related("person").order_by("pk"))
    waiting = [_ask(clerk, "大柘镇政府", "乡镇重点项目调研", "4", soon + timedelta(hours=19), 3, 3)]
    waiting += [_ask(clerk, "丽水市行政中心", "参加全市机关事务工作会议", "5", soon + timedelta(hours=43), 8, 2)]
    waiting += [_ask(unit, "石练镇政府", "教育用房安全检查", "4", soon + timedelta(hours=20), 4, 4)]
    _ask(unit, "县政务服务中心", "办理资产登记", "9", soon + timedelta(hours=26), 2, 1)
    _ask(clerk, "湖山乡政府", "防汛抢险", "2", soon, 5, 4, is_emergency=True)
    road = _ask(clerk, "北界镇政府", "公共机构节能调研", "4", soon, 4, 2, is_emergency=True)
    done = _ask(clerk, "松阳县行政中心", "送取资料", "9", soon, 3, 1, is_emergency=True)
    morning = soon.replace(hour=8) + timedelta(days=1)
    for n, (goal, subject, after, hours, people) in enumerate(TOMORROW):
        asker = unit if n % 3 == 2 else clerk
        waiting.append(_ask(asker, goal, subject, "4", morning + timedelta(minutes=after), hours, people))
    for trip in waiting:
        _approve(trip, head)
    small = [car for car in cars if car.body == "1"]
    with dispatcher.scope.activate():
        actions.assign_trips(
            _fresh(road), actor=dispatcher, vehicle=small[0], driver=mine, begins=now - timedelta(hours=1)
        )
        actions.assign_trips(
            _fresh(done),
            actor=dispatcher,
            vehicle=small[1],
            driver=others[0],
            begins=now - timedelta(hours=3),
            ends=now,
        )
        actions.assign_trips(_fresh(waiting[1]), actor=dispatcher, vehicle=small[0], driver=mine)
        for trip in (road, done):
            [row] = _fresh(trip)
            run = Run.objects.select_related("vehicle", "driver", "node").get(pk=row.run_id)
            actions.start_runs([run, row], actor=dispatcher, odometer=run.vehicle.mileage, energy=88)
        [row] = _fresh(done)
        run = Run.objects.select_related("vehicle", "driver", "node").get(pk=row.run_id)
        actions.end_runs(
            [run, row], actor=dispatcher, odometer=run.vehicle.mileage + 64, parking=Decimal(10), energy=61
        )
    plan = Plan(
        year=today.year, kind=Plan.Sort.RENEWAL, use=cars[0].use, body="1", fuel="5", price=Decimal(165_000), reason="车况差，维修频繁",
        replaces=cars[0],
    )  # fmt: skip
    plan.own(office)
    insert_many([plan])


def _actor(username: str) -> Actor | None:
    account = Account.objects.filter(username=username).first()
    found = identify(account.pk) if account is not None else None
    return found.actor if found is not None else None


def _ask(
    actor: Actor,
    goal: str,
    subject: str,
    purpose: str,
    begins: datetime,
    hours: int,
    people: int,
    *,
    is_emergency: bool = False,
) -> Trip:
    home = SPOTS[1]
    there = next(s for s in SPOTS if s[0] == goal)
    trip = Trip(
        purpose=purpose, subject=subject, origin=home[0], destination=goal, begins=begins, ends=begins + timedelta(hours=hours),
        people=people, passengers=f"{actor.name}等 {people} 人" if people > 1 else actor.name, is_emergency=is_emergency,
        reach="city" if KM[goal] < 150 else "province", planned_km=Decimal(KM[goal]),
        stops=[{"name": s[0], "lon": float(s[3]), "lat": float(s[4])} for s in (home, there)],
    )  # fmt: skip
    with actor.scope.activate():
        trip.node = Node.objects.get(pk=actor.organ_id)
        trip.path = actor.organ_path
        [made] = actions.ask_trips([trip], actor=actor)
    return made


def _approve(trip: Trip, head: Actor) -> None:
    """The head, who also reviews for the platform, passes what waits for them."""
    with head.scope.activate():
        for _turn in range(3):
            tasks = list(Task.objects.filter(case_id=trip.case_id, person_id=head.person_id, state=Task.State.OPEN))
            if not tasks:
                return
            decide(tasks, actor=head, verdict="pass", text="同意。")


def _fresh(trip: Trip) -> list[Trip]:
    return list(Trip.objects.filter(pk=trip.pk).select_related("node"))
