"""Reading BPMN: safely, refusing by name and place what we do not run, and taking out form, steps and names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from shuzheng.base.flows.bpmn import decisions
from shuzheng.base.flows.bpmn.enclosing import by_event, interrupts, unfit
from shuzheng.base.flows.bpmn.handing import calls_of, check_given, check_inputs, service
from shuzheng.base.flows.bpmn.words import (
    ADDING,
    BACK,
    BPMN,
    CONFIDENCES,
    EMPTY,
    HOLDS,
    KINDS,
    MODES,
    NS,
    OVERDUE,
    REFUSALS,
    RIGHTS,
    STEP_KINDS,
    TESTS,
    WITHDRAW,
    Field,
    Outline,
    StepRule,
    facts_of,
    local,
    one,
    place,
    tag,
)
from shuzheng.kernel import bpmn
from shuzheng.kernel.bpmn.read import ASIDE, ROOT
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import BOOLEAN, ExprError, Type, compile

LARGEST = 2_000_000
"""Characters of one definition."""
HUMAN = ("userTask", "manualTask", "task")
RUNS = frozenset({
    "process", "startEvent", "endEvent", *HUMAN, "scriptTask", "businessRuleTask", "sendTask", "receiveTask", "serviceTask",
    "subProcess", "callActivity", "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway",
    "sequenceFlow", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent", "conditionExpression", "incoming", "outgoing", "script",
    "timerEventDefinition", "timeDuration", "timeDate", "timeCycle", "messageEventDefinition", "terminateEventDefinition",
    "errorEventDefinition", "escalationEventDefinition", "signalEventDefinition",
    "multiInstanceLoopCharacteristics", "completionCondition", "loopCardinality",
})  # fmt: skip
"""Elements that have an effect here."""
THROWN = ("messageEventDefinition", "signalEventDefinition", "escalationEventDefinition")
"""What an intermediate event may throw."""
NAMED = frozenset(
    n for n in RUNS if n == "process" or n.endswith(("Task", "Event", "Gateway", "Flow", "Process", "Activity", "task"))
)
"""Elements that are spoken of by their id."""
SAYS = frozenset({"definitions", "import", "message", "signal", "error", "escalation", "itemDefinition"})
"""Elements that others refer to."""
QUIET = (ASIDE | ROOT) - SAYS - RUNS - {"standardLoopCharacteristics", "eventDefinitionRef", "supports"}
"""Elements that only say something to the reader, with all that is in them; kept, and left out of what is run."""
OF_PROCESS = {"withdraw": WITHDRAW, "tests": TESTS, "confidence": CONFIDENCES, "hold": HOLDS, "adding": ADDING}
"""Closed lists of what a process says of itself; the first is the usual."""
_CODE = re.compile(r"[^\W\d]\w*")
_DURATION = re.compile(r"(\d{1,3})([dhm])")


def xml(text: str, field: str) -> Any:
    """The root of a text of ``field`` that came from outside.

    Raises:
        Invalid: it is no XML, or declares entities.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Invalid.one(field, _("流程文件里不能有 DOCTYPE 或实体声明。"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise Invalid.one(field, _("不是完好的 XML：%(why)s") % {"why": error}) from error


def parse(text: str) -> Any:
    """The root of a BPMN text.

    Raises:
        Invalid: it is no XML, no BPMN, too large, or declares entities.
    """
    if len(text) > LARGEST:
        raise Invalid.one("bpmn", _("流程文件太大。"))
    root = xml(text, "bpmn")
    if root.tag != tag("definitions"):
        raise Invalid.one("bpmn", _("不是 BPMN 2.0 文件。"))
    return root


def read(text: str, tables: Mapping[str, str] | None = None) -> Outline:
    """What a definition says. Every expression in it has been checked against the names that it may use.

    Raises:
        Invalid: one ``FieldFault`` for each element that is not supported or says what cannot be (``field`` is its id,
            ``row`` its line).
    """
    outline, faults = look(text, tables)
    if faults:
        raise Invalid(_("流程里有 %(n)d 处不能用。") % {"n": len(faults)}, faults)
    return outline


def look(text: str, tables: Mapping[str, str] | None = None) -> tuple[Outline, list[FieldFault]]:
    """What a draft says so far, and what still keeps it from running: a designer saves what is not finished.

    Raises:
        Invalid: it holds what we do not run at all, or there is no process in it.
    """
    root = parse(text)
    if refused := _unsupported(root):
        raise Invalid(_("流程里有 %(n)d 处不能用。") % {"n": len(refused)}, refused)
    faults: list[FieldFault] = []
    process = _process(root, faults)
    own = one(process, "process")
    fields = tuple(_field(node, faults) for node in process.iterfind("bpmn:extensionElements/sz:form/sz:field", NS))
    _unique(fields, faults)
    steps = {node.get("id"): _step(node, fields, faults) for node in root.iter(*map(tag, HUMAN))}
    names = {f.code: KINDS[f.kind] for f in fields if f.kind in KINDS} | facts_of(steps)
    calls = calls_of(root, fields, faults)
    called = _called(root, tables or {}, names, faults)
    services = {node.get("id"): service(node, names, faults) for node in root.iter(tag("serviceTask"))}
    _expressions(root, names, faults)
    check_inputs(root, services, names, faults)
    check_given(root, calls, names, faults)
    elements = {n.get("id"): (local(n), n.get("name") or "") for n in root.iter() if n.get("id") and _ours(n)}
    get = own.get if own is not None else lambda name, default="": default
    outline = Outline(
        process=process.get("id"), code=get("code", "") or process.get("id"), name=process.get("name") or process.get("id"),
        name_en=get("name_en", ""), group=get("group", ""), about=get("about", ""), basis=get("basis", ""),
        title=get("title", ""), withdraw=get("withdraw", "undecided"), tests=get("tests", "refuse"), confidence=get("confidence", ""),
        hold=get("hold", "kept"), adding=get("adding", "free"), fields=fields, steps=steps, names=names,
        called=called, services=services, follows=follows(root, steps), elements=elements, calls=calls,
    )  # fmt: skip
    return outline, faults


def follows(root: Any, steps: Mapping[str, StepRule]) -> dict[str, tuple[str, ...]]:
    """By element: human steps that may come right after it, through gateways, events and into what is called."""
    onward: dict[str, list[str]] = {}
    for flow in root.iter(tag("sequenceFlow")):
        onward.setdefault(flow.get("sourceRef"), []).append(flow.get("targetRef"))
    for node in root.iter(tag("boundaryEvent")):
        onward.setdefault(node.get("attachedToRef"), []).append(node.get("id"))
    for node in root.iter(tag("subProcess"), tag("callActivity")):
        inner = node if local(node) == "subProcess" else _by_id(root, node.get("calledElement"))
        begins = inner.iterfind("bpmn:startEvent", NS) if inner is not None else ()
        onward.setdefault(node.get("id"), []).extend(n.get("id") for n in begins)
    found = {}
    for start in {*onward}:
        seen, waiting, steps_found = {start}, list(onward[start]), []
        while waiting:
            at = waiting.pop(0)
            if at in seen:
                continue
            seen.add(at)
            if at in steps:
                steps_found.append(at)
            else:
                waiting += onward.get(at, ())
        found[start] = tuple(steps_found)
    return found


def _by_id(root: Any, ident: str | None) -> Any:
    return next((p for p in root.iterfind("bpmn:process", NS) if p.get("id") == ident), None)


def _ours(node: Any) -> bool:
    return isinstance(node.tag, str) and node.tag.startswith(f"{{{BPMN}}}")


def _unsupported(root: Any) -> list[FieldFault]:
    faults = []
    for node in root.iter():
        name = local(node)
        if not _ours(node) or name in QUIET or any(local(a) in QUIET for a in node.iterancestors()):
            continue
        if name in NAMED and not node.get("id"):
            faults.append(place(node, _("没有 id。")))
        elif name == "multiInstanceLoopCharacteristics" and local(node.getparent()) not in HUMAN:
            faults.append(place(node.getparent(), _("多实例只用于人办的任务。")))
        elif by_event(node) and (fault := unfit(node)) is not None:
            faults.append(fault)
        elif name == "timeCycle" and not _repeats(node.getparent().getparent()):
            faults.append(place(node.getparent().getparent(), _("循环定时只用于不打断环节的边界事件和事件子流程。")))
        elif (
            name.endswith("EventDefinition")
            and name not in THROWN
            and local(node.getparent()) == "intermediateThrowEvent"
        ):
            faults.append(place(node.getparent(), _("不支持 %(tag)s。") % {"tag": f"intermediateThrowEvent/{name}"}))
        elif name not in RUNS and name not in SAYS:
            holder = (
                node
                if node.get("name") or not name.endswith(("EventDefinition", "Characteristics"))
                else node.getparent()
            )
            faults.append(place(holder, _("不支持 %(tag)s。") % {"tag": name}))
    return faults


def _repeats(event: Any) -> bool:
    if local(event) == "startEvent" and by_event(event.getparent()):
        return not interrupts(event)
    return local(event) == "boundaryEvent" and event.get("cancelActivity") == "false"


def _process(root: Any, faults: list[FieldFault]) -> Any:
    found = [p for p in root.iterfind("bpmn:process", NS) if p.find(tag("startEvent")) is not None]
    called = {n.get("calledElement") for n in root.iter(tag("callActivity"))}
    ids = {p.get("id") for p in found}
    found = [p for p in found if p.get("id") not in called]
    if len(found) != 1:
        faults.append(FieldFault("process", _("要有且只有一个带开始事件的主流程，现有 %(n)d 个。") % {"n": len(found)}))
        found = found or root.findall(tag("process"))
        if not found:
            raise Invalid.one("bpmn", faults[-1].message)
    for process in root.iterfind("bpmn:process", NS):
        starts = process.findall(tag("startEvent"))
        if process.get("id") in ids and len(starts) > 1:
            faults.append(place(starts[1], _("一个流程只能有一个开始事件。")))
    return found[0]


def _field(node: Any, faults: list[FieldFault]) -> Field:
    found = Field(
        code=node.get("code", ""), label=node.get("label", "") or node.get("code", ""), label_en=node.get("label_en", ""),
        kind=node.get("kind", "text"), required=node.get("required") == "true", unit=node.get("unit", ""),
        options=tuple(o for o in node.get("options", "").split("|") if o), help=node.get("help", ""),
        start=node.get("start", "edit"),
    )  # fmt: skip
    if not _CODE.fullmatch(found.code):
        faults.append(place(node, _("字段代码“%(code)s”要以字母开头，只含字母、数字和下划线。") % {"code": found.code}))
    if found.kind not in KINDS:
        faults.append(place(node, _("没有“%(kind)s”这种字段。") % {"kind": found.kind}))
    if found.kind in ("choice", "choices") and not found.options:
        faults.append(place(node, _("“%(label)s”没有选项。") % {"label": found.label}))
    if found.start not in RIGHTS:
        faults.append(place(node, _("没有“%(right)s”这种字段权限。") % {"right": found.start}))
    return found


def _unique(fields: tuple[Field, ...], faults: list[FieldFault]) -> None:
    codes = [f.code for f in fields]
    for code in sorted({c for c in codes if codes.count(c) > 1}):
        faults.append(FieldFault(code, _("字段代码“%(code)s”重复。") % {"code": code}))


def _step(node: Any, fields: tuple[Field, ...], faults: list[FieldFault]) -> StepRule:
    own = one(node, "step")
    get = own.get if own is not None else lambda name, default="": default
    rights = {}
    for pair in get("fields", "").split():
        code, _sep, right = pair.partition(":")
        if right not in RIGHTS or not any(f.code == code for f in fields):
            faults.append(place(node, _("字段权限“%(pair)s”写得不对。") % {"pair": pair}))
        rights[code] = right
    rule = StepRule(
        element=node.get("id"), name=node.get("name") or node.get("id"), line=node.sourceline or 0,
        kind=get("kind", "") or ("handle" if local(node) == "manualTask" else "approve"),
        mode=get("mode", "") or _mode(node), share=get("share", "0.5"),
        who=tuple(w.get("rule", "") for w in node.iterfind("bpmn:extensionElements/sz:who", NS)),
        cc=tuple(w.get("rule", "") for w in node.iterfind("bpmn:extensionElements/sz:cc", NS)),
        empty=get("empty", "admin"), refuse=get("refuse", "end"), back=get("back", "any"), due=get("due", ""),
        overdue=get("overdue", "remind"), every=get("every", ""), skip=get("skip", "") == "same", hold=get("hold", ""),
        name_en=get("name_en", ""), fields=rights,
    )  # fmt: skip
    for name, value, allowed in (
        ("kind", rule.kind, STEP_KINDS), ("mode", rule.mode, MODES), ("empty", rule.empty, EMPTY),
        ("refuse", rule.refuse, REFUSALS), ("back", rule.back, BACK), ("overdue", rule.overdue, OVERDUE),
        ("hold", rule.hold, ("", *HOLDS)),
    ):  # fmt: skip
        if value not in allowed:
            faults.append(place(node, _("%(name)s 不能是“%(value)s”。") % {"name": name, "value": value}))
    for name, value in (("due", rule.due), ("every", rule.every)):
        if value and not _DURATION.fullmatch(value):
            faults.append(place(node, _("%(name)s 要写成 2d（工作日）或 4h（小时）。") % {"name": name}))
    if not re.fullmatch(r"0?\.\d{1,3}|1(\.0)?", rule.share):
        faults.append(place(node, _("会签比例是 0 到 1 之间的小数。")))
    return rule


def _mode(node: Any) -> str:
    """What plain BPMN says: a sequential loop is 依次, one that ends with the first is 或签, another one 会签."""
    loop = node.find(tag("multiInstanceLoopCharacteristics"))
    if loop is None:
        return "single"
    if loop.get("isSequential") == "true":
        return "sequence"
    ends = "".join(loop.findtext(tag("completionCondition")) or "").replace(" ", "")
    return "any" if re.search(r"nrOfCompletedInstances(>=|>)[01]$", ends) else "all"


def _called(root: Any, tables: Mapping[str, str], names: dict[str, Type], faults: list[FieldFault]) -> dict[str, str]:
    """Decisions and messages by task; the columns that a decision fills become names."""
    called = {}
    model = bpmn.read(etree.tostring(root))
    decided = {n.id: n.called for scope in model.scopes() for n in scope.nodes.values() if n.kind == "businessRuleTask"}
    _tables(tables, set(decided.values()), names, faults)
    for node in root.iter(tag("businessRuleTask")):
        code = decided[node.get("id")]
        if code not in tables:
            faults.append(place(node, _("没有决策表“%(code)s”。") % {"code": code}))
        called[node.get("id")] = code
    messages = {m.get("id"): m.get("name") or m.get("id") for m in root.iterfind("bpmn:message", NS)}
    for node in root.iter(tag("sendTask"), tag("receiveTask")):
        if node.get("messageRef") not in messages:
            faults.append(place(node, _("没有写明是哪条消息。")))
        called[node.get("id")] = messages.get(node.get("messageRef"), "")
    for node in root.iter(tag("messageEventDefinition")):
        if node.get("messageRef") not in messages:
            faults.append(place(node.getparent(), _("没有写明是哪条消息。")))
    return called


def _tables(tables: Mapping[str, str], used: set[str], names: dict[str, Type], faults: list[FieldFault]) -> None:
    """Check the tables, and add what those in use fill to ``names``: one table may draw on what another has filled."""
    waiting = dict(tables)
    while waiting:
        broken: list[FieldFault] = []
        for code, text in list(waiting.items()):
            try:
                table = decisions.ready(code, text, names)
            except Invalid as fault:
                broken += fault.faults or [FieldFault(code, fault.message)]
                continue
            del waiting[code]
            names |= table.outputs if code in used else {}
        if len(broken) and len(waiting) == len(tables):
            faults += broken
            return
        tables = dict(waiting)


def _expressions(root: Any, names: dict[str, Type], faults: list[FieldFault]) -> None:
    for node in root.iter(tag("scriptTask")):
        for line in (node.findtext(tag("script")) or "").splitlines():
            name, sep, text = line.partition("=")
            if not line.strip():
                continue
            if not sep or not _CODE.fullmatch(name.strip()):
                faults.append(place(node, _("脚本每行只能写“名称 = 表达式”。")))
                continue
            try:
                names[name.strip()] = compile(text.strip(), names).type
            except ExprError as fault:
                faults.append(place(node, fault.message))
    for node in root.iter(tag("conditionExpression")):
        flow = node.getparent()
        try:
            compile((node.text or "").strip().removeprefix("="), names, BOOLEAN)
        except ExprError as fault:
            faults.append(place(flow, _("条件写得不对：%(why)s") % {"why": fault.message}))
    known = {n.get("id") for n in root.iter() if local(n) in NAMED}
    for flow in root.iter(tag("sequenceFlow")):
        if flow.get("sourceRef") not in known or flow.get("targetRef") not in known:
            faults.append(place(flow, _("这条线的一头没有接上。")))
    for gate in root.iter(tag("exclusiveGateway"), tag("inclusiveGateway")):
        out = [f for f in root.iter(tag("sequenceFlow")) if f.get("sourceRef") == gate.get("id")]
        bare = [f for f in out if f.find(tag("conditionExpression")) is None and f.get("id") != gate.get("default")]
        if len(out) > 1 and bare:
            faults.append(place(gate, _("有 %(n)d 条分支没有写条件，也不是默认分支。") % {"n": len(bare)}))
    for inner in root.iter(tag("subProcess")):
        if len(inner.findall(tag("startEvent"))) != 1:
            faults.append(place(inner, _("一个流程只能有一个开始事件。")))
    for node in root.iter(tag("process")):
        own = one(node, "process")
        for name, allowed in OF_PROCESS.items():
            value = own.get(name, allowed[0]) if own is not None else allowed[0]
            if value not in allowed:
                faults.append(place(node, _("%(name)s 不能是“%(value)s”。") % {"name": name, "value": value}))
