from shuzheng.base.core.manifest import ShuzhengAppConfig


class FlowsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.flows"
    label = "flows"
    modules = ("actions", "defining", "trials", "signatures", "reorganise", "notices")
