"""The standards in the portal: search, one page for each thing with its editions and citation, and the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.standards import actions, working_days
from shuzheng.base.standards.calendar_file import read_file
from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeSet,
    Confidence,
    ConversionFactor,
    DataElement,
    Rule,
    Standard,
    State,
    Unit,
)
from shuzheng.base.standards.resolve import current
from shuzheng.base.standards.uses import where_used
from shuzheng.kernel.errors import Invalid, Missing
from shuzheng.kernel.text import fold

MOST = 200
"""Entries of one kind on a page; a search narrows further."""


@dataclass(frozen=True)
class Section:
    """Found entries of one kind."""

    name: str
    label: str
    rows: list[Any]


def _crumbs(last: str) -> list[Crumb]:
    return [Crumb(_("标准规范"), reverse("standards:home")), Crumb(last)]


def _matching(rows: QuerySet[Any], words: str, *names: str) -> QuerySet[Any]:
    for word in words.split():
        condition = Q()
        for name in names:
            condition |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(condition)
    return rows


def _latest(rows: Iterable[Standard]) -> list[Any]:
    """One entry for each thing: its last edition."""
    return list({row.identity: row for row in rows}.values())[:MOST]


def _found(actor: Actor, words: str) -> list[Section]:
    sections = []
    searches: tuple[tuple[str, str, type[Standard], tuple[str, ...]], ...] = (
        ("element", _("数据元"), DataElement, ("identifier", "name", "name_en", "note")),
        ("codeset", _("代码集"), CodeSet, ("code", "name", "name_en")),
        ("factor", _("折算系数"), ConversionFactor, ("energy", "name", "name_en", "source")),
        ("rule", _("规则"), Rule, ("code", "name", "name_en", "source")),
        ("unit", _("计量单位"), Unit, ("code", "name", "name_en", "dimension")),
    )
    for noun, label, model, names in searches:
        if actor.may(f"standards.{noun}.view"):
            order = [n for n in model.IDENTITY if n != "method"]
            rows = _matching(model.objects.order_by("region", *order, "effective_from", "edition"), words, *names)
            sections.append(Section(noun, label, _latest(rows)))
    return sections


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.element.view")
    words = fold(request.GET.get("q", ""))[:60]
    sections = _found(actor, words)
    today = timezone.localdate()
    context = {
        "q": words,
        "sections": [s for s in sections if s.rows],
        "unverified": sum(row.is_unverified for s in sections for row in s.rows),
        "year_loaded": working_days.is_loaded(today),
        "today": today,
    }
    return render(request, "standards/home.html", context)


@require_GET
def element(request: HttpRequest, identifier: str) -> HttpResponse:
    request.actor.require("standards.element.view")
    editions = _editions(DataElement.objects.filter(identifier=identifier))
    code_set = CodeSet.objects.filter(code=editions[0].code_set, state=State.PUBLISHED).order_by("edition").last()
    context = {"row": editions[0], "editions": editions, "uses": where_used(identifier), "code_set": code_set}
    return render(request, "standards/element.html", context | {"crumbs": _crumbs(editions[0].label)})


@require_GET
def codeset(request: HttpRequest, code: str) -> HttpResponse:
    request.actor.require("standards.codeset.view")
    editions = _editions(CodeSet.objects.filter(code=code))
    wanted = request.GET.get("edition", "")
    row = next((e for e in editions if str(e.edition) == wanted), editions[0])
    context = {"row": row, "editions": editions, "items": row.items.order_by("order", "code")}
    return render(request, "standards/codeset.html", context | {"crumbs": _crumbs(row.label)})


@require_GET
def factor(request: HttpRequest, energy: str) -> HttpResponse:
    request.actor.require("standards.factor.view")
    editions = _editions(ConversionFactor.objects.filter(energy=energy))
    kinds = current().code_set("energy_kind", timezone.localdate(), "")
    name = next((item.label for item in kinds.items if item.code == energy), energy) if kinds else energy
    return render(request, "standards/factor.html", {"editions": editions, "name": name, "crumbs": _crumbs(name)})


@require_GET
def rule(request: HttpRequest, code: str) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.rule.view")
    editions = _editions(Rule.objects.filter(code=code).select_related("pack"))
    today, book = timezone.localdate(), current()
    holding = {
        found.id for key in book.rule_keys(code) if (found := book.rule(code, today, actor.organ_path, key, actor.tier))
    }
    context = {"row": editions[0], "editions": editions, "holding": holding, "crumbs": _crumbs(editions[0].label)}
    return render(request, "standards/rule.html", context)


def _editions(rows: QuerySet[Any]) -> list[Any]:
    found = list(rows.order_by("region", "-effective_from", "-edition"))
    if not found:
        raise Missing
    return found


# The calendar


class DayForm(forms.Form):
    """A day of the calendar as it is to be."""

    day = forms.DateField(label=gettext_lazy("日期"))
    kind = forms.ChoiceField(
        label=gettext_lazy("类别"),
        required=False,
        choices=[*CalendarDay.DayKind.choices, ("", gettext_lazy("按周一至周五"))],
    )
    name = forms.CharField(label=gettext_lazy("名称"), max_length=60, required=False)
    source = forms.CharField(label=gettext_lazy("来源文件"), max_length=200, required=False)


class YearForm(forms.Form):
    """The arrangement of a year, from a file."""

    year = forms.IntegerField(label=gettext_lazy("年份"), min_value=2000, max_value=2200)
    source = forms.CharField(label=gettext_lazy("来源文件"), max_length=200)
    file = forms.FileField(
        label=gettext_lazy("文件"),
        help_text=gettext_lazy("工作簿的列为日期、类别（休或班）、名称；或公布的 JSON 清单。"),
    )


@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.calendar.view")
    first = _month(request.GET.get("month", ""))
    days = working_days.month(first.year, first.month, actor.organ_path)
    year = CalendarYear.objects.filter(year=first.year).order_by("-region").first()
    context = {
        "first": first,
        "blanks": range(first.weekday()),
        "days": days,
        "said": [d for d in days if d.said],
        "working": sum(d.is_working for d in days),
        "previous": first - timedelta(days=1),
        "next": working_days.add_months(first, 1),
        "today": timezone.localdate(),
        "weekdays": [_("一"), _("二"), _("三"), _("四"), _("五"), _("六"), _("日")],
        "year": year,
        "loaded": working_days.is_loaded(first),
        "may_change": actor.may("standards.calendar.change", actor.division),
        "may_import": actor.may("standards.calendar.import", actor.division),
        "day_form": DayForm(initial={"day": request.GET.get("day") or None}),
        "year_form": YearForm(initial={"year": first.year}),
        "crumbs": _crumbs(_("工作日历")),
    }
    return render(request, "standards/calendar.html", context)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01") if text else timezone.localdate().replace(day=1)
    except ValueError:
        raise Missing from None


def _clean(form: forms.Form) -> dict[str, Any]:
    if not form.is_valid():
        raise Invalid("；".join(f"{form.fields[n].label}：{'，'.join(said)}" for n, said in form.errors.items()))
    return form.cleaned_data


@require_POST
def change_day(request: HttpRequest) -> HttpResponse:
    """Change a day for the division of the actor's organ."""
    actor: Actor = request.actor
    actor.require("standards.calendar.change", actor.division)
    values = _clean(DayForm(request.POST))
    day = values.pop("day")
    row = CalendarDay.objects.filter(region=actor.division, day=day).first()
    if row is None:
        row = actions.owned_by(CalendarDay(region=actor.division, day=day), Node.objects.get(pk=actor.organ_id))
    actions.change_days([row], actor=actor, key=request.POST.get("key", ""), **values)
    messages.success(request, _("%s 已改") % day)
    return redirect(f"{reverse('standards:calendar')}?month={day:%Y-%m}")


@require_POST
def import_year(request: HttpRequest) -> HttpResponse:
    """Load a year from a file, for the division of the actor's organ."""
    actor: Actor = request.actor
    actor.require("standards.calendar.import", actor.division)
    values = _clean(YearForm(request.POST, request.FILES))
    days = read_file(values["file"].name, values["file"].read())
    row = CalendarYear.objects.filter(region=actor.division, year=values["year"]).first()
    if row is None:
        row = CalendarYear(region=actor.division, year=values["year"], confidence=Confidence.SURE)
        actions.owned_by(row, Node.objects.get(pk=actor.organ_id))
    actions.import_year([row], actor=actor, key=request.POST.get("key", ""), days=days, source=values["source"])
    messages.success(request, _("%(year)s 年已装入 %(n)s 天") % {"year": values["year"], "n": len(days)})
    return redirect(f"{reverse('standards:calendar')}?month={values['year']}-01")


urlpatterns = [
    path("", home, name="home"),
    path("elements/<str:identifier>/", element, name="element"),
    path("codes/<str:code>/", codeset, name="codeset"),
    path("factors/<str:energy>/", factor, name="factor"),
    path("rules/<str:code>/", rule, name="rule"),
    path("calendar/", calendar, name="calendar"),
    path("calendar/day/", change_day, name="change-day"),
    path("calendar/year/", import_year, name="import-year"),
]
