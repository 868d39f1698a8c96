"""Issuing a round: form, period, part of the tree, types, deadline on a working day; how many are asked is said before."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names
from shuzheng.base.forms.actions import issue_rounds
from shuzheng.base.forms.burden import questions_in
from shuzheng.base.forms.models import Definition, Round
from shuzheng.base.forms.pages.common import asked
from shuzheng.base.org.models import InstitutionType, Node, NodeKind, Tier
from shuzheng.base.portal import formats
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.standards import working_days
from shuzheng.base.standards.resolve import rule
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.periods import Period, PeriodKind

EVENING = time(18)
PERIODS = 6


class IssueForm(forms.Form):
    """What is asked for. Choices are those of the actor: their forms, the divisions they issue to."""

    definition = forms.ModelChoiceField(Definition.objects.none(), label=gettext_lazy("报表"), empty_label=None)
    period = forms.ChoiceField(label=gettext_lazy("报告期"))
    whole = forms.ChoiceField(label=gettext_lazy("范围"), widget=forms.RadioSelect)
    divisions = forms.ModelMultipleChoiceField(
        Node.objects.none(), label=gettext_lazy("下级"), required=False, widget=forms.CheckboxSelectMultiple
    )
    types = forms.MultipleChoiceField(
        label=gettext_lazy("机构类型"), required=False, choices=InstitutionType.choices,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("不选为全部类型"),
    )  # fmt: skip
    tiers = forms.TypedMultipleChoiceField(
        label=gettext_lazy("机构层级"), required=False, choices=Tier.choices, coerce=int,
        widget=forms.CheckboxSelectMultiple, help_text=gettext_lazy("不选为全部层级"),
    )  # fmt: skip
    nodes = forms.CharField(
        label=gettext_lazy("指定机构"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("一行一家，写名称或统一社会信用代码；不写为范围内全部"),
    )  # fmt: skip
    due = forms.DateField(label=gettext_lazy("截止日期"), widget=forms.DateInput(attrs={"type": "date"}))
    locks = forms.DateField(
        label=gettext_lazy("锁定日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("之后须批准补报才能填；不选为结束任务时锁定"),
    )  # fmt: skip
    signing = forms.ChoiceField(label=gettext_lazy("签署方式"), choices=Round.Signing.choices, required=False)
    title = forms.CharField(label=gettext_lazy("任务名称"), max_length=160, required=False)
    instructions = forms.CharField(
        label=gettext_lazy("填报说明"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any, *, actor: Actor) -> None:
        super().__init__(data)
        published = Definition.objects.filter(state=Definition.State.PUBLISHED).order_by("name", "-edition")
        chosen = published.filter(pk=data.get("definition")).first() if _uuid(data.get("definition")) else None
        chosen = chosen or published.first()
        self.definition = chosen
        self.fields["definition"].queryset = published
        self.fields["definition"].label_from_instance = names.label
        self.fields["period"].choices = [(str(p), names.period_label(p)) for p in periods(chosen)]
        self.fields["divisions"].queryset = Node.objects.filter(
            parent__path=actor.division, kind=NodeKind.DIVISION, valid_to=None
        ).order_by("path")
        self.fields["whole"].choices = [("1", _("本级和全部下级")), ("0", _("只要部分下级"))]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("whole") == "0" and not values.get("divisions"):
            self.add_error("divisions", _("选至少一个下级。"))
        values["listed"] = self._listed(values.get("nodes") or "")
        return values

    def _listed(self, text: str) -> list[Node]:
        """The institutions that single lines name; a line that names none, or several, is a fault."""
        wanted = _wanted(text)
        if not wanted:
            return []
        organs = Node.objects.filter(is_reporting=True, kind=NodeKind.ORGAN, valid_to=None)
        found = list(organs.filter(Q(name__in=wanted) | Q(uscc__in=wanted)))
        for line in wanted:
            hits = [n for n in found if line in (n.name, n.uscc)]
            if len(hits) != 1:
                words = _("没有“%(name)s”。") if not hits else _("“%(name)s”有几家，改写信用代码。")
                self.add_error("nodes", words % {"name": line})
        return found


def _wanted(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _uuid(text: Any) -> bool:
    from uuid import UUID

    try:
        UUID(str(text))
    except ValueError:
        return False
    return True


def periods(definition: Definition | None) -> list[Period]:
    """The period that ended last first, then the running one, then earlier ones."""
    if definition is None:
        return []
    kind = PeriodKind(definition.period_kind)
    if kind is PeriodKind.ONCE:
        today = timezone.localdate()
        return [Period.once(today, working_days.add(today, 10))]
    running = Period.containing(timezone.localdate(), kind)
    ended = [p for n in range(1, PERIODS) if (p := running.shift(-n)) is not None]
    return [*ended[:1], running, *ended[1:]]


def default_due(definition: Definition | None, path: str) -> date:
    """By the rule for the kind of form, put off to a working day; ten working days ahead where that is past or unset."""
    today = timezone.localdate()
    ahead = working_days.add(today, 10, path)
    found = periods(definition)
    if found and definition is not None and definition.period_kind == PeriodKind.QUARTER:
        by_rule = working_days.due("REPORT-DUE-QUARTER", found[0].end, path, on=today).day
        by_rule = working_days.next_working_day(by_rule, path)
        return by_rule if by_rule > today else ahead
    return ahead


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "forms.round.issue")
    form = IssueForm(_given(request, actor), actor=actor)
    fault = None
    if request.method == "POST" and form.is_valid():
        try:
            rounds = _issue(request, actor, form)
        except Invalid as refused:
            fault = refused
            put_faults(form, refused, names={"due_at": "due", "locks_at": "locks"})
        else:
            messages.success(request, _("已下达，正在为各单位开出填报"))
            return redirect("forms:round", pk=rounds[0].pk) if len(rounds) == 1 else redirect("forms:rounds")
    elif request.method == "GET":
        form.errors.clear()
    context = {"form": form, "fault": fault, "key": new_key(), **_preview(actor, form)}
    return render(request, "forms/issue.html", context, status=422 if request.method == "POST" else 200)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """How many institutions, and what kind of day the deadline is: asked as the form is filled in."""
    actor = asked(request, "forms.round.issue")
    form = IssueForm(_given(request, actor), actor=actor)
    return render(request, "forms/parts/issue_preview.html", {"period": form["period"], **_preview(actor, form)})


def _given(request: HttpRequest, actor: Actor) -> QueryDict:
    """The form's values: what was sent, with the usual ones for what was not."""
    given = (request.POST if request.method == "POST" else request.GET).copy()
    if request.method == "POST":
        return given
    published = Definition.objects.filter(state=Definition.State.PUBLISHED).order_by("name", "-edition")
    form = published.filter(pk=given["definition"]).first() if _uuid(given.get("definition")) else published.first()
    if given.get("period") not in map(str, periods(form)):
        given["period"] = ""  # that of the form chosen before
    for name, value in {
        "definition": str(form.pk) if form else "",
        "period": str(periods(form)[0]) if form else "",
        "whole": "1",
        "due": default_due(form, actor.organ_path).isoformat(),
    }.items():
        if not given.get(name):
            given[name] = value
    return given


def _asked_divisions(actor: Actor, form: IssueForm) -> list[Node]:
    if form.data.get("whole") == "0":
        wanted = form.data.getlist("divisions")
        return [n for n in form.fields["divisions"].queryset if str(n.pk) in wanted]
    return list(Node.objects.filter(path=actor.division, kind=NodeKind.DIVISION))


def _preview(actor: Actor, form: IssueForm) -> dict[str, Any]:
    divisions = _asked_divisions(actor, form)
    organs = Node.objects.filter(is_reporting=True, kind=NodeKind.ORGAN, valid_to=None)
    types = [t for t in form.data.getlist("types") if t in InstitutionType.values]
    tiers = [int(t) for t in form.data.getlist("tiers") if t in {"1", "2", "3", "4"}]
    lines = _wanted(form.data.get("nodes", ""))
    count = 0
    for division in divisions:
        span = Range.subtree(division.path)
        found = organs.filter(path__gte=span.lo, path__lt=span.hi)
        for field, wanted in (("type__in", types), ("tier__in", tiers)):
            found = found.filter(**{field: wanted}) if wanted else found
        named = Q(name__in=lines) | Q(uscc__in=lines)
        count += (found.filter(named) if lines else found).count()
    day = _day(form.data.get("due", ""))
    questions = questions_in(form.definition) if form.definition else 0
    return {
        "count": count,
        "questions": questions,
        "answers": questions * count,
        "day": day,
        "day_facts": _day_facts(day, actor.organ_path) if day else None,
        "tiers": [(Tier(t).label, moment) for t, moment in _tier_due(actor, day).items()] if day else [],
        "twin": _twin(form, divisions),
    }


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _day_facts(day: date, path: str) -> dict[str, Any]:
    """Whether offices work on that day, the next one on which they do, and how far off it is."""
    working = working_days.is_working_day(day, path)
    return {
        "is_working": working,
        "next": None if working else working_days.next_working_day(day, path),
        "ahead": working_days.between(timezone.localdate(), day, path),
        "weekday": formats.when(datetime.combine(day, EVENING)),
        "is_loaded": working_days.is_loaded(day),
    }


def _tier_due(actor: Actor, day: date) -> dict[int, datetime]:
    """When each tier is to be done with its review: so many working days after the one below (REPORT-REVIEW-DAYS)."""
    days = int(rule("REPORT-REVIEW-DAYS", timezone.localdate(), actor.organ_path).value)
    found, at = {}, day
    for tier in range(Tier.COUNTY, actor.tier - 1, -1):
        at = working_days.add(at, days, actor.organ_path)
        found[tier] = timezone.make_aware(datetime.combine(at, EVENING))
    return found


def _twin(form: IssueForm, divisions: list[Node]) -> Round | None:
    """A round of the same form and period that was asked of the same part of the tree already."""
    if form.definition is None:
        return None
    return Round.objects.filter(
        definition__code=form.definition.code,
        period=form.data.get("period", ""),
        audience__in=[d.path for d in divisions],
    ).first()


def _issue(request: HttpRequest, actor: Actor, form: IssueForm) -> list[Round]:
    values = form.cleaned_data
    due_at = timezone.make_aware(datetime.combine(values["due"], EVENING))
    if due_at <= timezone.now():
        raise Invalid(_("任务没有下达。"), Invalid.one("due_at", _("截止时间已过，改到今天之后。")).faults)
    key = request.POST.get("key", "")[:60]
    return list(
        issue_rounds(
            _asked_divisions(actor, form), actor=actor, key=f"issue:{key}" if key else "",
            definition=values["definition"], period=values["period"], due_at=due_at,
            tier_due={str(t): moment for t, moment in _tier_due(actor, values["due"]).items()},
            types=values["types"], tiers=values["tiers"], nodes=[n.pk for n in values["listed"]],
            signing=values["signing"] or Round.Signing.NAMED,
            locks_at=timezone.make_aware(datetime.combine(values["locks"], EVENING)) if values["locks"] else None,
            title=values["title"], instructions=values["instructions"],
        )
    )  # fmt: skip


__all__ = ["IssueForm", "default_due", "page", "periods", "preview"]
