"""What is done every night: trips that were confirmed are filed."""

from __future__ import annotations

from shuzheng.apps.vehicles.actions import file_trips
from shuzheng.apps.vehicles.models import Trip, TripState
from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job

BATCH = 1000


@job(scope="vehicles.watch", cron="35 2 * * *")
def file(*, actor: Actor) -> None:
    """File what was confirmed, some at a time."""
    rows = Trip.objects.filter(state=TripState.CONFIRMED).order_by("pk")
    while batch := list(rows[:BATCH]):
        file_trips(batch, actor=actor)
