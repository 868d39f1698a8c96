"""Verbs of roles and grants. The rules of who may do what to whom are in ``delegation``, the states in ``changes``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.access.changes import Verb, after, check_side
from shuzheng.base.access.delegation import check_ask, check_decide, check_separation, grantable, lock_name
from shuzheng.base.access.models import Grant, Role, RoleChange
from shuzheng.base.accounts.actions import overlap
from shuzheng.base.accounts.models import Post
from shuzheng.base.core import locks
from shuzheng.base.core.action import Write, action
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Conflict, Denied, FieldFault, Invalid
from shuzheng.kernel.text import fold

# Roles that a node defines


@action("access.role.change", handover=True, event="access.role.changed")
def define_roles(
    w: Write, nodes: Sequence[Node], *, code: str, name: str, permissions: Sequence[str], name_en: str = ""
) -> Sequence[Role]:
    """Define a role at each of ``nodes``, for use in its subtree; one that is there is changed.

    Raises:
        UnknownName: a permission does not exist.
        Invalid: a permission is not the definer's to grant, or the code is that of a shipped role.
    """
    allowed = grantable()
    if outside := [p for p in permissions if p not in allowed]:
        raise Invalid("", [FieldFault("permissions", _("权限 %s 不能放进自定义角色。") % p, value=p) for p in outside])
    if not fold(name) or not fold(code) or Role.objects.filter(code=code, is_shipped=True).exists():
        raise Invalid.one("code", _("写明名称，代码不能与内置角色相同。"), value=code)
    rows = []
    for node in nodes:
        values = {"name": fold(name), "name_en": name_en, "permissions": sorted(set(permissions))}
        role = Role.objects.filter(node=node, code=code).first()
        if role is None:
            division = node.path if node.kind == "division" else (node.division or node).path
            role = Role(code=code, audience=division, **values)
            role.own(node)
            w.create(role)
        else:
            w.change(role, **values)
        rows.append(role)
    return rows


# Requests


@action("access.grant.ask", handover=True, event="access.grant.asked")
def ask_grants(
    w: Write, posts: Sequence[Post], *, role: Role, at: Node, valid: DateRange, verb: str = "grant"
) -> Sequence[RoleChange]:
    """Ask for ``posts`` to get ``role`` at ``at`` (``verb="grant"``), or to lose it from ``valid.lower`` on (``"end"``).

    Callers give a ``reason``.

    Raises:
        Denied, Invalid: see ``delegation``.
    """
    if not fold(w.reason):
        raise Invalid.one("reason", _("写明理由。"))
    if valid.lower is None or (valid.upper is not None and valid.upper <= valid.lower):
        raise Invalid.one("valid", _("有效期的结束日期应晚于开始日期。"))
    rows = []
    for place, post in enumerate(posts):
        check_ask(w.actor, post, role, at)
        if verb == "grant":
            check_separation(post.person, role, valid)
        elif not _running(post, role, at, valid).exists():
            raise Invalid("", [FieldFault("role", _("%s 没有此项授权。") % post, row=place)])
        waiting = RoleChange.objects.filter(post=post, role=role, at=at, verb=verb, state=RoleChange.State.ASKED)
        if any(overlap(other.valid, valid) for other in waiting):
            raise Invalid("", [FieldFault("role", _("%s 的同一申请正在审批。") % post, row=place)])
        change = RoleChange(
            verb=verb, post=post, role=role, at=at, valid=valid, reason=fold(w.reason)[:200], asked_by_id=w.actor.id
        )
        change.node_id, change.path = post.node_id, post.path
        rows.append(change)
    w.create(*rows)
    return rows


def _running(post: Post, role: Role, at: Node, valid: DateRange) -> Any:
    return Grant.objects.filter(post=post, role=role, at=at, valid__overlap=DateRange(valid.lower, None))


@action("access.grant.decide", handover=True, event="access.grant.changed")
def decide_grants(w: Write, changes: Sequence[RoleChange], *, verdict: str, opinion: str = "") -> Sequence[RoleChange]:
    """Approve (``verdict="approve"``) or refuse (``"refuse"``) requests; rights change with the next request of the holder.

    Raises:
        Denied: the decider asked for it, or is the one who would get it, or it lies outside the subtree.
        Conflict: the request is closed, or its asker could not ask for it any more.
        Invalid: the holder's other duties forbid it.
    """
    if verdict not in ("approve", "refuse"):
        raise Invalid.one("verdict", _("只能批准或驳回。"), value=verdict)
    verb: Verb = "approve" if verdict == "approve" else "refuse"
    if verb == "refuse" and not fold(opinion):
        raise Invalid.one("opinion", _("写明驳回理由。"))
    locks.hold(*(lock_name(change.post.person_id) for change in changes))
    fresh = {c.pk: c.state for c in RoleChange.objects.filter(pk__in=[c.pk for c in changes])}
    for change in changes:
        change.state = fresh.get(change.pk, change.state)
        state = after(change, verb)
        check_side(change, verb, w.actor)
        if verb == "approve":
            check_decide(w.actor, change.asked_by, change.post, change.role, change.at)
            _carry_out(w, change)
        elif w.actor.person_id == change.post.person_id:
            raise Denied(_("不能审批涉及自己的授权，由另一位安全管理员办理。"))
        w.change(change, state=state, decided_by_id=w.actor.id, decided_at=timezone.now(), opinion=fold(opinion)[:200])
    return changes


def _carry_out(w: Write, change: RoleChange) -> None:
    if change.verb == "grant":
        check_separation(change.post.person, change.role, change.valid)
        grant = Grant(
            post=change.post, role=change.role, at=change.at, at_path=change.at.path, valid=change.valid,
            granted_by_id=w.actor.id,
        )  # fmt: skip
        grant.node_id, grant.path = change.node_id, change.path
        w.create(grant)
        w.flush()  # the next of the batch may be for the same person
        return
    running = list(_running(change.post, change.role, change.at, change.valid))
    if not running:
        raise Conflict(_("此项授权已结束。"))
    for grant in running:
        if grant.valid.lower is not None and grant.valid.lower >= change.valid.lower:
            w.delete(grant)
        else:
            w.change(grant, valid=DateRange(grant.valid.lower, change.valid.lower))


@action("access.grant.withdraw", permission="access.grant.ask", handover=True)
def withdraw_grants(w: Write, changes: Sequence[RoleChange]) -> Sequence[RoleChange]:
    """Take one's own requests back while they wait.

    Raises:
        Denied: somebody else asked.
        Conflict: it is decided.
    """
    for change in changes:
        state = after(change, "withdraw")
        check_side(change, "withdraw", w.actor)
        w.change(change, state=state, decided_at=timezone.now())
    return changes
