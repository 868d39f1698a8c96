"""A trip from request to archive (domain §3.6): asked, approved, given a car, driven, confirmed, filed; and its side branches."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from shuzheng.apps.vehicles import actions, costs
from shuzheng.apps.vehicles.events import approval_ended, trip_assigned, trip_cancelled, trip_confirmed
from shuzheng.apps.vehicles.jobs import file
from shuzheng.apps.vehicles.models import Duty, Fee, Refuel, Run, Trip
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.flows.actions import revoke
from shuzheng.base.flows.models import Case
from shuzheng.base.masters.models import Party
from shuzheng.base.notify.models import Receipt
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from tests.apps.vehicles.conftest import OFFICE, Pool

pytestmark = pytest.mark.django_db
D = Decimal


def take_up(subscriber, name: str) -> None:
    """Let a subscriber have the events of a name, as the dispatcher would."""
    actor = system_actor("vehicles.follow")
    for event in Event.objects.filter(name=name).order_by("pk"):
        with actor.scope.activate():
            subscriber(event, actor)


def case_of(trip: Trip) -> Case:
    with system_scope("tests").activate():
        return Case.objects.get(pk=trip.case_id)


def test_a_trip_goes_from_request_to_archive(pool: Pool):
    trip = pool.ask()
    assert (trip.state, trip.number[:2], trip.provider_id) == ("01", "PC", pool.office.pk)
    assert case_of(trip).title.startswith("用车：大柘镇（申请人")
    trip = pool.approve(trip)
    assert trip.state == "03" and trip.approved_at is not None
    [trip] = pool.assign(trip, meet_at="东门")
    assert (trip.state, trip.car, trip.driver_name, trip.meet_at, trip.return_to) == (
        "04", "浙K10001 大众 朗逸", "老李", "东门", "停车场")  # fmt: skip
    take_up(trip_assigned, "vehicles.trip.assigned")
    with system_scope("tests").activate():
        assert {r.template for r in Receipt.objects.all()} >= {"vehicles.order", "vehicles.assigned"}
    trip = pool.drive(trip, "accept")
    trip = pool.drive(trip, "start", odometer=D(10_000), energy=90)
    assert trip.state == "05"
    trip = pool.drive(trip, "end", odometer=D("10031.5"), tolls=D(25), parking=D(5), voucher="PZ1")
    assert (trip.state, trip.km, trip.tolls, trip.parking, trip.cost) == ("06", D("31.5"), D(25), D(5), D(30))
    asker = pool.actor("asker")
    with asker.scope.activate():
        actions.confirm_trips([trip], actor=asker, rating=5, remark="准时")
    take_up(trip_confirmed, "vehicles.trip.confirmed")
    assert case_of(trip).state == Case.State.DONE
    file()
    trip = pool.fresh(trip)
    assert (trip.state, trip.rating) == ("08", 5)
    car = pool.fresh(pool.cars["甲车"])
    assert car.mileage == D("10031.5")
    with system_scope("tests").activate():
        assert {(f.kind, f.amount, f.voucher) for f in Fee.objects.all()} == {
            ("toll", D(25), "PZ1"),
            ("parking", D(5), "PZ1"),
        }
        told = set(Entry.objects.filter(model__in=("vehicles.trip", "vehicles.run")).values_list("action", flat=True))
    assert told >= {
        "vehicles.trip.ask",
        "vehicles.trip.follow",
        "vehicles.trip.assign",
        "vehicles.run.start",
        "vehicles.run.end",
    }


def test_the_energy_of_a_run_is_part_of_what_the_trip_costs(pool: Pool):
    with system_scope("tests").activate():
        today = timezone.localdate()
        for km, out in ((D(100), D(9_800)), (D(100), D(9_900))):
            run = Run(vehicle=pool.cars["甲车"], driver=pool.drivers["老李"], state="back", begins=timezone.now() - timedelta(days=3),
                      ends=timezone.now() - timedelta(days=2), odometer_out=out, odometer_in=out + km,
                      back_at=timezone.now() - timedelta(days=2))  # fmt: skip
            run.own(pool.office)
            run.save(force_insert=True)
        fuel = Refuel(vehicle=pool.cars["甲车"], day=today, quantity=D(14), amount=D(100))
        fuel.own(pool.office)
        fuel.save(force_insert=True)
        cost = costs.of_vehicles([pool.cars["甲车"].pk], today - timedelta(days=30), today)[pool.cars["甲车"].pk]
    assert (cost.km, cost.total, cost.per_km, cost.per_100km) == (D(200), D(100), D("0.5"), D(7))
    trips = [pool.approved(people=1), pool.approved(people=3)]
    trips = pool.assign(*trips)
    assert trips[0].run_id == trips[1].run_id
    pool.drive(trips[0], "start", odometer=D(10_000))
    pool.drive(trips[0], "end", odometer=D(10_101), tolls=D("10.01"))
    one, three = (pool.fresh(t) for t in trips)
    assert (one.tolls, three.tolls) == (D("2.50"), D("7.51")), "by people, to the cent"
    assert one.cost + three.cost == D("10.01") + D("50.50")


def test_who_sees_and_may_do_what(pool: Pool):
    trip = pool.approved()
    with pytest.raises(Denied):
        pool.nation.actor(OFFICE).require("vehicles.trip.dispatch")
    neighbour = pool.actor("neighbour")
    with neighbour.scope.activate():
        assert not Trip.objects.exists()
    with pytest.raises(Missing):
        actions.cancel_trips([trip], actor=neighbour, why="甲")
    colleague = pool.actor("colleague")
    with colleague.scope.activate(), pytest.raises(Denied, match="只有本人和调度员"):
        actions.cancel_trips(list(Trip.objects.all()), actor=colleague, why="甲")
    with pytest.raises(Denied, match="只能派本单位的车辆"):
        head = pool.nation.actor("33/11/0/goa/", "dispatcher", at="33/11/")
        with head.scope.activate():
            actions.assign_trips([trip], actor=head, vehicle=pool.cars["甲车"], driver=pool.drivers["老李"])
    [trip] = pool.assign(trip)
    other = pool.actor("老王")
    with other.scope.activate(), pytest.raises(Denied, match="由老李驾驶"):
        actions.accept_runs(list(Run.objects.all()), actor=other)
    with pytest.raises(Denied, match="由老李驾驶"):
        pool.drive(trip, "start", "老王", odometer=D(10_000))
    pool.drive(trip, "start", "dispatcher", odometer=D(10_000))


FITS = {
    "seats": ({"people": 5}, {}, "可乘 4 人，要坐 5 人"),
    "licence class": ({}, {"car": "中巴"}, "准驾车型 C1 不能开"),
    "pooling refused": ({"may_pool": False}, {"two": True}, "不与他人合乘"),
}


@pytest.mark.parametrize("title", FITS)
def test_a_car_that_does_not_fit_is_refused_in_words(pool: Pool, title: str):
    asked, given, words = FITS[title]
    trips = [pool.approved(**asked)]
    if given.pop("two", False):
        trips.append(pool.approved())
    with pytest.raises(Invalid, match=words):
        pool.assign(*trips, **given)


def test_neither_car_nor_driver_is_in_two_places(pool: Pool):
    first, second = pool.approved(), pool.approved()
    pool.assign(first)
    with pytest.raises(Invalid, match=r"浙K10001 在 .* 已派出。 老李在 .* 已有任务"):
        pool.assign(second)
    with system_scope("tests").activate():
        duty = Duty(driver=pool.drivers["老王"], kind="leave", begins=second.begins, ends=second.ends)
        duty.own(pool.office)
        duty.save(force_insert=True)
    with pytest.raises(Invalid, match="请假"):
        pool.assign(second, car="乙车", driver="老王")
    with system_scope("tests").activate():
        Duty.objects.all().delete()
        pool.cars["乙车"].inspection_to = date(2020, 1, 1)
        pool.cars["乙车"].save()
    with pytest.raises(Invalid, match="年检 2020-01-01 到期"):
        pool.assign(second, car="乙车", driver="老王")


def test_another_car_in_its_place_and_the_first_run_is_dropped(pool: Pool):
    trip = pool.approved()
    [trip] = pool.assign(trip)
    before = trip.run_id
    [trip] = pool.assign(trip, car="乙车", driver="老王")
    assert trip.car.startswith("浙K10002")
    with system_scope("tests").activate():
        assert Run.objects.get(pk=before).state == Run.State.DROPPED
    dispatcher = pool.actor("dispatcher")
    with dispatcher.scope.activate():
        actions.unassign_trips(list(Trip.objects.filter(pk=trip.pk)), actor=dispatcher)
    assert (pool.fresh(trip).state, pool.fresh(trip).car) == ("03", "")


def test_an_emergency_goes_first_and_its_papers_follow_within_a_day(pool: Pool):
    trip = pool.ask(is_emergency=True, begins=timezone.now())
    assert trip.state == "03"
    assert timedelta(hours=23) < trip.paper_due - timezone.now() <= timedelta(hours=24)
    [trip] = pool.assign(trip)
    trip = pool.drive(trip, "start", odometer=D(10_000))
    trip = pool.approve(trip)
    assert trip.state == "05" and trip.approved_at is not None, "the approval marks it and holds nothing up"


def test_refusal_revocation_and_cancelling_end_it_and_free_the_car(pool: Pool):
    refused = pool.ask()
    pool.approve(refused, "refuse")
    take_up(approval_ended, "flows.case.ended")
    assert pool.fresh(refused).state == "91"
    trip = pool.approved()
    [trip] = pool.assign(trip)
    asker = pool.actor("asker")
    with asker.scope.activate():
        actions.cancel_trips(list(Trip.objects.filter(pk=trip.pk)), actor=asker, why="会议取消")
    take_up(trip_cancelled, "vehicles.trip.cancelled")
    with system_scope("tests").activate():
        assert Run.objects.get(pk=trip.run_id).state == Run.State.DROPPED
    third = pool.ask()
    with asker.scope.activate():
        revoke([case_of(third)], actor=asker, text="不去了")
    take_up(approval_ended, "flows.case.ended")
    assert pool.fresh(third).state == "92"
    with asker.scope.activate(), pytest.raises(Conflict):
        actions.cancel_trips(list(Trip.objects.filter(pk=third.pk)), actor=asker, why="再取消")


def test_a_trip_changes_on_the_road(pool: Pool):
    [trip] = pool.assign(pool.approved())
    trip = pool.drive(trip, "start", odometer=D(10_000))
    asker = pool.actor("asker")
    with asker.scope.activate():
        actions.change_trips(list(Trip.objects.filter(pk=trip.pk)), actor=asker, values={"destination": "石练镇"})
        with pytest.raises(Invalid, match="返回要晚于出发"):
            actions.change_trips(list(Trip.objects.filter(pk=trip.pk)), actor=asker, values={"ends": trip.begins})
    assert pool.fresh(trip).destination == "石练镇"


def test_readings_that_cannot_be_are_refused_at_their_field(pool: Pool):
    [trip] = pool.assign(pool.approved())
    for verb, odometer, words in (("start", 9_999, "小于上次"), ("start", 20_000, "比上次多出")):
        with pytest.raises(Invalid, match=words) as fault:
            pool.drive(trip, verb, odometer=D(odometer))
        assert fault.value.faults[0].field == "odometer"
    pool.drive(trip, "start", odometer=D(10_000))
    with pytest.raises(Invalid, match="小于出车时"):
        pool.drive(trip, "end", odometer=D(9_000))
    with pytest.raises(Conflict):
        pool.drive(trip, "start", odometer=D(10_001))


def test_commercial_hire_where_no_car_is_free(pool: Pool):
    trip = pool.approved(people=30, purpose="7")
    dispatcher = pool.actor("dispatcher")
    with system_scope("tests").activate():
        party = Party(name="租车行", uscc="91350100M000100Y43", categories=["vehicles"])
        party.own(pool.office)
        party.save(force_insert=True)
    with dispatcher.scope.activate():
        rows = list(Trip.objects.filter(pk=trip.pk))
        actions.rent_trips(rows, actor=dispatcher, party=party, amount=D(900), car="大巴", voucher="PZ9")
    trip = pool.fresh(trip)
    assert (trip.state, trip.cost) == ("93", D(900))
    with system_scope("tests").activate():
        assert (trip.rental.party_id, trip.rental.voucher) == (party.pk, "PZ9")


def test_an_organ_with_cars_of_its_own_uses_them(pool: Pool):
    with system_scope("tests").activate():
        own = pool.fresh(pool.cars["甲车"])
        own.pk, own.plate, own.vin = None, "浙K20001", "LSVBB000000000001"
        own._state.adding = True
        own.own(pool.unit)
        own.save(force_insert=True)
    assert pool.ask().provider_id == pool.unit.pk


def test_pages_of_applicant_dispatcher_driver(pool: Pool):
    asker, dispatcher, driver = Client(), Client(), Client()
    for client, name in ((asker, "asker"), (dispatcher, "dispatcher"), (driver, "老李")):
        client.force_login(pool.accounts[name])
    begins = timezone.localtime() + timedelta(days=1)
    form = {
        "purpose": "4", "subject": "调研", "begins": f"{begins:%Y-%m-%dT%H:%M}", "ends": f"{begins:%Y-%m-%dT%H:%M}", "origin": "办公楼",
        "destination": "大柘镇", "people": "2", "passengers": "甲", "reach": "city", "may_pool": "on", "key": "k1",
    }  # fmt: skip
    page = asker.post("/vehicles/ask/", form)
    assert page.status_code == 422 and "返回要晚于出发" in page.content.decode() and "大柘镇" in page.content.decode()
    form["ends"] = f"{begins + timedelta(hours=2):%Y-%m-%dT%H:%M}"
    address = asker.post("/vehicles/ask/", form)["Location"]
    assert asker.post("/vehicles/ask/", form)["Location"] == address, "a retry has no second effect"
    with system_scope("tests").activate():
        trip = Trip.objects.get()
    pool.approve(trip)
    assert "大柘镇" in dispatcher.get("/r/trips/?view=waiting").content.decode()
    page = dispatcher.get(f"/vehicles/trips/{trip.pk}/assign/").content.decode()
    assert "浙K10001" in page and "老李" in page
    sent = {"vehicle": str(pool.cars["甲车"].pk), "driver": str(pool.drivers["老李"].pk), "key": "a"}
    assert dispatcher.post(f"/vehicles/trips/{trip.pk}/assign/", sent).status_code == 302
    run = pool.fresh(trip).run_id
    page = asker.get(f"/vehicles/trips/{trip.pk}/").content.decode()
    assert "13900000000" in page and "sm4:" not in page  # to reach the driver by
    assert "大柘镇" in driver.get("/vehicles/driving/").content.decode()
    driver.post(f"/vehicles/driving/{run}/accept/", {"key": "b"})
    prefix = run.hex[:8]
    page = driver.post(f"/vehicles/driving/{run}/start/", {f"{prefix}-odometer": "9000", "key": "c"})
    assert page.status_code == 422 and "小于上次" in page.content.decode()
    driver.post(
        f"/vehicles/driving/{run}/start/", {f"{prefix}-odometer": "10000", f"{prefix}-energy": "80", "key": "d"}
    )
    driver.post(f"/vehicles/driving/{run}/end/", {f"{prefix}-odometer": "10030", f"{prefix}-tolls": "12.5", "key": "e"})
    page = asker.get(f"/vehicles/trips/{trip.pk}/").content.decode()
    assert "13900000000" not in page and "sm4:" not in page
    assert "30.0" in page and "12.50" in page and "确认并评价" in page
    asker.post(f"/vehicles/trips/{trip.pk}/confirm/", {"rating": "5", "key": "f"})
    assert pool.fresh(trip).state == "07"
    assert asker.get(f"/vehicles/trips/{trip.pk}/sheet.pdf").content[:5] == b"%PDF-"
    notice = asker.get(f"/vehicles/notice/?month={timezone.localdate(trip.begins):%Y-%m}")
    assert notice.status_code == 200
    assert asker.get("/vehicles/notice/?as=xlsx").content[:2] == b"PK"
    for page in ("/vehicles/overview/", "/vehicles/costs/"):
        assert dispatcher.get(page).status_code == 200
    assert Client().get("/vehicles/").status_code == 302
