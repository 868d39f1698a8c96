"""Manifest of the standards: data elements, code sets, units, factors, dated rules, working days."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

NOUNS = {
    "element": "数据元",
    "codeset": "代码集",
    "unit": "计量单位",
    "factor": "折算系数",
    "rule": "规则",
    "calendar": "工作日历",
}
"""What the standards hold; everybody may look at all of it."""

WRITES = [
    Permission("standards.element.draft", "起草数据元"),
    Permission("standards.codeset.draft", "起草代码集"),
    Permission("standards.unit.draft", "起草计量单位"),
    Permission("standards.factor.draft", "起草折算系数"),
    Permission("standards.rule.draft", "起草规则"),
    Permission("standards.item.change", "修改标准草稿"),
    Permission("standards.item.submit", "标准草稿送审"),
    Permission("standards.item.publish", "审核发布标准"),
    Permission("standards.item.end", "终止标准条目"),
    Permission("standards.calendar.change", "修改工作日历"),
    Permission("standards.calendar.import", "导入工作日历"),
]

MANIFEST = AppManifest(
    name="standards",
    label="标准规范",
    icon="book-2",
    board="admin",
    order=5,
    permissions=[*[Permission(f"standards.{noun}.view", f"查看{label}") for noun, label in NOUNS.items()], *WRITES],
    events=[
        EventType("standards.loaded", "内置标准已装入"),
        EventType("standards.item.published", "标准已发布"),
        EventType("standards.item.ended", "标准条目已终止"),
        EventType("standards.calendar.changed", "工作日历已修改"),
    ],
    system_scopes={
        "standards.load": "loads the content that ships with the platform, at set-up and at each upgrade",
        "standards.resolve": "reads all published standards, since numbers of any place are computed by that place's rules",
    },
    handovers={
        "standards.item.publish": "a draft is reviewed by the authority of the division it is for, not only by its author's organ",
        "standards.item.return": "a draft is sent back by the authority of the division it is for",
        "standards.item.end": "an authority ends a rule or factor that it or an organ below it published",
        "standards.calendar.change": "an authority corrects a day that another of its organs loaded",
        "standards.calendar.import": "an authority loads a year again that another of its organs loaded",
    },
    unscoped={"standards_stamp": "one random value that says that standards changed; no content"},
    role_permissions={
        "staff": [f"standards.{noun}.view" for noun in NOUNS],
        "business_admin": [permission.name for permission in WRITES],
        "reviewer": ["standards.item.publish"],
    },
    menu=[
        MenuEntry("标准规范", "standards:home", "book-2", "standards.element.view", "数据"),
        MenuEntry("工作日历", "standards:calendar", "calendar", "standards.calendar.view", "数据"),
        MenuEntry("数据元", "register:elements", "list-check", "standards.element.view", "登记"),
        MenuEntry("代码集", "register:codesets", "list-tree", "standards.codeset.view", "登记"),
        MenuEntry("折算系数", "register:factors", "scale", "standards.factor.view", "登记"),
        MenuEntry("规则", "register:rules", "gavel", "standards.rule.view", "登记"),
    ],
)
