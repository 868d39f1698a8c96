"""Joining a definition with those that it calls: one text to run and to draw, one outline to ask.

Each called process is copied in under its call activity, its ids behind the activity's (``seal.step1``), so that the same one
may be called twice. What is asked of its expressions goes through a ``Frame``. Nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from shuzheng.base.flows.bpmn.reading import follows, parse, read
from shuzheng.base.flows.bpmn.words import DC, DI, NS, Frame, Outline, StepRule, local, tag

SHARED = ("message", "signal", "error", "escalation", "itemDefinition")
"""What the elements of a process refer to beside it."""
REFERS = ("id", "default", "calledElement", "bpmnElement")
GAP, EDGE = 72.0, 20.0
"""Room beside what is drawn, which also holds the name of what is called; from its frame to what is in it."""


@dataclass(frozen=True)
class Part:
    """A definition with those that it calls, by call activity; ``edition`` says which one it is. Its texts, BPMN and decision
    tables, are asked for only when it is not at hand."""

    digest: str
    texts: Callable[[], tuple[str, Mapping[str, str]]]
    name: str
    name_en: str = ""
    edition: str = ""
    calls: Mapping[str, Part] = field(default_factory=dict)

    @property
    def bpmn(self) -> str:
        return self.texts()[0]

    @property
    def tables(self) -> Mapping[str, str]:
        return self.texts()[1]

    @property
    def key(self) -> tuple[Any, ...]:
        """Two with the same key run the same."""
        return (self.digest, self.edition, tuple((at, part.key) for at, part in sorted(self.calls.items())))

    def walk(self, before: str = "") -> list[tuple[str, Part]]:
        """Itself and what it calls, each with what its ids begin with."""
        return [(before, self), *(p for at, part in self.calls.items() for p in part.walk(f"{before}{at}."))]


def joined(part: Part) -> Outline:
    """The outline of all that would run.

    Raises:
        Invalid: one of the texts cannot be read.
    """
    outline = read(part.bpmn, part.tables)
    for at, inner in part.calls.items():
        outline = _join(outline, at, inner)
    if not part.calls:
        return outline
    steps = {e: _apart(rule, outline) if e in outline.inside else rule for e, rule in outline.steps.items()}
    return replace(outline, steps=steps, follows=follows(text(part), steps))


def _apart(rule: StepRule, outline: Outline) -> StepRule:
    """A step of a called process does not see what another one was filled in with."""
    theirs = [f.code for f in outline.fields if f.call and not rule.element.startswith(f"{f.call}.")]
    return replace(rule, fields={**dict.fromkeys(theirs, "hidden"), **rule.fields})


def _join(outer: Outline, at: str, part: Part) -> Outline:
    alone, inner, before = read(part.bpmn, part.tables), joined(part), f"{at}."
    call = outer.calls[at]
    ours = {f.code for f in outer.fields} - set(call.inputs)
    own = [f for f in alone.fields if f.code not in ours]
    same = {f.code for f in alone.fields} - {f.code for f in own}

    def key(name: str) -> str:
        """What the case calls it: the facts of the case and shared fields as they are, all else behind the call."""
        return name if name in same or name in FACTS else f"{before}{name}"

    def moved(frame: Frame) -> Frame:
        keys = {name: key(held) for name, held in frame.keys.items()}
        return Frame(frame.names, keys, tuple(map(key, frame.own)))

    here = Frame(alone.names, {name: key(name) for name in alone.names}, tuple(key(f.code) for f in own))
    known = {f.code for f in inner.fields}
    unseen = dict.fromkeys((f.code for f in outer.fields if f.code not in same), "hidden")
    steps = {
        f"{before}{e}": replace(
            rule, element=f"{before}{e}", fields=unseen | {key(c): right for c, right in rule.fields.items() if c in known}
        )
        for e, rule in inner.steps.items()
    }  # fmt: skip
    fields = [
        replace(f, code=key(f.code), start="read", call=f.call and f"{before}{f.call}" or at,
                label=f"{part.name} · {f.label}", label_en=f.label_en and f"{part.name_en or part.name} · {f.label_en}")
        for f in inner.fields if f.code not in same
    ]  # fmt: skip
    decides = {e for e, (kind, _name) in inner.elements.items() if kind == "businessRuleTask"}
    return replace(
        outer,
        fields=(*outer.fields, *fields),
        steps={**outer.steps, **steps},
        names={**outer.names, **{key(n): t for n, t in inner.names.items()}},
        called={**outer.called, **{before + e: before + c if e in decides else c for e, c in inner.called.items()}},
        services={**outer.services, **_behind(before, inner.services)},
        elements={**outer.elements, **_behind(before, inner.elements)},
        calls={**outer.calls, **_behind(before, inner.calls)},
        frames={**outer.frames, at: here, **{before + e: moved(f) for e, f in inner.frames.items()}},
        inside={
            **outer.inside,
            **{before + e: moved(inner.inside[e]) if e in inner.inside else here for e in inner.elements},
        },
    )


def _behind(before: str, held: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{before}{name}": value for name, value in held.items()}


FACTS = frozenset({"starter.tier", "starter.organ", "starter.post", "starter.is_head", "result", "is_urgent"})
"""Names of the case as a whole, the same in whatever it calls (``words.facts_of``)."""


def text(part: Part) -> Any:
    """All of it as one BPMN tree: the called processes behind their own, their drawings beside it."""
    root = parse(part.bpmn)
    for at, called in part.calls.items():
        inner = text(called)
        main = read(called.bpmn, called.tables).process
        _prefix(inner, f"{at}.")
        node = next(n for n in root.iter(tag("callActivity")) if n.get("id") == at)
        node.set("calledElement", f"{at}.{main}")
        place = next((i for i, n in enumerate(root) if local(n) == "BPMNDiagram"), len(root))
        moving = [n for n in inner if local(n) in ("process", *SHARED)]
        for n in reversed(moving):
            root.insert(place, n)
        _draw_beside(root, inner, f"{at}.{main}")
    return root


def _prefix(root: Any, before: str) -> None:
    known = {n.get("id") for n in root.iter() if n.get("id")}
    for node in root.iter():
        for name, value in node.attrib.items():
            if value in known and (name in REFERS or name.endswith("Ref")):
                node.set(name, before + value)
        if local(node) in ("incoming", "outgoing") and (node.text or "").strip() in known:
            node.text = before + node.text.strip()


def _draw_beside(root: Any, inner: Any, process: str) -> None:
    """Set the drawing of a called process beside all that is drawn, with a frame round it: below what lies across, to the
    right of what goes down."""
    plane, theirs = (r.find(".//bpmndi:BPMNPlane", NS) for r in (root, inner))
    if plane is None or theirs is None:
        return
    ours, box = _bounds(plane), _bounds(theirs)
    if ours is None or box is None:
        return
    goes_down = ours[3] - ours[1] > ours[2] - ours[0]
    left, top = (ours[2] + GAP, ours[1] + GAP / 2) if goes_down else (ours[0], ours[3] + GAP)
    for point in theirs.iter(f"{{{DC}}}Bounds", f"{{{DI}}}waypoint"):
        point.set("x", f"{float(point.get('x', '0')) + left - box[0]:g}")
        point.set("y", f"{float(point.get('y', '0')) + top - box[1]:g}")
    shape = etree.SubElement(plane, f"{{{NS['bpmndi']}}}BPMNShape", bpmnElement=process)
    wide, high = box[2] - box[0] + 2 * EDGE, box[3] - box[1] + 2 * EDGE
    etree.SubElement(
        shape, f"{{{DC}}}Bounds", x=f"{left - EDGE:g}", y=f"{top - EDGE:g}", width=f"{wide:g}", height=f"{high:g}"
    )
    plane.extend(list(theirs))


def _bounds(plane: Any) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is drawn."""
    points = []
    for node in plane.iter(f"{{{DC}}}Bounds", f"{{{DI}}}waypoint"):
        try:
            x, y, wide, high = (float(node.get(k, "0")) for k in ("x", "y", "width", "height"))
        except ValueError:
            return None  # another tool's shape without numbers
        points += [(x, y), (x + wide, y + high)]
    if not points:
        return None
    return (
        min(x for x, _y in points),
        min(y for _x, y in points),
        max(x for x, _y in points),
        max(y for _x, y in points),
    )
