"""Review: the queue of a tier, one submission beside the one before it, passing on and returning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from shuzheng.base.audit.models import Entry as Audit
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names
from shuzheng.base.forms.actions import approve as approve_action
from shuzheng.base.forms.actions import return_ as return_action
from shuzheng.base.forms.amendments import open_one, return_cells
from shuzheng.base.forms.compare import compare, values_of
from shuzheng.base.forms.history import before
from shuzheng.base.forms.models import Edition, Round, Submission
from shuzheng.base.forms.numbers import exact, percent, shown
from shuzheng.base.forms.pages.common import Place, asked, find_place, find_round, find_submission, form_of
from shuzheng.base.forms.pages.entry import fill_in, said_findings
from shuzheng.base.forms.queries import board, overall, own_level, tier_due, waiting_for
from shuzheng.base.forms.spec import LAST_YEAR
from shuzheng.base.forms.tiers import chains, member_of
from shuzheng.base.forms.workbench import segments
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Crumb, Entry
from shuzheng.base.standards import working_days
from shuzheng.base.standards.resolve import rule
from shuzheng.kernel.errors import Invalid

State = Submission.State
QUEUE = 200
"""Of the queue so many are listed; the counts beside it are of all."""
BATCH = 5000
VIEWS = ("diff", "this", "last")


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.submission.approve")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.approve")
    context = _desk(request, actor, round_, place)
    partial = request.htmx and request.htmx.target and "desk" in request.htmx.target
    return render(request, "forms/parts/desk.html" if partial else "forms/review.html", context)


def _desk(request: HttpRequest, actor: Actor, round_: Round, place: Place) -> dict[str, Any]:
    now = timezone.now()
    mine = _division(actor, place)
    span = Range.subtree(place.path)
    queue = waiting_for(round_, mine).filter(path__gte=span.lo, path__lt=span.hi)
    listed = list(queue[:QUEUE])
    chosen = _chosen(request, listed, actor)
    rows = [] if place.own else board(round_, mine, now)
    rows = sorted(rows, key=lambda r: (-r.mine, -r.unreported, r.path))
    whole = own_level(round_, place.division, now) if place.own else overall(round_, mine, now)
    at = member_of(chosen.path, mine.path) if chosen else place.path
    view = request.GET.get("view", "diff") if request.GET.get("view") in VIEWS else "diff"
    return {
        "round": round_,
        "title": names.label(round_.definition),
        "period": names.period_label(round_.period),
        "crumbs": [
            Crumb(_("报送任务"), reverse("forms:rounds")),
            Crumb(names.round_title(round_), reverse("forms:round", args=[round_.pk])),
            Crumb(_("审核")),
        ],
        "place": place,
        "whole": whole,
        "rows": [(r, segments(r)) for r in rows] if len(rows) > 1 else [],
        "at": at,
        "queue": listed,
        "waiting": queue.count() if len(listed) == QUEUE else len(listed),
        "tier_label": Tier(actor.tier).label,
        "due": tier_due(round_, actor.tier),
        "url": reverse("forms:review", args=[round_.pk]),
        "view": view,
        "key": new_key(),
        "tabs": _tabs(request, view, chosen),
        **(_opened(actor, chosen, listed, view) if chosen else {"chosen": None}),
    }


def _division(actor: Actor, place: Place) -> Node:
    """The division whose turn counts: the actor's own, wherever below it one looks."""
    if place.division.path == actor.division:
        return place.division
    return Node.objects.get(path=actor.division, kind=NodeKind.DIVISION)


def _chosen(request: HttpRequest, listed: Sequence[Submission], actor: Actor) -> Submission | None:
    wanted = request.GET.get("s", "")
    found = next((s for s in listed if str(s.pk) == wanted), None)
    if found is None and wanted:
        try:
            return find_submission(UUID(wanted), actor)
        except ValueError:
            found = None
    return found or (listed[0] if listed else None)


def _tabs(request: HttpRequest, view: str, chosen: Submission | None) -> list[tuple[str, str, bool]]:
    words = {"diff": _("两次对比"), "this": _("本次"), "last": _("对去年同期")}
    if chosen and chosen.edition < 2:
        words.pop("diff")
        view = "this" if view == "diff" else view
    return [(word, _query(request.GET, view=name), name == view) for name, word in words.items()]


def _query(given: QueryDict, **changes: str) -> str:
    query = given.copy()
    for name, value in changes.items():
        query[name] = value
    return "?" + query.urlencode()


def _opened(actor: Actor, chosen: Submission, listed: Sequence[Submission], view: str) -> dict[str, Any]:
    """The submission on the right: two sides, findings, what happened so far, and what may be done."""
    chosen.round = find_round(chosen.round_id)
    filled, _factors, findings, explanations = fill_in(chosen, editable=False)
    editions = list(chosen.editions.order_by("-number")[:2])
    old, old_title = _other_side(view, filled, editions)
    new_title = _("第 %(n)d 次 · %(at)s") % {"n": chosen.edition, "at": formats.when(chosen.submitted_at)}
    diff = compare(filled.spec, filled.period, filled.values, old, filled.before, filled.kinds)
    place = next((n for n, s in enumerate(listed) if s.pk == chosen.pk), None)
    chain = chains([chosen.path], top=chosen.round.tier)[chosen.path]
    reached = chosen.waiting_tier or chosen.approved_tier
    my_turn = chosen.state == State.SUBMITTED and chosen.waiting_tier == actor.tier
    return {
        "chosen": chosen,
        "division": chosen.node.division,
        "diff": diff,
        "old_title": old_title,
        "new_title": new_title,
        "checks": said_findings(filled, findings, explanations),
        "passed": len(filled.spec.checks) - len(findings),
        "doubts": sum(1 for f in findings if f.check.level == "warning"),
        "results": filled.results(),
        "facts": [
            (names.label(c), formats.number(exact(filled.values.get(c.code))), names.unit(c.unit))
            for c in filled.spec.inputs if c.fact
        ],
        "history": _history(chosen),
        "amendment": open_one(chosen),
        "number": place + 1 if place is not None else None,
        "previous": listed[place - 1] if place else None,
        "next": listed[place + 1] if place is not None and place + 1 < len(listed) else None,
        "my_turn": my_turn and actor.may("forms.submission.approve", chosen.path),
        "may_return": chosen.state in (State.SUBMITTED, State.APPROVED)
        and actor.may("forms.submission.return", chosen.path)
        and any(s.path == actor.division and s.tier <= reached for s in chain),
        "waits_for": Tier(chosen.waiting_tier).label if chosen.waiting_tier else "",
        "inputs": len(filled.spec.inputs),
    }  # fmt: skip


def _other_side(view: str, filled: Any, editions: Sequence[Edition]) -> tuple[Any, str]:
    if view == "last":
        then = {c: filled.before.get(LAST_YEAR + c) for c in filled.spec.cells}
        return then, _("去年同期")
    if view == "diff" and len(editions) == 2:
        earlier = editions[1]
        title = _("第 %(n)d 次 · %(at)s") % {"n": earlier.number, "at": formats.when(earlier.at)}
        return values_of(earlier.values, filled.spec), title
    return None, ""


def _history(submission: Submission) -> list[Entry]:
    """What happened: handed in, passed, returned, reminded; the latest first."""
    words = {
        "forms.submission.approve": ("check", "ok", _("审核通过")),
        "forms.submission.return": ("arrow-back-up", "over", _("退回")),
        "forms.submission.submit": ("upload", "", _("提交")),
        "forms.submission.remind": ("bell", "warn", _("催报")),
        "forms.amendment.return": ("arrow-back-up", "over", _("退回几格")),
        "forms.amendment.confirm": ("check", "ok", _("确认改动")),
    }
    rows = Audit.objects.filter(
        model="forms.submission",
        object_id=str(submission.pk),
        action__in=words,
        after__has_any_keys=["submitted_at", "approved_tier", "returned_reason", "reminded_at", "returns", "edition"],
    )
    found = []
    for row in rows.order_by("-at")[:10]:
        icon, tone, word = words[row.action]
        found.append(
            Entry(
                word, row.at, by=f"{row.actor_name} · {row.actor_organ}" if row.actor_organ else row.actor_name,
                icon=icon, state=tone, comment=row.after.get("returned_reason", ""),
            )
        )  # fmt: skip
    return found


@require_POST
def approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pass on what was chosen (``id``, with the version that was seen), or everything that waits in a place (``all``)."""
    actor = actor_of(request)
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.approve")
    span = Range.subtree(place.path)
    queue = waiting_for(round_, _division(actor, place)).filter(path__gte=span.lo, path__lt=span.hi)
    seen: dict[UUID, int] = {}
    if request.POST.get("all"):
        chosen = list(queue[:BATCH])
    else:
        for text in request.POST.getlist("id"):
            one, _dot, version = text.partition(".")
            seen[UUID(one)] = int(version or 0)
        chosen = list(Submission.objects.select_related("node", "round__definition").filter(round=round_, pk__in=seen))
    if not chosen:
        raise Invalid(_("没有选中要通过的单位。"))
    following = _following(request, queue, {s.pk for s in chosen})
    given = request.POST.get("key", "")[:60]
    approve_action(
        chosen, actor=actor, seen={k: v for k, v in seen.items() if v} or None, key=f"approve:{given}" if given else ""
    )
    if len(chosen) == 1:
        messages.success(request, _("%(name)s已通过") % {"name": chosen[0].node.name})
    else:
        messages.success(request, _("已通过 %(n)d 家") % {"n": len(chosen)})
    return redirect(following)


def _following(request: HttpRequest, queue: Any, done: set[UUID]) -> str:
    """The review page at the next one in the queue."""
    query = request.GET.copy()
    query.pop("s", None)
    order = list(queue.values_list("pk", flat=True)[: QUEUE + len(done)])
    places = [n for n, pk in enumerate(order) if pk in done]
    after = [pk for pk in order[places[-1] + 1 :] if pk not in done] if places else []
    if after:
        query["s"] = str(after[0])
    return f"{request.path.rsplit('approve/', 1)[0]}review/?{query.urlencode()}"


@require_http_methods(["GET", "POST"])
def send_back(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Returning: evidence first, then reason and deadline; with cells, only those are opened again."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    actor.require("forms.submission.return", submission.path)
    spec, period = form_of(submission.round)
    given = request.POST if request.method == "POST" else request.GET
    cells = [c for c in given.getlist("cell") if c in spec.cells and spec.cells[c].is_input]
    choices = deadlines(submission)
    fault = None
    if request.method == "POST":
        why = request.POST.get("why", "").strip()
        due = parse_datetime(request.POST.get("due", ""))
        try:
            if due is not None and due <= timezone.now():
                raise Invalid.one("due", _("期限要在现在之后。"))
            if len(why) > 300:
                raise Invalid.one("why", _("退回原因不超过 300 字。"))
            version = request.POST.get("version", "")
            seen = {submission.pk: int(version)} if version.isdecimal() else None
            if cells:
                reasons = {c: request.POST.get(f"why-{c}", "").strip() or why for c in cells}
                until = due or timezone.now() + timedelta(days=3)
                return_cells([submission], actor=actor, cells=reasons, due_at=until, seen=seen)
            else:
                return_action([submission], actor=actor, why=why, due_at=due, seen=seen)
        except Invalid as refused:
            fault = refused
        else:
            said = _("已退回%(name)s的 %(n)d 格，其余已审的不动") if cells else _("已退回%(name)s")
            messages.success(request, said % {"name": submission.node.name, "n": len(cells)})
            following = f"{reverse('forms:review', args=[submission.round_id])}?at={request.POST.get('at', '')}"
            return HttpResponseClientRedirect(following) if request.htmx else redirect(following)
    context = {
        "submission": submission,
        "cells": [(c, names.cell_title(spec, spec.cells[c], period)) for c in cells],
        "evidence": _evidence(submission, spec, period, cells[0]) if len(cells) == 1 else None,
        "phrases": [_("与凭证不符"), _("数量级有误"), _("缺说明"), _("与上期相差较大")],
        "choices": choices,
        "locked": len(spec.inputs) - len(cells),
        "given": given,
        "fault": fault,
        "at": given.get("at", actor.division),
    }
    template = "forms/parts/return.html" if request.htmx else "forms/return.html"
    return render(request, template, context, status=422 if fault else 200)


def deadlines(submission: Submission) -> list[tuple[str, str]]:
    """Today, the next working day and the day that the rule gives, each at 18:00."""
    today = timezone.localdate()
    evening = time(18)
    days = int(rule("REPORT-RETURN-DAYS", today, submission.path).value)
    offered = {today, working_days.add(today, 1, submission.path), working_days.add(today, days, submission.path)}
    moments = [timezone.make_aware(datetime.combine(day, evening)) for day in sorted(offered)]
    ahead = [m for m in moments if m > timezone.now() + timedelta(minutes=30)]
    return [(m.isoformat(), formats.when(m)) for m in ahead]


def _evidence(submission: Submission, spec: Any, period: Any, code: str) -> dict[str, Any]:
    """What the number can be judged by: the mean of the period before, the same cell last year."""
    cell = spec.cells[code]
    earlier = before(submission)
    value = submission.cells.filter(code=code).values_list("value", flat=True).first()
    previous, last_year = names.before_codes(code)
    items = []
    if cell.column and (mean := _mean(spec, cell, earlier)) is not None:
        items.append((_("上期月均"), shown(mean, cell.places)))
    if earlier.get(previous) is not None:
        items.append((_("上期此格"), shown(earlier[previous], cell.places)))
    if earlier.get(last_year) is not None:
        items.append(
            (_("去年此格"), f"{shown(earlier[last_year], cell.places)}（{percent(value, earlier[last_year])}）")
        )
    return {
        "title": names.cell_title(spec, cell, period),
        "value": shown(value, cell.places) or formats.NONE,
        "unit": names.unit(cell.unit),
        "items": items,
    }


def _mean(spec: Any, cell: Any, earlier: Any) -> Any:
    months = [c.code for c in spec.columns if c.kind == "month"]
    if cell.column not in months:
        return None
    found = [earlier.get(names.before_codes(f"{cell.row}_{m}")[0]) for m in months]
    known = [v for v in found if v is not None]
    return sum(known) / len(known) if known else None


__all__ = ["approve", "deadlines", "page", "send_back"]
