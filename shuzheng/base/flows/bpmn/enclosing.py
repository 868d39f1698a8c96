"""Event sub-processes as what the engine runs: events on the border of all that they may interrupt.

What stands beside an event sub-process is put into a sub-process of its own; the event that starts the one becomes a boundary
event of the other. The two mean the same: one that interrupts ends what stands beside it, another lets it go on, and what holds
them both is over when all in it is over.

    { start → a → end,  (event) ⟶ { in → b → end } }   becomes   { begin → body{ start → a → end } → done,  body ◦event → { in → b → end } → done }
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from shuzheng.base.flows.bpmn.words import local, place, tag
from shuzheng.kernel.errors import FieldFault

STARTS = (
    "timerEventDefinition", "messageEventDefinition", "signalEventDefinition", "errorEventDefinition",
    "escalationEventDefinition",
)  # fmt: skip
"""What may start an event sub-process: what may also happen on a border."""
OUTSIDE = ("incoming", "outgoing", "extensionElements")


def by_event(node: Any) -> bool:
    """Whether it is an event sub-process."""
    return local(node) == "subProcess" and node.get("triggeredByEvent") == "true"


def unfit(node: Any) -> FieldFault | None:
    """What keeps an event sub-process from running; None when it runs."""
    starts = node.findall(tag("startEvent"))
    events = [n for start in starts for n in start if local(n).endswith("EventDefinition")]
    if len(starts) != 1 or len(events) != 1 or local(events[0]) not in STARTS:
        return place(node, _("事件子流程要由一个定时、消息、信号、错误或升级事件开始。"))
    if local(events[0]) == "errorEventDefinition" and not interrupts(starts[0]):
        return place(starts[0], _("错误事件总是打断。"))
    return None


def interrupts(start: Any) -> bool:
    """Whether the start of an event sub-process ends what stands beside it."""
    return bool(start.get("isInterrupting", "true") == "true")


def enclose(root: Any) -> None:
    """Turn all event sub-processes of a tree into the above, the innermost first."""
    holders = {n.getparent(): None for n in root.iter(tag("subProcess")) if by_event(n)}
    for holder in reversed(list(holders)):
        _enclose(holder)


def _enclose(holder: Any) -> None:
    ident = holder.get("id")
    handlers = [n for n in holder if by_event(n)]
    body = etree.Element(tag("subProcess"), id=f"{ident}-body")
    for node in [n for n in holder if n not in handlers and local(n) not in OUTSIDE]:
        body.append(node)
    holder.append(body)
    etree.SubElement(holder, tag("startEvent"), id=f"{ident}-begin")
    _lead(holder, f"{ident}-begin", f"{ident}-body")
    _end(holder, f"{ident}-body")
    for handler in handlers:
        _on_border(holder, handler, f"{ident}-body")


def _on_border(holder: Any, handler: Any, body: str) -> None:
    start = handler.find(tag("startEvent"))
    ident = start.get("id")
    event = etree.SubElement(
        holder, tag("boundaryEvent"), id=ident, attachedToRef=body, cancelActivity=str(interrupts(start)).lower()
    )
    if start.get("name"):
        event.set("name", start.get("name"))
    for said in [n for n in start if local(n).endswith("EventDefinition")]:
        event.append(said)
    start.set("id", f"{ident}-in")
    for flow in handler.iterfind(tag("sequenceFlow")):
        if flow.get("sourceRef") == ident:
            flow.set("sourceRef", f"{ident}-in")
    del handler.attrib["triggeredByEvent"]
    _lead(holder, ident, handler.get("id"))
    _end(holder, handler.get("id"))


def _lead(holder: Any, source: str, target: str) -> None:
    etree.SubElement(holder, tag("sequenceFlow"), id=f"{source}-to-{target}", sourceRef=source, targetRef=target)


def _end(holder: Any, source: str) -> None:
    etree.SubElement(holder, tag("endEvent"), id=f"{source}-done")
    _lead(holder, source, f"{source}-done")
