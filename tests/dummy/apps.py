from shuzheng.base.core.manifest import ShuzhengAppConfig


class DummyConfig(ShuzhengAppConfig):
    name = "tests.dummy"
    label = "dummy"
