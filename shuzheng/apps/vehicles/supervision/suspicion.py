"""公车私用嫌疑: a score anybody can follow. Each part that holds brings the points that its rule sets; the sum is the score.

Parts come from warnings of the same vehicle on the same day, and from the runs of that day. What was decided to be no
violation brings no points; night and holiday bring none where there was an approved order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from shuzheng.apps.vehicles.models import Run, TrackDay, Trip
from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Warned
from shuzheng.apps.vehicles.models.trips import Reach
from shuzheng.apps.vehicles.supervision.driving import Trips, is_ordered, leading
from shuzheng.apps.vehicles.supervision.found import Found, Item, Limits
from shuzheng.apps.vehicles.supervision.keeping import at

PARTS: Mapping[str, Any] = {
    "no_order": _("无单用车"), "night": _("夜间用车"), "holiday": _("节假日用车"), "locked": _("封存动车"), "sensitive": _("敏感场所停留"),
    "overnight": _("市内行程在外过夜"), "detour": _("里程超出预计"), "repeat": _("短途反复去同一处"), "refuel": _("加油异常"),
    "stops": _("夜间或休息日反复停在同一处"),
}  # fmt: skip
"""The parts of the score; points are the rule ``VEH-SUSPICION`` under the same key."""
SAID = {
    Warned.NO_ORDER: "no_order", Warned.LOCKED: "locked", Warned.SENSITIVE: "sensitive", Warned.OFF_ROUTE: "detour",
    Warned.REFUEL: "refuel",
}  # fmt: skip


def parts_of_alert(alert: Alert) -> set[str]:
    """What a warning adds."""
    if alert.outcome in (Alert.Outcome.NONE, Alert.Outcome.LAPSED):
        return set()
    if alert.code == Warned.OFF_HOURS:
        return {fact["what"] for fact in alert.evidence.get("facts", ())} & {"night", "holiday"}
    return {SAID[Warned(alert.code)]} if alert.code in SAID else set()


def parts_of_run(run: Run, trips: Sequence[Trip], limits: Limits) -> set[str]:
    """What a run adds, order or not: a night away on a trip within the city, far more kilometres than planned."""
    if run.out_at is None or run.back_at is None:
        return set()
    found = set()
    nights = (timezone.localdate(run.back_at) - timezone.localdate(run.out_at)).days
    if nights >= 1 and trips and all(t.reach == Reach.CITY and not t.is_emergency for t in trips):
        found.add("overnight")
    planned = [t.planned_km for t in trips if t.planned_km]
    if run.km is not None and len(trips) == 1 and planned:
        least = limits("VEH-KM-LEAST", run.path).value
        if run.km > planned[0] * limits("VEH-DETOUR-FACTOR", run.path).value and run.km - planned[0] > least:
            found.add("detour")
    return found


def repeated(runs: Iterable[Run], trips: Trips, limits: Limits) -> dict[UUID, int]:
    """Runs that are one of many short ones to one place for one passenger within the rule's days: how many, by run."""
    by: dict[tuple[UUID, str, str], list[Run]] = defaultdict(list)
    for run in runs:
        if run.out_at is None or run.km is None or run.km > limits("VEH-SHORT-KM", run.path).value:
            continue
        for trip in trips.get(run.pk, ()):
            by[run.vehicle_id, trip.destination, leading(trip)].append(run)
    found = {}
    for some in by.values():
        some.sort(key=lambda r: r.out_at)
        many, days = limits("VEH-SHORT-COUNT", some[0].path), limits("VEH-SHORT-DAYS", some[0].path)
        span = timedelta(days=int(days.value))
        for n, run in enumerate(some):
            near = sum(run.out_at - span <= other.out_at for other in some[: n + 1])
            if near >= many.value:
                found[run.pk] = near
    return found


def lingering(
    days: Iterable[TrackDay], runs: Iterable[Run], trips: Trips, now: datetime, limits: Limits
) -> dict[tuple[UUID, date], tuple[TrackDay, int]]:
    """Days on which a vehicle stood at night, or while nobody works, at a place that is not registered, once more within the
    rule's days: the day, and how many such days there were. A stop during a run that was allowed is none.
    """
    allowed: dict[UUID, list[Run]] = defaultdict(list)
    for run in runs:
        if run.out_at is not None and is_ordered(trips.get(run.pk, ()), now):
            allowed[run.vehicle_id].append(run)
    by: dict[tuple[UUID, str], dict[date, TrackDay]] = defaultdict(dict)
    for day in days:
        midnight = timezone.make_aware(datetime.combine(day.day, time()))
        for mark, begin, end in day.noted.get("stops", ()):
            middle = midnight + timedelta(minutes=(begin + end) / 2)
            if not any(r.out_at <= middle <= (r.back_at or now) for r in allowed[day.vehicle_id]):
                by[day.vehicle_id, mark][day.day] = day
    found: dict[tuple[UUID, date], tuple[TrackDay, int]] = {}
    for (vehicle, _mark), some in by.items():
        many, within = (limits(code, next(iter(some.values())).path) for code in ("VEH-STOP-COUNT", "VEH-STOP-DAYS"))
        for day, row in some.items():
            near = sum(day - timedelta(days=int(within.value)) < other <= day for other in some)
            if near >= many.value and near > found.get((vehicle, day), (row, 0))[1]:
                found[vehicle, day] = (row, near)
    return found


def score(
    alerts: Iterable[Alert], runs: Iterable[Run], trips: Trips, limits: Limits,
    stops: Mapping[tuple[UUID, date], tuple[TrackDay, int]] | None = None,
) -> Iterator[Found]:  # fmt: skip
    """Vehicles and days whose parts come to the rule's least score; from the red score on the warning is red. ``stops`` as of
    ``lingering``."""
    stops = stops or {}
    parts: dict[tuple[UUID, date], set[str]] = defaultdict(set)
    about: dict[tuple[UUID, date], list[tuple[str, UUID, str]]] = defaultdict(list)
    owner: dict[tuple[UUID, date], Alert | Run | TrackDay] = {}
    runs = list(runs)
    often = repeated(runs, trips, limits)
    for alert in alerts:
        if alert.vehicle_id is not None and alert.code != Warned.PRIVATE and (more := parts_of_alert(alert)):
            key = (alert.vehicle_id, timezone.localdate(alert.begins))
            parts[key] |= more
            about[key].append(("vehicles.alert", alert.pk, str(alert)))
            owner.setdefault(key, alert)
    for run in runs:
        more = parts_of_run(run, trips.get(run.pk, ()), limits)
        if run.pk in often:
            more.add("repeat")
        if more and run.out_at is not None:
            key = (run.vehicle_id, timezone.localdate(run.out_at))
            parts[key] |= more
            about[key].append(("vehicles.run", run.pk, str(run)))
            owner.setdefault(key, run)
    for key, (track, _many) in stops.items():
        parts[key].add("stops")
        owner.setdefault(key, track)
    for (vehicle, day), held in sorted(parts.items(), key=lambda item: (item[0][1], item[0][0])):
        row = owner[vehicle, day]
        points = tuple(
            (part, int(rule.value), rule)
            for part in PARTS
            if part in held
            for rule in [limits("VEH-SUSPICION", row.path, part)]
        )
        total, least = sum(n for _part, n, _rule in points), limits("VEH-SUSPICION-LEAST", row.path)
        if total >= least.value:
            begins = row.begins if isinstance(row, Alert) else row.out_at if isinstance(row, Run) else None
            items = [Item("score", total, gettext_noop("分"), least.value, least)]
            if (vehicle, day) in stops:
                most = limits("VEH-STOP-COUNT", row.path)
                items.append(Item("same_place", stops[vehicle, day][1], "日", most.value, most))
            yield Found(
                Warned.PRIVATE, f"{Warned.PRIVATE}:{vehicle}:{day}", row.node_id, row.path, begins or at(day),
                tuple(items), vehicle_id=vehicle, about=tuple(about[vehicle, day]),
                points=points, colour=Colour.RED if total >= limits("VEH-SUSPICION-RED", row.path).value else "",
            )  # fmt: skip
