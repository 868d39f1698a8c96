"""Manifest of statistics: indicators, the lake of facts, questions about them."""

from shuzheng.base.core.manifest import AppManifest, EventType, Permission
from shuzheng.base.stats import pages_app

MANIFEST = AppManifest(
    name="stats",
    label="统计分析",
    icon="chart-bar",
    board="office",
    order=2,
    permissions=[
        Permission("stats.indicator.view", "查看统计"),
        Permission("stats.indicator.define", "定义指标"),
        Permission("stats.indicator.change", "修改指标"),
        Permission("stats.indicator.retire", "停用指标"),
        Permission("stats.answer.export", "导出统计数据"),
        *pages_app.PERMISSIONS,
    ],
    events=[
        EventType("stats.indicator.defined", "指标已定义"),
        EventType("stats.indicator.changed", "指标已修改"),
        EventType("stats.indicator.retired", "指标已停用"),
        *pages_app.EVENTS,
    ],
    menu=pages_app.MENU,
    handovers=pages_app.HANDOVERS,
    system_scopes={
        **pages_app.SYSTEM_SCOPES,
        "stats.export": "reads every institution's cells and the tree, and writes them to the lake",
        "stats.mark": "notes which parts of the lake an approval, a return or a change of the tree makes stale",
    },
    role_permissions={
        "clerk": ["stats.indicator.view", "stats.answer.export", *pages_app.ROLES["clerk"]],
        "reviewer": ["stats.indicator.view", "stats.answer.export", *pages_app.ROLES["reviewer"]],
        "leader": ["stats.indicator.view", "stats.answer.export", *pages_app.ROLES["leader"]],
        "business_admin": [
            "stats.indicator.view",
            "stats.answer.export",
            "stats.indicator.define",
            "stats.indicator.change",
            "stats.indicator.retire",
            *pages_app.ROLES["business_admin"],
        ],
    },
    unscoped={
        "stats_nodekey": "a short number for each node's id, for the lake; says nothing of the node",
        "stats_partition": "which files of the lake are stale: rounds and provinces, no figure of anybody",
    },
)
