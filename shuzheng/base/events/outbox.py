"""Putting facts into the outbox: the provider of ``ports.publish_event``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_columns
from shuzheng.base.core.registry import EVENTS
from shuzheng.base.events.models import Event
from shuzheng.kernel.ids import uuid7


def publish(name: str, ids: Sequence[str], payload: Mapping[str, Any], actor: Actor) -> UUID:
    """Record that ``name`` happened to the records ``ids``, in the running transaction; returns the event's id."""
    event = {
        "id": uuid7(),
        "name": name,
        "schema": EVENTS[name].version,
        "origin": settings.SZ_HOME,
        "at": timezone.now(),
        "actor": actor.scope.actor,
        "path": actor.organ_path,
        "ids": list(ids),
        "payload": dict(payload),
    }
    insert_columns(Event, {column: [value] for column, value in event.items()})
    return event["id"]
