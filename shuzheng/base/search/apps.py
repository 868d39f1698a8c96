from shuzheng.base.core import ports
from shuzheng.base.core.manifest import ShuzhengAppConfig


class SearchConfig(ShuzhengAppConfig):
    name = "shuzheng.base.search"
    label = "search"
    modules = ("jobs", "defaults")

    def ready(self) -> None:
        super().ready()
        from shuzheng.base.search.index import index_records

        ports.index_records.provide(index_records)
