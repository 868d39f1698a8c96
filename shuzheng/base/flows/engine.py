"""Moving a case on: the one place that opens and closes steps and tasks, under the scope ``flows.engine``.

People's verbs (``verbs.py``) run inside a ``Move``; so do timers and messages. Whoever acts has been checked before. One move
is one transaction, and moves of one case follow one another (a lock by name), so that fifty decisions at once add up exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shuzheng.base.accounts.models import Post
from shuzheng.base.core import ports
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.locks import hold
from shuzheng.base.core.questions import Question, ask
from shuzheng.base.flows import limits, signing
from shuzheng.base.flows.bpmn import running
from shuzheng.base.flows.bpmn.words import StepRule
from shuzheng.base.flows.calling import process_of
from shuzheng.base.flows.models import Case, Opinion, Step, Task, Timer
from shuzheng.base.flows.operations import OPERATIONS
from shuzheng.base.flows.values import context
from shuzheng.base.flows.who import Finder, Holder
from shuzheng.base.standards.models import STAMP
from shuzheng.kernel.errors import Conflict, Invalid, Missing

TEXTS = ("definition__bpmn", "definition__tables")
"""What is long and read only once for each edition."""
ID = UUID(int=1)
CASE = Question(lambda pk: Case.objects.select_related("definition").defer(*TEXTS).filter(pk=pk), ID)
STEPS = Question(lambda case: Step.objects.filter(case_id=case).order_by("opened_at", "pk"), ID)
TASKS = Question(lambda case: Task.objects.filter(case_id=case).order_by("opened_at", "pk"), ID)
TIMERS = Question(lambda case: Timer.objects.filter(case_id=case, done_at=None), ID)
MOST = 100
"""Steps that a process may pass by itself in one move: past that it goes in a circle."""


def engine_actor(by: Actor, origin: str = "flows.engine") -> Actor:
    """The engine, acting for somebody: the trail names the person, the scope is the engine's."""
    system = system_actor(origin)
    if "system" in by.origin:
        return replace(system, name=by.name)
    return replace(
        system, id=by.id, person_id=by.person_id, name=by.name, node_id=by.node_id, organ_id=by.organ_id,
        organ_name=by.organ_name, post_name=by.post_name, path=by.path, organ_path=by.organ_path,
        origin={**by.origin, **system.origin},
    )  # fmt: skip


Verb = Callable[..., Any]
VERBS: dict[str, Verb] = {}


def verb(function: Verb) -> Verb:
    """Make a function over a ``Move`` something that can be done to a case."""
    VERBS[function.__name__] = function
    return function


def move(case_id: UUID, name: str, *, by: Actor, **values: Any) -> Case:
    """Do ``name`` to a case as one step; the caller has checked that ``by`` may. See ``moved`` for what else has changed."""
    return moved(case_id, name, by=by, **values).case


def moved(case_id: UUID, name: str, *, by: Actor, **values: Any) -> Move:
    """As ``move``; answers the move, with the rows of the case as they are now.

    Raises:
        Missing: there is no such case.
    """
    done: list[Move] = []
    _move([_Asked(case_id)], actor=engine_actor(by), name=name, by=by, given=values, done=done)
    return done[0]


@dataclass(frozen=True)
class _Asked:
    """The case that is to be moved: read only when nobody else moves it."""

    pk: UUID
    path: str = ""


@action("flows.case.move", permission="", event="flows.case.moved", system_only=True)
def _move(
    w: Write, asked: Sequence[_Asked], *, name: str, by: Actor, given: dict[str, Any], done: list[Move]
) -> list[Case]:
    cases = []
    for one in asked:
        hold(f"flows:{one.pk}")
        found, *held = ask((CASE, one.pk), *_held(one.pk))
        if not found:
            raise Missing()
        [case] = found
        cases.append(case)
        going = Move(w, case, by, Held(*held))
        VERBS[name](going, **given)
        going.save()
        done.append(going)
        w.payload = {
            "tasks": [str(t.pk) for t in going.fresh], "ended": case.is_over, "urged": name == "urge",
        }  # fmt: skip
        what = {"case": str(case.pk), "process": case.definition.code}
        if case.is_over and case.ended_at == going.now:
            ports.publish_event("flows.case.ended", [str(case.pk)], {**what, "state": case.state}, w.actor)
        for message in going.sent:
            ports.publish_event("flows.message.sent", [str(case.pk)], {**what, "message": message}, w.actor)
    return cases


@dataclass(frozen=True)
class Held:
    """What a case has had so far, in order, the timers that run, and the stamp of the standards that count."""

    steps: list[Step] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    stamps: list[UUID] = field(default_factory=list)


def _held(case: UUID) -> tuple[tuple[Any, ...], ...]:
    """What ``Held`` is made of, to be asked in one trip: it is most of what a move waits for."""
    return (STEPS, case), (TASKS, case), (TIMERS, case), (STAMP,)


@dataclass
class Move:
    """One step of one case: what is known of it, and what this step does. ``held`` is asked for where it is not given."""

    w: Write
    case: Case
    by: Actor
    held: Held | None = None

    def __post_init__(self) -> None:
        self.now = timezone.now()
        definition = self.case.definition
        self.process = process_of(definition, self.case.links)
        self.outline = self.process.outline
        held = self.held or Held(*ask(*_held(self.case.pk)))
        self.steps, self.tasks, self.timers = held.steps, held.tasks, held.timers
        self._stamp = next(iter(held.stamps), None)
        self.fresh: list[Task] = []
        self.sent: list[str] = []
        self._token: running.Token | None = None
        self._finder: Finder | None = None

    # what is known

    def operate(self, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Call an operation of an app, as the engine."""
        operation = OPERATIONS[name]
        found = operation.run(self.w.actor, self.case.pk, given)
        self.say("call", str(operation.label))
        return found

    @property
    def token(self) -> running.Token:
        if self._token is None:
            seen = running.Context(self.values(), operate=self.operate)
            self._token = running.Token(self.process, seen, self.case.engine)
        return self._token

    @property
    def finder(self) -> Finder:
        if self._finder is None:
            self._finder = Finder(self.case, self.outline, self.values())
        return self._finder

    def values(self) -> dict[str, Any]:
        return context(self.outline, self.case.values, {**self.case.facts, "is_urgent": self.case.is_urgent})

    def task(self, task_id: UUID) -> Task:
        """A task of the case that is open.

        Raises:
            Missing: it is no task of this case.
            Conflict: it was done meanwhile, by whomever.
        """
        found = next((t for t in self.tasks if t.pk == task_id), None)
        if found is None:
            raise Missing()
        if found.state != Task.State.OPEN or not self.case.is_running:
            raise Conflict(_("这一步已经办过或已取消。"))
        return found

    def step(self, task: Task) -> Step:
        return next(s for s in self.steps if s.pk == task.step_id)

    def rule(self, step: Step) -> StepRule:
        """How the step is done; mending is done by one person, whatever the step was."""
        known = self.outline.steps.get(step.element) if not step.mends and step.token else None
        return known or StepRule(step.element, step.name, mode="any", back="none", empty="admin")

    def of(self, step: Step) -> list[Task]:
        return [t for t in self.tasks if t.step_id == step.pk]

    def open_steps(self) -> list[Step]:
        return [s for s in self.steps if s.state in (Step.State.OPEN, Step.State.PARKED)]

    # what is written

    def say(
        self, verb: str, text: str = "", *, task: Task | None = None, step: Step | None = None, **more: Any
    ) -> Opinion:
        """A line of the story, in the speaker's organ (of the system: in the case's). ``more``: ``to``, what was ``given`` with it."""
        step = step or (self.step(task) if task else None)
        row = Opinion(
            case_id=self.case.pk, verb=verb, text=text.strip()[:1000], at=self.now,
            step_id=step.pk if step else None, task_id=task.pk if task else None, step_name=step.name if step else "",
            person_id=self.by.person_id if self.by.person_id.int else None, person=self._name(),
            post_name=self.by.post_name, organ_name=self.by.organ_name, **{**more, "to": more.get("to", "")[:300]},
        )  # fmt: skip
        own = self.by.node_id.int
        row.node_id, row.path = (self.by.node_id, self.by.path) if own else (self.case.node_id, self.case.path)
        self.w.create(row)
        return row

    def _name(self) -> str:
        return gettext_noop("系统") if "system" in self.by.origin else self.by.name

    def add_step(self, element: str, name: str, *, token: str = "", mends: Step | None = None) -> Step:
        earlier = [s for s in self.steps if s.element == element]
        rule = self.outline.steps.get(element) if token else None
        step = Step(
            case_id=self.case.pk, element=element, token=token, name=name[:80], opened_at=self.now,
            mends=mends.pk if mends else None, rounds=len(earlier) + 1,
            due=self.due(rule.due) if rule and rule.due else None,
        )  # fmt: skip
        step.node_id, step.path = self.case.node_id, self.case.path
        self.steps.append(step)
        self.w.create(step)
        if rule and step.due:
            self.add_timer(Timer.What(rule.overdue), step.due, step=step, every=rule.every)
        return step

    def due(self, limit: str) -> datetime:
        """When a limit that begins now ends, by the calendar of the case's place."""
        return limits.due(limit, self.now, self.case.path, self._stamp)

    def add_timer(
        self, what: Timer.What, at: Any, *, step: Step | None = None, every: str = "", token: str = ""
    ) -> None:
        timer = Timer(case_id=self.case.pk, step=step, what=what, at=at, every=every, token=token)
        timer.node_id, timer.path = self.case.node_id, self.case.path
        self.timers.append(timer)
        self.w.create(timer)

    def add_task(self, step: Step, holder: Holder, role: Task.Role, **values: Any) -> Task:
        post, case = holder.post, self.case
        organ = post.node.organ or post.node
        task = Task(
            step=step, case_id=case.pk, post_id=post.pk, person_id=post.person_id, person=post.person.name,
            post_name=post.name, organ_name=organ.name, behalf=holder.behalf, role=role, opened_at=self.now,
            due=step.due, is_urgent=case.is_urgent, title=case.title, process=case.definition.name,
            code=case.definition.code, step_name=step.name, starter=case.starter, starter_organ=case.organ_name,
            number=case.number, **values,
        )  # fmt: skip
        task.node_id, task.path = post.node_id, post.path
        self.tasks.append(task)
        self.w.create(task)
        if task.state == Task.State.OPEN:
            self.fresh.append(task)
        return task

    def wake(self, task: Task) -> None:
        """It is this one's turn (again)."""
        if any(t is task for t in self.tasks) and task.state != Task.State.OPEN:
            self._set(task, state=Task.State.OPEN, opened_at=self.now)
            self.fresh.append(task)

    def close_task(self, task: Task, verdict: str = "", *, dropped: bool = False) -> None:
        state = Task.State.DROPPED if dropped else Task.State.DONE
        self._set(task, state=state, verdict=verdict, done_at=self.now)

    def close_step(self, step: Step, state: Step.State, verdict: str = "") -> None:
        """Close a step, and drop what is still open of it."""
        self._set(step, state=state, closed_at=self.now)
        for task in self.of(step):
            if task.state in (Task.State.OPEN, Task.State.QUEUED, Task.State.PARKED) and task.role not in Task.TO_READ:
                self.close_task(task, verdict, dropped=True)
        self.stop([t for t in self.timers if t.step_id == step.pk])

    def stop(self, timers: Sequence[Timer]) -> None:
        """These no longer matter, or have done what they were for."""
        for timer in timers:
            if timer.done_at is None:
                self._set(timer, done_at=self.now)

    def _set(self, row: Any, **values: Any) -> None:
        """Change a row that may not have been written yet."""
        if row._state.adding:
            for name, value in values.items():
                setattr(row, name, value)
        else:
            self.w.change(row, **values)

    def fact(self, **values: Any) -> None:
        self.w.change(self.case, facts={**self.case.facts, **values})

    # how it goes on

    def settle(self) -> None:
        """Let the token run, open what it reaches, and go on until people, a timer or a message are waited for.

        Raises:
            Invalid: nobody can do a step and its rule refuses, or the process goes in a circle.
        """
        for _round in range(MOST):
            if not self.case.is_running:
                return
            self.token.context.values = self.values()
            self.token.run()
            self._take_facts()
            waiting = self.token.waiting()
            reached = {w.token for w in waiting}
            for step in self.open_steps():
                if step.token and step.token not in reached:
                    self.close_step(step, Step.State.DROPPED)
            known = {s.token for s in self.open_steps() if s.token}
            fresh = [w for w in waiting if w.token not in known]
            if not fresh:
                break
            for item in fresh:
                self._open(item)
        else:
            raise Invalid(_("流程自动走了 %(n)d 步还没有停，可能绕了圈。") % {"n": MOST})
        if self.token.is_over():
            refused = self.case.facts.get("result") == signing.REFUSE
            self.finish(Case.State.REFUSED if refused else Case.State.DONE)

    def _take_facts(self) -> None:
        left, self.token.context.left = self.token.context.left, {}
        self.sent += self.token.context.sent
        self.token.context.sent = []
        entered, self.token.context.entered = self.token.context.entered, []
        if entered:
            taken = {at: self.process.editions[at] for at in entered}
            self.w.change(self.case, links={**taken, **self.case.links})
        if left:
            self._keep({k: limits.stored(v) for k, v in left.items()})

    def _keep(self, found: Mapping[str, Any]) -> None:
        """What is a field of the form is filled in there; all else is a fact."""
        fields = {name: value for name, value in found.items() if self.outline.field(name) is not None}
        if fields:
            self.w.change(self.case, values={**self.case.values, **fields})
        if facts := {name: value for name, value in found.items() if name not in fields}:
            self.fact(**facts)

    def _open(self, reached: running.Waiting) -> None:
        rule = self.outline.steps[reached.element]
        step = self.add_step(reached.element, rule.name, token=reached.token)
        self._finder = None  # what the case knows may have changed since the last step opened
        holders = self._again(step) or self.finder.find(rule.who, rule.element)
        for copy in self.finder.find(rule.cc, rule.element):
            self.add_task(step, copy, Task.Role.COPY)
        if rule.kind == "copy":
            for holder in holders:
                self.add_task(step, holder, Task.Role.COPY)
            return self._pass(step)
        if not holders:
            if rule.empty == "refuse":
                raise Invalid(_("“%(step)s”没有人可以办，请找流程管理员核对人员设置。") % {"step": rule.name})
            if rule.empty == "skip":
                self.say("skip", gettext_noop("没有符合条件的人，按规则跳过。"), step=step)
                return self._pass(step, Step.State.SKIPPED)
            holders = self.finder.admins()
            self.say("admin", gettext_noop("没有符合条件的人，转业务管理员。"), step=step)
        role = {"handle": Task.Role.HANDLE, "read": Task.Role.READ}.get(rule.kind, Task.Role.APPROVE)
        passed = {t.person_id for t in self.tasks if t.verdict == Task.Verdict.PASS} if rule.skip else set()
        for place, holder in enumerate(holders):
            queued = rule.mode == "sequence" and place > 0
            state = Task.State.QUEUED if queued else Task.State.OPEN
            if holder.post.person_id in passed:
                done = {"state": Task.State.DONE, "verdict": Task.Verdict.SKIPPED, "done_at": self.now}
                self.add_task(step, holder, role, place=place, **done)
                self.say("skip", gettext_noop("同一人已同意过，自动跳过。"), step=step, to=holder.post.person.name)
            else:
                self.add_task(step, holder, role, place=place, state=state)
        return self.weigh(step, run=False)

    def _again(self, step: Step) -> list[Holder]:
        """Whoever did the step before it was sent back does it again, if they still hold their posts."""
        earlier = [
            s for s in self.steps if s.element == step.element and s is not step and s.state == Step.State.RETURNED
        ]
        if not earlier:
            return []
        posts = [t.post_id for t in signing.group(self.of(earlier[-1])) if t.verdict != Task.Verdict.TAKEN]
        held: list[Post] = self.finder.valid(posts)
        return self.finder.deputies(held) if len(held) == len(posts) else []

    def weigh(self, step: Step, *, run: bool = True) -> None:
        """See whether the step is decided, and go on if it is (with ``run``, to where people are waited for)."""
        rule, tasks = self.rule(step), self.of(step)
        if rule.kind == "read":
            found = signing.PASS if all(t.state != Task.State.OPEN for t in tasks if t.role == Task.Role.READ) else ""
        else:
            found = signing.outcome(rule, tasks)
        if not found:
            for task in signing.next_ones(rule, tasks):
                self.wake(task)
            return
        if step.token:
            counted = signing.group(tasks)
            self.fact(**{
                "result": found, f"{step.element}.result": found, f"{step.element}.agreed": str(signing.agreed(counted)),
                f"{step.element}.refused": str(signing.refused(counted)),
            })  # fmt: skip
        if found == signing.PASS or rule.refuse == "go":
            self._pass(step, Step.State.PASSED if found == signing.PASS else Step.State.REFUSED)
            if run:
                self.settle()
        elif rule.refuse == "end":
            self.close_step(step, Step.State.REFUSED)
            self.finish(Case.State.REFUSED)
        else:
            VERBS["send_back"](self, step=step, to="" if rule.refuse == "start" else None)

    def _pass(self, step: Step, state: Step.State = Step.State.PASSED) -> None:
        taken = Task.Verdict.TAKEN if self.rule(step).mode in ("any", "claim", "single") else ""
        self.close_step(step, state, taken)
        if step.token:
            self.token.context.values = self.values()
            self.token.complete(step.token)
        elif step.mends:
            VERBS["take_up"](self, step=step)
        else:
            VERBS["begin"](self)

    def finish(self, state: Case.State) -> None:
        """The case is over; nobody has anything to do in it any more, but to read."""
        for step in self.open_steps():
            self.close_step(step, Step.State.DROPPED)
        self.stop(self.timers)
        self.w.change(self.case, state=state, ended_at=self.now)

    def save(self) -> None:
        """Store the token, where the case stands, and the timers that run."""
        case = self.case
        if self._token is not None and case.is_running:
            self.w.change(case, engine=self.token.store())
            self._timers()
        names = list(dict.fromkeys(s.name for s in self.open_steps() if s.state == Step.State.OPEN))
        self.w.change(case, stands_at="、".join(names)[:200], engine={} if case.is_over else case.engine)

    def _timers(self) -> None:
        running_ = self.token.timers()
        known = [t for t in self.timers if t.what == Timer.What.PROCESS and t.done_at is None]
        self.stop([t for t in known if running_.pop(t.token, None) is None])
        for token, at in running_.items():
            self.add_timer(Timer.What.PROCESS, at, token=token)
