"""The actor: a person acting in one post, with the rights of that post. ``base.access`` builds it for each request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.core.scope import EVERYTHING, Range, Scope, system_scope
from shuzheng.kernel.errors import Denied


@dataclass(frozen=True)
class Actor:
    """Who acts, where, and what they may do.

    Attributes:
        id: of the post (person x node), or a nil UUID for the system.
        person_id, node_id, organ_id: the person, the node of the post and the organ that node belongs to.
        tier: 1 nation, 2 province, 3 prefecture, 4 county.
        division: path of the organ's division; ``33/11/`` for an organ at ``33/11/0/a/``.
        grants: for each permission the ranges of paths in which it holds.
        scope: what the actor may read and write.
        origin: address, request id and token id, for the audit trail.
    """

    id: UUID
    person_id: UUID
    name: str
    node_id: UUID
    organ_id: UUID
    organ_name: str
    post_name: str
    path: str
    organ_path: str
    division: str
    tier: int
    grants: Mapping[str, tuple[Range, ...]]
    scope: Scope
    officer: str = ""
    origin: Mapping[str, str] = field(default_factory=dict)

    def may(self, permission: str, path: str | None = None) -> bool:
        """Whether the actor holds ``permission``, at ``path`` if one is given, anywhere otherwise.

        Raises:
            UnknownName: there is no such permission.
        """
        ranges = self.grants.get(PERMISSIONS[permission].name, ())
        return bool(ranges) if path is None else any(path in r for r in ranges)

    def require(self, permission: str, path: str | None = None) -> None:
        """As ``may``, but raises ``Denied`` with the name of the missing right."""
        if not self.may(permission, path):
            raise Denied(
                gettext("缺少权限：%(right)s。") % {"right": gettext(PERMISSIONS[permission].label)}, code=permission
            )


def actor_of(request: Any) -> Actor:
    """The actor of a web request.

    Raises:
        Denied: nobody is signed in, or the person holds no post today.
    """
    if request.actor is None:
        raise Denied(gettext("当前没有有效岗位。联系本单位管理员办理任职。"))
    return request.actor


_NIL = UUID(int=0)


class _AllGrants(Mapping[str, tuple[Range, ...]]):
    """The system may do what its scope's name stands for; ``system_scope`` keeps the list of such names closed."""

    def __getitem__(self, key: str) -> tuple[Range, ...]:
        return (EVERYTHING,)

    def __iter__(self):
        return iter(PERMISSIONS)

    def __len__(self) -> int:
        return len(PERMISSIONS)


def system_actor(name: str) -> Actor:
    """The actor of a system job; the audit trail names it ``system:<name>``.

    Raises:
        UnknownName: the job is not on the closed list of system scopes.
    """
    scope = system_scope(name)
    return Actor(
        id=_NIL,
        person_id=_NIL,
        name=scope.actor,
        node_id=_NIL,
        organ_id=_NIL,
        organ_name="",
        post_name="",
        path="",
        organ_path="",
        division="",
        tier=1,
        grants=_AllGrants(),
        scope=scope,
        origin={"system": name},
    )
