from shuzheng.base.core import ports
from shuzheng.base.core.manifest import ShuzhengAppConfig


class EventsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.events"
    label = "events"
    modules = ("actions",)

    def ready(self) -> None:
        super().ready()
        from shuzheng.base.events.outbox import publish

        ports.publish_event.provide(publish)
