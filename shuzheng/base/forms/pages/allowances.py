"""Extensions, exemptions and late filing: asked for on the form, decided in one list."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import allowances as verbs
from shuzheng.base.forms.models import Allowance, Round
from shuzheng.base.forms.pages.common import Place, asked, crumbs, find_place, find_round, find_submission, supervises
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.standards import working_days
from shuzheng.kernel.errors import Invalid, Missing

LISTED = 200
EVENING = time(18)


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An institution asks the tier above; the tier itself, looking at one below it, grants."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    own = submission.path in actor.scope.write
    actor.require("forms.allowance.ask" if own else "forms.allowance.decide", submission.path)
    fault = None
    if request.method == "POST":
        verb = verbs.ask_allowances if own else verbs.grant_allowances
        try:
            verb([submission], actor=actor, round=submission.round, key=_key(request), **_given(request))
        except Invalid as refused:
            fault = refused
        else:
            messages.success(request, _("已申请，等待上级审批") if own else _("已同意"))
            return redirect("forms:entry", pk=pk)
    context = {
        "submission": submission, "round": submission.round, "fault": fault, "own": own, **_choices(request),
        "post_to": reverse("forms:allowance_ask", args=[pk]), "for_name": submission.node.name,
        "earlier": Allowance.objects.filter(submission=submission).order_by("-created_at")[:10],
        "crumbs": crumbs(
            submission.round, reverse("forms:round", args=[submission.round_id]),
            Crumb(submission.node.name, reverse("forms:entry", args=[pk])), Crumb(_("延期、免报、补报")),
        ),
    }  # fmt: skip
    return render(request, "forms/allowance.html", context, status=422 if fault else 200)


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """All of a round below a place, what waits for one's own decision first; asking or granting for a whole division."""
    actor = asked(request, "forms.submission.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    fault = None
    if request.method == "POST":
        own = place.path == actor.division
        actor.require("forms.allowance.ask" if own else "forms.allowance.decide", place.path)
        verb = verbs.ask_allowances if own else verbs.grant_allowances
        try:
            verb([place.division], actor=actor, round=round_, key=_key(request), **_given(request))
        except Invalid as refused:
            fault = refused
        else:
            messages.success(request, _("已申请，等待上级审批") if own else _("已同意"))
            return redirect(f"{reverse('forms:allowances', args=[pk])}?at={actor.division}")
    return render(
        request, "forms/allowances.html", _list(request, actor, round_, place, fault), status=422 if fault else 200
    )


def _list(request: HttpRequest, actor: Actor, round_: Round, place: Place, fault: Invalid | None) -> dict[str, Any]:
    span = Range.subtree(place.path)
    rows = list(
        Allowance.objects.filter(round=round_, at__gte=span.lo, at__lt=span.hi).order_by("-created_at")[:LISTED]
    )
    mine = {r.pk for r in rows if r.state == Allowance.State.ASKED and r.decider == actor.division}
    may = actor.may("forms.allowance.decide", actor.division)
    own = place.path == actor.division
    needed = "forms.allowance.ask" if own else "forms.allowance.decide"
    return {
        "round": round_, "place": place, "fault": fault, "own": own,
        "rows": sorted(((r, may and r.pk in mine) for r in rows), key=lambda pair: not pair[1]),
        "may_ask": not place.own and actor.may(needed, place.path) and not (own and actor.tier <= round_.tier),
        "for_name": place.name,
        "post_to": f"{reverse('forms:allowances', args=[round_.pk])}?at={place.path}",
        "crumbs": crumbs(round_, reverse("forms:round", args=[round_.pk]), Crumb(_("延期、免报、补报"))),
        **_choices(request),
    }  # fmt: skip


@require_POST
def decide(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = Allowance.objects.select_related("round__definition").filter(pk=pk).first()
    if row is None or not supervises(actor, row.path):
        raise Missing(_("没有这项申请，或不归当前岗位看。"))
    agree = request.POST.get("agree") == "1"
    opinion = request.POST.get("opinion", "")[:300]
    verbs.decide_allowances([row], actor=actor, agree=agree, opinion=opinion, until=_evening(request.POST.get("until")))
    messages.success(request, _("已同意") if agree else _("已回复不同意"))
    return redirect(f"{reverse('forms:allowances', args=[row.round_id])}?at={actor.division}")


@require_POST
def end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """An exempted institution is asked again."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    verbs.end_exemptions([submission], actor=actor, why=request.POST.get("why", ""))
    messages.success(request, _("已恢复填报"))
    return redirect("forms:entry", pk=pk)


def _given(request: HttpRequest) -> dict[str, Any]:
    what = request.POST.get("what", "")
    return {"what": what, "why": request.POST.get("why", "")[:300], "until": _evening(request.POST.get("until"))}


def _evening(text: str | None) -> datetime | None:
    day = parse_date(text or "")
    return timezone.make_aware(datetime.combine(day, EVENING)) if day else None


def _choices(request: HttpRequest) -> dict[str, Any]:
    given = request.POST if request.method == "POST" else request.GET
    chosen = given.get("what", Allowance.What.EXTENSION)
    return {
        "whats": Allowance.What.choices,
        "chosen": chosen if chosen in Allowance.What.values else Allowance.What.EXTENSION,
        "why": given.get("why", ""),
        "until": given.get("until") or working_days.add(timezone.localdate(), 5).isoformat(),
    }


def _key(request: HttpRequest) -> str:
    given = request.POST.get("key", "")[:50]
    return f"allow:{given}" if given else ""
