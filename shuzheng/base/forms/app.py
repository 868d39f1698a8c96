"""Manifest of reporting: forms that one tier asks for and the tiers below fill in."""

from shuzheng.base.core.manifest import AppManifest, BusinessLine, EventType, MenuEntry, Permission

MANIFEST = AppManifest(
    name="forms",
    label="信息报送",
    icon="report",
    lines=[BusinessLine("reporting", "统计报送")],
    permissions=[
        Permission("forms.definition.view", "查看报表"),
        Permission("forms.definition.publish", "发布报表"),
        Permission("forms.round.view", "查看报送任务"),
        Permission("forms.round.issue", "下达报送任务"),
        Permission("forms.round.close", "结束报送任务"),
        Permission("forms.submission.view", "查看填报"),
        Permission("forms.submission.fill", "填报"),
        Permission("forms.submission.submit", "提交填报"),
        Permission("forms.submission.return", "退回填报"),
        Permission("forms.submission.approve", "审核填报"),
        Permission("forms.submission.remind", "催报"),
        Permission("forms.rollup.view", "查看综合表"),
        Permission("forms.rollup.sign", "签署综合表"),
    ],
    events=[
        EventType("forms.definition.published", "报表已发布"),
        EventType("forms.round.issued", "报送任务已下达"),
        EventType("forms.round.closed", "报送任务已结束"),
        EventType("forms.submission.submitted", "填报已提交"),
        EventType("forms.submission.returned", "填报已退回"),
        EventType("forms.submission.approved", "填报已审核"),
        EventType("forms.submission.reminded", "已催报"),
        EventType("forms.rollup.signed", "综合表已签署"),
    ],
    system_scopes={
        "forms.open": "opens one submission for each institution that a round asks, in every organ",
        "forms.fold": "adds pending deltas of roll-ups to their totals",
        "forms.remind": "reminds institutions that have not submitted, on working days",
    },
    handovers={
        "forms.submission.return": "a tier returns a submission of an institution below it",
        "forms.submission.approve": "a tier approves a submission of an institution below it",
        "forms.submission.remind": "a tier reminds institutions below it",
    },
    role_permissions={
        "staff": ["forms.definition.view", "forms.round.view"],
        "clerk": [
            "forms.submission.view",
            "forms.submission.fill",
            "forms.submission.submit",
            "forms.submission.remind",
            "forms.rollup.view",
        ],
        "reviewer": [
            "forms.submission.view",
            "forms.submission.return",
            "forms.submission.approve",
            "forms.submission.remind",
            "forms.rollup.view",
        ],
        "leader": ["forms.submission.view", "forms.rollup.view", "forms.rollup.sign"],
        "business_admin": [
            "forms.definition.publish",
            "forms.round.issue",
            "forms.round.close",
            "forms.submission.view",
            "forms.rollup.view",
        ],
    },
    menu=[
        MenuEntry("报送任务", "forms:rounds", "report", "forms.round.view"),
        MenuEntry("报表", "forms:definitions", "table", "forms.definition.view"),
    ],
    board="智慧办公",
    unscoped={},
)
