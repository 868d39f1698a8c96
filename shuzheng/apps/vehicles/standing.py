"""The fleet as it stood on a day that is over: who held which vehicle, in which use and state.

The register shows today. What changes about a vehicle is kept as it was until then (``Former``); holding begins with
registration and ends with disposal. What identifies it (energy, price, dates) is not dated: a correction holds for the past, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import Former, Vehicle, VehicleState
from shuzheng.base.core.action import Write
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.org.models import Node

DATED = ("use", "state", "marking")
TOLD = ("fuel", "registered_on", "purchased_on", "disposed_on", "price")


def change(w: Write, changes: Sequence[tuple[Vehicle, Mapping[str, Any]]]) -> None:
    """Set fields of vehicles, and keep what they were until today; the first change of a day tells how the day before ended.

    Raises:
        Denied: one lies out of the write range. (So it is kept afterwards: the database would say that in its own words.)
    """
    today = timezone.localdate()
    was = [
        _as_now(row, today)
        for row, values in changes
        if any(getattr(row, n) != values.get(n, getattr(row, n)) for n in DATED)
    ]
    for row, values in changes:
        w.change(row, **values)
    w.flush()
    insert_many(was, ignore_conflicts=True)


def _as_now(row: Vehicle, until: date) -> Former:
    return Former(
        vehicle=row, until=until, node_id=row.node_id, path=row.path, **{name: getattr(row, name) for name in DATED}
    )


def pass_on(absorbed: Node, successor: Node, on: date) -> None:
    """The vehicles of an organ that ends go to another one from ``on``: until then they were held by the one that ends."""
    vehicles = list(Vehicle.objects.filter(node=absorbed))
    later: dict[Any, Former] = {}
    for former in Former.objects.filter(vehicle__in=vehicles, until__gt=on).order_by("vehicle", "-until"):
        later[former.vehicle_id] = former
    made = []
    for row in vehicles:
        known = later.get(row.pk)
        was = _as_now(row, on)
        if known is not None:
            was.use, was.state, was.marking = known.use, known.state, known.marking
        was.path = successor.path
        made.append(was)
    insert_many(made, ignore_conflicts=True)
    Former.objects.filter(vehicle__in=vehicles, until__gt=on).update(node=successor)


def held_on(day: date) -> Q:
    """Whether a vehicle was held on a day, of what ``stood_on`` tells."""
    # Said without a negation round the date: SQL knows neither yes nor no of a date that is not there.
    still = Q(disposed_on__gt=day) | Q(disposed_on__isnull=True) & ~Q(state=VehicleState.DISPOSED)
    return Q(registered_on__lte=day) & still


def stood_on(day: date, path: str = "") -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The vehicles of a subtree with holder, use, state and marking of the end of a day: those that are so still, and the others.

    Both sets tell ``car`` (the vehicle's id), ``holder`` (the path of who held it), ``node``, ``DATED`` and ``TOLD``. They are two
    for the index: of today there is only the first, and it is one range.
    """
    changed = Former.objects.filter(until__gt=day)
    still = Vehicle.objects.exclude(Exists(changed.filter(vehicle=OuterRef("pk"))))
    still = still.annotate(car=F("pk"), holder=F("path"))
    between = changed.filter(vehicle=OuterRef("vehicle"), until__lt=OuterRef("until"))
    since = changed.exclude(Exists(between)).annotate(
        car=F("vehicle"), holder=F("node__path"), **{name: F(f"vehicle__{name}") for name in TOLD}
    )
    return below(still, path), below(since, path, "node__path")
