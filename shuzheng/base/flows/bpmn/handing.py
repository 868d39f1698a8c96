"""What tasks hand to others and take back: operations of apps, and other definitions that are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.flows.bpmn.words import NS, Call, Field, Service, one, place, tag
from shuzheng.base.flows.operations import OPERATIONS
from shuzheng.kernel.errors import FieldFault
from shuzheng.kernel.expr import ExprError, Type, compile


def service(node: Any, names: dict[str, Type], faults: list[FieldFault]) -> Service:
    """What a service task calls; the outputs of an operation become names."""
    own = one(node, "call")
    if own is None or bool(own.get("operation")) == bool(own.get("message")):
        faults.append(place(node, _("写明调用哪个操作（sz:call operation），或发出哪条消息（sz:call message）。")))
        return Service()
    inputs = {n.get("name", ""): n.get("value", "") for n in own.iterfind("sz:input", NS)}
    found = Service(own.get("operation", ""), own.get("message", ""), inputs)
    if found.operation and found.operation not in OPERATIONS:
        faults.append(place(node, _("没有“%(name)s”这个操作。") % {"name": found.operation}))
    elif found.operation:
        names |= OPERATIONS[found.operation].gives
    return found


def check_inputs(
    root: Any, services: Mapping[str, Service], names: Mapping[str, Type], faults: list[FieldFault]
) -> None:
    """Check what operations are given, against what they take."""
    for node in root.iter(tag("serviceTask")):
        called = services[node.get("id")]
        takes = OPERATIONS[called.operation].takes if called.operation in OPERATIONS else {}
        if called.operation in OPERATIONS and set(called.inputs) != set(takes):
            said = {"name": called.operation, "names": "、".join(sorted(takes)) or "—"}
            faults.append(place(node, _("“%(name)s”要填的输入：%(names)s。") % said))
        for name, text in called.inputs.items():
            try:
                compile(text, names, takes.get(name))
            except ExprError as fault:
                faults.append(place(node, fault.message))


def calls_of(root: Any, fields: tuple[Field, ...], faults: list[FieldFault]) -> dict[str, Call]:
    """Calls of other definitions; what is called in the same file is not among them."""
    found = {}
    within = {p.get("id") for p in root.iterfind("bpmn:process", NS)}
    for node in root.iter(tag("callActivity")):
        code = node.get("calledElement") or ""
        if code in within:
            continue
        if not code:
            faults.append(place(node, _("没有写明调用哪个流程。")))
        own = one(node, "call")
        there, back = (
            {n.get("name", ""): n.get("value", "") for n in own.iterfind(f"sz:{name}", NS)} if own is not None else {}
            for name in ("input", "output")
        )
        for name in back:
            if all(f.code != name for f in fields):
                faults.append(place(node, _("带回的结果要放进本流程的字段，这里没有“%(name)s”。") % {"name": name}))
        found[node.get("id")] = Call(code, there, back)
    return found


def check_given(root: Any, calls: Mapping[str, Call], names: Mapping[str, Type], faults: list[FieldFault]) -> None:
    """Check what called definitions are given, as far as this one knows."""
    for node in root.iter(tag("callActivity")):
        for text in calls[node.get("id")].inputs.values() if node.get("id") in calls else ():
            try:
                compile(text, names)
            except ExprError as fault:
                faults.append(place(node, fault.message))
