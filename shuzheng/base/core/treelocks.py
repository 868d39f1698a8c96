"""Locks on subtrees of the organisation, held until the transaction ends. Only changes of the tree take them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connections


def prefixes(path: str) -> list[str]:
    """Every place above a path and the path itself, the nation first: ``33/0/a/`` gives ``'', '33/', '33/0/', '33/0/a/'``."""
    parts = path.rstrip("/").split("/") if path else []
    return ["/".join(parts[:n]) + "/" if n else "" for n in range(len(parts) + 1)]


def lock_subtrees(alone: Iterable[str], together: Iterable[str] = (), using: str = "default") -> None:
    """Wait for, then keep out, every other holder of a lock on one of these subtrees, on a part of it or on a whole around it.

    Paths in ``alone`` are locked exclusively; those in ``together``, and all that lies above either, are shared: a change of
    a county and one of its province exclude each other, those of two counties don't. The locks are advisory, so rows stay
    free for all other writers. They are taken in the order of the paths; PostgreSQL breaks what deadlock remains when one
    transaction calls this twice.
    """
    own = set(alone)
    shared = {step for path in {*own, *together} for step in prefixes(path)} - own
    asked = sorted([(path, True) for path in own] + [(path, False) for path in shared])
    if not asked:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT count(CASE WHEN t.alone THEN pg_advisory_xact_lock(hashtextextended('org:' || t.path, 0))::text"
            " ELSE pg_advisory_xact_lock_shared(hashtextextended('org:' || t.path, 0))::text END)"
            " FROM unnest(%s::text[], %s::bool[]) AS t(path, alone)",
            [[path for path, _ in asked], [alone_here for _, alone_here in asked]],
        )
