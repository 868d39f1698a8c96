"""The diagram of a case as SVG made on the server: where it stands, who had each step and how long. No script, no styles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from shuzheng.base.flows.bpmn.reading import HUMAN, parse
from shuzheng.base.flows.bpmn.words import NS, local
from shuzheng.base.flows.limits import took
from shuzheng.base.flows.models import Case, Step, Task
from shuzheng.base.portal.formats import in_language

MARGIN = 14
LOOKS = {
    Step.State.OPEN: "now", Step.State.PARKED: "now", Step.State.PASSED: "done", Step.State.REFUSED: "done",
    Step.State.SKIPPED: "done",
}  # fmt: skip
MARKER = mark_safe(
    '<defs><marker id="fl-ar" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 .5L7.5 4 0 7.5z" class="ah"/></marker></defs>'
)


@dataclass(frozen=True)
class Box:
    """A shape of the diagram: its element, and where it lies."""

    ident: str
    kind: str
    name: str
    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True)
class Paint:
    """How a definition is coloured: by id of an element a look (a class of ``flow.css``) and a word below its name, by id of
    a flow a look. ``about`` says in words what the colours show."""

    looks: Mapping[str, str]
    words: Mapping[str, str]
    flows: Mapping[str, str]
    about: str


def boxes(root: Any) -> list[Box]:
    """The shapes that were drawn. Lanes and notes are left out."""
    nodes = {n.get("id"): n for n in root.iter() if n.get("id")}
    found = []
    for shape in root.iterfind(".//bpmndi:BPMNShape", NS):
        node, bounds = nodes.get(shape.get("bpmnElement")), shape.find("dc:Bounds", NS)
        if node is None or bounds is None or local(node) in ("lane", "participant", "textAnnotation", "group"):
            continue
        try:
            x, y, wide, high = (float(bounds.get(k, "0")) for k in ("x", "y", "width", "height"))
        except ValueError:
            continue  # another tool's shape without numbers: not drawn
        found.append(Box(node.get("id"), local(node), _named(node), x, y, wide, high))
    return found


def _named(node: Any) -> str:
    """The name of an element in the reader's language."""
    said = node.find("bpmn:extensionElements/sz:step", NS)
    return in_language(node.get("name", ""), said.get("name_en", "") if said is not None else "")


def svg(
    bpmn: str,
    case: Case | None = None,
    steps: Sequence[Step] = (),
    tasks: Sequence[Task] = (),
    marks: Mapping[str, str] | None = None,
    paint: Paint | None = None,
) -> SafeString:
    """The diagram, of a case or of a definition alone, as it is or painted; empty when nothing was drawn. ``marks`` are looks by element
    (``plus``, ``minus``, ``diff``), where two editions are compared."""
    root = parse(bpmn)
    shapes = boxes(root)
    if not shapes:
        return mark_safe("")
    last = {s.element: s for s in steps if s.token and s.state != Step.State.DROPPED}
    last |= {b.ident: now for b in shapes if b.kind == "callActivity" and (now := _within(b.ident, last)) is not None}
    by_step: dict[Any, list[Task]] = {}
    for task in tasks:
        by_step.setdefault(task.step_id, []).append(task)
    left, top = min(b.x for b in shapes) - MARGIN, min(b.y for b in shapes) - MARGIN
    wide = max(b.x + b.wide for b in shapes) - left + MARGIN
    high = max(b.y + b.high for b in shapes) - top + MARGIN + 12
    drawn = [_edge(edge, root, paint) for edge in root.iterfind(".//bpmndi:BPMNEdge", NS)]
    marks = marks or {}
    if paint is not None:
        drawn += [
            _painted(b, paint) if b.kind in HUMAN else _shape(b, None, None, {}, marks.get(b.ident, "")) for b in shapes
        ]
    else:
        drawn += [_shape(b, case, last.get(b.ident), by_step, marks.get(b.ident, "")) for b in shapes]
    return format_html(
        '<svg class="sz-flow" viewBox="{} {} {} {}" width="{}" role="img" aria-label="{}">{}{}</svg>',
        f"{left:g}", f"{top:g}", f"{wide:g}", f"{high:g}", f"{wide:g}", paint.about if paint else _said(shapes, last), MARKER,
        format_html_join("", "{}", ((d,) for d in drawn)),
    )  # fmt: skip


def _within(call: str, last: Mapping[str, Step]) -> Step | None:
    """The step of a called process that tells how far the call has come; None before it begins."""
    inner = [step for element, step in last.items() if element.startswith(f"{call}.")]
    return next((s for s in inner if s.is_open), inner[-1] if inner else None)


def _said(shapes: Sequence[Box], last: dict[str, Step]) -> str:
    words = []
    for box in shapes:
        if box.kind in HUMAN:
            step = last.get(box.ident)
            words.append(f"{box.name} {step.get_state_display() if step else _('未到')}")
    return _("流程图：%(steps)s") % {"steps": "，".join(words)}


def _painted(box: Box, paint: Paint) -> SafeString:
    return _node(box, paint.looks.get(box.ident, "todo"), paint.words.get(box.ident, ""))


def _edge(edge: Any, root: Any, paint: Paint | None) -> SafeString:
    try:
        points = [(float(p.get("x", "")), float(p.get("y", ""))) for p in edge.iterfind("di:waypoint", NS)]
    except ValueError:
        points = []
    if len(points) < 2:
        return mark_safe("")
    way = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    flow = next((n for n in root.iter() if n.get("id") == edge.get("bpmnElement")), None)
    name = flow.get("name") if flow is not None else ""
    label: SafeString = mark_safe("")
    if name:
        x, y = points[1] if len(points) > 2 else ((points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2)
        beside = _wide(_cut(name, 110)) / 2 + 6 if len(points) == 2 and points[0][0] == points[1][0] else 0
        label = format_html(
            '<text class="lb" x="{}" y="{}">{}</text>', f"{x + beside:g}", f"{y - 5:g}", _cut(name, 110)
        )
    look = f"ed {paint.flows.get(edge.get('bpmnElement'), '')}".strip() if paint else "ed"
    return format_html('<g class="{}"><path d="{}" marker-end="url(#fl-ar)"/></g>{}', look, way, label)


def _shape(
    box: Box, case: Case | None, step: Step | None, by_step: dict[Any, list[Task]], mark: str = ""
) -> SafeString:
    if box.kind == "process":
        return _framed(box)
    middle, centre = box.x + box.wide / 2, box.y + box.high / 2
    if box.kind.endswith("Event"):
        ended = box.kind == "endEvent"
        done = case is not None and (not ended or case.state == Case.State.DONE)
        look = f"ev{' end' if ended else ''}{' done' if done else ''}"
        return format_html(
            '<circle class="{}" cx="{}" cy="{}" r="{}"/><text class="lb" x="{}" y="{}">{}</text>',
            look, f"{middle:g}", f"{centre:g}", f"{box.wide / 2:g}", f"{middle + box.wide / 2 + 22:g}", f"{centre + 4:g}",
            _cut(box.name, 60),
        )  # fmt: skip
    if box.kind.endswith("Gateway"):
        half = box.wide / 2
        sign = {"exclusiveGateway": "×", "parallelGateway": "+", "inclusiveGateway": "○"}.get(box.kind, "◇")
        return format_html(
            '<g class="gw {}"><path d="M{} {}l{} {} -{} {} -{} -{}z"/><text x="{}" y="{}">{}</text><text class="lb" x="{}" y="{}">{}</text></g>',
            mark, f"{middle:g}", f"{box.y:g}", half, half, half, half, half, half, f"{middle:g}", f"{centre + 4:g}", sign,
            f"{middle + 14 + _wide(_cut(box.name, 120)) / 2:g}", f"{box.y + 2:g}", _cut(box.name, 120),
        )  # fmt: skip
    return _node(box, LOOKS.get(Step.State(step.state), "todo") if step else mark or "todo", _who(step, by_step))


def _framed(box: Box) -> SafeString:
    """A called process, beside the one that calls it."""
    return format_html(
        '<g class="fr"><rect x="{}" y="{}" width="{}" height="{}" rx="8"/><text x="{}" y="{}">{}</text></g>',
        f"{box.x:g}", f"{box.y:g}", f"{box.wide:g}", f"{box.high:g}", f"{box.x + 2:g}", f"{box.y - 6:g}", _cut(box.name, box.wide),
    )  # fmt: skip


def _node(box: Box, look: str, word: str) -> SafeString:
    """A step: its name, a word below it, and a tick when it is done."""
    tick: SafeString = mark_safe("")
    if look == "done":
        tick = format_html(
            '<circle class="tick" cx="{}" cy="0" r="8"/><path class="tk" d="M{} .2l2.5 2.5 4.5-5"/>',
            f"{box.wide:g}", f"{box.wide - 3.5:g}",
        )  # fmt: skip
    return format_html(
        '<g class="nd {}" data-id="{}" transform="translate({} {})"><rect width="{}" height="{}" rx="6"/>'
        '<text x="{}" y="{}" class="a">{}</text><text x="{}" y="{}" class="b">{}</text>{}</g>',
        look, box.ident, f"{box.x:g}", f"{box.y:g}", f"{box.wide:g}", f"{box.high:g}", f"{box.wide / 2:g}", f"{box.high / 2 - 3:g}",
        _cut(box.name, box.wide - 12), f"{box.wide / 2:g}", f"{box.high / 2 + 15:g}",
        _cut(word, box.wide - 8), tick,
    )  # fmt: skip


def _who(step: Step | None, by_step: dict[Any, list[Task]]) -> str:
    if step is None:
        return ""
    tasks = [t for t in by_step.get(step.pk, []) if t.role not in Task.TO_READ and t.state != Task.State.DROPPED]
    if step.is_open:
        waits = [t.person for t in tasks if t.state in (Task.State.OPEN, Task.State.PARKED)]
        return f"{'、'.join(waits[:2])}{'…' if len(waits) > 2 else ''} {took(step.opened_at)}"
    who = "、".join(dict.fromkeys(t.person for t in tasks if t.state == Task.State.DONE))
    return f"{who} {took(step.opened_at, step.closed_at)}"


def _wide(text: str) -> int:
    """About how wide a text is: a Chinese character 12, a Latin one 7."""
    return sum(12 if ord(sign) > 0x2E7F else 7 for sign in text)


def _cut(text: str, wide: float) -> str:
    """As much as fits."""
    left = wide
    for place, sign in enumerate(text):
        left -= _wide(sign)
        if left < 0:
            return text[: max(1, place - 1)] + "…"
    return text
