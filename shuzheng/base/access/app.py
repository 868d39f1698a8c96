"""Manifest of access: roles, grants, officers, sharing."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission, RoleSpec

MANIFEST = AppManifest(
    name="access",
    label="权限",
    icon="shield-lock",
    permissions=[
        Permission("access.role.view", "查看角色"),
        Permission("access.role.change", "定义角色", officer="security"),
        Permission("access.grant.view", "查看授权"),
        Permission("access.grant.export", "导出授权"),
        Permission("access.grant.ask", "申请授权变更"),
        Permission("access.grant.decide", "审批授权变更", officer="security"),
        Permission("access.sharing.view", "查看数据共享"),
        Permission("access.sharing.ask", "申请数据共享"),
        Permission("access.sharing.decide", "审批数据共享"),
        Permission("access.sharing.end", "终止数据共享"),
    ],
    roles=[
        RoleSpec("staff", "工作人员", help="每个岗位在本单位都有：看目录、看公开内容、办自己的事。"),
        RoleSpec("clerk", "经办人", help="填报、登记、维护本单位台账。"),
        RoleSpec("reviewer", "审核人", help="审核下级和本单位提交的内容。"),
        RoleSpec("leader", "负责人", help="看进度和汇总，签署。"),
        RoleSpec("business_admin", "业务管理员", help="下达任务、维护标准、机构和人员。"),
        RoleSpec(
            "system_officer",
            "系统管理员",
            officer="system",
            help="开通和停用账号、组织、参数、备份；不看业务数据，不授权。",
        ),
        RoleSpec("security_officer", "安全管理员", officer="security", help="审批授权、定策略；不建账号，不删审计。"),
        RoleSpec("audit_officer", "安全审计员", officer="audit", help="看和导出审计；不改配置和权限。"),
    ],
    role_permissions={
        "staff": ["access.sharing.view"],
        "business_admin": [
            "access.role.view",
            "access.grant.view",
            "access.grant.ask",
            "access.sharing.ask",
            "access.sharing.end",
        ],
        "leader": ["access.grant.view", "access.sharing.decide", "access.sharing.end"],
        "system_officer": ["access.role.view", "access.grant.view", "access.grant.ask"],
        "security_officer": [
            "access.role.view",
            "access.role.change",
            "access.grant.view",
            "access.grant.export",
            "access.grant.decide",
        ],
        "audit_officer": ["access.role.view", "access.grant.view", "access.grant.export"],
    },
    events=[
        EventType("access.role.changed", "角色已修改"),
        EventType("access.grant.asked", "已申请授权变更"),
        EventType("access.grant.changed", "授权已变更"),
        EventType("access.sharing.changed", "数据共享已变更"),
    ],
    menu=[
        MenuEntry("授权", "register:grants", "key", "access.grant.view", "系统"),
        MenuEntry("授权审批", "access:changes", "checklist", "access.grant.view", "系统"),
        MenuEntry("角色", "access:roles", "shield-lock", "access.role.view", "系统"),
        MenuEntry("数据共享", "access:sharing", "share", "access.sharing.view", "系统"),
    ],
    system_scopes={"access.init": "sets up a new deployment: root node, shipped roles, three officers"},
    handovers={
        "access.grant.ask": "rights of a post in an organ below are asked for by the authority above it",
        "access.grant.decide": "a security officer decides on grants within the subtree",
        "access.role.change": "a security officer defines roles for nodes of the subtree",
        "access.grant.withdraw": "whoever asked takes the request back",
        "access.sharing.offer": "an authority says how the data of its subtree is shared",
        "access.sharing.ask": "an organ asks another for its data",
        "access.sharing.decide": "the owner answers another organ's request",
        "access.sharing.end": "either side, or the tier above, ends a sharing",
    },
)
