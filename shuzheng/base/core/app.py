"""Manifest of the core: what every deployment has."""

from shuzheng.base.core.manifest import AppManifest, BusinessLine

MANIFEST = AppManifest(
    name="core",
    label="平台底座",
    lines=[
        BusinessLine("general", "综合"),
        BusinessLine("org", "机构编制"),
        BusinessLine("audit", "审计"),
    ],
    system_scopes={
        "demo.load": "loads the demo nation into an empty database",
        "core.keys": "re-encrypts sensitive texts of all organs when the data key changes",
    },
    unscoped={
        "core_actionkey": "idempotency keys: random keys and record ids, no content",
        "core_datakey": "data keys, wrapped by a key that the database does not hold",
        "django_content_type": "names of models",
        "django_session": "sessions, needed before a scope is known; found by secret key only",
        "auth_permission": "Django's own names; rights are decided in base.access",
        "auth_group": "unused",
        "auth_group_permissions": "unused",
        "django_migrations": "schema history",
    },
)
