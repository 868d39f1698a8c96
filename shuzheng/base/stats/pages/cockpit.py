"""The cockpit of a tier and its wall screen."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import names, queries
from shuzheng.base.forms.models import Round
from shuzheng.base.forms.pages.common import Place, find_place, supervises, trail
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.portal import formats
from shuzheng.base.stats import alerts, cockpits
from shuzheng.base.stats.looks import TILES
from shuzheng.base.stats.models_pages import Alert
from shuzheng.base.stats.pages.common import asked
from shuzheng.kernel.errors import Missing

ALERTS = 8
TILES_SHOWN = 40


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    context = _context(request, actor)
    return render(request, "stats/cockpit.html", context)


@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """For a screen that nobody touches: it fetches itself anew every minute."""
    actor = asked(request)
    part = request.htmx and "part" in request.GET
    context = _context(request, actor)
    return render(request, "stats/parts/wall.html" if part else "stats/wall.html", context)


def rounds(actor: Actor) -> list[Round]:
    """Rounds that the reader's office looks after, the newest period first."""
    found = (
        Round.objects.exclude(state=Round.State.OPENING)
        .select_related("definition")
        .order_by("-period", "-due_at", "pk")
    )
    return [r for r in found[:60] if r.audience.startswith(actor.division) or actor.division.startswith(r.audience)]


def _round(actor: Actor, known: list[Round], asked_for: str) -> Round | None:
    """The one that was asked for; else the newest that asked all of the reader's division."""
    if asked_for:
        found = next((r for r in known if str(r.pk) == asked_for), None)
        if found is None:
            raise Missing(_("没有这项报送任务，或不归当前岗位看。"))
        return found
    whole = [r for r in known if actor.division.startswith(r.audience)]
    return (whole or known or [None])[0]  # type: ignore[list-item]


def _context(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    known = rounds(actor)
    round_ = _round(actor, known, request.GET.get("round", ""))
    url = reverse("stats:cockpit")
    context: dict[str, Any] = {
        "url": url,
        "known": [(r, names.period_label(r.period)) for r in known],
        "round": round_,
        "now": timezone.now(),
        "alerts": [alerts.shown(a) for a in _alerts(actor)[:ALERTS]],
        "alert_count": _alerts(actor).count(),
        "may_export": actor.may("stats.answer.export"),
        "watches": supervises(actor),
        "organ": actor.organ_name,
    }
    if round_ is None or not supervises(actor):
        return context
    place = find_place(request, actor, round_, "stats.indicator.view")
    division = place.division
    now = timezone.now()
    whole = queries.overall(round_, division, now)
    progress = queries.board(round_, division, now)
    heads = cockpits.headlines(round_, division.path)
    ranked = _ranked(round_, place)
    floor = _floor(progress)
    is_whole = whole.approved == whole.asked
    lead = next((h for h in heads if is_whole or "/" in h.indicator.unit), None)
    return context | {
        "place": place,
        "division": division,
        "tier": Tier(division.tier).label,
        "trail": trail(Place(division), actor, url),
        "title": names.label(round_.definition),
        "period": names.period_label(round_.period),
        "whole": whole,
        "tiles": [_tile(p, floor) for p in (*progress[:TILES_SHOWN], *_others(progress, division))],
        "floor": floor,
        "is_nation": division.tier == 1,
        "heads": [_headline(h, is_whole) for h in heads],
        "ranked": ranked,
        "ranked_name": cockpits.ranked(round_),
        "chart": _chart(lead),
        "open": [_open(r, division.path, now) for r in known if r.state == Round.State.OPEN][:5],
        "lead": lead,
        "is_whole": is_whole,
    }


def _alerts(actor: Actor) -> Any:
    rows = Alert.objects.filter(state=Alert.State.OPEN, path=actor.organ_path).select_related("rule")
    return rows.order_by("-level", "-created_at", "pk")


def _floor(progress: Sequence[queries.Progress]) -> int:
    """Where the pale end of the tiles lies: the ten below the least share, so that shades differ early in a round too."""
    return min((min(p.percent, 90) // 10 * 10 for p in progress), default=90)


def _others(progress: Sequence[queries.Progress], division: Node) -> list[queries.Progress]:
    """Provinces that the round did not ask: the nation's map keeps its shape."""
    if division.tier != Tier.NATION:
        return []
    provinces = Node.objects.filter(kind=NodeKind.DIVISION, tier=Tier.PROVINCE).exclude(
        path__in=[p.path for p in progress]
    )
    return [
        queries.Progress(path, name, "division", asked=0, todo=0, draft=0, returned=0, waiting=0, approved=0, late=0)
        for path, name in provinces.order_by("path").values_list("path", "name")
        if path[:2] in TILES
    ]


def _tile(p: queries.Progress, floor: int) -> dict[str, Any]:
    share = p.reported * 100 / p.asked if p.asked else 100
    shade = 0 if not p.asked else 5 if share >= 100 else 1 + int(max(share - floor, 0) * 4 // (100 - floor))
    row, column = TILES.get(p.path[:2], (0, 0)) if p.path.count("/") == 1 and p.kind != "own" else (0, 0)
    return {"p": p, "shade": shade, "row": row, "column": column, "percent": p.percent}


def _headline(head: cockpits.Headline, is_whole: bool) -> dict[str, Any]:
    """``is_whole``: all are counted. Until then only ratios are compared with last year: a part is less than the whole."""
    bar = None
    if head.so_far is not None and head.target is not None and head.target.value:
        most = max(head.target.value, head.so_far)
        bar = {"value": head.so_far, "due": head.due, "most": most, "tone": "warn" if head.is_ahead else "ok"}
    value, unit = formats.large(head.value, head.indicator.places, head.indicator.unit, get_language() or "zh")
    return {
        "head": head,
        "bar": bar,
        "spark": _spark(head.points),
        "value": value,
        "unit": unit,
        "compared": head.change is not None and (is_whole or "/" in head.indicator.unit),
    }


def _spark(points: tuple[tuple[str, Decimal], ...]) -> dict[str, str] | None:
    """A line of 64 by 24 for the corner of a number; none of fewer than three points."""
    values = [v for _p, v in points]
    if len(values) < 3:
        return None
    low, high = min(values), max(values)
    reach = high - low or Decimal(1)
    places = [(3 + 58 * Decimal(i) / (len(values) - 1), 21 - 18 * (v - low) / reach) for i, v in enumerate(values)]
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in places),
        "x": f"{places[-1][0]:.1f}",
        "y": f"{places[-1][1]:.1f}",
    }


def _ranked(round_: Round, place: Place) -> list[dict[str, Any]]:
    """Divisions below by what the round is ranked by, the greatest first; against the whole's own number."""
    item = cockpits.ranked(round_)
    found = [p for p in cockpits.parts(round_, place.division) if p.value is not None]
    if item is None or not found:
        return []
    sums = cockpits.sums_of([round_.pk], place.division.path, cockpits.codes_of([item])).get(round_.pk, {})
    middle = cockpits.value_of(item, [sums])
    found.sort(key=lambda p: (-(p.value or 0), p.path))
    top = max(p.value or Decimal(0) for p in found) or Decimal(1)
    line = f"{middle * 100 / top:.2f}%" if middle is not None else ""
    return [
        {
            "part": p,
            "name": p.name or _("本级"),
            "share": f"{(p.value or 0) * 100 / top:.2f}%",
            "line": line,
            "against": (p.value - middle) * 100 / middle if middle and p.value is not None else None,
            "tone": "warn" if middle is not None and p.value is not None and p.value > middle * Decimal("1.05") else "blue",
        }
        for p in found[:14]
    ]  # fmt: skip


def _chart(head: cockpits.Headline | None) -> dict[str, Any] | None:
    """The leading number over the periods that there are roll-ups of: the first that is comparable as far as counted."""
    if head is None or len(head.points) < 2:
        return None
    places = head.indicator.places
    return {
        "x": [names.period_label(p) for p, _v in head.points],
        "unit": head.indicator.unit,
        "series": [{"name": head.indicator.title, "data": [float(round(v, places)) for _p, v in head.points]}],
    }


def _open(round_: Round, division: str, now: Any) -> dict[str, Any]:
    span = queries.below(round_, division)
    found = span.aggregate(**queries.counts(1, now))
    return {
        "round": round_,
        "title": names.round_title(round_),
        "progress": queries.progress(division, "", "division", found),
        "url": reverse("forms:round", args=[round_.pk]),
    }
