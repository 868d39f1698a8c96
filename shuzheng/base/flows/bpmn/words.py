"""What we write into BPMN beside the standard: the form of a process, and who does a step and how.

Namespace ``urn:shuzheng:flows``, inside ``bpmn:extensionElements``, so that other tools keep it and pass it on:

    <sz:process code="seal" group="office" title="用印：{subject}" withdraw="undecided" confidence="B" hold="kept" adding="free"/>
    <sz:form><sz:field code="amount" label="金额" kind="money" unit="元" required="true"/></sz:form>
    <sz:step mode="all" refuse="end" back="any" empty="admin" due="2d" overdue="remind" fields="amount:read"/>
    <sz:who rule="role:leader@organ"/>  <sz:cc rule="post:档案员@organ"/>
    <sz:call><sz:input name="copies" value="count * 2"/><sz:output name="sealed" value="done"/></sz:call>
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.portal.formats import in_language
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.expr import BOOLEAN, DATE, NUMBER, TEXT, Type, list_of

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
SZ = "urn:shuzheng:flows"
NS = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "sz": SZ}

KINDS: Mapping[str, Type] = {
    "text": TEXT,
    "long": TEXT,
    "number": NUMBER,
    "money": NUMBER,
    "date": DATE,
    "choice": TEXT,
    "choices": list_of(TEXT),
    "boolean": BOOLEAN,
}
"""Kinds of form fields, and what each is in an expression."""

RIGHTS = ("read", "edit", "required", "hidden")
MODES = ("single", "all", "share", "veto", "any", "sequence", "claim")
"""``all``: everybody decides, and one refusal refuses; ``share``: enough must agree; ``veto``: the first refusal ends it;
``any`` (或签): the first decides for all; ``sequence`` (依次): one after the other; ``claim`` (抢办): who takes it does it;
``single``: as ``any``, for steps of one person."""
STEP_KINDS = ("approve", "handle", "read", "copy")
EMPTY = ("admin", "skip", "refuse")
REFUSALS = ("end", "start", "previous", "go")
"""What a refusal does: end the case, send it back, or ``go`` on with ``result = "refuse"`` for a gateway to see."""
BACK = ("any", "start", "previous", "none")
OVERDUE = ("remind", "escalate", "pass", "return")
WITHDRAW = ("undecided", "first", "never")
TESTS = ("refuse", "warn")
"""When the starter may take a case back: while the step it stands at is undecided, while the first one is, never."""
CONFIDENCES = ("", "A*", "A", "B*", "B", "C")
"""How sure a process is that ships as a standard (``standards.models.Confidence``); empty for one that is no standard."""
HOLDS = ("kept", "fixed", "free")
"""What adopters of a standard may do to a step: keep it, but say who, and make time limits shorter (``kept``); nothing at
all (``fixed``); change and drop it (``free``)."""
ADDING = ("free", "none")
"""Whether adopters may add steps."""


@dataclass(frozen=True)
class Field:
    """A field of the form. ``start`` is the starter's right to it when the case begins."""

    code: str
    label: str
    label_en: str = ""
    kind: str = "text"
    required: bool = False
    unit: str = ""
    options: tuple[str, ...] = ()
    help: str = ""
    start: str = "edit"
    call: str = ""
    """Of a field that only a called process has: the call activity that it came with."""

    @property
    def shown(self) -> str:
        """The label in the reader's language."""
        return in_language(self.label, self.label_en)


@dataclass(frozen=True)
class StepRule:
    """A human step as it was drawn."""

    element: str
    name: str
    line: int = 0
    kind: str = "approve"
    mode: str = "single"
    share: str = "0.5"
    who: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    empty: str = "admin"
    refuse: str = "end"
    back: str = "any"
    due: str = ""
    overdue: str = "remind"
    every: str = ""
    skip: bool = False
    hold: str = ""
    """One of ``HOLDS``; empty for what the process says of all its steps."""
    name_en: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name, self.name_en)

    def right(self, code: str) -> str:
        """What whoever does the step may do with a field."""
        return self.fields.get(code, "read")


@dataclass(frozen=True)
class Service:
    """What a service task does: call an ``operation`` with ``inputs`` (expressions by name), or send a ``message``."""

    operation: str = ""
    message: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call of another definition by its ``code``: what its fields are given (expressions here, by its field), and what comes
    back (expressions there, by our field). Fields of the same code that are not named are one and the same."""

    code: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """What expressions of a called process see: its names with their types, and under which name the case holds each.

    ``own`` are the fields that begin empty with each call.
    """

    names: Mapping[str, Type]
    keys: Mapping[str, str]
    own: tuple[str, ...] = ()

    def seen(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a case, under the names that the called process knows them by."""
        return {name: values[key] for name, key in self.keys.items() if key in values}


@dataclass(frozen=True)
class Outline:
    """What a definition says to everybody but the engine."""

    process: str
    code: str
    name: str
    name_en: str
    group: str
    about: str
    basis: str
    title: str
    withdraw: str
    confidence: str
    hold: str
    adding: str
    fields: tuple[Field, ...]
    steps: Mapping[str, StepRule]
    names: Mapping[str, Type]
    """Names that expressions of the process may use, with their types."""
    tests: str
    """What test cases that fail do to publishing: ``refuse``, or ``warn`` only."""
    called: Mapping[str, str]
    """By id of a rule task or sending task: the decision, or the message."""
    services: Mapping[str, Service]
    follows: Mapping[str, tuple[str, ...]]
    """Human steps that may come right after an element, through gateways and events."""
    elements: Mapping[str, tuple[str, str]]
    """By id: kind of element and name, for faults and the diagram."""
    calls: Mapping[str, Call] = field(default_factory=dict)
    """By call activity: which other definition it calls."""
    frames: Mapping[str, Frame] = field(default_factory=dict)
    """By call activity, once the called definitions are joined to it: what is known inside."""
    inside: Mapping[str, Frame] = field(default_factory=dict)
    """The same by each element of a called process."""

    @property
    def is_standard(self) -> bool:
        return bool(self.confidence)

    def holds(self, element: str) -> str:
        """What adopters may do to a step."""
        return self.steps[element].hold or self.hold

    def seen(self, element: str | None, values: Mapping[str, Any]) -> tuple[Mapping[str, Type], Mapping[str, Any]]:
        """Names and values as expressions at an element know them."""
        frame = self.inside.get(element or "")
        return (frame.names, frame.seen(values)) if frame else (self.names, values)

    def key(self, element: str | None, name: str) -> str:
        """Under which name the case holds what is called so at an element."""
        frame = self.inside.get(element or "")
        return frame.keys.get(name, name) if frame else name

    def field(self, code: str) -> Field | None:
        return next((f for f in self.fields if f.code == code), None)


def facts_of(steps: Mapping[str, StepRule]) -> dict[str, Type]:
    """Names that the engine provides: of the starter, the last verdict, and each step's own."""
    found = {
        "starter.tier": NUMBER, "starter.organ": TEXT, "starter.post": TEXT, "starter.is_head": BOOLEAN,
        "result": TEXT, "is_urgent": BOOLEAN,
    }  # fmt: skip
    for element in steps:
        found |= {f"{element}.result": TEXT, f"{element}.agreed": NUMBER, f"{element}.refused": NUMBER}
    return found


def tag(name: str, space: str = BPMN) -> str:
    return f"{{{space}}}{name}"


def local(node: Any) -> str:
    """The tag without its namespace; empty for a comment."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def one(node: Any, name: str) -> Any:
    """What we wrote into an element, by name; None when there is nothing."""
    return node.find(f"bpmn:extensionElements/sz:{name}", NS)


def place(node: Any, what: str) -> FieldFault:
    """A fault at an element: its name, id and line."""
    name = node.get("name") or local(node)
    line = node.sourceline or 0
    said = _("第 %(line)d 行 %(name)s（%(id)s）：%(what)s") % {
        "line": line, "name": name, "id": node.get("id") or "—", "what": what,
    }  # fmt: skip
    return FieldFault(node.get("id") or local(node), said, row=line)
