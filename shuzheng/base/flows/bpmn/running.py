"""A case's token: SpiffWorkflow with its script engine replaced by our expressions.

The process is compiled once for each edition and kept; a case stores its tasks only. Nothing here knows the database.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from lxml import etree
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from shuzheng.base.flows.bpmn import decisions
from shuzheng.base.flows.bpmn.reading import HUMAN, QUIET, parse, read
from shuzheng.base.flows.bpmn.words import Outline, Service, local, tag
from shuzheng.base.flows.operations import OPERATIONS
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import ExprError, compile

ISO = re.compile(r"(R\d*/)?P(?=[\dT])(\d+[YMWD])*(T(\d+[HMS])+)?")
VERSION = "sz-1"
REACHED = TaskState.COMPLETED | TaskState.STARTED | TaskState.READY | TaskState.WAITING
logging.getLogger("spiff").setLevel(logging.WARNING)  # it tells each change of state of each task


class _WithoutSpec(BpmnWorkflowConverter):
    """Stores the tasks of a case and not its process, which every case of an edition shares."""

    def to_dict(self, workflow: Any) -> dict[str, Any]:
        stored: dict[str, Any] = super(BpmnWorkflowConverter, self).to_dict(workflow)
        stored["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        return stored

    def load(self, stored: dict[str, Any], spec: Any, subs: Mapping[str, Any]) -> Any:
        workflow = BpmnWorkflow(spec, subs, deserializing=True)
        workflow.tasks = self.mapping_from_dict(stored["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks.get(UUID(stored["root"]))
        self.set_default_attributes(workflow, stored)
        self.subprocesses_from_dict(stored["subprocesses"], workflow)
        return workflow


_registry = BpmnWorkflowSerializer.configure(SPIFF_CONFIG)
_converter = _WithoutSpec(BpmnWorkflow, _registry)


@dataclass(frozen=True)
class Compiled:
    """An edition ready to run."""

    outline: Outline
    tables: Mapping[str, decisions.Table]
    spec: Any
    subs: Mapping[str, Any]


def compiled(bpmn: str, tables: Mapping[str, str]) -> Compiled:
    """The edition of these texts; made once and kept.

    Raises:
        Invalid: it cannot be run (``reading.read``).
    """
    return _compiled(bpmn, tuple(sorted(tables.items())))


_editions: dict[str, Compiled] = {}
MOST = 200
"""Editions that are kept ready."""


def edition(digest: str, texts: Callable[[], tuple[str, Mapping[str, str]]]) -> Compiled:
    """As ``compiled``, for a text with a digest: it is asked for only when the edition is not at hand.

    Without a digest (a text that is not kept yet) it is asked for each time.
    """
    if not digest:
        return compiled(*texts())
    found = _editions.get(digest)
    if found is None:
        if len(_editions) >= MOST:
            _editions.clear()
        found = _editions[digest] = compiled(*texts())
    return found


@lru_cache(maxsize=200)
def _compiled(bpmn: str, tables: tuple[tuple[str, str], ...]) -> Compiled:
    outline = read(bpmn, dict(tables))
    parser = SpiffBpmnParser()
    try:
        parser.add_bpmn_xml(_runnable(bpmn, outline))
        spec = parser.get_spec(outline.process)
        subs = parser.get_subprocess_specs(outline.process)
    except ValidationException as error:
        where = getattr(error, "id", "") or "bpmn"
        raise Invalid(faults=[FieldFault(where, _("流程无法运行：%(why)s") % {"why": error})]) from error
    return Compiled(outline, {c: decisions.ready(c, t, outline.names) for c, t in tables}, spec, subs)


def _runnable(bpmn: str, outline: Outline) -> Any:
    """The process without what only says something: our step rules stand in for the loops of human tasks, decisions and
    messages that are sent become lines of the script engine."""
    root = copy.deepcopy(parse(bpmn))
    for node in list(root.iter()):
        name = local(node)
        if name in QUIET or name in ("BPMNDiagram", "multiInstanceLoopCharacteristics"):
            if node.getparent() is not None:
                node.getparent().remove(node)
        elif name in HUMAN:
            node.tag = tag("userTask")
        elif name in ("businessRuleTask", "sendTask", "serviceTask"):
            node.tag = tag("scriptTask")
            etree.SubElement(node, tag("script")).text = _line(name, node.get("id"), outline)
            node.attrib.pop("messageRef", None)
    for process in root.iter(tag("process")):
        process.set("isExecutable", "true")
    return root


def _line(kind: str, element: str, outline: Outline) -> str:
    """What the script engine is to do for a task that is no script."""
    if kind == "businessRuleTask":
        return f"decide {outline.called[element]}"
    if kind == "serviceTask" and outline.services[element].operation:
        return f"call {element}"
    return f"send {outline.called.get(element) or outline.services[element].message}"


def _nothing(_operation: str, _given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


@dataclass
class Context:
    """What expressions of a case see and change: ``values`` typed, ``left`` what scripts and tables left behind.

    ``operate`` calls an operation of an app; without one nothing is called (a case that is only tried), and its outputs are null.
    """

    values: dict[str, Any]
    left: dict[str, Any] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    operate: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = _nothing


class _Engine(PythonScriptEngine):
    """Evaluates our expressions and nothing else; there is no ``eval`` behind it."""

    def __init__(self, process: Compiled, context: Context) -> None:
        super().__init__()
        self.process, self.context = process, context

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        text = expression.strip().removeprefix("=").strip()
        if ISO.fullmatch(text.strip('"')):
            return text.strip('"')
        value = compile(text, self.process.outline.names)(self.context.values)
        return value.isoformat() if isinstance(value, date) else value

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        for line in filter(str.strip, (script or "").splitlines()):
            verb, _sep, rest = line.partition(" ")
            if verb == "decide":
                self._leave(self.process.tables[rest].decide(self.context.values))
            elif verb == "send":
                self.context.sent.append(rest)
            elif verb == "call":
                self._leave(self._called(self.process.outline.services[rest]))
            else:
                name, _sep, text = line.partition("=")
                self._leave({name.strip(): compile(text.strip(), self.process.outline.names)(self.context.values)})
        return True

    def call_service(self, task: Any, **kwargs: Any) -> Any:
        raise Invalid(_("流程不能直接调用外部服务。"))

    def _called(self, service: Service) -> Mapping[str, Any]:
        names, values = self.process.outline.names, self.context.values
        given = {name: compile(text, names)(values) for name, text in service.inputs.items()}
        found = self.context.operate(service.operation, given)
        return {name: found.get(name) for name in OPERATIONS[service.operation].gives}

    def _leave(self, found: Mapping[str, Any]) -> None:
        self.context.values |= found
        self.context.left |= found


@dataclass(frozen=True)
class Waiting:
    """A human step that the token has reached."""

    token: str
    element: str


class Token:
    """The token of one case. Moves until people, a timer or a message are waited for."""

    def __init__(self, process: Compiled, context: Context, stored: Mapping[str, Any] | None = None) -> None:
        self.process, self.context = process, context
        if stored:
            self._flow = _converter.load(copy.deepcopy(dict(stored["flow"])), process.spec, process.subs)
        else:
            self._flow = BpmnWorkflow(process.spec, process.subs)
        self._flow.script_engine = _Engine(process, context)

    def store(self) -> dict[str, Any]:
        return {"version": VERSION, "flow": _converter.to_dict(self._flow)}

    def run(self) -> None:
        """Go on as far as it goes by itself.

        Raises:
            Invalid: no branch of a gateway holds, or an expression cannot be worked out.
        """
        try:
            self._flow.do_engine_steps()
            # It looks at timers last: what one that has run out leads to is still to be done.
            while self._flow.get_tasks(state=TaskState.READY, manual=False):
                self._flow.do_engine_steps()
            events = [event.event_definition for event in self._flow.get_events()]
            self.context.sent += [e.name for e in events if isinstance(e, MessageEventDefinition)]
        except ExprError as fault:
            raise Invalid(_("流程算不下去：%(why)s") % {"why": fault.message}) from fault
        except WorkflowTaskException as error:
            if isinstance(error.__cause__, Invalid):
                raise error.__cause__ from error
            spec = error.task_spec
            name = getattr(spec, "bpmn_name", "") or getattr(spec, "bpmn_id", "") or ""
            raise Invalid(_("“%(name)s”没有一条分支的条件成立。") % {"name": name}) from error

    def waiting(self) -> list[Waiting]:
        """Human steps that are to be done now."""
        ready = self._flow.get_tasks(state=TaskState.READY, manual=True)
        return [Waiting(str(t.id), t.task_spec.bpmn_id) for t in ready]

    def complete(self, token: str) -> None:
        """A human step is done."""
        self._flow.get_task_from_id(UUID(token)).run()

    def visited(self, element: str) -> str | None:
        """The last visit of a human step that was completed, unless it was taken back; None when there is none."""
        done = [t for t in self._flow.get_tasks(state=TaskState.COMPLETED) if t.task_spec.bpmn_id == element]
        return str(done[-1].id) if done else None

    def before(self, token: str) -> list[str]:
        """Human steps completed on the way to this one, the nearest first."""
        found, task = [], self._flow.get_task_from_id(UUID(token))
        while (task := task.parent) is not None:
            if task.task_spec.manual and task.task_spec.bpmn_id in self.process.outline.steps:
                found.append(task.task_spec.bpmn_id)
        return found

    def go_back(self, token: str) -> None:
        """Stand at an earlier step again; what came after it on its branches is undone."""
        self._flow.reset_from_task_id(UUID(token), data={})

    def is_undone(self, token: str) -> bool:
        """Whether a visit is no longer one that was completed."""
        try:
            return bool(self._flow.get_task_from_id(UUID(token)).state != TaskState.COMPLETED)
        except TaskNotFoundException:
            return True

    def trail(self) -> tuple[set[str], set[tuple[str, str]]]:
        """Elements that were reached, and which followed which, as far as it still knows: going back forgets."""
        elements, pairs = set(), set()
        for task in self._flow.get_tasks(state=REACHED):
            if not (ident := task.task_spec.bpmn_id):
                continue
            elements.add(ident)
            before = task.parent
            while before is not None and not before.task_spec.bpmn_id:
                before = before.parent
            if before is not None:
                pairs.add((before.task_spec.bpmn_id, ident))
        return elements, pairs

    def elapse(self, element: str) -> bool:
        """Let a timer of the process run out now; False when it is not running."""
        for task in self._flow.event_manager.tasks.values():
            spec = task.task_spec
            timed = isinstance(spec.event_definition, TimerEventDefinition)
            if timed and task.state == TaskState.WAITING and spec.bpmn_id == element:
                held = task._get_internal_data("event_value")
                just_now = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
                task._set_internal_data(event_value={**held, "next": just_now} if isinstance(held, dict) else just_now)
                return True
        return False

    def is_over(self) -> bool:
        return bool(self._flow.is_completed())

    def cancel(self) -> None:
        self._flow.cancel()

    def timers(self) -> dict[str, datetime]:
        """Timers that run, by visit (those that repeat also by turn), with the time at which each fires."""
        found = {}
        for task in self._flow.event_manager.tasks.values():
            definition = task.task_spec.event_definition
            if isinstance(definition, TimerEventDefinition) and task.state == TaskState.WAITING:
                value = definition.details(task).value
                if isinstance(value, str):  # a cycle that has ended answers no time
                    cycle = isinstance(definition, CycleTimerEventDefinition)
                    key = f"{task.id}:{value}" if cycle else f"{task.task_spec.bpmn_id}:{task.id}"
                    found[key] = TimerEventDefinition.get_datetime(value)
        return found

    def _catching(self) -> list[Any]:
        tasks = self._flow.event_manager.tasks.values()
        waiting = (t for t in tasks if t.state == TaskState.WAITING)
        return [t for t in waiting if isinstance(t.task_spec.event_definition, MessageEventDefinition)]

    def messages(self) -> set[str]:
        """Names of messages that are waited for."""
        return {t.task_spec.event_definition.name for t in self._catching()}

    def deliver(self, message: str) -> bool:
        """Give it a message; False when nothing waits for it."""
        found = [t for t in self._catching() if t.task_spec.event_definition.name == message]
        for task in found:
            event = BpmnEvent(task.task_spec.event_definition, {}, {})
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
        return bool(found)
