"""On paper: a submission and a roll-up in the official layout; a signed roll-up made again from the versions it summed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.core.actor import actor_of
from shuzheng.base.forms import exports, names, printing, recompute
from shuzheng.base.forms.grids import Filled
from shuzheng.base.forms.models import Rollup
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.pages.common import asked, crumbs, find_place, find_round, find_submission, form_of
from shuzheng.base.forms.pages.entry import fill_in
from shuzheng.base.forms.pages.ledger import pdf_file
from shuzheng.base.forms.pages.rollups import earlier, summed
from shuzheng.base.forms.queries import below
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Missing

MEMBERS = 200
"""Member versions that the page lists."""


@require_GET
def submission(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = find_submission(pk, actor)
    filled, _factors, _findings, _explanations = fill_in(found, editable=False)
    return pdf_file(printing.submission_pdf(found, filled), f"{found.node.name} {found.round.title}.pdf")


@require_GET
def rollup(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.round.export")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.view")
    division = place.division
    spec, values, units = summed(round_, division)
    _same, period = form_of(round_)
    filled = Filled(spec, period, values, earlier(round_, division))
    signed = Rollup.objects.filter(round=round_, division=division, state=Rollup.State.SIGNED).first()
    total = below(round_, division.path).exclude(state="exempt").count()
    exports.note_export([division], actor=actor, round=round_, what="print", path=place.path, rows=units)
    content = printing.rollup_pdf(round_, division, filled, units, total, signed)
    return pdf_file(content, f"{division.name} {round_.title} {_('综合表')}.pdf")


@require_GET
def again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signed roll-up beside itself made again: with its own factors, and (``?factors=now``) with today's."""
    actor = asked(request, "forms.rollup.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.view")
    row = Rollup.objects.select_related("division").filter(round=round_, division=place.division).first()
    if row is None:
        raise Missing(_("综合表还没有签署，没有可以重算的版本。"))
    row.round = round_
    today = request.GET.get("factors") == "now" and row.counted <= recompute.INLINE
    cells, changes = recompute.with_factors_of_today(row) if today else (recompute.again(row), [])
    spec, period = form_of(round_)
    members = recompute.members(row)
    context = {
        "round": round_, "place": place, "row": row, "today": today, "changes": changes,
        "cells": [
            (names.cell_title(spec, spec.cells[c.code], period), names.unit(spec.cells[c.code].unit), exact(c.signed),
             exact(c.again), c.equal, exact(c.difference))
            for c in sorted(cells, key=lambda c: c.equal)
        ],
        "different": sum(not c.equal for c in cells), "members": members[:MEMBERS], "more": len(members) > MEMBERS,
        "too_many": row.counted > recompute.INLINE, "most": recompute.INLINE,
        "url": f"{reverse('forms:again', args=[pk])}?at={place.path}",
        "crumbs": crumbs(
            round_, reverse("forms:round", args=[pk]),
            Crumb(_("综合表"), f"{reverse('forms:rollup', args=[pk])}?at={place.path}"), Crumb(_("重算")),
        ),
    }  # fmt: skip
    return render(request, "forms/again.html", context)
