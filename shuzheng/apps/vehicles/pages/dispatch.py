"""The dispatch board: a day of cars or drivers, what waits beside it, and the proposal that can be taken over whole or in part.

A small proposal is not stored; a large one is made by a job and kept (``proposals``). What either gives each trip travels with the
page, signed, and is judged again by ``assign_trips``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.apps.vehicles import dispatching, jobs, planwords, proposals
from shuzheng.apps.vehicles.actions import ask_proposals, assign_trips, drop_proposals, unassign_trips
from shuzheng.apps.vehicles.dispatching import Board
from shuzheng.apps.vehicles.models import Proposal, Trip, TripState
from shuzheng.apps.vehicles.planning.problem import Assignment, Plan
from shuzheng.apps.vehicles.planning.solve import optimiser_installed, solve
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.kernel.errors import Conflict, Invalid, Missing

SALT = "vehicles.dispatch"
SECONDS, LARGE = 1.6, 80
"""A page waits so long at most; with more trips a job makes the proposal."""


def _day(request: HttpRequest) -> date:
    given = request.GET.get("day", "")
    try:
        return date.fromisoformat(given) if given else timezone.localdate()
    except ValueError:
        raise Missing() from None


def _open(request: HttpRequest) -> tuple[Actor, Board]:
    actor = actor_of(request)
    actor.require("vehicles.trip.dispatch", actor.organ_path)
    return actor, dispatching.board(actor.organ_path, _day(request))


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The day, with the proposal that a job made of it."""
    actor, day = _open(request)
    row = proposals.of_day(day, actor.organ_id)
    if row is None or row.state == Proposal.State.WAITING:
        return _page(request, day, waiting=row)
    kept = proposals.read(row.result, day)
    return _page(request, day, plan=kept.plan, seconds=kept.plan.seconds, kept=kept)


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Plan the day: what waits gets a car, and what nobody accepted yet may get another. No trip is written."""
    actor, day = _open(request)
    problem = dispatching.problem(day)
    if optimiser_installed() and len(problem.rides) > LARGE:
        row = Proposal(day=day.day, rides=len(problem.rides))
        row.node_id, row.path = actor.organ_id, actor.organ_path
        row.job_id = jobs.propose.start(actor, _("建议方案 %(day)s") % {"day": day.day}, proposal_id=str(row.pk)).pk
        ask_proposals([row], actor=actor, key=request.POST.get("key", "")[:60] or new_key())
        return redirect(_url(day.day, request))
    begin = time.monotonic()
    plan = solve(problem, seconds=SECONDS, optimise=optimiser_installed())
    return _page(request, day, plan=plan, seconds=time.monotonic() - begin)


@require_GET
def proposal(request: HttpRequest) -> HttpResponse:
    """How far the job is. Asked for by the page every few seconds, which is loaded anew when there is nothing to wait for."""
    actor = actor_of(request)
    actor.require("vehicles.trip.dispatch", actor.organ_path)
    day = _day(request)
    row = Proposal.objects.filter(node=actor.organ_id, day=day).first()
    told = _told(row) if row is not None and row.state == Proposal.State.WAITING else None
    if told is None or told["failed"]:
        answer = redirect(_url(day, request))
        if request.htmx:
            answer = HttpResponse(headers={"HX-Refresh": "true"})
        return answer
    return render(request, "vehicles/parts/proposal.html", {"job": told, "query": _query(day, request)})


@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """The proposal is not wanted."""
    actor, day = actor_of(request), _day(request)
    actor.require("vehicles.trip.dispatch", actor.organ_path)
    if rows := list(Proposal.objects.filter(node=actor.organ_id, day=day)):
        drop_proposals(rows, actor=actor)
    return redirect(_url(day, request))


def _told(row: Proposal) -> dict[str, Any]:
    """What the page says of a proposal that is waited for."""
    run = JobRun.objects.filter(pk=row.job_id).first()
    failed = run is None or (run.is_over and run.state != JobRun.State.DONE)
    return {"rides": row.rides, "by": row.asked_by, "since": row.created_at, "run": run, "failed": failed,
            "seconds": int(proposals.SECONDS)}  # fmt: skip


@require_POST
def accept(request: HttpRequest) -> HttpResponse:
    """Take over what was ticked: all of it, or nothing when one part does not hold any more."""
    actor, day = _open(request)
    try:
        chosen = [signing.loads(token, salt=SALT, max_age=proposals.AGE) for token in request.POST.getlist("take")]
    except signing.BadSignature:
        messages.error(request, _("方案已过期，请重新生成。"))
        return redirect(_url(day.day, request))
    if not chosen:
        messages.error(request, _("先勾选要采用的派车。"))
        return redirect(_url(day.day, request))
    try:
        _take(actor, day, chosen, request.POST.get("key", "")[:60] or new_key())
    except (Invalid, Conflict) as fault:
        messages.error(request, _("没有派车：%(why)s") % {"why": fault.message})
    else:
        count = sum(len(item["trips"]) for item in chosen)
        messages.success(request, _("已派 %(n)d 件") % {"n": count})
    return redirect(_url(day.day, request))


def _take(actor: Actor, day: Board, chosen: list[dict[str, Any]], key: str) -> None:
    trips = {
        str(t.pk): t for t in Trip.objects.filter(pk__in=[t for c in chosen for t in c["trips"]]).select_related("node")
    }
    cars, drivers = {str(v.pk): v for v in day.vehicles}, {str(d.pk): d for d in day.drivers}
    with transaction.atomic():
        # Cars that are exchanged must be free first.
        moved = [t for t in trips.values() if t.state == TripState.ASSIGNED]
        if moved:
            unassign_trips(moved, actor=actor, key=f"{key}-u")
        for number, item in enumerate(chosen):
            if (
                item["day"] != str(day.day)
                or item["vehicle"] not in cars
                or item["driver"] not in drivers
                or not set(item["trips"]) <= set(trips)
            ):
                raise Conflict(_("车辆、驾驶员或申请已有变化，请重新生成方案。"))
            assign_trips(
                [trips[t] for t in item["trips"]], actor=actor, key=f"{key}-{number}", vehicle=cars[item["vehicle"]],
                driver=drivers[item["driver"]], begins=day.moment(item["begins"]), ends=day.moment(item["ends"]),
                why=item["why"],
            )  # fmt: skip


@require_POST
def put(request: HttpRequest) -> HttpResponse:
    """Give one trip to the row it was put on: a car, whose usual or first free driver goes, or a driver, who takes the
    smallest car that fits."""
    actor, day = _open(request)
    known = [*day.waiting, *(t for r in day.runs if day.may_change(r) for t in day.trips.get(r.pk, ()))]
    trip = next((t for t in known if str(t.pk) == request.POST.get("trip")), None)
    row = request.POST.get("row", "")
    car = next((v for v in day.vehicles if str(v.pk) == row), None)
    driver = next((d for d in day.drivers if str(d.pk) == row), None)
    if trip is None or (car is None and driver is None):
        messages.error(request, _("申请、车辆或驾驶员已有变化，请再看一次。"))
        return redirect(_url(day.day, request))
    if car is not None:
        driver = dispatching.partner(day, trip, car)
    elif driver is not None:
        car = dispatching.car_for(day, trip, driver)
    if car is None or driver is None:
        messages.error(request, _("没有空闲且准驾相符的驾驶员。") if driver is None else _("没有合适的空车。"))
        return redirect(_url(day.day, request))
    try:
        assign_trips([trip], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), vehicle=car, driver=driver)
    except (Invalid, Conflict) as fault:
        messages.error(request, fault.message)
    else:
        told = {"number": trip.number, "car": car.plate, "driver": driver}
        messages.success(request, _("%(number)s 已派 %(car)s，%(driver)s") % told)
    return redirect(_url(day.day, request))


def _query(day: date, request: HttpRequest) -> str:
    return f"?day={day}&by={'driver' if request.GET.get('by') == 'driver' else 'vehicle'}"


def _url(day: date, request: HttpRequest) -> str:
    return f"{reverse('vehicles:dispatch')}{_query(day, request)}"


@dataclass(frozen=True)
class Line:
    """A row of the board: a car or a driver, and its runs of the day."""

    id: str
    name: str
    note: str
    runs: list[dict[str, Any]]


@dataclass(frozen=True)
class Offer:
    """One trip of the proposal as the page shows it."""

    token: str
    trips: list[Trip]
    car: str
    driver: str
    span: str
    reasons: str
    km: float
    is_new: bool
    is_changed: bool


def _page(
    request: HttpRequest, day: Board, *, plan: Plan | None = None, seconds: float = 0.0, kept: proposals.Kept | None = None,
    waiting: Proposal | None = None,
) -> HttpResponse:  # fmt: skip
    by_driver = request.GET.get("by") == "driver"
    url = reverse("vehicles:dispatch")
    offers = _offers(day, plan) if plan else []
    lines = _lines(day, by_driver, plan)
    late = [t for t in day.waiting if t.begins < timezone.now()]
    context = {
        "day": day, "by": "driver" if by_driver else "vehicle", "lines": lines, "plan": plan, "seconds": seconds,
        "offers": [o for o in offers if o.is_new or o.is_changed], "kept": sum(not (o.is_new or o.is_changed) for o in offers),
        "missing": _missing(day, plan) if plan else [], "urgent": sum(t.is_emergency for t in day.waiting), "late": len(late),
        "before": f"{url}?day={day.day - timedelta(days=1)}&by={'driver' if by_driver else 'vehicle'}",
        "after": f"{url}?day={day.day + timedelta(days=1)}&by={'driver' if by_driver else 'vehicle'}",
        "views": [
            Tab(_("车辆"), f"{url}?day={day.day}&by=vehicle", active=not by_driver),
            Tab(_("驾驶员"), f"{url}?day={day.day}&by=driver", active=by_driver),
        ],
        "query": _query(day.day, request), "key": new_key(), "stored": kept, "job": _told(waiting) if waiting else None,
        "data": _data(day, lines, by_driver), "simple": plan is not None and plan.method == "simple",
        "gap": plan.gap * 100 if plan else 0,
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("调度台"))],
    }  # fmt: skip
    return render(request, "vehicles/dispatch.html", context)


def _lines(day: Board, by_driver: bool, plan: Plan | None) -> list[Line]:
    found = []
    rows: Iterable[Any] = day.drivers if by_driver else day.vehicles
    for row in rows:
        runs = [
            _run(day, run, by_driver) for run in day.runs if (run.driver_id if by_driver else run.vehicle_id) == row.pk
        ]
        runs += [
            _proposed(day, a) for a in (plan.assignments if plan else ())
            if (a.driver if by_driver else a.car) == str(row.pk) and not _is_kept(a)
        ]  # fmt: skip
        name = str(row.person.name) if by_driver else row.plate
        note = row.licence_class if by_driver else f"{row.brand} · {row.places_for_passengers} {_('座')}"
        found.append(Line(str(row.pk), name, note, sorted(runs, key=lambda r: r["from"])))
    return found


def _run(day: Board, run: Any, by_driver: bool) -> dict[str, Any]:
    trips = day.trips.get(run.pk, [])
    return {
        "from": day.minute(run.begins), "to": day.minute(run.ends), "span": dispatching.span(run.begins, run.ends),
        "text": "、".join(t.destination for t in trips) or str(run.get_state_display()),
        "who": run.vehicle.plate if by_driver else str(run.driver.person.name), "state": run.state,
        "word": str(run.get_state_display()), "trip": str(trips[0].pk) if len(trips) == 1 and day.may_change(run) else "",
        "url": reverse("vehicles:trip", args=[trips[0].pk]) if trips else "",
    }  # fmt: skip


def _proposed(day: Board, made: Assignment) -> dict[str, Any]:
    trips = _trips(day, made.rides)
    return {
        "from": made.start, "to": made.end, "span": f"{planwords.clock(made.start)}—{planwords.clock(made.end)}",
        "text": "、".join(t.destination for t in trips), "who": "", "state": "proposed", "word": _("建议"), "trip": "", "url": "",
    }  # fmt: skip


def _trips(day: Board, ids: Iterable[str]) -> list[Trip]:
    known = {str(t.pk): t for t in [*day.waiting, *(t for trips in day.trips.values() for t in trips)]}
    return [known[i] for i in ids]


def _is_kept(made: Assignment) -> bool:
    """Whether the proposal leaves the trip with the car, the driver and the company that it has."""
    return sum(r.code == "kept" for r in made.reasons) == len(made.rides)


def _offers(day: Board, plan: Plan) -> list[Offer]:
    cars = {str(v.pk): v.plate for v in day.vehicles}
    drivers = {str(d.pk): str(d.person.name) for d in day.drivers}
    numbers = {str(t.pk): t.number for t in [*day.waiting, *(t for trips in day.trips.values() for t in trips)]}

    def name(kind: str, pk: str) -> str:
        return {"car": cars, "driver": drivers, "ride": numbers}[kind].get(pk, "—")

    found = []
    for made in plan.assignments:
        trips = _trips(day, made.rides)
        content = {
            "day": str(day.day),
            "trips": list(made.rides), "vehicle": made.car, "driver": made.driver,
            "begins": made.start, "ends": made.end, "why": [{"code": r.code, **r.args} for r in made.reasons],
        }  # fmt: skip
        found.append(
            Offer(
                signing.dumps(content, salt=SALT), trips, name("car", made.car), name("driver", made.driver),
                f"{planwords.clock(made.start)}—{planwords.clock(made.end)}",
                _("；").join(planwords.sentence(r, name) for r in made.reasons), round(made.km + made.empty_km, 1),
                any(t.state == TripState.WAITING for t in trips), any(r.code == "changed" for r in made.reasons),
            )
        )  # fmt: skip
    return found


def _missing(day: Board, plan: Plan) -> list[tuple[Trip, str]]:
    return [(_trips(day, [u.ride])[0], planwords.sentence(u.reason, lambda _kind, pk: pk)) for u in plan.unserved]


def _data(day: Board, lines: list[Line], by_driver: bool) -> dict[str, Any]:
    """For the island: rows with their runs, and for every trip what each row has against it."""
    movable = [
        *day.waiting,
        *(t for r in day.runs if day.may_change(r) and len(day.trips.get(r.pk, ())) == 1 for t in day.trips[r.pk]),
    ]
    against = {}
    for trip in movable:
        if by_driver:
            words = {str(d.pk): dispatching.absence(day, trip, d) for d in day.drivers}
        else:
            words = {str(v.pk): dispatching.hindrance(day, trip, v) for v in day.vehicles}
        against[str(trip.pk)] = {row: word for row, word in words.items() if word}
    spans = {str(t.pk): [day.minute(t.begins), day.minute(t.ends)] for t in movable}
    now = day.minute(timezone.now())
    return {
        "rows": [{"id": line.id, "name": line.name, "runs": line.runs} for line in lines], "against": against, "spans": spans,
        "now": now if 0 <= now < dispatching.DAY else None,
    }  # fmt: skip
