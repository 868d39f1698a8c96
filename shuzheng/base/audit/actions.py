"""Verbs of the trail: there is only one, and it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.action import Write, action


@action("audit.entry.export")
def note_export(w: Write, batch: Sequence[Any], *, count: int, filters: Mapping[str, str]) -> None:
    """Note that entries were taken out of the platform, which ones and how many. ``batch`` is empty."""
    w.note(Entry(label="", at=None), label=f"{count}", after={"count": count, "filters": dict(filters)})
