"""A scope as a net for the token game: nodes that take tokens and give them on, joined by edges that hold at most one.

Before the game is played the net is made smaller by rules that keep every fault of joining and splitting: steps in a row
become one edge; branches that part and meet again in the same way become one; a loop straight back to where it began
falls away. What was left out stays on the edges, so that a way through can still be told step by step. A well-nested
process shrinks to a line, whatever its size; what is left to explore is what is truly entangled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

from shuzheng.kernel.bpmn.model import ACTIVITIES, Flow, Node, Scope
from shuzheng.kernel.bpmn.structure import begins, graph, reachable, starts, whole_flows
from shuzheng.kernel.findings import Place

MAX_CHOICES = 8
"""Up to so many outgoing flows every combination is tried; beyond, each alone and all together."""


@dataclass(slots=True)
class Edge:
    source: str
    target: str
    via: tuple[Place, ...] = ()


@dataclass(slots=True)
class Vertex:
    """`join` says which tokens it waits for: any one, all, or some (inclusive). `split` says where it gives them:
    one, all, some, the outcomes in `chosen`, or none: `end`, and `stop`, which takes all other tokens with it."""

    place: Place
    join: str
    split: str
    ins: list[int] = field(default_factory=list)
    outs: list[int] = field(default_factory=list)
    chosen: list[frozenset[int]] = field(default_factory=list)
    start: bool = False

    def outcomes(self) -> Iterator[frozenset[int]]:
        """The sets of edges that it may give tokens to. A dead end is told elsewhere; here it is an end."""
        if not self.outs:
            yield frozenset()
        elif self.split == "one":
            yield from (frozenset([edge]) for edge in self.outs)
        elif self.split == "chosen":
            yield from self.chosen
        elif self.split == "some":
            yield from subsets(self.outs)
        else:
            yield frozenset(self.outs)


def subsets(edges: list[int]) -> Iterator[frozenset[int]]:
    """Every choice of one or more."""
    sizes = range(1, len(edges) + 1) if len(edges) <= MAX_CHOICES else (1, len(edges))
    for size in sizes:
        yield from map(frozenset, combinations(edges, size))


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes whose tokens can meet: all that `roots` lead to. `aside` are the events that begin another part."""

    roots: tuple[str, ...]
    members: frozenset[str]
    aside: frozenset[str]


def parts(scope: Scope) -> list[Part]:
    """The scope as parts: what its starts lead to, and what an event leads to that goes beside its step (a reminder),
    where that never comes back. There it may run any number of times, and disturbs nobody."""
    beside = {n.id: n.attached for n in scope.nodes.values() if n.kind == "boundaryEvent" and not n.interrupting}
    following = {id_: [other for other in others if other not in beside] for id_, others in graph(scope).items()}
    found: list[Part] = []
    waiting = [tuple(node.id for node in starts(scope))]
    while waiting:
        roots = waiting.pop()
        members = reachable(following, roots)
        while True:
            hanging = {id_ for id_, host in beside.items() if host in members and id_ not in members}
            back = [ways for id_ in hanging if not members.isdisjoint(ways := reachable(following, [id_]))]
            if not back:
                break
            members = members.union(*back)
        found.append(Part(roots, frozenset(members), frozenset(hanging)))
        known = {part.roots for part in found} | set(waiting)
        waiting += [(id_,) for id_ in sorted(hanging) if (id_,) not in known]
    return found


class Net:
    """A part of a scope: `vertices` by node id, `edges` by number."""

    def __init__(self, scope: Scope, part: Part) -> None:
        self.vertices: dict[str, Vertex] = {}
        self.edges: dict[int, Edge] = {}
        self.scope, self.part = scope, part
        nodes = [n for n in scope.nodes.values() if n.id in part.members and (n.id in part.roots or not begins(n))]
        ids = {node.id for node in nodes if node.id not in part.roots}
        own: dict[str, list[Flow]] = {id_: [] for id_ in scope.nodes}
        for flow in whole_flows(scope):
            if flow.target in ids:
                own[flow.source].append(flow)
        for node in nodes:
            self._vertex(node, own)
        for number, edge in self.edges.items():
            self.vertices[edge.target].ins.append(number)

    def _vertex(self, node: Node, own: dict[str, list[Flow]]) -> None:
        vertex = Vertex(node.place, *_kind(node), start=node.id in self.part.roots)
        self.vertices[node.id] = vertex
        flows = own[node.id]
        numbers = {flow.id: self._edge(node.id, flow, (), node) for flow in flows}
        vertex.outs = list(numbers.values())
        boundaries = [event for event in self.scope.boundaries(node.id) if event.id not in self.part.aside]
        conditional = [numbers[f.id] for f in flows if f.condition and f.id != node.default]
        if node.kind not in ACTIVITIES or not (boundaries or conditional):
            return
        outcomes = [frozenset(vertex.outs)]
        if conditional:
            default = frozenset([numbers[node.default]] if node.default in numbers else [])
            always = frozenset(vertex.outs) - set(conditional) - default
            outcomes = [always | chosen for chosen in subsets(conditional)]
            outcomes += [always | default] if always | default else []
        breaking: list[frozenset[int]] = []
        beside: list[frozenset[int]] = []
        for event in boundaries:
            edges = frozenset(self._edge(node.id, flow, (event.place,), event) for flow in own[event.id])
            vertex.outs += sorted(edges)
            (breaking if event.interrupting else beside).append(edges)
        for edges in beside:
            outcomes += [outcome | edges for outcome in outcomes]
        vertex.chosen = outcomes + breaking
        vertex.split = "chosen"
        if all(len(outcome) == 1 for outcome in vertex.chosen):
            vertex.split = "one"

    def _edge(self, source: str, flow: Flow, via: tuple[Place, ...], node: Node) -> int:
        number = len(self.edges)
        # What a flow out of a decision is called tells the way taken.
        if flow.place.name and node.kind in ("exclusiveGateway", "inclusiveGateway"):
            via = (*via, flow.place)
        self.edges[number] = Edge(source, flow.target, via)
        return number

    # Making it smaller

    def shrink(self) -> None:
        """Applies the rules until none applies any more."""
        while self._rows() or self._twins() or self._straight_back() or self._forgotten() or self._merged():
            pass

    def _rows(self) -> bool:
        """A vertex with one way in and one out becomes part of the edge."""
        changed = False
        for id_, vertex in list(self.vertices.items()):
            if vertex.start or len(vertex.ins) != 1 or len(vertex.outs) != 1 or vertex.split == "chosen":
                continue
            before, after = self.edges[vertex.ins[0]], self.edges[vertex.outs[0]]
            if before is after:
                continue
            target = self.vertices[after.target]
            before.target, before.via = after.target, (*before.via, vertex.place, *after.via)
            target.ins[target.ins.index(vertex.outs[0])] = vertex.ins[0]
            del self.edges[vertex.outs[0]], self.vertices[id_]
            changed = True
        return changed

    def _twins(self) -> bool:
        """Two edges between the same two, parted and met in the same way, are one."""
        changed = False
        for vertex in self.vertices.values():
            seen: set[str] = set()
            for number in list(vertex.outs):
                target = self.edges[number].target
                alike = (vertex.split, self.vertices[target].join) in (
                    ("one", "any"), ("all", "all"), ("some", "some"), ("all", "some"), ("one", "some"),
                )  # fmt: skip
                if alike and target in seen:
                    self._drop(number)
                    changed = True
                seen.add(target)
        return changed

    def _straight_back(self) -> bool:
        """A free choice that leads straight back to itself changes nothing, if another way leads out."""
        for id_, vertex in self.vertices.items():
            back = [n for n in vertex.outs if self.edges[n].target == id_]
            free = (vertex.join, vertex.split) == ("any", "one")
            if back and free and len(vertex.outs) > len(back) and len(vertex.ins) > len(back):
                for number in back:
                    self._drop(number)
                return True
        return False

    def _forgotten(self) -> bool:
        """One of several parallel ways that leads to an end only, and meets nobody, need not be followed."""
        for vertex in self.vertices.values():
            ends = [n for n in vertex.outs if self.vertices[self.edges[n].target].split == "end"]
            if vertex.split == "all" and ends and len(vertex.outs) > 1:
                self._drop(ends[0])
                return True
        return False

    def _merged(self) -> bool:
        """A vertex with one way in goes into the one before, if that has but this way out, or splits in the same way."""
        for id_, vertex in self.vertices.items():
            if len(vertex.ins) != 1 or not vertex.outs:
                continue
            edge = self.edges[vertex.ins[0]]
            before = self.vertices[edge.source]
            if before is vertex or before.split == "chosen" or vertex.split == "chosen":
                continue
            only = len(before.outs) == 1 and not before.start
            if not only and not (before.split == vertex.split and vertex.split in ("one", "all")):
                continue
            passed = (*edge.via, vertex.place)
            for number in vertex.outs:
                inner = self.edges[number]
                inner.source, inner.via = edge.source, (*passed, *inner.via)
            before.outs.remove(vertex.ins[0])
            before.outs += vertex.outs
            if only:
                before.split = vertex.split
            del self.edges[vertex.ins[0]], self.vertices[id_]
            return True
        return False

    def _drop(self, number: int) -> None:
        edge = self.edges.pop(number)
        self.vertices[edge.source].outs.remove(number)
        self.vertices[edge.target].ins.remove(number)


def _kind(node: Node) -> tuple[str, str]:
    match node.kind:
        case "parallelGateway":
            return "all", "all"
        case "inclusiveGateway":
            return "some", "some"
        case "exclusiveGateway" | "eventBasedGateway":
            return "any", "one"
        case "endEvent":
            stops = node.has("terminate") or node.has("error") or node.has("cancel")
            return "any", "stop" if stops else "end"
        case _:
            return "any", "all"


__all__ = ["Edge", "Net", "Vertex"]
