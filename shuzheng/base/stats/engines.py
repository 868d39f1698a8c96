"""The engines that read the lake: DuckDB inside the process, Apache Spark where the lake outgrows one machine.

Both take the same Ibis expressions. Sums are of decimals, so that both give the same digits.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.stats.lake import Lake
from shuzheng.kernel.errors import Missing

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

HELD = 60
"""Sets of files that an engine keeps known under a name."""


class Engine(Protocol):
    """Reads Parquet and runs Ibis."""

    def table(self, lake: Lake, paths: Sequence[str]) -> ir.Table:
        """The rows of these files together."""
        ...

    def run(self, expression: ir.Table) -> pa.Table:
        """The rows of an expression."""
        ...


class _Named:
    """Names that an engine knows sets of files by; the longest unused are forgotten."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.known: OrderedDict[str, ir.Table] = OrderedDict()

    def table(self, addresses: Sequence[str]) -> ir.Table:
        name = "t" + sha256("\n".join(addresses).encode()).hexdigest()[:24]
        if name in self.known:
            self.known.move_to_end(name)
            return self.known[name]
        while len(self.known) >= HELD:
            self.close(self.known.popitem(last=False)[0])
        self.known[name] = found = self.open(name, list(addresses))
        return found

    def open(self, name: str, addresses: list[str]) -> ir.Table:
        return self.backend.read_parquet(addresses, table_name=name)

    def close(self, name: str) -> None:
        self.backend.raw_sql(f'DROP VIEW IF EXISTS "{name}"')  # Ibis' own drop_view loses the name on its way

    def run(self, expression: ir.Table) -> pa.Table:
        return self.backend.to_pyarrow(expression)


class _NamedBySpark(_Named):
    """Ibis hands Spark one path alone; Spark itself takes many."""

    def __init__(self, backend: Any, session: Any) -> None:
        super().__init__(backend)
        self.session = session

    def open(self, name: str, addresses: list[str]) -> ir.Table:
        self.session.read.parquet(*addresses).createOrReplaceTempView(name)
        return self.backend.table(name)

    def close(self, name: str) -> None:
        self.session.catalog.dropTempView(name)


class DuckDb:
    """DuckDB in this process; a connection for each thread, as one serves one thread at a time."""

    def __init__(self) -> None:
        self._local = threading.local()

    def _here(self, lake: Lake | None = None) -> _Named:
        held: _Named | None = getattr(self._local, "held", None)
        if held is None:
            import ibis

            backend = ibis.duckdb.connect(":memory:", memory_limit=settings.SZ_STATS_MEMORY)
            backend.raw_sql("SET autoinstall_known_extensions=false; SET parquet_metadata_cache=true")
            if settings.SZ_STATS_THREADS:
                backend.raw_sql(f"SET threads={int(settings.SZ_STATS_THREADS)}")
            self._local.held = held = _Named(backend)
            self._local.systems = set()
        if lake is not None and not lake.is_local and id(lake.fs) not in self._local.systems:
            held.backend.register_filesystem(lake.fs)
            self._local.systems.add(id(lake.fs))
        return held

    def table(self, lake: Lake, paths: Sequence[str]) -> ir.Table:
        return self._here(lake).table([lake.address(p) for p in paths])

    def run(self, expression: ir.Table) -> pa.Table:
        return self._here().run(expression)


class Spark:
    """Apache Spark at ``SZ_SPARK_MASTER``; the extra package ``pyspark`` and Java 17 are needed."""

    def __init__(self) -> None:
        self._held: _NamedBySpark | None = None
        self._lock = threading.Lock()

    def _here(self) -> _NamedBySpark:
        with self._lock:
            if self._held is None:
                self._held = self._connect()
            return self._held

    def _connect(self) -> _NamedBySpark:
        try:
            from pyspark.sql import SparkSession
        except ImportError as fault:
            raise Missing(_("没有安装 pyspark，不能用 Spark 统计。"), code="no-spark") from fault
        import ibis

        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        session = (
            SparkSession.builder.master(settings.SZ_SPARK_MASTER)
            .appName("shuzheng")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", settings.TIME_ZONE)
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.sql.ansi.enabled", "true")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        return _NamedBySpark(ibis.pyspark.connect(session), session)

    def stop(self) -> None:
        """End the session; the next question begins another."""
        with self._lock:
            if self._held is not None:
                self._held.session.stop()
                self._held = None

    def table(self, lake: Lake, paths: Sequence[str]) -> ir.Table:
        return self._here().table([lake.address(p) for p in paths])

    def run(self, expression: ir.Table) -> pa.Table:
        return self._here().run(expression)


DUCKDB, SPARK = DuckDb(), Spark()
_ENGINES: dict[str, Engine] = {"duckdb": DUCKDB, "spark": SPARK}


def current() -> Engine:
    """The engine of this deployment (``SZ_STATS_ENGINE``)."""
    return _ENGINES[settings.SZ_STATS_ENGINE]
