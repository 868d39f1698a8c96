"""For who needs a car: what one has asked for, asking, the trip sheet, changing, cancelling, confirming."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.apps.vehicles import printing
from shuzheng.apps.vehicles.actions import ask_trips, cancel_trips, change_trips, confirm_trips
from shuzheng.apps.vehicles.actions.trips import CANCELLABLE, CHANGEABLE
from shuzheng.apps.vehicles.models import CardRead, Spot, Trip, TripState
from shuzheng.apps.vehicles.pages.forms import CancelForm, ConfirmForm, TripForm, next_half_hour
from shuzheng.apps.vehicles.registers.trips import STATES
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.keys import decrypt
from shuzheng.base.flows.reaching import takes_part
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.links import whole
from shuzheng.base.portal.parts import Crumb, Group, Pair, Step
from shuzheng.kernel.errors import Fault, Invalid, Missing

SHOWN = 30
WAY = [s for s in TripState if s not in (TripState.REFUSED, TripState.CANCELLED, TripState.RENTED)]
"""The states that a trip passes through when all goes well, in order."""


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """One's own requests: open ones first, each with what comes next."""
    actor = actor_of(request)
    actor.require("vehicles.trip.ask")
    rows = list(Trip.objects.filter(person_id=actor.person_id).order_by("-begins")[:SHOWN])
    context = {
        "open": sorted((t for t in rows if t.state in Trip.OPEN), key=lambda t: t.begins),
        "over": [t for t in rows if t.state not in Trip.OPEN],
        "states": STATES,
        "to_confirm": sum(t.state == TripState.BACK for t in rows),
    }
    return render(request, "vehicles/mine.html", context)


def _spots(actor: Actor) -> list[Spot]:
    return list(Spot.objects.order_by("pk")[:500])


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a car; ``?like=`` begins with an earlier request."""
    actor = actor_of(request)
    actor.require("vehicles.trip.ask", actor.organ_path)
    spots = _spots(actor)
    trip = Trip()
    trip.node_id, trip.path = actor.organ_id, actor.organ_path
    form = TripForm(request.POST or None, instance=trip, spots=spots, initial=_initial(request, actor, spots))
    if request.method == "POST" and form.is_valid():
        made = form.save(commit=False)
        made.stops = form.stops()
        try:
            [made] = ask_trips([made], actor=actor, key=request.POST.get("key", "")[:60] or new_key())
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("已提交，派车单号 %(n)s") % {"n": made.number})
            return redirect("vehicles:trip", made.pk)
    context = {
        "form": form, "key": request.POST.get("key") or new_key(), "spots": spots, "crumbs": _crumbs(_("申请用车")),
        "recent": _recent(actor),
    }  # fmt: skip
    return render(request, "vehicles/ask.html", context, status=422 if form.errors else 200)


def _crumbs(last: str) -> list[Crumb]:
    return [Crumb(_("用车申请"), reverse("vehicles:mine")), Crumb(last)]


def _recent(actor: Actor) -> list[Trip]:
    """The last different destinations that one drove to, to ask again with one press."""
    rows = Trip.objects.filter(person_id=actor.person_id).order_by("-begins")[:SHOWN]
    return list({row.destination: row for row in reversed(rows)}.values())[::-1][:4]


def _initial(request: HttpRequest, actor: Actor, spots: list[Spot]) -> dict[str, Any]:
    begins = next_half_hour()
    home = next((s.name for s in spots if s.path.startswith(actor.organ_path) and s.kind == Spot.Sort.OFFICE), "")
    values: dict[str, Any] = {
        "begins": begins, "ends": begins + timedelta(hours=3), "passengers": actor.name, "origin": home, "purpose": "5",
    }  # fmt: skip
    try:
        like = Trip.objects.filter(pk=UUID(request.GET.get("like", "")), person_id=actor.person_id).first()
    except ValueError:
        like = None
    if like is not None:
        for name in (
            "purpose",
            "subject",
            "origin",
            "destination",
            "via",
            "people",
            "passengers",
            "reach",
            "body",
            "planned_km",
            "may_pool",
        ):
            values[name] = getattr(like, name)
        values["ends"] = begins + (like.ends - like.begins)
    return values


def _trip(actor: Actor, pk: UUID) -> Trip:
    """The trip, for its applicant, its organ, those who supervise it, whoever drives it and whoever provides the car.

    Raises:
        Missing: there is none, or it is out of sight.
        Denied: the right is missing.
    """
    row = Trip.objects.filter(pk=pk).select_related("node", "run__driver").first()
    if row is None:
        raise Missing()
    drives = row.run is not None and row.run.driver.person_id == actor.person_id
    if row.person_id != actor.person_id and not drives:
        actor.require("vehicles.trip.view", row.path)
    return row


@require_GET
def trip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The trip sheet with the fields of domain §3.6, and what can be done with it now."""
    actor = actor_of(request)
    row = _trip(actor, pk)
    own = row.person_id == actor.person_id
    dispatches = actor.may("vehicles.trip.dispatch", row.path)
    context = {
        "trip": row, "steps": _steps(row), "groups": groups(row, actor), "tone": STATES[row.state],
        "crumbs": _crumbs(row.number), "key": new_key(),
        "case": row.case_id if row.case_id and (own or takes_part(actor, row.case_id)) else None,
        "can_change": (own or dispatches) and row.state in CHANGEABLE,
        "cancel": CancelForm() if (own or dispatches) and row.state in CANCELLABLE else None,
        "confirm": ConfirmForm() if own and row.state in (TripState.BACK, TripState.RENTED) else None,
        "may_dispatch": dispatches and row.state in (TripState.WAITING, TripState.ASSIGNED),
    }  # fmt: skip
    return render(request, "vehicles/trip.html", context)


def _steps(row: Trip) -> list[Step]:
    if row.state not in WAY:
        return []
    at = WAY.index(TripState(row.state))
    return [Step(str(state.label), "done" if n < at else "now" if n == at else "") for n, state in enumerate(WAY)]


def _carded(row: Trip) -> list[Pair]:
    """Who drove by the card, where one was read and the reader supervises the vehicle."""
    if row.run_id is None:
        return []
    reads = CardRead.objects.filter(run=row.run_id, way=CardRead.Way.IN, result=0).select_related("driver__person")
    told = {read.who: read.differs for read in reads.order_by("at")}
    words = [_("%(who)s（与派车不符）") % {"who": who} if differs else who for who, differs in told.items()]
    return [Pair(_("刷卡驾驶员"), "、".join(words))] if words else []


def groups(row: Trip, actor: Actor) -> list[Group]:
    """The sheet's fields in groups, for the screen and for paper."""
    rate = "" if row.rating is None else _("%(n)d 分") % {"n": row.rating}
    return [
        Group(
            _("用车"),
            (
                Pair(_("用车单位"), row.node.name), Pair(_("申请人"), row.applicant),
                Pair(_("联系电话"), _masked(row, "mobile")), Pair(_("用车部门"), row.department),
                Pair(_("乘车人"), row.passengers), Pair(_("人数"), row.people),
                Pair(_("事由类别"), row.get_purpose_display()), Pair(_("事由"), row.subject),
                Pair(_("出发地"), row.origin), Pair(_("途经"), row.via), Pair(_("目的地"), row.destination),
                Pair(_("行程范围"), row.get_reach_display()), Pair(_("计划出发"), row.begins), Pair(_("计划返回"), row.ends),
            ), 2,
        ),
        Group(
            _("派车"),
            (
                Pair(_("车辆"), row.car), Pair(_("驾驶员"), row.driver_name),
                Pair(_("驾驶员电话"), _drivers_mobile(row, actor)),
                Pair(_("出车地点"), row.meet_at), Pair(_("交车地点"), row.return_to), Pair(_("行驶路线"), row.route),
                Pair(_("调度员"), row.dispatched_by), Pair(_("派车时间"), row.dispatched_at), *_carded(row),
            ), 2,
        ),
        Group(
            _("行程与费用"),
            (
                Pair(_("出车时间"), row.out_at), Pair(_("收车时间"), row.back_at),
                Pair(_("起始里程"), row.run.odometer_out if row.run else None, "km"),
                Pair(_("终止里程"), row.run.odometer_in if row.run else None, "km"),
                Pair(_("里程"), row.km, "km"), Pair(_("收车油（电）量"), row.run.energy_in if row.run else None, "%"),
                Pair(_("过路费"), row.tolls, _("元")), Pair(_("停车费"), row.parking, _("元")),
                Pair(_("司机补助"), row.run.allowance if row.run else None, _("元")), Pair(_("费用合计"), row.cost, _("元")),
                Pair(_("评分"), rate), Pair(_("评价"), row.remark),
            ), 2,
        ),
    ]  # fmt: skip


def _drivers_mobile(row: Trip, actor: Actor) -> str:
    """In clear for the applicant and the dispatcher while the trip is on, since they have to reach the driver; else masked."""
    near = row.person_id == actor.person_id or actor.may("vehicles.trip.dispatch", row.path)
    if near and row.state in (TripState.ASSIGNED, TripState.ON_ROAD):
        return decrypt(row.driver_mobile)
    return _masked(row, "driver_mobile")


def _masked(row: Trip, name: str) -> str:
    return str(row._meta.get_field(name).masked(row)) if getattr(row, name) else ""


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a request that is under way (变更单)."""
    actor = actor_of(request)
    row = _trip(actor, pk)
    actor.require("vehicles.trip.ask", row.path)
    form = TripForm(request.POST or None, instance=row, spots=_spots(actor), only=TripForm.ROAD)
    seen = row.version
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        if {"destination", "via"} & set(values):
            values["stops"] = form.stops()
        fresh = _trip(actor, pk)
        try:
            change_trips([fresh], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), values=values,
                         seen={fresh.pk: int(request.POST.get("version", seen))})  # fmt: skip
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("已修改，已通知驾驶员") if row.run_id else _("已修改"))
            return redirect("vehicles:trip", pk)
    context = {
        "form": form, "trip": row, "version": seen, "key": new_key(), "spots": form.spots.values(),
        "crumbs": [*_crumbs(row.number)[:1], Crumb(row.number, reverse("vehicles:trip", args=[pk])), Crumb(_("修改"))],
    }  # fmt: skip
    return render(request, "vehicles/change.html", context, status=422 if form.errors else 200)


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Cancel or confirm."""
    actor = actor_of(request)
    row = _trip(actor, pk)
    key = request.POST.get("key", "")[:60] or new_key()
    form: Any
    try:
        if verb == "cancel":
            form = CancelForm(request.POST)
            if form.is_valid():
                cancel_trips([row], actor=actor, key=key, why=form.cleaned_data["why"])
                messages.success(request, _("已取消"))
        elif verb == "confirm":
            form = ConfirmForm(request.POST)
            if form.is_valid():
                confirm_trips([row], actor=actor, key=key, **form.cleaned_data)
                messages.success(request, _("已确认，谢谢评价"))
        else:
            raise Missing()
    except Missing:
        raise
    except Fault as fault:
        messages.error(request, fault.message)
    else:
        for errors in form.errors.values():
            messages.error(request, "；".join(errors))
    return redirect("vehicles:trip", pk)


@require_GET
def sheet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The electronic trip sheet as PDF; its code leads to the page of the trip."""
    actor = actor_of(request)
    row = _trip(actor, pk)
    link = whole(request, reverse("vehicles:trip", args=[pk]))
    response = HttpResponse(printing.sheet(row, groups(row, actor), actor, link), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.number}.pdf"'
    return response
