"""A county with a pool of cars: its office provides, an institution asks; standards and processes are published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from shuzheng.apps.vehicles import actions, providing
from shuzheng.apps.vehicles.models import Driver, Run, Spot, Trip, Vehicle
from shuzheng.base.access.actors import identify
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.actions import decide
from shuzheng.base.flows.models import Task
from shuzheng.base.flows.shipped import load_flows
from shuzheng.base.org.models import Node
from tests.factories import Nation, actor_of
from tests.forms.conftest import standards  # noqa: F401 -- a fixture
from tests.worlds import Answer, once

OFFICE, UNIT, SECOND, COUNTY = "33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/23/"
VINS = iter(f"LSVAA{n:012d}" for n in range(1, 10_000))


def vehicle(node: Node, plate: str, **values: Any) -> Vehicle:
    """A car that breaks no rule, but for what ``values`` say."""
    usual = {
        "brand": "大众 朗逸", "body": "1", "fuel": "1", "seats": 5, "displacement": Decimal("1.5"), "price": Decimal(110_000),
        "registered_on": date(2022, 3, 1), "purchased_on": date(2022, 2, 20), "title_holder": node.name, "use": "2",
        "marking": "marked", "compulsory_to": date(2099, 1, 1), "commercial_to": date(2099, 1, 1),
        "inspection_to": date(2099, 1, 1), "mileage": Decimal(10_000), "vin": next(VINS), "tank": Decimal(55),
    }  # fmt: skip
    row = Vehicle(plate=plate, **{**usual, **values})
    row.own(node)
    return row


@dataclass
class Pool:
    """Who acts, and what they act on."""

    nation: Nation
    office: Node
    unit: Node
    accounts: dict[str, Account]
    cars: dict[str, Vehicle]
    drivers: dict[str, Driver]

    def actor(self, name: str) -> Actor:
        return actor_of(self.accounts[name])

    def ask(self, name: str = "asker", **values: Any) -> Trip:
        actor = self.actor(name)
        begins = values.pop("begins", timezone.now() + timedelta(days=1))
        trip = Trip(
            **{
                "purpose": "4", "subject": "调研", "origin": "办公楼", "destination": "大柘镇", "people": 2, "passengers": "甲、乙",
                "begins": begins, "ends": begins + timedelta(hours=3), **values,
            }
        )  # fmt: skip
        with actor.scope.activate():
            trip.own(Node.objects.get(pk=actor.organ_id))
            [made] = actions.ask_trips([trip], actor=actor)
        return self.fresh(made)

    def approve(self, trip: Trip, verdict: str = "pass") -> Trip:
        """Whoever is waited for decides, until nobody is."""
        for _turn in range(4):
            with system_scope("tests").activate():
                task = (
                    Task.objects.filter(case_id=trip.case_id, state=Task.State.OPEN)
                    .exclude(role__in=Task.TO_READ)
                    .first()
                )
                if task is None:
                    break
                account = Account.objects.get(person_id=task.person_id)
            identity = identify(account.pk)
            assert identity is not None
            with identity.actor.scope.activate():
                decide([task], actor=identity.actor, verdict=verdict, text="意见")
            if verdict != "pass":
                break
        return self.fresh(trip)

    def approved(self, **values: Any) -> Trip:
        return self.approve(self.ask(**values))

    def assign(self, *trips: Trip, car: str = "甲车", driver: str = "老李", **values: Any) -> list[Trip]:
        actor = self.actor("dispatcher")
        with actor.scope.activate():
            rows = list(Trip.objects.filter(pk__in=[t.pk for t in trips]).order_by("begins"))
            actions.assign_trips(rows, actor=actor, vehicle=self.cars[car], driver=self.drivers[driver], **values)
        return [self.fresh(t) for t in trips]

    def drive(self, trip: Trip, verb: str, name: str = "老李", **values: Any) -> Trip:
        actor = self.actor(name)
        run_verb = {"accept": actions.accept_runs, "start": actions.start_runs, "end": actions.end_runs}[verb]
        with actor.scope.activate():
            run = Run.objects.select_related("vehicle", "driver__person", "node").get(pk=trip.run_id)
            run_verb([run, *providing.of_run([run])], actor=actor, **values)
        return self.fresh(trip)

    def fresh(self, row: Any) -> Any:
        with system_scope("tests").activate():
            return type(row).objects.get(pk=row.pk)


@pytest.fixture(scope="module")
def _pool(request: pytest.FixtureRequest, _nation: Answer, _standards: Answer) -> Iterator[Answer]:
    with once(request, fleet, _nation) as answer:
        yield answer


@pytest.fixture
def pool(nation: Nation, standards: Nation, _pool: Answer) -> Pool:  # noqa: F811
    found: Pool = _pool(nation)
    found.nation = nation
    return found


def fleet(nation: Nation) -> Pool:
    """An office with cars and drivers, who may ask for them and who decides."""
    office, unit = nation.organ(OFFICE), nation.organ(UNIT)
    load_flows(nation.actor("0/ngoa/", "business_admin", at=""), nation.organ("0/ngoa/"))
    accounts = {
        "asker": nation.account(UNIT, "staff", name="申请人"), "head": nation.account(UNIT, "leader", name="处长"),
        "reviewer": nation.account(OFFICE, "reviewer", "leader", at=COUNTY, name="审核人"),
        "dispatcher": nation.account(OFFICE, "dispatcher", at=COUNTY, name="调度"),
        "老李": nation.account(OFFICE, "driver", at=COUNTY, name="老李"),
        "老王": nation.account(OFFICE, "driver", at=COUNTY, name="老王"),
        "colleague": nation.account(UNIT, name="同事"),
        "neighbour": nation.account(SECOND, "clerk", "leader", name="邻居"),
    }  # fmt: skip
    cars = {
        "甲车": vehicle(office, "浙K10001"), "乙车": vehicle(office, "浙K10002"),
        "中巴": vehicle(office, "浙K10003", body="3", seats=20, use="5", is_special_case=True, approval="函1号",
                      price=Decimal(240_000), displacement=Decimal("2.7")),
    }  # fmt: skip
    drivers = {}
    with system_scope("tests").activate():
        spot = Spot(name="停车场", kind="lot", lon=Decimal("119.27"), lat=Decimal("28.59"))
        spot.own(office)
        spot.save(force_insert=True)
        for car in cars.values():
            car.home = spot
            car.save(force_insert=True)
        for name, licence in (("老李", "C1"), ("老王", "A1")):
            driver = Driver(
                person=accounts[name].person, licence_class=licence, licence_to=date(2099, 1, 1), mobile="13900000000"
            )
            driver.own(office)
            driver.save(force_insert=True)
            drivers[name] = driver
    return Pool(nation, office, unit, accounts, cars, drivers)


def at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))
