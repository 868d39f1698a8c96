"""Users' own indicators: the list, making one from the cells of a form, trying it out, taking it off."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.names import cell_title
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.stats import engines, own
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import plan as plans
from shuzheng.base.stats.actions import change_indicators, define_indicators, retire_indicators
from shuzheng.base.stats.asking import values_of
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.pages.common import asked
from shuzheng.base.stats.pages.forms import OwnForm
from shuzheng.base.stats.question import Question
from shuzheng.kernel import expr
from shuzheng.kernel.errors import Invalid, Missing
from shuzheng.kernel.periods import Period


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    rows = OwnIndicator.objects.select_related("node").order_by("state", "name", "pk")
    context = {
        "rows": [(r, r.path == actor.organ_path and actor.may("stats.indicator.change", r.path)) for r in rows[:200]],
        "may_define": actor.may("stats.indicator.define"),
    }
    return render(request, "stats/own.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "stats.indicator.define")
    row = OwnIndicator(audience=actor.division)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    form = OwnForm(request.POST or None, initial={"places": 2})
    return _edit(request, actor, form, row, _("新建指标"))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = OwnIndicator.objects.select_related("node").filter(pk=pk, path=actor.organ_path).first()
    if row is None:
        raise Missing(_("没有这个指标，或不归本单位维护。"))
    actor.require("stats.indicator.change", row.path)
    names = ("name", "code", "form", "formula", "unit", "places", "direction", "target", "target_year", "note")
    form = OwnForm(request.POST or None, initial={name: getattr(row, name) for name in names})
    form.fields["code"].disabled = form.fields["form"].disabled = True
    return _edit(request, actor, form, row, row.name)


def _edit(request: HttpRequest, actor: Actor, form: OwnForm, row: OwnIndicator, title: str) -> HttpResponse:
    definitions = list(Definition.objects.exclude(state=Definition.State.DRAFT).order_by("code", "-edition"))
    form.fields["form"].choices = list({d.code: (d.code, d.name) for d in reversed(definitions)}.values())  # type: ignore[attr-defined]
    trial = None
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            if "try" in request.POST:
                trial = _trial(values, actor)
            elif row._state.adding:
                for name, value in values.items():
                    setattr(row, name, value)
                define_indicators([row], actor=actor)
            else:
                change_indicators([row], actor=actor, **{k: v for k, v in values.items() if k not in ("code", "form")})
        except Invalid as refused:
            put_faults(form, refused)
        else:
            if trial is None:
                messages.success(request, _("已保存，可在统计分析里选用"))
                return redirect("stats:own")
    code = (request.POST.get("form") or row.form) or (definitions[0].code if definitions else "")
    context = {
        "form": form,
        "title": title,
        "trial": trial,
        "cells": _cells(code),
        "row": None if row._state.adding else row,
        "crumbs": [Crumb(_("自定义指标"), reverse("stats:own")), Crumb(title)],
    }
    return render(request, "stats/own_edit.html", context, status=422 if form.errors else 200)


def _cells(code: str) -> list[tuple[str, str, str]]:
    """Cells that a formula may use: code, name, unit."""
    if not code:
        return []
    try:
        spec = own.form_of(code)
    except Missing:
        return []
    period = Period.parse("2026Q1")
    return [(c, cell_title(spec, spec.cells[c], period), spec.cells[c].unit) for c in own.names(spec)]


def _trial(values: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """The formula over the reader's own sums of its cells, without keeping it. Raises ``Invalid`` as defining does."""
    draft = OwnIndicator(**{**values, "code": values["code"] or "trial"})
    draft.node_id, draft.path = actor.organ_id, actor.organ_path
    if "target" in values:
        draft.target = values["target"]
    try:
        spec = own.form_of(draft.form)
        program = expr.compile(draft.formula, own.names(spec), expr.NUMBER)
    except expr.ExprError as fault:
        raise Invalid.one("formula", fault.message) from fault
    return {
        "value": own_value(draft, actor),
        "cells": sorted(program.references),
        "unit": draft.unit,
        "places": draft.places,
    }


def own_value(draft: OwnIndicator, actor: Actor) -> Decimal | None:
    """What a draft comes to over everything in the reader's scope."""
    lake = lakes.current()
    manifest = lake.manifest()
    plan = plans.make(Question((draft.code,)), [own.of(draft)], manifest)
    if not plan.files or not manifest.nodes:
        return None
    engine = engines.current()
    found = engine.run(plans.grouped(plan, plans.facts(plan, lake, manifest, engine, actor.scope))).to_pylist()
    return values_of(plan, found[0], plan.row_periods())[0] if found else None


@require_POST
def retire(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = OwnIndicator.objects.filter(pk=pk, path=actor.organ_path).first()
    if row is None:
        raise Missing(_("没有这个指标，或不归本单位维护。"))
    retire_indicators([row], actor=actor)
    messages.success(request, _("已停用“%(name)s”") % {"name": row.name})
    return redirect("stats:own")
