"""What people are told about cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.flows.models import Definition
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send

texts.declare("flows.waits", _("等你办：{title}（{step}）"), _("{starter} 发起。"))
texts.declare("flows.read", _("请阅：{title}"), _("{starter} 发起。"))
texts.declare("flows.urged", _("催办：{title}（{step}）"), _("{starter} 催办。"))
texts.declare("flows.done", _("已通过：{title}"))
texts.declare("flows.refused", _("未通过：{title}"))
texts.declare("flows.revoked", _("已撤销：{title}"))
texts.declare("flows.ended", _("已终止：{title}"))
texts.declare(
    "flows.standard", _("业务流程规范“{title}”已有第 {edition} 版，本单位采用的是第 {before} 版"), _("改动：{changes}")
)
LONGEST = 300
"""Characters of what is told of a standard's changes; the page that the notice leads to has all of them."""


def tell(
    post: Post,
    actor: Actor,
    case_id: UUID | None,
    name: str,
    values: dict[str, Any],
    *,
    key: str,
    due: datetime | None = None,
) -> None:
    """One notice to one post, with the way to the case. The same key twice is one notice."""
    send(
        [post], actor=actor, key=key, template=name, values=values, due=due,
        link=reverse("flows:case", args=[case_id]),
    )  # fmt: skip


def tell_of_standard(
    posts: Sequence[Post], actor: Actor, row: Definition, adopted: Definition, changes: Sequence[str]
) -> None:
    """That a standard has gone on, with the way to the comparison."""
    before = adopted.standard
    if before is None:
        return
    said = "；".join(changes)
    values = {
        "title": row.name, "edition": row.edition, "before": before.edition,
        "changes": said if len(said) <= LONGEST else f"{said[:LONGEST]}…",
    }  # fmt: skip
    send(
        posts, actor=actor, key=f"flows.standard:{row.pk.hex[:16]}:{adopted.pk.hex[-12:]}", template="flows.standard", values=values,
        link=reverse("flows:standard_compare", args=[before.pk, row.pk]),
    )  # fmt: skip
