"""A lake made straight in Parquet, the same each time: a tree of provinces down to institutions, and a year of facts.

Numbers are made from the institution, kind and month by remainders, so that sums can be checked by other means. ``full``
adds what a whole quarterly form holds besides the monthly amounts: totals, costs, people, floor area, standard coal, states.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import duckdb

from shuzheng.base.stats.lake import FactFile, Lake, NodeFile

FORM = "energy-quarterly"
TYPES = ("1", "21", "22", "23", "24", "25", "29", "3")
RATES = {
    "e01": ("0.1229", "0.305", "0.5306"), "e02": None, "e03": ("714.3", "714.3", "1900"), "e04": ("1.33", "1.33", "2.1622"),
    "e05": ("1.088836", "1.088836", "2.1645"), "e06": ("1.238535", "1.238535", "2.6316"),
    "e07": ("1.7143", "1.7143", "3.101"), "e08": ("34.12", "34.12", "110"),
}  # fmt: skip
AT = "2026-11-22T00:00:00+08:00"
YEAR = 2025


def make(
    root: Path,
    institutions: int,
    *,
    provinces: int = 31,
    full: bool = False,
    say: Callable[[str], None] = lambda text: None,
    bad_tier_every: int = 0,
) -> int:
    """Write the lake; returns how many facts it holds. ``bad_tier_every``: each so many institutions only the county approved."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "nodes").mkdir(exist_ok=True)
    db = duckdb.connect()
    db.execute("SET preserve_insertion_order=true")
    _tree(db, institutions, provinces)
    columns = "key, id, path, path_now, name, type, tier, kind, province, prefecture, county"
    db.execute(f"COPY (SELECT {columns} FROM tree ORDER BY key) TO '{root}/nodes/tree.parquet' (COMPRESSION zstd)")
    files, facts = [], 0
    for quarter in range(1, 5):
        period = f"{YEAR}Q{quarter}"
        folder = root / "facts" / FORM / period
        folder.mkdir(parents=True, exist_ok=True)
        for [province] in db.execute("SELECT DISTINCT province FROM tree WHERE kind = 'organ' ORDER BY 1").fetchall():
            bucket = province.split("/")[0]
            round_id = str(UUID(int=quarter))
            path = f"facts/{FORM}/{period}/{bucket}.parquet"
            select = _facts(quarter, round_id, period, full, bad_tier_every)
            db.execute(
                f"COPY ({select}) TO '{root}/{path}' (COMPRESSION zstd, ROW_GROUP_SIZE 500000)", {"province": province}
            )
            [n] = db.execute(f"SELECT count(*) FROM '{root}/{path}'").fetchone()
            facts += n
            files.append(FactFile(path, round_id, bucket, FORM, period, f"{period} 季报", n, AT))
        say(period)
    lake = Lake(str(root))
    days = {1: "03-31", 2: "06-30", 3: "09-30", 4: "12-31"}
    trees = [NodeFile("nodes/tree.parquet", d, "") for d in ("now", *(f"{YEAR}-{days[q]}" for q in days))]
    lake.swap(lake.manifest().with_files(*files).with_nodes(*trees))
    return facts


def _tree(db: duckdb.DuckDBPyConnection, institutions: int, provinces: int) -> None:
    """Three of four institutions sit in counties, the rest at the levels above; ten prefectures of nine counties a province."""
    db.execute(
        f"""
        CREATE TABLE organ AS
        SELECT i AS n, 11 + i % {provinces} AS p, 1 + (i // {provinces}) % 10 AS c, 1 + (i // {provinces * 10}) % 9 AS d,
               CASE i % 20 WHEN 0 THEN 2 WHEN 1 THEN 3 WHEN 2 THEN 3 WHEN 3 THEN 3 ELSE 4 END AS level,
               ['{"','".join(TYPES)}'][1 + (i * 7) % {len(TYPES)}] AS type
        FROM range({institutions}) r(i)
        """
    )
    db.execute(
        """
        CREATE TABLE tree AS
        WITH places AS (
            SELECT '' AS path, '全国' AS name, 1 AS tier
            UNION ALL SELECT DISTINCT p || '/', '省' || p, 2 FROM organ
            UNION ALL SELECT DISTINCT p || '/' || printf('%02d', c) || '/', '市' || p || '-' || c, 3 FROM organ
            UNION ALL SELECT DISTINCT p || '/' || printf('%02d', c) || '/' || printf('%02d', d) || '/',
                                      '县' || p || '-' || c || '-' || d, 4 FROM organ
        ), all_nodes AS (
            SELECT path, name, '' AS type, tier, 'division' AS kind FROM places
            UNION ALL
            SELECT CASE level WHEN 2 THEN p || '/0/u' WHEN 3 THEN p || '/' || printf('%02d', c) || '/0/u'
                   ELSE p || '/' || printf('%02d', c) || '/' || printf('%02d', d) || '/0/u' END || n || '/',
                   '机构' || n, type, level, 'organ' FROM organ
        ), cut AS (SELECT *, string_split(path, '/') AS s FROM all_nodes)
        SELECT (row_number() OVER (ORDER BY path))::INTEGER AS key,
               '00000000-0000-7000-8000-' || printf('%012d', row_number() OVER (ORDER BY path)) AS id,
               path, path AS path_now, name, type, tier::SMALLINT AS tier, kind,
               s[1] || '/' AS province, s[1] || '/' || s[2] || '/' AS prefecture,
               CASE WHEN s[2] = '0' THEN s[1] || '/0/' ELSE s[1] || '/' || s[2] || '/' || s[3] || '/' END AS county
        FROM cut
        """
    )


# In millionths and whole numbers: what a decimal is made of exactly.
AMOUNT = "(((key::BIGINT * 7919 + k * 104729 + m * 31) % 1000003) * 12500)"


def _facts(quarter: int, round_id: str, period: str, full: bool, bad_tier_every: int) -> str:
    tier = f"CASE WHEN key % {bad_tier_every} = 0 THEN 4 ELSE 1 END" if bad_tier_every else "1"
    rates = ", ".join(
        f"({i + 1}, '{kind}', {', '.join(f'{r}::DECIMAL(13,6)' for r in rate) if rate else 'NULL, NULL, NULL'})"
        for i, (kind, rate) in enumerate(RATES.items())
    )
    months = ", ".join(f"({m}, {YEAR * 100 + quarter * 3 - 3 + m})" for m in (1, 2, 3))
    base = f"""
        WITH organ AS (SELECT key FROM tree WHERE kind = 'organ' AND province = $province),
        rate(k, row, tce, equal, co2) AS (VALUES {rates}), month(j, m) AS (VALUES {months}),
        amount AS (SELECT key, row || '_m' || j AS code, row AS kind, 'amount' AS measure, m AS month, {AMOUNT} AS micro,
                          tce, equal, co2 FROM organ, rate, month)
    """
    parts = ["SELECT * FROM amount"]
    if full:
        none = "NULL::DECIMAL(13,6), NULL::DECIMAL(13,6), NULL::DECIMAL(13,6)"
        parts += [
            f"SELECT key, kind || '_q', kind, 'total', 0, sum(micro)::BIGINT, {none} FROM amount GROUP BY key, kind",
            f"SELECT key, kind || '_cost', kind, 'cost', 0, (sum(micro) // 2)::BIGINT, {none} FROM amount GROUP BY key, kind",
            "SELECT key, 'e011_m' || j, 'e01', 'part', m, 1000000::BIGINT * (key % 7), NULL, NULL, -0.5306 FROM organ, month",
            f"SELECT key, 'e011_q', 'e01', 'total', 0, 3000000 * (key % 7), {none} FROM organ",
            f"SELECT key, 'people', '', 'field', 0, 1000000::BIGINT * (10 + key % 90), {none} FROM organ",
            f"SELECT key, 'area', '', 'field', 0, 1000000::BIGINT * (500 + key % 5000), {none} FROM organ",
            f"SELECT key, 'tce', '', 'result', 0, round(sum(micro * coalesce(tce, 0)) / 1000)::BIGINT, {none} FROM amount GROUP BY key",
            f"SELECT key, 'vehicle_tce', '', 'result', 0, round(sum(micro * tce) / 1000)::BIGINT, {none} FROM amount "
            "WHERE kind IN ('e05', 'e06') GROUP BY key",
            f"SELECT key, '_asked', '', 'report', 0, 1000000, {none} FROM organ",
            f"SELECT key, '_reported', '', 'report', 0, 1000000, {none} FROM organ WHERE key % 9 <> 0",
            f"SELECT key, '_timely', '', 'report', 0, 1000000, {none} FROM organ WHERE key % 9 <> 0 AND key % 10 <> 0",
            f"SELECT key, '_approved', '', 'report', 0, 1000000, {none} FROM organ WHERE key % 9 <> 0",
        ]
    facts = " UNION ALL ".join(parts)
    return f"""
        {base}, fact(key, code, kind, measure, month, micro, tce, equal, co2) AS ({facts})
        SELECT key::INTEGER AS node, '{FORM}' AS form, '{period}' AS period, '{round_id}' AS round, code, kind, measure,
               month::INTEGER AS month, (micro::DECIMAL(24,0) * 0.000001::DECIMAL(7,6))::DECIMAL(24,6) AS value,
               tce::DECIMAL(13,6) AS tce, equal::DECIMAL(13,6) AS equal, co2::DECIMAL(13,6) AS co2,
               (CASE WHEN measure = 'report' THEN 0 ELSE {tier} END)::SMALLINT AS tier, 1::INTEGER AS edition, 'hand' AS source
        FROM fact ORDER BY node, month, code
    """
