"""Statistics of processes: an overview, one process with its heat map, and the workbook of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.flows import diagram, statistics
from shuzheng.base.flows.limits import lasted, worked
from shuzheng.base.flows.models import Definition
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid


class PeriodForm(forms.Form):
    """From which day to which the counted cases were started."""

    since = forms.DateField(
        label=gettext_lazy("发起日期从"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
        required=False,
    )
    until = forms.DateField(
        label=gettext_lazy("到"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
        required=False,
    )


def _asked(request: HttpRequest, actor: Actor) -> tuple[statistics.Asked, PeriodForm]:
    form = PeriodForm(request.GET)
    days: dict[str, date | None] = form.cleaned_data if form.is_valid() else {}
    try:
        question = statistics.asked(
            actor, days.get("since"), days.get("until"), request.GET.get("place", "")[:255] or None
        )
    except Invalid as fault:
        form.add_error("since", fault.message)
        question = statistics.asked(actor)
    initial = {"since": question.since.isoformat(), "until": question.until.isoformat()}
    return question, form if form.errors else PeriodForm(initial)


def _query(question: statistics.Asked, **more: str) -> str:
    values = {
        "since": question.since.isoformat(),
        "until": question.until.isoformat(),
        "place": question.place or "",
        **more,
    }
    return urlencode({k: v for k, v in values.items() if v})


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """All processes."""
    actor = actor_of(request)
    question, form = _asked(request, actor)
    context = {
        "rows": [_said(p.totals, process=p) for p in statistics.overview(question)], "form": form, "query": _query(question),
        "place": statistics.place_name(question.place) if question.place else "", "everywhere": _query(question, place=""),
    }  # fmt: skip
    return render(request, "flows/statistics.html", context, status=422 if form.errors else 200)


def _found(request: HttpRequest, code: str) -> tuple[statistics.Asked, PeriodForm, Definition, statistics.Figures]:
    """One process: what was asked, its edition of today, and its figures."""
    question, form = _asked(request, actor_of(request))
    row = statistics.latest(code)
    return question, form, row, statistics.figures(question, code, row.label)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One process."""
    question, form, row, found = _found(request, code)
    context = {
        "row": row, "found": found, "totals": _said(found.totals), "form": form, "query": _query(question),
        "steps": [
            _said(s, step=s, waited=worked(s.waited), clock_waited=lasted(s.clock_waited)) for s in found.steps
        ],
        "persons": [_said(p, person=p) for p in found.persons],
        "places": [_said(p.totals, place=p, url=f"?{_query(question, place=p.path)}") for p in found.places],
        "tiers": [_said(t.totals, place=t) for t in found.tiers],
        "svg": diagram.svg(row.bpmn, paint=heat(found)), "levels": range(1, statistics.LEVELS + 1),
        "place": statistics.place_name(question.place) if question.place else "", "everywhere": _query(question, place=""),
        "crumbs": [Crumb(_("流程统计"), f"{reverse('flows:statistics')}?{_query(question)}"), Crumb(row.label)],
    }  # fmt: skip
    return render(request, "flows/statistics_one.html", context, status=422 if form.errors else 200)


def _said(figures: Any, **more: Any) -> dict[str, Any]:
    """Figures with their durations in words: in working time, and by the clock where there are any."""
    work, clock = figures.work, figures.clock
    by_clock = {
        f"clock_{name}": "" if (took := getattr(clock, name)) is None else lasted(took) for name in ("median", "p90")
    }
    return {"f": figures, "median": worked(work.median), "p90": worked(work.p90), **by_clock, **more}


def heat(found: statistics.Figures) -> diagram.Paint:
    """The diagram coloured by the working time that cases stood at each step; in words, the three at which they stood longest."""
    looks = {s.element: f"h{s.level}" for s in found.steps}
    words = {
        s.element: _("%(median)s · %(n)d 次") % {"median": worked(s.work.median), "n": s.visits} if s.work.median is not None
        else _("%(n)d 次") % {"n": s.visits}
        for s in found.steps
    }  # fmt: skip
    most = "、".join(f"{s.name} {worked(s.waited)}" for s in found.steps[:3]) or _("没有")
    return diagram.Paint(looks, words, {}, _("热力图，停留最久的环节：%(steps)s") % {"steps": most})


@require_GET
def export(request: HttpRequest, code: str) -> HttpResponse:
    """The same figures as a workbook."""
    question, _form, row, found = _found(request, code)
    response = HttpResponse(statistics.xlsx(found, question), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="{row.code}.xlsx"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
