"""Alerts: what was found, dealing with it; rules, trying them out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.formats import in_language
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.base.stats import alerts, own
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.models_pages import Alert, AlertRule
from shuzheng.base.stats.pages.common import asked
from shuzheng.base.stats.pages.forms import RuleForm, numbers_of
from shuzheng.base.stats.state import BELOW, read
from shuzheng.kernel.errors import Invalid, Missing

SHOWN = 100


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    box = request.GET.get("state", Alert.State.OPEN)
    rows = Alert.objects.filter(path=actor.organ_path).select_related("rule")
    count = {s: rows.filter(state=s).count() for s in Alert.State.values}
    found = rows.filter(state=box) if box in count else rows
    tabs = [
        Tab(str(s.label), f"?state={s.value}", box == s.value, count[s.value], "warn" if s.value == "open" else "")
        for s in Alert.State
    ]
    rules = AlertRule.objects.filter(path=actor.organ_path).order_by("name", "pk")
    context = {
        "tabs": tabs,
        "alerts": [alerts.shown(a) for a in found.order_by("-level", "-created_at", "pk")[:SHOWN]],
        "rules": list(rules),
        "may_set": actor.may("stats.alert.set"),
        "state": box,
    }
    return render(request, "stats/alerts.html", context)


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One alert: why, the number behind it, and dealing with it."""
    actor = asked(request)
    row = Alert.objects.select_related("rule").filter(pk=pk, path=actor.organ_path).first()
    if row is None:
        raise Missing(_("没有这条预警。"))
    fault = ""
    if request.method == "POST":
        try:
            alerts.acknowledge([row], actor=actor, note=request.POST.get("note", ""))
        except Invalid as refused:
            fault = "；".join(f.message for f in refused.faults) or refused.message
        else:
            messages.success(request, _("已记下处置"))
            return redirect("stats:alerts")
    keys = f"&cell.{row.rule.by}={row.key}" if row.rule.by else ""
    by = f"&by={row.rule.by}" if row.rule.by else "&by=none"
    query = f"i={row.rule.indicator}{by}&from={row.period}&to={row.period}"
    context = {
        "a": alerts.shown(row),
        "fault": fault,
        "may": actor.may("stats.alert.acknowledge", row.path) and row.state == Alert.State.OPEN,
        "drill": f"{reverse('stats:drill')}?{query}{keys}&of={row.rule.indicator}",
        "explore": f"{reverse('stats:explore')}?{query}",
        "trend": f"{reverse('stats:explore')}?i={row.rule.indicator}&look=trend",
        "crumbs": [Crumb(_("统计预警"), reverse("stats:alerts")), Crumb(row.label)],
    }
    return render(request, "stats/alert.html", context, status=422 if fault else 200)


def _rule(pk: UUID, actor: Actor) -> AlertRule:
    found = AlertRule.objects.filter(pk=pk, path=actor.organ_path).first()
    if found is None:
        raise Missing(_("没有这条预警规则。"))
    return found


def _word(item: Any) -> str:
    return in_language(item.label, item.label_en)


@require_http_methods(["GET", "POST"])
def new_rule(request: HttpRequest) -> HttpResponse:
    """A rule, begun from what the explorer shows."""
    actor = asked(request, "stats.alert.set")
    offers = catalogue(scope=actor.scope)
    state = read(request.GET, offers, actor)
    by = next((name for name in state.by if name not in ("period", "year", "month", "kind")), BELOW[actor.tier])
    initial = {"indicator": state.indicators[0], "by": by, "condition": "change > 10", "factor": 3}
    form = RuleForm(request.POST or None, initial=initial, catalogue=offers, words=_word)
    rule = AlertRule(made_by=actor.id, where=dict(state.where) | ({"region": [state.at]} if state.at else {}))
    rule.node_id, rule.path = actor.organ_id, actor.organ_path
    return _edit(request, actor, form, rule, _("新建预警"))


@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = _rule(pk, actor)
    actor.require("stats.alert.set")
    initial = {
        name: getattr(row, name)
        for name in ("name", "indicator", "by", "kind", "condition", "factor", "level", "is_active")
    }
    initial["posts"] = numbers_of(row.posts)
    form = RuleForm(request.POST or None, initial=initial, catalogue=catalogue(scope=actor.scope), words=_word)
    return _edit(request, actor, form, row, row.name)


def _edit(request: HttpRequest, actor: Actor, form: RuleForm, row: AlertRule, title: str) -> HttpResponse:
    """Saving, or trying out on the maker's own numbers without saving."""
    trial = None
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        values["posts"] = [p.pk for p in values["posts"]]
        try:
            if "try" in request.POST:
                draft = AlertRule(where=row.where, **values)
                alerts.check_rule(draft)
                trial = _trial(draft, actor)
            elif row._state.adding:
                for name, value in values.items():
                    setattr(row, name, value)
                alerts.set_rules([row], actor=actor)
            else:
                alerts.set_rules([row], actor=actor, **values)
        except Invalid as refused:
            put_faults(form, refused)
        else:
            if trial is None:
                messages.success(request, _("已保存，下次汇入数据后检查"))
                return redirect("stats:alerts")
    context = {
        "form": form,
        "title": title,
        "trial": trial,
        "row": None if row._state.adding else row,
        "crumbs": [Crumb(_("统计预警"), reverse("stats:alerts")), Crumb(title)],
    }
    return render(request, "stats/rule.html", context, status=422 if form.errors else 200)


def _trial(draft: AlertRule, actor: Actor) -> dict[str, Any]:
    period, found, checked = alerts.find(draft, actor.scope)
    unit = own.find(draft.indicator).unit
    rows = [(f.label, alerts.reason(f.reason, f.values)) for f in found[:20]]
    return {"period": period, "count": len(found), "checked": checked, "rows": rows, "unit": unit}


@require_POST
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = _rule(pk, actor)
    alerts.remove_rules([row], actor=actor)
    messages.success(request, _("已删除“%(name)s”") % {"name": row.name})
    return redirect("stats:alerts")
