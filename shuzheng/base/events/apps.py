from shuzheng.base.core import ports
from shuzheng.base.core.manifest import ShuzhengAppConfig, modules


class EventsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.events"
    label = "events"
    modules = ("actions",)

    def ready(self) -> None:
        super().ready()
        from shuzheng.base.events.outbox import publish

        ports.publish_event.provide(publish)
        modules("events")  # importing them fills the list of subscribers, in the worker as in the web
