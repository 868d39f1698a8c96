"""Values of a form: taken from a page or a program, checked against the fields and the rights of a step, and shown again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.flows.bpmn.words import Field, Outline, StepRule
from shuzheng.base.portal import formats
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import Type

LONGEST = {"text": 200, "long": 4000}


def rights(outline: Outline, rule: StepRule | None) -> dict[str, str]:
    """What may be done with each field: at a step, or (None) by the starter who begins or mends."""
    if rule is not None:
        return {f.code: rule.right(f.code) for f in outline.fields}
    return {f.code: "required" if f.required and f.start == "edit" else f.start for f in outline.fields}


def take(
    outline: Outline,
    allowed: Mapping[str, str],
    given: Mapping[str, Any],
    held: Mapping[str, Any],
    *,
    complete: bool = True,
) -> dict[str, Any]:
    """The values of a case after ``given`` was entered over ``held``.

    Args:
        complete: whether fields that are required must be there (not for a draft, nor for a refusal).

    Raises:
        Invalid: a value is not of its kind, a required one is missing, or a field is not to be changed here.
    """
    found, faults = dict(held), []
    for code in given:
        if outline.field(code) is None or allowed.get(code) not in ("edit", "required"):
            faults.append(FieldFault(code, _("这一步不能改“%(field)s”。") % {"field": code}))
    for field in outline.fields:
        if allowed.get(field.code) not in ("edit", "required"):
            continue
        if field.code in given:
            try:
                value = _one(field, given[field.code])
            except Invalid as fault:
                faults += fault.faults
                continue
            found[field.code] = value
        if complete and allowed[field.code] == "required" and found.get(field.code) in (None, "", [], False):
            faults.append(FieldFault(field.code, _("请填写“%(field)s”。") % {"field": label(field)}))
    if faults:
        raise Invalid(_("表单还没填好。"), faults)
    return found


def _one(field: Field, value: Any) -> Any:
    if field.kind == "choices":
        picked = [str(v) for v in (value if isinstance(value, list | tuple) else [value]) if str(v)]
        if any(v not in field.options for v in picked):
            raise Invalid.one(field.code, _("“%(field)s”没有这个选项。") % {"field": label(field)})
        return picked
    if isinstance(value, list | tuple):
        value = value[-1] if value else ""
    if field.kind == "boolean":
        return value in (True, "true", "on", "1")
    text = "" if value is None else str(value).strip()
    if not text:
        return ""
    if "\0" in text:
        raise Invalid.one(field.code, _("“%(field)s”含有不能保存的字符。") % {"field": label(field)})
    if field.kind in ("number", "money"):
        return _number(field, text)
    if field.kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise Invalid.one(field.code, _("“%(field)s”要写成 2026-11-22 这样的日期。") % {"field": label(field)})
    if field.kind == "choice" and text not in field.options:
        raise Invalid.one(field.code, _("“%(field)s”没有这个选项。") % {"field": label(field)})
    if field.kind in LONGEST and len(text) > LONGEST[field.kind]:
        raise Invalid.one(
            field.code, _("“%(field)s”最多 %(n)d 个字。") % {"field": label(field), "n": LONGEST[field.kind]}
        )
    return text


def _number(field: Field, text: str) -> str:
    try:
        number = Decimal(text.replace(",", "").replace("，", ""))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15 or -int(number.as_tuple().exponent) > 6:
        raise Invalid.one(field.code, _("“%(field)s”不是数字，或太大、太细。") % {"field": label(field)})
    return f"{number:f}"


def typed(type_: Type, value: Any) -> Any:
    """A stored value as expressions take it: exact numbers and days are stored as texts, lists as lists."""
    if value is None or value == "":
        return None
    if type_.kind == "list":
        return tuple(typed(type_.of, v) for v in value) if type_.of else tuple(value)
    if type_.kind == "number":
        return Decimal(str(value))
    if type_.kind == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    return value


def context(outline: Outline, values: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What expressions see of a case."""
    stored = {**values, **facts}
    return {name: typed(type_, stored[name]) for name, type_ in outline.names.items() if name in stored}


def label(field: Field) -> str:
    """The field's name in the reader's language."""
    return field.shown


def shown(field: Field, value: Any) -> str:
    """A value as people read it."""
    if value in (None, "", []):
        return formats.NONE
    if field.kind == "boolean":
        return _("是") if value else _("否")
    if field.kind == "choices":
        return "、".join(value)
    if field.kind == "money":
        return formats.number(value, 2)
    if field.kind == "number":
        return formats.number(value)
    return str(value)


def headline(outline: Outline, values: Mapping[str, Any], starter: str) -> str:
    """The title of a case, by the pattern of its process."""
    said = {f.code: shown(f, values.get(f.code)) for f in outline.fields}
    title = outline.title or "{process}（{starter}）"
    for name, text in {**said, "process": outline.name, "starter": starter}.items():
        title = title.replace(f"{{{name}}}", text)
    return title[:120]
