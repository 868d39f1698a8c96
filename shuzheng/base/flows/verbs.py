"""What can be done to a case, each a function over a ``Move``. Who may is checked by ``actions.py``, what is possible here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from shuzheng.base.flows.engine import Move, verb
from shuzheng.base.flows.models import Case, Opinion, Step, Task
from shuzheng.base.flows.values import headline, rights, take
from shuzheng.base.flows.who import Holder
from shuzheng.kernel.errors import FieldFault, Invalid, TooMany

BETWEEN_URGES = timedelta(hours=1)
START = ""
"""The element that stands for the starter, before the first step."""
Role, State, Verdict = Task.Role, Task.State, Task.Verdict


# beginning


@verb
def start(m: Move, *, values: Mapping[str, Any], chosen: Mapping[str, Sequence[str]], number: str) -> None:
    """The starter hands it in."""
    case = m.case
    if case.state != Case.State.DRAFT:
        raise Invalid(_("这件事项已经发起。"))
    filled = take(m.outline, rights(m.outline, None), values, case.values)
    m.w.change(
        case, values=filled, title=headline(m.outline, filled, case.starter), state=Case.State.RUNNING, number=number,
        started_at=m.now, facts={**case.facts, **m.finder.about_starter()},
    )  # fmt: skip
    m.say("start", given=filled)
    _choose(m, chosen)
    _ask_choices(m, START)
    m.settle()


@verb
def begin(m: Move) -> None:
    """From the beginning: after the starter has mended what was sent back to them."""
    m.w.change(m.case, engine={})
    m._token = None
    m.settle()


# deciding


@verb
def decide(
    m: Move,
    *,
    task_id: UUID,
    verdict: str,
    text: str = "",
    values: Mapping[str, Any] | None = None,
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> Opinion:
    """Whoever holds the task agrees, refuses, has handled or has read it."""
    task = m.task(task_id)
    step = m.step(task)
    if task.role in Task.TO_READ:
        m.close_task(task, Verdict.READ)
        said = m.say("read", text, task=task)
        if task.role == Role.READ and step.is_open and m.rule(step).kind == "read":
            m.weigh(step)
        return said
    if verdict not in (Verdict.PASS, Verdict.REFUSE):
        raise Invalid.one("verdict", _("选同意或不同意。"))
    if verdict == Verdict.REFUSE and task.role in (Role.HANDLE, Role.MEND):
        raise Invalid.one("verdict", _("办理的环节只能办结或退回。"))
    if verdict == Verdict.REFUSE and not text.strip():
        raise Invalid.one("text", _("不同意要写明理由。"))
    answers_for_it = task.role not in (Role.HELP, Role.SIGN)  # who is asked beside it need not fill in the form
    before = m.case.values
    _fill(m, step, task, values or {}, complete=verdict == Verdict.PASS and answers_for_it)
    entered = {code: value for code, value in m.case.values.items() if code not in before or before[code] != value}
    _choose(m, chosen or {})
    if verdict == Verdict.PASS and answers_for_it and step.token:
        _ask_choices(m, step.element)
    m.close_task(task, verdict)
    said = m.say({"handle": "handle", "mend": "mend"}.get(task.role, verdict), text, task=task, given=entered)
    if task.added_by is not None and task.is_before:
        _give_back(m, task)
    else:
        m.weigh(step)
    return said


def _fill(m: Move, step: Step, task: Task, values: Mapping[str, Any], *, complete: bool) -> None:
    mending = task.role == Role.MEND and not step.element
    rule = None if mending else m.outline.steps.get(step.element)
    if rule is None and not mending and values:
        raise Invalid(_("这一步不能改表单。"))
    if rule is not None or mending:
        allowed = rights(m.outline, rule)
        filled = take(m.outline, allowed, values, m.case.values, complete=complete)
        m.w.change(m.case, values=filled)
        if mending:
            m.w.change(m.case, title=headline(m.outline, filled, m.case.starter))


def _choose(m: Move, chosen: Mapping[str, Sequence[str]]) -> None:
    """People named for later steps."""
    known = {e: r for e, r in m.outline.steps.items() if "chosen" in r.who}
    for element, ids in chosen.items():
        if element not in known:
            raise Invalid.one("chosen", _("这个环节不由上一步选人。"))
        posts = m.finder.valid([UUID(str(i)) for i in ids])
        if len(posts) < len(list(ids)):
            raise Invalid.one("chosen", _("所选的人已不在岗。"))
        if posts:
            before = m.case.facts.get("chosen") or {}
            m.fact(chosen={**before, element: [str(p.pk) for p in posts]})


def _ask_choices(m: Move, element: str) -> None:
    held = m.case.facts.get("chosen") or {}
    missing = [e for e in to_choose(m, element) if not held.get(e)]
    if missing:
        faults = [
            FieldFault(f"chosen.{e}", _("请选“%(step)s”由谁办。") % {"step": m.outline.steps[e].name}) for e in missing
        ]
        raise Invalid(_("还没有选下一步的人。"), faults)


def to_choose(m: Move, element: str) -> list[str]:
    """Steps right after this one whose people are to be named here."""
    at = element or next((e for e, (kind, _name) in m.outline.elements.items() if kind == "startEvent"), "")
    return [e for e in m.outline.follows.get(at, ()) if m.outline.steps[e].who == ("chosen",)]


def _give_back(m: Move, task: Task) -> None:
    """Those asked before (前加签、委派) have all answered: it is the asker's turn again."""
    others = [
        t for t in m.tasks if t.added_by == task.added_by and t.is_before and t.state in (State.OPEN, State.PARKED)
    ]
    asker = next(t for t in m.tasks if t.pk == task.added_by)
    if not others and asker.state == State.PARKED:
        m.wake(asker)


# handing on and adding


def _others(m: Move, post_ids: Sequence[UUID], task: Task) -> list[Holder]:
    posts = [p for p in m.finder.valid(post_ids) if p.person_id != task.person_id]
    if not posts or len(posts) < len(post_ids):
        raise Invalid.one("to", _("选一个在岗的人，不能是自己。"))
    busy = {t.person_id for t in m.of(m.step(task)) if t.state in (State.OPEN, State.QUEUED, State.PARKED)}
    if twice := [p.person.name for p in posts if p.person_id in busy]:
        raise Invalid.one("to", _("%(names)s 已在这一步的名单里。") % {"names": "、".join(twice)})
    return m.finder.deputies(posts)


def _names(holders: Sequence[Holder]) -> str:
    return "、".join(h.post.person.name for h in holders)


@verb
def transfer(m: Move, *, task_id: UUID, to: UUID, text: str = "") -> None:
    """转办: somebody else does it in one's place, for good."""
    task = m.task(task_id)
    if task.role in Task.TO_READ:
        raise Invalid(_("传阅和抄送不能转办。"))
    [holder] = _others(m, [to], task)
    m.close_task(task, Verdict.MOVED)
    fresh = m.add_task(
        m.step(task), holder, Task.Role(task.role), place=task.place, added_by=task.added_by, is_before=task.is_before
    )
    for other in m.tasks:
        if other.added_by == task.pk:
            m._set(other, added_by=fresh.pk)
    m.say("transfer", text, task=task, to=_names([holder]))


@verb
def delegate(m: Move, *, task_id: UUID, to: UUID, text: str = "") -> None:
    """委派: somebody is asked first; it comes back for one's own decision."""
    task = m.task(task_id)
    holders = _others(m, [to], task)
    m._set(task, state=State.PARKED)
    for holder in holders:
        m.add_task(m.step(task), holder, Role.HELP, added_by=task.pk, is_before=True)
    m.say("delegate", text, task=task, to=_names(holders))


@verb
def add_signers(m: Move, *, task_id: UUID, to: Sequence[UUID], before: bool, text: str = "") -> None:
    """加签: others sign before one decides, or after the step has passed without them."""
    task = m.task(task_id)
    if task.role in (*Task.TO_READ, Role.MEND):
        raise Invalid(_("这一步不能加签。"))
    holders = _others(m, list(to), task)
    for place, holder in enumerate(holders):
        state = State.OPEN if before else State.QUEUED
        m.add_task(m.step(task), holder, Role.SIGN, added_by=task.pk, is_before=before, place=place, state=state)
    if before:
        m._set(task, state=State.PARKED)
    m.say("sign_before" if before else "sign_after", text, task=task, to=_names(holders))


@verb
def remove_signer(m: Move, *, task_id: UUID, other_id: UUID, text: str = "") -> None:
    """减签: somebody whom one added, or who has not decided in one's countersignature, is no longer asked."""
    task = next(t for t in m.tasks if t.pk == task_id)
    other = next((t for t in m.tasks if t.pk == other_id and t.step_id == task.step_id), None)
    waits = (State.OPEN, State.QUEUED)
    if other is None or other.state not in waits or other.added_by != task.pk:
        raise Invalid(_("只能减去自己加的、还没有办的人。"))
    m.close_task(other, dropped=True)
    m.say("unsign", text, task=task, to=other.person)
    if other.is_before:
        _give_back(m, other)
    else:
        m.weigh(m.step(task))


@verb
def claim(m: Move, *, task_id: UUID) -> None:
    """抢办: who takes it does it; it leaves the others' inboxes."""
    task = m.task(task_id)
    step = m.step(task)
    if m.rule(step).mode != "claim":
        raise Invalid(_("这一步不用抢办。"))
    for other in m.of(step):
        if other is not task and other.state == State.OPEN and other.role == task.role:
            m.close_task(other, Verdict.TAKEN, dropped=True)
    m.say("claim", task=task)


# telling


@verb
def urge(m: Move, *, text: str = "") -> None:
    """催办: those who are waited for are told once more, at most once an hour."""
    if not m.case.is_running:
        raise Invalid(_("事项不在办理中。"))
    if m.case.urged_at and m.now - m.case.urged_at < BETWEEN_URGES:
        raise TooMany(_("一小时内已催办过。"))
    m.w.change(m.case, urged_at=m.now)
    waiting = [t for t in m.tasks if t.state == State.OPEN and t.role not in Task.TO_READ]
    m.fresh += waiting
    m.say("urge", text, to="、".join(dict.fromkeys(t.person for t in waiting)))


@verb
def hand_round(m: Move, *, to: Sequence[UUID], role: str, text: str = "") -> None:
    """抄送, 传阅: others may read the case; of those it is passed round to, who has read it is marked."""
    has = {t.person_id for t in m.tasks if t.role == role}
    posts = [p for p in m.finder.valid(list(to)) if p.person_id not in has]
    if not posts:
        raise Invalid.one("to", _("选还没有收到的在岗人员。"))
    step = (m.open_steps() or m.steps)[-1]
    for post in posts:
        m.add_task(step, Holder(post), Task.Role(role))
    m.say(role, text, to="、".join(p.person.name for p in posts))
