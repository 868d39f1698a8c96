"""Single cells again: the answer of the institution, the confirmation of each tier, corrections; the signed difference."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import amendments as verbs
from shuzheng.base.forms import names
from shuzheng.base.forms.engine import read_values
from shuzheng.base.forms.filling import row_mates
from shuzheng.base.forms.models import Amendment, Submission
from shuzheng.base.forms.numbers import typed
from shuzheng.base.forms.pages.common import asked, crumbs, find_place, find_round, find_submission, form_of
from shuzheng.base.forms.spec import FormSpec, Value
from shuzheng.base.forms.values import from_columns, stored_values
from shuzheng.base.org.models import Tier
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing
from shuzheng.kernel.periods import Period

LISTED = 200


@require_GET
def index(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is under way in a round below a place, what waits for one's own tier first."""
    actor = asked(request, "forms.submission.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.submission.view")
    span = Range.subtree(place.path)
    rows = Amendment.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi).select_related("node")
    listed = sorted(rows.order_by("-asked_at", "pk")[:LISTED], key=lambda r: not _waits(actor, r))
    context = {
        "round": round_, "place": place, "rows": [(r, _waits(actor, r)) for r in listed],
        "crumbs": crumbs(round_, reverse("forms:round", args=[round_.pk]), Crumb(_("退回与订正"))),
    }  # fmt: skip
    return render(request, "forms/amendments.html", context)


def _waits(actor: Actor, row: Amendment) -> bool:
    return row.state == Amendment.State.ANSWERED and row.waiting_tier == actor.tier


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    return _page(request, actor, _find(pk, actor))


def _find(pk: UUID, actor: Actor) -> Amendment:
    row = Amendment.objects.select_related("submission__node", "round__definition").filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这次退回或订正，或不归当前岗位看。"))
    actor.require("forms.submission.view", row.path)
    row.submission.round = row.round
    return row


def _page(request: HttpRequest, actor: Actor, row: Amendment, fault: Invalid | None = None) -> HttpResponse:
    submission = row.submission
    spec, period = form_of(row.round)
    own = submission.path in actor.scope.write and actor.may("forms.submission.submit", submission.path)
    answerable = own and row.state == Amendment.State.ASKED
    reasons = {c["code"]: c["reason"] for c in row.cells}
    stored = stored_values(submission)
    given = request.POST if fault else {}
    rest = sorted(row_mates(spec, reasons) - set(reasons)) if answerable else []
    my_turn = _waits(actor, row) and actor.may("forms.submission.approve", row.path)
    context = {
        "row": row, "submission": submission, "round": row.round, "fault": fault, "answerable": answerable,
        "cells": [_line(spec, period, code, stored, reasons.get(code, ""), given) for code in reasons],
        "mates": [_line(spec, period, code, stored, "", given) for code in rest],
        "changes": _changes(row, spec, period),
        "signatures": [
            (s, Tier(s["tier"]).label if s["tier"] else _("填报单位"), datetime.fromisoformat(s["at"]))
            for s in row.signatures
        ],
        "is_genuine": verbs.verify(row) if row.signatures else True,
        "waits_for": Tier(row.waiting_tier).label if row.waiting_tier else "",
        "my_turn": my_turn,
        "given": given,
        "crumbs": crumbs(
            row.round, reverse("forms:round", args=[row.round_id]),
            Crumb(submission.node.name, reverse("forms:entry", args=[submission.pk])), Crumb(row.get_what_display()),
        ),
    }  # fmt: skip
    return render(request, "forms/amendment.html", context, status=422 if fault else 200)


def _line(
    spec: FormSpec, period: Period, code: str, stored: dict[str, Value], reason: str, given: Any
) -> dict[str, Any]:
    cell = spec.find(code)
    if cell is None:
        raise Missing(_("报表里没有这一格。"))
    return {
        "code": code, "title": names.cell_title(spec, cell, period), "unit": names.unit(cell.unit), "reason": reason,
        "old": names.said(cell, stored.get(code)), "value": given.get(code, typed(stored.get(code), cell.places)),
    }  # fmt: skip


def _changes(row: Amendment, spec: FormSpec, period: Period) -> list[dict[str, Any]]:
    found = []
    for change in row.changes.order_by("code"):
        cell = spec.find(change.code)
        if cell is None:
            continue
        old, new = from_columns(cell, change.old, change.old_text), from_columns(cell, change.new, change.new_text)
        found.append(
            {
                "code": change.code, "title": names.cell_title(spec, cell, period), "unit": names.unit(cell.unit),
                "old": names.said(cell, old), "new": names.said(cell, new), "is_input": cell.is_input,
            }
        )  # fmt: skip
    return sorted(found, key=lambda item: not item["is_input"])


@require_POST
def answer(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = _find(pk, actor)
    try:
        values = _typed(request, row.submission)
        verbs.answer([row], actor=actor, values=values, note=request.POST.get("note", ""), key=_key(request, "answer"))
    except Invalid as refused:
        return _page(request, actor, _find(pk, actor), refused)
    messages.success(request, _("已答复"))
    return redirect("forms:amendment", pk=pk)


@require_POST
def confirm(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = _find(pk, actor)
    verbs.confirm([row], actor=actor, seen={row.pk: _version(request, row)}, key=_key(request, "confirm"))
    messages.success(request, _("已确认，只有改动的格进了综合表"))
    return redirect("forms:amendment", pk=pk)


@require_POST
def refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    row = _find(pk, actor)
    try:
        verbs.refuse([row], actor=actor, why=request.POST.get("why", ""), seen={row.pk: _version(request, row)})
    except Invalid as refused:
        return _page(request, actor, _find(pk, actor), refused)
    messages.success(request, _("已退回，下级已确认的改动已撤出综合表"))
    return redirect("forms:amendment", pk=pk)


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A correction of what was handed in: new values beside those that stand, one reason."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    if submission.path not in actor.scope.write:
        raise Missing(_("没有这份填报。"))
    actor.require("forms.submission.submit", submission.path)
    fault = None
    if request.method == "POST":
        try:
            values = {c: v for c, v in _typed(request, submission).items() if v is not None}
            note = request.POST.get("note", "")
            [row] = verbs.correct([submission], actor=actor, values=values, note=note, key=_key(request, "correct"))
        except Invalid as refused:
            fault = refused
        else:
            messages.success(request, _("已提出订正，待各级确认"))
            return redirect("forms:amendment", pk=row.pk)
    spec, period = form_of(submission.round)
    stored = stored_values(submission)
    codes = [c.code for c in spec.inputs] + [c for c in stored if c not in spec.cells]
    given = {c: request.POST.get(c, "") for c in codes}
    context = {
        "submission": submission, "round": submission.round, "fault": fault, "given": request.POST,
        "cells": [_line(spec, period, code, stored, "", given) for code in codes],
        "crumbs": crumbs(
            submission.round, reverse("forms:round", args=[submission.round_id]),
            Crumb(submission.node.name, reverse("forms:entry", args=[pk])), Crumb(_("订正")),
        ),
    }  # fmt: skip
    return render(request, "forms/correct.html", context, status=422 if fault else 200)


def _typed(request: HttpRequest, submission: Submission) -> dict[str, Value]:
    """What was typed into cells.

    Raises:
        Invalid: a text is no value of its cell.
    """
    spec, _period = form_of(submission.round)
    sent = {c: str(v) for c, v in request.POST.items() if (cell := spec.find(c)) and cell.is_input}
    values, faults = read_values(spec, sent)
    if faults:
        raise Invalid(faults[0].message, faults)
    return values


def _version(request: HttpRequest, row: Amendment) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() else row.version


def _key(request: HttpRequest, verb: str) -> str:
    given = request.POST.get("key", "")[:50]
    return f"{verb}:{given}" if given else ""
