"""Manifest of quick collection (收集表): an office asks its people or the tier below, and sees the answers add up."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

MAKING = [
    "collect.collection.view",
    "collect.collection.save",
    "collect.collection.open",
    "collect.collection.close",
    "collect.collection.remind",
    "collect.answer.view",
    "collect.answer.export",
]

MANIFEST = AppManifest(
    name="collect",
    label="收集表",
    icon="list-check",
    board="office",
    order=2,
    permissions=[
        Permission("collect.collection.view", "查看收集表"),
        Permission("collect.collection.save", "编辑收集表"),
        Permission("collect.collection.open", "发出收集表"),
        Permission("collect.collection.public", "向未登录的人收集"),
        Permission("collect.collection.close", "结束和重开收集表"),
        Permission("collect.collection.remind", "催填收集表"),
        Permission("collect.answer.view", "查看答卷"),
        Permission("collect.answer.export", "导出答卷"),
    ],
    events=[
        EventType("collect.collection.opened", "收集表已发出"),
        EventType("collect.collection.closed", "收集表已结束"),
        EventType("collect.collection.reminded", "收集表已催填"),
        EventType("collect.answer.submitted", "已收到答卷"),
    ],
    system_scopes={
        "collect.door": "finds a collection by the token of its link, and takes answers of people who are not signed in or not named",
        "collect.tell": "tells those who are asked, and reminds those who have not answered",
        "collect.retain": "deletes answers past the day until which they may be kept",
    },
    handovers={
        "collect.collection.open": "an office asks organs of its own tier and below, each in the organ's own inbox",
        "collect.answer.submit": "an answer belongs to the office that asks, and is written by whoever was asked",
    },
    role_permissions={
        "clerk": [*MAKING, "collect.collection.public"],
        "reviewer": MAKING,
        "leader": MAKING,
        "business_admin": [*MAKING, "collect.collection.public"],
    },
    menu=[
        MenuEntry("收集表", "collect:index", "list-check", "collect.collection.view"),
        MenuEntry("待我填", "collect:mine", "writing"),
    ],
)
