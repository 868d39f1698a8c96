from shuzheng.base.core.manifest import ShuzhengAppConfig


class MastersConfig(ShuzhengAppConfig):
    name = "shuzheng.base.masters"
    label = "masters"
    modules = ("actions",)
