"""Jobs of statistics: the lake brought up to date soon after changes and every night."""

from __future__ import annotations

from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job
from shuzheng.base.stats import exporting, stale
from shuzheng.base.stats.page_jobs import check_alerts


@job(scope="stats.export", tries=5, atomic=False)
def export(*, actor: Actor) -> None:
    """Write what is stale. One worker at a time; a second one finds nothing to do and leaves."""
    exporting.run(actor.scope)
    check_alerts.later(once="stats.alerts")


@job(scope="stats.export", cron="20 2 * * *", atomic=False)
def export_nightly(*, actor: Actor) -> None:
    """Write rounds in progress anew, and remove files that nobody reads any more."""
    with actor.scope.activate():
        stale.mark_open()
    exporting.run(actor.scope)
    check_alerts.later(once="stats.alerts")
