"""Jobs of flows: what falls due, and tasks whose holder is no longer there."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.utils import timezone

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.flows.models import Task, Timer
from shuzheng.base.flows.moving import move
from shuzheng.base.jobs.declare import job

BATCH = 500


@job(scope="flows.timers", cron="* * * * *", atomic=False)
def tick(*, actor: Actor) -> int:
    """Do what is due, the longest due first, each in a transaction of its own; returns how many.

    It asks what is due and not what became due since the last run: after downtime it is made up for, each thing once.
    """
    with actor.scope.activate():
        found = Timer.objects.filter(done_at=None, at__lte=timezone.now()).order_by("at")
        due = list(found.values_list("pk", "case_id")[:BATCH])
    for timer, case in due:
        if case is not None:
            move(case, "fire", by=actor, timer_id=timer)
    return len(due)


@job(scope="flows.timers", cron="20 * * * *", atomic=False)
def rehouse(*, actor: Actor) -> int:
    """Find tasks whose holder has left, or whose post is no more, and give them to whoever has to do them now."""
    with actor.scope.activate():
        held = Post.objects.filter(pk=OuterRef("post_id"), valid__contains=timezone.localdate(), person__is_active=True)
        lost = Task.objects.filter(~Exists(held), state=Task.State.OPEN).exclude(role__in=Task.TO_READ)
        cases = list(lost.order_by("case_id").values_list("case_id", flat=True).distinct()[:BATCH])
    for case in cases:
        if case is not None:
            move(case, "rehouse", by=actor)
    return len(cases)
