"""Two editions side by side, and what regions have set in place of what holds above them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import ancestors
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.standards import differences
from shuzheng.base.standards.book import FactorValue, RuleValue, values_of
from shuzheng.base.standards.drafting import edition_before
from shuzheng.base.standards.models import CodeSet, ConversionFactor, Rule, RulePack, Standard, State
from shuzheng.base.standards.numbers import shown
from shuzheng.base.standards.pages.common import address_of, crumbs, find, labels, paged, region_names
from shuzheng.base.standards.resolve import current
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.text import fold


def before(row: Standard) -> Standard | None:
    """What an edition is compared with: the one before it, or for a region's first what was published above it."""
    found = edition_before(row)
    if found is None and row.region:
        above = {name: getattr(row, name) for name in row.IDENTITY} | {"region__in": ancestors(row.region)[:-1]}
        rows = type(row)._default_manager.filter(**above, state=State.PUBLISHED)
        found = rows.order_by("region", "effective_from", "edition").last()
    return found


@require_GET
def diff(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """An edition beside another (``with``), else beside the one before it."""
    actor: Actor = request.actor
    row = find(actor, kind, pk)
    asked = request.GET.get("with", "")
    try:
        other = find(actor, kind, UUID(asked)) if asked else before(row)
    except ValueError:
        raise Missing from None
    if other is not None and [getattr(other, n) for n in row.IDENTITY] != [getattr(row, n) for n in row.IDENTITY]:
        raise Missing
    changes = differences.fields(other, row)
    context = {
        "row": row, "other": other, "kind": kind, "kind_label": labels()[kind],
        "changed": [c for c in changes if c.differs], "same": [c for c in changes if not c.differs and c.after],
        "items": differences.items(other, row) if isinstance(row, CodeSet) else None,
        "regions": region_names([row.region, other.region if other else ""]),
        "crumbs": crumbs(_("版次对比"), Crumb(row.label, address_of(row))),
    }  # fmt: skip
    return render(request, "standards/diff.html", context)


@dataclass(frozen=True)
class Override:
    """A region's own value beside what holds above it."""

    row: Rule | ConversionFactor
    url: str
    subject: str
    own: str
    above: str
    above_region: str
    bound: str
    state: str
    tone: str


@require_GET
def overrides(request: HttpRequest) -> HttpResponse:
    """Every rule and factor that a region sets for itself, as far as the reader sees it."""
    actor: Actor = request.actor
    actor.require("standards.rule.view")
    actor.require("standards.factor.view")
    q, pack = fold(request.GET.get("q", ""))[:60], request.GET.get("pack", "")
    found = [*_rules(pack), *(() if pack else _factors())]
    if q:
        found = [
            o
            for o in found
            if all(w in f"{o.row.name} {o.row.name_en} {o.subject} {o.row.region}".lower() for w in q.lower().split())
        ]
    rows, pager = paged(request, found, _("项"))
    context = {
        "rows": rows, "pager": pager, "q": q, "pack": pack, "packs": RulePack.objects.order_by("code").distinct("code"),
        "regions": region_names([r for o in rows for r in (o.row.region, o.above_region)]),
        "crumbs": crumbs(_("地方规定")),
        "may_draft": actor.may("standards.rule.draft", actor.division),
    }  # fmt: skip
    return render(request, "standards/overrides.html", context)


def _rules(pack: str) -> Sequence[Override]:
    rows = Rule.objects.exclude(region="").filter(state=State.PUBLISHED).order_by("code", "key", "region", "-edition")
    if pack:
        rows = rows.filter(pack__code=pack)
    book, today = current(), timezone.localdate()
    found = []
    for row in rows:
        above = book.rule(row.code, max(today, row.effective_from), _above(row.region), row.key, row.scope_level)
        own = RuleValue(**values_of(row, RuleValue))
        state, tone = _standing(row, above is None or above.allows(own))
        found.append(
            Override(
                row, address_of(row), " ".join(filter(None, (row.code, row.key))), f"{row.shown_value} {row.unit}",
                f"{shown(above.value)} {above.unit}" if above else "", above.region if above else "",
                str(row.get_bound_display()), state, tone,
            )
        )  # fmt: skip
    return found


def _factors() -> Sequence[Override]:
    rows = ConversionFactor.objects.exclude(region="").filter(state=State.PUBLISHED)
    book, today = current(), timezone.localdate()
    found = []
    for row in rows.order_by("energy", "to_unit", "region", "-edition"):
        above = book.factor(row.energy, row.method, max(today, row.effective_from), _above(row.region), row.to_unit)
        own = FactorValue(**values_of(row, FactorValue))
        state, tone = _standing(row, above is None or above.allows(own))
        limits = f"{shown(above.low)}–{shown(above.high)}" if above and above.low is not None else ""
        found.append(
            Override(
                row, address_of(row), " ".join(filter(None, (row.energy, str(row.get_method_display())))),
                f"{row.shown_value} {row.to_unit}/{row.from_unit}", shown(above.value) if above else "",
                above.region if above else "", limits, state, tone,
            )
        )  # fmt: skip
    return found


def _above(region: str) -> str:
    return ancestors(region)[-2]


def _standing(row: Standard, allowed: bool) -> tuple[str, str]:
    """Whether an override counts today, in words and as a state's tone."""
    today = timezone.localdate()
    if row.effective_from > today:
        return _("尚未生效"), "info"
    if row.effective_to and row.effective_to <= today:
        return _("已终止"), "mute"
    return (_("现行"), "ok") if allowed else (_("超出上级范围，不作数"), "over")


urlpatterns = [
    path("diff/<str:kind>/<uuid:pk>/", diff, name="diff"),
    path("overrides/", overrides, name="overrides"),
]
