"""Who may pass on which rights, and where. The rules, all of them checked when asked and again when decided:

1. *Asking* needs ``access.grant.ask`` at the organ of the post and over the whole place where the role is to hold: nobody
   asks for something outside their own subtree.
2. The place lies within the division of the post's organ: a county's clerk does not hold a role in the province.
3. What is asked for is a role whose permissions one may *pass on*: the permissions that one's own roles hold over that
   place, and those of the roles that they are meant to hand out (``PASSES_ON``). A business administrator fills business
   roles; a system officer brings in officers and the first business administrators. Officers' roles go by name, never by
   their permissions.
4. *Deciding* needs ``access.grant.decide`` over both; it is the security officer's, who can't ask. Asker, decider and the
   person who gets the role are three persons at least two of whom differ from the decider: nobody decides on their own
   request or their own rights.
5. An officer (system, security, audit) is that and nothing else: no second officer's duty and no business role in
   overlapping time, in whatever post (domain §10.2).
6. A role that a node defined holds within that node only, and has no more than its definer may grant: permissions of
   business roles, none that belongs to an officer.

What was granted before stays when the asker's own rights end; a request that waits is checked anew when it is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.access.actors import EVERY_POST, identify_post
from shuzheng.base.access.models import Role
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import PERMISSIONS, ROLE_PERMISSIONS, ROLES
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Conflict, Denied, Invalid

BUSINESS = ("clerk", "reviewer", "leader", "business_admin")
OFFICERS = ("system_officer", "security_officer", "audit_officer")
PASSES_ON: dict[str, tuple[str, ...]] = {
    "business_admin": BUSINESS,
    "system_officer": (*OFFICERS, "business_admin"),
}
"""The shipped roles that the holder of a role may ask for others to get, beside what it holds itself."""


def permissions_of(role: Role) -> frozenset[str]:
    """What a role lets its holder do: for a shipped one what the manifests add up to, for another what it was given."""
    return frozenset(ROLE_PERMISSIONS.get(role.code, ()) if role.is_shipped else role.permissions)


def covers(actor: Actor, permission: str, path: str) -> bool:
    """Whether the actor holds ``permission`` over the whole subtree at ``path``."""
    asked = Range.subtree(path)
    return any(held.covers(asked) for held in actor.grants.get(PERMISSIONS[permission].name, ()))


def may_pass_on(actor: Actor, role: Role, at: Node) -> bool:
    """Rule 3: whether ``actor`` may ask for somebody to get ``role`` at ``at``."""
    held = _held_roles(actor, at.path)
    named = {name for code in held for name in PASSES_ON.get(code, ())}
    if role.is_shipped and role.code in named:
        return True
    if role.officer:
        return False
    spanned = {name for name, ranges in actor.grants.items() if any(r.covers(Range.subtree(at.path)) for r in ranges)}
    spanned |= {p for code in named if not ROLES[code].officer for p in ROLE_PERMISSIONS.get(code, ())}
    return permissions_of(role) <= spanned


def _held_roles(actor: Actor, path: str) -> set[str]:
    """Shipped roles that the actor's post holds today over ``path``. Asked anew: the asker's organ may be out of sight."""
    identity = identify_post(actor.id)
    asked = Range.subtree(path)
    return {code for code, at in identity.roles if at.covers(asked)} if identity is not None else set()


def grantable() -> frozenset[str]:
    """Rule 6: the permissions that a role defined by a node may have."""
    names = {name for code in (EVERY_POST, *BUSINESS) for name in ROLE_PERMISSIONS.get(code, ())}
    return frozenset(name for name in names if not PERMISSIONS[name].officer)


def check_ask(actor: Actor, post: Post, role: Role, at: Node) -> None:
    """Rules 1, 2, 3 and 6.

    Raises:
        Denied: the actor may not ask for that.
        Invalid: the role can't hold there.
    """
    actor.require("access.grant.ask", post.path)
    if not covers(actor, "access.grant.ask", at.path):
        raise Denied(_("授权范围超出了您的管辖范围。"), code="access.grant.ask")
    organ = post.node.organ or post.node
    division = organ.division or organ
    if not Range.subtree(division.path).covers(Range.subtree(at.path)):
        raise Invalid.one("at", _("授权范围应在 %s 之内。") % division.name)
    if not role.is_shipped and not Range.subtree(role.path).covers(Range.subtree(at.path)):
        raise Invalid.one("role", _("角色“%(role)s”只能在 %(node)s 内使用。") % {"role": role, "node": role.node})
    if not may_pass_on(actor, role, at):
        raise Denied(_("角色“%s”的权限超出了您可以转授的范围。") % role.name, code="access.grant.ask")


def check_decide(actor: Actor, asked_by: Post, post: Post, role: Role, at: Node) -> None:
    """Rule 4, and rules 1 to 3 once more for the asker as of now.

    Raises:
        Denied: the actor may not decide this one.
        Conflict: the asker could not ask for it any more.
    """
    actor.require("access.grant.decide", post.path)
    if not covers(actor, "access.grant.decide", at.path):
        raise Denied(_("授权范围超出了您的管辖范围。"), code="access.grant.decide")
    if actor.person_id in (asked_by.person_id, post.person_id):
        raise Denied(_("不能审批自己提出的或涉及自己的授权，由另一位安全管理员办理。"), code="access.grant.decide")
    asker = identify_post(asked_by.pk)
    if asker is None:
        raise Conflict(_("申请人已不在岗，驳回后由在岗人员重新提出。"))
    try:
        check_ask(asker.actor, post, role, at)
    except (Denied, Invalid) as fault:
        raise Conflict(_("申请人现在已无权提出此项授权：%s") % fault.message) from fault


def duties(person_id: UUID, span: DateRange, without: UUID | None = None) -> set[str]:
    """The kinds of duty that a person holds in ``span``, in whatever organ: officers' names, ``''`` for business."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_duties(%s, %s::daterange, %s)", [person_id, span, without])
        return set(cursor.fetchone()[0])


def check_separation(person: Person, role: Role, span: DateRange) -> None:
    """Rule 5. The caller holds the lock on the person (``lock_name``), so that of two grants at once the second sees the first.

    Raises:
        Invalid: the person's other duties forbid it.
    """
    held = duties(person.pk, span)
    if role.officer and held - {role.officer}:
        raise Invalid.one("role", _("%s 在此期间另有角色。三员须专人专岗，先收回其他角色。") % person)
    if not role.officer and held - {""}:
        raise Invalid.one("role", _("%s 在此期间是三员之一，不能再持有业务角色。") % person)


def lock_name(person_id: UUID) -> str:
    """The name of the lock under which a person's grants change."""
    return f"access.duty:{person_id}"


def is_officer(person_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people hold an officer's duty today or later."""
    span = DateRange(timezone.localdate(), None)
    return {pk for pk in person_ids if duties(pk, span) - {""}}
