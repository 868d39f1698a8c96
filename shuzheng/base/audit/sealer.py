"""Sealing: chains what was committed since the last look. Writers never wait for it (docs/adr/0007-sealed-audit.md).

One sealer a server at a time, by an advisory lock. What is new is found by transaction number: everything below the
oldest transaction that still ran at the last look (``floor``) was sealed then; above it, what is visible and has no link
yet is sealed now. So a transaction that commits late is taken up late, and never passed over.
"""

from __future__ import annotations

import os
import time

from django.db import connection

from shuzheng.base.audit import checkpoints
from shuzheng.base.audit.chain import CONTENT, START, digest
from shuzheng.base.core.scope import system_scope

LOCK = 0x5A5345414C  # "ZSEAL"
BATCH = 50_000
CHECKPOINT_SECONDS = float(os.environ.get("SZ_CHECKPOINT_SECONDS", "10"))

_NEW = f"""
SELECT e.id, {CONTENT} FROM audit_entry e LEFT JOIN audit_link l ON l.entry_id = e.id
WHERE e.xid >= %s AND l.seq IS NULL ORDER BY e.xid, e.id LIMIT %s
"""  # noqa: S608 - CONTENT is a constant


def seal() -> int:
    """Chain what is committed and not sealed yet; returns how many entries. 0 too when another sealer is at work."""
    sealed = 0
    while True:
        with system_scope("audit.seal").activate():
            found = _seal_batch()
        sealed += found
        if found < BATCH:
            return sealed


def _seal_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("INSERT INTO audit_sealing (id, floor, cluster) VALUES (1, 0, 0) ON CONFLICT DO NOTHING")
        # The floor is asked before the entries: what is below it is over, so the next statement sees it.
        cursor.execute(
            "SELECT s.floor, s.cluster, c.system_identifier, pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " FROM audit_sealing s, pg_control_system() c"
        )
        floor, cluster, here, next_floor = cursor.fetchone()
        cursor.execute(_NEW, [floor if cluster == here else 0, BATCH])
        entries = cursor.fetchall()
        cursor.execute("SELECT seq, digest FROM audit_link ORDER BY seq DESC LIMIT 1")
        seq, last = cursor.fetchone() or (0, START)
        first, digests = seq + 1, []
        for _, content in entries:
            seq += 1
            last = digest(last, seq, content)
            digests.append(last)
        if entries:
            cursor.execute(
                "INSERT INTO audit_link (seq, entry_id, digest)"
                " SELECT * FROM unnest(%s::bigint[], %s::uuid[], %s::text[])",
                [list(range(first, seq + 1)), [row[0] for row in entries], digests],
            )
        if len(entries) < BATCH and (next_floor, here) != (floor, cluster):
            cursor.execute("UPDATE audit_sealing SET floor = %s, cluster = %s", [next_floor, here])
    return len(entries)


def checkpoint() -> bool:
    """Write a checkpoint if the chain has grown since the last one; returns whether one was written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, digest FROM audit_link ORDER BY seq DESC LIMIT 1")
        end = cursor.fetchone()
    newest = checkpoints.last()
    if end is None or (newest is not None and newest.seq >= end[0]):
        return False
    checkpoints.append(*end)
    return True


class Sealer:
    """What the worker calls about every second."""

    def __init__(self) -> None:
        self._signed = 0.0

    def __call__(self) -> None:
        seal()
        if time.monotonic() - self._signed >= CHECKPOINT_SECONDS:
            checkpoint()
            self._signed = time.monotonic()
