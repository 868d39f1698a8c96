from shuzheng.base.core.manifest import ShuzhengAppConfig


class CollectConfig(ShuzhengAppConfig):
    name = "shuzheng.base.collect"
    label = "collect"
    modules = ("actions", "burden")
