"""A process played on paper: the engine itself and its verbs, with made-up people; no case is read and nothing is written.

Test cases (``trials.py``) and the replay of past cases (``replaying.py``) say who starts it with what, and what is decided
at which step; the play tells the way it took, where it ended, and why it could not go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.action import Write
from shuzheng.base.core.actor import system_actor
from shuzheng.base.flows import limits
from shuzheng.base.flows.bpmn.words import Outline
from shuzheng.base.flows.engine import Held, Move
from shuzheng.base.flows.models import Case, Definition, Step, Task
from shuzheng.base.flows.moving import VERBS
from shuzheng.base.flows.operations import OPERATIONS
from shuzheng.base.flows.values import typed
from shuzheng.base.flows.who import Finder, Holder, words_of
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Fault, Invalid
from shuzheng.kernel.ids import uuid7

START = ""
SEVERAL = ("all", "share", "veto", "sequence", "any", "claim")
"""Modes of steps that are asked of two people where nothing is said of how many."""
PAUSE = timedelta(minutes=1)
VERB_WORDS: Mapping[str, Any] = {
    "pass": gettext_lazy("同意（办结、已阅）"), "refuse": gettext_lazy("不同意"), "back": gettext_lazy("退回"),
    "late": gettext_lazy("超过时限"), "timer": gettext_lazy("流程定时到点"), "message": gettext_lazy("收到消息"),
    "sign_before": gettext_lazy("前加签"), "sign_after": gettext_lazy("后加签"), "unsign": gettext_lazy("减签"),
    "undo": gettext_lazy("撤回意见"), "withdraw": gettext_lazy("发起人撤回"), "revoke": gettext_lazy("发起人撤销"),
    "terminate": gettext_lazy("终止"),
}  # fmt: skip
"""What a decision of a play may be; of the process as a whole are the last three, and messages."""


@dataclass(frozen=True)
class Decision:
    """Something that happens in a play.

    Attributes:
        step: where, by id; empty for the starter who mends.
        count: how many people do it; 0 for as many as the step needs (one, of a refusal).
        values: what is entered in the form with it.
        to: where it is sent back to (empty: the starter, None: the step before), or the message that comes.
    """

    verb: str
    step: str = START
    count: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    to: str | None = None
    straight: bool = False


@dataclass(frozen=True)
class Part:
    """Who starts it, with what, and who is there to decide.

    Attributes:
        facts: ``starter.tier`` and the like.
        people: how many hold what the rule of a step names, by id of the step; 0 for nobody.
        known: people by id of the step, each with what tells them from others, where it is known who they were.
        answers: what operations of apps answer, by name of the operation and of the output.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    urgent: bool = False
    people: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass
class Run:
    """What came of a play. ``groups`` are the steps that opened, those that opened in one move together."""

    outcome: str = ""
    groups: list[list[str]] = field(default_factory=list)
    moved_by: list[int] = field(default_factory=list)
    """By group: the number of the decision that opened it, 0 for the start."""
    ends: set[str] = field(default_factory=set)
    stands: list[str] = field(default_factory=list)
    elements: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    whom: dict[str, list[str]] = field(default_factory=dict)
    """By step: in words, the rules by which its people were found."""
    stopped: str = ""
    """Why it could not go on; empty when every decision could be taken."""
    stopped_at: int = 0

    @property
    def path(self) -> list[str]:
        return [element for group in self.groups for element in group]


class Paper(Write):
    """Takes what a move writes, and keeps it in memory."""

    def __init__(self) -> None:
        super().__init__("", system_actor("flows.engine"), "")

    def create(self, *rows: models.Model) -> None:
        """Nothing is stored."""

    def change(self, row: models.Model, **values: Any) -> bool:
        for name, value in values.items():
            setattr(row, name, value)
        return True


class Cast(Finder):
    """Answers rules with made-up people: the same rule names the same person wherever it stands."""

    def __init__(self, play: Play, part: Part) -> None:
        self.play, self.part = play, part
        self.case, self.outline = play.case, play.outline
        self.posts: dict[str, Post] = {}
        self.by_id: dict[UUID, Post] = {}
        self.whom: dict[str, list[str]] = {}
        self.node = Node(name=str(part.facts.get("starter.organ") or _("发起单位")), tier=4, path=play.case.path)
        self.starter = self.made("starter", _("发起人"))

    def made(self, key: str, name: str) -> Post:
        if key not in self.posts:
            post = Post(person=Person(name=name[:60], number=key[:40]), name="", node=self.node, path=self.node.path)
            self.posts[key] = self.by_id[post.pk] = post
        return self.posts[key]

    def about_starter(self) -> dict[str, Any]:
        usual = {
            "starter.tier": self.node.tier, "starter.organ": self.node.name, "starter.post": "", "starter.is_head": False
        }  # fmt: skip
        return {**usual, **self.part.facts}

    def find(self, rules: Iterable[str], element: str) -> list[Holder]:
        step = self.outline.steps[element]
        written = tuple(rules)
        is_who = written == step.who
        named = [r for rule in written for r in self._read(rule, element)]
        if is_who:
            self.whom[element] = [words_of(r) for r in named]
            if element in self.part.known:
                return [Holder(self.made(key, name)) for key, name in self.part.known[element]]
        if not named:
            return []
        usual = max(len(named), 2 if is_who and step.mode in SEVERAL else 1)
        count = self.part.people.get(element, usual) if is_who else len(named)
        found = [self._one(named[n % len(named)], n // len(named), element) for n in range(count)]
        return [Holder(post) for post in dict.fromkeys(found)]

    def _read(self, rule: str, element: str) -> list[str]:
        if not rule.startswith("="):
            return [rule]
        return self.answers(rule, element, self.play.values())

    def _one(self, rule: str, number: int, element: str) -> Post:
        if rule == "starter":
            return self.starter
        key = f"{rule}:{element}:{number}" if rule == "chosen" else f"{rule}:{number}"
        return self.made(key, f"{words_of(rule)}{number + 1 if number else ''}")

    def valid(self, ids: Sequence[UUID]) -> list[Post]:
        return [self.by_id[pk] for pk in ids if pk in self.by_id]

    def deputies(self, posts: Sequence[Post]) -> list[Holder]:
        return [Holder(post) for post in posts]

    def admins(self) -> list[Holder]:
        return [Holder(self.made("admin", _("业务管理员")))]

    def heads(self, post: Post) -> list[Post]:
        return [self.made(f"head of {post.pk}", _("部门负责人"))]


class Play(Move):
    """A case that exists in memory only."""

    def __init__(self, definition: Definition, part: Part, links: Mapping[str, str] | None = None) -> None:
        case = Case(
            definition=definition,
            values={},
            facts={},
            engine={},
            links=links or {},
            is_urgent=part.urgent,
            starter=_("发起人"),
        )
        case.node_id, case.path, case.case_id = definition.node_id, definition.path, case.pk
        self.part = part
        super().__init__(Paper(), case, system_actor("flows.engine"), Held())
        self.cast = Cast(self, part)
        case.post_id, case.person_id = self.cast.starter.pk, self.cast.starter.person_id
        chosen = {e: self.cast.find(r.who, e) for e, r in self.outline.steps.items() if r.who == ("chosen",)}
        case.facts = {"chosen": {e: [str(h.post.pk) for h in held] for e, held in chosen.items()}}
        self.cast.whom.clear()
        self.result = Run()
        self._told = 0

    def operate(self, name: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """No operation of an app is called: it answers what the play says it does, null where it says nothing."""
        gives = OPERATIONS[name].gives
        said = self.part.answers.get(name, {})
        return {output: typed(gives[output], value) for output, value in said.items() if output in gives}

    def due(self, limit: str) -> datetime:
        return self.now + limits.span(limit)  # only what comes first matters here

    @property
    def finder(self) -> Finder:
        return self.cast

    # what happens

    def run(self, decisions: Sequence[Decision]) -> Run:
        """Start it and take the decisions one after the other, as far as they go."""
        number = 0
        try:
            VERBS["start"](self, values=self.part.values, chosen={}, number="")
            self._note(0)
            for number, decision in enumerate(decisions, 1):
                self.now += PAUSE
                self._do(decision)
                self._note(number)
        except Fault as fault:
            self._note(number)
            more = "".join(f.message for f in getattr(fault, "faults", ()) if f.message != fault.message)
            self.result.stopped, self.result.stopped_at = f"{fault.message}{more}", number
        self.result.outcome = self.case.state
        self.result.stands = [s.element for s in self.open_steps() if s.state == Step.State.OPEN]
        kinds = self.outline.elements
        if self.case.is_over:
            self.result.ends = {e for e in self.result.elements if kinds.get(e, ("", ""))[0] == "endEvent"}
        self.result.whom = dict(self.cast.whom)
        return self.result

    def _note(self, number: int) -> None:
        opened = [s.element for s in self.steps[self._told :] if s.token]
        self._told = len(self.steps)
        if opened:
            self.result.groups.append(opened)
            self.result.moved_by.append(number)
        if self._token is not None:
            elements, pairs = self._token.trail()
            self.result.elements |= elements
            self.result.pairs |= pairs

    def _do(self, said: Decision) -> None:
        if not self.case.is_running:
            raise Invalid(_("事项已经办结，这一步没有用上。"))
        words = {"text": _("测试")}
        if said.verb in ("withdraw", "revoke", "terminate"):
            VERBS[said.verb](self, **words)
        elif said.verb == "message":
            if said.to not in self.token.messages():
                raise Invalid(_("没有在等消息“%(name)s”。") % {"name": said.to or ""})
            VERBS["message"](self, text=said.to)
        elif said.verb == "timer":
            if not self.token.elapse(said.step):
                raise Invalid(_("“%(name)s”没有在计时。") % {"name": self.name(said.step)})
            self.settle()
        elif said.verb in ("pass", "refuse"):
            self._decide(said)
        elif said.verb == "undo":
            done = [t for t in self._at(said.step) if t.state == Task.State.DONE and t.counts]
            VERBS["undo"](self, task_id=self._last(done, said).pk, **words)
        else:
            step = next((s for s in self.open_steps() if s.element == said.step), None)
            if step is None:
                raise self._elsewhere(said)
            self._at_step(said, step, words)

    def _at_step(self, said: Decision, step: Step, words: dict[str, str]) -> None:
        if said.verb == "late":
            timer = next((t for t in self.timers if t.step_id == step.pk and t.done_at is None), None)
            if timer is None:
                raise Invalid(_("“%(name)s”没有设时限。") % {"name": step.name})
            self.now = max(self.now, timer.at)
            VERBS["fire"](self, timer_id=timer.pk)
            return
        if said.verb == "unsign":
            added = [t for t in self.of(step) if t.added_by and t.state in (Task.State.OPEN, Task.State.QUEUED)]
            other = self._last(added, said)
            VERBS["remove_signer"](self, task_id=other.added_by, other_id=other.pk, **words)
            return
        task = self._next(step)
        if task is None:
            raise self._elsewhere(said)
        if said.verb == "back":
            VERBS["back"](self, task_id=task.pk, to=said.to, straight=said.straight, **words)
        else:
            more = [self.cast.made(f"added {uuid7()}", _("加签人")).pk for _n in range(said.count or 1)]
            VERBS["add_signers"](self, task_id=task.pk, to=more, before=said.verb == "sign_before", **words)

    def _decide(self, said: Decision) -> None:
        """One after the other decides: as many as are said, or until the step is done with."""
        most = said.count or (1 if said.verb == "refuse" else len(self.tasks) + 1)
        values, step = said.values, None
        for number in range(most):
            if step is not None and not said.count and not step.is_open:
                return
            step = step or next((s for s in self.open_steps() if s.element == said.step and self._next(s)), None)
            task = self._next(step) if step is not None and step.is_open else None
            if task is None and number == 0:
                raise self._elsewhere(said)
            if task is None and said.count:
                words = {"name": self.name(said.step), "n": number}
                raise Invalid(_("“%(name)s”只等 %(n)d 人办。") % words)
            if task is None:
                return
            VERBS["decide"](self, task_id=task.pk, verdict=said.verb, text=_("测试"), values=values)
            values = {}

    # what is there

    def _at(self, element: str) -> list[Task]:
        steps = {s.pk for s in self.steps if s.element == element}
        return [t for t in self.tasks if t.step_id in steps]

    def _next(self, step: Step) -> Task | None:
        """Whose turn it is at a step; of what is only to be read, in a step that waits for its readers."""
        reads = (Task.Role.READ,) if self.rule(step).kind == "read" else ()
        return next((t for t in self.of(step) if t.is_open and (t.role not in Task.TO_READ or t.role in reads)), None)

    def _last(self, tasks: Sequence[Task], said: Decision) -> Task:
        if not tasks:
            raise self._elsewhere(said)
        return tasks[-1]

    def name(self, element: str) -> str:
        return name_of(self.outline.elements, element)

    def _elsewhere(self, said: Decision) -> Invalid:
        stands = "、".join(dict.fromkeys(s.name for s in self.open_steps())) or _("没有人办的地方")
        what = {"verb": word_of(self.outline, said.verb, said.step), "name": self.name(said.step), "stands": stands}
        return Invalid(_("轮到“%(name)s”%(verb)s时，流程停在“%(stands)s”。") % what)


def name_of(elements: Mapping[str, tuple[str, str]], element: str) -> str:
    """How people call an element; what has no name, by its id."""
    if element == START:
        return _("发起人")
    return elements.get(element, ("", ""))[1] or element


def word_of(outline: Outline, verb: str, element: str) -> str:
    """What a decision is called at a step: handling ends with 办结, reading with 已阅."""
    rule = outline.steps.get(element)
    ends = {"handle": _("办结"), "read": _("已阅")}
    if verb == "pass":
        return ends.get(rule.kind, _("同意")) if rule is not None else _("再报")
    return str(VERB_WORDS[verb])
