"""Filling in: the form of one institution, its cells, saving as one types, handing in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.forms import names, states
from shuzheng.base.forms.actions import submit as submit_action
from shuzheng.base.forms.browser import browser_data
from shuzheng.base.forms.engine import Finding, Values, check, compute
from shuzheng.base.forms.factors import Factors, resolve
from shuzheng.base.forms.filling import open_cells
from shuzheng.base.forms.grids import Filled, Sheet
from shuzheng.base.forms.history import before
from shuzheng.base.forms.jobs import hand_in
from shuzheng.base.forms.models import NOT_APPROVED, Explanation, Round, Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.pages.cells import cell_facts
from shuzheng.base.forms.pages.common import crumbs, find_submission, form_of
from shuzheng.base.forms.pages.doubts import of_cell, open_of
from shuzheng.base.forms.pages.standing import possible
from shuzheng.base.forms.prefill import known, to_carry
from shuzheng.base.forms.saving import carry_over, save
from shuzheng.base.forms.standing import stands_in, submit_for
from shuzheng.base.forms.tiers import chains
from shuzheng.base.forms.values import known_rows
from shuzheng.base.org.models import Tier
from shuzheng.base.portal.parts import Crumb, Step
from shuzheng.base.standards.uses import helps
from shuzheng.kernel.errors import Conflict, Fault, Invalid

State = Submission.State
REASON = "reason:"
MAX_BODY = 200_000
FEW_BLANKS = 5
"""As in islands/lib/findings.ts: up to so many empty cells are pointed at one by one."""
REVIEWS = {Tier.NATION: "国家汇总", Tier.PROVINCE: "省级审核", Tier.PREFECTURE: "市级审核", Tier.COUNTY: "县级审核"}


def may_fill(actor: Actor, submission: Submission) -> bool:
    """Whether the actor can type into it now: own organ, the right, a state and a round that allow it."""
    return (
        (_is_own(actor, submission) or stands_in(actor, submission))
        and submission.state in states.MOVES["fill"]
        and not states.is_locked(submission, timezone.now())
    )


def _is_own(actor: Actor, submission: Submission) -> bool:
    return submission.path in actor.scope.write and actor.may("forms.submission.fill", submission.path)


def fill_in(submission: Submission, *, editable: bool) -> tuple[Filled, Factors, list[Finding], list[Explanation]]:
    """The form as it stands, with its findings."""
    spec, period = form_of(submission.round)
    rows = list(submission.cells.values_list("code", "value", "text", "source"))
    stored, inputs = known_rows(spec, (row[:3] for row in rows))
    sources = {code: source for code, _value, _text, source in rows}
    begun = known(spec, submission) if editable else {}
    inputs |= {code: item.value for code, item in begun.items()}
    sources |= {code: item.source for code, item in begun.items()}
    factors = resolve(spec, submission.round.period, submission.path)
    earlier = before(submission)
    values = compute(spec, inputs, factors.values, earlier) if editable else {**dict.fromkeys(spec.cells), **stored}
    explanations = list(submission.explanations.order_by("created_at"))
    reasons = {e.check_code: e.text for e in explanations}
    findings = check(spec, values, factors.values, earlier, reasons)
    # An untouched form is no list of mistakes: they are said once something was typed.
    if submission.state == State.TODO:
        findings = []
    kinds: dict[str, str] = {}
    for finding in reversed(_told(findings, values)):
        kinds[finding.check.cell] = _kind(finding)
    kinds |= dict.fromkeys(submission.unread, "error")
    filled = Filled(
        spec, period, values, earlier,
        sources=sources,
        typed=inputs,
        given=factors.values,
        unread=submission.unread,
        open=open_cells(spec, submission) if editable else frozenset(),
        returned=frozenset(submission.returned_cells) if submission.state == State.RETURNED else frozenset(),
        kinds=kinds,
        helps=helps(spec.elements, on=period.end, path=submission.path),
    )  # fmt: skip
    return filled, factors, findings, explanations


def _told(findings: list[Finding], values: Values) -> list[Finding]:
    """Findings that are pointed at in the grid. A few empty cells are mistakes; many are a form still being filled in."""
    blank = [f for f in findings if f.check.level == "error" and values.get(f.check.cell) is None]
    return [f for f in findings if f not in blank] if len(blank) > FEW_BLANKS else findings


def _title(filled: Filled, code: str) -> str:
    cell = filled.spec.find(code)
    return names.cell_title(filled.spec, cell, filled.period) if cell else code


def _kind(finding: Finding) -> str:
    if finding.check.level == "error":
        return "error"
    return "noted" if finding.explanation else "warn"


def said_findings(filled: Filled, findings: list[Finding], explanations: list[Explanation]) -> list[dict[str, Any]]:
    """Findings as the list beside the form shows them: errors, then what waits for a reason, then what has one."""
    by = {e.check_code: e for e in explanations}
    rank = {"error": 0, "warn": 1, "noted": 2}
    told = _told(findings, filled.values)
    found = [
        {
            "kind": _kind(f),
            "code": f.check.code,
            "cell": f.check.cell,
            "title": _title(filled, f.check.cell),
            "text": names.message(f.check),
            "reason": f.explanation,
            "by": by.get(f.check.code),
            "phrases": f.check.phrases,
        }
        for f in told
    ]
    if len(told) < len(findings):
        first = next(f for f in findings if f not in told)
        said = {"title": _("未填 %(n)d") % {"n": len(findings) - len(told)}, "text": _("没有消费的格填 0。")}
        found.append({"kind": "error", "code": "blank", "cell": first.check.cell, **said})
    return sorted(found, key=lambda item: rank[item["kind"]])


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    return _page(request, actor, submission)


def _page(
    request: HttpRequest, actor: Actor, submission: Submission, fault: Fault | None = None, **more: Any
) -> HttpResponse:
    editable = may_fill(actor, submission)
    filled, factors, findings, explanations = fill_in(submission, editable=editable)
    counts = {kind: sum(_kind(f) == kind for f in findings) for kind in ("error", "warn", "noted")}
    counts["error"] += len(submission.unread)
    address = reverse("forms:entry", args=[submission.pk])
    context = {
        "submission": submission,
        "round": submission.round,
        "title": names.label(submission.round.definition),
        "crumbs": crumbs(
            submission.round, reverse("forms:round", args=[submission.round_id]), Crumb(submission.node.name)
        ),
        "editable": editable,
        "state": _state(submission, counts),
        "steps": _steps(submission),
        "facts": _facts(filled),
        "sheets": (sheets := filled.sheets()),
        "opened": opened(sheets),
        "results": filled.results(),
        "checks": said_findings(filled, findings, explanations),
        "counts": counts,
        "returned": [
            _title(filled, code) for code in submission.returned_cells if filled.spec.find(code)
        ],
        "doubted": {
            code: _title(filled, code) for code in open_of(submission)
        },
        "data": browser_data(
            filled, factors.values, {e.check_code: e.text for e in explanations},
            url=reverse("forms:cells", args=[submission.pk]), version=submission.version,
            place=f"{submission.pk}:{actor.id}",
        )
        if editable
        else None,
        "cell_panel": reverse("forms:cell", args=[submission.pk, "CODE"]).replace("CODE", "{code}"),
        "address": address,
        "may_submit": editable
        and (actor.may("forms.submission.submit", submission.path) or stands_in(actor, submission)),
        "signers": _signers(submission),
        "can": possible(actor, submission, editable=editable),
        "carried": len(to_carry(filled.spec, submission, filled.open)) if editable else 0,
        "last_period": names.previous_title(filled.period),
        "fault": fault,
        **more,
    }  # fmt: skip
    return render(request, "forms/entry.html", context, status=fault.http if fault else 200)


def opened(sheets: list[Sheet]) -> str:
    """The page of the form that is open at first: the one with most to fill in."""
    asked = [s for s in sheets if not s.is_hidden]
    fullest = max(asked or sheets, key=lambda s: sum(c.kind == "in" for r in s.rows for c in r.cells))
    return fullest.code


def _state(submission: Submission, counts: Mapping[str, int]) -> str:
    if submission.state == State.DRAFT:
        return "explain" if counts["warn"] and not counts["error"] else "filling"
    if submission.state == State.SUBMITTED and submission.approved_tier < NOT_APPROVED:
        return "reviewing"
    return submission.state


def _steps(submission: Submission) -> list[Step]:
    """填报, then each tier that reviews, up to the one that asked."""
    chain = chains([submission.path], top=submission.round.tier)[submission.path]
    handed_in = submission.state in (State.SUBMITTED, State.APPROVED)
    steps = [Step(_("填报"), "done" if handed_in else "now")]
    for step in chain:
        done = submission.approved_tier <= step.tier
        state = "done" if done else "now" if submission.waiting_tier == step.tier else ""
        steps.append(Step(_(REVIEWS[Tier(step.tier)]), state))
    return steps


def _facts(filled: Filled) -> list[tuple[str, Any, str]]:
    """What the institution is like, in the line under the title: the cells that its register knows."""
    return [
        (names.label(cell), names.said(cell, filled.values.get(cell.code)), names.unit(cell.unit))
        for cell in filled.spec.inputs
        if cell.fact and filled.values.get(cell.code) is not None
    ]


def _signers(submission: Submission) -> dict[str, str]:
    """Who signs beside the filler; as last time until told otherwise."""
    if submission.signers:
        return submission.signers
    last = (
        Submission.objects.filter(node_id=submission.node_id)
        .exclude(signers={})
        .order_by("-submitted_at")
        .values_list("signers", flat=True)
        .first()
    )
    return last or {}


@require_http_methods(["PATCH"])
def cells(request: HttpRequest, pk: UUID) -> JsonResponse:
    """Autosave: ``{"key", "version", "cells": {code: text, "reason:<check>": text}}``. The answers stand in lib/queue.ts."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    try:
        key, base, typed, reasons = _batch(request)
    except ValueError as wrong:
        return JsonResponse({"faults": {"": _("送来的内容读不懂：%(why)s。") % {"why": wrong}}}, status=400)
    try:
        saved = save(actor, submission, typed, reasons=reasons, base=base, key=f"fill:{key}" if key else "")
    except Conflict as clash:
        theirs = clash.current.get("cells", {})
        conflicts = {code: {"yours": typed[code], "theirs": exact(value)} for code, value in theirs.items()}
        return JsonResponse(
            {"version": clash.current.get("version"), "conflicts": conflicts, "message": clash.message}, status=409
        )
    except Invalid as refused:
        faults = {f.field: f.message for f in refused.faults} or dict.fromkeys(typed, refused.message)
        return JsonResponse({"version": submission.version, "saved": [], "faults": faults}, status=422)
    return JsonResponse(
        {
            "version": saved.version,
            "saved": saved.saved,
            "faults": saved.faults,
            "values": {code: exact(value) for code, value in saved.values.items()},
        }
    )


def _batch(request: HttpRequest) -> tuple[str, int | None, dict[str, str | None], dict[str, str]]:
    if len(request.body) > MAX_BODY:
        raise ValueError(_("内容过大"))
    body = json.loads(request.body)
    if not isinstance(body, dict) or not isinstance(body.get("cells"), dict):
        raise ValueError("cells")
    base = body.get("version")
    if base is not None and not isinstance(base, int):
        raise ValueError("version")
    typed: dict[str, str | None] = {}
    reasons: dict[str, str] = {}
    for name, value in body["cells"].items():
        if value is not None and not isinstance(value, str | int | float):
            raise ValueError(str(name)[:40])
        if name.startswith(REASON):
            reasons[name.removeprefix(REASON)] = str(value or "")
        else:
            typed[name] = None if value is None else str(value)
    return str(body.get("key") or "")[:60], base, typed, reasons


@require_POST
def carry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Bring in what was reported for the period before, where nothing stands yet."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    count = carry_over(actor, submission, key=_key(request, "carry"))
    if count:
        messages.success(request, _("已带入上期 %(n)d 格，核对后再提交") % {"n": count})
    else:
        messages.info(request, _("没有可带入的格：上期没有提交，或者本期都已填。"))
    return redirect("forms:entry", pk=pk)


@require_POST
def keep(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Saving without a script: the whole form at once."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    spec, _period = form_of(submission.round)
    typed = {code: str(value) for code, value in request.POST.items() if (found := spec.find(code)) and found.is_input}
    reasons = {k.removeprefix(REASON): v for k, v in request.POST.items() if k.startswith(REASON)}
    saved = save(actor, submission, typed, reasons=reasons)
    if saved.faults:
        messages.warning(request, _("%(n)d 格没有存上，见标红的格。") % {"n": len(saved.faults)})
    else:
        messages.success(request, _("已保存"))
    return redirect("forms:entry", pk=pk)


@require_POST
def submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    signers = {name: request.POST.get(name, "").strip()[:40] for name in ("statistics", "head")}
    asked = _SIGNERS() if submission.round.signing == Round.Signing.NAMED else {}
    missing = {name: said for name, said in asked.items() if not signers[name]}
    if missing:
        fault = Invalid(_("写上%(names)s再提交。") % {"names": "、".join(missing.values())})
        return _page(request, actor, submission, fault, given=signers)
    if submission.cells.count() > settings.SZ_FORM_NOW_CELLS:
        title = _("提交：%(name)s") % {"name": names.round_title(submission.round)}
        run = hand_in.start(actor, title, submission_id=str(submission.pk), signers=signers)
        return redirect("jobs:run", run.pk)
    try:
        verb = submit_action if submission.path in actor.scope.write else submit_for
        verb([submission], actor=actor, signers=signers, key=_key(request, "submit"))
    except Invalid as refused:
        submission.refresh_from_db()
        return _page(request, actor, submission, refused, given=signers)
    messages.success(request, _("已提交，待%(tier)s审核") % {"tier": Tier(submission.own_tier).label})
    return redirect("forms:entry", pk=pk)


def _SIGNERS() -> dict[str, str]:
    return {"statistics": _("统计负责人"), "head": _("单位负责人")}


def _key(request: HttpRequest, verb: str) -> str:
    given = request.POST.get("key", "")[:60]
    return f"{verb}:{given}" if given else ""


@require_GET
def cell(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """One cell: where it comes from, how it came to be, which factors it uses. A part for HTMX, a page otherwise."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    spec, period = form_of(submission.round)
    context = cell_facts(submission, code) | of_cell(actor, submission, code, spec, period)
    if request.htmx:
        return render(request, "forms/parts/cell.html", context)
    round_url = reverse("forms:round", args=[submission.round_id])
    context["round_title"] = names.round_title(submission.round)
    context["crumbs"] = crumbs(
        submission.round, round_url,
        Crumb(submission.node.name, reverse("forms:entry", args=[submission.pk])), Crumb(context["title"]),
    )  # fmt: skip
    return render(request, "forms/cell.html", context)
