"""A case's token: SpiffWorkflow with its script engine replaced by our expressions.

A case stores its tasks only, and not the process (``compiling.py``). Nothing here knows the database.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

from shuzheng.base.flows.bpmn.compiling import Compiled
from shuzheng.base.flows.operations import OPERATIONS
from shuzheng.kernel.errors import Invalid
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


def _copy(value: Any) -> Any:
    """What was read from JSON, to be taken apart: the engine's own reader does so. ``copy.deepcopy`` takes four times as long."""
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


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
    entered: list[str] = field(default_factory=list)
    """Call activities that began."""
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
        value = self._worked_out(task.task_spec.bpmn_id, text)
        return value.isoformat() if isinstance(value, date) else value

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        at = task.task_spec.bpmn_id
        for line in filter(str.strip, (script or "").splitlines()):
            verb, _sep, rest = line.partition(" ")
            if verb == "decide":
                _names, values = self.process.outline.seen(at, self.context.values)
                self._leave(at, self.process.tables[rest].decide(values))
            elif verb == "send":
                self.context.sent.append(rest)
            elif verb == "call":
                self._leave(at, self._called(at))
            elif verb == "enter":
                self._enter(at)
            elif verb == "leave":
                self._come_back(at)
            else:
                name, _sep, text = line.partition("=")
                self._leave(at, {name.strip(): self._worked_out(at, text.strip())})
        return True

    def _worked_out(self, at: str | None, text: str) -> Any:
        names, values = self.process.outline.seen(at, self.context.values)
        return compile(text, names)(values)

    def call_service(self, task: Any, **kwargs: Any) -> Any:
        raise Invalid(_("流程不能直接调用外部服务。"))

    def _called(self, at: str) -> Mapping[str, Any]:
        service = self.process.outline.services[at]
        given = {name: self._worked_out(at, text) for name, text in service.inputs.items()}
        found = self.context.operate(service.operation, given)
        return {name: found.get(name) for name in OPERATIONS[service.operation].gives}

    def _enter(self, at: str) -> None:
        """A call begins: what is only there begins empty, and what it is given is worked out here."""
        call, frame = self.process.outline.calls[at], self.process.outline.frames[at]
        given = {  # an edition that came later may have dropped a field
            frame.keys[name]: self._worked_out(at, text) for name, text in call.inputs.items() if name in frame.keys
        }
        self._keep(dict.fromkeys(frame.own) | given)
        self.context.entered.append(at)

    def _come_back(self, at: str) -> None:
        """A call is over: what comes back is worked out there."""
        call, frame = self.process.outline.calls[at], self.process.outline.frames[at]
        values = frame.seen(self.context.values)
        self._leave(at, {name: compile(text, frame.names)(values) for name, text in call.outputs.items()})

    def _leave(self, at: str | None, found: Mapping[str, Any]) -> None:
        self._keep({self.process.outline.key(at, name): value for name, value in found.items()})

    def _keep(self, found: Mapping[str, Any]) -> None:
        self.context.values |= found
        self.context.left |= found


@dataclass(frozen=True)
class Waiting:
    """A human step that the token has reached."""

    token: str
    element: str


@contextmanager
def _in_words() -> Iterator[None]:
    """What the engine cannot do, as ``Invalid``."""
    try:
        yield
    except ExprError as fault:
        raise Invalid(_("流程算不下去：%(why)s") % {"why": fault.message}) from fault
    except WorkflowTaskException as error:
        if isinstance(error.__cause__, Invalid):
            raise error.__cause__ from error
        spec = error.task_spec
        name = getattr(spec, "bpmn_name", "") or getattr(spec, "bpmn_id", "") or ""
        raise Invalid(_("“%(name)s”没有一条分支的条件成立。") % {"name": name}) from error


class Token:
    """The token of one case. Moves until people, a timer or a message are waited for."""

    def __init__(self, process: Compiled, context: Context, stored: Mapping[str, Any] | None = None) -> None:
        self.process, self.context = process, context
        if stored:
            self._flow = _converter.load(_copy(stored["flow"]), process.spec, process.subs)
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
        with _in_words():
            self._flow.do_engine_steps()
            # It looks at timers last: what one that has run out leads to is still to be done.
            while self._flow.get_tasks(state=TaskState.READY, manual=False):
                self._flow.do_engine_steps()
            events = [event.event_definition for event in self._flow.get_events()]
            self.context.sent += [e.name for e in events if isinstance(e, MessageEventDefinition)]

    def waiting(self) -> list[Waiting]:
        """Human steps that are to be done now."""
        ready = self._flow.get_tasks(state=TaskState.READY, manual=True)
        return [Waiting(str(t.id), t.task_spec.bpmn_id) for t in ready]

    def complete(self, token: str) -> None:
        """A human step is done.

        Raises:
            Invalid: what comes next is a call, and what it is given cannot be worked out.
        """
        with _in_words():
            self._flow.get_task_from_id(UUID(token)).run()

    def visited(self, element: str) -> str | None:
        """The last visit of a human step that was completed, unless it was taken back; None when there is none."""
        done = [t for t in self._flow.get_tasks(state=TaskState.COMPLETED) if t.task_spec.bpmn_id == element]
        return str(done[-1].id) if done else None

    def before(self, token: str) -> list[str]:
        """Human steps completed on the way to this one, the nearest first."""
        found, task = [], self._flow.get_task_from_id(UUID(token))
        while (task := self._before(task)) is not None:
            if task.task_spec.manual and task.task_spec.bpmn_id in self.process.outline.steps:
                found.append(task.task_spec.bpmn_id)
        return found

    def _before(self, task: Any) -> Any:
        """The visit before one; before the first inside a sub-process, the sub-process."""
        outer = task.workflow.parent_task_id
        return task.parent or (self._flow.get_task_from_id(outer) if outer is not None else None)

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
