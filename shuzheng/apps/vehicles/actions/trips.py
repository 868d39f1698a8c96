"""Trips: asked for, approved by the flow, given a car, changed, confirmed, filed. Domain §3.6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import licences, providing, requesting, rules
from shuzheng.apps.vehicles.models import Driver, Rental, Run, Trip, TripState, Vehicle, VehicleState
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.locks import hold
from shuzheng.base.core.numbers import next_number
from shuzheng.base.masters.models import Party
from shuzheng.kernel.errors import Conflict, Denied, FieldFault, Invalid
from shuzheng.kernel.ids import NumberRule

NUMBER = NumberRule("PC{yyyy}{mm}{dd}-{seq:4}")
CHANGEABLE = (TripState.DEPARTMENT, TripState.REVIEW, TripState.WAITING, TripState.ASSIGNED, TripState.ON_ROAD)
CANCELLABLE = (TripState.DEPARTMENT, TripState.REVIEW, TripState.WAITING, TripState.ASSIGNED)
ASSIGNABLE = (TripState.WAITING, TripState.ASSIGNED)


def check(trips: Sequence[Trip]) -> None:
    """Faults of requests that their fields alone do not show.

    Raises:
        Invalid: with each fault at its field.
    """
    faults = []
    for row, trip in enumerate(trips):
        if trip.ends <= trip.begins:
            faults.append(FieldFault("ends", _("返回要晚于出发。"), row=row))
        elif trip.ends - trip.begins > timedelta(days=31):
            faults.append(FieldFault("ends", _("一次用车不超过 31 天。"), row=row))
        if trip.origin == trip.destination and not trip.via:
            faults.append(FieldFault("destination", _("目的地与出发地相同，请写明途经。"), row=row))
    if faults:
        raise Invalid(faults=faults)


@action("vehicles.trip.ask", event="vehicles.trip.asked")
def ask_trips(w: Write, trips: Sequence[Trip]) -> Sequence[Trip]:
    """Ask for cars: each request gets its number and goes into approval. An emergency goes to the dispatcher at once.

    Raises:
        Invalid: a request is not complete, or there is no process that approves it.
    """
    check(trips)
    now = timezone.now()
    for trip in trips:
        if not trip.is_emergency and trip.begins < now - timedelta(minutes=30):
            raise Invalid.one("begins", _("出发时间已过。紧急用车请选“紧急用车”，事后补办。"))
        trip.person_id, trip.applicant = w.actor.person_id, w.actor.name
        trip.number = next_number(NUMBER, Trip.objects.filter(node_id=trip.node_id), f"vehicles:number:{trip.node_id}")
        trip.provider = providing.provider_of(trip.node, timezone.localdate(trip.begins))
        if trip.is_emergency:
            hours = rules.number("VEH-PAPER-HOURS", timezone.localdate(now), trip.path)
            trip.state, trip.paper_due = TripState.WAITING, max(now, trip.begins) + timedelta(hours=int(hours))
        w.create(trip)
        w.flush()  # the process may decide at once, and then finds the trip
        requesting.begin(trip, w.actor)
    return trips


def _own(w: Write, trips: Sequence[Trip], verb: str) -> None:
    """That whoever changes a trip asked for it, or dispatches it.

    Raises:
        Denied: it is somebody else's.
    """
    for trip in trips:
        if trip.person_id != w.actor.person_id and not w.actor.may("vehicles.trip.dispatch", trip.path):
            raise Denied(
                _("这是%(name)s的用车申请，只有本人和调度员可以%(verb)s。") % {"name": trip.applicant, "verb": verb}
            )


@action("vehicles.trip.change", permission="vehicles.trip.ask", event="vehicles.trip.changed")
def change_trips(w: Write, trips: Sequence[Trip], *, values: Mapping[str, Any]) -> Sequence[Trip]:
    """Change where and when a trip goes, on the road too (变更单); driver and dispatcher are told.

    Raises:
        Invalid: the new values do not fit.
        Conflict: it is over.
    """
    _own(w, trips, _("修改"))
    for trip in trips:
        if trip.state not in CHANGEABLE:
            raise Conflict(_("已经收车或取消，不能再改。"))
        w.change(trip, **values)
    check(trips)
    return trips


@action("vehicles.trip.cancel", permission="vehicles.trip.ask", event="vehicles.trip.cancelled")
def cancel_trips(w: Write, trips: Sequence[Trip], *, why: str) -> Sequence[Trip]:
    """Call trips off before the car has left. A run that then serves none is dropped (``events``): it may be another organ's.

    Raises:
        Conflict: the car is on the road, or the trip is over.
    """
    _own(w, trips, _("取消"))
    for trip in trips:
        if trip.state not in CANCELLABLE:
            raise Conflict(_("已出车或已结束，不能取消。"))
        w.change(trip, state=TripState.CANCELLED, reason=why)
    return trips


@action("vehicles.trip.follow", system_only=True)
def follow_trips(w: Write, trips: Sequence[Trip], *, state: str, why: str = "") -> Sequence[Trip]:
    """Take over what the approval came to. A trip that has gone on (an emergency) keeps its state and is only marked approved."""
    now = timezone.now()
    for trip in trips:
        early = trip.state in (TripState.DEPARTMENT, TripState.REVIEW)
        if state == TripState.WAITING:
            w.change(trip, approved_at=now, **({"state": state} if early else {}))
        elif state == TripState.REVIEW:
            if early:
                w.change(trip, state=state)
        elif early or trip.state in (TripState.WAITING, TripState.ASSIGNED):
            w.change(trip, state=state, reason=why)
        else:
            w.change(trip, reason=why)
    return trips


@action("vehicles.trip.assign", permission="vehicles.trip.dispatch", handover=True, event="vehicles.trip.assigned")
def assign_trips(
    w: Write,
    trips: Sequence[Trip],
    *,
    vehicle: Vehicle,
    driver: Driver,
    begins: datetime | None = None,
    ends: datetime | None = None,
    meet_at: str = "",
    route: str = "",
    why: Sequence[Any] = (),
) -> Sequence[Trip]:
    """Give one car and driver to trips; several share the run (合乘). Trips that had a car get this one instead.

    Args:
        begins, ends: the span that takes the car; that of the trips unless given.
        why: reasons of an accepted proposal, kept with the trips.

    Raises:
        Invalid: car or driver does not fit: state, papers, seats, licence, leave, another run at the same time.
        Conflict: a trip no longer waits for a car.
        Denied: the car belongs to another organ.
    """
    hold(f"vehicles:vehicle:{vehicle.pk}")
    hold(f"vehicles:driver:{driver.pk}")
    vehicle = Vehicle.objects.select_related("home", "node").get(
        pk=vehicle.pk
    )  # as it is now that nobody else may take it
    driver = Driver.objects.select_related("person").get(pk=driver.pk)
    if vehicle.path not in w.actor.scope.write or driver.path not in w.actor.scope.write:
        raise Denied(_("只能派本单位的车辆和驾驶员。"))
    for trip in trips:
        if trip.state not in ASSIGNABLE:
            raise Conflict(_("%(number)s 现在是“%(state)s”，不能派车。")
                           % {"number": trip.number, "state": trip.get_state_display()})  # fmt: skip
    begins = begins or min(t.begins for t in trips)
    ends = ends or max(t.ends for t in trips)
    before = {t.run_id for t in trips if t.run_id}
    fits(trips, vehicle, driver, begins, ends, beside=before)
    run = Run(vehicle=vehicle, driver=driver, begins=begins, ends=ends)
    run.own(vehicle.node)
    w.create(run)
    w.flush()
    now, car = timezone.now(), f"{vehicle.plate} {vehicle.brand}"[:100]
    home = vehicle.home.name if vehicle.home is not None else ""
    for trip in trips:
        w.change(
            trip, state=TripState.ASSIGNED, run=run, car=car, driver_name=driver.person.name,
            driver_mobile=driver.mobile, meet_at=meet_at or trip.meet_at or trip.origin, route=route or trip.route,
            return_to=trip.return_to or home, dispatched_by=w.actor.name, dispatched_at=now, why=list(why),
        )  # fmt: skip
    w.flush()
    drop_empty(w, before)
    return trips


def fits(
    trips: Sequence[Trip], vehicle: Vehicle, driver: Driver, begins: datetime, ends: datetime, *, beside: set
) -> None:
    """Check that a car and a driver can serve trips together; ``beside`` are runs that they leave.

    Raises:
        Invalid: with every reason, in words.
    """
    faults: list[str] = []
    day = timezone.localdate(begins)
    if vehicle.state != VehicleState.IN_USE:
        faults.append(
            _("%(plate)s 现在是“%(state)s”。") % {"plate": vehicle.plate, "state": vehicle.get_state_display()}
        )
    for until, what in vehicle.road_papers:
        if until < timezone.localdate(ends):
            faults.append(
                _("%(plate)s 的%(what)s %(day)s 到期。") % {"plate": vehicle.plate, "what": what, "day": until}
            )
    people = sum(t.people for t in trips)
    if people > vehicle.places_for_passengers:
        faults.append(_("%(plate)s 可乘 %(seats)d 人，要坐 %(people)d 人。")
                      % {"plate": vehicle.plate, "seats": vehicle.places_for_passengers, "people": people})  # fmt: skip
    if len(trips) > 1 and not all(t.may_pool for t in trips):
        faults.append(_("有申请注明不与他人合乘。"))
    if driver.state != Driver.State.ON_DUTY:
        faults.append(_("%(name)s现在是“%(state)s”。") % {"name": driver, "state": driver.get_state_display()})
    if driver.licence_to < day:
        faults.append(_("%(name)s的驾驶证 %(day)s 到期。") % {"name": driver, "day": driver.licence_to})
    if not licences.may_drive(driver.licence_class, vehicle):
        faults.append(_("%(name)s的准驾车型 %(kind)s 不能开 %(plate)s。")
                      % {"name": driver, "kind": driver.licence_class, "plate": vehicle.plate})  # fmt: skip
    for duty in providing.away([driver.pk], begins, ends):
        faults.append(_("%(name)s %(day)s %(kind)s。")
                      % {"name": driver, "day": f"{timezone.localtime(duty.begins):%m-%d %H:%M}", "kind": duty.get_kind_display()})  # fmt: skip
    taken = providing.runs_between(begins, ends).exclude(pk__in=beside).select_related("vehicle", "driver__person")
    for run in taken:
        span = f"{timezone.localtime(run.begins):%m-%d %H:%M}—{timezone.localtime(run.ends):%m-%d %H:%M}"
        if run.vehicle_id == vehicle.pk:
            faults.append(_("%(plate)s 在 %(span)s 已派出。") % {"plate": vehicle.plate, "span": span})
        if run.driver_id == driver.pk:
            faults.append(_("%(name)s在 %(span)s 已有任务。") % {"name": driver, "span": span})
    if faults:
        raise Invalid(" ".join(faults))


def drop_empty(w: Write, runs: set) -> None:
    """Drop planned runs that no trip uses any more."""
    for run in Run.objects.filter(pk__in=runs, state__in=(Run.State.PLANNED, Run.State.ACCEPTED)):
        if not Trip.objects.filter(run=run, state__in=Trip.OPEN).exists():
            w.change(run, state=Run.State.DROPPED)


@action("vehicles.run.drop", system_only=True)
def drop_runs(w: Write, runs: Sequence[Run]) -> Sequence[Run]:
    """Drop planned runs whose last trip was called off."""
    drop_empty(w, {run.pk for run in runs})
    return runs


@action("vehicles.trip.unassign", permission="vehicles.trip.dispatch", handover=True, event="vehicles.trip.changed")
def unassign_trips(w: Write, trips: Sequence[Trip]) -> Sequence[Trip]:
    """Take the car back from trips that have not set out; they wait again.

    Raises:
        Conflict: the car is on the road already.
    """
    before = set()
    for trip in trips:
        if trip.state != TripState.ASSIGNED:
            raise Conflict(_("只有还没出车的派车单可以收回。"))
        before.add(trip.run_id)
        w.change(trip, state=TripState.WAITING, run=None, car="", driver_name="", driver_mobile="", why=[])
    w.flush()
    drop_empty(w, before)
    return trips


@action("vehicles.trip.rent", permission="vehicles.trip.dispatch", handover=True, event="vehicles.trip.rented")
def rent_trips(
    w: Write, trips: Sequence[Trip], *, party: Party, amount: Decimal, car: str = "", voucher: str = ""
) -> Sequence[Trip]:
    """Hire a car from a supplier instead (社会租赁), when no official one is free or the occasion asks for it.

    Raises:
        Conflict: a trip no longer waits for a car.
        Invalid: the supplier is blocked.
    """
    if party.is_blocked:
        raise Invalid.one("party", _("%(name)s 已被禁用。") % {"name": party})
    for trip in trips:
        if trip.state != TripState.WAITING:
            raise Conflict(_("%(number)s 不在待派车。") % {"number": trip.number})
        rental = Rental(
            trip=trip, day=timezone.localdate(trip.begins), party=party, car=car, amount=amount, voucher=voucher
        )
        rental.node_id, rental.path = w.actor.organ_id, w.actor.organ_path
        w.create(rental)
        w.change(trip, state=TripState.RENTED, car=car or party.name, cost=amount, dispatched_by=w.actor.name,
                 dispatched_at=timezone.now())  # fmt: skip
    return trips


@action("vehicles.trip.confirm", event="vehicles.trip.confirmed")
def confirm_trips(w: Write, trips: Sequence[Trip], *, rating: int, remark: str = "") -> Sequence[Trip]:
    """The passenger confirms the trip and says how it was (one to five).

    Raises:
        Conflict: the car is not back yet.
        Denied: it is somebody else's trip.
    """
    if rating not in range(1, 6):
        raise Invalid.one("rating", _("评分是 1 至 5。"))
    for trip in trips:
        if trip.person_id != w.actor.person_id:
            raise Denied(_("由申请人%(name)s确认。") % {"name": trip.applicant})
        if trip.state not in (TripState.BACK, TripState.RENTED):
            raise Conflict(_("收车以后才能确认。"))
        w.change(trip, state=TripState.CONFIRMED, rating=rating, remark=remark, confirmed_at=timezone.now())
    return trips


@action("vehicles.trip.file", system_only=True)
def file_trips(w: Write, trips: Sequence[Trip]) -> Sequence[Trip]:
    """File confirmed trips; they show in the month's public notice and change no more."""
    for trip in trips:
        w.change(trip, state=TripState.FILED)
    return trips
