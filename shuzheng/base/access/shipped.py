"""Keeping the roles in the database in step with the roles that the installed apps ship."""

from __future__ import annotations

from collections.abc import Sequence

from shuzheng.base.access.models import Role
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import ROLE_PERMISSIONS, ROLES
from shuzheng.base.org.models import Node

ENGLISH = {
    "staff": "Staff",
    "clerk": "Clerk",
    "reviewer": "Reviewer",
    "leader": "Head",
    "business_admin": "Business administrator",
    "system_officer": "System officer",
    "security_officer": "Security officer",
    "audit_officer": "Audit officer",
}


@action("access.role.sync", system_only=True)
def _sync(w: Write, roots: Sequence[Node]) -> Sequence[Role]:
    known = {role.code: role for role in Role.objects.filter(is_shipped=True)}
    rows = []
    for root in roots:
        for code, spec in ROLES.items():
            values = {
                "name": spec.label,
                "name_en": ENGLISH.get(code, ""),
                "officer": spec.officer,
                # A copy for reading: what counts is what the manifests say when a right is asked about.
                "permissions": sorted(ROLE_PERMISSIONS.get(code, ())),
            }
            role = known.get(code)
            if role is None:
                role = Role(code=code, is_shipped=True, audience="", **values)
                role.own(root)
                w.create(role)
                rows.append(role)
            elif w.change(role, **values):
                rows.append(role)
    return rows


def sync_roles(actor: Actor) -> Sequence[Role]:
    """Create the shipped roles that are missing and bring the others up to date; returns those that changed.

    Called by ``shuzheng init``, ``demo`` and ``upgrade``. ``actor`` is a system actor; its scope may be active already.

    Raises:
        Node.DoesNotExist: there is no root node yet.
    """
    with actor.scope.activate():
        root = Node.objects.get(path="")
        return list(_sync([root], actor=actor))
