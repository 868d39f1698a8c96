"""Findings of a round: by institution and cell, filtered, as a file; asking a cell again or asking for an explanation."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.forms import exports, findings, names
from shuzheng.base.forms.amendments import return_cells
from shuzheng.base.forms.findings import KINDS, STATES, Finding
from shuzheng.base.forms.jobs import export_findings
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.pages.common import Place, asked, crumbs, find_place, find_round, quality_tabs, trail
from shuzheng.base.forms.pages.review import deadlines
from shuzheng.base.forms.pages.transfer import attachment
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.kernel.errors import Invalid

LISTED = 100
LIVE = 5_000
"""Submissions that are checked while one waits; a larger part of the tree is a job that makes the file."""
TONES = {"error": "over", "warning": "warn", "outlier": "info"}
REASON = 300


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.submission.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    url = reverse("forms:findings", args=[round_.pk])
    reported = findings.count_reported(round_, place.path)
    context: dict[str, Any] = {
        "round": round_, "place": place, "trail": trail(place, actor, url), "reported": reported, "live": LIVE,
        "title": names.label(round_.definition), "period": names.period_label(round_.period),
        "crumbs": crumbs(round_, f"{reverse('forms:round', args=[round_.pk])}?at={place.path}", Crumb(_("数据核查"))),
        "looks": quality_tabs(round_, place.path, "findings"),
        "is_large": reported > LIVE, "may_export": actor.may("forms.round.export"),
    }  # fmt: skip
    if reported <= LIVE:
        context |= _listed(request, actor, place, list(findings.collect(round_, place.path)), url)
    return render(request, "forms/findings.html", context)


def _listed(request: HttpRequest, actor: Actor, place: Place, found: list[Finding], url: str) -> dict[str, Any]:
    """Tabs with counts, and the page of the list that was asked for."""
    wanted = _wanted(request)
    kinds, _all_states = findings.tallies(found)
    of_kind = [f for f in found if not wanted["kind"] or f.kind == wanted["kind"]]
    _kinds, states = findings.tallies(of_kind)
    kept = sorted(_kept(of_kind, wanted), key=lambda f: STATES.index(f.state))  # what waits for somebody first
    pages = Paginator(kept, LISTED).get_page(request.GET.get("page"))
    labels = findings.kind_labels()
    base = {"at": place.path, **{k: v for k, v in wanted.items() if v}}

    def link(**changes: str) -> str:
        return f"{url}?{urlencode({k: v for k, v in {**base, **changes}.items() if v or k == 'at'})}"

    may_return = actor.may("forms.submission.return", place.division.path)
    return {
        "wanted": wanted,
        "open": sum(f.state == "open" for f in found),
        "kinds": [
            Tab(_("全部"), link(kind="", state=""), not wanted["kind"], len(found)),
            *(
                Tab(labels[k], link(kind=k, state=""), wanted["kind"] == k, kinds[k], TONES[k] if kinds[k] else "")
                for k in KINDS
            ),
        ],
        "states": [
            Tab(_("各种状态"), link(state=""), not wanted["state"]),
            *(
                Tab(label, link(state=code), wanted["state"] == code, states[code])
                for code, label in findings.state_labels().items()
            ),
        ],
        "rows": [(f, labels[f.kind], TONES[f.kind], _may_ask(actor, f) and may_return) for f in pages],
        "states_said": findings.state_labels(),
        "pages": pages,
        "previous": link(page=str(pages.previous_page_number())) if pages.has_previous() else "",
        "next": link(page=str(pages.next_page_number())) if pages.has_next() else "",
        "query": urlencode(base),
        "may_return": may_return,
        "key": new_key(),
    }


def _wanted(request: HttpRequest) -> dict[str, str]:
    """The filter: one kind, one state, part of the institution's name; what is unknown is no condition."""
    kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
    return {
        "kind": kind if kind in KINDS else "",
        "state": state if state in STATES else "",
        "q": request.GET.get("q", "").strip()[:40],
    }


def _kept(found: Sequence[Finding], wanted: dict[str, str]) -> list[Finding]:
    return [
        f
        for f in found
        if (not wanted["kind"] or f.kind == wanted["kind"])
        and (not wanted["state"] or f.state == wanted["state"])
        and (not wanted["q"] or wanted["q"] in f.submission.node.name)
    ]


def _may_ask(actor: Actor, found: Finding) -> bool:
    """Whether the cell can be asked again now: it can be typed in, nothing is under way, and it has come to one's tier."""
    reached = found.submission.waiting_tier or found.submission.approved_tier
    return bool(found.inputs) and found.state != "returned" and actor.tier >= reached


@require_GET
def export(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The findings under the present filter as a workbook; of a large part of the tree all of them, by a job."""
    actor = asked(request, "forms.round.export")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    title = f"{place.name} {round_.title} {_('检查结果')}"
    reported = findings.count_reported(round_, place.path)
    exports.note_export([place.division], actor=actor, round=round_, what="findings", path=place.path, rows=reported)
    if reported > LIVE:
        export_findings.start(actor, title, round_id=str(round_.pk), path=place.path)
        messages.info(request, _("%(n)s 家在后台检查，完成后到“我的任务”下载") % {"n": f"{reported:,}"})
        return redirect(f"{reverse('forms:findings', args=[round_.pk])}?at={place.path}")
    file = io.BytesIO()
    findings.write_sheet(file, _kept(list(findings.collect(round_, place.path)), _wanted(request)))
    return attachment(file.getvalue(), f"{title}.xlsx")


@require_POST
def ask(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask the cells of one finding (``return`` or ``explain``), or of those that were ticked (``bulk``), again.

    Each institution is an amendment of its own: one that can't be asked now does not keep the others from being asked.
    """
    actor = actor_of(request)
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.return")
    if findings.count_reported(round_, place.path) > LIVE:
        raise Invalid(_("已报单位多，在后台检查"))
    how = request.POST.get("bulk") or ("explain" if request.POST.get("explain") else "return")
    picked = {request.POST.get(how, "")} if not request.POST.get("bulk") else set(request.POST.getlist("pick"))
    found = [f for f in findings.collect(round_, place.path) if f.key in picked and f.inputs]
    if not found:
        raise Invalid(_("没有选中要处理的格。"))
    by_owner: dict[Submission, dict[str, str]] = defaultdict(dict)
    for item in found:
        by_owner[item.submission] |= dict.fromkeys(item.inputs, _reason(how, item))
    done, refused = _ask_each(actor, round_, by_owner, request.POST.get("key", "")[:30])
    if done:
        said = _("已要求 %(n)d 家说明") if how == "explain" else _("已退回 %(n)d 家的格，其余已审的不动")
        messages.success(request, said % {"n": done})
    for words in refused[:3]:
        messages.warning(request, words)
    query = request.GET.urlencode()
    return redirect(f"{reverse('forms:findings', args=[round_.pk])}?{query}")


def _ask_each(actor: Actor, round_: Round, asked_: dict[Submission, dict[str, str]], key: str) -> tuple[int, list[str]]:
    done, refused = 0, []
    for submission, cells in asked_.items():
        submission.round = round_
        until = datetime.fromisoformat(deadlines(submission)[-1][0])
        once = f"find:{key}:{submission.pk.hex}" if key else ""
        try:
            return_cells([submission], actor=actor, key=once, cells=cells, due_at=until)
        except Invalid as fault:
            refused.append(fault.message)
        else:
            done += 1
    return done, refused


def _reason(how: str, found: Finding) -> str:
    text = _("请说明：%(text)s") % {"text": found.text} if how == "explain" else found.text
    return text[:REASON]


__all__ = ["ask", "export", "page"]
