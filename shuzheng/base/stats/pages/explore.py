"""The explorer: one address is one question; its answer as table, chart, ranking, map, distribution, peers or trend."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.portal.formats import in_language
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.base.stats import looks
from shuzheng.base.stats.drilling import drill
from shuzheng.base.stats.labels import period_word
from shuzheng.base.stats.pages.common import Asked, address, answered, asked, divisions, title_of
from shuzheng.base.stats.question import THEN, Answer, Offer
from shuzheng.base.stats.state import MOST, State, common
from shuzheng.base.stats.trends import trend
from shuzheng.kernel.errors import Invalid

SHOWN = 300
"""Rows of a table on a page; an export has all."""
CHARTS = {"bar": "bar", "line": "trend", "stack": "stack"}
FINE = ("month", "kind")


def _looks(state: State) -> list[Tab]:
    names = (
        ("table", _("透视表"), "table"), ("bar", _("柱图"), "chart-bar"), ("stack", _("堆积图"), "chart-histogram"),
        ("line", _("折线图"), "chart-line"), ("rank", _("排名"), "sort-descending"), ("map", _("色块图"), "layout-grid"),
        ("dist", _("分布"), "chart-dots"), ("peers", _("同类比较"), "users-group"), ("trend", _("趋势预测"), "timeline"),
    )  # fmt: skip
    return [
        Tab(label, address("explore", state, look=name), state.look == name, icon=icon) for name, label, icon in names
    ]


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    fault = ""
    try:
        found = answered(actor, request.GET)
    except Invalid as refused:  # an address that asks for what does not go together: say why, keep the panel
        fault = "；".join(f.message for f in refused.faults) or refused.message
        found = answered(actor, QueryDict())
    context = {
        **picture(found, drillable=True),
        **_panel(found),
        "fault": fault,
        "tabs": _looks(found.state),
        "may_save": actor.may("stats.view.save"),
        "may_export": actor.may("stats.answer.export"),
        "may_brief": actor.may("stats.brief.set"),
        "may_alert": actor.may("stats.alert.set"),
        "query": found.state.query(),
        "embed_url": request.build_absolute_uri(address("embed", found.state)),
    }
    return render(request, "stats/explore.html", context, status=422 if fault else 200)


@require_GET
def embed(request: HttpRequest) -> HttpResponse:
    """The answer alone, without the frame: for a page of the same platform, or a screen. Whoever opens it sees their own scope."""
    actor = asked(request)
    return render(request, "stats/embed.html", picture(answered(actor, request.GET), drillable=False))


def picture(found: Asked, *, drillable: bool) -> dict[str, Any]:
    """What the answer's part of a page needs."""
    state, answer = found.state, found.answer
    context: dict[str, Any] = {
        "state": state,
        "answer": answer,
        "title": title_of(found),
        "drill": f"{reverse('stats:drill')}?{state.query()}" if drillable else "",
        "cut": max(answer.found - SHOWN, 0),
        "look": state.look,
        "sources": answer.sources,
        "hidden": sum(r.suppressed for r in answer.rows),
    }
    if state.look in ("rank", "peers"):
        ranked, middle = looks.ranking(answer)
        context |= {"ranked": ranked[:SHOWN], "middle": middle, "first": answer.indicators[0]}
        context["name"] = looks.word(answer.indicators[0])
        if state.look == "peers":
            context["spread"] = looks.spread([r.value for r in ranked])
    elif state.look == "map":
        context |= {
            "tiles": looks.tiles(answer),
            "first": answer.indicators[0],
            "name": looks.word(answer.indicators[0]),
        }
        context["is_nation"] = any(t.row for t in context["tiles"])
    elif state.look == "dist":
        context |= _distribution(answer)
    elif state.look == "trend":
        context |= _trend(found)
    elif state.look in CHARTS:
        context |= {"chart": looks.chart(answer, state.across), "kind": CHARTS[state.look]}
    else:
        table = looks.pivot(answer, state.across)
        context |= {"table": table, "lines": table.lines[:SHOWN]}
    return context


def _distribution(answer: Answer) -> dict[str, Any]:
    first = answer.indicators[0]
    found = looks.spread([v for _r, v in looks.known(answer)])
    context: dict[str, Any] = {"spread": found, "first": first, "name": looks.word(first)}
    if found:
        context["chart"] = {
            "x": [f"{round(low, first.places):,f}" for low, _high, _n in found.bins],
            "unit": _("个"),
            "series": [{"name": _("个数"), "data": [n for _low, _high, n in found.bins]}],
            "barWidth": 28,
        }
    return context


def _trend(found: Asked) -> dict[str, Any]:
    state = found.state
    where = dict(found.answer.question.where)
    offer = next(o for o in found.offers.indicators if o.name == state.indicators[0])
    by = "month" if "month" in (*state.by, state.across) and "month" in offer.dimensions else "period"
    periods = (state.first, state.until)
    series = trend(
        state.indicators[0], scope=found.actor.scope, by=by, periods=periods, where=where, tree=state.tree,
        ahead=12 if by == "month" else 4,
    )  # fmt: skip
    return {
        "trend": series,
        "first": series.column,
        "name": looks.word(series.column),
        "chart": looks.trend_chart(series, _("预测区间（80%）"), _("预测")),
        "kind": "trend",
    }


def _panel(found: Asked) -> dict[str, Any]:
    """The choices at the left, with what is chosen."""
    state, offers = found.state, found.offers
    chosen = [o for o in offers.indicators if o.name in state.indicators]
    allowed = common(chosen)
    places, here = divisions(found.actor, state.at)
    where = dict(state.where)
    return {
        "groups": _groups(offers.indicators, state),
        "dimensions": [
            (d.name, in_language(d.label, d.label_en), d.name in state.by, d.name == state.across)
            for d in offers.dimensions
            if d.name in allowed
        ],
        "filters": [
            (d.name, in_language(d.label, d.label_en), [(k, v, k in where.get(d.name, ())) for k, v in d.values])
            for d in offers.dimensions
            if d.values and d.name in allowed
        ],
        "periods": [(p, period_word(p)) for p in reversed(offers.periods)],
        "places": places,
        "here": here,
        "is_then": state.tree == THEN,
        "chosen": chosen,
        "as_of": offers.as_of,
    }


def _groups(offers: tuple[Offer, ...], state: State) -> list[tuple[str, list[tuple[Offer, str, bool]]]]:
    heads = {"energy": _("能源资源"), "reporting": _("报送"), "own": _("自定义")}
    groups: dict[str, list[tuple[Offer, str, bool]]] = {}
    for offer in offers:
        head = heads.get(offer.name.split(".", 1)[0], offer.name.split(".", 1)[0])
        row = (offer, in_language(offer.label, offer.label_en), offer.name in state.indicators)
        groups.setdefault(head, []).append(row)
    return list(groups.items())


@require_GET
def drill_page(request: HttpRequest) -> HttpResponse:
    """A number by the submissions it is made of: their cells as they stand, and who approved them last."""
    actor = asked(request)
    query = request.GET.copy()
    cell = {name[5:]: query[name] for name in list(query) if name.startswith("cell.")}
    wanted = query.get("of", "")
    found = answered(actor, query)
    state = found.state
    if wanted in state.indicators:
        state = State(**{**state.__dict__, "indicators": (wanted, *(n for n in state.indicators if n != wanted))})
    question = state.question(found.offers.periods)
    cell = {k: v for k, v in cell.items() if k in question.by}
    origins = drill(question, cell, scope=actor.scope, limit=100)
    offer = next(o for o in found.offers.indicators if o.name == state.indicators[0])
    labels = _labels(found.answer, cell)
    context = {
        "offer": offer,
        "name": in_language(offer.label, offer.label_en),
        "labels": labels,
        "origins": origins,
        "number": _number(found.answer, offer.name, cell),
        "back": address("explore", found.state),
        "narrower": _narrower(state, cell, found),
        "crumbs": [
            Crumb(_("统计分析"), address("explore", found.state)),
            Crumb(" · ".join([in_language(offer.label, offer.label_en), *labels])),
        ],
        "period": [period_word(p) for p in dict.fromkeys(question.periods) if p],
        "sources": found.answer.sources,
    }
    return render(request, "stats/drill.html", context)


def _labels(answer: Answer, cell: dict[str, str]) -> list[str]:
    names = [c.name for c in answer.dimensions]
    found = []
    for name, key in cell.items():
        at = names.index(name)
        found.append(next((r.labels[at] for r in answer.rows if r.keys[at] == key), key))
    return found


def _number(answer: Answer, indicator: str, cell: dict[str, str]) -> Any:
    at = [c.name for c in answer.indicators].index(indicator)
    names = [c.name for c in answer.dimensions]
    if not cell:
        return answer.total.values[at] if answer.total else None
    for row in answer.rows:
        if dict(zip(names, row.keys, strict=True)) == cell:
            return row.values[at]
    return None


def _narrower(state: State, cell: dict[str, str], found: Asked) -> str:
    """The explorer, one level further down in the place that the number is of."""
    for name, next_ in (("province", "prefecture"), ("prefecture", "county"), ("county", "institution")):
        if name in cell and not cell[name].endswith("0/"):
            rest = {k: (v,) for k, v in cell.items() if k in ("type", "tier", "kind")}
            return address("explore", state.with_where(**rest), by=(next_,), across="", at=cell[name])
    return ""


def cell_query(keys: tuple[tuple[str, str], ...], indicator: str) -> str:
    """What a number's link adds to the drill's address."""
    return urlencode([*((f"cell.{name}", key) for name, key in keys), ("of", indicator)])


__all__ = ["MOST", "cell_query", "drill_page", "embed", "page", "picture"]
