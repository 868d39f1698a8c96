"""What statistics take up: approvals, returns, new rounds and changes of the tree make parts of the lake stale."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.forms.models import Amendment, Submission
from shuzheng.base.stats import stale
from shuzheng.base.stats.jobs import export

SOON = timedelta(seconds=60)
"""What comes in a row is exported together; until then the board shows it already."""


@subscribe(
    "forms.submission.submitted",
    "forms.submission.approved",
    "forms.submission.returned",
    scope="stats.mark",
    name="stats.submission",
    ordered=False,
)
def submission_changed(event: Event, actor: Actor) -> None:
    _mark(Q(pk__in=event.ids))


@subscribe("forms.amendment.confirmed", scope="stats.mark", name="stats.amended", ordered=False)
def cells_amended(event: Event, actor: Actor) -> None:
    """Cells that were corrected and confirmed count with their new values; the event names the amendments."""
    _mark(Q(pk__in=Amendment.objects.filter(pk__in=event.ids).values("submission_id")))


def _mark(which: Q) -> None:
    rows = Submission.objects.filter(which).values_list("round_id", "path").distinct()
    stale.mark({(round_, stale.bucket_of(path)) for round_, path in rows})
    _soon()


@subscribe("forms.round.closed", scope="stats.mark", name="stats.round")
def round_closed(event: Event, actor: Actor) -> None:
    stale.mark_rounds([UUID(pk) for pk in event.ids])
    _soon()


@subscribe("org.node.reorganised", scope="stats.mark", name="stats.reorganised")
def tree_changed(event: Event, actor: Actor) -> None:
    """What moved to another province is in another partition now; the tree itself is written anew with the next export."""
    paths = [path for pair in event.payload.get("moved", ()) for path in pair]
    stale.mark_buckets({stale.bucket_of(path) for path in paths})
    _soon()


def _soon() -> None:
    export.later(at=timezone.now() + SOON, once="stats.export.soon")
