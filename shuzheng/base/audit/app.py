"""Manifest of the audit trail."""

from shuzheng.base.core.manifest import AppManifest, Permission

MANIFEST = AppManifest(
    name="audit",
    label="审计",
    icon="shield-check",
    permissions=[
        Permission("audit.entry.view", "查看审计", officer="audit"),
        Permission("audit.entry.export", "导出审计", officer="audit"),
    ],
    role_permissions={"audit_officer": ["audit.entry.view", "audit.entry.export"]},
    system_scopes={"audit.seal": "chains and signs committed entries"},
)
