"""The calendar of working days: a month, a day changed, a year loaded."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.standards import actions, working_days
from shuzheng.base.standards.calendar_file import read_file
from shuzheng.base.standards.models import CalendarDay, CalendarYear, Confidence
from shuzheng.base.standards.pages.common import clean, crumbs
from shuzheng.kernel.errors import Missing


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
        "crumbs": crumbs(_("工作日历")),
    }
    return render(request, "standards/calendar.html", context)


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01") if text else timezone.localdate().replace(day=1)
    except ValueError:
        raise Missing from None


@require_POST
def change_day(request: HttpRequest) -> HttpResponse:
    """Change a day for the division of the actor's organ."""
    actor: Actor = request.actor
    actor.require("standards.calendar.change", actor.division)
    values = clean(DayForm(request.POST))
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
    values = clean(YearForm(request.POST, request.FILES))
    days = read_file(values["file"].name, values["file"].read())
    row = CalendarYear.objects.filter(region=actor.division, year=values["year"]).first()
    if row is None:
        row = CalendarYear(region=actor.division, year=values["year"], confidence=Confidence.SURE)
        actions.owned_by(row, Node.objects.get(pk=actor.organ_id))
    actions.import_year([row], actor=actor, key=request.POST.get("key", ""), days=days, source=values["source"])
    messages.success(request, _("%(year)s 年已装入 %(n)s 天") % {"year": values["year"], "n": len(days)})
    return redirect(f"{reverse('standards:calendar')}?month={values['year']}-01")


urlpatterns = [
    path("calendar/", calendar, name="calendar"),
    path("calendar/day/", change_day, name="change-day"),
    path("calendar/year/", import_year, name="import-year"),
]
