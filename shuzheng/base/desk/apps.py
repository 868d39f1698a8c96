from shuzheng.base.core.manifest import ShuzhengAppConfig


class DeskConfig(ShuzhengAppConfig):
    name = "shuzheng.base.desk"
    label = "desk"
