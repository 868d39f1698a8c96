"""What official vehicles take up: how an approval ended, and what drivers and applicants are to be told."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles import providing, requesting
from shuzheng.apps.vehicles.actions import decide_plans, drop_runs, follow_trips, keep_vehicles
from shuzheng.apps.vehicles.models import Plan, Run, Trip, TripState, Vehicle
from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.flows.actions import deliver
from shuzheng.base.flows.models import Case
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send

texts.declare("vehicles.order", _("新任务：{begins} {origin} → {destination}"), _("{car}，{people} 人，{passengers}。"))
texts.declare("vehicles.assigned", _("已派车：{car}，{driver}"), _("{begins} 在 {meet_at} 上车，去 {destination}。"))
texts.declare("vehicles.rented", _("本次用车改为社会租赁：{car}"), _("{begins} 去 {destination}。"))
texts.declare("vehicles.changed", _("行程有变：{origin} → {destination}"), _("{begins} 至 {ends}。"))
texts.declare("vehicles.off", _("行程已取消：{origin} → {destination}"), _("{begins}，原因：{reason}。"))
texts.declare("vehicles.back", _("请确认用车并评价：{destination}"), _("里程 {km} km。"))
SAID = {
    Case.State.REFUSED: TripState.REFUSED,
    Case.State.REVOKED: TripState.CANCELLED,
    Case.State.TERMINATED: TripState.CANCELLED,
}


@subscribe("flows.case.ended", scope="vehicles.follow", name="vehicles.approvals")
def approval_ended(event: Event, actor: Actor) -> None:
    """An approval that ended without consent ends what it was about."""
    state, process, case = event.payload.get("state"), event.payload.get("process"), event.payload.get("case")
    if state not in SAID or case is None:
        return
    if process == requesting.TRIP:
        trips = list(Trip.objects.filter(case_id=case, state__in=Trip.OPEN))
        follow_trips(trips, actor=actor, state=SAID[state], why=str(Case.State(state).label))
        drop_runs(_runs(trips), actor=actor)
    elif process == requesting.PLAN:
        decide_plans(list(Plan.objects.filter(case_id=case)), actor=actor, state=Plan.State.REFUSED)
    elif process == requesting.DISPOSAL:
        keep_vehicles(list(Vehicle.objects.filter(case_id=case)), actor=actor)


def _runs(trips: Iterable[Trip]) -> list[Run]:
    return list(Run.objects.filter(pk__in={t.run_id for t in trips if t.run_id}))


@subscribe("vehicles.trip.confirmed", scope="vehicles.follow", name="vehicles.closed")
def trip_confirmed(event: Event, actor: Actor) -> None:
    """The case that waits for the drive is told that it is over."""
    cases = list(
        Case.objects.filter(pk__in=Trip.objects.filter(pk__in=event.ids).values("case_id"), state=Case.State.RUNNING)
    )
    if cases:
        deliver(cases, actor=actor, message="vehicles.trip.closed")


@subscribe("vehicles.trip.cancelled", scope="vehicles.follow", name="vehicles.cancelled")
def trip_cancelled(event: Event, actor: Actor) -> None:
    """The car is free again, and its driver is told."""
    trips = _trips(event)
    for trip in trips:
        if trip.run is not None:
            _tell(actor, event, "vehicles.off", [trip.run.driver.person_id], trip, "driving")
    drop_runs(_runs(trips), actor=actor)


@subscribe("vehicles.trip.assigned", scope="vehicles.follow", name="vehicles.assigned")
def trip_assigned(event: Event, actor: Actor) -> None:
    """The driver gets the order, the applicant the car."""
    for trip in _trips(event):
        if trip.run is not None:
            _tell(actor, event, "vehicles.order", [trip.run.driver.person_id], trip, "driving")
        _tell(actor, event, "vehicles.assigned", [trip.person_id], trip, "trip")


@subscribe("vehicles.trip.rented", scope="vehicles.follow", name="vehicles.rented")
def trip_rented(event: Event, actor: Actor) -> None:
    for trip in _trips(event):
        _tell(actor, event, "vehicles.rented", [trip.person_id], trip, "trip")


@subscribe("vehicles.trip.changed", scope="vehicles.follow", name="vehicles.changed")
def trip_changed(event: Event, actor: Actor) -> None:
    """On the way, too: the driver learns where it goes now."""
    for trip in _trips(event):
        if trip.run is not None:
            _tell(actor, event, "vehicles.changed", [trip.run.driver.person_id], trip, "driving")


@subscribe("vehicles.run.ended", scope="vehicles.follow", name="vehicles.back")
def run_ended(event: Event, actor: Actor) -> None:
    """Passengers are asked to confirm."""
    for trip in providing.of_run(list(Run.objects.filter(pk__in=event.ids))):
        if trip.state == TripState.BACK:
            _tell(actor, event, "vehicles.back", [trip.person_id], trip, "trip")


def _trips(event: Event) -> list[Trip]:
    rows = Trip.objects.filter(pk__in=event.ids).select_related("run__driver")
    return list(rows.order_by("pk"))


def _tell(actor: Actor, event: Event, name: str, people: Iterable[UUID], trip: Trip, page: str) -> None:
    """One notice to each person's main post, with the way to the page."""
    today = timezone.localdate()
    posts = (
        Post.objects.filter(person_id__in=list(people), valid__contains=today)
        .select_related("node")
        .order_by("person", "-is_main", "pk")
    )
    firsts = list({post.person_id: post for post in reversed(posts)}.values())
    if not firsts:
        return
    local = timezone.localtime
    values = {
        "begins": f"{local(trip.begins):%m-%d %H:%M}", "ends": f"{local(trip.ends):%m-%d %H:%M}", "origin": trip.origin,
        "destination": trip.destination, "car": trip.car, "driver": trip.driver_name, "people": trip.people,
        "passengers": trip.passengers, "meet_at": trip.meet_at or trip.origin, "reason": trip.reason,
        "km": "" if trip.km is None else f"{trip.km:f}",
    }  # fmt: skip
    link = reverse("vehicles:driving") if page == "driving" else reverse("vehicles:trip", args=[trip.pk])
    send(
        firsts,
        actor=actor,
        key=f"{name}:{event.pk.hex[:16]}:{trip.pk.hex[-12:]}",
        template=name,
        values=values,
        link=link,
    )
