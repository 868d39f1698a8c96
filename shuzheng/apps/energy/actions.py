"""The verbs of the register of institutions and of the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.energy.models import PARTS, Member, Month
from shuzheng.base.audit.labels import LABELS
from shuzheng.base.core.action import Write, action
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import FieldFault, Invalid


def check_members(members: Sequence[Member]) -> None:
    """Only organs are institutions, each once at a time, and not before they existed.

    Raises:
        Invalid: one is not; ``row`` of a fault counts from 0 in ``members``.
    """
    faults = []
    others = list(Member.objects.filter(node__in=[m.node_id for m in members]).exclude(pk__in=[m.pk for m in members]))
    for number, member in enumerate(members):
        if member.node.kind != NodeKind.ORGAN:
            faults.append(FieldFault("node", _("只有机关单位能列入名录。"), row=number, value=str(member.node)))
        elif member.since < member.node.valid_from:
            said = _("纳入日期早于机构启用日期 %(day)s。") % {"day": member.node.valid_from}
            faults.append(FieldFault("since", said, row=number, value=str(member.since)))
        for other in others:
            meets = (other.until is None or other.until > member.since) and (
                member.until is None or member.until > other.since
            )
            if other.node_id == member.node_id and meets:
                said = _("自 %(day)s 起已在名录中。") % {"day": other.since}
                faults.append(FieldFault("since", said, row=number, value=str(member.node)))
    if faults:
        raise Invalid(faults=faults)


@action("energy.member.create", handover=True, event="energy.member.created")
def enter_members(w: Write, members: Sequence[Member], *, content: str = "") -> Sequence[Member]:
    """Enter institutions into the register (纳入名录): from ``since`` on they are asked to report.

    ``content`` is the digest of the values that the register kit sends along.
    """
    check_members(members)
    w.create(*members)
    _list(w, [m.node for m in members], True)
    return members


@action("energy.member.leave", handover=True, event="energy.member.left")
def leave_members(w: Write, members: Sequence[Member], *, on: date, why: str) -> Sequence[Member]:
    """Take institutions off the register from ``on``, though they go on existing; periods up to then stay theirs.

    Raises:
        Invalid: one has left already, or ``on`` is not after the day it entered.
    """
    for member in members:
        if member.until is not None:
            raise Invalid(_("“%(name)s”已不在名录中。") % {"name": member})
        if on <= member.since:
            raise Invalid.one("on", _("退出日期应晚于纳入日期 %(day)s。") % {"day": member.since})
        w.change(member, until=on, state=Member.State.LEFT, basis=(why.strip() or member.basis)[:200])
    _list(w, [m.node for m in members], False)
    return members


@action("energy.member.end", system_only=True)
def end_members(w: Write, members: Sequence[Member], *, ends: Mapping[str, Sequence[Any]]) -> Sequence[Member]:
    """End lines of institutions that the tree has ended: ``ends`` has day, state and successor by the line's id."""
    for member in members:
        until, state, successor = ends[str(member.pk)]
        w.change(member, until=until, state=state, successor_id=successor)
    return members


def _list(w: Write, nodes: Sequence[Node], listed: bool) -> None:
    """The tree keeps who is on the register today, for every form."""
    for node in nodes:
        if node.is_reporting != listed:
            w.change(node, is_reporting=listed, version=node.version + 1)


def check_months(months: Sequence[Month]) -> None:
    """A month begins on its first day, and no part exceeds its whole.

    Raises:
        Invalid: ``row`` of a fault counts from 0 in ``months``.
    """
    faults = []
    for number, row in enumerate(months):
        row.month = row.month.replace(day=1)
        for part, whole in PARTS.items():
            if (getattr(row, part) or 0) > (getattr(row, whole) or 0):
                names = {
                    "part": Month._meta.get_field(part).verbose_name,
                    "whole": Month._meta.get_field(whole).verbose_name,
                }
                faults.append(FieldFault(part, _("%(part)s大于%(whole)s。") % names, row=number))
    if faults:
        raise Invalid(faults=faults)


LABELS["energy.member.end"] = gettext_lazy("名录条目到期")
