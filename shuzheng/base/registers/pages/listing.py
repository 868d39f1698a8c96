"""The list: rows, views, filters, columns, typeahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.counting import Counted
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Choice, Column, Pager, Pill, Tab
from shuzheng.base.registers import actions
from shuzheng.base.registers import render as drawn
from shuzheng.base.registers.declare import Register, follow, register_of
from shuzheng.base.registers.fields import Shown, columns_of, label_field, search_names
from shuzheng.base.registers.filters import Filter, filters_of
from shuzheng.base.registers.forms import owners, targets
from shuzheng.base.registers.models import SavedView
from shuzheng.base.registers.pages.common import address, asked, record_link
from shuzheng.base.registers.query import SIZES, Found, Listing, Params, search_q
from shuzheng.kernel.errors import Invalid, Missing
from shuzheng.kernel.text import fold

PILLS = 6
"""Filters that stand in the bar; further ones of few choices lie behind ＋ 条件."""
TYPEAHEAD = 20
SPAN_ORDER = ("own", "below", "all")


@require_GET
def page(request: HttpRequest, register: str) -> HttpResponse:
    """The list, whole or, for HTMX, its changing part."""
    held, actor = asked(request, register)
    fault = None
    try:
        params = Params.parse(held, request.GET)
        kept = kept_views(held, actor)
        listing = Listing(held, actor, params)
        columns = listing.visible(_kept_columns(kept, params))
        found = listing.find(columns)
    except Invalid as refused:
        # A condition that can't be: the list without it, and the sentence why.
        fault, params = refused, Params(scope=request.GET.get("scope", ""), view=request.GET.get("view", ""))
        kept = kept_views(held, actor)
        listing = Listing(held, actor, params)
        columns = listing.visible(_kept_columns(kept, params))
        found = listing.find(columns)
    context = _context(held, actor, listing, columns, found, kept) | {"fault": fault}
    partial = request.htmx and "list" in (request.htmx.target or "")
    template = "registers/parts/list.html" if partial else "registers/list.html"
    response = render(request, template, context, status=422 if fault else 200)
    patch_vary_headers(response, ["HX-Request"])
    return response


def kept_views(register: Register, actor: Actor) -> list[SavedView]:
    """What the person keeps about this register: named views and columns, in one question."""
    return list(SavedView.objects.filter(person_id=actor.person_id, register=register.name).order_by("name", "pk"))


def _kept_columns(kept: Sequence[SavedView], params: Params) -> Sequence[str]:
    named = next((v for v in kept if v.name and str(v.pk) == params.view), None)
    plain = next((v for v in kept if not v.name and v.tab == params.view), None)
    view = named or plain
    return view.columns if view is not None else ()


def _context(
    register: Register, actor: Actor, listing: Listing, columns: list[Shown], found: Found, kept: list[SavedView]
) -> dict[str, Any]:
    params = listing.params
    verdicts = type(register).verdict is not Register.verdict
    base = address(register)
    mine = [v for v in kept if v.name]
    pills, more = _pills(register, actor, params)
    shown_names = [c.name for c in columns]
    chooser = [Column(c.name, c.label, True, c.locked) for c in columns]
    chooser += [Column(c.name, c.label, False, c.locked) for c in listing.columns if c.name not in shown_names]
    query = params.url(page=1).lstrip("?")
    return {
        "register": register,
        "title": register.heading,
        "unit": str(register.unit),
        "params": params,
        **_figures(register, listing, mine, found.tabs, found.scopes),
        "own_view": next((v for v in mine if str(v.pk) == params.view), None),
        "pills": pills,
        "more_pills": more,
        "clear_url": params.url(filters={}, q="") if params.narrowed else "",
        "search_label": "、".join(_search_names(register)),
        "hidden": [(k, v) for k, v in QueryDict(query).lists() if k not in ("q", "page") for v in v],
        "chooser": chooser,
        "columns_url": f"{address(register, 'columns')}?{query}",
        "save_url": f"{address(register, 'save_view')}?{query}",
        "query": query,
        "head": drawn.heads_html(columns, params, found.order, verdicts),
        "rows": drawn.rows_html(register, found.rows, columns, record_link(register), verdicts),
        "sums": drawn.sums_html(columns, found.total, verdicts),
        "found": found,
        "total_text": formats.count(found.total.n),
        "pager": _pager(register, params, found) if found.rows else None,
        "may": {verb: register.may(actor, verb) for verb in ("create", "change", "delete", "import", "export")},
        "has_labels": register.has("labels"),
        "verbs": [a for a in register.actions if not a.permission or actor.may(a.permission)],
        "base": base,
    }


def _figures(
    register: Register,
    listing: Listing,
    mine: Sequence[SavedView],
    tabs: Mapping[str, Counted] | None,
    scopes: Mapping[str, Counted] | None,
) -> dict[str, Any]:
    """The views and the scope switch with their counts; without, and where to fetch them, when they are asked for later."""
    params = listing.params

    def view(name: str, label: str, tone: str = "") -> Tab:
        count = formats.count(tabs[name].n) if tabs is not None else None
        return Tab(label, _tab_url(params, name), params.view == name, count, tone if tabs and tabs[name].n else "")

    views = [view("", _("全部")), *(view(t.name, str(t.label), t.tone) for t in register.tabs)]
    views += [Tab(_("我的：%(name)s") % {"name": v.name}, "?" + v.query, params.view == str(v.pk)) for v in mine]
    return {
        "tabs": views if len(views) > 1 else [],
        "scopes": [
            Tab(
                s.label,
                params.url(scope=s.name),
                s is listing.span,
                formats.count(scopes[s.name].n) if scopes else None,
            )
            for s in sorted(listing.spans, key=lambda s: SPAN_ORDER.index(s.name))
        ],
        "figures_url": "" if tabs is not None else f"{address(register, 'figures')}{params.url()}",
    }


@require_GET
def figures(request: HttpRequest, register: str) -> HttpResponse:
    """The views and the scope switch with their counts, for a list too long to count them along the way."""
    held, actor = asked(request, register)
    params = Params.parse(held, request.GET)
    listing = Listing(held, actor, params)
    tabs, scopes = listing.figures()
    mine = [v for v in kept_views(held, actor) if v.name]
    return render(request, "registers/parts/figures.html", _figures(held, listing, mine, tabs, scopes) | {"swap": True})


def _tab_url(params: Params, name: str) -> str:
    return params.url(view=name, filters={}, q="", columns=(), sort="")


def _search_names(register: Register) -> list[str]:
    return [str(follow(register.model, name).verbose_name) for name in search_names(register)]


def _pills(register: Register, actor: Actor, params: Params) -> tuple[list[Pill], list[Pill]]:
    pills, more = [], []
    for item in filters_of(register):
        given = item.given(params.filters)
        said = ""
        if given:
            said = item.names(params.filters) if item.kind == "relation" else item.said(params.filters)
        clear = params.filtered(item) if given else ""
        choices = _choices(item, params)
        panel = "" if choices else f"{address(register, 'filter', field=item.name)}{params.url()}"
        pill = Pill(item.label, said, clear, choices, panel)
        (more if choices and not given and len(pills) >= PILLS else pills).append(pill)
    return pills, more


def _choices(item: Filter, params: Params) -> tuple[Choice, ...]:
    if item.kind == "yesno":
        options = {"1": _("是"), "0": _("否")}
    elif item.kind in ("choice", "choices"):
        options = dict(item.choices)
    else:
        return ()
    now = params.filters.get(item.name, ())
    made = []
    for value, label in options.items():
        on = value in now
        if item.kind == "yesno":
            chosen = () if on else (value,)
        else:
            chosen = tuple(v for v in now if v != value) if on else (*now, value)
        made.append(Choice(label, params.filtered(item, *chosen), on))
    return tuple(made)


def _pager(register: Register, params: Params, found: Found) -> Pager:
    last = -(-min(found.total.n, 10_000) // params.size)
    near = {1, last, *range(params.page - 2, params.page + 3)}
    numbers = [n for n in sorted(near) if 1 <= n <= last]
    pages: list[Choice | None] = []
    for place, number in enumerate(numbers):
        if place and number - numbers[place - 1] > 1:
            pages.append(None)
        pages.append(Choice(str(number), params.url(page=number), number == params.page))
    first = (params.page - 1) * params.size + 1
    return Pager(
        first, first + len(found.rows) - 1, formats.count(found.total.n), str(register.unit),
        tuple(pages) if last > 1 else (),
        params.url(page=params.page - 1) if params.page > 1 else "",
        params.url(page=params.page + 1) if params.page < last else "",
        tuple(Choice(str(size), params.url(size=size), size == params.size) for size in SIZES),
        _("只翻到前 10,000 条；加条件看其余。") if found.total.capped else "",
    )  # fmt: skip


@require_POST
def columns(request: HttpRequest, register: str) -> HttpResponse:
    """Keep the columns of the present view for this person (``reset``: the declared ones again)."""
    held, actor = asked(request, register)
    actor.require(held.permission("view"))
    params = Params.parse(held, request.GET)
    known = {c.name for c in columns_of(held)}
    names = [] if request.POST.get("reset") else [c for c in request.POST.getlist("column") if c in known]
    kept = kept_views(held, actor)
    view = next((v for v in kept if v.name and str(v.pk) == params.view), None)
    view = view or next((v for v in kept if not v.name and v.tab == params.view), None)
    if view is None:
        tab = params.view if held.tab(params.view) else ""
        view = _new_view(held, actor, tab=tab)
    actions.save_view([view], actor=actor, key=new_key(), columns=names)
    return redirect(address(held) + params.url(columns=(), page=params.page))


def _new_view(register: Register, actor: Actor, **values: Any) -> SavedView:
    view = SavedView(person_id=actor.person_id, register=register.name, **values)
    view.own(Node.objects.get(pk=actor.organ_id))
    return view


@require_POST
def save_view(request: HttpRequest, register: str) -> HttpResponse:
    """Give the present list a name. The same name again keeps the new conditions."""
    held, actor = asked(request, register)
    actor.require(held.permission("view"))
    name = fold(request.POST.get("name", ""))[:40]
    if not name:
        raise Invalid.one("name", _("给视图起个名称。"))
    params = Params.parse(held, request.GET)
    view = next((v for v in kept_views(held, actor) if v.name == name), None) or _new_view(held, actor, name=name)
    query = params.url(view=str(view.pk), columns=()).lstrip("?")
    values: dict[str, Any] = {"query": query}
    if params.columns:
        values["columns"] = list(params.columns)
    actions.save_view([view], actor=actor, key=new_key(), **values)
    messages.success(request, _("已存为视图“%(name)s”") % {"name": name})
    return redirect(f"{address(held)}?{query}")


@require_POST
def delete_view(request: HttpRequest, register: str, pk: UUID) -> HttpResponse:
    """Forget one of one's own views."""
    held, actor = asked(request, register)
    view = next((v for v in kept_views(held, actor) if v.pk == pk and v.name), None)
    if view is None:
        raise Missing
    actions.delete_view([view], actor=actor, key=new_key())
    messages.success(request, _("已删除视图“%(name)s”") % {"name": view.name})
    return redirect(address(held))


@require_GET
def filter_panel(request: HttpRequest, register: str, field: str) -> HttpResponse:
    """The panel of a filter that is no list of choices: a range, a day, a text, a record to find."""
    held, actor = asked(request, register)
    actor.require(held.permission("view"))
    item = next((f for f in filters_of(held) if f.name == field), None)
    if item is None:
        raise Missing
    params = Params.parse(held, request.GET)
    left = params.filtered(item).lstrip("?")
    now = {key: (params.filters.get(key) or [""])[-1] for key in item.keys}
    context = {
        "item": item,
        "base": address(held),
        "hidden": [(k, v) for k, values in QueryDict(left).lists() for v in values],
        "inputs": [(key, now[key], label) for key, label in zip(item.keys, _input_labels(item), strict=False)],
        "input_type": "date" if item.kind in ("date", "datetime", "span") else "text",
        "choose_url": address(held, "choices", field=field) + "?filter=1" if item.kind == "relation" else "",
        "chosen": item.names(params.filters) if item.kind == "relation" and item.given(params.filters) else "",
    }
    return render(request, "registers/parts/filter.html", context)


def _input_labels(item: Filter) -> tuple[str, ...]:
    if item.ranged:
        return (_("从"), _("到"))
    return (_("在这一天有效") if item.kind == "span" else _("包含"),)


@require_GET
def choices(request: HttpRequest, register: str, field: str) -> HttpResponse:
    """Typeahead for a foreign key: what the actor may see (an owner: may write) and the text finds, at most ``TYPEAHEAD``."""
    held, actor = asked(request, register)
    actor.require(held.permission("view"))
    try:
        target = held.model._meta.get_field(field)
    except FieldDoesNotExist:
        raise Missing
    if not target.many_to_one:
        raise Missing
    owner = field == "node" and not request.GET.get("filter")
    rows = owners(held, actor) if owner else targets(target, actor)
    text = fold(request.GET.get("q", ""))[:60].replace("\0", "")
    found = rows.filter(_typed(target.related_model, text)) if text else rows
    order = "pinyin" if any(f.name == "pinyin" for f in target.related_model._meta.concrete_fields) else "pk"
    found = found.order_by("path", order) if hasattr(target.related_model, "path") else found.order_by(order)
    shown = [(row.pk, str(row), _hint(row)) for row in found[:TYPEAHEAD]]
    return render(request, "registers/parts/choices.html", {"rows": shown, "more": len(shown) == TYPEAHEAD})


def _typed(model: Any, text: str) -> Q:
    held = register_of(model)
    if held is not None and held.search:
        return search_q(held, text)
    condition = Q(**{f"{label_field(model)}__icontains": text}) if label_field(model) != "pk" else Q()
    names = {f.name for f in model._meta.concrete_fields}
    if "initials" in names and text.isascii() and text.isalnum():
        condition |= Q(initials__gte=text.lower(), initials__lt=text.lower() + "~")
    for name in ("number", "code", "uscc"):
        if name in names:
            condition |= Q(**{f"{name}__startswith": text})
    return condition


def _hint(row: Any) -> str:
    for name in ("number", "code", "uscc"):
        if value := getattr(row, name, ""):
            return str(value)
    return ""
