"""For the supervisor, and for the unit that has to explain: what there is by colour, and one warning with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop
from django.views.decorators.http import require_GET, require_POST

from shuzheng.apps.vehicles import figures
from shuzheng.apps.vehicles.actions.alerts import (
    appeal_alerts,
    decide_alerts,
    explain_alerts,
    may_decide,
    review_appeals,
)
from shuzheng.apps.vehicles.models import VehicleState
from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Tip, Violation, Warned
from shuzheng.apps.vehicles.pages.looking import place_of
from shuzheng.apps.vehicles.registers.alerts import COLOURS, STATES
from shuzheng.apps.vehicles.supervision.found import WORDS
from shuzheng.apps.vehicles.supervision.suspicion import PARTS
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.org.models import Node
from shuzheng.base.portal.formats import in_language
from shuzheng.base.portal.parts import Crumb, Entry, Stat
from shuzheng.base.standards.models import Rule
from shuzheng.kernel.errors import Invalid, Missing

OURS = gettext_noop("平台默认")
"""The source of rules that are defaults of the platform."""
WAITING = 12
MOST_KINDS, MOST_UNITS = 12, 15
DOCUMENTS = {
    "compulsory": gettext_lazy("交强险"), "commercial": gettext_lazy("商业险"), "inspection": gettext_lazy("年检"),
    "licence": gettext_lazy("驾驶证"),
}  # fmt: skip
PAGES = {"vehicles.trip": "vehicles:trip", "vehicles.alert": "vehicles:alert"}
REGISTERS = {
    "vehicles.run": "runs", "vehicles.vehicle": "vehicles", "vehicles.refuel": "refuels", "vehicles.repair": "repairs",
    "vehicles.driver": "drivers",
}  # fmt: skip


class TextForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("情况说明"), max_length=1000, min_length=4, widget=forms.Textarea(attrs={"rows": 4})
    )


class DecisionForm(forms.Form):
    violation = forms.ChoiceField(
        label=gettext_lazy("结论"), choices=[(Alert.Outcome.NONE, gettext_lazy("不构成违规")), *Violation.choices]
    )
    text = forms.CharField(label=gettext_lazy("理由"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_violation(self) -> str:
        chosen: str = self.cleaned_data["violation"]
        return "" if chosen == Alert.Outcome.NONE else chosen


@require_GET
def watch(request: HttpRequest) -> HttpResponse:
    """Ten minutes of a supervisor: what is there by colour, what is late, whose turn it is, which kinds and units."""
    actor, today = actor_of(request), timezone.localdate()
    url = reverse("vehicles:watch")
    place = place_of(request, actor, "vehicles.alert.view", url)
    rows = figures.below(Alert.objects.all(), place.path)
    counts = _counts(rows, today)
    turn = Q(state__in=(Alert.State.EXPLAINED, Alert.State.APPEALED)) | Q(state=Alert.State.OPEN, explain_due__lt=today)
    waiting = rows.filter(turn).exclude(colour=Colour.GREEN).select_related("vehicle", "node")
    context = {
        "place": place, "counts": counts, "stats": _stats(counts, place.path),
        "waiting": [_line(a) for a in waiting.order_by("-colour", "begins")[:WAITING]], "waits": counts["turn"],
        "kinds": _kinds(rows), "units": _units(rows, today), "list": reverse("registers:list", args=["alerts"]),
        "tips": Tip.objects.filter(state=Tip.State.NEW).count() if actor.may("vehicles.tip.view") else 0,
        "tips_url": reverse("registers:list", args=["tips"]) + "?tab=new",
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("监督概览"))],
    }  # fmt: skip
    return render(request, "vehicles/watch.html", context)


def _counts(rows: Any, today: date) -> Mapping[str, int]:
    pending = Q(state__in=Alert.PENDING)
    fit = ~Q(colour=Colour.GREEN)
    final = Q(state__in=(Alert.State.DECIDED, Alert.State.FINAL))
    late = Q(state=Alert.State.OPEN, explain_due__lt=today)
    found: Mapping[str, int] = rows.aggregate(
        red=Count("pk", filter=pending & Q(colour=Colour.RED)), amber=Count("pk", filter=pending & Q(colour=Colour.AMBER)),
        green=Count("pk", filter=pending & Q(colour=Colour.GREEN)), late=Count("pk", filter=late),
        turn=Count("pk", filter=fit & (Q(state__in=(Alert.State.EXPLAINED, Alert.State.APPEALED)) | late)),
        appealed=Count("pk", filter=Q(state=Alert.State.APPEALED)),
        violations=Count("pk", filter=Q(outcome=Alert.Outcome.VIOLATION, begins__year=today.year)),
        whole=Count("pk", filter=fit & Q(begins__year=today.year)),
        handled=Count("pk", filter=fit & final & Q(begins__year=today.year)),
    )  # fmt: skip
    return found


def _stats(counts: Mapping[str, int], path: str) -> list[Stat]:
    rate = counts["handled"] * 100 / counts["whole"] if counts["whole"] else None
    return [
        Stat(_("红色"), counts["red"], _("条"), _("没有办结的"), "over" if counts["red"] else "ok"),
        Stat(_("黄色"), counts["amber"], _("条"), _("没有办结的"), "warn" if counts["amber"] else "ok"),
        Stat(_("绿色"), counts["green"], _("条"), _("提醒，不需说明")),
        Stat(_("逾期未说明"), counts["late"], _("条"), _("可以直接认定"), "late" if counts["late"] else "ok"),
        Stat(_("处置率"), rate, "%", _("本年 %(n)d 条中已认定 %(m)d 条") % {"n": counts["whole"], "m": counts["handled"]}, places=1),
        Stat(_("构成违规"), counts["violations"], _("条"), _("本年"), "over" if counts["violations"] else ""),
    ]  # fmt: skip


def _kinds(rows: Any) -> list[dict[str, Any]]:
    pending = rows.filter(state__in=Alert.PENDING).order_by()
    found = pending.values_list("code").annotate(
        n=Count("pk"), red=Count("pk", filter=Q(colour=Colour.RED)), amber=Count("pk", filter=Q(colour=Colour.AMBER))
    )
    return [
        {"label": Warned(code).label, "n": n, "red": red, "amber": amber, "url": _list(code=code)}
        for code, n, red, amber in sorted(found, key=lambda item: (-item[2], -item[1]))
    ][:MOST_KINDS]


def _units(rows: Any, today: date) -> list[dict[str, Any]]:
    fit = rows.exclude(colour=Colour.GREEN).filter(begins__year=today.year).order_by()
    done = Q(state__in=(Alert.State.DECIDED, Alert.State.FINAL))
    found = fit.values_list("node").annotate(
        n=Count("pk"), red=Count("pk", filter=Q(colour=Colour.RED) & ~done), handled=Count("pk", filter=done),
        late=Count("pk", filter=Q(state=Alert.State.OPEN, explain_due__lt=today)),
        violations=Count("pk", filter=Q(outcome=Alert.Outcome.VIOLATION)),
    )  # fmt: skip
    top = sorted(found, key=lambda item: (-item[2], -item[4], -item[1]))[:MOST_UNITS]
    names = dict(Node.objects.filter(pk__in=[item[0] for item in top]).values_list("pk", "name"))
    return [
        {"name": names.get(node, ""), "n": n, "red": red, "handled": handled, "late": late, "violations": violations,
         "rate": handled * 100 / n, "url": _list(node=node)}
        for node, n, red, handled, late, violations in top
    ]  # fmt: skip


def _list(**values: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in values.items())
    return f"{reverse('registers:list', args=['alerts'])}?{query}"


def _line(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert, "tone": COLOURS[alert.colour], "state_tone": STATES[alert.state],
        "summary": _("；").join(" ".join(filter(None, (f["label"], f["value"], f["unit"]))) for f in facts_of(alert)[:2]),
    }  # fmt: skip


@dataclass(frozen=True)
class Verb:
    """Something that can be done to a warning now."""

    name: str
    label: str
    form: type[forms.Form]
    run: Callable[..., Any]
    help: str = ""


def verbs(alert: Alert, actor: Actor) -> list[Verb]:
    """What this actor can do to it now."""
    own = alert.path.startswith(actor.organ_path)
    found = []
    if (
        own
        and alert.state in (Alert.State.OPEN, Alert.State.EXPLAINED)
        and actor.may("vehicles.alert.explain", alert.path)
    ):
        found.append(Verb("explain", _("说明情况"), TextForm, explain_alerts, _("可在下面“附件”里附上凭证。")))
    if own and alert.state == Alert.State.DECIDED and actor.may("vehicles.alert.appeal", alert.path):
        found.append(Verb("appeal", _("提出申诉"), TextForm, appeal_alerts))
    if (not own or not actor.division) and actor.may("vehicles.alert.decide", alert.path):
        if may_decide(alert):
            found.append(Verb("decide", _("认定"), DecisionForm, decide_alerts))
        elif alert.state == Alert.State.APPEALED and alert.decider != actor.person_id:
            found.append(Verb("review", _("复核申诉"), DecisionForm, review_appeals, _("复核结论为最终结论。")))
    return found


def _alert(actor: Actor, pk: UUID) -> Alert:
    actor.require("vehicles.alert.view")
    row = Alert.objects.select_related("vehicle", "node", "run", "trip").filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这条预警，或不归当前岗位看。"))
    actor.require("vehicles.alert.view", row.path)
    return row


@require_GET
def alert(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One warning: what was noticed, by which rules, what was said and decided, and what can be done now."""
    actor = actor_of(request)
    return _page(request, actor, _alert(actor, pk), {})


@require_POST
def act(request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    actor = actor_of(request)
    row = _alert(actor, pk)
    found = next((v for v in verbs(row, actor) if v.name == verb), None)
    if found is None:
        raise Missing(_("现在不能这样做。"))
    form = found.form(request.POST)
    if form.is_valid():
        try:
            found.run([row], actor=actor, key=request.POST.get("key", "")[:60] or new_key(), **form.cleaned_data)
        except Invalid as fault:
            form.add_error(None, fault.message)
        else:
            messages.success(request, _("已提交"))
            return redirect("vehicles:alert", pk)
    return _page(request, actor, row, {verb: form}, status=422)


def _page(
    request: HttpRequest, actor: Actor, row: Alert, bound: Mapping[str, forms.Form], status: int = 200
) -> HttpResponse:
    rules = _rules(row)
    context = {
        "row": row, "tone": COLOURS[row.colour], "state_tone": STATES[row.state], "facts": facts_of(row, rules),
        "points": _points(row), "colours": _colours(row, rules), "outcome": _outcome(row), "about": _about(row), "story": _story(row),
        "track": _track(row, actor), "verbs": [(v, bound.get(v.name) or v.form()) for v in verbs(row, actor)], "key": new_key(),
        "crumbs": [
            Crumb(_("监督概览"), reverse("vehicles:watch")), Crumb(_("用车预警"), reverse("registers:list", args=["alerts"])),
            Crumb(row.get_code_display()),
        ],
    }  # fmt: skip
    return render(request, "vehicles/warning.html", context, status=status)


def facts_of(row: Alert, rules: Mapping[str, Rule] | None = None) -> list[dict[str, str]]:
    """The facts of the evidence pack in the reader's words; ``rules`` by id, where their names are wanted."""
    return [
        {
            "label": str(WORDS.get(fact["what"], fact["what"])), "unit": _said(fact["unit"]),
            "value": _value(fact["what"], fact["value"]), "limit": fact["limit"], "code": fact.get("code", ""),
            "article": _said(fact.get("article", "")), "name": _rule_name((rules or {}).get(fact.get("rule", ""))),
        }
        for fact in row.evidence.get("facts", ())
    ]  # fmt: skip


def _said(text: str) -> str:
    """A unit, or the source of a rule: those of ours have a translation, a law is cited as it is."""
    return _(text) if text else ""


def _value(what: str, value: str) -> str:
    """A fact's value; what is kept as a code gets its word."""
    if what == "document":
        return str(DOCUMENTS.get(value, value))
    if what == "state" and value in VehicleState.values:
        return str(VehicleState(value).label)
    return value


def _rules(row: Alert) -> dict[str, Rule]:
    """The editions that judged, by id."""
    said = (*row.evidence.get("facts", ()), *row.evidence.get("colour", ()))
    return {str(r.pk): r for r in Rule.objects.filter(pk__in={i["rule"] for i in said if i.get("rule")})}


def _rule_name(rule: Rule | None) -> str:
    return in_language(rule.name, rule.name_en) if rule is not None else ""


def _track(row: Alert, actor: Actor) -> str:
    """Where the vehicle's track of that day is, for who may look at it; the page asks for a reason."""
    if row.vehicle_id is None or not actor.may("vehicles.track.look", row.path):
        return ""
    return reverse("vehicles:track", args=[row.vehicle_id, timezone.localdate(row.begins).isoformat()])


def _points(row: Alert) -> list[tuple[str, int]]:
    return [(str(PARTS[p["part"]]), p["points"]) for p in row.evidence.get("points", ()) if p["part"] in PARTS]


def _colours(row: Alert, rules: Mapping[str, Rule]) -> list[str]:
    """Why it has its colour."""
    said = []
    for reason in row.evidence.get("colour", ()):
        colour = str(Colour(reason["colour"]).label)
        rule = rules.get(reason["rule"])
        name = f"{rule.code} {_rule_name(rule)}" if rule is not None else ""
        if reason["why"] == "repeated":
            said.append(
                _("同类第 %(n)s 次，升为%(colour)s色（%(rule)s）") % {"n": reason["n"], "colour": colour, "rule": name}
            )
        elif reason["why"] == "found":
            said.append(_("按情形轻重为%(colour)s色") % {"colour": colour})
        else:
            said.append(_("按类型为%(colour)s色（%(rule)s）") % {"colour": colour, "rule": name})
    return said


def _outcome(row: Alert) -> str:
    """How it was decided, with the kind of violation."""
    if not row.violation:
        return str(row.get_outcome_display())
    said = {"outcome": row.get_outcome_display(), "violation": row.get_violation_display()}
    return _("%(outcome)s：%(violation)s") % said


def _about(row: Alert) -> list[tuple[str, str]]:
    """The records behind it, each with its page. Another warning is told in the reader's language."""
    found = []
    items = row.evidence.get("about", ())
    others = Alert.objects.filter(pk__in=[i["pk"] for i in items if i["model"] == "vehicles.alert"])
    names = {str(other.pk): str(other) for other in others.select_related("vehicle", "node")}
    for item in items:
        try:
            if item["model"] in PAGES:
                url = reverse(PAGES[item["model"]], args=[item["pk"]])
            else:
                url = reverse("registers:detail", args=[REGISTERS[item["model"]], item["pk"]])
        except (KeyError, NoReverseMatch):
            url = ""
        found.append((names.get(item["pk"], item["text"]), url))
    return found


def _story(row: Alert) -> list[Entry]:
    """What happened to it, in order."""
    final = _outcome(row)
    story = [Entry(_("系统产生预警"), row.created_at, icon="alert-triangle")]
    if row.explained_at:
        story.append(Entry(_("说明情况"), row.explained_at, row.explained_by, comment=row.explanation))
    if row.decided_at:
        # An appeal may have changed the outcome since: then the last entry says it.
        said = _("作出认定") if row.ruled_by else _("认定为“%(outcome)s”") % {"outcome": final}
        story.append(Entry(said, row.decided_at, row.decided_by, comment=row.decision))
    if row.appealed_at:
        story.append(Entry(_("提出申诉"), row.appealed_at, row.appealed_by, comment=row.appeal))
    if row.ruled_by:
        story.append(
            Entry(_("复核为“%(outcome)s”") % {"outcome": final}, row.closed_at, row.ruled_by, comment=row.ruling)
        )
    elif row.closed_at and row.outcome == Alert.Outcome.LAPSED:
        story.append(Entry(_("情形已消除，自动办结"), row.closed_at, icon="circle-check"))
    elif row.closed_at and row.outcome == Alert.Outcome.VIOLATION:
        story.append(Entry(_("申诉时限已过，办结"), row.closed_at, icon="circle-check"))
    return story
