"""The search box and the page of results."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.search.query import CAP, LONGEST, Found, search
from shuzheng.base.search.sources import SOURCES

SUGGESTED, A_KIND = 24, 5


@require_safe
@never_cache
def suggest(request: HttpRequest) -> HttpResponse:
    """``{groups: [{label, items: [{label, hint, url, icon}]}]}``; ``**…**`` marks what was typed."""
    text = request.GET.get("q", "").strip()[:LONGEST]
    found = search(actor_of(request), text, most=SUGGESTED) if text else Found()
    groups: dict[str, list[dict[str, str]]] = {}
    for hit in found.hits:
        items = groups.setdefault(hit.source.name, [])
        if len(items) < A_KIND:
            items.append({"label": mark(hit.label, text), "hint": hit.sub, "url": hit.url, "icon": hit.source.icon})
    return JsonResponse({"groups": [{"label": str(SOURCES[n].label), "items": items} for n, items in groups.items()]})


def mark(label: str, text: str) -> str:
    """``label`` with the first occurrence of ``text`` between ``**``; stars of its own are taken out."""
    plain = label.replace("**", "")
    at = plain.lower().find(text.lower()) if text else -1
    return plain if at < 0 else f"{plain[:at]}**{plain[at : at + len(text)]}**{plain[at + len(text) :]}"


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    text, kind = request.GET.get("q", "").strip()[:LONGEST], request.GET.get("kind", "")
    actor = actor_of(request)
    # The tabs count all kinds, so the whole is asked for first.
    whole = search(actor, text, most=50) if text else Found()
    found = search(actor, text, kinds=[kind], most=50) if text and kind in SOURCES else whole
    query = request.GET.copy()

    def address(name: str) -> str:
        query["kind"] = name
        return f"?{query.urlencode()}"

    capped = _("{n}+").format(n=f"{CAP:,}")
    every = capped if whole.is_capped else whole.total
    tabs = [{"label": _("全部"), "url": address(""), "active": not kind, "count": every, "tone": "", "icon": ""}]
    tabs += [
        {
            "label": str(SOURCES[n].label),
            "url": address(n),
            "active": kind == n,
            "count": c,
            "tone": "",
            "icon": SOURCES[n].icon,
        }
        for n, c in sorted(whole.counts.items(), key=lambda item: -item[1])
        if n in SOURCES
    ]
    return render(request, "search/results.html", {"q": text, "found": found, "tabs": tabs, "capped": capped})


urlpatterns = [path("", results, name="results"), path("suggest", suggest, name="suggest")]
