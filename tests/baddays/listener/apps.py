from shuzheng.base.core.manifest import ShuzhengAppConfig


class ListenerConfig(ShuzhengAppConfig):
    name = "tests.baddays.listener"
    label = "listener"
    modules = ("events",)
