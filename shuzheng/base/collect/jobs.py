"""Jobs of quick collections: answers past their day are deleted, collections past their time are closed."""

from __future__ import annotations

from django.utils import timezone

from shuzheng.base.collect.actions import close, purge
from shuzheng.base.collect.models import Answer, Collection
from shuzheng.base.core.actor import Actor
from shuzheng.base.files.actions import remove
from shuzheng.base.files.models import Attachment
from shuzheng.base.jobs.declare import job


@job(scope="collect.retain", cron="*/10 * * * *", atomic=False)
def close_due(*, actor: Actor) -> int:
    """Close collections whose time is over, so that lists say so. Answers are refused from the very second on."""
    with actor.scope.activate():
        over = list(Collection.objects.filter(state=Collection.State.OPEN, closes_at__lte=timezone.now())[:500])
        if over:
            close(over, actor=actor)
    return len(over)


@job(scope="collect.retain", cron="30 2 * * *", atomic=False)
def retain(*, actor: Actor) -> int:
    """Delete answers, and the files with them, whose ``keep_until`` has passed; returns how many collections."""
    today, done = timezone.localdate(), 0
    with actor.scope.activate():
        due = list(Collection.objects.filter(keep_until__lt=today, purged_at=None).exclude(state="draft"))
    for row in due:
        with actor.scope.activate():
            ids = list(Answer.objects.filter(collection=row).exclude(files={}).values_list("pk", flat=True))
            files = list(Attachment.objects.filter(target_model="collect.answer", target_id__in=ids))
            if files:
                remove(files, actor=actor)
            purge([row], actor=actor)
            done += 1
    return done
