"""The door: who comes in by a collection's link, and what they leave behind.

The token finds the collection under the system scope ``collect.door``; then its audience says who may answer. A named answer is
written by the person (handed over to the office that asks). An answer without a name is written by the system: with the day
only, under a random id, and neither the trail nor the event says whose it was or what was in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.collect.models import Answer, Asked, Collection, Value
from shuzheng.base.collect.questions import Given, Question, answers, load
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.keys import decrypt
from shuzheng.base.core.locks import hold
from shuzheng.base.files.actions import blocked_words, receive
from shuzheng.base.files.actions import remove as remove_files
from shuzheng.base.files.models import Attachment, Block
from shuzheng.base.notify.receipts import wake
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Conflict, Denied, FieldFault, Invalid, Missing

Audience, Per = Collection.Audience, Collection.Per
FILE_MB = 20
"""Largest file of an answer, in megabytes; of people who are not signed in half of it."""


class SignInFirst(Denied):
    """The collection is for people who are signed in."""


@dataclass(frozen=True)
class Guest:
    """Somebody at the door who was let in: the collection, and their answer if they may see it again."""

    collection: Collection
    actor: Actor | None
    questions: tuple[Question, ...]
    asked: Asked | None = None
    answer: Answer | None = None

    @property
    def is_done(self) -> bool:
        """Whether they answered and have no second answer to give."""
        if self.collection.per == Per.ANY:
            return False
        return self.answer is not None or bool(self.asked and self.asked.is_answered)

    @property
    def may_edit(self) -> bool:
        return self.answer is not None and self.collection.is_taking and self.collection.may_edit


def system(collection: Collection | None = None) -> Actor:
    """The door's own actor, standing where the asking office stands."""
    actor = system_actor("collect.door")
    if collection is None:
        return actor
    return replace(actor, organ_id=collection.node_id, organ_path=collection.path)


def come_in(token: str, actor: Actor | None) -> Guest:
    """Let somebody in.

    Raises:
        Missing: no collection has this token (any more), or it is not open yet.
        SignInFirst: one has to be signed in for it.
        Denied: it asks others.
    """
    with system().scope.activate():
        row = Collection.objects.select_related("node").filter(token=token[:64]).first()
        if row is None or row.state == Collection.State.DRAFT:
            raise Missing(_("没有这份收集表，链接可能不全或已换新。"))
        if row.audience != Audience.OPEN and actor is None:
            raise SignInFirst(_("先登录，再填写。"))
        asked = _asked(row, actor) if actor and row.audience != Audience.OPEN else None
        if row.names_the_asked and asked is None:
            raise Denied(_("这份收集表没有发给你或你的单位。"))
        answer = None
        if row.is_named and row.per != Per.ANY and actor is not None:
            answer = Answer.objects.filter(collection=row, respondent=respondent(row, actor, "")).first()
        return Guest(row, actor, load(row.questions), asked, answer)


def _asked(row: Collection, actor: Actor) -> Asked | None:
    rows = list(Asked.objects.filter(collection=row, node_id=actor.organ_id))
    mine = [a for a in rows if a.person_id == actor.person_id]
    return next(iter(mine), next((a for a in rows if a.person_id is None), None))


def respondent(row: Collection, actor: Actor | None, ticket: str) -> str:
    """What tells whose an answer is."""
    if actor is None or not row.is_named or row.per == Per.ANY:
        return f"t:{ticket}"
    return f"o:{actor.organ_id}" if row.per == Per.ORGAN else f"p:{actor.person_id}"


def held(guest: Guest) -> dict[str, list[str]]:
    """The values of the guest's own answer, or what the register of institutions knows of their organ."""
    with system().scope.activate():
        if guest.answer is not None:
            return values_of([guest.answer])[guest.answer.pk]
    wanted = {q.code: q.prefill for q in guest.questions if q.prefill}
    if not wanted or guest.actor is None:
        return {}
    profile = OrganProfile.objects.filter(node_id=guest.actor.organ_id).values(*wanted.values()).first() or {}
    return {code: [f"{profile[fact]:f}" if hasattr(profile[fact], "quantize") else str(profile[fact])]
            for code, fact in wanted.items() if profile.get(fact)}  # fmt: skip


def values_of(rows: Sequence[Answer], *, clear: bool = True) -> dict[UUID, dict[str, list[str]]]:
    """Values by answer and code, as text; phone numbers in clear or masked."""
    found: dict[UUID, dict[str, list[str]]] = {row.pk: {} for row in rows}
    sealed = Value._meta.get_field("sealed")
    for value in Value.objects.filter(answer__in=list(found)).order_by("pk"):
        if value.sealed:
            text = decrypt(value.sealed) if clear else sealed.masked(value)  # type: ignore[attr-defined]
        elif value.number is not None:
            text = f"{value.number.normalize():f}"
        else:
            text = value.day.isoformat() if value.day else value.text
        found[value.answer_id].setdefault(value.code, []).append(text)
    return found


@dataclass(frozen=True)
class Sent:
    """What came of sending an answer: the collection, the answer, and what to say of files that were stopped."""

    answer: Answer
    is_fresh: bool
    stopped: tuple[str, ...] = ()


def send(
    guest: Guest, values: Mapping[str, Sequence[str]], files: Mapping[str, Any], *, ticket: str, version: int = 0
) -> Sent:
    """Take an answer, or the change of one. The same ticket twice is one answer.

    Raises:
        Invalid: a question is answered wrong, a file is too large or none that is allowed, or it is closed or full.
        Conflict: a colleague answered for the organ, or changed the answer, in between; carries theirs.
        Denied: the person answered already and may not change it.
    """
    row = guest.collection
    there = frozenset(files) | frozenset((guest.answer.files if guest.answer else {}) or ())
    given = answers(guest.questions, values, there)
    _weigh(guest, files)
    actor = guest.actor if row.is_named and guest.actor is not None else system(row)
    with transaction.atomic():
        with system().scope.activate():
            known = Answer.objects.filter(collection=row, ticket=ticket).first()
        if known is not None:
            return Sent(known, is_fresh=False)
        submit([row], actor=actor, given=given, ticket=ticket, version=version, who=guest.actor)
        with system().scope.activate():
            answer = Answer.objects.get(collection=row, ticket=ticket)
            stopped = _attach(guest, answer, files)
            wake([row.node_id])
    return Sent(answer, is_fresh=True, stopped=tuple(stopped))


def _weigh(guest: Guest, files: Mapping[str, Any]) -> None:
    limit = FILE_MB if guest.actor else FILE_MB // 2
    faults = [
        FieldFault(code, _("文件超过 %(n)d MB。") % {"n": limit})
        for code, file in files.items() if file.size > limit * 1024 * 1024
    ]  # fmt: skip
    if faults:
        raise Invalid(_("有 %(n)d 题要改。") % {"n": len(faults)}, faults)


def _attach(guest: Guest, answer: Answer, files: Mapping[str, Any]) -> list[str]:
    """Attach each file to the answer; one takes the place of the one before. Returns what to say of those that were stopped."""
    stopped, kept = [], dict(answer.files)
    wanted = {q.code for q in guest.questions if q.kind == "file"}
    actor = replace(system(guest.collection), name=answer.by or _("匿名"))
    for code in sorted(wanted & set(files)):
        try:
            found = receive(answer, files[code].name or "", files[code], actor=actor)
        except Invalid as fault:
            raise Invalid(
                fault.message, [FieldFault(code, f.message) for f in fault.faults] or [FieldFault(code, fault.message)]
            )
        if isinstance(found, Block):
            stopped.append(blocked_words(found))
            continue
        if code in kept:
            remove_files(list(Attachment.objects.filter(pk=kept[code]["id"])), actor=actor)
        kept[code] = {"id": str(found.pk), "name": found.name}
    if kept != answer.files:
        Answer.objects.filter(pk=answer.pk).update(files=kept)
        answer.files = kept
    return stopped


@action("collect.answer.submit", permission="", handover=True, event="collect.answer.submitted")
def submit(
    w: Write, collections: Sequence[Collection], *, given: Sequence[Given], ticket: str, version: int, who: Actor | None
) -> Sequence[Collection]:
    """Write an answer into each collection; ``send`` has let the person in and read what was given.

    Raises:
        Invalid: closed or full meanwhile.
        Conflict: somebody was quicker.
        Denied: a second answer where one is allowed.
    """
    for seen in collections:
        hold(f"collect:{seen.pk}")
        row = Collection.objects.get(pk=seen.pk)  # as it is now, behind the lock
        if not row.is_taking:
            raise Invalid(_("已经截止，没有存上。填好的内容还在这一页。"), code="collect.closed")
        mine = respondent(row, who, ticket)
        answer = Answer.objects.filter(collection=row, respondent=mine).first()
        if answer is not None:
            _change(w, row, answer, given, ticket, version)
        else:
            if row.max_answers and Answer.objects.filter(collection=row).count() >= row.max_answers:
                raise Invalid(_("已收满 %(n)d 份，没有存上。") % {"n": row.max_answers}, code="collect.full")
            _create(w, row, given, ticket, mine, who)
        w.flush()
    return collections


def _create(w: Write, row: Collection, given: Sequence[Given], ticket: str, mine: str, who: Actor | None) -> None:
    now = timezone.now()
    answer = Answer(collection=row, respondent=mine, ticket=ticket, sent_on=timezone.localdate())
    answer.node_id, answer.path = row.node_id, row.path
    if row.is_named and who is not None:
        answer.by, answer.organ_name, answer.sent_at = who.name, who.organ_name, now
        w.create(answer)
        w.flush()
        w.note(answer, after={g.code: g.shown for g in given}, path=row.path)
    else:
        answer.pk = uuid4()  # one of ours would tell the moment
        insert_many([answer])
        Answer.objects.filter(pk=answer.pk).update(created_at=_morning(), updated_at=_morning())
    insert_many([_value(row, answer, g, text) for g in given for text in (g.texts or ("",))])
    if who is not None and row.audience != Audience.OPEN:
        _mark(row, who, now)


def _change(w: Write, row: Collection, answer: Answer, given: Sequence[Given], ticket: str, version: int) -> None:
    if not row.may_edit:
        raise Denied(_("已经填过，这份收集表不能再改。"))
    before = values_of([answer], clear=False)[answer.pk]
    if version != answer.version:
        raise Conflict(
            _("%(name)s刚为本单位填过。看过再决定要不要改。") % {"name": answer.by},
            seen={"version": version}, current={"version": answer.version, "values": before},
        )  # fmt: skip
    w.change(answer, ticket=ticket, by=w.actor.name, sent_at=timezone.now(), sent_on=timezone.localdate())
    w.note(
        answer,
        before={c: "、".join(v) for c, v in before.items()},
        after={g.code: g.shown for g in given},
        path=row.path,
    )
    Value.objects.filter(answer=answer).delete()
    insert_many([_value(row, answer, g, text) for g in given for text in (g.texts or ("",))])


def _value(row: Collection, answer: Answer, given: Given, text: str) -> Value:
    return Value(
        answer=answer, collection=row, path=row.path, code=given.code, text=text, number=given.number, day=given.day,
        sealed=given.sealed,
    )  # fmt: skip


def _mark(row: Collection, who: Actor, now: datetime) -> None:
    """Note that this person or organ has answered; of an anonymous collection no more than that.

    Raises:
        Denied: they did before, and the collection is anonymous: nobody could tell which answer to change.
    """
    with system(row).scope.activate():
        asked = _asked(row, who)
        if asked is not None and asked.is_answered and not row.is_named and row.per != Per.ANY:
            raise Denied(_("已经填过。匿名答卷不能再改。"))
        if asked is None:
            asked = Asked(collection=row, case_id=row.pk, person_id=who.person_id, name=who.name)
            asked.node_id, asked.path = who.organ_id, who.organ_path
            insert_many([asked])
        facts: dict[str, Any] = {"is_answered": True}
        if row.is_named:
            facts |= {"answered_at": now, "answered_by": who.name}
        else:
            facts |= {"created_at": _morning(), "updated_at": _morning()}
        Asked.objects.filter(pk=asked.pk).update(**facts)


def _morning() -> datetime:
    return timezone.make_aware(datetime.combine(timezone.localdate(), time()))


__all__ = ["FILE_MB", "Guest", "Sent", "SignInFirst", "come_in", "held", "send", "submit", "system", "values_of"]
