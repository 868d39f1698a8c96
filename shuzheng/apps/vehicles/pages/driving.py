"""For drivers, on the phone: today's runs, each with the one thing to do next."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.apps.vehicles import providing
from shuzheng.apps.vehicles.actions import accept_runs, end_runs, start_runs
from shuzheng.apps.vehicles.models import Run
from shuzheng.apps.vehicles.pages.forms import EndForm, StartForm
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files.actions import blocked_words, receive
from shuzheng.base.files.models import Block
from shuzheng.base.portal.faults import put_faults
from shuzheng.kernel.errors import Conflict, Invalid, Missing

AHEAD, BEHIND = timedelta(days=7), timedelta(days=3)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """My runs: the one on the road first, then what comes, then what is behind."""
    actor = actor_of(request)
    actor.require("vehicles.run.drive")
    return _show(request, actor)


def _show(
    request: HttpRequest, actor: Actor, blamed: UUID | None = None, faulty: forms.Form | None = None
) -> HttpResponse:
    now = timezone.now()
    rows = Run.objects.filter(driver__person_id=actor.person_id).exclude(state=Run.State.DROPPED)
    rows = rows.filter(begins__lt=now + AHEAD).exclude(state=Run.State.BACK, back_at__lt=now - BEHIND)
    runs = list(rows.select_related("vehicle", "driver__person").order_by("begins")[:40])
    trips: dict[Any, list] = {}
    for trip in providing.of_run(runs):
        trips.setdefault(trip.run_id, []).append(trip)
    order = {Run.State.OUT: 0, Run.State.ACCEPTED: 1, Run.State.PLANNED: 1, Run.State.BACK: 2}
    items = [
        {
            "run": run, "trips": trips.get(run.pk, []), "key": new_key(),
            "form": faulty if run.pk == blamed else _form(run),
        }
        for run in sorted(runs, key=lambda r: (order[Run.State(r.state)], r.begins))
    ]  # fmt: skip
    live = [i for i in items if i["run"].state != Run.State.BACK]
    context = {
        "live": live,
        "back": [i for i in items if i["run"].state == Run.State.BACK][::-1],
        "today": timezone.localdate(),
    }
    return render(request, "vehicles/driving.html", context, status=422 if faulty is not None else 200)


def _form(run: Run) -> forms.Form | None:
    """What the next step asks for."""
    if run.state == Run.State.OUT:
        return EndForm(prefix=run.pk.hex[:8], initial={"odometer": run.odometer_out})
    if run.state in (Run.State.PLANNED, Run.State.ACCEPTED):
        return StartForm(prefix=run.pk.hex[:8], initial={"odometer": run.vehicle.mileage})
    return None


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Accept, start, end. What was typed stays when something is wrong."""
    actor = actor_of(request)
    run = Run.objects.filter(pk=pk).select_related("vehicle", "driver__person", "node").first()
    if run is None or verb not in ("accept", "start", "end"):
        raise Missing()
    batch = [run, *providing.of_run([run])]
    key = request.POST.get("key", "")[:60] or new_key()
    if verb == "accept":
        accept_runs(batch, actor=actor, key=key)
        return redirect("vehicles:driving")
    form = (StartForm if verb == "start" else EndForm)(request.POST, request.FILES, prefix=run.pk.hex[:8])
    if not form.is_valid():
        return _show(request, actor, run.pk, form)
    values = {name: value for name, value in form.cleaned_data.items() if name != "photo"}
    try:
        if verb == "start":
            start_runs(batch, actor=actor, key=key, **values)
            messages.success(request, _("已出车，一路平安"))
        else:
            money = {name: values.pop(name) or Decimal(0) for name in ("tolls", "parking")}
            end_runs(batch, actor=actor, key=key, **values, **money)
            messages.success(request, _("已收车"))
        if photo := form.cleaned_data["photo"]:
            kept = receive(run, photo.name, photo, actor=actor, key=f"{key}:photo")
            if isinstance(kept, Block):
                messages.error(request, blocked_words(kept))
    except Invalid as fault:
        put_faults(form, fault)
        return _show(request, actor, run.pk, form)
    except Conflict as fault:
        messages.error(request, fault.message)
    return redirect("vehicles:driving")
