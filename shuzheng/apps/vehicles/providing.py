"""Who provides cars to an organ, and which cars and drivers are free. What is asked here lies out of an applicant's sight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import Driver, Duty, Run, Trip, TripState, Vehicle, VehicleState
from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.competence import competent_for
from shuzheng.base.org.models import Node

LIVE = (Run.State.PLANNED, Run.State.ACCEPTED, Run.State.OUT)
"""States in which a run takes its vehicle and driver."""


def provider_of(organ: Node, on: date | None = None) -> Node:
    """The organ whose cars ``organ`` uses: itself when it holds vehicles in use, else whoever is competent for official
    vehicles in its division (集中管理、统一调度)."""
    with system_scope("vehicles.provide").activate():
        if Vehicle.objects.filter(node=organ, state=VehicleState.IN_USE).exists():
            return organ
        division = organ.division
        found = competent_for(LINE, division, on or timezone.localdate()) if division is not None else None
    return found or organ


def usable(path: str) -> QuerySet[Vehicle]:
    """Vehicles of one organ that may be sent out: in use, insured and inspected as far as is known."""
    rows = below(Vehicle.objects.filter(state=VehicleState.IN_USE), path)
    return rows.select_related("home", "usual_driver__person").order_by("plate")


def drivers(path: str) -> QuerySet[Driver]:
    """Drivers of one organ who are not gone."""
    rows = below(Driver.objects.all(), path).exclude(state=Driver.State.GONE)
    return rows.select_related("person").order_by("person__pinyin", "pk")


def runs_between(begins: datetime, ends: datetime, *, path: str = "") -> QuerySet[Run]:
    """Runs that take a vehicle or a driver at some time between the two."""
    rows = Run.objects.filter(state__in=LIVE, begins__lt=ends, ends__gt=begins)
    return below(rows, path)


def away(ids: Iterable, begins: datetime, ends: datetime) -> QuerySet[Duty]:
    """Spans in which one of the drivers is on leave or in training, between the two."""
    rows = Duty.objects.filter(driver_id__in=list(ids), begins__lt=ends, ends__gt=begins)
    return rows.exclude(kind=Duty.Sort.DUTY)


def waiting(path: str) -> QuerySet[Trip]:
    """Trips that wait for a car of the organ at ``path``, those that go first before the others."""
    rows = below(Trip.objects.filter(state=TripState.WAITING), path, "provider__path")
    return rows.select_related("node").order_by("-is_emergency", "begins", "pk")


def of_run(runs: Sequence[Run]) -> list[Trip]:
    """The trips that the runs serve."""
    return list(Trip.objects.filter(run__in=runs).select_related("node").order_by("pk"))
