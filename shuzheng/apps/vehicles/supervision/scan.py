"""The nightly look over the registers: reads sets, asks the detectors, makes warnings, lets lapse what no longer holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from shuzheng.apps.vehicles.actions.alerts import STANDING, close_alerts, raise_alerts
from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import (
    Driver,
    Fence,
    Quota,
    Refuel,
    Repair,
    RepairPart,
    Run,
    Spot,
    TrackDay,
    Trip,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.alerts import Alert
from shuzheng.apps.vehicles.supervision import driving, keeping, suspicion, tracked
from shuzheng.apps.vehicles.supervision.found import Found, Limits
from shuzheng.base.core.actor import Actor
from shuzheng.base.standards.working_days import is_working_day
from shuzheng.kernel.text import fold

RECENT = timedelta(days=4)
"""What is looked at every night: some days, since papers are entered late."""
BATCH = 500
"""Vehicles that are looked at together."""
FUEL = timedelta(days=180)
UUID_LENGTH = 36


def take_facts(facts: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Alert]:
    """Make warnings of facts of the track; the same fact twice is one. ``actor`` is the system's."""
    vehicles = {v.pk: v for v in Vehicle.objects.filter(pk__in={UUID(str(fact["vehicle"])) for fact in facts})}
    subjects = {str(fact["subject"]) for fact in facts if fact.get("subject")}
    known = [s for s in subjects if len(s) == UUID_LENGTH]  # a lot that is a spot is told by another name
    fences = {str(f.pk): f for f in Fence.objects.filter(pk__in=known)}
    runs = {str(r.pk): r for r in Run.objects.filter(pk__in=known).select_related("vehicle")}
    made = list(tracked.found(facts, vehicles, fences, runs, Limits(timezone.localdate())))
    return list(raise_alerts(list(vehicles.values()), actor=actor, found=made)) if made else []


def scan(actor: Actor, *, since: datetime | None = None, path: str = "") -> list[Alert]:
    """Look at everything since ``since`` in the subtree of ``path``: warnings that are new. Runs under a system scope.

    Args:
        since: some days ago unless given.
    """
    now = timezone.now()
    since = since or now - RECENT
    limits = Limits(timezone.localdate(now))
    fresh: list[Alert] = []
    parts = below(RepairPart.objects.filter(repair__day__gte=limits.on - timedelta(days=365)), path)
    usual = keeping.usual_prices(parts.order_by().values_list("name", "price"))
    vehicles = below(Vehicle.objects.exclude(state=VehicleState.DISPOSED), path)
    ids = list(vehicles.order_by("path", "pk").values_list("pk", flat=True))
    for n in range(0, len(ids), BATCH):
        rows = list(Vehicle.objects.filter(pk__in=ids[n : n + BATCH]).select_related("node"))
        fresh += _raise(actor, list(_of_vehicles(rows, since, now, usual, limits)))
        fresh += _raise(actor, list(_scores(rows, since, limits)))
    fresh += _raise(actor, list(_of_organs(path, since, now, limits)))
    return fresh


def _raise(actor: Actor, found: Sequence[Found]) -> list[Alert]:
    if not found:
        return []
    owners = list(Vehicle.objects.filter(pk=found[0].vehicle_id)) if found[0].vehicle_id else []
    return list(raise_alerts(owners, actor=actor, found=found))


def _runs(ids: Iterable[UUID], since: datetime) -> list[Run]:
    rows = Run.objects.filter(vehicle__in=list(ids)).exclude(state=Run.State.DROPPED)
    return list(rows.filter(Q(begins__gte=since) | Q(state=Run.State.OUT)).select_related("vehicle", "node"))


def _trips(runs: Iterable[Run]) -> dict[UUID, list[Trip]]:
    found: dict[UUID, list[Trip]] = defaultdict(list)
    for trip in Trip.objects.filter(run__in=[r.pk for r in runs]).select_related("node", "provider"):
        found[trip.run_id].append(trip)
    return found


def _of_vehicles(
    vehicles: Sequence[Vehicle], since: datetime, now: datetime, usual: Mapping[str, Any], limits: Limits
) -> Iterator[Found]:
    ids, today = [v.pk for v in vehicles], limits.on
    days = max(int(limits("VEH-FIXED-DAYS").value), keeping.RUNNING + RECENT.days)
    wide = _runs(ids, min(since, now - timedelta(days=days)))
    trips = _trips(wide)
    runs = [r for r in wide if r.begins >= since or r.state == Run.State.OUT]
    # A gap lies between two runs, of which the earlier may be older.
    recent = {r.pk for r in runs}
    yield from (f for f in driving.odometer_gaps(wide, limits) if f.run_id in recent)
    yield from driving.overdue(runs, now, limits)
    yield from driving.off_hours(
        runs, trips, now, lambda day, path: is_working_day(day, path, book=limits.held), limits
    )
    yield from driving.locked(runs)
    yield from driving.mileage(runs, limits)
    yield from driving.lent(runs, trips)
    yield from driving.fixed(wide, trips, today, limits)
    first = timezone.localdate(since)
    fuel = list(Refuel.objects.filter(vehicle__in=ids, day__gte=min(first, today - FUEL)).select_related("vehicle"))
    yield from keeping.thirsty(vehicles, [r for r in fuel if r.day >= today - FUEL], today, limits)
    ran: dict[UUID, frozenset[date]] = defaultdict(frozenset)
    for run in wide:
        if run.out_at is not None:
            ran[run.vehicle_id] |= set(_days(run, now))
    entered = [r for r in fuel if r.day >= first or r.created_at >= since]  # bills come in late, by the month
    yield from keeping.refuelling(entered, ran, limits, _stations(vehicles, entered))
    split = timedelta(days=int(limits("VEH-SPLIT-DAYS").value))
    repairs = Repair.objects.filter(vehicle__in=ids, day__gte=first - split)
    yield from keeping.split_repairs(repairs, limits)
    parts = RepairPart.objects.filter(repair__vehicle__in=ids, repair__day__gte=first).select_related("repair")
    yield from keeping.dear_parts(parts, usual, limits)
    yield from keeping.documents(vehicles, (), today, limits)
    yield from keeping.standards(vehicles, today, limits)


def _stations(vehicles: Sequence[Vehicle], refuels: Sequence[Refuel]) -> keeping.Stations:
    spots = Spot.objects.filter(node__in={v.node_id for v in vehicles}, kind=Spot.Sort.STATION)
    known = {(node, fold(name)): str(pk) for node, name, pk in spots.values_list("node", "name", "pk")}
    asked = {r.day for r in refuels if (r.node_id, fold(r.station)) in known}
    rows = TrackDay.objects.filter(vehicle__in=[v.pk for v in vehicles], day__in=asked).defer("sealed") if asked else ()
    return keeping.Stations(known, {(row.vehicle_id, row.day): row.noted for row in rows if row.noted})


def _days(run: Run, now: datetime) -> Iterator[date]:
    first, last = timezone.localdate(run.out_at), timezone.localdate(run.back_at or now)
    yield from (first + timedelta(days=n) for n in range(min((last - first).days, 60) + 1))


def _scores(vehicles: Sequence[Vehicle], since: datetime, limits: Limits) -> Iterator[Found]:
    ids = [v.pk for v in vehicles]
    alerts = Alert.objects.filter(vehicle__in=ids, begins__gte=since).select_related("vehicle", "node")
    days = timedelta(days=max(int(limits(code).value) for code in ("VEH-SHORT-DAYS", "VEH-STOP-DAYS")))
    runs = _runs(ids, since - days)
    trips = _trips(runs)
    tracks = TrackDay.objects.filter(vehicle__in=ids, day__gte=timezone.localdate(since - days)).defer("sealed")
    stops = suspicion.lingering(tracks.order_by("day"), runs, trips, timezone.now(), limits)
    found = suspicion.score(alerts, runs, trips, limits, stops)
    yield from (one for one in found if one.begins >= since)


def _of_organs(path: str, since: datetime, now: datetime, limits: Limits) -> Iterator[Found]:
    today = limits.on
    trips = below(Trip.objects.filter(is_emergency=True, paper_due__gte=since), path).select_related("run")
    yield from driving.paperwork(trips, now)
    drivers = below(Driver.objects.filter(state=Driver.State.ON_DUTY), path).select_related("person")
    yield from keeping.documents((), drivers, today, limits)
    quotas = below(Quota.in_force(today), path)
    vehicles = below(Vehicle.objects.exclude(state=VehicleState.DISPOSED), path)
    yield from keeping.quotas(vehicles, quotas, today)


def lapse(actor: Actor, path: str = "") -> int:
    """Close open warnings about how things stood that would not be raised today, reminders that have become old, and decisions
    that nobody appealed.

    Returns:
        how many.
    """
    today = timezone.localdate()
    limits = Limits(today)
    undecided = (Alert.State.NOTED, Alert.State.OPEN, Alert.State.EXPLAINED)
    standing = list(below(Alert.objects.filter(code__in=STANDING, state__in=undecided), path))
    over: list[Alert] = list(below(Alert.objects.filter(state=Alert.State.DECIDED, appeal_due__lt=today), path))
    days = timedelta(days=int(limits("VEH-REPEAT-DAYS").value))
    noted = below(Alert.objects.filter(state=Alert.State.NOTED, begins__lt=timezone.now() - days), path)
    over += noted.exclude(code__in=STANDING)
    if standing:
        vehicles = list(
            Vehicle.objects.filter(pk__in={a.vehicle_id for a in standing if a.vehicle_id}).select_related("node")
        )
        held = {f.key for f in keeping.documents(vehicles, (), today, limits)}
        held |= {f.key for f in keeping.standards(vehicles, today, limits)}
        nodes = {a.node_id for a in standing if a.vehicle_id is None}
        drivers = Driver.objects.filter(node__in=nodes).select_related("person")
        held |= {f.key for f in keeping.documents((), drivers, today, limits)}
        quotas = Quota.in_force(today).filter(node__in=nodes)
        rows = Vehicle.objects.filter(node__in=nodes).exclude(state=VehicleState.DISPOSED)
        held |= {f.key for f in keeping.quotas(rows, quotas, today)}
        over += [a for a in standing if a.key not in held]
    if over:
        close_alerts(over, actor=actor)
    return len(over)
