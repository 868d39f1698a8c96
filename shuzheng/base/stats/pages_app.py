"""What the pages of statistics add to the manifest: rights, events, menu, system scopes."""

from shuzheng.base.core.manifest import EventType, MenuEntry, Permission

PERMISSIONS = [
    Permission("stats.view.save", "保存统计视图"),
    Permission("stats.view.share", "分享统计视图"),
    Permission("stats.brief.set", "设置统计简报"),
    Permission("stats.alert.set", "设置统计预警"),
    Permission("stats.alert.acknowledge", "处置统计预警"),
]
EVENTS = [
    EventType("stats.view.shared", "统计视图已分享"),
    EventType("stats.alert.fired", "统计预警已触发"),
    EventType("stats.alert.acknowledged", "统计预警已处置"),
]
HANDOVERS = {"stats.view.share": "a saved question (no numbers) is laid into the list of another post or organ"}
SYSTEM_SCOPES = {
    "stats.brief": "finds briefs that are due; each is computed in its recipient's own scope and laid into their organ",
    "stats.alert": "finds rules of alerts; each is computed in the scope of the post that made it",
    "stats.tell": "tells those a view was shared with, and the subscribers of alerts",
}
USERS = ["stats.view.save", "stats.alert.acknowledge"]
ROLES = {
    "clerk": USERS,
    "reviewer": [*USERS, "stats.view.share", "stats.brief.set", "stats.alert.set"],
    "leader": [*USERS, "stats.view.share", "stats.brief.set", "stats.alert.set"],
    "business_admin": [*USERS, "stats.view.share", "stats.brief.set", "stats.alert.set"],
}
MENU = [
    MenuEntry("驾驶舱", "stats:cockpit", "chart-histogram", "stats.indicator.view"),
    MenuEntry("统计分析", "stats:explore", "chart-bar", "stats.indicator.view"),
    MenuEntry("统计视图", "stats:views", "bookmark", "stats.indicator.view"),
    MenuEntry("统计预警", "stats:alerts", "bell-ringing", "stats.indicator.view"),
    MenuEntry("统计简报", "stats:briefs", "report-analytics", "stats.indicator.view"),
    MenuEntry("自定义指标", "stats:own", "calculator", "stats.indicator.view"),
]
