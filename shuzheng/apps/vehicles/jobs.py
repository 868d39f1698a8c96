"""What is done in the background: confirmed trips are filed, positions judged, tracks of the day before sealed and old ones
deleted, all by the clock; fleets are reckoned when asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import rightsizing, sealing, watch
from shuzheng.apps.vehicles.actions import file_trips, finish_sizing
from shuzheng.apps.vehicles.gateway import commands
from shuzheng.apps.vehicles.models import SizingRun, Trip, TripState
from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job, job_for_actor
from shuzheng.base.jobs.run import Run as JobRunning
from shuzheng.kernel.errors import Missing

BATCH = 1000


@job(scope="vehicles.watch", cron="35 2 * * *")
def file(*, actor: Actor) -> None:
    """File what was confirmed, some at a time."""
    rows = Trip.objects.filter(state=TripState.CONFIRMED).order_by("pk")
    while batch := list(rows[:BATCH]):
        file_trips(batch, actor=actor)


@job_for_actor
def reckon(run: JobRunning, *, actor: Actor, sizing_id: str) -> str:
    """Reckon the fleet that a place's year needs, and keep the answer."""
    with actor.scope.activate():
        row = SizingRun.objects.filter(pk=sizing_id).first()
        if row is None:
            raise Missing()
        result = rightsizing.reckon(row)
    finish_sizing([row], actor=actor, key=run.key("result"), result=result)
    return _("测算完成") if result else _("这一年没有行程，没有测算")


@job(scope="vehicles.intake", cron="* * * * *", atomic=False)
def judge(*, actor: Actor) -> None:
    """Judge positions that no gateway judged: those that came in by the API, or while none was running."""
    while watch.step():
        pass


@job(scope="vehicles.intake", cron="*/5 * * * *")
def expire_commands(*, actor: Actor) -> None:
    """Give up commands whose terminals did not come in time."""
    commands.expire()


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
