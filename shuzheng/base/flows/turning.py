"""Verbs that turn a case round or end it: 驳回, 撤回, 撤销, 终止, and what falls due."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shuzheng.base.flows.engine import Move, verb
from shuzheng.base.flows.models import Case, Step, Task, Timer
from shuzheng.base.flows.verbs import START
from shuzheng.base.flows.who import Holder
from shuzheng.kernel.errors import Invalid

Role, State, Verdict = Task.Role, Task.State, Task.Verdict


def places_back(m: Move, step: Step) -> list[tuple[str, str]]:
    """Where a step may be sent back to, by the rule of the step: element and name, the nearest first, the starter last."""
    rule = m.rule(step)
    if rule.back == "none" or not step.token:
        return []
    start = (START, gettext_noop("发起人"))
    if rule.back == "start":
        return [start]
    earlier = list(dict.fromkeys(m.token.before(step.token)))
    found = [(e, m.outline.steps[e].name) for e in earlier if e != step.element]
    return found[:1] or [start] if rule.back == "previous" else [*found, start]


@verb
def back(m: Move, *, task_id: UUID, to: str | None, straight: bool, text: str) -> None:
    """驳回: to the starter (empty), a step, or the previous one (None); ``straight``: it then comes straight back here."""
    task = m.task(task_id)
    step = m.step(task)
    allowed = places_back(m, step)
    if task.role not in (Role.APPROVE, Role.HANDLE) or not allowed:
        raise Invalid(_("这一步不能退回。"))
    if not text.strip():
        raise Invalid.one("text", _("退回要写明理由。"))
    target = allowed[0][0] if to is None else to
    if target not in dict(allowed):
        raise Invalid.one("to", _("不能退回到这个环节。"))
    m.close_task(task, Verdict.RETURNED)
    m.say("back", text, task=task, to=dict(allowed)[target])
    if straight:
        _park(m, step, target)
    else:
        send_back(m, step=step, to=target)


def _park(m: Move, step: Step, target: str) -> None:
    """The token stays; whoever did the target mends, and then the step is taken up again."""
    m.close_step(step, Step.State.PARKED)
    name = m.outline.steps[target].name if target else gettext_noop("补正")
    mending = m.add_step(target, name, mends=step)
    _to_those_before(m, mending, target)


def _to_those_before(m: Move, mending: Step, target: str) -> None:
    posts = [m.case.post_id]
    if target:
        earlier = [s for s in m.steps if s.element == target and s is not mending][-1]
        posts = [t.post_id for t in m.of(earlier) if t.verdict in (Verdict.PASS, Verdict.SKIPPED) and t.counts]
    held = m.finder.valid(posts)
    holders = m.finder.deputies(held) or m.finder.admins()
    if not held:
        m.say("admin", gettext_noop("原办理人已不在岗，转业务管理员。"), step=mending)
    for holder in holders:
        m.add_task(mending, holder, Role.MEND)


@verb
def send_back(m: Move, *, step: Step, to: str | None) -> None:
    """Undo what came after a step (None: the one before this one; empty: everything, and the starter mends)."""
    if to is None:
        earlier = [e for e in m.token.before(step.token) if e != step.element]
        to = earlier[0] if earlier else START
    m.close_step(step, Step.State.RETURNED)
    if to == START:
        return _to_starter(m)
    token = m.token.visited(to)
    if token is None:
        raise Invalid.one("to", _("不能退回到这个环节。"))
    m.token.go_back(token)
    m.token.run()
    alive = {w.token for w in m.token.waiting()}
    since = next(s for s in reversed(m.steps) if s.token == token)
    for later in m.steps[m.steps.index(since) :]:
        # Branches that run beside it stay; what was passed after it no longer counts.
        if later is since or (later.token and later.token not in alive and m.token.is_undone(later.token)):
            m.close_step(later, Step.State.RETURNED)
    return m.settle()


def _to_starter(m: Move) -> None:
    for step in m.steps:
        if step.state in (Step.State.OPEN, Step.State.PARKED, Step.State.PASSED, Step.State.SKIPPED):
            m.close_step(step, Step.State.RETURNED)
    m.stop(m.timers)
    m._token = None
    m.w.change(m.case, engine={})
    mending = m.add_step(START, gettext_noop("补正"))
    held = m.finder.valid([m.case.post_id])
    for holder in [Holder(p) for p in held] or m.finder.admins():
        m.add_task(mending, holder, Role.MEND)


@verb
def take_up(m: Move, *, step: Step) -> None:
    """What was sent back straight has been mended: the step that waited for it goes on with those who had not decided."""
    parked = next(s for s in m.steps if s.pk == step.mends)
    m._set(parked, state=Step.State.OPEN, closed_at=None)
    undecided = [
        t for t in m.of(parked)
        if (t.verdict == Verdict.RETURNED or (t.state == State.DROPPED and not t.verdict)) and t.role not in Task.TO_READ
    ]  # fmt: skip
    for task in undecided:
        if task.state == State.DONE or task.role in (Role.APPROVE, Role.HANDLE):
            m._set(task, state=State.OPEN, verdict="", done_at=None)
            m.fresh.append(task)
    m.weigh(parked, run=False)


@verb
def withdraw(m: Move, *, text: str = "") -> None:
    """撤回: the starter takes it back to change it, as long as the process allows."""
    passed = any(s.state == Step.State.PASSED and s.element for s in m.steps)
    decided = any(t.state == State.DONE and t.counts and s.is_open for s in m.steps for t in m.of(s))
    rule = m.outline.withdraw
    if (
        rule == "never"
        or (rule == "first" and passed)
        or decided
        or any(t.role == Role.MEND and t.is_open for t in m.tasks)
    ):
        raise Invalid(_("已经有人办理，不能撤回；可以催办或撤销。"))
    m.say("withdraw", text)
    _to_starter(m)


def is_followed(m: Move, task: Task) -> bool:
    """Whether somebody has decided in a step that opened when this task was done, or later."""
    since = task.done_at or m.now
    later = [s for s in m.steps if s.opened_at >= since]
    return any(t.state == State.DONE and t.counts for s in later for t in m.of(s))


@verb
def undo(m: Move, *, task_id: UUID, text: str = "") -> None:
    """撤回已办: an approver takes a decision back, as long as nobody has decided after it."""
    task = next(t for t in m.tasks if t.pk == task_id)
    step = m.step(task)
    if not m.case.is_running or task.state != State.DONE or task.verdict not in (Verdict.PASS, Verdict.REFUSE):
        raise Invalid(_("不能撤回这一步的意见。"))
    if is_followed(m, task) or task.role not in (Role.APPROVE, Role.HANDLE):
        raise Invalid(_("后面已经有人办理，不能撤回。"))
    m.say("undo", text, task=task)
    if step.state == Step.State.PASSED and step.token:
        m.token.go_back(step.token)
        m._set(step, state=Step.State.OPEN, closed_at=None)
        for other in m.of(step):
            if other.verdict == Verdict.TAKEN:
                m._set(other, state=State.OPEN, verdict="", done_at=None)
        m._set(task, state=State.OPEN, verdict="", done_at=None)
        return m.settle()
    if not step.is_open:
        raise Invalid(_("不能撤回这一步的意见。"))
    return m._set(task, state=State.OPEN, verdict="", done_at=None)


@verb
def revoke(m: Move, *, text: str) -> None:
    """撤销: the starter gives it up."""
    _end(m, "revoke", text, Case.State.REVOKED)


@verb
def terminate(m: Move, *, text: str) -> None:
    """终止: somebody who answers for the organ's cases ends it."""
    _end(m, "terminate", text, Case.State.TERMINATED)


def _end(m: Move, name: str, text: str, state: Case.State) -> None:
    if not m.case.is_running:
        raise Invalid(_("事项不在办理中。"))
    if not text.strip():
        raise Invalid.one("text", _("请写明理由。"))
    m.say(name, text)
    m.finish(state)


@verb
def fire(m: Move, *, timer_id: UUID) -> None:
    """What falls due: once, however late it is noticed."""
    timer = next((t for t in m.timers if t.pk == timer_id), None)
    if timer is None or timer.at > m.now:
        return
    m.stop([timer])
    if not m.case.is_running:
        return
    if timer.what == Timer.What.PROCESS:
        m.settle()
        return
    step = next((s for s in m.steps if s.pk == timer.step_id), None)
    if step is None or not step.is_open:
        return
    waiting = [t for t in m.of(step) if t.is_open and t.role not in Task.TO_READ]
    if timer.what == Timer.What.REMIND:
        m.fresh += waiting
        m.say("remind", gettext_noop("超过时限，自动催办。"), step=step, to="、".join(t.person for t in waiting))
        if timer.every:
            m.add_timer(Timer.What.REMIND, m.due(timer.every), step=step, every=timer.every)
    elif timer.what == Timer.What.ESCALATE:
        _escalate(m, step, waiting)
    elif timer.what == Timer.What.PASS:
        m.say("auto_pass", gettext_noop("超过时限，按规则自动通过。"), step=step)
        for task in [t for t in m.of(step) if t.state in (State.OPEN, State.QUEUED, State.PARKED) and t.counts]:
            m.close_task(task, Verdict.SKIPPED)
        m.weigh(step)
    else:
        m.say("auto_back", gettext_noop("超过时限，按规则自动退回。"), step=step)
        send_back(m, step=step, to=START)


def _escalate(m: Move, step: Step, waiting: list[Task]) -> None:
    """The heads of those who are late get the task beside them: whoever decides first decides."""
    busy = {t.person_id for t in m.of(step)}
    found = []
    for late in waiting:
        post = m.finder.valid([late.post_id])
        found += [h for p in post for h in m.finder.heads(p) if h.person_id not in busy]
    for head in {h.pk: h for h in found}.values():
        m.add_task(step, Holder(head), Role.APPROVE, place=99)
    names = "、".join(dict.fromkeys(h.person.name for h in found)) or gettext_noop("没有可上报的负责人")
    m.say("escalate", gettext_noop("超过时限，上报负责人。"), step=step, to=names)


@verb
def rehouse(m: Move) -> None:
    """Whoever holds an open task holds the post no more: it goes to whom the rule of its step names now, else to an administrator."""
    for task in [t for t in m.tasks if t.is_open and t.role not in Task.TO_READ]:
        if m.finder.valid([task.post_id]):
            continue
        step = m.step(task)
        rule = m.outline.steps.get(step.element) if step.token else None
        busy = {t.person_id for t in m.of(step) if t is not task and t.state != State.DROPPED}
        heirs = [h for h in m.finder.find(rule.who, rule.element) if h.post.person_id not in busy] if rule else []
        others = any(t.is_open for t in m.of(step) if t is not task and t.counts)
        m.close_task(task, Verdict.MOVED)
        if not heirs and others and m.rule(step).mode in ("any", "claim", "single"):
            continue  # the others who were asked are enough
        for holder in (heirs or m.finder.admins())[:1]:
            m.add_task(step, holder, Task.Role(task.role), place=task.place)
            m.say("admin", gettext_noop("原办理人已不在岗，转业务管理员。"), step=step, to=holder.post.person.name)
        m.weigh(step)


@verb
def message(m: Move, *, text: str) -> None:
    """A message for the process. One that comes early, or twice, changes nothing: it is said so in the story."""
    if m.case.is_running and m.token.deliver(text):
        m.say("message", text)
        m.settle()
    else:
        m.say("early", text)
