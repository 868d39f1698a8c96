"""Manifest of flows (流程): approvals on BPMN 2.0 the way Chinese offices work."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

STARTING = ["flows.case.start", "flows.delegation.save", "flows.library.view"]
LOOKING = [*STARTING, "flows.case.view"]

MANIFEST = AppManifest(
    name="flows",
    label="流程审批",
    icon="route",
    board="office",
    order=1,
    permissions=[
        Permission("flows.case.start", "发起流程"),
        Permission("flows.case.view", "查看本单位的流程"),
        Permission("flows.case.terminate", "终止流程"),
        Permission("flows.case.reassign", "改派流程待办"),
        Permission("flows.case.migrate", "把办理中的流程迁到新版"),
        Permission("flows.delegation.save", "设置委托授权"),
        Permission("flows.library.view", "查看业务流程规范"),
        Permission("flows.statistics.view", "查看流程统计"),
        Permission("flows.definition.view", "查看流程定义"),
        Permission("flows.definition.save", "编辑流程定义"),
        Permission("flows.definition.publish", "发布流程定义"),
        Permission("flows.definition.retire", "停用流程定义"),
    ],
    events=[
        EventType("flows.case.started", "流程已发起"),
        EventType("flows.case.moved", "流程已流转"),
        EventType("flows.case.ended", "流程已办结"),
        EventType("flows.message.sent", "流程发出消息"),
        EventType("flows.definition.published", "流程定义已发布"),
    ],
    system_scopes={
        "flows.count": "counts cases, steps and tasks below for statistics, and reads finished cases that one may open whole, for a replay",
        "flows.engine": "moves a case on: opens tasks in the addressees' organs, finds who holds a post or role, reads standing delegations",
        "flows.tell": "tells those who have something to do, the starter when a case has ended, and the adopters of a standard that has a new edition",
        "flows.timers": "does what falls due: reminders, escalation, automatic pass or return, timers of a process",
    },
    role_permissions={
        "staff": STARTING,
        "clerk": LOOKING,
        "reviewer": LOOKING,
        "leader": [
            *LOOKING,
            "flows.case.terminate",
            "flows.case.reassign",
            "flows.definition.view",
            "flows.statistics.view",
        ],
        "business_admin": [
            *LOOKING,
            "flows.case.migrate",
            "flows.case.terminate",
            "flows.case.reassign",
            "flows.definition.view",
            "flows.statistics.view",
            "flows.definition.save",
            "flows.definition.publish",
            "flows.definition.retire",
        ],
    },
    menu=[
        MenuEntry("流程待办", "flows:inbox", "inbox"),
        MenuEntry("发起流程", "flows:begin", "plus", "flows.case.start"),
        MenuEntry("委托授权", "flows:delegations", "users", "flows.delegation.save"),
        MenuEntry("业务流程规范", "flows:library", "book-2", "flows.library.view"),
        MenuEntry("签名和常用语", "flows:mine", "signature"),
        MenuEntry("流程统计", "flows:statistics", "chart-bar", "flows.statistics.view"),
        MenuEntry("流程定义", "flows:definitions", "route", "flows.definition.view"),
    ],
)
