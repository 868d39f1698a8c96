"""The token game, played in every possible order: can each request come to its end, and does nothing run twice?

Decisions are taken to be free: which way a request goes depends on data that nobody knows beforehand. A state is the set
of edges that hold a token, so a second token on an edge, the sign of a step that runs twice, ends that line of play.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from shuzheng.kernel.bpmn.model import Scope
from shuzheng.kernel.bpmn.net import Net, Vertex, parts
from shuzheng.kernel.findings import Finding, Place, error, note
from shuzheng.kernel.words import gettext

MAX_STATES = 20_000
"""Most states looked at in one process; beyond, the check says that it gave up."""

Move = tuple[Vertex, frozenset[int], int | None]
"""What fired, the edges it gave tokens to, and the state after; None where a token fell on another."""


def play(scope: Scope) -> list[Finding]:
    """Findings `runs-twice`, `join-never`, `join-stuck`, `never-ends` and `too-large` for one scope."""
    found: list[Finding] = []
    for part in parts(scope):
        net = Net(scope, part)
        net.shrink()
        found += _Game(net).findings()
    return found


@dataclass(slots=True)
class _Rules:
    """A vertex as masks over edges."""

    vertex: Vertex
    ins: int
    outcomes: list[tuple[frozenset[int], int]]
    behind: dict[int, int] = field(default_factory=dict)
    """For an inclusive join: by edge (as a mask) the edges from which a token can still come to it, past the join."""


class _Game:
    """One way of playing. A hasty one lets but one vertex fire at a time and goes ahead before it goes aside.

    As no two vertices compete for a token, that still comes to every standstill (inclusive joins and ends that stop all
    aside), through far fewer states; but tokens fall on one another less often.
    """

    def __init__(self, net: Net, hasty: bool = False) -> None:
        self.net, self.hasty = net, hasty
        self.rules = [self._rule(id_, vertex) for id_, vertex in net.vertices.items() if not vertex.start]
        self.came: dict[int, tuple[int | None, Vertex, frozenset[int]]] = {}
        self.followers: dict[int, list[int]] = {}
        self.fired: set[str] = set()
        self.doubled: dict[str, Finding] = {}
        self.cut: set[int] = set()
        self.stuck: list[int] = []

    def _rule(self, id_: str, vertex: Vertex) -> _Rules:
        rule = _Rules(vertex, _mask(vertex.ins), [(given, _mask(given)) for given in vertex.outcomes()])
        if vertex.join == "some":
            rule.behind = {1 << edge: self._behind(edge, id_) for edge in vertex.ins}
        return rule

    def _behind(self, edge: int, past: str) -> int:
        found, waiting = 0, [edge]
        while waiting:
            source = self.net.edges[waiting.pop()].source
            for other in self.net.vertices[source].ins if source != past else ():
                if not found >> other & 1:
                    found |= 1 << other
                    waiting.append(other)
        return found

    # Playing

    def findings(self) -> list[Finding]:
        whole = self._explore()
        found = [*self.doubled.values(), *self._waiting(whole and not self.hasty)]
        if self.hasty:
            return found
        if whole:
            return found or self._endless()
        text = gettext("“{name}”的分支太多，没有全部查完").format(name=self.net.scope.place)
        found.append(note("too-large", self.net.scope.place, text))
        told = {(one.code, one.place) for one in found}
        return found + [one for one in _Game(self.net, True).findings() if (one.code, one.place) not in told]

    def _explore(self) -> bool:
        """Goes through the states, the nearest first unless in haste; whether all were seen."""
        waiting: deque[int] = deque()
        for vertex in self.net.vertices.values():
            if vertex.start:
                state = _mask(vertex.outs)
                if state not in self.came:
                    self.came[state] = (None, vertex, frozenset(vertex.outs))
                    waiting.append(state)
        while waiting:
            state = waiting.pop() if self.hasty else waiting.popleft()
            following = self.followers[state] = []
            for vertex, given, after in self._moves(state):
                self.fired.add(vertex.place.id)
                if after is None:
                    self.cut.add(state)
                    self._double(state, vertex, given)
                    continue
                following.append(after)
                if after not in self.came:
                    if len(self.came) >= MAX_STATES:
                        return False
                    self.came[after] = (state, vertex, given)
                    waiting.append(after)
            if state and not following and state not in self.cut:
                self.stuck.append(state)
        return True

    def _moves(self, state: int) -> Iterator[Move]:
        for rule in self.rules:
            here = state & rule.ins
            if not here:
                continue
            vertex = rule.vertex
            if vertex.join == "any":
                for edge in vertex.ins:
                    if here >> edge & 1:
                        yield from self._fire(rule, state & ~(1 << edge))
            elif here == rule.ins or (vertex.join == "some" and self._complete(rule, state, here)):
                yield from self._fire(rule, state & ~here)
            else:
                continue
            if self.hasty:
                return

    def _fire(self, rule: _Rules, left: int) -> Iterator[Move]:
        for given, mask in rule.outcomes:
            if rule.vertex.split == "stop":
                yield rule.vertex, given, 0
            else:
                yield rule.vertex, given, None if left & mask else left | mask

    def _complete(self, rule: _Rules, state: int, here: int) -> bool:
        """Whether an inclusive join need not wait: no token elsewhere can come to an empty edge and to no full one."""
        empty = full = 0
        for edge, behind in rule.behind.items():
            if here & edge:
                full |= behind
            else:
                empty |= behind
        return not state & ~rule.ins & empty & ~full

    # Telling

    def _trace(self, state: int | None) -> list[Place]:
        steps: list[tuple[Vertex, frozenset[int]]] = []
        while state is not None:
            state, vertex, given = self.came[state]
            steps.append((vertex, given))
        return [place for step in reversed(steps) for place in self._told(*step)]

    def _told(self, vertex: Vertex, given: frozenset[int]) -> list[Place]:
        return [vertex.place, *(place for edge in sorted(given) for place in self.net.edges[edge].via)]

    def _double(self, state: int, vertex: Vertex, given: frozenset[int]) -> None:
        if vertex.place.id not in self.doubled:
            trace = [*self._trace(state), *self._told(vertex, given)]
            text = gettext("“{name}”会执行两次：并行的分支没有先汇合就走到一处（{way}）")
            text = text.format(name=vertex.place, way=_way(trace))
            self.doubled[vertex.place.id] = error("runs-twice", vertex.place, text, trace)

    def _waiting(self, whole: bool) -> list[Finding]:
        """Joins that wait for what never comes, those first that others wait for."""
        found: dict[str, Finding] = {}
        for state in self.stuck:
            joins = [rule for rule in self.rules if state & rule.ins]
            for rule in joins:
                place = rule.vertex.place
                if place.id in found or any(
                    self._waits_for(rule, other, state) for other in joins if other is not rule
                ):
                    continue
                trace = self._trace(state)
                if whole and place.id not in self.fired and not self.cut:
                    code, text = "join-never", gettext("“{name}”永远等不齐：要等的分支不会都来（{way}）")
                else:
                    code, text = "join-stuck", gettext("“{name}”有时等不齐，走到这里就卡住（{way}）")
                text = text.format(name=place, way=_way(trace))
                found[place.id] = error(code, place, text, trace)
        return list(found.values())

    def _waits_for(self, rule: _Rules, other: _Rules, state: int) -> bool:
        """Whether a token that `other` holds is missing here, and not the other way round."""
        return self._leads(other, rule, state) and not self._leads(rule, other, state)

    def _leads(self, first: _Rules, second: _Rules, state: int) -> bool:
        missing = second.ins & ~state
        seen: set[int] = set()
        waiting = list(first.vertex.outs)
        while waiting:
            edge = waiting.pop()
            if missing >> edge & 1:
                return True
            if edge not in seen:
                seen.add(edge)
                waiting += self.net.vertices[self.net.edges[edge].target].outs
        return False

    def _endless(self) -> list[Finding]:
        """A state from which no order of steps comes to the end, though something can always be done."""
        before: dict[int, list[int]] = {}
        for state, following in self.followers.items():
            for after in following:
                before.setdefault(after, []).append(state)
        ending = {0}
        waiting = [0]
        while waiting:
            for state in before.get(waiting.pop(), ()):
                if state not in ending:
                    ending.add(state)
                    waiting.append(state)
        caught = [state for state in self.followers if state not in ending]
        if not caught:
            return []
        # The farthest is where it turns; the nearer ones only lead there.
        trace = self._trace(caught[-1])
        place = next(r.vertex.place for r in self.rules if caught[-1] & r.ins)
        text = gettext("走到“{name}”以后就永远办不完，总有一路在转（{way}）").format(name=place, way=_way(trace))
        return [error("never-ends", place, text, trace)]


def _mask(edges: list[int] | frozenset[int]) -> int:
    return sum(1 << edge for edge in edges)


def _way(trace: list[Place]) -> str:
    """A way in words. Gateways without a name are passed over; a long way is cut in its middle."""
    names = [place.name for place in trace if place.name] or [place.id for place in trace]
    if len(names) > 12:
        names = [*names[:4], "…", *names[-7:]]
    return " → ".join(names)


__all__ = ["MAX_STATES", "play"]
