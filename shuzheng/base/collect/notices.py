"""What those who are asked are told: a collection waits for them, or still does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.collect.audience import posts_of
from shuzheng.base.collect.models import Asked, Collection
from shuzheng.base.core.actor import Actor
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats

texts.declare("collect.opened", _("收集表：{title}，{due} 前填写"), _("{intro}"))
texts.declare("collect.reminded", _("催填：{title}，{due} 截止"), _("还没有填写。"))


def tell(row: Collection, asked: Sequence[Asked], actor: Actor, *, template: str, key: str) -> int:
    """One notice to all of them: organs as organs, people at their posts. Returns how many."""
    organs = [a.node for a in asked if a.person_id is None]
    targets: list[Node | Post] = [*organs, *posts_of([a.person_id for a in asked if a.person_id])]
    if not targets:
        return 0
    office = row.node
    values = {"title": row.title, "due": formats.full(row.closes_at), "intro": row.intro[:500]}
    send(
        targets, actor=replace(actor, name=row.maker or office.name, organ_name=office.name), key=key, template=template,
        values=values, due=row.closes_at, link=reverse("collect:answer", args=[row.token]),
    )  # fmt: skip
    return len(targets)
