from shuzheng.base.core.manifest import ShuzhengAppConfig


class StandardsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.standards"
    label = "standards"
    modules = ("load", "actions", "drafting", "events", "reorganise")
