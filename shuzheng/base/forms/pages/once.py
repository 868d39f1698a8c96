"""Ask once: what a draft asks that is held already, with what becomes of it; and the burden that an office lays on others."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.action import new_key
from shuzheng.base.forms import askonce, names
from shuzheng.base.forms import burden as meter
from shuzheng.base.forms.models import Definition
from shuzheng.base.forms.pages.common import asked
from shuzheng.base.forms.pages.transfer import attachment
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Each duplicate of a form with the three choices; a draft's are decided here, a published form's are shown."""
    actor = asked(request, "forms.definition.view")
    row = Definition.objects.select_related("node").filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这张报表，或不归当前岗位看。"))
    found = askonce.duplicates(row)
    fault: Invalid | None = None
    if request.method == "POST":
        actor.require("forms.definition.publish", row.path)
        try:
            made = askonce.read_decisions(found, request.POST)
            askonce.decide([row], actor=actor, key=request.POST.get("key", ""), decisions=made)
        except Invalid as refused:
            fault, found = refused, _as_given(found, request.POST)
        else:
            left = sum(not d.is_decided for d in askonce.duplicates(row))
            if left:
                messages.warning(request, _("已存，还有 %(n)d 个没有决定") % {"n": left})
            else:
                messages.success(request, _("都已决定，可以发布"))
            return redirect("forms:once", pk=pk)
    context = {
        "row": row,
        "title": names.label(row),
        "crumbs": [
            Crumb(_("报表"), reverse("forms:definitions")),
            Crumb(names.label(row), reverse("forms:definition", args=[row.pk])),
            Crumb(_("一数一源")),
        ],
        "found": found,
        "undecided": sum(not d.is_decided for d in found),
        "questions": len(askonce.questions_of(row.spec)),
        "may_decide": row.state == Definition.State.DRAFT and actor.may("forms.definition.publish", row.path),
        "fault": fault,
        "key": new_key(),
    }
    return render(request, "forms/once.html", context, status=422 if fault else 200)


def _as_given(found: list[askonce.Duplicate], given: Any) -> list[askonce.Duplicate]:
    """The duplicates with what was typed, so that nothing has to be written twice."""
    return [
        askonce.Duplicate(
            d.question, d.held, given.get(f"once-{d.question.code}", ""), given.get(f"why-{d.question.code}", "")
        )
        for d in found
    ]


@require_GET
def burden(request: HttpRequest) -> HttpResponse:
    """The meter: by office and form, with the months."""
    actor = asked(request, "forms.round.view")
    found = meter.measure()
    chart = {
        "x": [month.strftime("%y-%m") for month in found.months],
        "unit": _("格"),
        "series": [{"name": _("下达"), "data": list(found.months.values())}],
    }
    context = {
        "burden": found,
        "chart": chart,
        "most": max((line.year for line in found.lines), default=0),
        "own": next((o for o in found.offices if o.lines[0].office == actor.organ_id), None),
        "may_export": actor.may("forms.round.export"),
    }
    return render(request, "forms/burden.html", context)


@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The meter as a workbook."""
    asked(request, "forms.round.export")
    file = io.BytesIO()
    meter.write_sheet(file, meter.measure())
    return attachment(file.getvalue(), _("填报负担") + f" {timezone.localdate()}.xlsx")
