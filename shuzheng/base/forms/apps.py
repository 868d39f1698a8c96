from shuzheng.base.core.manifest import ShuzhengAppConfig


class FormsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.forms"
    label = "forms"
    modules = ("actions", "bound", "reorganise")
