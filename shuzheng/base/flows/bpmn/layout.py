"""A diagram for a process that has none: rows down the page by rank, branches side by side, flows at right angles."""

from __future__ import annotations

from typing import Any

from lxml import etree

from shuzheng.base.flows.bpmn.words import BPMNDI, DC, DI, local, tag

SIZES = {"startEvent": (36, 36), "endEvent": (36, 36), "exclusiveGateway": (50, 50), "parallelGateway": (50, 50)}
TASK = (120, 64)
WIDE, HIGH, EDGE = 170, 112, 40


def draw(root: Any) -> None:
    """Add the diagram of the only process in ``root``. It has no loops: the simple designer makes none."""
    process = root.find(tag("process"))
    flows = process.findall(tag("sequenceFlow"))
    nodes = {n.get("id"): n for n in process if n.get("id") and local(n) != "sequenceFlow"}
    onward: dict[str, list[str]] = {i: [] for i in nodes}
    back: dict[str, list[str]] = {i: [] for i in nodes}
    for flow in flows:
        onward[flow.get("sourceRef")].append(flow.get("targetRef"))
        back[flow.get("targetRef")].append(flow.get("sourceRef"))
    ranks = _ranks(nodes, onward, back)
    columns = _columns(nodes, onward, back, ranks)
    least = min(columns.values(), default=0.0)
    middle = {
        i: (EDGE + TASK[0] / 2 + (columns[i] - least) * WIDE, EDGE + TASK[1] / 2 + ranks[i] * HIGH) for i in nodes
    }
    diagram = etree.SubElement(root, tag("BPMNDiagram", BPMNDI), id="diagram")
    plane = etree.SubElement(diagram, tag("BPMNPlane", BPMNDI), id="plane", bpmnElement=process.get("id"))
    for ident, node in nodes.items():
        wide, high = SIZES.get(local(node), TASK)
        x, y = middle[ident]
        shape = etree.SubElement(plane, tag("BPMNShape", BPMNDI), id=f"{ident}_di", bpmnElement=ident)
        etree.SubElement(
            shape, tag("Bounds", DC), x=f"{x - wide / 2:g}", y=f"{y - high / 2:g}", width=str(wide), height=str(high)
        )
        if local(node).endswith("Event") and node.get("name"):
            _label(shape, x + wide / 2 + 6, y - 7, node.get("name"))
    for flow in flows:
        edge = etree.SubElement(plane, tag("BPMNEdge", BPMNDI), id=f"{flow.get('id')}_di", bpmnElement=flow.get("id"))
        source, target = flow.get("sourceRef"), flow.get("targetRef")
        way = _way(middle[source], middle[target], _half(nodes[source]), _half(nodes[target]))
        for x, y in way:
            etree.SubElement(edge, tag("waypoint", DI), x=f"{x:g}", y=f"{y:g}")
        if len(way) == 2 and flow.get("name"):  # straight down: beside the line and not on it
            _label(edge, way[0][0] + 6, (way[0][1] + way[1][1]) / 2 - 7, flow.get("name"))


def _label(shape: Any, x: float, y: float, text: str) -> None:
    """Where the name of a shape is written; other tools would put it across the line."""
    label = etree.SubElement(shape, tag("BPMNLabel", BPMNDI))
    etree.SubElement(label, tag("Bounds", DC), x=f"{x:g}", y=f"{y:g}", width=str(13 * len(text)), height="14")


def _half(node: Any) -> tuple[float, float]:
    wide, high = SIZES.get(local(node), TASK)
    return wide / 2, high / 2


def _ranks(nodes: dict[str, Any], onward: dict[str, list[str]], back: dict[str, list[str]]) -> dict[str, int]:
    """The longest way from the start: a join stands below its longest arm."""
    left = {i: len(back[i]) for i in nodes}
    ranks = dict.fromkeys(nodes, 0)
    ready = [i for i in nodes if not left[i]]
    while ready:
        at = ready.pop(0)
        for after in onward[at]:
            ranks[after] = max(ranks[after], ranks[at] + 1)
            left[after] -= 1
            if not left[after]:
                ready.append(after)
    return ranks


def _columns(
    nodes: dict[str, Any], onward: dict[str, list[str]], back: dict[str, list[str]], ranks: dict[str, int]
) -> dict[str, float]:
    """Arms share the width of what is in them, round the column of their gateway; a join stands below its gateway."""
    columns: dict[str, float] = {}

    def width(at: str, join: str) -> float:
        total, here = 1.0, at
        while here != join:
            if len(onward[here]) > 1:
                inner = _join(here, onward, ranks)
                total = max(total, sum(width(a, inner) for a in onward[here]))
                here = inner
            elif onward[here]:
                here = onward[here][0]
            else:
                break
        return total

    def place(at: str, join: str, column: float) -> None:
        here = at
        while here != join:
            columns[here] = column
            if len(onward[here]) > 1:
                inner = _join(here, onward, ranks)
                widths = [width(a, inner) for a in onward[here]]
                left = column - sum(widths) / 2
                for arm, wide in zip(onward[here], widths, strict=True):
                    place(arm, inner, left + wide / 2)
                    left += wide
                here = inner
            elif onward[here]:
                here = onward[here][0]
            else:
                return

    for first in (i for i in nodes if not back[i]):
        place(first, "", 0.0)
    return columns


def _join(gate: str, onward: dict[str, list[str]], ranks: dict[str, int]) -> str:
    """Where all arms of a gateway meet: the first node that each of them reaches."""
    reached = []
    for arm in onward[gate]:
        seen, waiting = set(), [arm]
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += onward[at]
        reached.append(seen)
    common = set.intersection(*reached)
    return min(common, key=lambda i: ranks[i]) if common else ""


def _way(
    start: tuple[float, float], end: tuple[float, float], half: tuple[float, float], other: tuple[float, float]
) -> list[tuple[float, float]]:
    (x1, y1), (x2, y2) = start, end
    top = y2 - other[1]
    if x1 == x2:
        return [(x1, y1 + half[1]), (x2, top)]
    if half[1] <= 25:  # out of a gateway sideways, then down
        side = x1 + (half[0] if x2 > x1 else -half[0])
        return [(side, y1), (x2, y1), (x2, top)]
    bend = top - 18
    return [(x1, y1 + half[1]), (x1, bend), (x2, bend), (x2, top)]
