from shuzheng.base.core.manifest import ShuzhengAppConfig


class ApiConfig(ShuzhengAppConfig):
    name = "shuzheng.base.api"
    label = "api"
