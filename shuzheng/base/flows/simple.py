"""The simple designer's view of a process: steps down a page, with branches by condition, and BPMN made of it and back.

    {"code": "seal", "name": "用印", "title": "用印：{subject}", "group": "", "about": "", "basis": "", "withdraw": "undecided",
     "fields": [{"code", "label", "label_en", "kind", "required", "unit", "options": [], "help", "start"}],
     "steps": [{"type": "step", "id", "name", "kind": "approve", "mode": "single", "who": ["head"], "cc": [], …},
               {"type": "branch", "id", "name", "arms": [{"name", "when": "amount > 5000", "steps": […]},
                                                         {"name", "when": "", "steps": […]}]},
               {"type": "together", "id", "name", "arms": [{"name", "steps": […]}, …]}]}

``branch`` is an exclusive gateway and its join, the arm with an empty ``when`` the default one; ``together`` a parallel one.
What the page cannot show (timers, sub-processes, tables, loops) is refused when a process is read for it: it is for specialists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from shuzheng.base.flows.bpmn.layout import draw
from shuzheng.base.flows.bpmn.reading import HUMAN, look, parse
from shuzheng.base.flows.bpmn.words import BPMN, NS, SZ, Field, Outline, StepRule, local, tag
from shuzheng.kernel.errors import Invalid

Json = dict[str, Any]
GATES = {"branch": "exclusiveGateway", "together": "parallelGateway"}
DEEPEST, MOST = 6, 200
PROCESS = ("code", "name_en", "group", "about", "basis", "title", "withdraw")
SELDOM = {"tests": "refuse", "confidence": "", "hold": "kept", "adding": "free"}
"""Of the process, too: told only where it is not as usual."""
STEP = ("kind", "mode", "share", "empty", "refuse", "back", "due", "overdue", "every", "hold", "name_en")
USUAL = StepRule("", "")


class NotSimple(Invalid):
    """The process says more than the simple designer can show."""

    code = "not-simple"


# to BPMN


@dataclass
class _Writer:
    """Writes one process: nodes and flows, with ids that are given or numbered."""

    process: Any
    used: set[str] = field(default_factory=set)
    flows: int = 0

    def name(self, given: str, kind: str) -> str:
        found, n = given, 1
        while not found or found in self.used:
            found, n = f"{kind}{n}", n + 1
        self.used.add(found)
        return found

    def node(self, kind: str, ident: str, name: str = "") -> Any:
        made = etree.SubElement(self.process, tag(kind), id=ident)
        if name:
            made.set("name", name)
        return made

    def flow(self, source: str, target: str, name: str = "", when: str = "") -> str:
        self.flows += 1
        made = etree.SubElement(
            self.process, tag("sequenceFlow"), id=f"flow{self.flows}", sourceRef=source, targetRef=target
        )
        if name:
            made.set("name", name)
        if when:
            etree.SubElement(made, tag("conditionExpression")).text = when
        return f"flow{self.flows}"


def to_bpmn(simple: Json) -> str:
    """BPMN with a diagram. What is not finished (a condition, who does a step) is written as it is.

    Raises:
        Invalid: the steps are not of the form above.
    """
    try:
        text = _write(simple)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise Invalid.one("simple", _("流程步骤的格式不对：%(why)s") % {"why": error}) from error
    look(text)
    return text


def _write(simple: Json) -> str:
    root = etree.Element(tag("definitions"), nsmap=dict(NS))
    root.set("targetNamespace", SZ)
    code = str(simple["code"])
    process = etree.SubElement(root, tag("process"), id=f"p_{code}", name=str(simple["name"]), isExecutable="true")
    inside = etree.SubElement(process, tag("extensionElements"))
    etree.SubElement(inside, tag("process", SZ), {k: str(simple[k]) for k in (*PROCESS, *SELDOM) if simple.get(k)})
    form = etree.SubElement(inside, tag("form", SZ))
    for item in simple.get("fields", ()):
        etree.SubElement(form, tag("field", SZ), _attributes(item))
    writer = _Writer(process, {"start", "end"})
    writer.node("startEvent", "start", _("发起"))
    last, label, when = _chain(writer, simple.get("steps", ()), "start", "", "", 0)
    writer.node("endEvent", "end", _("办结"))
    writer.flow(last, "end", label, when)
    draw(root)
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def _attributes(item: Json) -> dict[str, str]:
    made = {k: str(item[k]) for k in ("code", "label", "label_en", "kind", "unit", "help", "start") if item.get(k)}
    if item.get("required"):
        made["required"] = "true"
    if item.get("options"):
        made["options"] = "|".join(map(str, item["options"]))
    return made


def _chain(
    writer: _Writer, steps: Sequence[Json], source: str, label: str, when: str, depth: int
) -> tuple[str, str, str]:
    """Write steps one below the other; answers what the next flow starts from, and what it is to say."""
    if depth > DEEPEST or len(writer.used) > MOST:
        raise ValueError(_("分支套得太深，或步骤太多。"))
    for step in steps:
        kind = step.get("type", "step")
        ident = writer.name(str(step.get("id", "")), kind)
        if kind == "step":
            writer.flow(source, ident, label, when)
            _human(writer, step, ident)
            source = ident
        else:
            writer.flow(source, ident, label, when)
            source = _arms(writer, step, ident, depth)
        label = when = ""
    return source, label, when


def _arms(writer: _Writer, step: Json, ident: str, depth: int) -> str:
    gate = writer.node(GATES[step["type"]], ident, str(step.get("name", "")))
    ends = []
    for arm in step["arms"]:
        condition = str(arm.get("when", "")) if step["type"] == "branch" else ""
        first = f"flow{writer.flows + 1}"
        end = _chain(writer, arm.get("steps", ()), ident, str(arm.get("name", "")), condition, depth + 1)
        if end[0] == ident:
            ends.append((ident, str(arm.get("name", "")), condition))
        else:
            ends.append(end)
        if step["type"] == "branch" and not condition:
            gate.set("default", first)
    join = writer.name(f"{ident}_join", "join")
    writer.node(GATES[step["type"]], join)
    for source, label, when in ends:
        made = writer.flow(source, join, label, when)
        if source == ident and not when and step["type"] == "branch":
            gate.set("default", made)
    return join


def _human(writer: _Writer, step: Json, ident: str) -> None:
    node = writer.node(
        "manualTask" if step.get("kind") in ("handle", "copy", "read") else "userTask", ident, str(step["name"])
    )
    inside = etree.SubElement(node, tag("extensionElements"))
    made = {k: str(step[k]) for k in STEP if step.get(k)}
    if step.get("skip"):
        made["skip"] = "same"
    if step.get("fields"):
        made["fields"] = " ".join(f"{code}:{right}" for code, right in dict(step["fields"]).items())
    etree.SubElement(inside, tag("step", SZ), made)
    for word in ("who", "cc"):
        for rule in step.get(word, ()):
            etree.SubElement(inside, tag(word, SZ), rule=str(rule))
    mode = step.get("mode", "single")
    if mode in ("all", "share", "veto", "any", "sequence"):
        loop = etree.SubElement(node, tag("multiInstanceLoopCharacteristics"))
        if mode == "sequence":
            loop.set("isSequential", "true")
        etree.SubElement(loop, tag("loopCardinality")).text = "nrOfInstances"
        ends = {
            "any": "nrOfCompletedInstances >= 1",
            "share": f"nrOfAgreed / nrOfInstances >= {step.get('share', '0.5')}",
        }
        if mode in ends:
            etree.SubElement(loop, tag("completionCondition")).text = ends[mode]


# and back


def from_bpmn(bpmn: str, tables: Mapping[str, str] | None = None) -> Json:
    """The simple view of a process.

    Raises:
        NotSimple: it says more than the simple designer can show; with what that is.
    """
    outline, _unfinished = look(bpmn, tables)
    root = parse(bpmn)
    shown = {*HUMAN, "startEvent", "endEvent", "exclusiveGateway", "parallelGateway", "sequenceFlow"}
    process = next(p for p in root.iterfind("bpmn:process", NS) if p.get("id") == outline.process)
    nodes = {}
    for node in process:
        kind = local(node)
        if not isinstance(node.tag, str) or not node.tag.startswith(f"{{{BPMN}}}") or kind == "extensionElements":
            continue
        if kind not in shown or any(local(n).endswith("EventDefinition") for n in node):
            raise NotSimple(_("“%(name)s”只能在专业设计器里看和改。") % {"name": node.get("name") or kind})
        if more := _more_than_shown(node):
            raise NotSimple(
                _("“%(name)s”带有“%(what)s”，只能在专业设计器里看和改。")
                % {"name": node.get("name") or kind, "what": more}
            )
        nodes[node.get("id")] = node
    reader = _Reader(outline, nodes)
    starts = [i for i, n in nodes.items() if local(n) == "startEvent"]
    if len(starts) != 1:
        raise NotSimple(_("一个流程只能有一个开始事件。"))
    [start] = starts
    steps, end = reader.chain(reader.next(start), None)
    if local(nodes[end]) != "endEvent" or len([n for n in nodes.values() if local(n) == "endEvent"]) != 1:
        raise NotSimple(_("有不止一个结束，或有绕回去的线。"))
    return {
        "code": outline.code, "name": outline.name, **{k: getattr(outline, k) for k in PROCESS if k != "code"},
        **{k: getattr(outline, k) for k, usual in SELDOM.items() if getattr(outline, k) != usual},
        "fields": [_field(f) for f in outline.fields], "steps": steps,
    }  # fmt: skip


KEPT = {"extensionElements", "incoming", "outgoing", "conditionExpression", "multiInstanceLoopCharacteristics"}
OURS = {"step", "who", "cc"}


def _more_than_shown(node: Any) -> str:
    """What an element holds that the page could not write again: a note, another tool's extension."""
    for child in node:
        if isinstance(child.tag, str) and (local(child) not in KEPT or not child.tag.startswith(f"{{{BPMN}}}")):
            return local(child)
        if local(child) == "extensionElements":
            foreign = [n for n in child if n.tag not in {tag(name, SZ) for name in OURS}]
            if foreign:
                return local(foreign[0])
    return ""


def _field(item: Field) -> Json:
    return {
        "code": item.code, "label": item.label, "label_en": item.label_en, "kind": item.kind, "required": item.required,
        "unit": item.unit, "options": list(item.options), "help": item.help, "start": item.start,
    }  # fmt: skip


@dataclass
class _Reader:
    outline: Outline
    nodes: Mapping[str, Any]
    seen: set[str] = field(default_factory=set)

    def out(self, ident: str) -> list[Any]:
        return [n for n in self.nodes.values() if local(n) == "sequenceFlow" and n.get("sourceRef") == ident]

    def into(self, ident: str) -> int:
        return sum(1 for n in self.nodes.values() if local(n) == "sequenceFlow" and n.get("targetRef") == ident)

    def next(self, ident: str) -> str:
        flows = self.out(ident)
        if len(flows) != 1:
            raise NotSimple(_("有不止一个结束，或有绕回去的线。"))
        return str(flows[0].get("targetRef"))

    def chain(self, at: str, until: str | None) -> tuple[list[Json], str]:
        """Steps from ``at`` down to a join or the end; answers that, too."""
        steps: list[Json] = []
        while True:
            node = self.nodes.get(at)
            kind = local(node) if node is not None else ""
            if at == until or kind == "endEvent" or (kind in GATES.values() and self.into(at) > 1):
                return steps, at
            if node is None or at in self.seen:
                raise NotSimple(_("有不止一个结束，或有绕回去的线。"))
            self.seen.add(at)
            if kind in HUMAN:
                steps.append(self.human(at))
                at = self.next(at)
            else:
                step, at = self.gate(at, node, kind)
                steps.append(step)

    def gate(self, at: str, node: Any, kind: str) -> tuple[Json, str]:
        arms, joins = [], set()
        for flow in self.out(at):
            inside, join = self.chain(flow.get("targetRef"), None)
            joins.add(join)
            arm: Json = {"name": flow.get("name") or "", "steps": inside}
            if kind == "exclusiveGateway":
                arm["when"] = (flow.findtext(tag("conditionExpression")) or "").strip()
            arms.append(arm)
        if len(joins) != 1 or local(self.nodes[next(iter(joins))]) != kind:
            raise NotSimple(_("“%(name)s”的分支没有合到一处。") % {"name": node.get("name") or at})
        word = next(k for k, v in GATES.items() if v == kind)
        [join] = joins
        return {"type": word, "id": at, "name": node.get("name") or "", "arms": arms}, self.next(join)

    def human(self, at: str) -> Json:
        rule = self.outline.steps[at]
        said = {k: getattr(rule, k) for k in STEP if getattr(rule, k) != getattr(USUAL, k) or k in ("kind", "mode")}
        step: Json = {"type": "step", "id": at, "name": rule.name, **said, "who": list(rule.who), "cc": list(rule.cc)}
        if rule.skip:
            step["skip"] = True
        if rule.fields:
            step["fields"] = dict(rule.fields)
        return step
