"""What is done by the clock: confirmed trips are filed, positions judged, tracks of the day before sealed and old ones deleted."""

from __future__ import annotations

from shuzheng.apps.vehicles import sealing, watch
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


@job(scope="vehicles.intake", cron="* * * * *", atomic=False)
def judge(*, actor: Actor) -> None:
    """Judge positions that no gateway judged: those that came in by the API, or while none was running."""
    while watch.step():
        pass


@job(scope="vehicles.intake", cron="20 * * * *")
def tell_silent(*, actor: Actor) -> None:
    """Tell which terminals have not been heard for too long."""
    watch.offline(actor)


@job(scope="vehicles.intake", cron="10 3 * * *", atomic=False)
def seal(*, actor: Actor) -> None:
    """Seal the tracks of days that are over, and delete those that are too old."""
    day = sealing.today()
    sealing.seal_all(actor, day)
    with actor.scope.activate():
        sealing.age(day)
