from shuzheng.base.core.manifest import ShuzhengAppConfig, modules


class RegistersConfig(ShuzhengAppConfig):
    name = "shuzheng.base.registers"
    label = "registers"

    def ready(self) -> None:
        super().ready()
        modules("registers")  # importing them fills the registry
