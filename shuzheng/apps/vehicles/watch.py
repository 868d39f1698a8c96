"""Judging what was stored: takes the queue of new positions, holds them against fences, orders and rules, and tells the facts.

One does so at a time, in the gateway or in a job. ``watching`` is the judgement itself; here it gets what it needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from shuzheng.apps.vehicles import rules
from shuzheng.apps.vehicles.actions.tracks import tell_facts
from shuzheng.apps.vehicles.gateway.store import SCOPE
from shuzheng.apps.vehicles.models import Fence, Intake, Place, Position, Run, Vehicle, VehicleState
from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.apps.vehicles.models.tracks import slot_of
from shuzheng.apps.vehicles.watching import (
    BEIJING,
    Area,
    Areas,
    Fact,
    Limits,
    Order,
    Seen,
    Setting,
    State,
    judge,
    silent,
)
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.locks import free
from shuzheng.base.org.models import Competence
from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import Book
from shuzheng.base.standards.working_days import is_working_day

LOCK = "vehicles.watch"
BATCH = 20
"""Stored batches that are judged together."""
DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


def step() -> int:
    """Judge the next positions; how many vehicles they were of, nought when there is nothing to do or another is at it."""
    actor = system_actor(SCOPE)
    with actor.scope.activate():
        if not free(LOCK):
            return 0
        waiting = list(Intake.objects.order_by("id")[:BATCH])
        if not waiting:
            return 0
        spans = _merged(row.spans for row in waiting)
        vehicles = {v.pk: v for v in Vehicle.objects.filter(pk__in=spans).select_related("home", "node")}
        facts = _judged({pk: span for pk, span in spans.items() if pk in vehicles}, vehicles)
        Intake.objects.filter(pk__in=[row.pk for row in waiting]).delete()
        tell(facts, vehicles, actor)
        return len(spans)


def tell(facts: Sequence[Fact], vehicles: Mapping[UUID, Vehicle], actor: Actor) -> None:
    """Hand facts on, some hundred at a time."""
    for at in range(0, len(facts), 200):
        some = facts[at : at + 200]
        tell_facts([vehicles[pk] for pk in dict.fromkeys(fact.vehicle for fact in some)], actor=actor, facts=some)


def _merged(found: Iterable[Mapping[str, Sequence[str]]]) -> dict[UUID, Span]:
    spans: dict[UUID, Span] = {}
    for row in found:
        for pk, (first, last) in row.items():
            span = (datetime.fromisoformat(first), datetime.fromisoformat(last))
            before = spans.get(UUID(pk), span)
            spans[UUID(pk)] = (min(before[0], span[0]), max(before[1], span[1]))
    return spans


def tracks(spans: Mapping[UUID, Span]) -> dict[UUID, list[Seen]]:
    """Positions of vehicles within their spans, in order of time."""
    found: dict[UUID, list[Seen]] = {pk: [] for pk in spans}
    narrow = {pk: span for pk, span in spans.items() if span[1] - span[0] < DAY}
    groups = [narrow, *({pk: span} for pk, span in spans.items() if pk not in narrow)]
    for group in filter(None, groups):
        first, last = min(s[0] for s in group.values()), max(s[1] for s in group.values())
        days = (last.astimezone(BEIJING).date() - first.astimezone(BEIJING).date()).days
        slots = {slot_of(first.astimezone(BEIJING).date() + n * DAY) for n in range(days + 1)}
        rows = Position.objects.filter(slot__in=slots, vehicle_id__in=group, at__gte=first, at__lte=last)
        for pk, at, lon, lat, speed in rows.order_by("at").values_list("vehicle_id", "at", "lon", "lat", "speed"):
            if group[pk][0] <= at <= group[pk][1]:
                found[pk].append(Seen(at, (lon / 1e6, lat / 1e6), speed / 10))
    return found


def _judged(spans: Mapping[UUID, Span], vehicles: Mapping[UUID, Vehicle]) -> list[Fact]:
    settings = Settings(vehicles.values(), spans)
    facts: list[Fact] = []
    seen = tracks(spans)
    places = list(Place.objects.select_for_update().filter(pk__in=spans).order_by("pk"))
    for place in places:
        state = State.of(place.watched)
        track, setting = seen[place.pk], settings.of(vehicles[place.pk])
        if state.at is not None and track and track[0].at <= state.at:
            # Sent afterwards: judged by itself, without what was known later. What follows the state is judged as usual.
            late = [one for one in track if one.at < state.at]
            facts += judge(place.pk, late, State(), setting)[0]
        more, after = judge(place.pk, track, state, setting)
        facts += more
        place.watched = after.as_json()
    Place.objects.bulk_update(places, ["watched"], batch_size=500)
    return facts


def _regions(organs: set[UUID]) -> dict[UUID, list[str]]:
    """Paths of the divisions in which organs are the authority of vehicles today: their fences hold there."""
    found: dict[UUID, list[str]] = {}
    today = timezone.now().astimezone(BEIJING).date()
    rows = Competence.objects.filter(line=LINE, organ__in=organs, valid__contains=today)
    for organ, path in rows.values_list("organ_id", "division__path"):
        found.setdefault(organ, []).append(path)
    return found


class _Fences(NamedTuple):
    areas: Areas
    home: tuple[Area, ...]


class Settings:
    """What vehicles are held against, read once for many of them."""

    def __init__(self, vehicles: Iterable[Vehicle], spans: Mapping[UUID, Span]) -> None:
        self._book: Book = resolve.current()
        self._limits: dict[tuple[str, date], Limits] = {}
        self._fences: dict[str, _Fences] = {}
        self._spans = spans
        self._reaching: dict[str, list[Area]] = {}
        fences = list(Fence.objects.filter(in_use=True).order_by("pk"))
        regions = _regions({fence.node_id for fence in fences})
        self._homes: dict[str, list[Area]] = {}
        for fence in fences:
            area = Area.of(str(fence.pk), fence.area, fence.shape)
            for reach in {fence.path, *regions.get(fence.node_id, ())}:
                self._reaching.setdefault(reach, []).append(area)
            if fence.area == Fence.Area.HOME:
                self._homes.setdefault(fence.path, []).append(area)
        self._orders: dict[UUID, list[Order]] = {}
        if spans:
            begin, end = min(s[0] for s in spans.values()), max(s[1] for s in spans.values())
            self._read_orders([v.pk for v in vehicles], begin, end)

    def _read_orders(self, pks: Sequence[UUID], begin: datetime, end: datetime) -> None:
        runs = Run.objects.filter(vehicle__in=pks, begins__lte=end + DAY).exclude(state=Run.State.DROPPED)
        runs = runs.exclude(back_at__lt=begin).exclude(back_at=None, ends__lt=begin - 2 * DAY)
        for run in runs.prefetch_related("trips").order_by("begins"):
            since = min(filter(None, (run.begins, run.out_at)))
            until = run.back_at or (datetime.max.replace(tzinfo=UTC) if run.state == Run.State.OUT else run.ends)
            places = [(float(s["lon"]), float(s["lat"])) for trip in run.trips.all() for s in trip.stops]
            route = tuple(places) if len(places) > 1 and len(run.trips.all()) == 1 else ()
            self._orders.setdefault(run.vehicle_id, []).append(Order(str(run.pk), since, until, route))

    def limits(self, path: str, on: date) -> Limits:
        if (path, on) not in self._limits:
            value = {
                code: float(rules.number(code, on, path, held=self._book))
                for code in ("VEH-HOME-METRES", "VEH-SPEED", "VEH-STAY-MINUTES", "VEH-ROUTE-METRES", "VEH-OFFLINE-HOURS",
                             "VEH-NIGHT-FROM", "VEH-NIGHT-TO")
            }  # fmt: skip
            self._limits[path, on] = Limits(
                value["VEH-HOME-METRES"], value["VEH-SPEED"], value["VEH-STAY-MINUTES"], value["VEH-ROUTE-METRES"],
                value["VEH-OFFLINE-HOURS"], (int(value["VEH-NIGHT-FROM"]), int(value["VEH-NIGHT-TO"])),
            )  # fmt: skip
        return self._limits[path, on]

    def fences(self, path: str) -> _Fences:
        """Fences of an organ, of those above it, and of the authorities of its regions; its lots are its own alone."""
        if path not in self._fences:
            areas = {
                area.id: area for reach, found in self._reaching.items() if path.startswith(reach) for area in found
            }
            self._fences[path] = _Fences(Areas(areas.values()), tuple(self._homes.get(path, ())))
        return self._fences[path]

    def of(self, vehicle: Vehicle) -> Setting:
        first, last = self._spans[vehicle.pk]
        days = [first.astimezone(BEIJING).date() + n * DAY for n in range((last - first).days + 2)]
        fences = self.fences(vehicle.path)
        home = fences.home
        if vehicle.home is not None:
            lot = {"circle": [float(vehicle.home.lon), float(vehicle.home.lat), 1]}
            home = (*home, Area.of(f"spot:{vehicle.home.pk}", Fence.Area.HOME, lot))
        return Setting(
            limits=self.limits(vehicle.path, days[0]),
            areas=fences.areas,
            orders=self._orders.get(vehicle.pk, ()),
            locked=vehicle.state in (VehicleState.LOCKED, VehicleState.LAID_UP),
            holidays=frozenset(day for day in days if not is_working_day(day, vehicle.path, book=self._book)),
            home=home,
        )


def offline(actor: Actor) -> list[Fact]:
    """Terminals in use that were not heard for longer than the rule has; told to whoever makes warnings."""
    now = timezone.now()
    settings = Settings((), {})
    held = (VehicleState.IN_USE, VehicleState.LOCKED)
    places = Place.objects.filter(vehicle__terminals__in_use=True, vehicle__state__in=held)
    facts, vehicles = [], {}
    for place in places.select_related("vehicle").order_by("pk"):
        limits = settings.limits(place.path, now.astimezone(BEIJING).date())
        if fact := silent(place.pk, place.heard_at, (place.lon / 1e6, place.lat / 1e6), now, limits):
            facts.append(fact)
            vehicles[place.pk] = place.vehicle
    tell(facts, vehicles, actor)
    return facts
