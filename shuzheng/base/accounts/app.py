"""Manifest of people, posts and sign-in."""

from shuzheng.base.core.manifest import AppManifest, EventType, Permission

MANIFEST = AppManifest(
    name="accounts",
    label="人员与账号",
    icon="users",
    permissions=[
        Permission("accounts.person.view", "查看人员"),
        Permission("accounts.person.create", "登记人员"),
        Permission("accounts.person.change", "修改人员"),
        Permission("accounts.person.import", "导入人员"),
        Permission("accounts.contact.view", "查看联系方式"),
        Permission("accounts.contact.unmask", "查看完整联系方式"),
        Permission("accounts.contact.change", "修改联系方式"),
        Permission("accounts.post.create", "任职"),
        Permission("accounts.post.change", "调整任职"),
        Permission("accounts.account.create", "开通账号", officer="system"),
        Permission("accounts.account.change", "停用和启用账号", officer="system"),
        Permission("accounts.account.signout", "强制下线", officer="system"),
    ],
    events=[
        EventType("accounts.person.changed", "人员已变动"),
        EventType("accounts.post.changed", "任职已变动"),
        EventType("accounts.account.changed", "账号已变动"),
    ],
    system_scopes={"accounts.signin": "finds the person and posts of an account that signs in"},
    handovers=dict.fromkeys(
        (
            "accounts.person.create",
            "accounts.person.change",
            "accounts.person.import",
            "accounts.contact.change",
            "accounts.post.create",
            "accounts.post.change",
        ),
        "an authority keeps the people of the organs below it",
    ),
    role_permissions={
        "staff": ["accounts.person.view"],
        "clerk": ["accounts.contact.view"],
        "reviewer": ["accounts.contact.view"],
        "business_admin": [
            "accounts.person.create",
            "accounts.person.change",
            "accounts.person.import",
            "accounts.contact.view",
            "accounts.contact.unmask",
            "accounts.contact.change",
            "accounts.post.create",
            "accounts.post.change",
        ],
        "system_officer": ["accounts.account.create", "accounts.account.change", "accounts.account.signout"],
    },
    unscoped={"accounts_account": "found by name or id before a scope is known; the person behind it is scoped"},
)
