"""Verbs of notices: sending, reading, reminding, choosing channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import Range
from shuzheng.base.notify import texts
from shuzheng.base.notify.channels import CHANNELS
from shuzheng.base.notify.models import Notice, Preference, Receipt
from shuzheng.base.notify.receipts import spread_posts, tell
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.ids import uuid7

INLINE = 500
"""Addressees that are written in the sender's own transaction; more are left to a job."""


@action("notify.notice.send", handover=True, event="notify.notice.sent")
def send(
    w: Write,
    targets: Sequence[Any],
    *,
    title: str = "",
    body: str = "",
    link: str = "",
    must_read: bool = False,
    due: datetime | None = None,
    template: str = "",
    values: dict[str, Any] | None = None,
    nodes: Sequence[UUID] | None = None,
) -> Sequence[Notice]:
    """Send one notice to ``targets``: posts, organs, departments; or divisions, which stand for all organs below them.

    The sender's right must reach every target. What a system event tells somebody above (a submission came in) is sent
    under ``system_actor("notify.deliver")``.

    Args:
        body: plain text.
        template, values: a text of ``notify.texts`` in place of ``title`` and ``body``.
        nodes: only these organs among those below the divisions in ``targets``.

    Returns:
        the notice, in a list.

    Raises:
        Invalid: no title, or nobody to address.
    """
    from shuzheng.base.notify.jobs import push, spread

    if template:
        title, body = texts.fill(template, values or {})
    if not title.strip():
        raise Invalid.one("title", _("请填写标题。"))
    if not targets:
        raise Invalid.one("targets", _("请选择发给谁。"))
    actor = w.actor
    notice = Notice(
        id=uuid7(), title=title[:120], body=body, link=link, must_read=must_read, due=due, template=template,
        values=plain(values or {}), sender_name=actor.name, sender_organ=actor.organ_name,
    )  # fmt: skip
    notice.case_id = notice.id
    # A notice of the system stands with its first addressee.
    home = (actor.organ_id, actor.organ_path) if actor.organ_id.int else (_node_id(targets[0]), targets[0].path)
    notice.node_id, notice.path = home
    posts = [t for t in targets if isinstance(t, Post)]
    organs = [t for t in targets if isinstance(t, Node) and t.kind != NodeKind.DIVISION]
    below = _below([t for t in targets if isinstance(t, Node) and t.kind == NodeKind.DIVISION], nodes)
    many = below.count() if below is not None else 0
    notice.addressees = len(posts) + len(organs) + many
    if not notice.addressees:
        raise Invalid.one("targets", _("所选范围内没有单位。"))
    w.create(notice)
    w.flush()
    spread_posts(notice, posts)
    tell(notice, [*organs, *(below if below is not None and many <= INLINE else ())])
    if many > INLINE:
        ids = [str(n) for n in nodes] if nodes is not None else None
        divisions = [t.path for t in targets if isinstance(t, Node) and t.kind == NodeKind.DIVISION]
        spread.later(notice_id=str(notice.id), paths=divisions, nodes=ids)
    else:
        push.later(notice_id=str(notice.id))
    w.note(notice, after={"addressees": notice.addressees, "targets": [str(t.pk) for t in targets[:50]]})
    w.payload = {"must_read": must_read, "addressees": notice.addressees}
    return [notice]


def _node_id(target: Any) -> UUID:
    found: UUID = target.pk if isinstance(target, Node) else target.node_id
    return found


def _below(divisions: Sequence[Node], nodes: Sequence[UUID] | None) -> QuerySet[Node] | None:
    return organs_below([d.path for d in divisions], nodes) if divisions else None


def organs_below(paths: Sequence[str], nodes: Sequence[UUID] | None = None) -> QuerySet[Node]:
    """Organs that exist today at and below the divisions ``paths``; only ``nodes`` of them, if given."""
    from django.db.models import Q

    ranges = [Range.subtree(path) for path in paths]
    inside = Q()
    for item in ranges:
        inside |= Q(path__gte=item.lo, path__lt=item.hi)
    found = Node.objects.filter(inside, kind=NodeKind.ORGAN, valid_to=None)
    return found if nodes is None else found.filter(pk__in=list(nodes))


@action("notify.notice.read", permission="", event="notify.notice.read")
def mark_read(w: Write, receipts: Sequence[Receipt]) -> Sequence[Receipt]:
    """Note that the actor has read them. For an organ's receipt, that the organ has. Read ones stay as they are."""
    now, fresh = timezone.now(), []
    for receipt in receipts:
        if receipt.read_at is None and receipt.post_id in (None, w.actor.id):
            w.change(receipt, read_at=now, read_by=w.actor.name)
            fresh.append(receipt)
    return fresh


@action("notify.notice.remind")
def remind(w: Write, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Bring notices once more to those who have not read them.

    Raises:
        Invalid: one was brought to them less than an hour ago.
    """
    from shuzheng.base.notify.jobs import push

    now = timezone.now()
    for notice in notices:
        if notice.reminded_at and (now - notice.reminded_at).total_seconds() < 3600:
            raise Invalid(_("一小时内已催阅过，请稍后再催。"))
        w.change(notice, reminded_at=now)
        push.later(notice_id=str(notice.id), reminder=True)
    return notices


@action("notify.preference.save", permission="")
def save_preference(w: Write, preferences: Sequence[Preference], *, channels: Sequence[str]) -> Sequence[Preference]:
    """Choose by which channels to hear of notices beside the portal.

    Raises:
        Invalid: there is no such channel.
    """
    if unknown := [name for name in channels if name not in CHANNELS]:
        raise Invalid(faults=[FieldFault("channels", _("没有这个渠道：{name}").format(name=name)) for name in unknown])
    for row in preferences:
        if row._state.adding:
            row.channels = list(channels)
            w.create(row)
        else:
            w.change(row, channels=list(channels))
    return preferences
