"""Putting facts into the outbox: the provider of ``ports.publish_event``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.registry import EVENTS
from shuzheng.base.events.models import Event


def publish(name: str, ids: Sequence[str], payload: Mapping[str, Any], actor: Actor) -> Event:
    """Record that ``name`` happened to the records ``ids``, in the running transaction."""
    event = Event(
        name=name,
        schema=EVENTS[name].version,
        origin=settings.SZ_HOME,
        at=timezone.now(),
        actor=actor.scope.actor,
        path=actor.organ_path,
        ids=list(ids),
        payload=dict(payload),
    )
    insert_many([event])
    return event
