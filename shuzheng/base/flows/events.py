"""What flows take up of their own events: those who have something to do are told, and the starter when it has ended."""

from __future__ import annotations

from django.utils import timezone

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.flows import library
from shuzheng.base.flows.models import Case, Definition, Task
from shuzheng.base.flows.notices import tell, tell_of_standard
from shuzheng.base.flows.who import ADMIN, in_role


@subscribe("flows.case.moved", scope="flows.tell", name="flows.moved")
def tell_moved(event: Event, actor: Actor) -> None:
    """One notice to each who is waited for now; one to the starter at the end."""
    ids = list(event.payload.get("tasks", ()))
    for task in Task.objects.filter(pk__in=ids, state=Task.State.OPEN):
        if post := Post.objects.filter(pk=task.post_id).select_related("node").first():
            name = (
                "flows.urged"
                if event.payload.get("urged")
                else "flows.read"
                if task.role in Task.TO_READ
                else "flows.waits"
            )
            tell(post, actor, task.case_id, name, {"title": task.title, "step": task.step_name, "starter": task.starter},
                 key=f"{name}:{event.pk.hex[:16]}:{task.pk.hex[-12:]}", due=task.due)  # fmt: skip
    if event.payload.get("ended"):
        for case in Case.objects.filter(pk__in=event.ids):
            if post := Post.objects.filter(pk=case.post_id).select_related("node").first():
                tell(post, actor, case.pk, f"flows.{case.state}", {"title": case.title}, key=f"flows.end:{case.pk.hex}")


@subscribe("flows.definition.published", scope="flows.tell", name="flows.standard")
def tell_adopters(event: Event, actor: Actor) -> None:
    """A standard has a new edition: those who keep the processes of its adopters are told what has changed in it."""
    today = timezone.localdate()
    for row in Definition.objects.filter(pk__in=event.ids, state=Definition.State.PUBLISHED).exclude(confidence=""):
        for adopter in library.adopters(row):
            if not adopter.is_behind or adopter.row.standard is None:
                continue
            changes = [d.words for d in library.compared(adopter.row.standard, row, standard=False)]
            if posts := in_role(ADMIN, adopter.row.node, today):
                tell_of_standard(posts, actor, row, adopter.row, changes)
