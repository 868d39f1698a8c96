from shuzheng.base.core.manifest import ShuzhengAppConfig


class StatsConfig(ShuzhengAppConfig):
    name = "shuzheng.base.stats"
    label = "stats"
    modules = ("actions", "events", "jobs", "page_jobs")

    def ready(self) -> None:
        super().ready()
        from shuzheng.base.stats.declare import load_all

        load_all()
