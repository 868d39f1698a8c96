"""What single elements must say: who does a step, what a timer waits for, what is called, what an event listens to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from shuzheng.kernel.bpmn.conditions import read_condition
from shuzheng.kernel.bpmn.model import ACTIVITIES, HUMAN, THROWING, Event, Model, Node, Scope
from shuzheng.kernel.bpmn.surroundings import Surroundings
from shuzheng.kernel.expr import DATE, TEXT, ExprError, compile, parse
from shuzheng.kernel.findings import Finding, error
from shuzheng.kernel.words import gettext

_PERIOD = r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"
_FORMS = {
    "timeDuration": re.compile(_PERIOD),
    "timeCycle": re.compile(rf"R\d*/({_PERIOD}|[^/]+/{_PERIOD}|{_PERIOD}/[^/]+)"),
}


def check_details(model: Model, scope: Scope, around: Surroundings) -> Iterator[Finding]:
    """Findings for the elements of one scope."""
    for node in scope.nodes.values():
        if node.kind in HUMAN and not around.assigned(node):
            text = gettext("环节“{name}”没有写明由谁办理")
            yield error("step-unassigned", node.place, text.format(name=node.place))
        if node.kind in ACTIVITIES:
            yield from _repeated(node, around)
        if node.kind in ("callActivity", "businessRuleTask"):
            yield from _called(model, node, around)
        if node.kind == "eventBasedGateway":
            yield from _waiting(scope, node)
        if node.kind == "intermediateCatchEvent" and not node.events:
            text = gettext("中间事件“{name}”没有写明等什么").format(name=node.place)
            yield error("event-empty", node.place, text)
        if node.kind == "receiveTask" or (node.kind == "sendTask" and node.message):
            event = Event("message", node.place, node.message)
            yield from _named(model, event, around, node.kind == "receiveTask")
        for event in node.events:
            yield from _event(model, node, event, around)


def _repeated(node: Node, around: Surroundings) -> Iterator[Finding]:
    loop = node.element.first("multiInstanceLoopCharacteristics")
    if loop is not None and not around.collected(loop):
        text = gettext("多实例环节“{name}”没有写明按哪个名单展开")
        yield error("multi-no-collection", node.place, text.format(name=node.place))
    again = node.element.first("standardLoopCharacteristics")
    if again is not None and not again.text_of("loopCondition") and not again.get("loopMaximum"):
        text = gettext("循环环节“{name}”没有写明何时停止")
        yield error("repeat-no-end", node.place, text.format(name=node.place))


def _called(model: Model, node: Node, around: Surroundings) -> Iterator[Finding]:
    if node.kind == "callActivity":
        known = around.processes
        if known is not None:
            known = known | {process.place.id for process in model.processes}
        empty, unknown = gettext("“{name}”没有写明调用哪个流程"), gettext("“{name}”调用的流程“{called}”不存在")
        code = "call"
    else:
        known = around.decisions
        empty, unknown = gettext("“{name}”没有写明用哪张决策表"), gettext("“{name}”用的决策表“{called}”不存在")
        code = "decision"
    if not node.called:
        yield error(f"{code}-empty", node.place, empty.format(name=node.place))
    elif known is not None and node.called not in known:
        yield error(f"{code}-unknown", node.place, unknown.format(name=node.place, called=node.called))


def _waiting(scope: Scope, node: Node) -> Iterator[Finding]:
    for flow in scope.outgoing(node.id):
        target = scope.nodes.get(flow.target)
        if target is not None and target.kind not in ("intermediateCatchEvent", "receiveTask"):
            text = gettext("“{name}”之后只能是等候的事件，不能直接到“{target}”")
            yield error("event-gateway-target", node.place, text.format(name=node.place, target=target.place))


def _event(model: Model, node: Node, event: Event, around: Surroundings) -> Iterator[Finding]:
    if event.kind == "timer":
        yield from _timer(node, event, around)
    elif event.kind == "conditional":
        what = gettext("事件“{name}”").format(name=node.place)
        if not event.text:
            yield error("event-empty", node.place, gettext("{what}没有写条件").format(what=what))
            return
        read = read_condition(event.text, node.place, what, around.names)
        if isinstance(read, Finding):
            yield read
    elif event.kind in ("message", "signal"):
        yield from _named(model, event, around, node.kind not in THROWING)
    elif event.ref and event.ref not in model.references:
        text = gettext("“{name}”引用的“{ref}”不存在")
        yield error("reference-missing", node.place, text.format(name=node.place, ref=event.ref))


def _named(model: Model, event: Event, around: Surroundings, listens: bool) -> Iterator[Finding]:
    """A message or signal must be named; one that is waited for must be sent by somebody."""
    kind = {"message": gettext("消息"), "signal": gettext("信号")}[event.kind]
    known = around.messages if event.kind == "message" else around.signals
    target = model.references.get(event.ref)
    if target is None:
        text = (
            gettext("“{name}”没有写明是哪个{kind}") if not event.ref else gettext("“{name}”引用的{kind}“{ref}”不存在")
        )
        yield error(f"{event.kind}-missing", event.place, text.format(name=event.place, kind=kind, ref=event.ref))
    elif listens and known is not None and target.name not in known:
        text = gettext("“{name}”等候的{kind}“{sent}”没有任何地方会发出")
        yield error(f"{event.kind}-unknown", event.place, text.format(name=event.place, kind=kind, sent=target))


# Timers


def _timer(node: Node, event: Event, around: Surroundings) -> Iterator[Finding]:
    if not event.text:
        yield error("timer-empty", node.place, gettext("定时事件“{name}”没有写明时间").format(name=node.place))
        return
    if _is_time(event.form, event.text):
        return
    try:
        tree = parse(event.text)
        if tree.op == "lit" and isinstance(tree.value, str) and _is_time(event.form, tree.value):
            return
        fits = (TEXT, DATE) if event.form == "timeDate" else (TEXT,)
        if tree.op != "lit" and around.names is None:
            return
        names = {name: domain.type for name, domain in (around.names or {}).items()}
        if tree.op != "lit" and compile(event.text, names).type in fits:
            return
        reason = gettext("应为 P3D、PT2H 一类的时长，2026-01-31 一类的日期，或得出它们的表达式")
    except ExprError as fault:
        reason = fault.message
    text = gettext("定时事件“{name}”的时间“{text}”无法使用：{reason}")
    yield error("timer-invalid", node.place, text.format(name=node.place, text=event.text, reason=reason))


def _is_time(form: str, text: str) -> bool:
    """Whether a text is a time of ISO 8601 in the form that its place asks for."""
    if form in _FORMS:
        return _FORMS[form].fullmatch(text) is not None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


__all__ = ["check_details"]
