"""Dispatching: committed events are numbered and handed to their subscribers (docs/adr/0008-events-and-jobs.md).

One dispatcher at a time, by an advisory lock. An event is new while it has no number, and it is seen once its transaction
has committed: so one that commits late gets its number late and is never passed over. Within one look, events are put in
the order in which they were published. A transaction that waited for another publishes after that one's commit, so of two
that depend on each other the first comes first.
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from shuzheng.base.core.scope import Range, system_scope
from shuzheng.base.events.models import Webhook
from shuzheng.base.events.subscribers import SUBSCRIBERS
from shuzheng.kernel.ids import uuid7

LOCK = 0x5A4556454E54  # "ZEVENT"
BATCH = 2000
WEBHOOK = "webhook:"


def dispatch() -> int:
    """Number new events and note who is to get them; returns how many events."""
    dispatched = 0
    while True:
        with system_scope("events.dispatch").activate():
            found = _batch()
        dispatched += found
        if found < BATCH:
            return dispatched


def _batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "SELECT id, name, path, origin FROM events_event WHERE seq IS NULL ORDER BY at, id LIMIT %s", [BATCH]
        )
        events = cursor.fetchall()
        if not events:
            return 0
        cursor.execute("SELECT coalesce(max(seq), 0) FROM events_event")
        start = cursor.fetchone()[0] + 1
        cursor.execute(
            "UPDATE events_event e SET seq = t.seq FROM unnest(%s::uuid[], %s::bigint[]) AS t(id, seq) WHERE e.id = t.id",
            [[e[0] for e in events], list(range(start, start + len(events)))],
        )
        rows = [
            (uuid7(), event_id, subscriber, seq, origin)
            for seq, (event_id, name, path, origin) in enumerate(events, start)
            for subscriber in _takers(name, path)
        ]
        if rows:
            cursor.execute(
                "INSERT INTO events_delivery (id, event_id, subscriber, seq, origin, state, attempts, due, error)"
                " SELECT id, event, subscriber, seq, origin, 'waiting', 0, now(), '' FROM unnest("
                "%s::uuid[], %s::uuid[], %s::text[], %s::bigint[], %s::text[]) AS t(id, event, subscriber, seq, origin)",
                [list(column) for column in zip(*rows, strict=True)],
            )
    return len(events)


def _takers(name: str, path: str) -> list[str]:
    """Subscribers of an event, and the addresses outside that watch the organ where it happened."""
    takers = [s.name for s in SUBSCRIBERS.values() if name in s.events]
    if settings.SZ_WEBHOOKS:
        hooks = Webhook.objects.filter(is_active=True, events__contains=[name])
        takers += [f"{WEBHOOK}{hook.pk}" for hook in hooks if path in Range.subtree(hook.path)]
    return takers


_HEADS = """
SELECT DISTINCT subscriber FROM (
    SELECT DISTINCT ON (subscriber, origin) subscriber, due FROM events_delivery
    WHERE state = 'waiting' ORDER BY subscriber, origin, seq) head
WHERE due <= now()
"""


def due() -> list[str]:
    """Subscribers for whom something waits now. One whose app was taken off is passed over; its events wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS)
        found = {row[0] for row in cursor.fetchall()}
        if free := [s.name for s in SUBSCRIBERS.values() if not s.ordered and s.name not in found]:
            cursor.execute(
                "SELECT DISTINCT subscriber FROM events_delivery"
                " WHERE state = 'waiting' AND due <= now() AND subscriber = ANY(%s)",
                [free],
            )
            found |= {row[0] for row in cursor.fetchall()}
    return sorted(name for name in found if name in SUBSCRIBERS or (settings.SZ_WEBHOOKS and name.startswith(WEBHOOK)))
