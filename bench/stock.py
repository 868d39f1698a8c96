"""What is measured on: the demo nation, and millions of places put into its organs by one statement."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import psycopg
from psycopg import sql

from bench.house import SUPERUSER

PLACES = 5_000_000
MOVED = "33/10/04/"
"""The county that is moved under another prefecture: so many places, and as many entries of the search table."""
MOVED_ROWS = 50_000
DOCS = 1_000_000
DEMO_ROWS = 100_000
"""A table with no more than that holds the demo's rows only."""
DOC_MODEL = "masters.place"
_WORDS = [
    "会议室",
    "空调",
    "档案",
    "车辆",
    "食堂",
    "电梯",
    "配电",
    "锅炉",
    "照明",
    "消防",
    "监控",
    "打印机",
    "办公桌",
    "沙发",
    "书柜",
    "投影",
    "空气",
    "水泵",
    "管道",
    "屋面",
    "绿化",
    "保洁",
    "安保",
    "门禁",
    "车库",
    "充电",
    "机房",
    "网络",
    "电话",
    "仓库",
    "值班",
    "接待",
    "阅览",
    "健身",
    "医务",
    "宿舍",
    "走廊",
    "外墙",
    "围墙",
    "地面",
]
PERSONAS = {"county": "sc.review", "prefecture": "ls.review", "nation": "gj.review"}

# Ids grow with time, as those made in the program do; what follows the time is scattered.
_ID = "(lpad(to_hex(1751328000000 + {n}), 12, '0') || '7' || substr(md5(({n})::text), 1, 3) || '8' || substr(md5(({n})::text), 4, 15))::uuid"

_PLACES = """
INSERT INTO masters_place (id, node_id, path, version, created_at, updated_at, number, name, kind, parent_id, full_name,
                           state, gross_area, net_area, storey, built_on, address, note)
SELECT {id}, o.id, o.path, 1, now(), now(),
       '{series}-' || lpad(k::text, 6, '0'),
       CASE WHEN k = 0 THEN '办公楼' ELSE (1 + k % 20) || lpad((k / 20 % 60)::text, 2, '0') || ' 室' END,
       CASE WHEN k = 0 THEN 'building' ELSE 'room' END,
       CASE WHEN k = 0 THEN NULL ELSE {parent} END,
       CASE WHEN k = 0 THEN '办公楼' ELSE '办公楼 / ' || (1 + k % 20) || lpad((k / 20 % 60)::text, 2, '0') || ' 室' END,
       CASE WHEN k % 17 = 3 THEN 'idle' ELSE 'used' END,
       12 + k % 90, 10 + k % 80, 1 + k % 20, DATE '1996-05-01' + (k % 9000)::int, '', ''
FROM (SELECT n, (n - {first}) / {count} AS k, (n - {first}) % {count} AS place
      FROM generate_series({first}::bigint, {first} + {rows} - 1) AS n) AS g
JOIN (SELECT id, path, row_number() OVER (ORDER BY path) - 1 AS place FROM org_node WHERE {organs}) AS o USING (place)
"""


def fill(rows: int) -> None:
    """Everything that the benchmarks work on."""
    nation()
    places(rows)
    docs(min(DOCS, rows))


def nation(scale: str = "small") -> None:
    """The demo nation, unless the database holds one."""
    from shuzheng.ops.demo.load import load

    load(scale, lambda what, done, total: None)


def places(rows: int) -> None:
    """``rows`` places in the organs of the nation, and in the county that is moved as many as make ``MOVED_ROWS``."""
    with loading("masters_place") as cursor:
        if _is_filled(cursor, "masters_place"):
            return
        _put(cursor, "A", 1, rows, "kind = 'organ'")
        inside = f"path >= '{MOVED}' AND path < '{MOVED[:-1]}0'"
        have = cursor.execute(f"SELECT count(*) FROM masters_place WHERE {inside}").fetchone()[0]
        wanted = min(MOVED_ROWS, rows // 10)
        if have < wanted:
            _put(cursor, "B", rows + 1, wanted - have, f"kind = 'organ' AND {inside}")


def _is_filled(cursor: psycopg.Cursor, table: str) -> bool:
    """Whether there is more than the demo brings."""
    found = cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {DEMO_ROWS + 1}) AS t").fetchone()
    return bool(found[0] > DEMO_ROWS)


def _put(cursor: psycopg.Cursor, series: str, first: int, rows: int, organs: str) -> None:
    count = cursor.execute(f"SELECT count(*) FROM org_node WHERE {organs}").fetchone()[0]
    parent = _ID.format(n=f"({first} + (n - {first}) % {count})")
    cursor.execute(
        _PLACES.format(
            id=_ID.format(n="n"), parent=parent, series=series, first=first, count=count, rows=rows, organs=organs
        )
    )


_DOCS = """
INSERT INTO search_doc (id, model, object_id, path, rule, audience, case_id, label, sub, name, initials, vec)
SELECT p.id, '{model}', p.id, p.path, 'general', NULL, NULL, t.label, '', t.label, '', t.vec::tsvector
FROM ({which}) AS p JOIN bench_texts t ON t.n = ('x' || substr(md5(p.id::text), 1, 6))::bit(24)::int % {texts}
ON CONFLICT DO NOTHING
"""


def docs(rows: int) -> None:
    """So many entries of the search table, for places; their words made by the product, for each of some thousand texts."""
    from shuzheng.base.search.index import vector, words

    texts = [(a + b + c) for a in _WORDS for b in _WORDS[::2] for c in _WORDS[1::3]]
    with loading("search_doc") as cursor:
        if _is_filled(cursor, "search_doc"):
            return
        cursor.execute("CREATE TEMP TABLE bench_texts (n int, label text, vec text)")
        with cursor.copy("COPY bench_texts FROM STDIN") as copy:
            for n, text in enumerate(texts):
                copy.write_row((n, text, vector(words(text), [])))
        inside = f"path >= '{MOVED}' AND path < '{MOVED[:-1]}0'"
        [[moved]] = cursor.execute(f"SELECT count(*) FROM masters_place WHERE {inside}").fetchall()
        [[total]] = cursor.execute("SELECT count(*) FROM masters_place").fetchall()
        # Every place of the county that is moved, and of all others as many as make the number, spread evenly.
        step = max(1, (total - moved) // max(1, rows - moved))
        which = (
            f"SELECT id, path FROM masters_place WHERE {inside} UNION ALL (SELECT id, path FROM masters_place"
            f" WHERE NOT ({inside}) AND ('x' || substr(md5(id::text), 7, 6))::bit(24)::int % {step} = 0)"
        )
        cursor.execute(_DOCS.format(model=DOC_MODEL, which=which, texts=len(texts)))


@contextlib.contextmanager
def loading(*tables: str, anew: bool = False) -> Iterator[psycopg.Cursor]:
    """Put millions of rows into tables: their indexes are dropped and made again, foreign keys are not checked row by row.

    Tables that hold rows keep their indexes, unless they are asked for ``anew``: what stands is little against what comes.
    """
    with psycopg.connect(os.environ[SUPERUSER], autocommit=True, prepare_threshold=None) as connection:
        cursor = connection.cursor()
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '1GB'; SET max_parallel_maintenance_workers = 1")
        indexes = cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
            " WHERE i.indrelid = ANY(%s::regclass[]) AND c.oid IS NULL",
            [list(tables)],
        ).fetchall()
        bare = anew or not any(_is_filled(cursor, table) for table in tables)
        if bare:
            for name, _definition in indexes:
                cursor.execute(f"DROP INDEX {name}")
        try:
            yield cursor
        finally:
            if bare:
                for _name, definition in indexes:
                    cursor.execute(definition)
                for table in tables:
                    cursor.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))


def actor(username: str):
    """The actor of one of the demo's accounts."""
    from shuzheng.base.access.actors import identify
    from shuzheng.base.accounts.models import Account

    identity = identify(Account.objects.get(username=username).pk)
    if identity is None:
        raise LookupError(f"{username} holds no post today")
    return identity.actor
