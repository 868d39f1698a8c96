"""Conditions on flows: can they be read, do two hold at once, and is there a case in which none does?

The conditions themselves are run on one value of every case they tell apart (`kernel/expr/cases.py`); what is found is
an example that will happen so, widened to all like it before it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from shuzheng.kernel.bpmn.model import ACTIVITIES, Flow, Node, Scope
from shuzheng.kernel.bpmn.structure import whole_flows
from shuzheng.kernel.expr import BOOLEAN, Domain, ExprError, Program, compile, parse, references
from shuzheng.kernel.expr.cases import Split, split, tell
from shuzheng.kernel.findings import Finding, Place, error, listed, warning
from shuzheng.kernel.words import gettext

MAX_POINTS = 20_000
"""Most combinations of cases looked at at one gateway."""

SHOWN = 3
"""Most gaps told of one gateway."""

Names = Mapping[str, Domain] | None
Point = tuple[int, ...]
Box = tuple[frozenset[int], ...]


def check_conditions(scope: Scope, names: Names) -> Iterator[Finding]:
    """Findings for all flows of a scope and what they part from."""
    leaving: dict[str, list[Flow]] = {}
    for flow in whole_flows(scope):
        leaving.setdefault(flow.source, []).append(flow)
    for id_, flows in leaving.items():
        node = scope.nodes[id_]
        if node.default and node.default not in {flow.id for flow in flows}:
            text = gettext("“{name}”的默认出线“{flow}”不是从它出发的连线")
            yield error("default-unknown", node.place, text.format(name=node.place, flow=node.default))
        if node.kind in ("exclusiveGateway", "inclusiveGateway") or node.kind in ACTIVITIES:
            yield from _deciding(node, flows, names)
            continue
        for flow in flows:
            if flow.condition:
                text = gettext("连线“{flow}”上的条件不起作用：“{name}”不按条件分支")
                yield warning("condition-ignored", flow.place, text.format(flow=_name(flow), name=node.place))


def read_condition(text: str, place: Place, what: str, names: Names) -> Program | Finding | None:
    """The condition made ready, or what is wrong with it; None where names are not known and it could only be parsed."""
    try:
        if names is None:
            parse(text)
            return None
        unknown = sorted(references(parse(text)) - set(names))
        if not unknown:
            return compile(text, {name: domain.type for name, domain in names.items()}, BOOLEAN)
    except ExprError as fault:
        reason = gettext("{what}的条件“{text}”无法使用：{reason}").format(what=what, text=text, reason=fault.message)
        return error("condition-invalid", place, reason)
    reason = gettext("{what}的条件“{text}”用到了没有的数据项：{names}")
    return error("variable-unknown", place, reason.format(what=what, text=text, names=listed(unknown)))


def _name(flow: Flow) -> str:
    return flow.place.name or flow.id


def _deciding(node: Node, flows: Sequence[Flow], names: Names) -> Iterator[Finding]:
    conditional = [flow for flow in flows if flow.condition and flow.id != node.default]
    bare = [flow for flow in flows if not flow.condition and flow.id != node.default]
    has_default = any(flow.id == node.default for flow in flows)
    if node.kind not in ACTIVITIES and len(flows) > 1:
        for flow in bare:
            text = gettext("“{name}”的出线“{flow}”没有条件，也不是默认出线")
            yield error("flow-no-condition", flow.place, text.format(name=node.place, flow=_name(flow)))
    ready: list[tuple[Flow, Program]] = []
    for flow in conditional:
        what = gettext("连线“{flow}”").format(flow=_name(flow))
        read = read_condition(flow.condition, flow.place, what, names)
        if isinstance(read, Finding):
            yield read
        elif read is not None:
            ready.append((flow, read))
    if not conditional or bare:
        return
    if len(ready) < len(conditional):
        if names is None and not has_default:
            yield _no_default(node)
        return
    yield from _Choice(node, ready, names or {}, has_default).findings()


def _no_default(node: Node) -> Finding:
    text = gettext("“{name}”没有默认出线，而条件是否包括了所有情形无法事先判定")
    return warning("no-default", node.place, text.format(name=node.place))


class _Choice:
    """The conditions at one place, over the cases of the names they speak of."""

    def __init__(
        self, node: Node, ready: Sequence[tuple[Flow, Program]], names: Mapping[str, Domain], has_default: bool
    ) -> None:
        self.node, self.has_default = node, has_default
        self.flows = [flow for flow, _ in ready]
        self.programs = [program for _, program in ready]
        used = sorted(set().union(*(program.references for program in self.programs)))
        self.domains = {name: names[name] for name in used}
        trees = [program.tree for program in self.programs]
        self.splits: dict[str, Split] = {name: split(names[name], trees, name) for name in used}
        self.exact = all(one.exact for one in self.splits.values())

    def findings(self) -> Iterator[Finding]:
        if prod(len(one.cases) for one in self.splits.values()) > MAX_POINTS:
            if not self.has_default:
                yield _no_default(self.node)
            return
        truth = self._truth()
        if self.node.kind == "exclusiveGateway":
            yield from self._overlaps(truth)
        if self.exact:
            yield from self._never(truth)
        if self.has_default:
            return
        gaps = self._boxes(truth, lambda holding: not holding)
        if gaps:
            text = gettext("“{name}”有情形无路可走：{cases} 时没有一条出线的条件成立，也没有默认出线")
            cases = gettext("；").join(map(self._words, gaps))
            yield error("conditions-gap", self.node.place, text.format(name=self.node.place, cases=cases))
        elif not self.exact:
            yield _no_default(self.node)

    def _truth(self) -> dict[Point, frozenset[int]]:
        """For each combination of cases, which conditions hold."""
        ranges = [range(len(one.cases)) for one in self.splits.values()]
        truth = {}
        for point in product(*ranges):
            env = {n: one.cases[i].value for (n, one), i in zip(self.splits.items(), point, strict=True)}
            truth[point] = frozenset(k for k, program in enumerate(self.programs) if program(env) is True)
        return truth

    def _overlaps(self, truth: Mapping[Point, frozenset[int]]) -> Iterator[Finding]:
        for a, b in combinations(range(len(self.flows)), 2):
            both = frozenset([a, b])
            boxes = self._boxes(truth, both.issubset, most=1)
            if boxes:
                text = gettext("“{name}”的出线“{a}”与“{b}”重叠：{case} 时两个条件都成立")
                values = {"name": self.node.place, "a": _name(self.flows[a]), "b": _name(self.flows[b])}
                yield warning("conditions-overlap", self.node.place, text.format(**values, case=self._words(boxes[0])))

    def _never(self, truth: Mapping[Point, frozenset[int]]) -> Iterator[Finding]:
        for number, flow in enumerate(self.flows):
            if not any(number in holding for holding in truth.values()):
                text = gettext("连线“{flow}”永远不会走：它的条件没有情形能成立")
                yield warning("condition-never", flow.place, text.format(flow=_name(flow)))

    def _boxes(
        self, truth: Mapping[Point, frozenset[int]], wanted: Callable[[frozenset[int]], bool], most: int = SHOWN
    ) -> list[Box]:
        """Combinations where `wanted` holds, each widened as far as it goes on holding."""
        boxes: list[Box] = []
        for point, holding in truth.items():
            inside = any(all(i in side for i, side in zip(point, box, strict=True)) for box in boxes)
            if inside or not wanted(holding):
                continue
            box = tuple(frozenset([i]) for i in point)
            for at, one in enumerate(self.splits.values()):
                for case in range(len(one.cases)):
                    slice_ = (*box[:at], frozenset([case]), *box[at + 1 :])
                    if all(wanted(truth[p]) for p in product(*slice_)):
                        box = (*box[:at], box[at] | {case}, *box[at + 1 :])
            boxes.append(box)
            if len(boxes) == most:
                break
        return boxes

    def _words(self, box: Box) -> str:
        parts = []
        for (name, one), chosen in zip(self.splits.items(), box, strict=True):
            parts.append(tell(name, self.domains[name], one, chosen))
        return gettext("，").join(part for part in parts if part) or gettext("任何情形")


__all__ = ["check_conditions", "read_condition"]
