"""Rounds: the list, the board of one round with drill-down, reminding, ending."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names, workbench
from shuzheng.base.forms.actions import close_rounds
from shuzheng.base.forms.actions import remind as remind_action
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.pages.common import Place, asked, find_place, find_round, form_of, supervises, trail
from shuzheng.base.forms.queries import Progress, board, order_by_trouble, overall, own_level, queues
from shuzheng.base.forms.queries import unreported as find_unreported
from shuzheng.base.forms.workbench import segments
from shuzheng.base.org.models import Tier
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing

State = Submission.State
LISTED = 100
"""Institutions on one page of a list."""
FIRST = 20
"""Unreported institutions that are listed where there are divisions below to look into."""
REMIND_MOST = 2000
"""Reminded at once: whoever looks after more lets the tiers below remind theirs."""


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "forms.round.view")
    rows = workbench.rounds(actor, open_only=False)
    context = {
        "rows": [_row(r) for r in rows],
        "watches": workbench.supervises(actor),
        "may_issue": actor.may("forms.round.issue"),
        "open_count": sum(r.round.state != Round.State.CLOSED for r in rows),
        "first": next((r for r in rows if r.round.state == Round.State.OPEN), None),
        "key": new_key(),
        "now": timezone.now(),
    }
    return render(request, "forms/rounds.html", context)


def _row(row: workbench.RoundRow) -> dict[str, Any]:
    return {
        "row": row,
        "form": names.label(row.round.definition),
        "is_done": row.round.state == Round.State.CLOSED or (row.progress is not None and not row.progress.unreported),
    }


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The board; for an institution that looks after nobody, its own form."""
    actor = asked(request, "forms.round.view")
    round_ = find_round(pk)
    if not supervises(actor) and "at" not in request.GET:
        own = Submission.objects.filter(round=round_, node_id=actor.organ_id).first()
        if own is None:
            raise Missing(_("本单位不在这项任务的填报范围内。"))
        return redirect("forms:entry", pk=own.pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    context = _board(request, actor, round_, place)
    partial = request.htmx and request.htmx.target and "board" in request.htmx.target
    return render(request, "forms/parts/board.html" if partial else "forms/round.html", context)


def _board(request: HttpRequest, actor: Actor, round_: Round, place: Place) -> dict[str, Any]:
    now = timezone.now()
    url = reverse("forms:round", args=[round_.pk])
    rows: list[Progress] = []
    if place.own:
        whole = own_level(round_, place.division, now)
    else:
        whole = overall(round_, place.division, now)
        rows = board(round_, place.division, now)
    sort = request.GET.get("sort", "")
    rows = rows if sort == "tree" else order_by_trouble(rows)
    lists = place.own or (len(rows) == 1 and rows[0].kind == "own")
    _spec, period = form_of(round_)
    may_remind = round_.state == Round.State.OPEN and actor.may("forms.submission.remind", place.path)
    missing = find_unreported(round_, place.path)
    shown_most = LISTED if lists else FIRST
    return {
        "round": round_,
        "title": names.label(round_.definition),
        "period": names.period_label(period),
        "place": place,
        "trail": trail(place, actor, url),
        "crumbs": [Crumb(_("报送任务"), reverse("forms:rounds")), Crumb(names.round_title(round_))],
        "whole": whole,
        "segments": segments(whole),
        "rows": [] if lists else [(r, segments(r)) for r in rows],
        "sort": sort,
        "queues": [(q, Tier(q.tier).label) for q in queues(round_, place.path, actor.tier, now)],
        "units": _units(request, round_, place) if lists else None,
        "missing": list(missing.order_by("-filled", "path")[: shown_most + 1]) if not lists or may_remind else [],
        "most": shown_most,
        "most_slice": f":{shown_most}",
        "may_remind": may_remind,
        "may_review": actor.may("forms.submission.approve", place.division.path) and round_.state == Round.State.OPEN,
        "may_roll": actor.may("forms.rollup.view", place.division.path),
        "may_close": actor.may("forms.round.close", round_.path) and round_.state == Round.State.OPEN
        and round_.path in actor.scope.write,
        "is_over": round_.due_at < now,
        "key": new_key(),
        "url": url,
    }  # fmt: skip


def _units(request: HttpRequest, round_: Round, place: Place) -> dict[str, Any]:
    """The institutions of one level: trouble first, then what waits, then what is done."""
    span = Range.own_level(place.division.path)
    rank = Case(
        When(state=State.RETURNED, then=Value(0)), When(state=State.TODO, then=Value(1)),
        When(state=State.DRAFT, then=Value(2)), When(state=State.SUBMITTED, then=Value(3)),
        default=Value(4), output_field=IntegerField(),
    )  # fmt: skip
    rows = Submission.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi).select_related("node")
    state = request.GET.get("state", "")
    if state in State.values:
        rows = rows.filter(state=state)
    first = (max(1, int(request.GET.get("page", "1"))) - 1) * LISTED if request.GET.get("page", "1").isdecimal() else 0
    found = list(rows.order_by(rank, "path")[first : first + LISTED + 1])
    spec, _period = form_of(round_)
    return {
        "rows": found[:LISTED],
        "inputs": len(spec.inputs),
        "next": first // LISTED + 2 if len(found) > LISTED else None,
        "previous": first // LISTED if first else None,
        "state": state,
    }


@require_POST
def remind(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Remind the institutions that were chosen, or all of a place that have not handed in."""
    actor = actor_of(request)
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.remind")
    rows = find_unreported(round_, place.path)
    ids = request.POST.getlist("id")
    if not request.POST.get("all"):
        rows = rows.filter(pk__in=[i for i in ids if _is_uuid(i)])
    chosen = list(rows[: REMIND_MOST + 1])
    if len(chosen) > REMIND_MOST:
        raise Invalid(_("一次最多催 %(n)d 家，选一个下级再催。") % {"n": REMIND_MOST})
    if not chosen:
        raise Invalid(_("没有要催的单位：选中的都已提交。"))
    remind_action(chosen, actor=actor, key=_key(request, "remind"))
    messages.success(request, _("已催报 %(n)d 家") % {"n": len(chosen)})
    return redirect(_back(request, round_))


def _key(request: HttpRequest, verb: str) -> str:
    given = request.POST.get("key", "")[:60]
    return f"{verb}:{given}" if given else ""


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _back(request: HttpRequest, round_: Round) -> str:
    """Where one came from: the list of rounds, or the board at the same place."""
    if request.POST.get("from") == "rounds":
        return reverse("forms:rounds")
    query = request.GET.urlencode()
    return reverse("forms:round", args=[round_.pk]) + (f"?{query}" if query else "")


@require_POST
def close(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    round_ = find_round(pk)
    close_rounds([round_], actor=actor)
    messages.success(request, _("任务已结束"))
    return redirect("forms:round", pk=pk)


__all__ = ["close", "index", "page", "remind"]
