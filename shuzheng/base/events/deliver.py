"""Delivering: each subscriber gets each event once in effect; what fails is tried again, and in the end shown as dead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events import webhooks
from shuzheng.base.events.dispatch import WEBHOOK
from shuzheng.base.events.models import Delivery, Event
from shuzheng.base.events.subscribers import SUBSCRIBERS, Subscriber

WAITS = (1, 5, 30, 120, 600, 3600, 4 * 3600)
"""Seconds before each further try; after the last one a delivery is dead (about six hours)."""

_NEXT = """
SELECT d.id FROM events_delivery d
WHERE d.subscriber = %s AND d.state = 'waiting' AND d.due <= now() AND (NOT %s OR NOT EXISTS (
    SELECT 1 FROM events_delivery p
    WHERE p.subscriber = d.subscriber AND p.origin = d.origin AND p.state = 'waiting' AND p.seq < d.seq))
ORDER BY d.seq LIMIT 1 FOR UPDATE SKIP LOCKED
"""


def deliver(subscriber: str, limit: int = 1000) -> int:
    """Hand ``subscriber`` what waits for it, in order; returns how many events it took up.

    Raises:
        Exception: whatever the subscriber raised. The failure is noted, and when to try again.
    """
    take = _webhook if subscriber.startswith(WEBHOOK) else _subscriber
    taken = 0
    while taken < limit and take(subscriber):
        taken += 1
    return taken


def _subscriber(name: str) -> bool:
    known = SUBSCRIBERS.get(name)
    if known is None:  # its app was taken off; what waits stays for the day it comes back
        return False
    delivery = None
    try:
        with system_scope(known.scope).activate():
            delivery = _next(known)
            if delivery is None:
                return False
            known.handle(delivery.event, system_actor(known.scope))
            _done(delivery)
    except Exception as error:
        if delivery is not None:
            fail(delivery, error)
        raise
    return True


def _next(subscriber: Subscriber) -> Delivery | None:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [subscriber.name, subscriber.ordered])
        row = cursor.fetchone()
    return Delivery.objects.select_related("event").get(pk=row[0]) if row else None


def _webhook(name: str) -> bool:
    """As ``_subscriber``, but no transaction is held while the other side thinks: it may get an event twice, with the same id."""
    with system_scope("events.dispatch").activate():
        hook = webhooks.find(UUID(name.removeprefix(WEBHOOK)))
        if hook is None:
            waiting = Delivery.objects.filter(subscriber=name, state=Delivery.State.WAITING)
            waiting.update(state=Delivery.State.DEAD, error=_("订阅已停用"))
            return False
        delivery = _next(Subscriber(name, frozenset(), "events.dispatch", lambda event, actor: None))
    if delivery is None:
        return False
    try:
        webhooks.post(hook, delivery.event)
    except webhooks.Unreachable as error:
        fail(delivery, error)
        raise
    with transaction.atomic():
        _done(delivery)
    return True


def _done(delivery: Delivery) -> None:
    delivery.state, delivery.done_at, delivery.error = Delivery.State.DONE, timezone.now(), ""
    delivery.attempts += 1
    delivery.save(update_fields=["state", "done_at", "error", "attempts"])


def fail(delivery: Delivery, error: Exception) -> None:
    """Note a failure, and when to try again."""
    with transaction.atomic():
        row = Delivery.objects.select_for_update(no_key=True).get(pk=delivery.pk)
        row.attempts += 1
        row.error = f"{type(error).__name__}: {error}"[:300]
        if row.attempts > len(WAITS):
            row.state = Delivery.State.DEAD
        else:
            row.due = timezone.now() + timedelta(seconds=WAITS[row.attempts - 1])
        row.save(update_fields=["attempts", "error", "state", "due"])


def replay(
    subscriber: str, *, since: datetime | None = None, names: Sequence[str] = (), dead_only: bool = False
) -> int:
    """Let ``subscriber`` take events up again (or, one that is new, for the first time); returns how many.

    Subscribers make a record what the event says it is, so taking up one twice changes nothing that is right already.

    Raises:
        LookupError: there is no such subscriber.
    """
    known = SUBSCRIBERS.get(subscriber)
    if known is None:
        raise LookupError(subscriber)
    with transaction.atomic():
        old = Delivery.objects.filter(subscriber=subscriber).exclude(state=Delivery.State.WAITING)
        if dead_only:
            old = old.filter(state=Delivery.State.DEAD)
        old = old.filter(event__at__gte=since) if since else old
        old = old.filter(event__name__in=names) if names else old
        count = old.update(state=Delivery.State.WAITING, attempts=0, due=timezone.now(), error="", done_at=None)
        if not dead_only:
            count += _first_time(known, since, names)
    return count


def _first_time(subscriber: Subscriber, since: datetime | None, names: Sequence[str]) -> int:
    events = Event.objects.filter(name__in=set(names or subscriber.events) & subscriber.events, seq__isnull=False)
    events = events.filter(at__gte=since) if since else events
    missing = events.exclude(deliveries__subscriber=subscriber.name)
    rows = [
        Delivery(event=event, subscriber=subscriber.name, seq=event.seq, origin=event.origin)
        for event in missing.only("id", "seq", "origin").iterator()
    ]
    Delivery.objects.bulk_create(rows, batch_size=5000)
    return len(rows)


__all__ = ["WAITS", "deliver", "fail", "replay"]
