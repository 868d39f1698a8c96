"""Violations in the demo that supervision must find, beside innocent look-alikes, and some that no register can show.

``seed`` alters what the county's fleet did over the year and returns what was done, so that a test can say how many of the
violations are found (recall) and how many of the warnings are deserved (precision).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from shuzheng.apps.vehicles.demo import whereabouts
from shuzheng.apps.vehicles.demo.common import COUNTY, Nation
from shuzheng.apps.vehicles.models import Quota, Refuel, Repair, RepairPart, Run, Trip, TripState, Vehicle
from shuzheng.apps.vehicles.models.alerts import Warned
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.org.models import Node
from shuzheng.base.standards.working_days import is_working_day


@dataclass(frozen=True)
class Seed:
    """Something put into the data. ``code`` is the warning it deserves; an innocent one deserves none.

    ``hidden``: a violation that leaves no trace in the registers: it is counted, and missed.
    """

    what: str
    code: str
    vehicle: UUID | None
    day: date | None
    innocent: bool = False
    hidden: bool = False


class Seeder:
    """The county's fleet and its runs, changed one after the other."""

    def __init__(self, office: Node, others: list[Node], today: date, random: Random) -> None:
        self.office, self.others, self.today, self.random = office, others, today, random
        self.vehicles = list(Vehicle.objects.filter(node=office).order_by("plate"))
        self.fuelled = [v for v in self.vehicles if v.fuel not in "56"]
        self.electric = [v for v in self.vehicles if v.fuel == "5"]
        rows = Run.objects.filter(node=office, state=Run.State.BACK, back_at__lt=self.at(today, 0))
        self.runs = {v.pk: list(rows.filter(vehicle=v).order_by("out_at")) for v in self.vehicles}
        self.used: set[UUID] = set()
        self.made: list[Seed] = []

    def at(self, day: date, hour: float) -> datetime:
        return timezone.make_aware(datetime.combine(day, time(int(hour), int(hour % 1 * 60))))

    def note(self, what: str, code: str, vehicle: Vehicle | None, at: datetime | date | None, **how: bool) -> None:
        day = timezone.localdate(at) if isinstance(at, datetime) else at
        self.made.append(Seed(what, code, vehicle.pk if vehicle else None, day, **how))

    def run(self, *, least_km: int = 0, since: int = 300, until: int = 20) -> tuple[Vehicle, Run]:
        """A run of the past that nothing was done to yet, and on whose day its vehicle had no other."""
        while True:
            vehicle = self.random.choice(self.vehicles)
            run = self.random.choice(self.runs[vehicle.pk])
            age = (self.today - timezone.localdate(run.out_at)).days
            if run.pk not in self.used and until <= age <= since and run.km >= least_km and self._workday(run.out_at):
                self.used.add(run.pk)
                run.refresh_from_db()
                return vehicle, run

    def _workday(self, at: datetime) -> bool:
        return is_working_day(timezone.localdate(at), self.office.path)

    def shift(self, vehicle: Vehicle, at: datetime, km: int) -> None:
        """Everything read off the odometer after a moment is higher by ``km``."""
        more = {"odometer_out": F("odometer_out") + km, "odometer_in": F("odometer_in") + km}
        Run.objects.filter(vehicle=vehicle, out_at__gt=at).update(**more)
        Refuel.objects.filter(vehicle=vehicle, day__gt=timezone.localdate(at)).update(odometer=F("odometer") + km)
        Vehicle.objects.filter(pk=vehicle.pk).update(mileage=F("mileage") + km)

    def drive(self, vehicle: Vehicle, begins: datetime, hours: float, km: int, **trip: Any) -> Run:
        """One more run, with a trip if its values are given."""
        before = Run.objects.filter(vehicle=vehicle, out_at__lt=begins).order_by("-out_at").first()
        if before is None or before.odometer_in is None:
            raise LookupError(f"{vehicle} has no run before {begins}")
        self.shift(vehicle, begins, km)
        ends = begins + timedelta(hours=hours)
        run = Run(
            vehicle=vehicle, driver_id=before.driver_id, state=Run.State.BACK, begins=begins, ends=ends, out_at=begins,
            back_at=ends, odometer_out=before.odometer_in, odometer_in=before.odometer_in + km, track_km=Decimal(km),
            accepted_at=begins,
        )  # fmt: skip
        run.own(self.office)
        insert_many([run])
        if trip:
            self._trip(run, vehicle, trip)
        return run

    def _trip(self, run: Run, vehicle: Vehicle, values: dict[str, Any]) -> None:
        like = Trip.objects.filter(node=self.office, run__vehicle=vehicle).order_by("begins").first()
        if like is None:
            raise LookupError(f"{vehicle} has no trip")
        row = Trip(
            number=f"PC{timezone.localdate(run.begins):%Y%m%d}-9{len(self.made):03d}", state=TripState.FILED, run=run,
            person_id=like.person_id, applicant=like.applicant, passengers=like.passengers, origin=like.origin, reach="city",
            provider=self.office, car=like.car, driver_name=like.driver_name, begins=run.begins, ends=run.ends, km=run.km,
            out_at=run.out_at, back_at=run.back_at, **{"destination": like.destination, "subject": "值班", "purpose": "9"} | values,
        )  # fmt: skip
        row.own(self.office)
        insert_many([row])

    def days(self, *, working: bool, many: int) -> Iterator[tuple[Vehicle, date]]:
        """Different days of the year, each with a vehicle that did not go out on it or beside it."""
        taken: set[date] = set()
        while len(taken) < many:
            day = self.today - timedelta(days=self.random.randint(20, 300))
            vehicle = self.random.choice(self.vehicles)
            near = (self.at(day - timedelta(days=1), 0), self.at(day + timedelta(days=2), 0))
            if day in taken or is_working_day(day, self.office.path) != working:
                continue
            if Run.objects.filter(vehicle=vehicle, out_at__range=near).exists() != working:
                continue
            if (
                working
                and Run.objects.filter(vehicle=vehicle, back_at__gt=self.at(day, 19), out_at__lt=near[1]).exists()
            ):
                continue
            taken.add(day)
            yield vehicle, day

    # On the road

    def road(self) -> None:
        for km in (46, 83, 31, 18):
            vehicle, run = self.run()
            self.shift(vehicle, run.out_at, km)
            after = Run.objects.filter(vehicle=vehicle, out_at__gt=run.out_at).exists()
            if after:
                self.note("两次出车之间多出里程", Warned.NO_ORDER, vehicle, run.back_at)
        for _n in range(3):
            vehicle, run = self.run()
            self.shift(vehicle, run.out_at, 6)
            self.note("开去洗车，6 km", Warned.NO_ORDER, vehicle, run.back_at, innocent=True)
        for minutes, innocent in ((190, False), (95, False), (240, False), (45, True), (38, True), (55, True)):
            vehicle, run = self.run()
            Run.objects.filter(pk=run.pk).update(back_at=run.ends + timedelta(minutes=minutes))
            self.note(f"晚回 {minutes} 分钟", Warned.OVERDUE, vehicle, run.ends, innocent=innocent)
        for share, innocent in (
            ("0.70", False),
            ("0.62", False),
            ("1.24", False),
            ("0.80", False),
            ("0.92", True),
            ("1.08", True),
        ):
            vehicle, run = self.run(least_km=40)
            Run.objects.filter(pk=run.pk).update(track_km=round(run.km * Decimal(share), 1))
            self.note(f"定位里程为里程表的 {share}", Warned.KM, vehicle, run.out_at, innocent=innocent)
        vehicle, run = self.run(least_km=40)
        Run.objects.filter(pk=run.pk).update(track_km=round(run.km * Decimal("1.3"), 1))
        self.note("抛锚后由拖车拖回，定位多出里程", Warned.KM, vehicle, run.out_at, innocent=True)

    def hours(self) -> None:
        for vehicle, day in self.days(working=True, many=3):
            self.drive(vehicle, self.at(day, 22.5), 2.5, 34)
            self.note("夜间无单出车", Warned.OFF_HOURS, vehicle, day)
        for n, (vehicle, day) in enumerate(self.days(working=False, many=4)):
            self.drive(vehicle, self.at(day, 23 if n == 0 else 9), 4, 58)
            self.note("节假日无单出车", Warned.OFF_HOURS, vehicle, day)
            if n == 0:
                self.note("节假日夜间无单出车", Warned.PRIVATE, vehicle, day)
        for vehicle, day in self.days(working=True, many=3):
            at = self.at(day, 22.5)
            papers = {
                "approved_at": at + timedelta(hours=15),
                "paper_due": at + timedelta(hours=24),
                "is_emergency": True,
            }
            self.drive(vehicle, at, 3, 41, purpose="2", subject="防汛抢险", **papers)
            self.note("夜间抢险，有单", Warned.OFF_HOURS, vehicle, day, innocent=True)
        for vehicle, day in self.days(working=False, many=4):
            self.drive(vehicle, self.at(day, 9), 4, 38, subject="节日值班巡查", approved_at=self.at(day, 8))
            self.note("节假日值班，有单", Warned.OFF_HOURS, vehicle, day, innocent=True)
        for n, (vehicle, day) in enumerate(self.days(working=True, many=4)):
            at, late = self.at(day, 19), n < 2
            papers = {"approved_at": None if late else at + timedelta(hours=23), "paper_due": at + timedelta(hours=24)}
            self.drive(vehicle, at, 1, 12, purpose="2", subject="设备抢修", is_emergency=True, **papers)
            self.note("紧急用车补手续", Warned.PAPERWORK, vehicle, day, innocent=not late)

    def people(self) -> None:
        first = self.today - timedelta(days=80)
        for n, share in ((0, 0.86), (1, 0.55)):
            vehicle = self.vehicles[n]
            trips = list(Trip.objects.filter(run__vehicle=vehicle, begins__date__gte=first).order_by("begins"))
            whole = Run.objects.filter(vehicle=vehicle, out_at__date__gte=self.today - timedelta(days=90)).count()
            for trip in trips[: int(whole * share)]:
                Trip.objects.filter(pk=trip.pk).update(passengers=f"钟国强{'、随行' if trip.people > 1 else ''}")
            self.note(f"一人用车约占 {share:.0%}", Warned.FIXED, vehicle, None, innocent=n == 1)
        for innocent in (False, False, True, True, True):
            vehicle, run = self.run()
            other = self.random.choice(self.others)
            provider = self.office if innocent else other
            Trip.objects.filter(run=run).update(node=other, path=other.path, provider=provider)
            self.note("给别的单位用车", Warned.LENT, vehicle, run.out_at, innocent=innocent)
        for _n in range(3):
            vehicle, run = self.run()
            self.note("假借调研办私事，有单有批", Warned.PRIVATE, vehicle, run.out_at, hidden=True)

    # Fuel, repairs, papers

    def refuel(self, vehicle: Vehicle, day: date, quantity: Decimal, at: time) -> None:
        row = Refuel(
            vehicle=vehicle, day=day, at=at, quantity=quantity, amount=round(quantity * Decimal("7.62"), 2), station="北街加油站",
            voucher=f"PZ9{len(self.made):07d}", kind="fuel",
        )  # fmt: skip
        row.own(self.office)
        insert_many([row])

    def fuel(self) -> None:
        thirsty = self.fuelled[0]
        Refuel.objects.filter(vehicle=thirsty, day__gte=self.today - timedelta(days=180)).update(
            quantity=F("quantity") * Decimal("1.55")
        )
        Refuel.objects.filter(vehicle=thirsty, quantity__gt=thirsty.tank).update(quantity=thirsty.tank)
        self.note("半年油耗约为通常的 1.5 倍", Warned.THIRSTY, thirsty, None)
        others = self.fuelled[1:]
        for n, times in enumerate((Decimal("1.3"), Decimal("1.5"), Decimal(1), Decimal("1.03"))):
            vehicle = others[n % len(others)]
            row = Refuel.objects.filter(vehicle=vehicle, day__lte=self.today - timedelta(days=200)).order_by("day")[n]
            Refuel.objects.filter(pk=row.pk).update(quantity=round(vehicle.tank * times, 2))
            self.note(f"加油量为油箱的 {times} 倍", Warned.REFUEL, vehicle, row.day, innocent=times < Decimal("1.05"))
        day = self._quiet(self.electric[0], ran=True)
        self.refuel(self.electric[0], day, Decimal(32), time(17, 20))
        self.note("纯电动车加汽油", Warned.REFUEL, self.electric[0], day)
        for n, quantity in enumerate((Decimal(40), Decimal(38), Decimal(12))):
            vehicle = others[(n + 1) % len(others)]
            day = self._quiet(vehicle, ran=True)
            self.refuel(vehicle, day, quantity, time(9, 10))
            self.refuel(vehicle, day, quantity, time(11, 40))
            self.note(f"两个半小时内两次加油，各 {quantity} 升", Warned.REFUEL, vehicle, day, innocent=quantity < 20)
        for n in range(2):
            vehicle = others[n % len(others)]
            day = self._quiet(vehicle, ran=False)
            self.refuel(vehicle, day, Decimal(35), time(20, 5))
            self.note("没有出车却加油", Warned.REFUEL, vehicle, day)
        for n in range(2):
            vehicle = others[n % len(others)]
            day = self._quiet(vehicle, ran=True)
            self.refuel(vehicle, day, Decimal(30), time(18, 30))
            self.note("出车当天给私车加油", Warned.REFUEL, vehicle, day, hidden=True)

    def _quiet(self, vehicle: Vehicle, *, ran: bool) -> date:
        """A day on which it took no fuel, and ran (or did not, nor on the days beside)."""
        while True:
            day = self.today - timedelta(days=self.random.randint(200, 330))
            near = 0 if ran else 1
            span = (self.at(day - timedelta(days=near), 0), self.at(day + timedelta(days=near + 1), 0))
            runs = Run.objects.filter(vehicle=vehicle, out_at__lt=span[1], back_at__gte=span[0]).exists()
            days = (day - timedelta(days=1), day + timedelta(days=1))
            if runs == ran and not Refuel.objects.filter(vehicle=vehicle, day__range=days).exists():
                return day

    def repairs(self) -> None:
        party = (
            Repair.objects.filter(node=self.office)
            .exclude(party=None)
            .order_by("pk")
            .values_list("party", flat=True)
            .first()
        )
        spare = [
            v
            for v in self.vehicles
            if not Repair.objects.filter(vehicle=v, kind="repair", day__gte=self.today - timedelta(days=60)).exists()
        ]
        for n, (many, innocent, what) in enumerate((
            (3, False, "一次维修拆成三张单"), (2, True, "一周内两次维修"), (3, True, "一周内三处不同故障"),
        )):  # fmt: skip
            vehicle = spare[n % len(spare)] if spare else self.vehicles[-1 - n]
            first = self.today - timedelta(days=90 + 40 * n)
            for k in range(many):
                row = Repair(
                    vehicle=vehicle, day=first + timedelta(days=2 * k), kind="repair", state="done", party_id=party, amount=Decimal(1900),
                    fault="底盘维修" if not innocent else ("更换灯泡", "更换雨刮", "补胎")[k], voucher=f"PZ8{n}{k:06d}",
                    done_on=first + timedelta(days=2 * k),
                )  # fmt: skip
                row.own(self.office)
                insert_many([row])
            self.note(what, Warned.REPAIR, vehicle, first, innocent=innocent)
        parts = list(
            RepairPart.objects.filter(node=self.office, is_labour=False)
            .select_related("repair__vehicle")
            .order_by("pk")[:60]
        )
        for times in ("2.4", "1.9", "1.4"):
            part = self.random.choice(parts)
            parts.remove(part)
            RepairPart.objects.filter(pk=part.pk).update(price=round(part.price * Decimal(times), 2))
            self.note(
                f"配件单价为通常的 {times} 倍",
                Warned.REPAIR,
                part.repair.vehicle,
                part.repair.day,
                innocent=times == "1.4",
            )

    def papers(self) -> None:
        cars = [v for v in self.vehicles if v.body == "1" and v.use in "25"]
        Vehicle.objects.filter(pk=cars[0].pk).update(title_holder=self.others[0].name)
        self.note("登记在下属单位名下", Warned.TITLE, cars[0], None)
        Vehicle.objects.filter(pk=cars[1].pk).update(price=Decimal(236_000))
        self.note("超价格标准，没有批准", Warned.OVER, cars[1], None)
        quota = Quota.objects.filter(node=self.office, until=None, use="5").first()
        held = sum(v.use == "5" for v in self.vehicles)
        if quota is not None and held > 1:
            Quota.objects.filter(pk=quota.pk).update(amount=held - 1)
            self.note("超编一辆", Warned.OVER, None, None)
        Vehicle.objects.filter(pk=cars[-1].pk).update(inspection_to=self.today - timedelta(days=6))
        self.note("年检过期", Warned.EXPIRY, cars[-1], None)


def seed(nation: Nation, today: date, random: Random) -> list[Seed]:
    """Put violations and look-alikes into the county's year; what was put in. Runs under a system scope, after the fleet."""
    others = [o for o in nation.institutions if o.path.startswith(COUNTY)]
    seeder = Seeder(nation.offices[COUNTY], others, today, random)
    for step in (seeder.road, seeder.hours, seeder.people, seeder.fuel, seeder.repairs, seeder.papers):
        step()
    whereabouts.seed(seeder)
    return seeder.made
