"""BPMN drawn in a few lines and written out as the XML that bpmn-js saves, diagram and all.

    start s
    user a 部门审批                 a step; its name may be left out
    user b 会签 | each=名单         what else it says, after a bar
    xor g 金额多大
    sub p 核查                      what is indented below is in it
      start ps
    on t 三天未办 | at=a timer=P3D  an event on the border of a; `beside` does not interrupt
    end e
    s > a > g                       flows
    g > b : 金额 >= 1000            with a condition; `*` is the default
    raw <bpmn:complexGateway id="x" />
    message m 已缴费                what events refer to

`read_collection` takes a file of such drawings apart, each under a line `=== title => code element, …`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

KINDS = {
    "start": "startEvent", "end": "endEvent", "catch": "intermediateCatchEvent", "throw": "intermediateThrowEvent",
    "on": "boundaryEvent", "user": "userTask", "service": "serviceTask", "receive": "receiveTask", "send": "sendTask",
    "rule": "businessRuleTask", "call": "callActivity", "sub": "subProcess", "xor": "exclusiveGateway",
    "and": "parallelGateway", "or": "inclusiveGateway", "wait": "eventBasedGateway", "script": "scriptTask",
}  # fmt: skip
ROOTS = ("message", "signal", "error")
EVENTS = ("timer", "date", "cycle", "message", "signal", "error", "when", "stop")
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
    'xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="definitions" targetNamespace="http://bpmn.io/schema/bpmn">\n'
)


@dataclass
class Node:
    kind: str
    id: str
    name: str
    options: dict[str, str]
    lines: list[str] = field(default_factory=list)


@dataclass
class Sample:
    title: str
    expected: list[tuple[str, str]]
    xml: bytes


def read_collection(path: Path) -> list[Sample]:
    samples = []
    for part in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        head, _, body = part.partition("\n")
        title, _, expected = head.partition(" => ")
        pairs = [tuple(pair.split()) for pair in expected.split(", ") if pair]
        samples.append(Sample(title.strip(), pairs, draw(body)))
    return samples


def draw(text: str) -> bytes:
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    roots = [line.split() for line in lines if line.split()[0] in ROOTS]
    body = [line for line in lines if line.split()[0] not in ROOTS]
    shapes: list[str] = []
    out = [f'  <bpmn:{kind} id="{id}" name={quoteattr(" ".join(name))} />' for kind, id, *name in roots]
    out.append('  <bpmn:process id="p" name="流程" isExecutable="true">')
    out += _scope(body, shapes)
    out.append("  </bpmn:process>")
    out.append('  <bpmndi:BPMNDiagram id="diagram"><bpmndi:BPMNPlane id="plane" bpmnElement="p">')
    return (
        HEAD + "\n".join([*out, *shapes, "  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\n</bpmn:definitions>\n"])
    ).encode()


def _scope(lines: list[str], shapes: list[str]) -> list[str]:
    nodes: list[Node] = []
    flows: list[tuple[str, str, str, str]] = []
    defaults: dict[str, str] = {}
    raw: list[str] = []
    for line in lines:
        if line.startswith("  "):
            nodes[-1].lines.append(line[2:])
        elif line.startswith("raw "):
            raw.append(line[4:])
        elif " > " in line and line.split()[0] not in KINDS:
            way, _, condition = line.partition(" : ")
            ids = way.split(" > ")
            for source, target in zip(ids, ids[1:], strict=False):
                id_ = f"{source.strip()}_{target.strip()}"
                if condition.strip() == "*":
                    defaults[source.strip()] = id_
                text = "" if condition.strip() == "*" else condition.strip()
                flows.append((id_, source.strip(), target.strip(), text))
        else:
            head, _, options = line.partition(" | ")
            kind, id_, *name = head.split()
            pairs = (option.partition("=") for option in options.split())
            nodes.append(Node(kind, id_, " ".join(name), {key: value for key, _, value in pairs}))
    out = [_node(node, flows, defaults, shapes) for node in nodes]
    for id_, source, target, condition in flows:
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(condition)}</bpmn:conditionExpression>'
        out.append(
            f'    <bpmn:sequenceFlow id="{id_}" sourceRef="{source}" targetRef="{target}">{inner if condition else ""}'
            "</bpmn:sequenceFlow>"
        )
        shapes.append(
            f'    <bpmndi:BPMNEdge id="{id_}_di" bpmnElement="{id_}"><di:waypoint x="0" y="0" /></bpmndi:BPMNEdge>'
        )
    return out + raw


def _node(node: Node, flows: list[tuple[str, str, str, str]], defaults: dict[str, str], shapes: list[str]) -> str:
    o = node.options
    attributes = {"id": node.id, "name": node.name} if node.name else {"id": node.id}
    if node.id in defaults:
        attributes["default"] = o.get("default", defaults[node.id])
    if node.kind == "on":
        attributes["attachedToRef"] = o.get("at", "")
        if "beside" in o:
            attributes["cancelActivity"] = "false"
    if node.kind == "call":
        attributes["calledElement"] = o.get("of", "")
    if node.kind in ("receive", "send") and o.get("message"):
        attributes["messageRef"] = o["message"]
    if "byevent" in o:
        attributes["triggeredByEvent"] = "true"
    inner = []
    if node.kind == "rule" and o.get("of"):
        attributes["camunda:decisionRef"] = o["of"]
        attributes["xmlns:camunda"] = "http://camunda.org/schema/1.0/bpmn"
    inner += [f"<bpmn:incoming>{f[0]}</bpmn:incoming>" for f in flows if f[2] == node.id]
    inner += [f"<bpmn:outgoing>{f[0]}</bpmn:outgoing>" for f in flows if f[1] == node.id]
    if node.kind == "user" and "nobody" not in o:
        inner.append(
            "<bpmn:potentialOwner><bpmn:resourceAssignmentExpression><bpmn:formalExpression>post(1)"
            "</bpmn:formalExpression></bpmn:resourceAssignmentExpression></bpmn:potentialOwner>"
        )
    if "each" in o:
        data = f"<bpmn:loopDataInputRef>{o['each']}</bpmn:loopDataInputRef>" if o["each"] else ""
        inner.append(f"<bpmn:multiInstanceLoopCharacteristics>{data}</bpmn:multiInstanceLoopCharacteristics>")
    if "again" in o:
        data = f"<bpmn:loopCondition>{escape(o['again'])}</bpmn:loopCondition>" if o["again"] else ""
        inner.append(f"<bpmn:standardLoopCharacteristics>{data}</bpmn:standardLoopCharacteristics>")
    inner += [_event(key, o[key]) for key in EVENTS if key in o and node.kind not in ("receive", "send")]
    if node.kind == "sub":
        inner += _scope(node.lines, shapes)
    shapes.append(
        f'    <bpmndi:BPMNShape id="shape_{len(shapes)}" bpmnElement="{node.id}">'
        '<dc:Bounds x="0" y="0" width="100" height="80" /></bpmndi:BPMNShape>'
    )
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return "\n".join([f"    <bpmn:{KINDS[node.kind]}{said}>", *inner, f"    </bpmn:{KINDS[node.kind]}>"])


def _event(key: str, value: str) -> str:
    forms = {"timer": "timeDuration", "date": "timeDate", "cycle": "timeCycle"}
    if key in forms:
        time = f"<bpmn:{forms[key]}>{escape(value)}</bpmn:{forms[key]}>" if value else ""
        return f"<bpmn:timerEventDefinition>{time}</bpmn:timerEventDefinition>"
    if key == "when":
        return f"<bpmn:conditionalEventDefinition><bpmn:condition>{escape(value)}</bpmn:condition></bpmn:conditionalEventDefinition>"
    if key == "stop":
        return "<bpmn:terminateEventDefinition />"
    ref = f' {key}Ref="{value}"' if value else ""
    return f"<bpmn:{key}EventDefinition{ref} />"
