"""Verbs of quick collections. Pages, the API and jobs call these and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.collect.audience import Target
from shuzheng.base.collect.models import Answer, Asked, Collection, new_token
from shuzheng.base.collect.questions import PERSONAL, load
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.locks import hold
from shuzheng.kernel.errors import FieldFault, Invalid

State, Audience, Per = Collection.State, Collection.Audience, Collection.Per

KEPT_DAYS = 180
"""How long answers are kept after the closing day unless somebody says otherwise; at most three years."""
MOST_KEPT_DAYS = 3 * 366
BETWEEN_REMINDERS = timedelta(hours=1)
FIELDS = (
    "title", "intro", "questions", "audience", "names", "per", "closes_at", "is_anonymous", "may_edit", "max_answers",
    "purpose", "keep_until", "once",
)  # fmt: skip


@action("collect.collection.save")
def save_collections(w: Write, collections: Sequence[Collection], **values: Any) -> Sequence[Collection]:
    """Make or change a collection. Once it is open, only title, explanation, closing time and limits may change.

    Raises:
        Invalid: what was asked of somebody would change under their hands, or a rule of the fields is broken.
    """
    for row in collections:
        if row._state.adding:
            for name, value in values.items():
                setattr(row, name, value)
            row.maker = w.actor.name
            _check(row)
            w.create(row)
            continue
        frozen = {"questions", "audience", "names", "per", "is_anonymous"} if row.state != State.DRAFT else set()
        if any(name in frozen and getattr(row, name) != value for name, value in values.items()):
            raise Invalid(_("已经发出，问题、对象和匿名方式不能再改。复制一份再改。"))
        w.change(row, **values)
        _check(row)
    return collections


def _check(row: Collection) -> None:
    faults = []
    if not row.title.strip():
        faults.append(FieldFault("title", _("写上标题。")))
    if row.closes_at <= timezone.now() and row.state != State.CLOSED:
        faults.append(FieldFault("closes_at", _("截止时间要晚于现在。")))
    last = timezone.localtime(row.closes_at).date()
    if not last <= row.keep_until <= last + timedelta(days=MOST_KEPT_DAYS):
        faults.append(FieldFault("keep_until", _("答卷保存到截止之后，最长三年。")))
    if row.audience == Audience.OPEN and row.per != Per.ANY:
        faults.append(FieldFault("per", _("不登录的人分不出是谁，份数只能不限。")))
    if row.audience in (Audience.LEVEL, Audience.BELOW) and row.per == Per.PERSON:
        faults.append(FieldFault("per", _("发给单位的，每单位一份或不限份数。")))
    if row.is_anonymous and row.per == Per.ORGAN:
        faults.append(FieldFault("is_anonymous", _("每单位一份的答卷能看出是哪家，不能匿名。")))
    if any(q.kind in PERSONAL for q in load(row.questions)) and not row.purpose.strip():
        faults.append(FieldFault("purpose", _("收电话或文件属于个人信息，写明收集目的。")))
    if row.is_anonymous and any(q.kind == "phone" for q in load(row.questions)):
        faults.append(FieldFault("is_anonymous", _("问电话就不是匿名，去掉一样。")))
    if faults:
        raise Invalid(_("收集表还没写完。"), faults)


@action("collect.collection.open", handover=True, event="collect.collection.opened")
def open_collections(w: Write, targets: Sequence[Target | Collection], *, collection: Collection) -> list[Collection]:
    """Ask ``targets`` (organs and people with the right to be asked; none for a collection by link). Notices follow the event.

    Raises:
        Invalid: it is open already, empty, or its closing time has passed.
    """
    if collection.state != State.DRAFT:
        raise Invalid(_("这份收集表已经发出。"))
    if collection.audience == Audience.OPEN:
        w.actor.require("collect.collection.public", collection.path)
    _check(collection)
    if not load(collection.questions):
        raise Invalid.one("questions", _("至少写一个问题。"))
    rows = []
    for target in targets:
        if isinstance(target, Target):
            row = Asked(
                collection=collection, case_id=collection.pk, name=target.name,
                person_id=target.person.pk if target.person else None,
            )  # fmt: skip
            row.own(target.node)
            rows.append(row)
    w.change(collection, state=State.OPEN, asked=len(rows), opened_at=timezone.now())
    w.flush()
    insert_many(rows)  # one entry in the trail for all of them: who was asked is the collection's own fact
    w.note(collection, after={"asked": len(rows), "names": [r.name for r in rows[:50]]})
    return [collection]


@action("collect.collection.close", event="collect.collection.closed")
def close(w: Write, collections: Sequence[Collection]) -> Sequence[Collection]:
    """End collections: nothing more is taken, also of those who are typing."""
    for row in collections:
        hold(f"collect:{row.pk}")
        if row.state != State.OPEN:
            raise Invalid(_("“%(title)s”不在收集中。") % {"title": row.title})
        w.change(row, state=State.CLOSED)
    return collections


@action("collect.collection.reopen", permission="collect.collection.close")
def reopen(w: Write, collections: Sequence[Collection], *, closes_at: datetime) -> Sequence[Collection]:
    """Take answers again until ``closes_at``.

    Raises:
        Invalid: the time has passed, it is open anyway, or its answers were deleted.
    """
    for row in collections:
        if row.purged_at is not None:
            raise Invalid(_("“%(title)s”的答卷已到期删除，复制一份新的。") % {"title": row.title})
        if row.state == State.DRAFT or row.is_taking:
            raise Invalid(_("“%(title)s”现在不用重开。") % {"title": row.title})
        if closes_at <= timezone.now():
            raise Invalid.one("closes_at", _("截止时间要晚于现在。"))
        last = timezone.localtime(closes_at).date()
        w.change(row, state=State.OPEN, closes_at=closes_at, keep_until=max(row.keep_until, last))
    return collections


@action("collect.collection.relink", permission="collect.collection.save")
def relink(w: Write, collections: Sequence[Collection]) -> Sequence[Collection]:
    """Give a collection another link; the old one opens nothing from now on."""
    for row in collections:
        w.change(row, token=new_token())
    return collections


@action("collect.collection.remind", event="collect.collection.reminded")
def remind(w: Write, collections: Sequence[Collection]) -> Sequence[Collection]:
    """Remind those who have not answered; notices follow the event.

    Raises:
        Invalid: nobody is asked by name, it takes no answers, or it was reminded less than an hour ago.
    """
    now = timezone.now()
    for row in collections:
        if not row.is_taking or not row.names_the_asked:
            raise Invalid(_("“%(title)s”没有可催的对象。") % {"title": row.title})
        if row.reminded_at and now - row.reminded_at < BETWEEN_REMINDERS:
            raise Invalid(_("一小时内已催过。"))
        w.change(row, reminded_at=now)
    return collections


@action("collect.collection.delete", permission="collect.collection.save")
def delete(w: Write, collections: Sequence[Collection]) -> Sequence[Collection]:
    """Delete drafts.

    Raises:
        Invalid: one was sent out: it is closed, and its answers go on the day until which they are kept.
    """
    for row in collections:
        if row.state != State.DRAFT:
            raise Invalid(_("“%(title)s”已经发出，不能删除，可以结束。") % {"title": row.title})
        w.delete(row)
    return collections


@action("collect.answer.export")
def note_export(w: Write, collections: Sequence[Collection], *, what: str, rows: int) -> Sequence[Collection]:
    """Put in the trail that answers left the platform, phone numbers in clear among them."""
    for row in collections:
        w.note(row, after={"what": what, "rows": rows})
    return collections


@action("collect.answer.purge", system_only=True)
def purge(w: Write, collections: Sequence[Collection]) -> Sequence[Collection]:
    """Delete the answers of collections past ``keep_until``; what was asked, and how many answered, stays."""
    for row in collections:
        count = Answer.objects.filter(collection=row).count()
        Answer.objects.filter(collection=row).delete()
        Asked.objects.filter(collection=row).delete()
        state = State.CLOSED if row.state == State.OPEN else row.state
        w.change(row, state=state, purged_at=timezone.now(), names="")
        w.note(row, after={"answers": count})
    return collections


def usual_keeping(closes_at: datetime) -> Any:
    """The day until which answers are kept unless somebody says otherwise."""
    return timezone.localtime(closes_at).date() + timedelta(days=KEPT_DAYS)


def evening(days: int) -> datetime:
    """Six in the evening in so many days."""
    return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=days), time(18)))


__all__ = [
    "close",
    "delete",
    "evening",
    "note_export",
    "open_collections",
    "purge",
    "relink",
    "remind",
    "reopen",
    "save_collections",
    "usual_keeping",
]
