"""Where vehicles are, on a map, and where one was on a day: the latter only for a reason, which is noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.apps.vehicles import rules, sealing
from shuzheng.apps.vehicles.actions.tracks import look_at_tracks
from shuzheng.apps.vehicles.gateway.store import MOVED
from shuzheng.apps.vehicles.models import (
    CardRead,
    Fence,
    Place,
    Run,
    Spot,
    Terminal,
    TrackAccess,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.apps.vehicles.registers.tracks import recent_commands
from shuzheng.apps.vehicles.watching import BEIJING, STILL
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.notify import live
from shuzheng.base.org.models import Node
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.standards import resolve
from shuzheng.kernel import geo
from shuzheng.kernel.errors import Invalid, Missing

MOST = 2_000
"""Vehicles on one map; who supervises more sees those that moved last."""
VALID = timedelta(hours=8)
"""How long a reason that was given opens a track."""
COARSE = 2
"""Decimals of a degree, about a kilometre, that those see who may not see a track in full."""
STOP_SECONDS = 300


class WhyForm(forms.Form):
    why = forms.CharField(
        label=gettext_lazy("查看事由"), max_length=200, help_text=gettext_lazy("会记入轨迹查看记录和审计。")
    )


def _shown(lon: float, lat: float) -> list[float]:
    """A place as the tiles want it."""
    point = geo.gcj02((lon, lat)) if settings.SZ_MAP_TILES and settings.SZ_MAP_GCJ else (lon, lat)
    return [round(point[0], 6), round(point[1], 6)]


def _areas() -> list[dict[str, Any]]:
    found = []
    for name, area, shape in (
        Fence.objects.filter(in_use=True).order_by("name").values_list("name", "area", "shape")[:MOST]
    ):
        if "circle" in shape:
            lon, lat, metres = shape["circle"]
            found.append({"name": name, "kind": area, "circle": [*_shown(lon, lat), metres]})
        else:
            found.append({"name": name, "kind": area, "ring": [_shown(*point) for point in shape["polygon"]]})
    return found


def _pins() -> list[dict[str, Any]]:
    rows = Spot.objects.order_by("name").values_list("name", "lon", "lat", "kind")[:MOST]
    return [{"name": name, "at": _shown(float(lon), float(lat)), "kind": kind} for name, lon, lat, kind in rows]


def _map(**more: Any) -> dict[str, Any]:
    tiles = {"url": settings.SZ_MAP_TILES, "credit": settings.SZ_MAP_CREDIT} if settings.SZ_MAP_TILES else None
    return {"tiles": tiles, "areas": _areas(), "pins": _pins(), **more}


def _places() -> Any:
    return Place.objects.filter(vehicle__state__lt=VehicleState.DISPOSED).select_related("vehicle", "node")


def _told(rows: Iterable[Place]) -> list[list[Any]]:
    return [
        [
            str(p.pk),
            p.vehicle.plate,
            *_shown(p.lon / 1e6, p.lat / 1e6),
            p.direction,
            p.speed / 10,
            round(p.heard_at.timestamp()),
        ]
        for p in rows
    ]


def _stamp(rows: list[Place], since: float = 0) -> int:
    """Milliseconds of what was written last, a little before: what was being written then is told again."""
    return max([since, *(row.moved_at.timestamp() * 1000 - 2_000 for row in rows)], default=0).__trunc__()


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All vehicles that one supervises, where they were heard last."""
    actor = actor_of(request)
    actor.require("vehicles.map.view")
    rows = list(_places().order_by("-moved_at")[:MOST])
    out = dict(
        Run.objects.filter(state=Run.State.OUT, vehicle__in=[r.pk for r in rows]).values_list(
            "vehicle_id", "driver__person__name"
        )
    )
    now = timezone.now()
    cars = sorted(rows, key=lambda p: (p.pk not in out, p.vehicle.plate))
    context = {
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("实时位置"))],
        "data": _map(url=reverse("vehicles:places"), live=reverse("vehicles:moves"), at=_stamp(rows), cars=_told(rows)),
        "cars": [(p, out.get(p.pk), now - p.heard_at > timedelta(minutes=10)) for p in cars],
        "out": len(out), "today": now.astimezone(BEIJING).date(), "may_look": actor.may("vehicles.track.look"),
    }  # fmt: skip
    return render(request, "vehicles/map.html", context)


@require_GET
def places(request: HttpRequest) -> JsonResponse:
    """Who has moved since (milliseconds): for those that cannot have the stream."""
    actor_of(request).require("vehicles.map.view")
    answer = JsonResponse(_moved(_since(request)))
    answer["Cache-Control"] = "no-store"
    return answer


def _since(request: HttpRequest) -> int:
    given = request.GET.get("since", "0")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 15 else 0


def _moved(since: int) -> dict[str, Any]:
    begin = datetime.fromtimestamp(since / 1000, BEIJING)
    rows = list(_places().filter(moved_at__gt=begin).order_by("-moved_at")[:MOST])
    return {"at": _stamp(rows, since), "cars": _told(rows)}


class Moves(live.Reader):
    """Who has a map open: hears of the vehicles in sight that moved, once a second at most."""

    channel, rest = MOVED, 1.0
    since = 0
    _actor: Actor | None = None

    def concerned(self, woken: Mapping[str, Any]) -> bool:
        paths = woken.get("paths")
        return paths is None or (
            self._actor is not None and any(self._actor.scope.may_read(LINE, path) for path in paths)
        )

    def say(self, actor: Actor, woken: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        if not actor.may("vehicles.map.view"):
            return None
        self._actor = actor
        told = _moved(self.since)
        self.since = told["at"]
        return [told] if told["cars"] else []


@require_GET
def moves(request: HttpRequest) -> HttpResponse:
    """The stream of who moves, from ``since`` (milliseconds) on."""
    actor_of(request).require("vehicles.map.view")

    def reader(*whom: Any) -> Moves:
        made = Moves(*whom)
        made.since = _since(request)
        return made

    return live.respond(request, reader)


@require_GET
def commands(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The card of a terminal's last commands, asked for again while one is on its way.

    Raises:
        Missing: no such terminal, or out of sight.
    """
    terminal = Terminal.objects.filter(pk=pk).first()
    if terminal is None:
        raise Missing(_("没有这台终端，或不归当前岗位看。"))
    actor_of(request).require("vehicles.command.view", terminal.path)
    return render(request, "vehicles/parts/commands.html", {"panel": recent_commands(terminal)})


@require_http_methods(["GET", "POST"])
def track(request: HttpRequest, pk: UUID, day: str) -> HttpResponse:
    """Where a vehicle was on a day, for a reason.

    Raises:
        Missing: no such vehicle, or out of sight.
        Denied: no right to look at tracks there.
    """
    actor = actor_of(request)
    vehicle = Vehicle.objects.select_related("node").filter(pk=pk).first()
    if vehicle is None:
        raise Missing(_("没有这辆车，或不归当前岗位看。"))
    actor.require("vehicles.track.look", vehicle.path)
    return _track(request, actor, vehicle, _date(day))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Missing(_("没有这一天。")) from None


def _track(request: HttpRequest, actor: Actor, vehicle: Vehicle, day: date) -> HttpResponse:
    form = WhyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            organs = Node.objects.filter(pk=actor.organ_id)
            look_at_tracks(
                list(organs), actor=actor, key=request.POST.get("key", ""), vehicle=vehicle, since=day, until=day,
                why=form.cleaned_data["why"],
            )  # fmt: skip
            return redirect(request.path)
        except Invalid as fault:
            form.add_error("why", fault.message)
    crumbs = [
        Crumb(_("公务用车"), reverse("vehicles:mine")),
        Crumb(_("实时位置"), reverse("vehicles:map")),
        Crumb(vehicle.plate),
    ]
    context = {"crumbs": crumbs, "vehicle": vehicle, "day": day, "form": form, "key": new_key()}
    look = _look(actor, vehicle, day)
    if look is None:
        status = 422 if form.is_bound else 200
        return render(request, "vehicles/track_why.html", context, status=status)
    return render(request, "vehicles/track.html", {**context, **_day(actor, vehicle, day), "look": look})


def _look(actor: Actor, vehicle: Vehicle, day: date) -> TrackAccess | None:
    """The look that opens this day to this post: fresh, and with a reason."""
    mine = TrackAccess.objects.filter(post=actor.id, vehicle=vehicle, since__lte=day, until__gte=day)
    return mine.filter(created_at__gt=timezone.now() - VALID).first()


def _day(actor: Actor, vehicle: Vehicle, day: date) -> dict[str, Any]:
    points = sealing.read(vehicle.pk, day)
    full = actor.may("vehicles.track.full", vehicle.path)
    limit = rules.number("VEH-SPEED", day, vehicle.path, held=resolve.current())
    steps = []
    for p in points:
        lon, lat = p.place if full else (round(p.place[0], COARSE), round(p.place[1], COARSE))
        step = [p.at, *_shown(lon, lat), p.speed / 10, p.direction]
        if full or not steps or steps[-1][1:3] != step[1:3]:
            steps.append(step)
    begin, end = sealing.bounds(day)
    runs = Run.objects.filter(vehicle=vehicle, begins__lt=end, ends__gte=begin).exclude(state=Run.State.DROPPED)
    cards = CardRead.objects.filter(vehicle=vehicle, at__gte=begin, at__lt=end).select_related("driver__person")
    return {
        "cards": cards.order_by("at"),
        "data": _map(track=steps, name=vehicle.plate, limit=float(limit)), "points": points, "full": full,
        "km": sealing.metres(points) / 1000, "top": max((p.speed / 10 for p in points), default=0), "limit": limit,
        "stops": _stops(points) if full else [], "runs": runs.select_related("driver__person").order_by("begins"),
        "last": points[-1].at if points else 0, "before": day - timedelta(days=1), "after": day + timedelta(days=1) if day < sealing.today() else None,
    }  # fmt: skip


def _stops(points: list[sealing.Point]) -> list[dict[str, Any]]:
    """Where it stood for five minutes or more."""
    stops: list[dict[str, Any]] = []
    first: sealing.Point | None = None
    last: sealing.Point | None = None
    for point in [*points, None]:
        still = point is not None and point.speed / 10 <= STILL
        if first is not None and last is not None and not still:
            until = point or last
            if until.at - first.at >= STOP_SECONDS:
                stops.append(
                    {"at": first.at, "since": first.time, "until": until.time, "minutes": (until.at - first.at) // 60}
                )
            first = None
        if still and first is None:
            first = point
        last = point or last
    return stops
