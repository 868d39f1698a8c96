from shuzheng.base.core import ports
from shuzheng.base.core.manifest import ShuzhengAppConfig


class AuditConfig(ShuzhengAppConfig):
    name = "shuzheng.base.audit"
    label = "audit"
    modules = ("actions",)

    def ready(self) -> None:
        super().ready()
        from shuzheng.base.audit.trail import write

        ports.write_audit.provide(write)
