"""The nightly look."""

from __future__ import annotations

from shuzheng.apps.vehicles.supervision.scan import lapse, scan
from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job


@job(scope="vehicles.watch", cron="50 2 * * *")
def watch(*, actor: Actor) -> None:
    """Make warnings of what the registers show, and close those that no longer hold."""
    lapse(actor)
    scan(actor)
