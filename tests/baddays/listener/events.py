"""Takes up every new place: writes it down and tells the place's organ."""

from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.masters.models import Place
from shuzheng.base.notify.actions import send
from tests.baddays.listener.models import Heard


@subscribe("masters.place.created", scope="listener.take")
def take(event: Event, actor: Actor) -> None:
    for pk in event.ids:
        Heard.objects.create(event=event.pk, record=pk)
        place = Place.objects.select_related("node").get(pk=pk)
        send([place.node], actor=system_actor("notify.deliver"), title=f"新位置 {place.number}")
