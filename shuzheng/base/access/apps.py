from shuzheng.base.core.manifest import ShuzhengAppConfig


class AccessConfig(ShuzhengAppConfig):
    name = "shuzheng.base.access"
    label = "access"
    modules = ("actions", "officers", "reorganise", "sharing", "shipped")
