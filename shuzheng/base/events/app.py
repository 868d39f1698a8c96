"""Manifest of events."""

from shuzheng.base.core.manifest import AppManifest, MenuEntry, Permission

MANIFEST = AppManifest(
    name="events",
    label="事件",
    icon="broadcast",
    board="admin",
    order=8,
    permissions=[
        Permission("events.event.view", "查看事件处理", officer="system"),
        Permission("events.delivery.retry", "重新处理事件", officer="system"),
        Permission("events.webhook.change", "设置外部订阅", officer="system"),
    ],
    role_permissions={"system_officer": ["events.event.view", "events.delivery.retry", "events.webhook.change"]},
    system_scopes={"events.dispatch": "hands committed events to their subscribers, and to addresses outside"},
    menu=[
        MenuEntry("事件处理", "events:deliveries", "broadcast", "events.event.view", "运行"),
        MenuEntry("外部订阅", "events:webhooks", "webhook", "events.webhook.change", "运行"),
    ],
    unscoped={
        "events_event": "ids and masks only; subscribers read the records in their own scope",
        "events_delivery": "which subscriber has taken up which event; no content",
    },
)
