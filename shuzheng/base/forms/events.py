"""What reporting takes up: rounds to be opened, news for institutions, deltas to fold, and changes of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import ancestors
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.forms import notices, rollup
from shuzheng.base.forms.jobs import fold, open_round
from shuzheng.base.forms.models import Allowance, Amendment, Circular, Doubt, Round, Submission
from shuzheng.base.org.models import Node, NodeKind

FOLD_AFTER = timedelta(seconds=3)
"""Approvals that come in a row are folded together."""


@subscribe("forms.round.issued", scope="forms.open", name="forms.open")
def open_issued(event: Event, actor: Actor) -> None:
    """A job opens the submissions: there may be more than a million of them."""
    for pk in event.ids:
        open_round.later(round_id=pk, once=f"forms.open:{pk}")


@subscribe("forms.submission.returned", scope="forms.notify", name="forms.returned")
def say_returned(event: Event, actor: Actor) -> None:
    rows = [s for s in _rows(event.ids) if s.state == Submission.State.RETURNED]
    notices.tell_returned(rows, actor, _who(event), f"fr:{event.pk.hex}")


@subscribe("forms.submission.reminded", scope="forms.notify", name="forms.reminded")
def say_reminded(event: Event, actor: Actor) -> None:
    rows = [s for s in _rows(event.ids) if s.state in ("todo", "draft", "returned")]
    notices.tell_reminded(rows, actor, _who(event), f"fm:{event.pk.hex}")


@subscribe("forms.amendment.asked", scope="forms.notify", name="forms.amendment.asked")
def say_asked(event: Event, actor: Actor) -> None:
    rows = Amendment.objects.select_related("node", "round__definition").filter(pk__in=event.ids, state="asked")
    notices.tell_asked(list(rows), actor, _who(event), f"fa:{event.pk.hex}")


@subscribe("forms.allowance.decided", scope="forms.notify", name="forms.allowance.decided")
def say_decided(event: Event, actor: Actor) -> None:
    rows = Allowance.objects.select_related("node", "round__definition").filter(pk__in=event.ids)
    notices.tell_decided(list(rows), actor, _who(event), f"fd:{event.pk.hex}")


@subscribe("forms.doubt.found", scope="forms.notify", name="forms.doubt.found")
def say_found(event: Event, actor: Actor) -> None:
    """Each division's authority hears once a look how many new doubts there are below it."""
    found: dict[str, dict[str, int]] = event.payload.get("found", {})
    for round_ in Round.objects.select_related("definition").filter(pk__in=found):
        notices.tell_doubts(round_, actor, found[str(round_.pk)], f"fu:{event.pk.hex}")


@subscribe("forms.doubt.remarked", scope="forms.notify", name="forms.doubt.remarked")
def say_remarked(event: Event, actor: Actor) -> None:
    rows = Doubt.objects.select_related("node", "submission", "round__definition").filter(pk__in=event.ids)
    notices.tell_remarks(
        [(r, event.payload[str(r.pk)]) for r in rows], actor, _who(event), event.path, f"fv:{event.pk.hex}"
    )


@subscribe("forms.circular.published", scope="forms.notify", name="forms.circular.published")
def say_published(event: Event, actor: Actor) -> None:
    for row in Circular.objects.filter(pk__in=event.ids):
        notices.tell_circular(row, actor, _who(event), f"fc:{event.pk.hex}")


@subscribe(
    "forms.submission.approved",
    "forms.submission.returned",
    "forms.amendment.confirmed",
    "forms.amendment.refused",
    scope="forms.fold",
    name="forms.fold",
    ordered=False,
)
def fold_soon(event: Event, actor: Actor) -> None:
    fold.later(at=timezone.now() + FOLD_AFTER, once="forms.fold.soon")


@subscribe("org.node.reorganised", scope="forms.fold", name="forms.rebuild")
def rebuild_moved(event: Event, actor: Actor) -> None:
    """Of rounds in progress, the roll-ups above what moved are counted anew: here it is gone, there it has come."""
    touched = {a for pair in event.payload.get("moved", ()) for path in pair for a in ancestors(path)}
    absorbed = [UUID(pk) for pair in event.payload.get("absorbed", ()) for pk in pair]
    touched |= {
        a for path in Node.objects.filter(pk__in=absorbed).values_list("path", flat=True) for a in ancestors(path)
    }
    if not touched:
        return
    divisions = list(Node.objects.filter(path__in=touched, kind=NodeKind.DIVISION))
    for round_ in Round.objects.select_related("definition").exclude(state=Round.State.CLOSED):
        for division in divisions:
            if division.tier >= round_.tier:
                rollup.rebuild(round_, division.path, division.tier)


def _rows(ids: Sequence[str]) -> list[Submission]:
    return list(Submission.objects.select_related("node", "round__definition").filter(pk__in=ids).order_by("path"))


def _who(event: Event) -> tuple[str, str]:
    """Name and organ of whoever did it; of the platform itself for a job."""
    if event.actor.startswith("system:"):
        return _("自动催报"), _("数正云")
    post = Post.objects.select_related("person", "node").filter(pk=event.actor).first()
    if post is None:
        return _("上级审核"), ""
    organ = Node.objects.filter(path=event.path).values_list("name", flat=True).first()
    return post.person.name, organ or post.node.name
