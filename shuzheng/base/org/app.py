"""Manifest of the organisation tree."""

from shuzheng.base.core.manifest import AppManifest, EventType, MenuEntry, Permission

VERBS = {
    "create": "建立",
    "rename": "更名",
    "move": "划转",
    "merge": "合并",
    "split": "拆分",
    "abolish": "撤销",
}

MANIFEST = AppManifest(
    name="org",
    label="机构与层级",
    icon="sitemap",
    board="admin",
    order=1,
    permissions=[
        Permission("org.node.view", "查看机构"),
        Permission("org.node.import", "导入机构"),
        Permission("org.profile.view", "查看机构信息"),
        Permission("org.profile.change", "修改机构信息"),
        Permission("org.competence.change", "设置主管部门"),
        Permission("org.reorganisation.view", "查看机构调整"),
        Permission("org.reorganisation.apply", "机构调整生效"),
        Permission("org.reorganisation.cancel", "取消机构调整"),
        *[Permission(f"org.node.{verb}", f"{label}机构") for verb, label in VERBS.items()],
    ],
    events=[
        EventType("org.node.reorganised", "机构调整已生效"),
        EventType("org.profile.changed", "机构信息已修改"),
        EventType("org.competence.changed", "主管部门已调整"),
    ],
    system_scopes={
        "org.reorganise": "applies a reorganisation to all records of the nodes, on its day",
        "org.import": "loads divisions and institutions when a deployment is set up",
    },
    handovers={
        **{f"org.node.{verb}": "a node is changed by the authority above it" for verb in VERBS},
        "org.node.import": "nodes are loaded by the authority above them",
        "org.reorganisation.apply": "a planned change of a node is carried out by the authority above it",
        "org.reorganisation.cancel": "a planned change of a node is taken back by the authority above it",
        "org.profile.change": "an authority keeps the particulars of the organs below it",
        "org.competence.change": "an authority names who is competent below it",
    },
    role_permissions={
        "staff": ["org.node.view"],
        "clerk": ["org.profile.view", "org.profile.change"],
        "reviewer": ["org.profile.view"],
        "leader": ["org.profile.view", "org.reorganisation.view"],
        "business_admin": [
            "org.node.import",
            "org.profile.view",
            "org.profile.change",
            "org.competence.change",
            "org.reorganisation.view",
            "org.reorganisation.apply",
            "org.reorganisation.cancel",
            *[f"org.node.{verb}" for verb in VERBS],
        ],
    },
    menu=[
        MenuEntry("机构", "org:tree", "sitemap", "org.node.view", "组织"),
        MenuEntry("机构信息", "register:profiles", "building", "org.profile.view", "组织"),
        MenuEntry("机构调整", "org:reorganisations", "git-merge", "org.reorganisation.view", "组织"),
    ],
)
