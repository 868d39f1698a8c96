"""Manifest of the audit trail."""

from shuzheng.base.core.manifest import AppManifest, MenuEntry, Permission

MANIFEST = AppManifest(
    name="audit",
    label="审计",
    icon="shield-check",
    board="admin",
    order=6,
    permissions=[
        Permission("audit.entry.view", "查看审计", officer="audit"),
        Permission("audit.entry.export", "导出审计", officer="audit"),
    ],
    role_permissions={"audit_officer": ["audit.entry.view", "audit.entry.export"]},
    system_scopes={
        "audit.seal": "chains and signs committed entries",
        "audit.verify": "reads the whole trail to verify it",
    },
    menu=[MenuEntry("审计记录", "audit:entries", "shield-check", "audit.entry.view", "安全")],
    unscoped={
        "audit_link": "digests only; insert-only",
        "audit_sealing": "a transaction number: how far the sealer has looked",
    },
)
