from shuzheng.base.core.manifest import ShuzhengAppConfig


class FilesConfig(ShuzhengAppConfig):
    name = "shuzheng.base.files"
    label = "files"
    modules = ("actions", "events", "jobs")
