from shuzheng.base.core.manifest import ShuzhengAppConfig


class JobsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.jobs"
    label = "jobs"
    modules = ("jobs",)
