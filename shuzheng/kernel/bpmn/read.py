"""BPMN 2.0 XML to a `Model`. What the platform does not run is written down by name and line, never passed over."""

from __future__ import annotations

from collections.abc import Iterator

from shuzheng.kernel.bpmn.model import NODES, SUB_PROCESSES, Event, Flow, Model, Node, Scope, Unsupported
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.findings import Place
from shuzheng.kernel.words import gettext
from shuzheng.kernel.xml import Element, read_xml

SPACE = "http://www.omg.org/spec/BPMN/20100524/MODEL"
EVENTS = frozenset({"timer", "message", "signal", "error", "escalation", "conditional", "terminate", "cancel"})

ASIDE = frozenset(
    [
        "documentation",
        "extensionElements",
        "auditing",
        "monitoring",
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "textAnnotation",
        "association",
        "group",
        "property",
        "ioSpecification",
        "ioBinding",
        "incoming",
        "outgoing",
        "dataInputAssociation",
        "dataOutputAssociation",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "supportedInterfaceRef",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "correlationSubscription",
        "rendering",
        "script",
        "multiInstanceLoopCharacteristics",
        "standardLoopCharacteristics",
        "supports",
        "categoryValueRef",
        "eventDefinitionRef",
    ]
)
"""What says something about a process, but nothing about how it runs."""
_REFERENCES = frozenset({"message", "signal", "error", "escalation"})
ROOT = _REFERENCES | frozenset(
    [
        "documentation",
        "extensionElements",
        "import",
        "itemDefinition",
        "interface",
        "resource",
        "dataStore",
        "category",
        "correlationProperty",
        "collaboration",
        "relationship",
        "endPoint",
        "partnerEntity",
        "partnerRole",
        "process",
    ]
)
"""What may stand in a file beside its processes."""
_IN_COLLABORATION = frozenset(
    [
        "documentation",
        "extensionElements",
        "participant",
        "messageFlow",
        "textAnnotation",
        "association",
        "group",
        "participantAssociation",
        "messageFlowAssociation",
        "correlationKey",
    ]
)


class BpmnError(Invalid):
    """A file that is no BPMN 2.0."""

    code = "bpmn"

    def __init__(self, message: str) -> None:
        super().__init__(message, [FieldFault("", message)])


def read(data: bytes) -> Model:
    """The graph of a BPMN file. Raises XmlError or BpmnError."""
    root = read_xml(data)
    if (root.space, root.name) != (SPACE, "definitions"):
        raise BpmnError(gettext("这不是 BPMN 2.0 的文件"))
    return _Reader(root).model


class _Reader:
    def __init__(self, root: Element) -> None:
        self.model = model = Model(_place(root))
        self.seen: set[str] = set()
        self.open: list[Scope] = []
        for element in _with_id(root):
            self._once(element)
        for child in root.children:
            if child.space != SPACE:
                continue
            if child.name in _REFERENCES:
                model.references[child.get("id")] = _place(child)
            elif child.name == "process":
                model.processes.append(self.scope(child))
            elif child.name == "collaboration":
                for part in child.children:
                    if part.space == SPACE and part.name not in _IN_COLLABORATION:
                        self.refuse(part)
            elif child.name not in ROOT and not child.name.endswith("EventDefinition"):
                self.refuse(child)

    def _once(self, element: Element) -> None:
        if element.get("id") in self.seen:
            self.model.twice.append(_place(element))
        self.seen.add(element.get("id"))

    def refuse(self, element: Element, at: Element | None = None) -> None:
        """Writes down an element that is not supported; `at` is what the designer sees of it."""
        self.model.unsupported.append(Unsupported(element.name, _place(at or element)))
        if self.open:
            self.open[-1].whole = False

    def scope(self, element: Element) -> Scope:
        scope = Scope(_place(element), element.name, by_event=element.get("triggeredByEvent") == "true")
        self.open.append(scope)
        for child in element.children:
            if child.space == SPACE and child.name == "sequenceFlow":
                # Some editors write FEEL with a leading "=".
                condition = child.text_of("conditionExpression").removeprefix("=").strip()
                flow = Flow(_place(child), child.get("sourceRef"), child.get("targetRef"), condition)
                scope.flows.setdefault(flow.id, flow)
            elif child.space == SPACE and child.name in NODES:
                node = self.node(child)
                scope.nodes.setdefault(node.id, node)
            elif child.space != SPACE or child.name not in ASIDE:
                self.refuse(child)
        self.open.pop()
        return scope

    def node(self, element: Element) -> Node:
        inner = self.scope(element) if element.name in SUB_PROCESSES else None
        return Node(
            element.name,
            _place(element),
            element,
            default=element.get("default"),
            attached=element.get("attachedToRef"),
            interrupting=element.get("cancelActivity", "true") == "true",
            called=element.get("calledElement") if element.name == "callActivity" else _decision(element),
            message=element.get("messageRef"),
            events=tuple(self.events(element)),
            inner=inner,
        )

    def events(self, element: Element) -> Iterator[Event]:
        for child in element.children:
            if child.space != SPACE or not child.name.endswith("EventDefinition"):
                if element.name not in SUB_PROCESSES and child.space == SPACE and child.name not in ASIDE:
                    self.refuse(child)
                continue
            kind = child.name.removesuffix("EventDefinition")
            if kind not in EVENTS:
                self.refuse(child, element)
                continue
            form, text = "", child.text_of("condition")
            for part in child.children:
                if part.name in ("timeDuration", "timeDate", "timeCycle"):
                    form, text = part.name, part.text.strip()
            yield Event(kind, _place(element), child.get(f"{kind}Ref"), form, text)


def _place(element: Element) -> Place:
    # An id may be left out by the standard; then the line tells things apart.
    return Place(
        element.get("id") or f"{element.name}@{element.line}", " ".join(element.get("name").split()), element.line
    )


def _with_id(root: Element) -> Iterator[Element]:
    """Elements whose ids must be unique in the file; what extensions call an id is their own."""
    if root.get("id"):
        yield root
    for child in root.children:
        if child.name != "extensionElements":
            yield from _with_id(child)


def _decision(element: Element) -> str:
    """The decision that a business rule task calls, in the notations of the common modellers."""
    if element.name != "businessRuleTask":
        return ""
    for key, value in element.attributes.items():
        if key.endswith(("}decisionRef", "}decision")):
            return value.strip()
    for child in element.walk():
        if child.name == "calledDecisionId":
            return child.text.strip()
        if child.name == "calledDecision":
            return child.get("decisionId")
    return ""


__all__ = ["ASIDE", "ROOT", "SPACE", "BpmnError", "read"]
