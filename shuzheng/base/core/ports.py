"""Ports: what the core needs from packages above it. A closed set; each has exactly one provider, set at start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Port:
    """One needed function. Calling it before a provider is there raises ``RuntimeError``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._provider: Callable[..., Any] | None = None

    def provide(self, provider: Callable[..., Any]) -> None:
        if self._provider is not None and self._provider is not provider:
            raise RuntimeError(f"port {self.name} has a provider already")
        self._provider = provider

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._provider is None:
            raise RuntimeError(f"port {self.name} has no provider; is its app installed?")
        return self._provider(*args, **kwargs)

    @property
    def ready(self) -> bool:
        return self._provider is not None


write_audit = Port("write_audit")
"""``(list[AuditLine]) -> None``: append entries to the trail, in the running transaction (base.audit)."""

publish_event = Port("publish_event")
"""``(name, ids, payload, actor) -> None``: put one event into the outbox, in the running transaction (base.events)."""

index_records = Port("index_records")
"""``(changed, deleted, created) -> None``, rows of any models: keep the search table in step, in the running transaction (base.search)."""

ALL = (write_audit, publish_event, index_records)
