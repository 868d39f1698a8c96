"""Looking things up: by group and data set, by words, and one page for each thing with its editions and citation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.parts import Choice, Tab
from shuzheng.base.standards import beside, exports, mapping, working_days
from shuzheng.base.standards.book import ElementValue
from shuzheng.base.standards.models import (
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    Standard,
    State,
)
from shuzheng.base.standards.pages.common import KINDS, crumbs, labels, paged, region_names
from shuzheng.base.standards.resolve import current
from shuzheng.base.standards.uses import where_used
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.text import fold

MOST = 20
"""Entries of one kind among the results of a search across all kinds."""
_WORDS: dict[str, tuple[str, ...]] = {
    "codeset": ("code", "name", "name_en", "note"),
    "factor": ("energy", "name", "name_en", "source"),
    "rule": ("code", "name", "name_en", "source"),
    "unit": ("code", "name", "name_en", "dimension"),
}


@dataclass(frozen=True)
class Section:
    """Found entries of one kind; ``more`` leads to all of them."""

    name: str
    label: str
    rows: Sequence[Any]
    total: int
    more: str = ""


@dataclass
class Branch:
    """A group of the tree with its data sets."""

    label: str
    url: str
    count: int = 0
    on: bool = False
    datasets: list[Choice] = field(default_factory=list)


@lru_cache(maxsize=16)
def _elements(stamp: UUID | None, on: date, at: str) -> tuple[ElementValue, ...]:
    """All elements that hold at a place, in their order; kept until a standard changes."""
    return tuple(exports.elements_in_force(current(), on, at))


def _holding(actor: Actor) -> tuple[ElementValue, ...]:
    return _elements(current().stamp, timezone.localdate(), actor.organ_path)


def _has_words(e: ElementValue, words: Sequence[str]) -> bool:
    text = f"{e.identifier}\n{e.name}\n{e.name_en}\n{e.note}\n{e.value_domain}\n{e.authority}".lower()
    return all(word in text for word in words)


def _matching(kind: str, words: Sequence[str]) -> list[Any]:
    """The last published edition of each thing of a kind whose words match, in the reader's scope."""
    model = KINDS[kind]
    rows: QuerySet[Any] = model._default_manager.filter(state=State.PUBLISHED)
    for word in words:
        condition = Q()
        for name in _WORDS[kind]:
            condition |= Q(**{f"{name}__icontains": word})
        rows = rows.filter(condition)
    order = [n for n in model.IDENTITY if n != "method"]
    found: Iterable[Standard] = rows.order_by(*order, "region", "effective_from", "edition")
    return list({row.identity: row for row in found}.values())


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Elements by group; with words, whatever has them; with a kind, all of that kind."""
    actor: Actor = request.actor
    actor.require("standards.element.view")
    q = fold(request.GET.get("q", ""))[:60]
    kind = request.GET.get("kind", "")
    today = timezone.localdate()
    context: dict[str, Any] = {
        "q": q, "kind": kind, "year_loaded": working_days.is_loaded(today), "today": today,
        "may_draft": any(actor.may(f"standards.{k}.draft", actor.division) for k in KINDS),
    }  # fmt: skip
    words = q.lower().split()
    everything = bool(words) and kind not in KINDS
    if everything:
        context |= {"sections": _across(actor, words, q), "tabs": _kind_tabs(actor, "", q)}
    elif kind in _WORDS:
        actor.require(f"standards.{kind}.view")
        rows, pager = paged(request, _matching(kind, words), labels()[kind])
        context |= {
            "sections": [Section(kind, labels()[kind], rows, len(rows))] if rows else [], "pager": pager,
            "tabs": _kind_tabs(actor, kind, q),
        }  # fmt: skip
    else:
        context |= _by_group(request, actor, words) | {"tabs": _kind_tabs(actor, "element", q)}
    return render(request, "standards/home.html", context)


def _kind_tabs(actor: Actor, on: str, q: str) -> list[Tab]:
    found = []
    for kind, label in labels().items():
        if actor.may(f"standards.{kind}.view"):
            words = {"kind": kind} | ({"q": q} if q else {})
            found.append(Tab(label, f"{reverse('standards:home')}?{urlencode(words)}", kind == on))
    found += [Tab(str(s.label), reverse(s.url), False) for s in beside.SHELVES if actor.may(s.permission)]
    if q:
        found.insert(0, Tab(_("全部"), f"{reverse('standards:home')}?{urlencode({'q': q})}", not on))
    return found


def _across(actor: Actor, words: Sequence[str], q: str) -> list[Section]:
    sections = []
    for kind, label in labels().items():
        if not actor.may(f"standards.{kind}.view"):
            continue
        if kind == "element":
            rows: Sequence[Any] = [e for e in _holding(actor) if _has_words(e, words)]
        else:
            rows = _matching(kind, words)
        if rows:
            more = f"{reverse('standards:home')}?{urlencode({'kind': kind, 'q': q})}" if len(rows) > MOST else ""
            sections.append(Section(kind, label, rows[:MOST], len(rows), more))
    return sections


def _by_group(request: HttpRequest, actor: Actor, words: Sequence[str]) -> dict[str, Any]:
    group, dataset = request.GET.get("group", ""), request.GET.get("dataset", "")
    every = [e for e in _holding(actor) if _has_words(e, words)] if words else _holding(actor)
    rows = [e for e in every if (not group or e.group == group) and (not dataset or e.dataset == dataset)]
    if request.GET.get("unverified"):
        rows = [e for e in rows if e.is_unverified]
    part, pager = paged(request, rows, _("项"))
    tree = _tree(actor, every, group, dataset, request.GET.get("q", ""))
    chosen = next((b for b in tree if b.on), None)
    title = next((d.label for d in chosen.datasets if d.on), chosen.label) if chosen else _("全部数据元")
    return {
        "elements": part, "pager": pager, "tree": tree, "title": title, "group": group, "dataset": dataset,
        "total": len(every), "unverified": sum(e.is_unverified for e in rows), "browsing": True,
        "only_unverified": bool(request.GET.get("unverified")),
    }  # fmt: skip


def _tree(actor: Actor, rows: Sequence[ElementValue], group: str, dataset: str, q: str) -> list[Branch]:
    """Groups in the order of the standard, each with its data sets and counts."""
    found = current().code_set("element_dataset", timezone.localdate(), actor.organ_path)
    names = {item.code: item.label for item in found.items} if found else {}
    counts = Counter((e.group, e.dataset) for e in rows)
    by_group = Counter(e.group for e in rows)
    home_url = reverse("standards:home")
    more = {"q": q} if q else {}
    tree = []
    for value, label in DataElement.Group.choices:
        if not by_group[value]:
            continue
        branch = Branch(
            str(label), f"{home_url}?{urlencode({'group': value, **more})}", by_group[value], value == group
        )
        if branch.on:
            for (of, name), n in sorted(
                counts.items(), key=lambda c: list(names).index(c[0][1]) if c[0][1] in names else 999
            ):
                if of == value and name:
                    url = f"{home_url}?{urlencode({'group': value, 'dataset': name, **more})}"
                    branch.datasets.append(Choice(names.get(name, name), url, name == dataset, n))
        tree.append(branch)
    return tree


@require_GET
def element(request: HttpRequest, identifier: str) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.element.view")
    rows = DataElement.objects.filter(identifier=identifier).select_related("node", "drafted_by", "reviewed_by")
    editions = _editions(rows)
    book, today = current(), timezone.localdate()
    holding = book.element(identifier, today, actor.organ_path)
    row = next((e for e in editions if holding and e.pk == holding.id), editions[0])
    codes = book.code_set(row.code_set, today, actor.organ_path) if row.code_set else None
    sets = book.code_set("element_dataset", today, actor.organ_path)
    context = {
        "row": row, "editions": editions, "uses": where_used(identifier), "codes": codes,
        "items": codes.on(today)[:12] if codes else (), "holding": holding.id if holding else None,
        "dataset": next((i for i in sets.items if i.code == row.dataset), None) if sets else None,
        "unit": row.unit, "regions": region_names([e.region for e in editions]),
        "may_draft": actor.may("standards.element.draft", actor.division),
    }  # fmt: skip
    return render(request, "standards/element.html", context | {"crumbs": crumbs(row.label)})


@require_GET
def codeset(request: HttpRequest, code: str) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.codeset.view")
    editions = _editions(CodeSet.objects.filter(code=code))
    wanted = request.GET.get("edition", "")
    row = next((e for e in editions if str(e.edition) == wanted), None)
    row = row or next((e for e in editions if e.state == State.PUBLISHED), editions[0])
    items, pager = paged(request, list(row.items.order_by("order", "code")), _("个"), 200)
    used = [e for e in _holding(actor) if e.code_set == code]
    context = {
        "row": row, "editions": editions, "items": items, "pager": pager, "elements": used,
        "mapped": any(item.successors for item in items), "published": [e for e in editions if e.state == State.PUBLISHED],
        "may_draft": actor.may("standards.codeset.draft", actor.division),
    }  # fmt: skip
    return render(request, "standards/codeset.html", context | {"crumbs": crumbs(row.label)})


@require_GET
def code_mapping(request: HttpRequest, code: str) -> HttpResponse:
    """The mapping table from each edition of a code set to the next."""
    actor: Actor = request.actor
    actor.require("standards.codeset.view")
    rows = mapping.editions(code, actor.organ_path)
    steps = []
    for older, newer in zip(rows, rows[1:], strict=False):
        names = {item.code: item.label for item in newer.items}
        was = {item.code: item.label for item in older.items}
        lines = [
            (m.code, was[m.code], [(t, names.get(t, "")) for t in m.targets]) for m in mapping.between(older, newer)
        ]
        new = [item for item in newer.items if item.code not in {t for _c, _n, ts in lines for t, _l in ts}]
        steps.append({"older": older, "newer": newer, "lines": lines, "new": new})
    context = {"row": rows[-1], "steps": steps, "crumbs": crumbs(_("代码映射"))}
    return render(request, "standards/mapping.html", context)


@require_GET
def factor(request: HttpRequest, energy: str) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.factor.view")
    editions = _editions(ConversionFactor.objects.filter(energy=energy))
    kinds = current().code_set("energy_kind", timezone.localdate(), "")
    name = next((item.label for item in kinds.items if item.code == energy), energy) if kinds else energy
    context = {
        "editions": editions, "name": name, "crumbs": crumbs(name),
        "regions": region_names([e.region for e in editions]),
        "may_draft": actor.may("standards.factor.draft", actor.division),
    }  # fmt: skip
    return render(request, "standards/factor.html", context)


@require_GET
def rule(request: HttpRequest, code: str) -> HttpResponse:
    actor: Actor = request.actor
    actor.require("standards.rule.view")
    editions = _editions(Rule.objects.filter(code=code).select_related("pack"))
    today, book = timezone.localdate(), current()
    holding = {
        found.id for key in book.rule_keys(code) if (found := book.rule(code, today, actor.organ_path, key, actor.tier))
    }
    context = {
        "row": editions[0], "editions": editions, "holding": holding, "crumbs": crumbs(editions[0].label),
        "regions": region_names([e.region for e in editions]),
        "may_draft": actor.may("standards.rule.draft", actor.division),
    }  # fmt: skip
    return render(request, "standards/rule.html", context)


def _editions(rows: QuerySet[Any]) -> list[Any]:
    found = list(rows.order_by("region", "-effective_from", "-edition"))
    if not found:
        raise Missing
    return found


urlpatterns = [
    path("", home, name="home"),
    path("elements/<str:identifier>/", element, name="element"),
    path("codes/<str:code>/", codeset, name="codeset"),
    path("codes/<str:code>/mapping/", code_mapping, name="mapping"),
    path("factors/<str:energy>/", factor, name="factor"),
    path("rules/<str:code>/", rule, name="rule"),
]
