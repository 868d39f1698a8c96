"""Test cases of a definition: what goes in, what is decided, and the way it is to take. They run in memory (``rehearsal.py``).

{"name": "五千元以下", "starter": {"tier": 4, "is_head": false}, "urgent": false, "values": {"amount": "300"},
 "people": {"sign": 3}, "do": [{"step": "sign", "verb": "pass", "count": 2}, {"step": "sign", "verb": "refuse"}],
 "expect": {"path": ["head", "sign"], "end": "end", "outcome": "refused"}}
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from shuzheng.base.core.action import Write, action
from shuzheng.base.flows.bpmn.reading import parse
from shuzheng.base.flows.bpmn.words import Outline, tag
from shuzheng.base.flows.calling import process_of
from shuzheng.base.flows.models import Case, Definition
from shuzheng.base.flows.rehearsal import Decision, Part, Play, Run, name_of, word_of
from shuzheng.kernel.errors import FieldFault, Invalid

MOST, LONGEST = 100, 200
"""Test cases of a definition; decisions of one."""
WITHOUT_STEP = ("withdraw", "revoke", "terminate", "message")
Name = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")]
Given = dict[Name, Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")] | bool | list[Name] | None]
Values = Annotated[Given, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StarterIn(_Strict):
    """What conditions may ask about the starter."""

    tier: Annotated[int, Field(ge=1, le=4)] = 4
    organ: Name = ""
    post: Name = ""
    is_head: bool = False


class DecisionIn(_Strict):
    """``count``: how many people, 0 for as many as the step needs. ``to``: the step it goes back to (none: the one before,
    empty: the starter), or the message that comes."""

    step: Name = ""
    verb: Literal[
        "pass", "refuse", "back", "late", "timer", "message", "sign_before", "sign_after", "unsign", "undo", "withdraw", "revoke",
        "terminate",
    ] = "pass"  # fmt: skip
    count: Annotated[int, Field(ge=0, le=200)] = 0
    values: Values = {}
    to: Name | None = None
    straight: bool = False


class ExpectIn(_Strict):
    """``path``: the steps in the order in which they open; what is empty is not looked at."""

    path: Annotated[list[Name], Field(max_length=400)] = []
    end: Name = ""
    outcome: Literal["", "running", "done", "refused", "revoked", "ended"] = ""


class TrialIn(_Strict):
    """One test case. ``people``: how many can do a step, by its id; 0 for nobody. ``answers``: what operations of apps answer,
    by operation and output."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]*$", strip_whitespace=True)]
    starter: StarterIn = StarterIn()
    urgent: bool = False
    values: Values = {}
    people: Annotated[dict[Name, Annotated[int, Field(ge=0, le=200)]], Field(max_length=100)] = {}
    answers: Annotated[dict[Name, Values], Field(max_length=50)] = {}
    do: Annotated[list[DecisionIn], Field(max_length=LONGEST)] = []
    expect: ExpectIn = ExpectIn()


_TRIALS = TypeAdapter(Annotated[list[TrialIn], Field(max_length=MOST)])


def clean(rows: Any) -> list[dict[str, Any]]:
    """Test cases as they are stored.

    Raises:
        Invalid: they are not of the form above, or two have the same name.
    """
    try:
        found = _TRIALS.validate_python(rows)
    except ValidationError as error:
        faults = [
            FieldFault("tests", _("测试用例写得不对：%(where)s %(why)s") % {
                "where": ".".join(str(p) for p in e["loc"]), "why": e["msg"],
            })
            for e in error.errors()[:20]
        ]  # fmt: skip
        raise Invalid(_("测试用例写得不对。"), faults) from error
    twice = [name for name, n in Counter(t.name for t in found).items() if n > 1]
    if twice:
        raise Invalid.one("tests", _("测试用例的名称重复：%(names)s") % {"names": "、".join(twice)})
    return [t.model_dump(mode="json") for t in found]


def read_file(text: str) -> list[dict[str, Any]]:
    """Test cases of a file (``<code>.tests.json``).

    Raises:
        Invalid: it is no JSON, or not of the form.
    """
    try:
        return clean(json.loads(text))
    except ValueError as error:
        raise Invalid.one("tests", _("不是完好的 JSON：%(why)s") % {"why": error}) from error


def write_file(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same as a file: what is as usual is left out."""
    told = [TrialIn.model_validate(row).model_dump(mode="json", exclude_defaults=True) for row in rows]
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


@action("flows.trial.save", permission="flows.definition.save")
def save_trials(w: Write, rows: Sequence[Definition], *, trials: Sequence[Mapping[str, Any]]) -> Sequence[Definition]:
    """Set the test cases of editions. What a published edition says is not changed by them.

    Raises:
        Invalid: see ``clean``.
    """
    found = clean(list(trials))
    for row in rows:
        w.change(row, trials=found)
    return rows


# running


@dataclass(frozen=True)
class Result:
    """How a test case went: as expected when ``faults`` is empty."""

    name: str
    faults: list[str]
    run: Run
    path: list[str]
    """Names of the steps it passed, in order."""
    whom: list[tuple[str, str]]
    """By name of the step: the rules by which its people were found."""

    @property
    def passed(self) -> bool:
        return not self.faults


def run(definition: Definition, trial: Mapping[str, Any]) -> Result:
    """Play a test case and compare."""
    outline = process_of(definition).outline
    played = Play(definition, _part(trial)).run([Decision(**d) for d in trial["do"]])
    path = [name_of(outline.elements, e) for e in played.path]
    whom = [(name_of(outline.elements, e), "、".join(words)) for e, words in played.whom.items()]
    return Result(trial["name"], _faults(outline, trial, played), played, path, whom)


def _part(trial: Mapping[str, Any]) -> Part:
    starter = {f"starter.{k}": v for k, v in trial["starter"].items()}
    return Part(
        facts=starter, values=trial["values"], urgent=trial["urgent"], people=trial["people"], answers=trial["answers"]
    )


def _faults(outline: Outline, trial: Mapping[str, Any], played: Run) -> list[str]:
    found, expected = [], trial["expect"]
    if played.stopped:
        where = _("发起") if not played.stopped_at else _("第 %(n)d 步") % {"n": played.stopped_at}
        found.append(f"{where}：{played.stopped}")
    if expected["path"] and (said := differs(outline, expected["path"], played)):
        found.append(said)
    if expected["end"] and expected["end"] not in played.ends:
        really = "、".join(name_of(outline.elements, e) for e in sorted(played.ends)) or _("没有到结束")
        found.append(_("应到“%(end)s”，实为“%(really)s”。") % {
            "end": name_of(outline.elements, expected["end"]), "really": really,
        })  # fmt: skip
    if expected["outcome"] and expected["outcome"] != played.outcome:
        states = dict(Case.State.choices)
        found.append(_("结果应为“%(expected)s”，实为“%(really)s”。") % {
            "expected": states[expected["outcome"]], "really": states[played.outcome],
        })  # fmt: skip
    return found


def differs(outline: Outline, expected: Sequence[str], played: Run) -> str:
    """Where first the way is another one, in words. Steps that open together may be told in any order."""
    left = list(expected)
    for group in played.groups:
        part, left = left[: len(group)], left[len(group) :]
        if Counter(part) != Counter(group):
            missed, came = (
                list((Counter(part) - Counter(group)).elements()),
                list((Counter(group) - Counter(part)).elements()),
            )
            words = {
                "expected": _names(outline, missed) or _("没有下一步"),
                "really": _names(outline, came) or _("没有下一步"),
            }
            return _("应到“%(expected)s”，实到“%(really)s”。") % words
    return _("没有走到“%(names)s”。") % {"names": _names(outline, left)} if left else ""


def _names(outline: Outline, elements: Sequence[str]) -> str:
    return "、".join(name_of(outline.elements, e) for e in elements)


def failing(definition: Definition) -> list[FieldFault]:
    """The test cases that fail, in words; none when it has none."""
    results = [run(definition, trial) for trial in definition.trials]
    return [
        FieldFault("tests", _("测试用例“%(name)s”没有通过：%(why)s") % {"name": r.name, "why": "".join(r.faults)})
        for r in results
        if r.faults
    ]


# how much of it was passed


@dataclass(frozen=True)
class Coverage:
    """What no test case passed: steps and flows of the definition, in words; and the ids of what was passed."""

    steps: int
    flows: int
    missed_steps: list[str]
    missed_flows: list[str]
    elements: frozenset[str]
    passed_flows: frozenset[str]

    @property
    def share(self) -> float:
        """Of steps and flows together, from 0 to 1."""
        whole = self.steps + self.flows
        return 1 - (len(self.missed_steps) + len(self.missed_flows)) / whole if whole else 1.0


@lru_cache(maxsize=200)
def flows_of(bpmn: str) -> tuple[tuple[str, str, str, str], ...]:
    """The flows that were drawn: id, where from, where to, and what is written on it (else its condition)."""
    return tuple(
        (f.get("id"), f.get("sourceRef"), f.get("targetRef"),
         f.get("name") or (f.findtext(tag("conditionExpression")) or "").strip())
        for f in parse(bpmn).iter(tag("sequenceFlow"))
    )  # fmt: skip


def coverage(definition: Definition, results: Sequence[Result]) -> Coverage:
    """What the test cases passed together, of the definition itself: what it calls has test cases of its own."""
    outline = process_of(definition).outline
    elements = frozenset(e for r in results for e in r.run.elements)
    pairs = {p for r in results for p in r.run.pairs}
    flows = flows_of(definition.bpmn)
    passed = frozenset(ident for ident, source, target, _said in flows if (source, target) in pairs)
    missed = [
        f"{name_of(outline.elements, source)} → {name_of(outline.elements, target)}{f'（{said}）' if said else ''}"
        for ident, source, target, said in flows
        if ident not in passed
    ]
    own = [step for step in outline.steps.values() if step.element not in outline.inside]
    steps = [step.name for step in own if step.element not in elements]
    return Coverage(len(own), len(flows), steps, missed, elements, passed)


def told(outline: Outline, decision: Mapping[str, Any]) -> str:
    """A decision in words."""
    verb = word_of(outline, decision["verb"], decision["step"])
    if decision["verb"] == "message":
        return f"{verb} {decision['to'] or ''}"
    if decision["verb"] in WITHOUT_STEP:
        return verb
    count = _("（%(n)d 人）") % {"n": decision["count"]} if decision["count"] else ""
    to = ""
    if decision["verb"] == "back":
        name = _("上一步") if decision["to"] is None else name_of(outline.elements, decision["to"])
        to = f" → {name}"
    where = name_of(outline.elements, decision["step"])
    return f"{where} {verb}{count}{to}"
