"""A BPMN file as a small graph: what a check needs to know of it, each thing with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shuzheng.kernel.findings import Place
from shuzheng.kernel.xml import Element

HUMAN = frozenset({"userTask", "manualTask"})
TASKS = HUMAN | {"task", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask", "callActivity"}
SUB_PROCESSES = frozenset({"subProcess", "transaction"})
ACTIVITIES = TASKS | SUB_PROCESSES
GATEWAYS = frozenset({"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway"})
THROWING = frozenset({"intermediateThrowEvent", "endEvent"})
EVENTS = THROWING | {"startEvent", "intermediateCatchEvent", "boundaryEvent"}
NODES = ACTIVITIES | GATEWAYS | EVENTS


@dataclass(frozen=True, slots=True)
class Event:
    """A definition of an event: `kind` is timer, message, signal, error, escalation, conditional, terminate or cancel.

    `ref` is the id it refers to. For a timer, `form` is timeDuration, timeDate or timeCycle and `text` its expression;
    for a conditional event, `text` is the condition.
    """

    kind: str
    place: Place
    ref: str = ""
    form: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow. `condition` is the text of its condition; empty without one."""

    place: Place
    source: str
    target: str
    condition: str

    @property
    def id(self) -> str:
        return self.place.id


@dataclass(frozen=True, slots=True)
class Node:
    """An activity, event or gateway. `kind` is its BPMN name; `element` the XML, for what extensions say.

    `default` is the id of its default flow, `attached` that of the activity a boundary event sits on, `called` the process
    or decision it calls. `inner` is the scope of a sub-process.
    """

    kind: str
    place: Place
    element: Element
    default: str = ""
    attached: str = ""
    interrupting: bool = True
    called: str = ""
    message: str = ""
    events: tuple[Event, ...] = ()
    inner: Scope | None = None

    @property
    def id(self) -> str:
        return self.place.id

    def has(self, kind: str) -> bool:
        return any(event.kind == kind for event in self.events)


@dataclass(slots=True)
class Scope:
    """A process or sub-process: its nodes and flows in the order of the file.

    `by_event` marks an event sub-process. `whole` is false where something in it is not supported, and left out.
    """

    place: Place
    kind: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    by_event: bool = False
    whole: bool = True

    def outgoing(self, id: str) -> list[Flow]:
        return [flow for flow in self.flows.values() if flow.source == id]

    def incoming(self, id: str) -> list[Flow]:
        return [flow for flow in self.flows.values() if flow.target == id]

    def boundaries(self, id: str) -> list[Node]:
        """The events that sit on an activity."""
        return [node for node in self.nodes.values() if node.attached == id]

    def walk(self) -> Iterator[Scope]:
        """This scope and all within it."""
        yield self
        for node in self.nodes.values():
            if node.inner is not None:
                yield from node.inner.walk()


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An element that the platform does not run."""

    element: str
    place: Place


@dataclass(slots=True)
class Model:
    """A file: its processes, what they refer to (ids with names), ids given twice, and what is not supported."""

    place: Place
    processes: list[Scope] = field(default_factory=list)
    references: dict[str, Place] = field(default_factory=dict)
    twice: list[Place] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)

    def scopes(self) -> Iterator[Scope]:
        """All processes and sub-processes."""
        for process in self.processes:
            yield from process.walk()


__all__ = [
    "ACTIVITIES",
    "EVENTS",
    "GATEWAYS",
    "HUMAN",
    "NODES",
    "SUB_PROCESSES",
    "TASKS",
    "THROWING",
    "Event",
    "Flow",
    "Model",
    "Node",
    "Scope",
    "Unsupported",
]
