"""Past cases played again by another edition of their process: which would go another way, where first, and why.

Nothing is written: what was entered and decided then (``Opinion``) is told to the engine in memory (``rehearsal.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from shuzheng.base.access.pages import within
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.scope import Range
from shuzheng.base.flows.bpmn.words import Outline
from shuzheng.base.flows.calling import drawing_of, process_of
from shuzheng.base.flows.models import Case, Definition, Opinion, Step, Task, Timer
from shuzheng.base.flows.rehearsal import Decision, Part, Play, Run, name_of, word_of
from shuzheng.base.flows.trials import clean, flows_of
from shuzheng.base.flows.values import rights
from shuzheng.kernel.errors import Invalid

USUAL, MOST = 50, 200
"""Past cases that are played at once."""
ESCALATED = 99
"""The place of those to whom a late task was escalated (``turning._escalate``)."""
DECIDED = {"pass": "pass", "handle": "pass", "mend": "pass", "read": "pass", "refuse": "refuse"}
FALLEN_DUE = ("auto_pass", "auto_back", "escalate")
GATES = ("exclusiveGateway", "inclusiveGateway")


_SAID = re.compile(r"<sz:form>.*?</sz:form>|<sz:process [^>]*>", re.S)
"""What names fields without looking at what is in them: the form, the title of a case."""


@dataclass(frozen=True)
class Past:
    """A case as it went: who and what, the decisions in their order, and the steps that opened, those of one move together."""

    case: Case
    part: Part
    decisions: Sequence[Decision]
    groups: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Replayed:
    """How a past case would go. ``where`` and ``why`` are empty when it would go as it went."""

    case: Case
    where: str = ""
    why: str = ""
    is_odd: bool = False
    """By its own edition it cannot be played as it went, either: nothing can be said of it."""

    @property
    def differs(self) -> bool:
        return bool(self.why) and not self.is_odd


def finished(actor: Actor, definition: Definition, most: int = USUAL) -> list[Case]:
    """The latest finished cases of other editions of the process that the actor may open, with what they went by: those of their
    organ, and any in which they took part (as ``reaching.opened``).

    Not what a tier below has besides: whoever draws a condition and replays it would learn what was entered in each case.
    """
    own = Range.subtree(actor.organ_path)
    inside = Q(path__gte=own.lo, path__lt=own.hi)
    with system_actor("flows.count").scope.activate():
        took_part = Task.objects.filter(inside, person_id=actor.person_id).exclude(state=Task.State.QUEUED)
        rows = Case.objects.filter(
            inside & within(actor, "flows.case.view") | Q(pk__in=took_part.values("case_id")),
            definition__code=definition.code, definition__node_id=definition.node_id, state__in=Case.OVER,
        ).exclude(definition=definition)  # fmt: skip
        return list(rows.select_related("definition").defer("engine").order_by("-ended_at")[:most])


def replay(cases: Sequence[Case], definition: Definition) -> list[Replayed]:
    """Play each by the edition. A handful of questions, however many cases."""
    return [_compare(past, definition) for past in pasts(cases)]


def pasts(cases: Sequence[Case]) -> Iterator[Past]:
    """The cases as they went; with the steps and opinions of all who took part, whatever their organ."""
    ids = [case.pk for case in cases]
    with system_actor("flows.count").scope.activate():
        steps = _by_case(Step.objects.filter(case_id__in=ids).order_by("opened_at", "pk"))
        tasks = _by_case(Task.objects.filter(case_id__in=ids).order_by("pk"))
        opinions = _by_case(Opinion.objects.filter(case_id__in=ids).order_by("at", "pk"))
        fired = Timer.objects.filter(case_id__in=ids, what=Timer.What.PROCESS).exclude(done_at=None)
        timers = _by_case(fired.order_by("done_at"))
    for case in cases:
        yield _past(
            case, steps.get(case.pk, []), tasks.get(case.pk, []), opinions.get(case.pk, []), timers.get(case.pk, [])
        )


def _by_case(rows: Any) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


def _past(case: Case, steps: list[Step], tasks: list[Task], opinions: list[Opinion], timers: list[Timer]) -> Past:
    outline = process_of(case.definition, case.links).outline
    by_step: dict[UUID, list[Task]] = {}
    for task in tasks:
        by_step.setdefault(task.step_id, []).append(task)
    known: dict[str, list[tuple[str, str]]] = {}
    for step in steps:
        if step.token and step.element not in known and step.element in outline.steps:
            reads = outline.steps[step.element].kind == "read"
            known[step.element] = _people(by_step.get(step.pk, []), reads=reads)
    facts = {k: v for k, v in case.facts.items() if k.startswith("starter.")}
    part = Part(facts=facts, values=_entered(case, outline, opinions), urgent=case.is_urgent, known=known)
    visits = [s for s in steps if s.token]
    groups = [[s.element for s in together] for _at, together in groupby(visits, key=lambda s: s.opened_at)]
    decisions = list(_decisions(outline, steps, tasks, opinions, timers))
    return Past(case, part, decisions, groups)


def _people(tasks: Sequence[Task], *, reads: bool) -> list[tuple[str, str]]:
    """Who had a step by its rule, or took it over from them: one for each place, as they were asked."""
    roles = (Task.Role.READ,) if reads else (Task.Role.APPROVE, Task.Role.HANDLE)
    held: dict[int, Task] = {}
    for task in tasks:
        if task.role in roles and task.added_by is None and task.place != ESCALATED:
            held[task.place] = task
    return [(str(held[place].person_id), held[place].person) for place in sorted(held)]


def _entered(case: Case, outline: Outline, opinions: Sequence[Opinion]) -> dict[str, Any]:
    """What the starter entered; of cases that did not keep it, what stands in the fields that were theirs."""
    first = next((o for o in opinions if o.verb == "start"), None)
    given = first.given if first is not None and first.given else case.values
    mine = {code for code, right in rights(outline, None).items() if right in ("edit", "required")}
    return {code: value for code, value in given.items() if code in mine}


def _decisions(
    outline: Outline, steps: Sequence[Step], tasks: Sequence[Task], opinions: Sequence[Opinion], timers: Sequence[Timer]
) -> Iterator[Decision]:
    by_id, by_task = {s.pk: s for s in steps}, {t.pk: t for t in tasks}
    left = [t for t in timers if t.done_at is not None and t.done_at >= t.at]
    for said in opinions:
        while left and left[0].done_at is not None and left[0].done_at < said.at:
            yield Decision("timer", left.pop(0).token.partition(":")[0])
        step = by_id.get(said.step_id) if said.step_id else None
        task = by_task.get(said.task_id) if said.task_id else None
        if (found := _decision(outline, steps, said, step, task)) is not None:
            yield found
    for timer in left:
        yield Decision("timer", timer.token.partition(":")[0])


def _decision(
    outline: Outline, steps: Sequence[Step], said: Opinion, step: Step | None, task: Task | None
) -> Decision | None:
    """What a line of the story did to the way of the case; None when it did nothing to it."""
    verb, element = said.verb, step.element if step is not None else ""
    if verb in ("withdraw", "revoke", "terminate"):
        return Decision(verb)
    if verb == "message":
        return Decision("message", to=said.text)
    if step is None:
        return None
    if verb in FALLEN_DUE:
        return Decision("late", element)
    if task is None:
        return None
    if verb in DECIDED:
        rule = outline.steps.get(element)
        only_read = task.role in Task.TO_READ and not (rule is not None and rule.kind == "read")
        aside = task.role == Task.Role.HELP or only_read
        return None if aside else Decision(DECIDED[verb], element, count=1, values=said.given)
    if verb == "back":
        opened = next((s for s in steps if s.opened_at == said.at), None)
        to = opened.element if opened is not None else ""
        return Decision("back", element, to=to, straight=opened is not None and opened.mends == step.pk)
    if verb in ("sign_before", "sign_after"):
        return Decision(verb, element, count=len(said.to.split("、")))
    return Decision(verb, element) if verb in ("unsign", "undo") else None


# comparing


def _compare(past: Past, definition: Definition) -> Replayed:
    before, case = past.case.definition, past.case
    old = Play(before, past.part, past.case.links).run(past.decisions)
    old_outline = process_of(before, past.case.links).outline
    outline = process_of(definition).outline
    if old.stopped or _first(past.groups, old.groups) is not None or old.outcome != case.state:
        why = old.stopped or _("有环节当时由系统外的情况决定。")
        return Replayed(case, _("原版"), why, is_odd=True)
    new = Play(definition, past.part).run(past.decisions)
    at = _first(past.groups, new.groups)
    stopped_first = new.stopped and (at is None or at >= len(new.groups))
    if stopped_first:
        said = past.decisions[new.stopped_at - 1] if new.stopped_at else None
        where = (
            _("发起")
            if said is None
            else f"{name_of(outline.elements, said.step)} {word_of(outline, said.verb, said.step)}"
        )
        return Replayed(case, where, new.stopped)
    if at is not None:
        return Replayed(case, *_why(past, at, new, old, outline, old_outline, definition))
    if new.outcome != case.state:
        words = {"old": case.get_state_display(), "new": dict(Case.State.choices)[new.outcome]}
        return Replayed(case, _("结果"), _("原为“%(old)s”，现为“%(new)s”。") % words)
    return Replayed(case)


def _first(expected: Sequence[Sequence[str]], really: Sequence[Sequence[str]]) -> int | None:
    """The first group of steps that is another one."""
    pairs = enumerate(zip_longest(expected, really, fillvalue=()))
    return next((n for n, (one, other) in pairs if Counter(one) != Counter(other)), None)


def _why(
    past: Past, at: int, new: Run, old: Run, outline: Outline, old_outline: Outline, definition: Definition
) -> tuple[str, str]:
    then = past.groups[at] if at < len(past.groups) else []
    now = new.groups[at] if at < len(new.groups) else []
    gone = [e for e in then if e not in outline.steps]
    fresh = [e for e in now if e not in old_outline.steps]
    before = past.groups[at - 1] if at else []
    where = _("“%(names)s”之后") % {"names": _names(old_outline, before)} if before else _("发起之后")
    if fresh:
        return where, _("新版多了“%(names)s”。") % {"names": _names(outline, fresh)}
    if gone:
        return where, _("新版没有“%(names)s”。") % {"names": _names(old_outline, gone)}
    words = {"old": _names(old_outline, then) or _("没有下一步"), "new": _names(outline, now) or _("没有下一步")}
    turned = _turned(past.case.definition, definition, old, new, outline)
    return where, f"{_('原到“%(old)s”，现到“%(new)s”。') % words}{turned}"


def _turned(before: Definition, after: Definition, old: Run, new: Run, outline: Outline) -> str:
    """The gateway that chose another way, and the conditions there."""
    for gate, (kind, _name) in outline.elements.items():
        took = {b for a, b in new.pairs if a == gate}
        if kind not in GATES or gate not in old.elements or not took or took == {b for a, b in old.pairs if a == gate}:
            continue
        words = {
            "gate": name_of(outline.elements, gate), "old": _way(before, gate, old), "new": _way(after, gate, new),
        }  # fmt: skip
        return _("分支“%(gate)s”原走“%(old)s”，现走“%(new)s”。") % words
    return ""


def _way(definition: Definition, gate: str, run: Run) -> str:
    elements = process_of(definition).outline.elements
    took = [f for f in flows_of(drawing_of(definition)) if f[1] == gate and (gate, f[2]) in run.pairs]
    return "、".join(said or name_of(elements, target) for _id, _source, target, said in took)


def _names(outline: Outline, elements: Sequence[str]) -> str:
    return "、".join(name_of(outline.elements, e) for e in elements)


# a test case of a past case


def trial_of(case: Case, name: str) -> dict[str, Any]:
    """A test case that goes as a past case went. It is read by more people than the case: texts that no condition looks at
    are not taken over, nor names.

    Raises:
        Invalid: the case is not over, or cannot be played as it went.
    """
    if not case.is_over:
        raise Invalid(_("办结的事项才能做成测试用例。"))
    [past] = pasts([case])
    outline = process_of(case.definition, case.links).outline
    hidden = _hidden(case.definition, case.links, outline)
    played = Play(case.definition, past.part, case.links).run(past.decisions)
    if played.stopped or _first(past.groups, played.groups) is not None:
        raise Invalid(_("这件事项当时受系统外的情况影响，不能照样重走：%(why)s") % {"why": played.stopped})
    do: list[dict[str, Any]] = []
    for said in past.decisions:
        row = {
            "step": said.step, "verb": said.verb, "count": said.count, "values": _masked(outline, said.values, hidden),
            "to": said.to, "straight": said.straight,
        }  # fmt: skip
        like = bool(do) and not row["values"] and all(do[-1][k] == row[k] for k in ("step", "verb", "to", "straight"))
        if like and said.verb in ("pass", "refuse"):
            do[-1]["count"] += 1
        else:
            do.append(row)
    starter = {k.partition(".")[2]: v for k, v in past.part.facts.items()}
    [made] = clean([{
        "name": name, "starter": starter, "urgent": case.is_urgent, "values": _masked(outline, past.part.values, hidden),
        "people": {e: len(held) for e, held in past.part.known.items()}, "do": do,
        "expect": {"path": [e for g in past.groups for e in g], "end": min(played.ends, default=""), "outcome": case.state},
    }])  # fmt: skip
    return made


def _hidden(definition: Definition, links: Mapping[str, str], outline: Outline) -> set[str]:
    """Fields of free text that no expression or table of the process names."""
    texts = _SAID.sub("", drawing_of(definition, links)) + "".join(definition.tables.values())
    return {
        f.code for f in outline.fields if f.kind in ("text", "long") and f.code.removeprefix(f"{f.call}.") not in texts
    }


def _masked(outline: Outline, values: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    labels = {f.code: f.label for f in outline.fields}
    return {code: f"（{labels[code]}）" if code in hidden and value else value for code, value in values.items()}
