"""The one verb of a job's starter."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.jobs.models import JobRun
from shuzheng.kernel.errors import Conflict, Missing


@action("jobs.run.stop", permission="")
def stop(w: Write, runs: Sequence[JobRun]) -> Sequence[JobRun]:
    """Ask that jobs of the acting person end: at once where they wait, else where they next say how far they are.

    Raises:
        Conflict: one is over already.
        Missing: one is somebody else's.
    """
    for run in runs:
        if run.person_id != w.actor.person_id:
            raise Missing
        if run.is_over:
            raise Conflict(_("任务已经结束。"))
        waits = run.state == JobRun.State.WAITING
        over = (
            {"state": JobRun.State.STOPPED, "message": _("已按要求停止。"), "finished_at": timezone.now()}
            if waits
            else {}
        )
        w.change(run, stop_asked=True, **over)
    return runs
