"""Briefs: a question answered by schedule, for each recipient in their own scope, delivered as a notice with files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.access.actors import identify_post
from shuzheng.base.accounts.models import Post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.files.actions import receive
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send
from shuzheng.base.stats import sheets
from shuzheng.base.stats.asking import ask
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.models_pages import Brief, BriefCopy
from shuzheng.base.stats.question import Answer
from shuzheng.base.stats.state import State, read
from shuzheng.kernel.errors import Invalid, Missing

MOST = 200
"""Recipients of one brief."""

texts.declare(
    "stats.brief.delivered",
    gettext_lazy("统计简报：{name}（{day}）"),
    gettext_lazy("{sender}的定期简报，按本岗位的范围计算。附 Excel 和 PDF。"),
)


def next_day(every: str, after: date) -> date:
    """The first day of a rhythm after ``after``: a Monday, the first of a month, the first of a quarter."""
    if every == Brief.Every.WEEK:
        return after + timedelta(days=7 - after.weekday())
    month = after.month % 12 + 1 if every == Brief.Every.MONTH else ((after.month - 1) // 3 * 3 + 3) % 12 + 1
    return date(after.year + (month <= after.month), month, 1)


@action("stats.brief.set")
def set_briefs(w: Write, briefs: Sequence[Brief], **values: Any) -> Sequence[Brief]:
    """Make briefs, or change them (``values``).

    Raises:
        Invalid: nobody to send to, or too many.
    """
    for brief in briefs:
        if brief._state.adding:
            w.create(brief)
        else:
            w.change(brief, **values)
        if not brief.posts or len(brief.posts) > MOST:
            raise Invalid.one("posts", _("收件岗位要有 1 到 %(n)d 个。") % {"n": MOST})
    return briefs


@action("stats.brief.remove", permission="stats.brief.set")
def remove_briefs(w: Write, briefs: Sequence[Brief]) -> Sequence[Brief]:
    """No more copies are made; those that were delivered stay."""
    w.delete(*briefs)
    return briefs


@action("stats.brief.deliver", system_only=True)
def keep_copies(w: Write, copies: Sequence[BriefCopy]) -> Sequence[BriefCopy]:
    """Lay copies into the organs of their recipients."""
    w.create(*copies)
    return copies


def answer_of(brief_query: str, reader: Actor) -> tuple[State, Answer]:
    """What a saved question says in a reader's scope. Raises as ``ask``."""
    offers = catalogue(scope=reader.scope)
    state = read(QueryDict(brief_query), offers, reader)
    if state.at and not reader.scope.may_read("reporting", state.at):
        state = replace(state, at=None)  # the maker's place: each recipient sees their own
    return state, ask(state.question(offers.periods), scope=reader.scope)


def run(actor: Actor, today: date) -> int:
    """Deliver every brief that is due; returns how many copies were made. Broken off, the next run makes the missing ones."""
    with actor.scope.activate():
        due = list(Brief.objects.filter(is_active=True, next_on__lte=today).select_related("node").order_by("pk"))
    count = 0
    for brief in due:
        count += sum(deliver(brief, post, brief.next_on, actor) for post in brief.posts)
        with actor.scope.activate():
            Brief.objects.filter(pk=brief.pk).update(next_on=next_day(brief.every, today))
    return count


def deliver(brief: Brief, post_id: UUID, day: date, actor: Actor) -> bool:
    """One recipient's copy with its files and notice; False if it was made before, or the post is not held or may not look."""
    with actor.scope.activate():
        if BriefCopy.objects.filter(brief_id=brief.pk, day=day, post_id=post_id).exists():
            return False
        identity = identify_post(post_id)
    if identity is None or not identity.actor.may("stats.indicator.view"):
        return False
    reader = identity.actor
    try:
        with reader.scope.activate():
            state, answer = answer_of(brief.query, reader)
    except (Missing, Invalid):  # an indicator was retired, or can't be told so: nothing to send, and the list says so
        return False
    with actor.scope.activate():
        post = Post.objects.select_related("node").get(pk=post_id)
        copy = BriefCopy(
            brief_id=brief.pk, day=day, post_id=post_id, name=brief.name, query=state.query(), sender=brief.node.name,
            table=sheets.texts(answer, state.across), as_of=answer.as_of,
        )  # fmt: skip
        copy.node_id, copy.path = reader.organ_id, reader.organ_path
        keep_copies([copy], actor=actor)
        files = {
            "xlsx": sheets.xlsx(answer, brief.name, state.across),
            "pdf": sheets.pdf(answer, brief.name, state.across, reader.organ_name),
        }
        for ending, content in files.items():
            receive(copy, f"{brief.name} {day:%Y-%m-%d}.{ending}", io.BytesIO(content), actor=actor)
        speaker = replace(actor, name=brief.node.name, organ_name=brief.node.name)
        send(
            [post], actor=speaker, key=f"brief:{copy.pk.hex}", template="stats.brief.delivered",
            values={"name": brief.name, "day": f"{day:%Y-%m-%d}", "sender": brief.node.name},
            link=reverse("stats:brief_copy", args=[copy.pk]),
        )  # fmt: skip
    return True
