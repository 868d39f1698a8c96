"""Today in the county that newcomers see: each state of a trip once, by the actions that people would take."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from shuzheng.apps.vehicles import actions, rightsizing
from shuzheng.apps.vehicles.demo.common import COUNTY, KM, SPOTS, Nation
from shuzheng.apps.vehicles.models import (
    Driver,
    Plan,
    Run,
    SizingRun,
    Trip,
    Vehicle,
    VehicleState,
)
from shuzheng.base.access.actors import identify
from shuzheng.base.accounts.models import Account
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.flows.actions import decide
from shuzheng.base.flows.models import Task
from shuzheng.base.org.models import Node

TOMORROW = (
    ("大柘镇政府", "美丽乡村建设调研", 30, 3, 2), ("大柘镇政府", "食堂安全检查", 45, 3, 1), ("石练镇政府", "办公用房核查", 60, 4, 3),
    ("松阳县行政中心", "送取资料", 60, 4, 1), ("北界镇政府", "公共机构节能调研", 90, 3, 2), ("丽水站", "接站", 300, 4, 5),
    ("王村口镇政府", "资产盘点", 30, 7, 3), ("县政务服务中心", "办理资产登记", 360, 2, 12),
)  # fmt: skip
"""A busy day for the dispatcher: where to, why, minutes after eight, hours, people."""


def now(nation: Nation, today: date) -> None:
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
    _reckon(dispatcher, today)
    plan = Plan(
        year=today.year, kind=Plan.Sort.RENEWAL, use=cars[0].use, body="1", fuel="5", price=Decimal(165_000), reason="车况差，维修频繁",
        replaces=cars[0],
    )  # fmt: skip
    plan.own(office)
    insert_many([plan])


def _reckon(actor: Actor, today: date) -> None:
    """How many vehicles the county needs, by this year's runs and the last one's."""
    with actor.scope.activate():
        for year in (today.year, today.year - 1):
            row = SizingRun(year=year, at=COUNTY)
            row.node_id, row.path = actor.organ_id, actor.organ_path
            [row] = actions.ask_sizing([row], actor=actor)
            actions.finish_sizing([row], actor=actor, result=rightsizing.reckon(row))


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
