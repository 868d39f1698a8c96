"""What is wrong with a drawing as a graph: loose ends, what cannot be reached, and loops that nothing leads out of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from shuzheng.kernel.bpmn.model import ACTIVITIES, HUMAN, Flow, Node, Scope
from shuzheng.kernel.findings import Finding, error, listed, warning
from shuzheng.kernel.words import gettext

Graph = Mapping[str, list[str]]


def whole_flows(scope: Scope) -> list[Flow]:
    """Flows whose two ends are in the scope."""
    return [f for f in scope.flows.values() if f.source in scope.nodes and f.target in scope.nodes]


def graph(scope: Scope) -> dict[str, list[str]]:
    """What follows on each node; on an activity also the events that sit on it."""
    following: dict[str, list[str]] = {id_: [] for id_ in scope.nodes}
    for flow in whole_flows(scope):
        following[flow.source].append(flow.target)
    for node in scope.nodes.values():
        if node.kind == "boundaryEvent" and node.attached in following:
            following[node.attached].append(node.id)
    return following


def reachable(following: Graph, roots: Iterable[str]) -> set[str]:
    seen = set(roots)
    waiting = list(seen)
    while waiting:
        for other in following[waiting.pop()]:
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


def starts(scope: Scope) -> list[Node]:
    return [node for node in scope.nodes.values() if node.kind == "startEvent"]


def begins(node: Node) -> bool:
    """Whether a node begins by itself, without a flow that leads to it."""
    return node.kind in ("startEvent", "boundaryEvent") or (node.inner is not None and node.inner.by_event)


def check_structure(scope: Scope, everywhere: Mapping[str, Scope], longest: int) -> Iterator[Finding]:
    """Findings for one scope. `everywhere` tells for each node of the file in which scope it stands."""
    yield from _ends(scope)
    yield from _flows(scope, everywhere)
    yield from _boundaries(scope)
    following = graph(scope)
    reached = reachable(following, _roots(scope))
    if starts(scope):
        yield from _unreachable(scope, reached)
    yield from _dead_ends(scope)
    yield from _loops(scope, following, reached)
    yield from _long(scope, following, longest)


def _roots(scope: Scope) -> Iterator[str]:
    """Where a way can begin. What hangs on a loose end begins too: the loose end is told, and not all that follows."""
    for node in scope.nodes.values():
        if begins(node) and not _attached(scope, node):
            yield node.id
    for flow in scope.flows.values():
        if flow.target in scope.nodes and flow.source not in scope.nodes:
            yield flow.target


def _attached(scope: Scope, node: Node) -> bool:
    host = scope.nodes.get(node.attached)
    return host is not None and host.kind in ACTIVITIES


def _ends(scope: Scope) -> Iterator[Finding]:
    nodes = scope.nodes.values()
    if not starts(scope):
        yield error("no-start", scope.place, gettext("“{name}”没有开始事件，无从发起").format(name=scope.place))
    if not any(node.kind == "endEvent" for node in nodes):
        yield error("no-end", scope.place, gettext("“{name}”没有结束事件，永远办不完").format(name=scope.place))


def _flows(scope: Scope, everywhere: Mapping[str, Scope]) -> Iterator[Finding]:
    for flow in scope.flows.values():
        named = flow.place.name or flow.id
        for end, id_ in ((gettext("起点"), flow.source), (gettext("终点"), flow.target)):
            if id_ in scope.nodes:
                continue
            if id_ in everywhere:
                text = gettext("连线“{flow}”越过了子流程的边界，{end}“{id}”在另一个流程里")
                yield error("flow-crosses", flow.place, text.format(flow=named, end=end, id=id_))
            else:
                text = gettext("连线“{flow}”的{end}“{id}”不存在")
                yield error("flow-dangling", flow.place, text.format(flow=named, end=end, id=id_))
    for flow in whole_flows(scope):
        source, target = scope.nodes[flow.source], scope.nodes[flow.target]
        if target.kind in ("startEvent", "boundaryEvent"):
            text = gettext("不能有连线进入“{name}”：它由事件触发")
            yield error("flow-into-event", target.place, text.format(name=target.place))
        if source.kind == "endEvent":
            text = gettext("结束事件“{name}”之后不能再有连线")
            yield error("flow-out-of-end", source.place, text.format(name=source.place))


def _boundaries(scope: Scope) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.kind != "boundaryEvent":
            continue
        if not _attached(scope, node):
            text = gettext("边界事件“{name}”没有附在任何环节上，永远不会触发")
            yield error("boundary-loose", node.place, text.format(name=node.place))
        elif not node.events:
            text = gettext("边界事件“{name}”没有写明等什么")
            yield error("event-empty", node.place, text.format(name=node.place))


def _unreachable(scope: Scope, reached: set[str]) -> Iterator[Finding]:
    for node in scope.nodes.values():
        if node.id in reached or _follows_unreached(scope, node, reached):
            continue
        yield error("unreachable", node.place, gettext("“{name}”从开始走不到").format(name=node.place))


def _follows_unreached(scope: Scope, node: Node, reached: set[str]) -> bool:
    """Whether something unreached leads here from outside a circle: then that one is told, and not all behind it."""
    following = graph(scope)
    before = [other for other in scope.nodes if other not in reached and node.id in reachable(following, [other])]
    behind = reachable(following, [node.id])
    return any(other not in behind for other in before)


def _dead_ends(scope: Scope) -> Iterator[Finding]:
    sources = {flow.source for flow in scope.flows.values()}
    for node in scope.nodes.values():
        by_event = node.inner is not None and node.inner.by_event
        loose = node.kind == "boundaryEvent" and not _attached(scope, node)
        if node.kind != "endEvent" and node.id not in sources and not by_event and not loose:
            yield error("dead-end", node.place, gettext("走到“{name}”就断了，后面没有去处").format(name=node.place))


def _loops(scope: Scope, following: Graph, reached: set[str]) -> Iterator[Finding]:
    """Circles that no way leads out of: reached nodes from which no end, and no dead end either, can be reached."""
    before: dict[str, list[str]] = {id_: [] for id_ in following}
    for id_, others in following.items():
        for other in others:
            before[other].append(id_)
    last = [id_ for id_, others in following.items() if not others]
    caught = [id_ for id_ in scope.nodes if id_ in reached and id_ not in reachable(before, last)]
    told: set[str] = set()
    for id_ in caught:
        circle = reachable(following, [id_])
        # Only where all lead back to it: what leads into a circle is not the circle.
        if id_ not in told and all(id_ in reachable(following, [other]) for other in circle):
            told |= circle
            names = [scope.nodes[other].place for other in caught if other in circle]
            text = gettext("{steps}之间循环，没有出口").format(steps=listed(names))
            yield error("loop-no-exit", scope.nodes[id_].place, text)


def _long(scope: Scope, following: Graph, longest: int) -> Iterator[Finding]:
    """Whether even the shortest way through has too many human steps."""
    costs = {node.id: 0 for node in starts(scope)}
    waiting = deque(costs)
    while waiting:
        id_ = waiting.popleft()
        for other in following[id_]:
            cost = costs[id_] + (scope.nodes[other].kind in HUMAN)
            if cost < costs.get(other, cost + 1):
                costs[other] = cost
                # Steps that cost nothing are gone on from first.
                (waiting.append if cost > costs[id_] else waiting.appendleft)(other)
    ends = [costs[node.id] for node in scope.nodes.values() if node.kind == "endEvent" and node.id in costs]
    if ends and min(ends) > longest:
        text = gettext("“{name}”最顺利也要经过 {n} 个人工环节，超过 {most} 个，请考虑合并或并行")
        yield warning("path-long", scope.place, text.format(name=scope.place, n=min(ends), most=longest))


__all__ = ["begins", "check_structure", "graph", "reachable", "starts", "whole_flows"]
