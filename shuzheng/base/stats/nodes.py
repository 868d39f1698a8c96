"""The tree in the lake: who a fact's node is, under whom, today and at the end of each period."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow.parquet as pq
from django.db import connection
from django.db.models import Count, Max

from shuzheng.base.core.arrow import ArrowReader
from shuzheng.base.org.models import Node, NodeVersion
from shuzheng.base.stats.lake import Lake, NodeFile
from shuzheng.base.stats.question import NOW

_NUMBER = """
INSERT INTO stats_nodekey (node, key)
SELECT n.id, (SELECT coalesce(max(key), 0) FROM stats_nodekey) + row_number() OVER (ORDER BY n.path)
FROM org_node n WHERE NOT EXISTS (SELECT 1 FROM stats_nodekey k WHERE k.node = n.id)
"""

# The place in the tree from a path: of an organ of a province's own level, prefecture and county are "33/0/".
_PLACES = """
    CASE WHEN split_part(p, '/', 1) = '0' THEN '0/' ELSE split_part(p, '/', 1) || '/' END AS province,
    CASE WHEN split_part(p, '/', 1) = '0' THEN '0/'
         ELSE split_part(p, '/', 1) || '/' || split_part(p, '/', 2) || '/' END AS prefecture,
    CASE WHEN split_part(p, '/', 1) = '0' THEN '0/'
         WHEN split_part(p, '/', 2) = '0' THEN split_part(p, '/', 1) || '/0/'
         ELSE split_part(p, '/', 1) || '/' || split_part(p, '/', 2) || '/' || split_part(p, '/', 3) || '/' END AS county
"""
_SHOWN = f"key, id, p AS path, path_now, name, type, tier, kind, {_PLACES}"

_NOW = f"""
WITH tree AS (
    SELECT k.key, n.id::text, n.path::text AS p, n.path::text AS path_now, n.name, n.type, n.tier, n.kind
    FROM org_node n JOIN stats_nodekey k ON k.node = n.id WHERE n.kind <> 'department'
)
SELECT {_SHOWN} FROM tree ORDER BY key
"""  # noqa: S608 -- constants

# As it was: paths are put together from the versions of that day. What was not there yet (or no longer) stands where it
# stands today, so that no fact is lost.
_THEN = f"""
WITH RECURSIVE version AS (
    SELECT node_id, parent_id, code, name, type, kind FROM org_nodeversion WHERE valid @> %s::date AND kind <> 'department'
), walk AS (
    SELECT node_id, ''::text AS p, name, type, kind FROM version WHERE parent_id IS NULL
    UNION ALL
    SELECT v.node_id, w.p || CASE WHEN v.kind = 'organ' THEN '0/' ELSE '' END || v.code || '/', v.name, v.type, v.kind
    FROM version v JOIN walk w ON v.parent_id = w.node_id AND w.kind = 'division'
), tree AS (
    SELECT k.key, n.id::text, coalesce(w.p, n.path) AS p, n.path::text AS path_now, coalesce(w.name, n.name) AS name,
           coalesce(w.type, n.type) AS type, n.tier, n.kind
    FROM org_node n JOIN stats_nodekey k ON k.node = n.id LEFT JOIN walk w ON w.node_id = n.id
    WHERE n.kind <> 'department'
)
SELECT {_SHOWN} FROM tree ORDER BY key
"""  # noqa: S608 -- constants


def number_nodes() -> int:
    """Give every node that has none yet a number; returns how many. One exporter at a time does it."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBER)
        return int(cursor.rowcount)


def stamp() -> str:
    """Tells one state of the tree from another."""
    versions = NodeVersion.objects.aggregate(n=Count("pk"), at=Max("recorded_at"))
    nodes = Node.objects.aggregate(n=Count("pk"), at=Max("valid_to"))
    return f"{versions['n']}:{versions['at']}:{nodes['n']}:{nodes['at']}"


def write_nodes(lake: Lake, source: ArrowReader, days: Iterable[date], known: dict[str, NodeFile]) -> list[NodeFile]:
    """The tree of today and of each day, where it is not in the lake as it is now. Under the scope ``stats.export``."""
    mark = stamp()
    made = []
    for day in (None, *sorted(set(days))):
        name = day.isoformat() if day else NOW
        if name in known and known[name].stamp == mark and lake.fs.exists(lake.at(known[name].path)):
            continue
        query = source.read(_THEN, [name]) if day else source.read(_NOW)
        with (
            query as rows,
            lake.write("nodes") as (path, file),
            pq.ParquetWriter(file, rows.schema, compression="zstd") as writer,
        ):
            for batch in rows:
                writer.write_batch(batch)
        made.append(NodeFile(path, name, mark))
    return made
