from shuzheng.base.core.manifest import ShuzhengAppConfig


class VehiclesConfig(ShuzhengAppConfig):
    name = "shuzheng.apps.vehicles"
    label = "vehicles"
    modules = (
        "actions",
        "flows.handlers",
        "events",
        "offers",
        "reorganise",
        "jobs",
        "supervision.events",
        "supervision.jobs",
    )
