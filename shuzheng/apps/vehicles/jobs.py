"""What is done in the background: confirmed trips are filed, positions judged, tracks of the day before sealed and old ones
deleted, all by the clock; fleets are reckoned and large days planned when asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import dispatching, proposals, rightsizing, sealing, watch
from shuzheng.apps.vehicles.actions import file_trips, finish_proposals, finish_sizing
from shuzheng.apps.vehicles.gateway import commands
from shuzheng.apps.vehicles.models import Proposal, SizingRun, Trip, TripState
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


@job_for_actor
def propose(run: JobRunning, *, actor: Actor, proposal_id: str) -> str:
    """Plan a day that is too large for a page to wait for, and keep the plan. The database is not held while it is made."""
    with actor.scope.activate():
        row = Proposal.objects.filter(pk=proposal_id).first()
        day = dispatching.board(actor.organ_path, row.day) if row is not None else None
        problem = dispatching.problem(day) if day is not None else None
    if row is None or problem is None:
        return _("方案已放弃")
    plan = proposals.make(problem)
    with actor.scope.activate():
        row = Proposal.objects.filter(pk=proposal_id).first()
    if row is None:
        return _("方案已放弃")
    finish_proposals([row], actor=actor, key=run.key("result"), result=proposals.kept(plan))
    return _("已排 %(served)d 件，%(missing)d 件没有合适的车") % {
        "served": sum(len(a.rides) for a in plan.assignments), "missing": len(plan.unserved),
    }  # fmt: skip


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
