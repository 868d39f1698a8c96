from shuzheng.base.core.manifest import ShuzhengAppConfig, modules


class RegistersConfig(ShuzhengAppConfig):
    name = "shuzheng.base.registers"
    label = "registers"
    modules = ("actions", "bound", "jobs")

    def ready(self) -> None:
        super().ready()
        modules("registers")  # importing them fills the registry
        from shuzheng.base.registers import searching

        searching.declare_all()
