"""What the register of institutions takes up: institutions that a merger or an abolition has ended leave it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q

from shuzheng.apps.energy.actions import end_members
from shuzheng.apps.energy.models import Member
from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe


@subscribe("org.node.reorganised", scope="energy.follow", name="energy.register")
def tree_changed(event: Event, actor: Actor) -> None:
    """What ended in the tree ends in the register: merged into another institution, or abolished."""
    into = {UUID(gone): UUID(heir) for gone, heir in event.payload.get("absorbed", ())}
    touched = {*map(UUID, event.ids), *into}
    lines = Member.objects.filter(Q(node__in=touched), until=None).exclude(node__valid_to=None)
    rows = list(lines.select_related("node").order_by("pk"))
    ends: dict[str, tuple[date, str, UUID | None]] = {}
    for row in rows:
        heir = into.get(row.node_id)
        state = Member.State.MERGED if heir else Member.State.ABOLISHED
        day = max(row.node.valid_to, date.fromordinal(row.since.toordinal() + 1))
        ends[str(row.pk)] = (day, state, heir)
    if rows:
        end_members(rows, actor=actor, ends=ends)
