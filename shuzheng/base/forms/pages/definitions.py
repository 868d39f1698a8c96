"""Forms as they are defined: cells, expressions, checks, and the factors that they name with their sources."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.forms import names
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.pages.common import asked
from shuzheng.base.forms.spec import SectionKind, load
from shuzheng.base.portal.formats import in_language
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.periods import Period, PeriodKind

PERIOD_WORDS = {
    "month": "月报",
    "quarter": "季报",
    "half": "半年报",
    "year": "年报",
    "heating": "采暖季报",
    "once": "一次性",
}

TYPE_WORDS = {
    "number": "数",
    "integer": "整数",
    "text": "文字",
    "date": "日期",
    "choice": "单选",
    "boolean": "是/否",
}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "forms.definition.view")
    rows = Definition.objects.order_by("name", "-edition").defer("spec").select_related("node")
    context = {
        "rows": [(row, names.label(row), _(PERIOD_WORDS[row.period_kind])) for row in rows],
        "may_issue": actor.may("forms.round.issue"),
        "may_create": actor.may("forms.definition.create", actor.organ_path),
    }
    return render(request, "forms/definitions.html", context)


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.definition.view")
    row = Definition.objects.filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这张报表，或不归当前岗位看。"))
    mine = actor.may("forms.definition.change", row.path)
    if row.state == Definition.State.DRAFT:
        return redirect("forms:edit" if mine else "forms:definitions", **({"pk": pk} if mine else {}))
    spec = load(row.spec)
    period = period_shown(row.period_kind)
    factors = resolve(spec, str(period), actor.organ_path)
    context = {
        "row": row,
        "title": names.label(row),
        "crumbs": [Crumb(_("报表"), reverse("forms:definitions")), Crumb(names.label(row))],
        "kind": _(PERIOD_WORDS[row.period_kind]),
        "sections": [_section(spec, section, period) for section in spec.sections],
        "computed": [
            {"title": names.label(c), "code": c.code, "unit": names.unit(c.unit), "expr": c.expr, "sums": c.additive}
            for c in spec.results
        ],
        "checks": _checks(spec, period),
        "factors": [
            {**fact, "code": name}
            for name, fact in factors.record.items()
        ],
        "inputs": len(spec.inputs),
        "all_checks": len(spec.checks),
        "may_follow": mine and actor.may("forms.definition.create", row.path),
        "has_older": row.edition > 1,
    }  # fmt: skip
    return render(request, "forms/definition.html", context)


def period_shown(kind: str) -> Period:
    """A period to show the form with: the one that ended last."""
    today = timezone.localdate()
    if kind == PeriodKind.ONCE:
        return Period.once(today, today)
    running = Period.containing(today, PeriodKind(kind))
    return running.previous or running


def _section(spec: Any, section: Any, period: Period) -> dict[str, Any]:
    """A section for reading; ``kind`` says which of its parts are there."""
    found: dict[str, Any] = {"title": names.label(section), "kind": section.kind, "show": section.show}
    if section.kind == SectionKind.NOTE:
        return found | {"text": in_language(section.text, section.text_en)}
    if section.fields or section.line:
        cells = [spec.cells[code] for code in section.fields] or section.line
        listed = [
            (c.code, names.label(c), names.unit(c.unit), c.required or c.require, _(TYPE_WORDS[c.type]), c.element)
            for c in cells
        ]
        return found | {"fields": listed, "most": section.most}
    rows = [
        {
            "number": r.number,
            "title": names.label(r),
            "unit": names.unit(r.unit),
            "is_part": bool(r.of),
            "cells": [spec.cell(r.code, c.code) for c in section.columns],
        }
        for r in section.rows
    ]
    return found | {"heads": [names.column_title(spec, c, period) for c in section.columns], "rows": rows}


def _checks(spec: Any, period: Period) -> list[dict[str, Any]]:
    """Checks by the template they come from: one line a rule, and how many cells it watches."""
    groups: dict[str, list[Any]] = {}
    for item in spec.checks:
        groups.setdefault(item.code.partition(".")[0], []).append(item)
    return [
        {
            "code": code,
            "level": items[0].level,
            "message": names.message(items[0]),
            "expr": items[0].expr,
            "count": len(items),
            "cell": _watched(spec, items[0], period),
        }
        for code, items in groups.items()
    ]


def _watched(spec: Any, check: Any, period: Period) -> str:
    """The cell that a check speaks of; of a repeating section its column."""
    if check.line:
        section = spec.lines[check.line]
        return f"{names.label(section)} · {names.label(section.column(check.cell))}"
    return names.cell_title(spec, spec.cells[check.cell], period)
