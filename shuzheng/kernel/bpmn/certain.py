"""Which steps no run of a process can do without, and in which order: what a standard holds its adopters to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shuzheng.kernel.bpmn.model import HUMAN, Node, Scope
from shuzheng.kernel.bpmn.structure import graph, reachable, starts


@dataclass(frozen=True, slots=True)
class Certain:
    """`steps`: ids of human steps that every run which comes to an end has passed. `before`: pairs of them, the first of
    which is always reached before the second."""

    steps: frozenset[str]
    before: frozenset[tuple[str, str]]


def certain(scope: Scope) -> Certain:
    """Of a process, sub-processes included. A step that an event may break off is not certain, nor what stands beside a
    part that begins by an event and ends the rest."""
    inside: dict[str, Certain] = {}
    for node in scope.nodes.values():
        if node.kind in HUMAN | {"task"}:
            inside[node.id] = Certain(frozenset({node.id}), frozenset())
        elif node.inner is not None and not node.inner.by_event:
            inside[node.id] = certain(node.inner)
    following, interrupted = graph(scope), _interrupting(scope)
    roots = [node.id for node in starts(scope)]
    kept = {} if interrupted else {id_: of for id_, of in inside.items() if not _ends(scope, following, id_)}
    steps: set[str] = set()
    before: set[tuple[str, str]] = set()
    for id_, of in kept.items():
        steps |= of.steps
        before |= of.before
        without = {at: [o for o in others if o != id_] for at, others in following.items()}
        reached = reachable(without, [root for root in roots if root != id_])
        later = set().union(*(other.steps for at, other in kept.items() if at != id_ and at not in reached))
        before |= {(first, second) for first in of.steps for second in later}
    return Certain(frozenset(steps), frozenset(before))


def _interrupting(scope: Scope) -> bool:
    """Whether a part that begins by an event may take the place of all the rest."""
    parts = [node.inner for node in scope.nodes.values() if node.inner is not None and node.inner.by_event]
    return any(start.element.get("isInterrupting", "true") == "true" for part in parts for start in starts(part))


def _ends(scope: Scope, following: Mapping[str, list[str]], without: str) -> bool:
    """Whether a run can come to an end that never completes ``without``: a parallel split needs all its branches."""
    able: set[str] = set()
    more = True
    while more:
        found = {n.id for n in scope.nodes.values() if n.id not in able and _able(n, scope, following, able, without)}
        more = bool(found)
        able |= found
    return any(node.id in able for node in starts(scope))


def _able(node: Node, scope: Scope, following: Mapping[str, list[str]], able: set[str], without: str) -> bool:
    breaks = [b.id for b in scope.boundaries(node.id) if b.interrupting]
    if any(id_ in able for id_ in breaks):
        return True
    if node.id == without:
        return False
    onward = [id_ for id_ in following[node.id] if scope.nodes[id_].attached != node.id]
    if not onward:
        return True
    decides = node.kind in ("exclusiveGateway", "inclusiveGateway", "eventBasedGateway")
    return any(id_ in able for id_ in onward) if decides else all(id_ in able for id_ in onward)


__all__ = ["Certain", "certain"]
