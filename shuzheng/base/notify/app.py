"""Manifest of notices and to-dos."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

MANIFEST = AppManifest(
    name="notify",
    label="通知与待办",
    icon="bell",
    board="office",
    order=2,
    permissions=[
        Permission("notify.notice.send", "发通知"),
        Permission("notify.notice.remind", "催阅通知"),
        Permission("notify.todo.reassign", "转交待办"),
    ],
    role_permissions={
        "clerk": ["notify.notice.send", "notify.notice.remind"],
        "reviewer": ["notify.notice.send", "notify.notice.remind"],
        "leader": ["notify.notice.send", "notify.notice.remind", "notify.todo.reassign"],
        "business_admin": ["notify.notice.send", "notify.notice.remind", "notify.todo.reassign"],
    },
    events=[EventType("notify.notice.sent", "通知已发出"), EventType("notify.notice.read", "通知已阅读")],
    system_scopes={"notify.deliver": "addresses notices to organs and brings them to people's channels"},
    handovers={"notify.notice.send": "the addressee keeps its own record of a notice"},
    menu=[MenuEntry("通知", "notify:notices", "bell")],
)
