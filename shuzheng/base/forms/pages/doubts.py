"""Doubts about numbers: the list of a round for those who supervise it, and the talk beside a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import doubts as verbs
from shuzheng.base.forms import names
from shuzheng.base.forms.jobs import check_round
from shuzheng.base.forms.models import Doubt, Round, Submission
from shuzheng.base.forms.pages.common import (
    asked,
    crumbs,
    find_place,
    find_round,
    find_submission,
    form_of,
    quality_tabs,
    trail,
)
from shuzheng.base.forms.spec import FormSpec
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.kernel.errors import Invalid, Missing
from shuzheng.kernel.periods import Period

PAGE = 50
SORTS = ("check", "outlier", "flag")


def below(round_: Round, path: str) -> QuerySet[Doubt]:
    """Doubts about what stands below a place."""
    span = Range.subtree(path)
    return Doubt.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi)


def described(spec: FormSpec, period: Period, row: Doubt) -> dict[str, Any]:
    """A doubt as pages and the API say it."""
    cell = spec.find(row.code)
    places = cell.places if cell else 2
    return {
        "row": row,
        "title": names.cell_title(spec, cell, period) if cell else row.code,
        "value": formats.number(row.value, places) if row.value is not None else formats.NONE,
        "unit": names.unit(cell.unit) if cell else "",
        "why": verbs.reason(spec, row, places),
    }


@require_GET
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Open doubts first; by sort, and those that are closed."""
    actor = asked(request, "forms.submission.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    spec, period = form_of(round_)
    rows = below(round_, place.path)
    opened = Q(state=Doubt.State.OPEN)
    counts = rows.aggregate(
        open=Count("id", filter=opened), closed=Count("id", filter=~opened),
        **{sort: Count("id", filter=opened & Q(sort=sort)) for sort in SORTS},
    )  # fmt: skip
    url = reverse("forms:doubts", args=[pk])
    here = f"{url}?at={place.path}"
    chosen = request.GET.get("show", "open")
    shown = {"closed": ~opened, **{sort: opened & Q(sort=sort) for sort in SORTS}}.get(chosen, opened)
    words = [("open", _("待核实")), *((s, Doubt.Sort(s).label) for s in SORTS), ("closed", _("已结"))]
    listed = rows.filter(shown).select_related("submission__node").order_by("-created_at", "path", "code")
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    more = f"{here}&show={chosen}&page="
    context = {
        "round": round_,
        "round_title": names.round_title(round_),
        "place": place,
        "trail": trail(place, actor, url),
        "open": counts["open"],
        "tabs": [Tab(str(word), f"{here}&show={name}", count=counts[name], active=name == chosen) for name, word in words],
        "rows": [described(spec, period, row) for row in page],
        "page": page,
        "next_url": f"{more}{page.next_page_number()}" if page.has_next() else "",
        "back_url": f"{more}{page.previous_page_number()}" if page.has_previous() else "",
        "may_settle": actor.may("forms.doubt.settle", actor.division) and chosen != "closed",
        "here": f"{here}&show={chosen}",
        "crumbs": crumbs(round_, reverse("forms:round", args=[pk]), Crumb(_("数据核查"))),
        "looks": quality_tabs(round_, place.path, "doubts"),
    }  # fmt: skip
    return render(request, "forms/doubts.html", context)


@require_POST
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Look at the round now, in a job: it takes a while for a nation. Whoever settles doubts in a part of it may ask."""
    actor = asked(request, "forms.doubt.settle")
    round_ = find_round(pk)
    find_place(request, actor, round_, "forms.doubt.settle")
    check_round.later(round_id=str(round_.pk), once=f"forms.check:{round_.pk}")
    messages.success(request, _("已开始核查，结果稍后列在这里"))
    return _back(request, round_)


@require_POST
def settle(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Close the chosen doubts of a round with one sentence."""
    actor = asked(request, "forms.doubt.settle")
    round_ = find_round(pk)
    ids = request.POST.getlist("id")[:PAGE]
    if not ids:
        messages.error(request, _("先选疑点。"))
        return _back(request, round_)
    rows = _doubts(round_, ids)
    try:
        verbs.settle(rows, actor=actor, note=request.POST.get("note", ""))
    except Invalid as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, _("已核实 %(n)d 处") % {"n": len(rows)})
    return _back(request, round_)


@require_POST
def flag(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """A word about a cell: about a doubt that stands there (``doubt``), or a mark of one's own."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    text, about = request.POST.get("text", ""), request.POST.get("doubt", "")
    try:
        if about:
            verbs.remark(_doubts(submission.round, [about]), actor=actor, text=text)
        else:
            verbs.flag([submission], actor=actor, code=code, text=text)
    except Invalid as fault:
        messages.error(request, fault.message)
    else:
        messages.success(request, _("已留言，对方会收到通知"))
    return redirect("forms:cell", pk=pk, code=code)


def _doubts(round_: Round, ids: Sequence[str]) -> list[Doubt]:
    """All of them, of this round and in sight.

    Raises:
        Missing: one is not.
    """
    try:
        rows = list(Doubt.objects.filter(round=round_, pk__in=[UUID(i) for i in ids]))
    except ValueError:
        rows = []
    if len(rows) < len(set(ids)):
        raise Missing(_("没有这条疑点。"))
    return rows


def of_cell(actor: Actor, submission: Submission, code: str, spec: FormSpec, period: Period) -> dict[str, Any]:
    """What the panel of a cell shows of doubts: those about it, and whether the reader may say something."""
    rows = submission.doubts.filter(code=code).order_by("state", "created_at")
    return {
        "doubts": [described(spec, period, row) for row in rows],
        "may_flag": actor.may("forms.doubt.flag", submission.path),
    }


def open_of(submission: Submission) -> list[str]:
    """Cells of a submission that are doubted now, each once."""
    rows = submission.doubts.filter(state=Doubt.State.OPEN).order_by("code")
    return list(dict.fromkeys(rows.values_list("code", flat=True)))


def _back(request: HttpRequest, round_: Round) -> HttpResponse:
    """To the list as it was; never elsewhere."""
    url = reverse("forms:doubts", args=[round_.pk])
    query = request.POST.get("back", "").partition("?")[2]
    return redirect(f"{url}?{query}" if query else url)
