"""The roll-up (综合表) of a division, drilling any of its numbers down to the cell, signing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import integrity, names, rollup
from shuzheng.base.forms.actions import sign_rollups
from shuzheng.base.forms.engine import derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.grids import Filled, Values
from shuzheng.base.forms.models import Rollup, Round
from shuzheng.base.forms.numbers import shown
from shuzheng.base.forms.pages.common import Place, asked, find_place, find_round, form_of, trail
from shuzheng.base.forms.queries import below, drill
from shuzheng.base.forms.spec import LAST_YEAR, PREVIOUS, FormSpec
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Missing

PARTS = 12
"""Parts of the chosen number that the page lists; the drill has them all."""


def summed(round_: Round, division: Node) -> tuple[FormSpec, Values, int]:
    """A division's numbers: sums as counted there, ratios from the sums; and how many institutions they hold."""
    spec, _period = form_of(round_)
    sums, units = rollup.totals(round_, division.path)
    return spec, derive(spec, sums, resolve(spec, round_.period, division.path).values), units


def earlier(round_: Round, division: Node) -> dict[str, Decimal | None]:
    """The same numbers one period and one year before, from the rounds of the same form that asked all of it."""
    _spec, period = form_of(round_)
    wanted = {str(p): prefix for prefix, p in ((PREVIOUS, period.previous), (LAST_YEAR, period.last_year)) if p}
    rounds = Round.objects.select_related("definition").filter(
        definition__code=round_.definition.code,
        period__in=wanted,
        audience__in=[*ancestors(division.path), division.path],
    )
    found: dict[str, Decimal | None] = {}
    for other in rounds:
        _other, values, units = summed(other, division)
        if units:
            found |= {wanted[other.period] + code: value for code, value in values.items()}
    return found


@require_GET
def page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request, "forms.rollup.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.view")
    division = place.division
    spec, values, units = summed(round_, division)
    _same, period = form_of(round_)
    total = below(round_, division.path).count()
    filled = Filled(spec, period, values, earlier(round_, division), is_comparable=units == total)
    signed = Rollup.objects.filter(round=round_, division=division).first()
    code = request.GET.get("code", "")
    sums = [c.code for c in (*spec.results, *spec.inputs) if c.additive]
    code = code if code in sums else sums[0]
    url = reverse("forms:rollup", args=[round_.pk])
    context = {
        "round": round_,
        "title": names.label(round_.definition),
        "period": names.period_label(period),
        "place": place,
        "trail": trail(place, actor, url),
        "crumbs": _crumbs(round_, Crumb(_("综合表"))),
        "sheets": filled.sheets(),
        "results": filled.results(),
        "counted": units,
        "asked": total,
        "is_comparable": filled.is_comparable,
        "percent": units * 100 // total if total else 0,
        "signed": signed,
        "is_stale": signed is not None and (signed.state != Rollup.State.SIGNED or signed.counted != units),
        "may_sign": division.path == actor.division and actor.may("forms.rollup.sign", division.path) and units > 0,
        "members": _members(round_, division, spec, code, values.get(code)),
        "code": code,
        "code_title": names.cell_title(spec, spec.cells[code], period),
        "code_unit": names.unit(spec.cells[code].unit),
        "tier_label": Tier(division.tier).label,
        "url": url,
    }
    return render(request, "forms/rollup.html", context)


def _crumbs(round_: Round, *more: Crumb) -> list[Crumb]:
    return [
        Crumb(_("报送任务"), reverse("forms:rounds")),
        Crumb(names.round_title(round_), reverse("forms:round", args=[round_.pk])),
        *more,
    ]


def _members(round_: Round, division: Node, spec: FormSpec, code: str, whole: Decimal | None) -> list[dict[str, Any]]:
    """What the chosen number is made of, one line for each division below and one for the own level."""
    cell = spec.cells[code]
    if not cell.additive:
        return []
    sums = rollup.by_member(round_, division.path, code)
    known = dict(Node.objects.filter(path__in=sums, kind=NodeKind.DIVISION).values_list("path", "name"))
    rows = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    most = max((abs(v) for v in sums.values()), default=Decimal(0))
    return [
        {
            "name": known.get(path, _("本级")),
            "path": path,
            "text": shown(value, cell.places),
            "share": f"{value * 100 / whole:.1f}%" if whole else formats.NONE,
            "value": value,
            "most": most,
        }
        for path, value in rows
    ]


@require_GET
def check(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Whether the roll-up equals the sum over every single cell behind it, counted again now."""
    actor = asked(request, "forms.rollup.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.view")
    spec, period = form_of(round_)
    found = integrity.compare(round_, place.division.path, place.division.tier)
    context = {
        "agrees": not found.wrong,
        "units": found.units,
        "cells": found.cells,
        "differ": [names.cell_title(spec, spec.cells[c], period) if c else _("计入家数") for c in found.wrong],
        "closed": round_.state == Round.State.CLOSED,
    }
    return render(request, "forms/parts/recount.html", context)


@require_POST
def sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.sign")
    [row] = sign_rollups([place.division], actor=actor, round=round_)
    messages.success(request, _("已签署，%(n)d 家计入") % {"n": row.counted})
    return redirect(f"{reverse('forms:rollup', args=[round_.pk])}?at={place.path}")


@require_GET
def drill_page(request: HttpRequest, pk: UUID, code: str) -> HttpResponse:
    """A number by what it is made of, one level down; the last level leads to the cell of the institution."""
    actor = asked(request, "forms.rollup.view")
    round_ = find_round(pk)
    place = find_place(request, actor, round_, "forms.rollup.view")
    spec, period = form_of(round_)
    cell = spec.cells.get(code)
    if cell is None:
        raise Missing(_("报表里没有这一格。"))
    tier = _tier(request, actor, place)
    context: dict[str, Any] = {
        "round": round_,
        "place": place,
        "code": code,
        "tier": tier,
        "tier_label": Tier(tier).label,
        "title": names.cell_title(spec, cell, period),
        "unit": names.unit(cell.unit),
        "period": names.period_label(period),
        "formula": cell.expr,
        "crumbs": _crumbs(
            round_, Crumb(_("综合表"), f"{reverse('forms:rollup', args=[round_.pk])}?at={actor.division}"),
            Crumb(names.cell_title(spec, cell, period)),
        ),
        "trail": trail(place, actor, reverse("forms:drill", args=[round_.pk, code])),
    }  # fmt: skip
    if cell.additive:
        context |= _parts(request, round_, place, code, tier, cell.places)
    else:
        context |= _ratio(round_, place.division, spec, code, period)
    return render(request, "forms/drill.html", context)


def _tier(request: HttpRequest, actor: Actor, place: Place) -> int:
    """The tier whose approval counts: that of the number one came from; never above the reader's own."""
    given = request.GET.get("tier", "")
    tier = int(given) if given in {"1", "2", "3", "4"} else place.division.tier
    return max(min(tier, place.division.tier), actor.tier)


def _parts(request: HttpRequest, round_: Round, place: Place, code: str, tier: int, places: int) -> dict[str, Any]:
    parts = drill(round_, place.division, code, tier)
    if place.own:
        parts = [p for p in parts if p.submission is not None]
    known = [p.value for p in parts if p.value is not None]
    whole = sum(known, Decimal(0))
    most = max((abs(v) for v in known), default=Decimal(0))
    rows = [
        {
            "name": part.name,
            "is_unit": part.submission is not None,
            "url": reverse("forms:cell", args=[part.submission.pk, code])
            if part.submission is not None
            else f"{reverse('forms:drill', args=[round_.pk, code])}?at={part.path}&tier={tier}",
            "text": shown(part.value, places) or formats.NONE,
            "units": part.units,
            "value": part.value or 0,
            "share": f"{part.value * 100 / whole:.1f}%" if whole and part.value is not None else formats.NONE,
        }
        for part in sorted(parts, key=lambda p: (-(p.value or 0), p.path))
    ]
    return {"rows": rows, "whole": shown(whole, places), "most": most, "count": sum(p.units for p in parts)}


def _ratio(round_: Round, division: Node, spec: FormSpec, code: str, period: Any) -> dict[str, Any]:
    """A ratio is not made of ratios: it is the quotient of sums, and each of those can be drilled."""
    _same, values, units = summed(round_, division)
    cell = spec.cells[code]
    used = [c for c in spec.cells if c in spec.programs[code].references]
    return {
        "ratio": shown(values.get(code), cell.places) or formats.NONE,
        "count": units,
        "rows": [
            {
                "name": names.cell_title(spec, spec.cells[c], period),
                "url": f"{reverse('forms:drill', args=[round_.pk, c])}?at={division.path}",
                "text": shown(values.get(c), spec.cells[c].places) or formats.NONE,
                "unit": names.unit(spec.cells[c].unit),
            }
            for c in used
        ],
    }


__all__ = ["check", "drill_page", "earlier", "page", "sign", "summed"]
