"""The national pivot as SQL written by hand for DuckDB, over the same files."""

from __future__ import annotations

from typing import Any

import duckdb

SQL = """
SELECT n.province, f.month, f.kind, sum(f.value) AS amount
FROM read_parquet({facts}) f JOIN read_parquet({tree}) n ON n.key = f.node
WHERE f.measure = 'amount' AND f.tier <= 1
GROUP BY n.province, f.month, f.kind
ORDER BY n.province, f.month, f.kind
"""


def connect(threads: int = 0) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET parquet_metadata_cache=true")
    if threads:
        connection.execute(f"SET threads={threads}")
    return connection


def pivot(connection: duckdb.DuckDBPyConnection, facts: list[str], tree: str) -> list[tuple[Any, ...]]:
    """Rows of province, month, kind and amount."""
    return connection.execute(SQL.format(facts=facts, tree=[tree])).fetchall()
