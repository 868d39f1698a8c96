from shuzheng.base.core.manifest import ShuzhengAppConfig


class EnergyConfig(ShuzhengAppConfig):
    name = "shuzheng.apps.energy"
    label = "energy"
    modules = ("actions", "events", "offers", "reorganise")
