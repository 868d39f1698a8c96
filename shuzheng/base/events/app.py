"""Manifest of events."""

from shuzheng.base.core.manifest import AppManifest

MANIFEST = AppManifest(
    name="events",
    label="事件",
    icon="broadcast",
    unscoped={"events_event": "ids and masks only; subscribers read the records in their own scope"},
)
