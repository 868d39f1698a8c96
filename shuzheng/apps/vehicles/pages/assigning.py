"""Giving one trip a car, on any device: cars and drivers that are free, others with what is in their way; or hiring one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from shuzheng.apps.vehicles import licences, providing
from shuzheng.apps.vehicles.actions import assign_trips, rent_trips, unassign_trips
from shuzheng.apps.vehicles.models import Driver, Trip, Vehicle
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.masters.models import Party
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Conflict, Invalid, Missing


class AssignForm(forms.Form):
    vehicle = forms.ChoiceField(label=gettext_lazy("车辆"))
    driver = forms.ChoiceField(label=gettext_lazy("驾驶员"))
    meet_at = forms.CharField(label=gettext_lazy("出车地点"), max_length=80, required=False)
    route = forms.CharField(label=gettext_lazy("行驶路线"), max_length=200, required=False)

    def __init__(
        self, *args: Any, vehicles: list[tuple[Vehicle, str]], drivers: list[tuple[Driver, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicle"].choices = [
            (str(v.pk), f"{v.plate} {v.brand} · {v.places_for_passengers} {_('座')}{f' · {why}' if why else ''}")
            for v, why in vehicles
        ]
        self.fields["driver"].choices = [
            (str(d.pk), f"{d.person.name}{f' · {why}' if why else ''}") for d, why in drivers
        ]


class RentForm(forms.Form):
    party = forms.ModelChoiceField(Party.objects.none(), label=gettext_lazy("租赁单位"))
    amount = forms.DecimalField(label=gettext_lazy("金额"), min_value=0, max_digits=12, decimal_places=2)
    car = forms.CharField(label=gettext_lazy("车型车牌"), max_length=80, required=False)
    voucher = forms.CharField(label=gettext_lazy("凭证号"), max_length=40, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["party"].queryset = Party.objects.filter(is_blocked=False, categories__contains=["vehicles"])


def _trip(actor: Actor, pk: UUID) -> Trip:
    row = Trip.objects.filter(pk=pk).select_related("node", "run__vehicle", "run__driver").first()
    if row is None:
        raise Missing()
    actor.require("vehicles.trip.dispatch", row.path)
    return row


def _choices(actor: Actor, trip: Trip) -> tuple[list[tuple[Vehicle, str]], list[tuple[Driver, str]]]:
    """Cars and drivers of the organ, the free and fitting ones first, each with what is in its way."""
    busy = list(providing.runs_between(trip.begins, trip.ends, path=actor.organ_path).exclude(pk=trip.run_id))
    cars, people = {r.vehicle_id for r in busy}, {r.driver_id for r in busy}
    vehicles = [(v, _hindrance(v, v.pk in cars, trip)) for v in providing.usable(actor.organ_path)]
    drivers = list(providing.drivers(actor.organ_path))
    absent = {d.driver_id for d in providing.away([d.pk for d in drivers], trip.begins, trip.ends)}
    named = [
        (
            d,
            _("请假或培训")
            if d.pk in absent
            else _("有任务")
            if d.pk in people
            else ""
            if d.state == Driver.State.ON_DUTY
            else str(d.get_state_display()),
        )
        for d in drivers
    ]
    fit = sorted(vehicles, key=lambda item: (bool(item[1]), item[0].seats, item[0].plate))
    return fit, sorted(named, key=lambda item: bool(item[1]))


def _hindrance(vehicle: Vehicle, is_busy: bool, trip: Trip) -> str:
    if is_busy:
        return _("有任务")
    if trip.people > vehicle.places_for_passengers:
        return _("座位不够")
    if trip.body and vehicle.body != trip.body:
        return _("车型不合")
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Choose car and driver for a trip."""
    actor = actor_of(request)
    trip = _trip(actor, pk)
    vehicles, drivers = _choices(actor, trip)
    first = vehicles[0][0] if vehicles else None
    fit = next(
        (d for d, why in drivers if not why and (first is None or licences.may_drive(d.licence_class, first))), None
    )
    initial = {
        "meet_at": trip.meet_at or trip.origin, "route": trip.route, "vehicle": str(first.pk) if first else "",
        "driver": str(fit.pk) if fit else "",
    }  # fmt: skip
    form = AssignForm(request.POST or None, vehicles=vehicles, drivers=drivers, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        car = next(v for v, _why in vehicles if str(v.pk) == data["vehicle"])
        driver = next(d for d, _why in drivers if str(d.pk) == data["driver"])
        try:
            assign_trips([trip], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), vehicle=car, driver=driver,
                         meet_at=data["meet_at"], route=data["route"])  # fmt: skip
        except Invalid as fault:
            form.add_error(None, fault.message)
        else:
            messages.success(request, _("已派 %(car)s，%(driver)s") % {"car": car.plate, "driver": driver})
            return redirect("vehicles:trip", pk)
    context = {
        "form": form, "trip": trip, "rent": RentForm(), "key": new_key(),
        "crumbs": [Crumb(_("用车申请"), reverse("vehicles:mine")), Crumb(trip.number, reverse("vehicles:trip", args=[pk])), Crumb(_("派车"))],
    }  # fmt: skip
    return render(request, "vehicles/assign.html", context, status=422 if form.errors else 200)


@require_POST
def rent(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Hire a car for the trip."""
    actor = actor_of(request)
    trip = _trip(actor, pk)
    form = RentForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, "；".join(errors))
        return redirect("vehicles:assign", pk)
    data = form.cleaned_data
    try:
        rent_trips([trip], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), party=data["party"],
                   amount=data["amount"] or Decimal(0), car=data["car"], voucher=data["voucher"])  # fmt: skip
        messages.success(request, _("已转社会租赁"))
    except Conflict as fault:
        messages.error(request, fault.message)
    return redirect("vehicles:trip", pk)


@require_POST
def release(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take the car back."""
    actor = actor_of(request)
    unassign_trips([_trip(actor, pk)], actor=actor, key=request.POST.get("key", "")[:60] or new_key())
    return redirect("vehicles:trip", pk)
