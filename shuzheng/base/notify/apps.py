from shuzheng.base.core.manifest import ShuzhengAppConfig


class NotifyConfig(ShuzhengAppConfig):
    name = "shuzheng.base.notify"
    label = "notify"
    modules = ("actions", "todos", "jobs")
