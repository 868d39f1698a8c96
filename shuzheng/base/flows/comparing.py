"""What one process does differently from another, in words and by element; and whether a standard allows it.

Elements are matched by their ids, which an adapted copy keeps. Nothing here knows the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.bpmn.words import Call, Field, Outline, StepRule
from shuzheng.base.flows.telling import STEP_LABELS, VALUE_WORDS, step_words
from shuzheng.base.flows.values import label
from shuzheng.kernel import bpmn
from shuzheng.kernel.bpmn import Certain, Scope

MINUTES = {"d": 1440, "h": 60, "m": 1}
OPEN = ("name", "who", "cc", "due", "every", "overdue", "fields")
"""What adopters may change of a step that they must keep; time limits only to shorter ones."""
PATIENT = ("remind", "escalate")
"""What a step may do past its limit without being passed over."""
NOUNS = {
    "step": gettext_lazy("环节"), "part": gettext_lazy("事件或自动环节"), "way": gettext_lazy("分支"), "field": gettext_lazy("字段"),
    "table": gettext_lazy("决策表"), "process": gettext_lazy("流程"),
}  # fmt: skip
DECIDING = ("exclusiveGateway", "inclusiveGateway")


@dataclass(frozen=True)
class Change:
    """One thing and how it reads in both."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """``kind`` is added, removed, changed, order or avoidable; ``of`` is step, part, way, field, table or process.

    ``fault`` says why the standard does not allow it; empty when it does.
    """

    kind: str
    of: str
    element: str
    name: str
    changes: tuple[Change, ...] = ()
    fault: str = ""

    @property
    def noun(self) -> str:
        """What it is about."""
        return str(NOUNS[self.of])

    @property
    def words(self) -> str:
        """In one line."""
        if self.changes:
            said = "；".join(f"{c.label} {c.before or '—'} → {c.after or '—'}" for c in self.changes)
            return _("“%(name)s”：%(what)s") % {"name": self.name, "what": said}
        return {
            "added": _("增加“%(name)s”"), "removed": _("减去“%(name)s”"), "order": _("次序不同：%(name)s"), "avoidable": _("可以绕过“%(name)s”"),
        }[self.kind] % {"name": self.name}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One of the two that are compared."""

    outline: Outline
    process: Scope
    tables: Mapping[str, str]
    certain: Certain

    @classmethod
    def of(cls, text: str, tables: Mapping[str, str]) -> Side:
        """Raises:
        Invalid: the text cannot be read.
        """
        outline, _unfinished = look(text, tables)
        process = next(p for p in bpmn.read(text.encode()).processes if p.place.id == outline.process)
        return cls(outline, process, tables, bpmn.certain(process))

    def parts(self) -> dict[str, str]:
        """Names of what is neither step nor gateway: events, sub-processes, tasks that the engine does."""
        nodes = {id_: n for scope in self.process.walk() for id_, n in scope.nodes.items()}
        quiet = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")
        return {i: n.place.name or i for i, n in nodes.items() if i not in self.outline.steps and n.kind not in quiet}

    def ways(self) -> dict[str, tuple[str, dict[str, str]]]:
        """By deciding gateway: its name, and the condition of each way by where it leads."""
        found = {}
        for scope in self.process.walk():
            for id_, node in scope.nodes.items():
                out = scope.outgoing(id_)
                if node.kind in DECIDING and len(out) > 1:
                    names = {f.id: f.place.name or self._leads(scope, f.target) for f in out}
                    found[id_] = (node.place.name or id_, {names[f.id]: f.condition for f in out})
        return found

    def _leads(self, scope: Scope, target: str) -> str:
        node = scope.nodes.get(target)
        return node.place.name if node is not None and node.place.name else target


def differences(base: Side, other: Side, *, standard: bool = False) -> list[Difference]:
    """From ``base`` to ``other``, as people would tell them: steps first. With ``standard``, ``base`` is one that ``other``
    adapts, and what it does not allow has its ``fault``."""
    found = [*_steps(base, other), *_order(base, other), *_parts(base, other), *_ways(base, other), *_rest(base, other)]
    return found if standard else [replace(d, fault="") for d in found]


def refused(found: list[Difference]) -> list[Difference]:
    return [d for d in found if d.fault]


def _steps(base: Side, other: Side) -> Iterator[Difference]:
    before, after = base.outline.steps, other.outline.steps
    for element, step in before.items():
        hold = base.outline.holds(element)
        if element not in after:
            fault = "" if hold == "free" else _("标准要求保留这一环节。")
            yield Difference("removed", "step", element, step.label, fault=fault)
            continue
        changes = _changes(step, after[element])
        if changes:
            shown = tuple(Change(str(STEP_LABELS[n]), a, b) for n, (a, b) in changes.items())
            yield Difference("changed", "step", element, step.label, shown, _held(hold, step, after[element], changes))
        if hold != "free" and element in base.certain.steps and element not in other.certain.steps:
            yield Difference(
                "avoidable", "step", element, step.label, fault=_("标准里每件事项都要经过这一环节，这里可以绕过它。")
            )
    for element, step in after.items():
        if element not in before:
            fault = "" if base.outline.adding == "free" else _("标准不允许增加环节。")
            yield Difference("added", "step", element, step.label, fault=fault)


def _changes(step: StepRule, other: StepRule) -> dict[str, tuple[str, str]]:
    said, now = step_words(step), step_words(other)
    found = {name: (said[name], now[name]) for name in STEP_LABELS if said[name] != now[name]}
    if step.name != other.name:
        found["name"] = (step.name, other.name)
    return {n: found[n] for n in STEP_LABELS if n in found}


def _held(hold: str, step: StepRule, other: StepRule, changes: Mapping[str, tuple[str, str]]) -> str:
    if hold == "free":
        return ""
    if hold == "fixed":
        return _("标准要求这一环节原样保留。")
    if closed := [str(STEP_LABELS[n]) for n in changes if n not in OPEN]:
        return _("标准不允许改%(what)s。") % {"what": "、".join(closed)}
    if other.overdue not in PATIENT and other.overdue != step.overdue:
        return _("标准不允许超时后自动通过或退回。")
    if step.due and (not other.due or _minutes(other.due) > _minutes(step.due)):
        return _("时限只能比标准短。")
    if not other.who:
        return _("没有写由谁办。")
    return ""


def _minutes(limit: str) -> int:
    return int(limit[:-1]) * MINUTES[limit[-1]]


def _order(base: Side, other: Side) -> Iterator[Difference]:
    """Steps that follow one another in every run of the standard do so in the adapted one."""
    held = {e for e in base.outline.steps if base.outline.holds(e) != "free"}
    both = held & other.certain.steps
    turned = [(a, b) for a, b in base.certain.before if {a, b} <= both and (a, b) not in other.certain.before]
    names = {e: s.label for e, s in base.outline.steps.items()}
    for first, second in sorted(turned):
        name = _("“%(first)s”在“%(second)s”之前") % {"first": names[first], "second": names[second]}
        yield Difference("order", "step", second, name, fault=_("标准定了这两个环节的先后。"))


def _parts(base: Side, other: Side) -> Iterator[Difference]:
    before, after = base.parts(), other.parts()
    for element, name in before.items():
        if element not in after:
            fault = "" if base.outline.hold == "free" else _("标准要求保留这一环节。")
            yield Difference("removed", "part", element, name, fault=fault)
        elif changes := _call_changes(base.outline.calls.get(element), other.outline.calls.get(element)):
            fault = "" if base.outline.hold == "free" else _("标准要求保留所调用的流程和给它的内容。")
            yield Difference("changed", "part", element, name, changes, fault)
    for element, name in after.items():
        if element not in before:
            fault = "" if base.outline.adding == "free" else _("标准不允许增加环节。")
            yield Difference("added", "part", element, name, fault=fault)


def _call_changes(call: Call | None, now: Call | None) -> tuple[Change, ...]:
    """What is called, what it is given and what comes back."""
    found = [Change(_("调用"), call.code if call else "", now.code if now else "")]
    for one, other in ((call and call.inputs, now and now.inputs), (call and call.outputs, now and now.outputs)):
        before, after = one or {}, other or {}
        found += [Change(name, before.get(name, ""), after.get(name, "")) for name in {**before, **after}]
    return tuple(change for change in found if change.before != change.after)


def _ways(base: Side, other: Side) -> Iterator[Difference]:
    before, after = base.ways(), other.ways()
    for element, (name, ways) in before.items():
        if element not in after:
            yield Difference("removed", "way", element, name)
            continue
        now = after[element][1]
        changed = [
            Change(to, ways.get(to, ""), now.get(to, "")) for to in {**ways, **now} if ways.get(to) != now.get(to)
        ]
        if changed:
            fault = _("标准要求分支条件原样保留。") if base.outline.hold == "fixed" else ""
            yield Difference("changed", "way", element, name, tuple(changed), fault)
    for element, (name, _conditions) in after.items():
        if element not in before:
            yield Difference("added", "way", element, name)


def _rest(base: Side, other: Side) -> Iterator[Difference]:
    """Form, decision tables, and what the process says of itself."""
    must = base.outline.hold != "free"
    for item in base.outline.fields:
        now = other.outline.field(item.code)
        if now is None:
            fault = _("标准要求保留这个字段。") if must else ""
            yield Difference("removed", "field", item.code, label(item), fault=fault)
        elif changes := _field_changes(item, now):
            weaker = item.kind != now.kind or item.unit != now.unit or (item.required and not now.required)
            fault = _("标准不允许改字段的类型和单位，也不允许把必填改为选填。") if must and weaker else ""
            yield Difference("changed", "field", item.code, label(item), changes, fault)
    for item in other.outline.fields:
        if base.outline.field(item.code) is None:
            yield Difference("added", "field", item.code, label(item))
    for code in sorted({*base.tables, *other.tables}):
        if base.tables.get(code) == other.tables.get(code):
            continue
        kind = "added" if code not in base.tables else "removed" if code not in other.tables else "changed"
        changes = (Change(_("决策表"), _("标准的内容"), _("本地的内容")),) if kind == "changed" else ()
        yield Difference(kind, "table", code, code, changes)
    if base.outline.withdraw != other.outline.withdraw:
        words = VALUE_WORDS["withdraw"]
        said = Change(_("发起人撤回"), str(words[base.outline.withdraw]), str(words[other.outline.withdraw]))
        yield Difference("changed", "process", base.outline.process, other.outline.name, (said,))


def _field_changes(item: Field, now: Field) -> tuple[Change, ...]:
    yes = {True: _("是"), False: _("否")}
    pairs = (
        (_("名称"), item.label, now.label), (_("类型"), item.kind, now.kind), (_("单位"), item.unit, now.unit),
        (_("必填"), yes[item.required], yes[now.required]), (_("选项"), "、".join(item.options), "、".join(now.options)),
    )  # fmt: skip
    return tuple(Change(*pair) for pair in pairs if pair[1] != pair[2])
