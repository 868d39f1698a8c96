"""Vehicles, drivers, places and quotas of an office."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from psycopg.types.range import DateRange

from shuzheng.apps.vehicles.demo.common import COUNTY, GIVEN, SPOTS, SURNAMES, Fleet, Rows
from shuzheng.apps.vehicles.models import (
    Driver,
    Quota,
    Spot,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.fleet import Marking
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Account, Person, Post
from shuzheng.base.masters.models import Party
from shuzheng.base.org.models import Node
from shuzheng.base.standards.working_days import add_months
from shuzheng.kernel.text import pinyin_initials, pinyin_key

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


def make_fleet(
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
