"""Verbs of flows for people. Pages, the API and jobs call these and nothing else.

What concerns one's own task needs no right but that it is one's own; the engine writes what follows (``moving.move``), in the
same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.numbers import next_number
from shuzheng.base.flows import signatures
from shuzheng.base.flows.bpmn.compiling import compiled
from shuzheng.base.flows.models import Case, Definition, Delegation, Opinion, Task
from shuzheng.base.flows.moving import move, moved
from shuzheng.base.flows.reaching import startable
from shuzheng.base.flows.values import headline, rights, take
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from shuzheng.kernel.ids import NumberRule

NUMBER = NumberRule("LC{yyyy}{mm}{dd}-{seq:4}")
LONGEST_DELEGATION = 366

Chosen = Mapping[str, Sequence[str]]


# beginning


@action("flows.case.draft", permission="flows.case.start")
def save_drafts(
    w: Write, cases: Sequence[Case], *, values: Mapping[str, Any], is_urgent: bool = False
) -> Sequence[Case]:
    """Keep a request that is not handed in yet; of a new one the caller has set definition and owner.

    Raises:
        Invalid: a value is not of its kind, the process cannot be started by the actor, or it was handed in already.
    """
    for case in cases:
        if case.state != Case.State.DRAFT or (not case._state.adding and case.person_id != w.actor.person_id):
            raise Invalid(_("只能改自己的草稿。"))
        outline = compiled(case.definition.bpmn, case.definition.tables).outline
        filled = take(outline, rights(outline, None), values, case.values, complete=False)
        title = headline(outline, filled, w.actor.name)
        if not case._state.adding:
            w.change(case, values=filled, is_urgent=is_urgent, title=title)
            continue
        if all(d.pk != case.definition_id for d in startable(w.actor)):
            raise Invalid(_("这个流程不能由你发起，或已有新版。"))
        case.case_id, case.values, case.is_urgent, case.title = case.pk, filled, is_urgent, title
        case.post_id, case.person_id, case.starter = w.actor.id, w.actor.person_id, w.actor.name
        case.organ_name = w.actor.organ_name
        w.create(case)
    return cases


@action("flows.case.start", event="flows.case.started")
def start(
    w: Write, cases: Sequence[Case], *, values: Mapping[str, Any] | None = None, chosen: Chosen | None = None
) -> list[Case]:
    """Hand requests in: each is numbered and goes to its first step.

    Raises:
        Invalid: the form is not complete, somebody is still to be chosen, or nobody can do the first step.
        Denied: it is somebody else's draft.
    """
    started = []
    for case in cases:
        if case.person_id != w.actor.person_id:
            raise Denied(_("只能发起自己的草稿。"))
        number = next_number(NUMBER, Case.objects.filter(node_id=case.node_id), f"flows:number:{case.node_id}")
        started.append(move(case.pk, "start", by=w.actor, values=values or {}, chosen=chosen or {}, number=number))
    return started


@action("flows.case.discard", permission="flows.case.start")
def discard(w: Write, cases: Sequence[Case]) -> Sequence[Case]:
    """Delete one's own drafts."""
    for case in cases:
        if case.state != Case.State.DRAFT or case.person_id != w.actor.person_id:
            raise Invalid(_("只能改自己的草稿。"))
        w.delete(case)
    return cases


# one's own tasks


def _mine(w: Write, tasks: Sequence[Task]) -> None:
    for task in tasks:
        if task.person_id != w.actor.person_id:
            raise Denied(_("这件事由%(name)s办理。") % {"name": task.person})


def _each(w: Write, tasks: Sequence[Task], name: str, **values: Any) -> list[Task]:
    _mine(w, tasks)
    now: dict[UUID, Task] = {}
    for task in sorted(
        tasks, key=lambda t: str(t.case_id)
    ):  # in one order, so that two batches don't wait for each other
        now |= {t.pk: t for t in moved(_case(task), name, by=w.actor, task_id=task.pk, **values).tasks}
    return [now[t.pk] for t in tasks]


def _case(task: Task) -> UUID:
    if task.case_id is None:
        raise Conflict(_("这一步已经办过或已取消。"))
    return task.case_id


@action("flows.task.decide", permission="")
def decide(
    w: Write,
    tasks: Sequence[Task],
    *,
    verdict: str,
    text: str = "",
    values: Mapping[str, Any] | None = None,
    chosen: Chosen | None = None,
    sign: bool = False,
) -> list[Task]:
    """Agree (``pass``) or refuse (``refuse``), with an opinion; several at once in 批量审批. Reading is ``pass``, too.

    Args:
        sign: with the hand-written signature, if the actor has one.

    Raises:
        Conflict: one was decided meanwhile.
        Invalid: the form is not complete, a refusal without a reason, nobody chosen for the next step.
        Denied: one is somebody else's.
    """
    done = _each(w, tasks, "decide", verdict=verdict, text=text, values=values, chosen=chosen)
    if sign:
        said = Opinion.objects.filter(task_id__in=[t.pk for t in tasks], person_id=w.actor.person_id)
        signatures.put_on(w, said.order_by("task_id", "-at", "-pk").distinct("task_id"))
    return done


@action("flows.task.return", permission="")
def send_back(
    w: Write, tasks: Sequence[Task], *, text: str, to: str | None = None, straight: bool = False
) -> list[Task]:
    """驳回 to the starter (``""``), to the previous step (None), or to an earlier one by its id.

    Args:
        straight: once mended, it comes straight back to this step.

    Raises:
        Invalid: no reason, or the step's rule does not allow it.
    """
    return _each(w, tasks, "back", text=text, to=to, straight=straight)


@action("flows.task.transfer", permission="")
def transfer(w: Write, tasks: Sequence[Task], *, to: UUID, text: str = "") -> list[Task]:
    """转办 to another post, for good."""
    return _each(w, tasks, "transfer", to=to, text=text)


@action("flows.task.delegate", permission="")
def delegate(w: Write, tasks: Sequence[Task], *, to: UUID, text: str = "") -> list[Task]:
    """委派: another post is asked first, and it comes back."""
    return _each(w, tasks, "delegate", to=to, text=text)


@action("flows.task.sign", permission="")
def add_signers(w: Write, tasks: Sequence[Task], *, to: Sequence[UUID], before: bool, text: str = "") -> list[Task]:
    """前加签 or 后加签."""
    return _each(w, tasks, "add_signers", to=to, before=before, text=text)


@action("flows.task.unsign", permission="")
def remove_signer(w: Write, tasks: Sequence[Task], *, other: UUID, text: str = "") -> list[Task]:
    """减签: somebody whom the holder of the task added is no longer asked."""
    return _each(w, tasks, "remove_signer", other_id=other, text=text)


@action("flows.task.claim", permission="")
def claim(w: Write, tasks: Sequence[Task]) -> list[Task]:
    """抢办."""
    return _each(w, tasks, "claim")


@action("flows.task.undo", permission="")
def undo(w: Write, tasks: Sequence[Task], *, text: str = "") -> list[Task]:
    """Take one's own decision back, as long as nobody has decided after it."""
    return _each(w, tasks, "undo", text=text)


@action("flows.task.reassign", permission="flows.case.reassign")
def reassign(w: Write, tasks: Sequence[Task], *, to: UUID, text: str) -> list[Task]:
    """Give a task of one's organ to somebody else: its holder has left, is away, or the post is no more."""
    for task in tasks:
        if not text.strip():
            raise Invalid.one("text", _("请写明理由。"))
        move(_case(task), "transfer", by=w.actor, task_id=task.pk, to=to, text=text)
    return list(Task.objects.filter(pk__in=[t.pk for t in tasks]))


# the case


def _own(w: Write, cases: Sequence[Case]) -> None:
    for case in cases:
        if case.person_id != w.actor.person_id:
            raise Denied(_("只有发起人可以这样做。"))


def _all(w: Write, cases: Sequence[Case], name: str, **values: Any) -> list[Case]:
    return [move(case.pk, name, by=w.actor, **values) for case in sorted(cases, key=lambda c: str(c.pk))]


@action("flows.case.withdraw", permission="")
def withdraw(w: Write, cases: Sequence[Case], *, text: str = "") -> list[Case]:
    """撤回 by the starter, to change and hand it in again."""
    _own(w, cases)
    return _all(w, cases, "withdraw", text=text)


@action("flows.case.revoke", permission="")
def revoke(w: Write, cases: Sequence[Case], *, text: str) -> list[Case]:
    """撤销 by the starter: it is given up."""
    _own(w, cases)
    return _all(w, cases, "revoke", text=text)


@action("flows.case.terminate")
def terminate(w: Write, cases: Sequence[Case], *, text: str) -> list[Case]:
    """终止 by somebody who answers for the organ's cases."""
    return _all(w, cases, "terminate", text=text)


@action("flows.case.migrate")
def migrate(w: Write, cases: Sequence[Case], *, target: Definition) -> list[Case]:
    """Let running cases go on by another published edition of their process; ``migrating.walk`` shows it beforehand.

    Raises:
        Invalid: it is another process, it is not published, or a case stands where the new edition does not come.
    """
    for case in cases:
        if not case.is_running or target.state != Definition.State.PUBLISHED or case.definition.code != target.code:
            raise Invalid(_("只能把办理中的事项迁到同一流程的已发布版本。"))
    return _all(w, cases, "migrate", target=target)


@action("flows.case.urge", permission="")
def urge(w: Write, cases: Sequence[Case], *, text: str = "") -> list[Case]:
    """催办 by the starter."""
    _own(w, cases)
    return _all(w, cases, "urge", text=text)


@action("flows.case.share", permission="")
def hand_round(w: Write, cases: Sequence[Case], *, to: Sequence[UUID], role: str, text: str = "") -> list[Case]:
    """抄送 (``copy``) or 传阅 (``read``) by whoever takes part.

    Raises:
        Denied: the actor takes no part in the case.
    """
    if role not in Task.TO_READ:
        raise Invalid.one("role", _("只能抄送或传阅。"))
    for case in cases:
        taken = Task.objects.filter(case_id=case.pk, person_id=w.actor.person_id).exists()
        if not taken and case.person_id != w.actor.person_id:
            raise Denied(_("只有参与的人可以抄送和传阅。"))
    return _all(w, cases, "hand_round", to=to, role=role, text=text)


@action("flows.case.deliver", permission="", system_only=True)
def deliver(w: Write, cases: Sequence[Case], *, message: str) -> list[Case]:
    """Give cases a message that they may be waiting for; apps call it from their event subscribers.

    One that comes early or twice has no effect, and the story of the case says so.
    """
    return _all(w, cases, "message", text=message)


# standing delegations


@action("flows.delegation.save")
def save_delegations(
    w: Write,
    rows: Sequence[Delegation],
    *,
    to: UUID,
    first: date,
    last: date,
    codes: Sequence[str] = (),
    reason: str = "",
) -> Sequence[Delegation]:
    """委托授权: what comes to the actor's post from ``first`` to ``last`` goes to another; of some processes or of all.

    Raises:
        Invalid: the days are the wrong way round or too many, or the deputy is no one else in office.
    """
    if last < first or (last - first).days > LONGEST_DELEGATION or last < timezone.localdate():
        raise Invalid.one("last", _("结束日期不早于开始日期和今天，最长一年。"))
    deputy = Post.objects.select_related("person").filter(pk=to, valid__contains=first, person__is_active=True).first()
    if deputy is None or deputy.person_id == w.actor.person_id:
        raise Invalid.one("to", _("选一个在岗的人，不能是自己。"))
    for row in rows:
        row.post_id, row.principal, row.to_post = w.actor.id, w.actor.name, deputy.pk
        row.deputy, row.first, row.last = deputy.person.name, first, last
        row.codes, row.reason = list(codes), reason.strip()[:200]
        w.create(row)
    return rows


@action("flows.delegation.end", permission="flows.delegation.save")
def end_delegations(w: Write, rows: Sequence[Delegation]) -> Sequence[Delegation]:
    """End one's own delegations today. What has gone to the deputy stays there."""
    for row in rows:
        if row.post_id != w.actor.id:
            raise Denied(_("只能结束自己的委托。"))
        w.change(row, ended_at=timezone.now())
    return rows
