"""Ask once (一数一源): before a form is published, its questions are compared with what is held or asked already.

Three places hold an answer: registers, data elements with an authoritative source, and published forms of the same period.
Whoever asks decides of each duplicate: take it from there (``prefill``), drop the question (``drop``), or ask all the same
(``keep``) with a reason in writing. Decisions lie in the specification under ``once``, so that an edition says why it asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.forms.alike import ENOUGH, grams, likeness, plain, same_unit
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.names import label
from shuzheng.base.forms.spec import CARRIED, load
from shuzheng.base.org.models import OrganProfile
from shuzheng.base.registers.declare import REGISTERS
from shuzheng.base.registers.fields import columns_of
from shuzheng.base.standards.models import DataElement, State
from shuzheng.kernel.errors import FieldFault, Invalid

GENERIC = frozenset(
    [
        "名称",
        "姓名",
        "性别",
        "备注",
        "说明",
        "编号",
        "代码",
        "状态",
        "类型",
        "类别",
        "类",
        "日期",
        "时间",
        "电话",
        "联系电话",
        "手机",
        "手机号",
        "手机号码",
        "联系方式",
        "联系人",
        "单位",
        "单位名称",
        "部门",
        "职务",
        "岗位",
        "地址",
        "地点",
        "序号",
        "数量",
        "金额",
        "面积",
        "单价",
        "合计",
        "其他",
        "原因",
        "意见",
        "建议",
        "归属单位",
        "版本",
        "附件",
        "照片",
        "邮箱",
        "姓名和职务",
    ]
)
"""Names that say too little to be the same question elsewhere, and what tells who is answering."""

CHOICES = ("prefill", "drop", "keep")
OWN = frozenset({"", "本单位"})
"""Authorities of an element that are the answering institution itself: then there is nowhere else to take it from."""
REASON = 200


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is about to be asked. ``code`` is its place in the form: a field, a row, a column of repeating rows."""

    code: str
    name: str
    unit: str = ""
    element: str = ""
    prefill: str = ""
    """The fact of the register of institutions that it is taken from already; then it is no duplicate."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where an answer is held or asked already.

    ``key`` names the place for good, so that a decision is about this place and no other. ``prefill`` is the fact of the
    register of institutions that a form can take it from; empty where it can't be taken by itself.
    """

    key: str
    kind: str
    name: str
    where: str
    unit: str = ""
    url: str = ""
    element: str = ""
    prefill: str = ""
    score: float = 1.0

    @property
    def percent(self) -> int:
        return round(self.score * 100)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A question with the places that hold its answer, the likeliest first."""

    question: Question
    held: tuple[Held, ...]
    choice: str = ""
    why: str = ""

    @property
    def is_decided(self) -> bool:
        return self.choice in CHOICES and (self.choice != "keep" or bool(self.why.strip()))

    @property
    def prefill(self) -> str:
        return next((h.prefill for h in self.held if h.prefill), "")


MOST = 4
"""Places that are named of one question."""


def find(
    questions: Sequence[Question],
    *,
    period_kind: str = "",
    own: tuple[object, str] | None = None,
    decisions: Mapping[str, Mapping[str, str]] | None = None,
) -> list[Duplicate]:
    """The questions whose answer is held or asked already, as the running scope sees it.

    Args:
        period_kind: of the form; forms of another period ask something else. Empty compares with registers and elements only.
        own: owner and code of the form itself, whose earlier editions are no duplicates.
        decisions: what was decided before, by code of the question: ``{"choice", "why", "held"}``.
    """
    asked = [q for q in questions if q.element or plain(q.name) not in GENERIC]
    if not asked:
        return []
    places: dict[tuple[str, ...], list[Held]] = {}
    by_element: dict[str, list[Held]] = {}
    for item in _known(period_kind, own):
        for gram in grams(item.name):
            places.setdefault(gram, []).append(item)
        if item.element:
            by_element.setdefault(item.element, []).append(item)
    found = []
    for question in asked:
        near = [*by_element.get(question.element, ())] if question.element else []
        near += [h for gram in grams(question.name) for h in places.get(gram, ())]
        held = _alike(question, near)
        if held and not question.prefill:
            found.append(_decided(question, held, decisions or {}))
    return found


def _alike(question: Question, near: Iterable[Held]) -> tuple[Held, ...]:
    best: dict[str, Held] = {}
    for item in near:
        if question.element and item.element == question.element:
            best[item.key] = replace(item, score=1.0)
        elif item.key not in best and plain(item.name) not in GENERIC and same_unit(question.unit, item.unit):
            score = likeness(question.name, item.name)
            if score >= ENOUGH:
                best[item.key] = replace(item, score=score)
    return tuple(sorted(best.values(), key=lambda h: (-h.score, not h.prefill, h.key))[:MOST])


def _decided(question: Question, held: tuple[Held, ...], decisions: Mapping[str, Mapping[str, str]]) -> Duplicate:
    made = decisions.get(question.code, {})
    if made.get("held") not in {h.key for h in held}:  # about another place: this one is new
        return Duplicate(question, held)
    return Duplicate(question, held, str(made.get("choice", "")), str(made.get("why", "")))


def _known(period_kind: str, own: tuple[object, str] | None) -> Iterator[Held]:
    yield from _in_registers()
    yield from _in_elements()
    if period_kind:
        yield from _in_forms(period_kind, own)


def _in_registers() -> Iterator[Held]:
    for register in REGISTERS.values():
        url = reverse("registers:list", kwargs={"register": register.name})
        for column in columns_of(register):
            if column.kind in ("relation", "json", "span") or column.field is None:
                continue
            facts = register.model is OrganProfile and column.kind in ("integer", "number")
            yield Held(
                f"register:{register.name}.{column.name}", "register", column.label, register.verbose, column.unit, url,
                prefill=column.name if facts else "",
            )  # fmt: skip


def _in_elements() -> Iterator[Held]:
    today = timezone.localdate()
    rows = DataElement.objects.filter(state=State.PUBLISHED, effective_from__lte=today).exclude(authority__in=OWN)
    for row in rows.order_by("identifier", "-edition"):
        if row.effective_to is None or row.effective_to > today:
            url = reverse("standards:element", args=[row.identifier])
            yield Held(
                f"element:{row.identifier}", "element", row.name, row.authority, row.unit, url, row.identifier
            )  # fmt: skip


def _in_forms(period_kind: str, own: tuple[object, str] | None) -> Iterator[Held]:
    rows = Definition.objects.filter(state=Definition.State.PUBLISHED, period_kind=period_kind).select_related("node")
    for row in rows.order_by("code"):
        if (row.node_id, row.code) == own:
            continue
        url, where = reverse("forms:definition", args=[row.pk]), f"{label(row)}（{row.node}）"
        for question in questions_of(row.spec):
            yield Held(
                f"form:{row.node_id}.{row.code}.{question.code}", "form", question.name, where, question.unit, url,
                question.element,
            )  # fmt: skip


def questions_of(raw: Mapping[str, Any]) -> list[Question]:
    """The questions of a form's specification: fields, rows of fixed tables, columns of repeating rows; computed ones are none."""
    return [
        Question(
            str(item["code"]), str(item["name"]), str(item.get("unit", "")), str(item.get("element", "")),
            "" if item.get("prefill") == CARRIED else str(item.get("prefill", "")),
        )
        for item in _items(raw)
    ]  # fmt: skip


def _items(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for section in raw.get("sections", ()):
        yield from (f for f in section.get("fields", ()) if not f.get("expr"))
        yield from section.get("rows", ())
        if section.get("kind") == "rows":
            yield from (c for c in section.get("columns", ()) if not c.get("expr"))


def duplicates(definition: Definition) -> list[Duplicate]:
    """Of one form, with what was decided."""
    return find(
        questions_of(definition.spec), period_kind=definition.period_kind, own=(definition.node_id, definition.code),
        decisions=definition.spec.get("once", {}),
    )  # fmt: skip


def require_decided(definition: Definition) -> None:
    """Refuse a form of which a duplicate is undecided.

    Raises:
        Invalid: names each, with where its answer is held.
    """
    faults = [FieldFault(d.question.code, said(d)) for d in duplicates(definition) if not d.is_decided]
    if faults:
        raise Invalid(
            _("“%(name)s”有 %(n)d 个问题已有数据或已在别处填报，逐个决定后再发布。")
            % {"name": definition.name, "n": len(faults)},
            faults,
            code="forms.once",
        )


def said(duplicate: Duplicate) -> str:
    """One duplicate in words."""
    first = duplicate.held[0]
    return _("“%(question)s”已有：%(name)s，在%(where)s。") % {
        "question": duplicate.question.name, "name": first.name, "where": first.where,
    }  # fmt: skip


def read_decisions(found: Sequence[Duplicate], given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What a page sent for the duplicates it showed: ``once-<code>`` and ``why-<code>``.

    Raises:
        Invalid: a reason is missing, or something is to be taken from where it can't be taken.
    """
    made, faults = {}, []
    for item in found:
        code = item.question.code
        choice, why = str(given.get(f"once-{code}", "")), str(given.get(f"why-{code}", "")).strip()[:REASON]
        if choice not in CHOICES:
            continue
        if choice == "keep" and not why:
            faults.append(FieldFault(f"why-{code}", _("“%(name)s”写明保留的理由。") % {"name": item.question.name}))
        if choice == "prefill" and not item.prefill:
            faults.append(FieldFault(f"once-{code}", _("“%(name)s”不能自动带出。") % {"name": item.question.name}))
        made[code] = {"choice": choice, "why": why, "held": item.held[0].key}
    if faults:
        raise Invalid(_("还有没写完的决定。"), faults)
    return made


@action("forms.definition.decide", permission="forms.definition.publish")
def decide(
    w: Write, definitions: Sequence[Definition], *, decisions: Mapping[str, Mapping[str, str]]
) -> Sequence[Definition]:
    """Note what becomes of duplicates in drafts, and do it: a question is dropped, or takes its value from the register.

    Raises:
        Invalid: a form is published already; or an expression needs the question that was to be dropped.
    """
    for definition in definitions:
        if definition.state != Definition.State.DRAFT:
            raise Invalid(_("“%(name)s”已经发布，不能再改。") % {"name": definition.name})
        spec = deepcopy(definition.spec)
        sources = {d.question.code: d.prefill for d in duplicates(definition)}
        for item in _items(spec):
            if decisions.get(item["code"], {}).get("choice") == "prefill" and sources.get(item["code"]):
                item["prefill"] = sources[item["code"]]
        dropped = {code for code, made in decisions.items() if made["choice"] == "drop"}
        for section in spec.get("sections", ()):
            for part in ("fields", "rows", *(("columns",) if section.get("kind") == "rows" else ())):
                if part in section:
                    section[part] = [i for i in section[part] if i["code"] not in dropped]
        spec["once"] = {**spec.get("once", {}), **{code: dict(made) for code, made in decisions.items()}}
        load(spec)
        w.change(definition, spec=spec)
    return definitions


__all__ = [
    "Duplicate",
    "Held",
    "Question",
    "decide",
    "duplicates",
    "find",
    "questions_of",
    "read_decisions",
    "require_decided",
    "said",
]
