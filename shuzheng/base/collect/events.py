"""What quick collections take up of their own events: notices leave once the change has been stored."""

from __future__ import annotations

from shuzheng.base.collect.models import Asked, Collection
from shuzheng.base.collect.notices import tell
from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe


@subscribe("collect.collection.opened", scope="collect.tell", name="collect.opened")
def tell_opened(event: Event, actor: Actor) -> None:
    """Everybody who is asked by name is told once."""
    for row in Collection.objects.select_related("node").filter(pk__in=event.ids, state=Collection.State.OPEN):
        asked = Asked.objects.filter(collection=row).select_related("node").order_by("path")
        tell(row, list(asked), actor, template="collect.opened", key=f"collect.opened:{row.pk}")


@subscribe("collect.collection.reminded", scope="collect.tell", name="collect.reminded")
def tell_reminded(event: Event, actor: Actor) -> None:
    """Whoever has not answered by now is reminded."""
    for row in Collection.objects.select_related("node").filter(pk__in=event.ids, state=Collection.State.OPEN):
        asked = Asked.objects.filter(collection=row, is_answered=False).select_related("node").order_by("path")
        tell(row, list(asked), actor, template="collect.reminded", key=f"collect.re:{event.pk.hex}:{row.pk.hex}")
