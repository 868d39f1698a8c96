"""What a process stands in: what it may speak of, call and wait for. The check is told; it looks nothing up itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shuzheng.kernel.bpmn.model import Node
from shuzheng.kernel.expr import Domain
from shuzheng.kernel.xml import Element

_PERFORMERS = frozenset({"potentialOwner", "humanPerformer", "performer", "resourceRole"})
_ASSIGNMENTS = frozenset({"assignee", "candidateUsers", "candidateGroups"})
_EXTENSIONS = _ASSIGNMENTS | {"assignment", "assignmentDefinition"}
_COLLECTIONS = frozenset({"collection", "inputCollection"})


def has_assignment(node: Node) -> bool:
    """Whether a step says who does it: by a performer of BPMN, or by `assignment` or the usual words of an extension."""
    if any(key.rpartition("}")[2] in _ASSIGNMENTS and value for key, value in node.element.attributes.items()):
        return True
    for part in node.element.walk():
        if part.space != node.element.space and part.name in _EXTENSIONS:
            return True
        if part.name in _PERFORMERS and any(inner.text.strip() for inner in part.walk()):
            return True
    return False


def has_collection(loop: Element) -> bool:
    """Whether a multi-instance marker says over what it runs: a number, a list of BPMN, or the usual words of an extension."""
    if loop.text_of("loopCardinality") or loop.text_of("loopDataInputRef"):
        return True
    for part in loop.walk():
        if any(key.rpartition("}")[2] in _COLLECTIONS and value for key, value in part.attributes.items()):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a process. Where None is given, that is not known and not checked.

    `names`: what conditions may speak of. `processes`: ids that may be called. `decisions`: ids of decisions.
    `messages`, `signals`: names that somebody sends. `assigned`, `collected`: how an app tells that a step has somebody
    and a multi-instance step a list. `refused`: further elements (`scriptTask`) that the app does not run.
    `longest`: most human steps that the shortest way through may have.
    """

    names: Mapping[str, Domain] | None = None
    processes: frozenset[str] | None = None
    decisions: frozenset[str] | None = None
    messages: frozenset[str] | None = None
    signals: frozenset[str] | None = None
    assigned: Callable[[Node], bool] = has_assignment
    collected: Callable[[Element], bool] = has_collection
    refused: frozenset[str] = field(default_factory=frozenset)
    longest: int = 20


__all__ = ["Surroundings", "has_assignment", "has_collection"]
