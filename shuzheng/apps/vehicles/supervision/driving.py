"""What runs and trips show: pure functions over sets of records, each for a kind of warning. Domain §3.5, §3.6."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from django.utils import timezone

from shuzheng.apps.vehicles.models import Run, Trip, TripState, VehicleState
from shuzheng.apps.vehicles.models.alerts import Warned
from shuzheng.apps.vehicles.supervision.found import Found, Item, Limits

Trips = Mapping[UUID, Sequence[Trip]]
"""The trips that a run serves, by the run's id."""
Works = Callable[[date, str], bool]
"""Whether a day is worked at a place."""
VOID = (TripState.REFUSED, TripState.CANCELLED)


def _found(
    code: str, run: Run, key: str, *items: Item, begins: datetime | None = None, trip: Trip | None = None
) -> Found:
    about = [("vehicles.run", run.pk, str(run))]
    if trip is not None:
        about.append(("vehicles.trip", trip.pk, trip.number))
    return Found(
        code, f"{code}:{key}", run.node_id, run.path, begins or run.out_at or run.begins, items, run.back_at,
        run.vehicle_id, run.pk, trip.pk if trip is not None else None, tuple(about),
    )  # fmt: skip


def is_ordered(trips: Iterable[Trip], now: datetime) -> bool:
    """Whether a run was allowed: one of its trips is approved, or is an emergency whose paperwork is not due yet."""
    for trip in trips:
        if trip.state in VOID:
            continue
        if trip.approved_at is not None or (trip.is_emergency and (trip.paper_due is None or trip.paper_due > now)):
            return True
    return False


def by_vehicle(runs: Iterable[Run]) -> dict[UUID, list[Run]]:
    """Runs that set out, in order, by vehicle."""
    found: dict[UUID, list[Run]] = defaultdict(list)
    for run in runs:
        if run.out_at is not None and run.state != Run.State.DROPPED:
            found[run.vehicle_id].append(run)
    for some in found.values():
        some.sort(key=lambda r: (r.out_at, r.pk))
    return found


def odometer_gaps(runs: Iterable[Run], limits: Limits) -> Iterator[Found]:
    """Kilometres that no run accounts for: the odometer went on between two runs (无单用车)."""
    for some in by_vehicle(runs).values():
        for before, after in pairwise(some):
            if before.odometer_in is None or after.odometer_out is None:
                continue
            limit = limits("VEH-GAP-KM", after.path)
            gap = after.odometer_out - before.odometer_in
            if gap > limit.value:
                yield _found(
                    Warned.NO_ORDER, after, f"gap:{after.pk}",
                    Item("odometer_gap", gap, "km", limit.value, limit), Item("odometer_before", before.odometer_in, "km"),
                    Item("odometer_after", after.odometer_out, "km"), begins=before.back_at or before.out_at,
                )  # fmt: skip


def overdue(runs: Iterable[Run], now: datetime, limits: Limits) -> Iterator[Found]:
    """Not back, or back late, by more than the rule's minutes."""
    for run in runs:
        back = run.back_at if run.state == Run.State.BACK else now if run.state == Run.State.OUT else None
        if back is None:
            continue
        limit = limits("VEH-OVERDUE-MINUTES", run.path)
        late = Decimal(int((back - run.ends).total_seconds() // 60))
        if late > limit.value:
            items = [Item("due_back", run.ends), Item("late_minutes", late, "分钟", limit.value, limit)]
            if run.back_at is not None:
                items.insert(1, Item("back", run.back_at))
            yield _found(Warned.OVERDUE, run, f"late:{run.pk}", *items, begins=run.ends)


def off_hours(runs: Iterable[Run], trips: Trips, now: datetime, works: Works, limits: Limits) -> Iterator[Found]:
    """On a holiday or at night, with no approved order. An approved one, and an emergency within its time, are none."""
    for run in runs:
        if run.out_at is None or run.state == Run.State.DROPPED or is_ordered(trips.get(run.pk, ()), now):
            continue
        out = timezone.localtime(run.out_at)
        begins, ends = limits("VEH-NIGHT-FROM", run.path), limits("VEH-NIGHT-TO", run.path)
        items = []
        if not works(out.date(), run.path):
            items.append(Item("holiday", out))
        if out.hour >= begins.value or out.hour < ends.value:
            items.append(Item("night", out, "", f"{begins.value:.0f}:00—{ends.value:.0f}:00", begins))
        if items:
            trip = next(iter(trips.get(run.pk, ())), None)
            yield _found(Warned.OFF_HOURS, run, f"hours:{run.pk}", *items, Item("no_approval"), trip=trip)


def locked(runs: Iterable[Run]) -> Iterator[Found]:
    """Out on the road while locked up (封存停驶)."""
    for run in runs:
        if run.state == Run.State.OUT and run.vehicle.state in (VehicleState.LOCKED, VehicleState.LAID_UP):
            yield _found(Warned.LOCKED, run, f"locked:{run.pk}", Item("state", run.vehicle.state))


def mileage(runs: Iterable[Run], limits: Limits) -> Iterator[Found]:
    """The odometer against the track."""
    for run in runs:
        if run.km is None or run.track_km is None:
            continue
        share, least = limits("VEH-KM-DIFF", run.path), limits("VEH-KM-LEAST", run.path)
        difference = abs(run.km - run.track_km)
        whole = max(run.km, run.track_km)
        if difference > least.value and difference * 100 > whole * share.value:
            yield _found(
                Warned.KM, run, f"km:{run.pk}", Item("odometer_km", run.km, "km"), Item("track_km", run.track_km, "km"),
                Item("difference", round(difference * 100 / whole, 1), "%", share.value, share),
            )  # fmt: skip


def paperwork(trips: Iterable[Trip], now: datetime) -> Iterator[Found]:
    """An emergency whose paperwork did not come in time."""
    for trip in trips:
        if not trip.is_emergency or trip.paper_due is None or trip.state in VOID:
            continue
        if (trip.approved_at or now) > trip.paper_due:
            run = trip.run
            yield Found(
                Warned.PAPERWORK, f"{Warned.PAPERWORK}:{trip.pk}", trip.node_id, trip.path, trip.begins,
                (Item("paper_due", trip.paper_due),), None, run.vehicle_id if run is not None else None,
                run.pk if run is not None else None, trip.pk, (("vehicles.trip", trip.pk, trip.number),),
            )  # fmt: skip


def lent(runs: Iterable[Run], trips: Trips) -> Iterator[Found]:
    """A car serves an organ that it is not provided to: lent, swapped or taken (出借、换用、占用)."""
    for run in runs:
        for trip in trips.get(run.pk, ()):
            if trip.state not in VOID and trip.node_id != run.node_id and trip.provider_id != run.node_id:
                yield _found(
                    Warned.LENT, run, f"lent:{run.pk}:{trip.node_id}", Item("owner", run.node.name),
                    Item("borrower", trip.node.name), Item("provider", trip.provider.name if trip.provider else "—"), trip=trip,
                )  # fmt: skip


def leading(trip: Trip) -> str:
    """The passenger named first."""
    return re.split(r"等|、|,|，|；|\s", trip.passengers.strip())[0]


def fixed(runs: Iterable[Run], trips: Trips, today: date, limits: Limits) -> Iterator[Found]:
    """One passenger takes nearly all runs of a vehicle over the rule's days (固定给个人使用). Once a quarter."""
    for some in by_vehicle(runs).values():
        share, least, days = (limits(f"VEH-FIXED-{w}", some[0].path) for w in ("SHARE", "RUNS", "DAYS"))
        since = today - timedelta(days=int(days.value))
        recent = [r for r in some if timezone.localdate(r.out_at) >= since]
        counted: dict[str, int] = defaultdict(int)
        for run in recent:
            for name in {leading(t) for t in trips.get(run.pk, ())} - {""}:
                counted[name] += 1
        if len(recent) < least.value or not counted:
            continue
        name, n = max(counted.items(), key=lambda item: (item[1], item[0]))
        if n * 100 >= share.value * len(recent):
            last = recent[-1]
            quarter = f"{today.year}Q{(today.month + 2) // 3}"
            yield _found(
                Warned.FIXED, last, f"fixed:{last.vehicle_id}:{quarter}", Item("passenger", name),
                Item("share", round(Decimal(n * 100) / len(recent), 1), "%", share.value, share),
                Item("runs", len(recent), "次", least.value, least), begins=recent[0].out_at,
            )  # fmt: skip
