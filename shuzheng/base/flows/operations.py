"""Operations of apps that a process may call by a service task: registered by name, with typed inputs and outputs. No scripts.

    register(Operation("vehicles.reserve", _("预约车辆"), {"day": DATE}, {"plate": TEXT}, reserve))

    <bpmn:serviceTask id="book" name="预约车辆">
      <bpmn:extensionElements><sz:call operation="vehicles.reserve"><sz:input name="day" value="day"/></sz:call></bpmn:extensionElements>
    </bpmn:serviceTask>

An operation runs in the transaction of the step, as the engine: what it raises as ``Invalid`` refuses the step, in words, and
nothing of it stays. What takes long, or happens elsewhere, is told by a message instead (``sz:call message``, a send task), and
answered by one (``actions.deliver``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shuzheng.base.core.actor import Actor
from shuzheng.kernel.expr import Type


@dataclass(frozen=True)
class Operation:
    """``run(actor, case_id, given)`` answers values by the names of ``gives``; what it leaves out is null."""

    name: str
    label: Any
    takes: Mapping[str, Type]
    gives: Mapping[str, Type]
    run: Callable[[Actor, UUID, Mapping[str, Any]], Mapping[str, Any]]


OPERATIONS: dict[str, Operation] = {}


def register(operation: Operation) -> None:
    """Let processes call it. Called once, at start (an app's ``flows/handlers.py``).

    Raises:
        ValueError: the name is taken.
    """
    if operation.name in OPERATIONS:
        raise ValueError(f"operation {operation.name} is registered twice")
    OPERATIONS[operation.name] = operation
