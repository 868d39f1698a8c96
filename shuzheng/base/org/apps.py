from shuzheng.base.core.manifest import ShuzhengAppConfig


class OrgConfig(ShuzhengAppConfig):
    name = "shuzheng.base.org"
    label = "org"
    modules = ("actions", "competence", "files", "registrations")
