"""Plans and disposals by their processes, locking up, repairs, papers, quotas."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuzheng.apps.vehicles import actions, figures
from shuzheng.apps.vehicles.events import approval_ended
from shuzheng.apps.vehicles.models import Insurance, Plan, Quota, Quote, Repair, RepairPart, Vehicle
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.actions import decide
from shuzheng.base.flows.models import Task
from shuzheng.base.masters.models import Party
from shuzheng.base.registers import service
from shuzheng.kernel.errors import Conflict, Invalid
from tests.apps.vehicles.conftest import COUNTY, OFFICE, Pool, vehicle
from tests.apps.vehicles.test_trips import take_up
from tests.factories import actor_of

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def keeper(pool: Pool):
    """Somebody of the office with each role that the steps of its processes name."""
    return pool.nation.account(OFFICE, "clerk", "leader", "reviewer", at=COUNTY, name="管车")


def go(case_id, account, verdict: str = "pass", **values: str) -> str:
    """Decide the open step of a case; returns its name."""
    actor = actor_of(account)
    with system_scope("tests").activate():
        task = Task.objects.filter(case_id=case_id, state=Task.State.OPEN, person_id=account.person_id).first()
        assert task is not None, list(Task.objects.filter(case_id=case_id).values_list("step_name", "person", "state"))
    with actor.scope.activate():
        decide([task], actor=actor, verdict=verdict, text="同意", values=values)
    return task.step_name


def made(row, node):
    row.own(node)
    with system_scope("tests").activate():
        row.save(force_insert=True)
    return row


def plan_of(pool: Pool, **values) -> Plan:
    row = Plan(year=2026, kind="new", use="2", body="1", fuel="5", price=D(150_000), reason="新增任务", **values)
    return made(row, pool.office)


def test_a_plan_goes_from_request_to_platform(pool: Pool, keeper):
    plan, actor = plan_of(pool), actor_of(keeper)
    with actor.scope.activate(), pytest.raises(Invalid, match="超编"):
        actions.ask_plans([plan], actor=actor)
    made(Quota(use="2", amount=9, since=date(2020, 1, 1), document="核1号"), pool.office)
    with actor.scope.activate():
        actions.ask_plans(list(Plan.objects.all()), actor=actor)
    plan = pool.fresh(plan)
    for _step in range(3):  # head, authority, budget; a step that finds the same person again may be skipped
        with system_scope("tests").activate():
            if pool.fresh(plan).state != Plan.State.ASKED:
                break
        go(plan.case_id, keeper)
    assert pool.fresh(plan).state == Plan.State.APPROVED
    assert go(plan.case_id, keeper, contract="HT1", paid="148000") == "政府集中采购"
    assert pool.fresh(plan).state == Plan.State.BOUGHT
    made(vehicle(pool.office, "浙KD30001", fuel="5", displacement=None), pool.office)
    assert go(plan.case_id, keeper, plate="浙KD30001") == "注册登记"
    assert go(plan.case_id, keeper, mark="BS1") == "建档、喷涂标识"
    plan = pool.fresh(plan)
    assert plan.state == Plan.State.DONE
    with system_scope("tests").activate():
        assert plan.vehicle.plate == "浙KD30001"


def test_a_plan_that_is_refused(pool: Pool, keeper):
    made(Quota(use="2", amount=9, since=date(2020, 1, 1), document="核1号"), pool.office)
    plan, actor = plan_of(pool), actor_of(keeper)
    with actor.scope.activate():
        actions.ask_plans([plan], actor=actor)
    with system_scope("tests").activate():
        task = Task.objects.get(case_id=pool.fresh(plan).case_id, state=Task.State.OPEN, person_id=keeper.person_id)
    with actor.scope.activate():
        decide([task], actor=actor, verdict="refuse", text="不必")
    take_up(approval_ended, "flows.case.ended")
    assert pool.fresh(plan).state == Plan.State.REFUSED


def test_a_vehicle_is_disposed_of_and_leaves_the_quota(pool: Pool, keeper):
    actor = actor_of(keeper)
    with actor.scope.activate():
        before = figures.of_place(COUNTY, 2026, date(2026, 12, 1)).whole.held
        [car] = actions.ask_disposal(
            list(Vehicle.objects.filter(plate="浙K10002").select_related("node")), actor=actor, way="3", why="车况差"
        )
    assert pool.fresh(car).state == "5"
    go(car.case_id, keeper, meeting="纪要1号")
    for _step in range(2):
        with system_scope("tests").activate():
            step = (
                Task.objects.filter(case_id=car.case_id, state=Task.State.OPEN)
                .values_list("step_name", flat=True)
                .first()
            )
        if step == "评估、处置，收入上缴":
            break
        go(car.case_id, keeper)
    go(car.case_id, keeper, done_on="2026-11-20", proceeds="6800", paid_in="SJ1")
    car = pool.fresh(car)
    assert (car.state, car.disposal, car.disposed_on, car.proceeds) == ("6", "3", date(2026, 11, 20), D(6800))
    with actor.scope.activate():
        assert figures.of_place(COUNTY, 2026, date(2026, 12, 1)).whole.held == before - 1


def test_locked_up_over_a_holiday(pool: Pool, keeper):
    actor = actor_of(keeper)
    with actor.scope.activate():
        rows = list(Vehicle.objects.filter(plate="浙K10001"))
        actions.lock_vehicles(rows, actor=actor)
    with pytest.raises(Invalid, match="封存"):
        pool.assign(pool.approved())
    with actor.scope.activate():
        actions.unlock_vehicles(list(Vehicle.objects.filter(plate="浙K10001")), actor=actor)
        with pytest.raises(Conflict):
            actions.unlock_vehicles(list(Vehicle.objects.filter(plate="浙K10001")), actor=actor)


def test_a_repair_is_quoted_approved_and_settled_within_its_quote(pool: Pool, keeper):
    actor = actor_of(keeper)
    party = made(Party(name="修理厂", uscc="91350100M000100Y43", categories=["vehicles"]), pool.office)
    repair = made(Repair(vehicle=pool.cars["甲车"], day=date(2026, 11, 1), fault="刹车"), pool.office)
    for amount in (D(900), D(700)):
        made(Quote(repair=repair, party=party, amount=amount, day=date(2026, 11, 1), note=str(amount)), pool.office)
    made(RepairPart(repair=repair, name="刹车片", quantity=2, price=D(300)), pool.office)
    bill = {"voucher": "PZ1", "done_on": date(2026, 11, 3)}
    with actor.scope.activate():
        with pytest.raises(Conflict):
            actions.settle_repairs(list(Repair.objects.all()), actor=actor, amount=D(1), **bill)
        actions.approve_repairs(list(Repair.objects.all()), actor=actor)
        for amount, words in ((D(701), "超过批准的报价 700"), (D(650), "配件工时合计只有 600")):
            with pytest.raises(Invalid, match=words):
                actions.settle_repairs(list(Repair.objects.all()), actor=actor, amount=amount, **bill)
        actions.settle_repairs(list(Repair.objects.all()), actor=actor, amount=D(600), **bill)
        cost = figures.of_place(COUNTY, 2026, date(2026, 12, 1)).cost
    assert cost.by_kind["repair"] == D(600)


def test_papers_carry_their_end_over_to_the_vehicle(pool: Pool, keeper):
    actor = actor_of(keeper)
    with actor.scope.activate():
        register = service.get("insurances")
        values = {
            "vehicle": str(pool.cars["甲车"].pk), "kind": "compulsory", "number": "P1", "since": "2099-01-02", "until": "2100-01-01",
            "day": "2026-11-01", "amount": "950",
        }  # fmt: skip
        service.create(register, actor, values, key="p1")
        assert Insurance.objects.get().until == date(2100, 1, 1)
    assert pool.fresh(pool.cars["甲车"]).compulsory_to == date(2100, 1, 1)


def test_fuel_that_does_not_fit_into_the_tank(pool: Pool, keeper):
    actor = actor_of(keeper)
    values = {
        "vehicle": str(pool.cars["甲车"].pk),
        "day": "2026-11-01",
        "kind": "fuel",
        "quantity": "60",
        "amount": "480",
    }
    with actor.scope.activate(), pytest.raises(Invalid) as fault:
        service.create(service.get("refuels"), actor, values, key="r1")
    assert "超过油箱容积 55" in fault.value.faults[0].message


def test_overview_counts_each_organ_against_its_own_quota(pool: Pool, keeper):
    made(Quota(use="2", amount=1, since=date(2020, 1, 1), document="核1号"), pool.office)
    made(Quota(use="2", amount=5, since=date(2020, 1, 1), document="核2号"), pool.unit)
    with actor_of(keeper).scope.activate():
        fleet = figures.of_place(COUNTY, 2026, date(2026, 12, 1))
        members = figures.members("33/11/", 2026, date(2026, 12, 1))
    assert fleet.lines["2"].quota == 6 and fleet.lines["2"].held == 2
    assert fleet.over_quota == 2, "one of use 2, and the coach that has no quota at all"
    assert [m.path for m in members] == ["33/11/23/"] and members[0].held == 3
