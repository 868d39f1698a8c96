"""The platform's own jobs: delivering events, jobs whose worker died, and what is tidied up by night."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone
from procrastinate.contrib.django import app as queue
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import ActionKey
from shuzheng.base.events.deliver import deliver
from shuzheng.base.events.models import Event
from shuzheng.base.jobs.declare import job
from shuzheng.base.jobs.models import JobRun

JOB_HOURS = 7 * 24
"""How long the queue remembers a finished job."""


@job(scope="events.dispatch", tries=1, atomic=False)
def deliver_events(*, actor: Actor, subscriber: str) -> None:
    """Hand a subscriber what waits for it. A failure is noted with the event, and the dispatcher comes back for it."""
    deliver(subscriber)


@queue.periodic(cron="* * * * *")
@queue.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled", pass_context=True)
async def retry_stalled(context: Any, timestamp: int) -> None:
    """Put jobs back in the queue whose worker has not been heard of for 30 seconds (it was killed).

    One of which there may be but one (``once``), and whose like waits already, is given up in favour of that: it would
    else hold its lock for ever, and the one that waits would wait for it.
    """
    manager = context.app.job_manager
    for stalled in await manager.get_stalled_jobs():
        try:
            await manager.retry_job(stalled)
        except UniqueViolation:
            await manager.finish_job(stalled, status=Status.ABORTED, delete_job=False)


@queue.periodic(cron="20 3 * * *")
@queue.task(name="jobs.purge_queue", queueing_lock="jobs.purge_queue", pass_context=True)
async def purge_queue(context: Any, timestamp: int) -> None:
    """Forget finished jobs, failed ones too: what mattered about them stands in logs, runs and deliveries."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=JOB_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


@job(scope="jobs.purge", cron="40 3 * * *")
def purge(*, actor: Actor) -> None:
    """Idempotency keys, events and results past their day."""
    now = timezone.now()
    ActionKey.objects.filter(at__lt=now - timedelta(days=settings.SZ_KEY_DAYS)).delete()
    Event.objects.filter(at__lt=now - timedelta(days=settings.SZ_EVENT_DAYS), seq__isnull=False).exclude(
        deliveries__state="waiting"
    ).delete()
    old = JobRun.objects.filter(finished_at__lt=now - timedelta(days=settings.SZ_RESULT_DAYS)).exclude(result="")
    for run in old:
        default_storage.delete(run.result)
    old.update(result="")


@job(scope="org.reorganise", cron="7 * * * *", atomic=False)
def apply_due(*, actor: Actor) -> None:
    """Reorganisations whose day has come. Hourly, so that a worker that was down at midnight misses none."""
    from shuzheng.base.org.due import apply_due as apply  # its actions register under names that are closed later

    apply(timezone.localdate())
