"""Pages of energy management, below ``/energy/``: overview by tier, the three roll-up tables, data quality, the roster of a period.

``?at=`` names the division (one's own without it), ``?year=`` or ``?period=`` the time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET

from shuzheng.apps.energy import exports, figures, quality, roster, tables, targets
from shuzheng.apps.energy.figures import Held, Year
from shuzheng.apps.energy.models import Member
from shuzheng.apps.energy.offers import QUARTERLY
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range, ancestors
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.forms import names
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Crumb, Tab
from shuzheng.base.standards import resolve, working_days
from shuzheng.kernel.errors import FieldFault, Invalid, Missing
from shuzheng.kernel.periods import Period, PeriodKind

LINE = "reporting"
KINDS = {
    "over": gettext_noop("超定额"), "warn": gettext_noop("高于基准"), "ok": gettext_noop("低于基准"),
    "best": gettext_noop("标杆"),
}  # fmt: skip
TONES = {"over": "over", "warn": "warn", "ok": "ok", "best": "ok", "": "mute"}


@dataclass(frozen=True)
class Place:
    """A division that is looked at, and the way to it from the reader's own."""

    division: Node
    trail: list[Crumb]

    @property
    def path(self) -> str:
        return str(self.division.path)

    @property
    def name(self) -> str:
        return str(self.division.name)


def _place(request: HttpRequest, actor: Actor, permission: str, url: str) -> Place:
    """The division that ``?at=`` names.

    Raises:
        Missing: no such division, or out of sight.
        Denied: the right to look is missing there.
    """
    actor.require(permission)
    at = request.GET.get("at", actor.division)
    division = Node.objects.filter(path=at, kind=NodeKind.DIVISION).first()
    if division is None or not actor.scope.may_read(LINE, at):
        raise Missing(_("没有这个区划，或不归当前岗位看。"))
    actor.require(permission, at)
    above = [p for p in ancestors(at) if actor.scope.may_read(LINE, p)]
    known = dict(Node.objects.filter(path__in=above, kind=NodeKind.DIVISION).values_list("path", "name"))
    steps = [Crumb(known[p], f"{url}?at={p}") for p in above if p in known and p != at]
    return Place(division, [*steps, Crumb(division.name)])


def _year(request: HttpRequest, held: list[int]) -> int:
    given = request.GET.get("year", "")
    if given.isascii() and given.isdigit() and int(given) in held:
        return int(given)
    return held[0] if held else timezone.localdate().year


# Overview


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    url = reverse("energy:overview")
    place = _place(request, actor, "energy.overview.view", url)
    years = figures.years_held(place.path)
    year = _year(request, years)
    held = figures.of_year(year, place.path)
    book = resolve.current()
    aims = [targets.progress(aim, held.whole, place.path, book) for aim in targets.AIMS]
    latest = held.rounds[-1] if held.rounds else None
    context = {
        "place": place,
        "year": year,
        "years": [Tab(str(y), f"{url}?at={place.path}&year={y}", active=y == year) for y in years],
        "crumbs": [Crumb(_("公共机构节能"), url), Crumb(_("节能概览"))],
        "whole": held.whole,
        "aims": [_aim_row(p, place.division.tier, held.whole.is_whole) for p in aims],
        "facts": _facts(held.whole),
        "members": _members(held, place, url, year),
        "tier_label": Tier(place.division.tier).label,
        "latest": latest,
        "latest_label": names.period_label(latest.period) if latest else "",
        "findings": quality.sorts(latest, place.division) if latest else [],
        "asked": _asked(latest, place.path) if latest else 0,
        "quotas": _quotas(held, place, year),
        "annual": working_days.due("ENERGY-ANNUAL-REPORT", Period.full_year(year).end, place.path),
    }
    return render(request, "energy/overview.html", context)


def _asked(round_: Round, at: str) -> int:
    span = Range.subtree(at)
    rows = Submission.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi)
    return rows.exclude(state=Submission.State.EXEMPT).count()


def _aim_row(item: targets.Progress, tier: int, is_whole: bool) -> dict[str, Any]:
    """A line of the table of targets. Totals are caps of the nation: a region sees its amount and no verdict.

    Whether a target is met is said of whole years only; before that, on which side of it the year so far lies.
    """
    shares = not item.aim.is_total or tier == Tier.NATION
    met = item.is_met if shares else None
    return {
        "label": item.aim.label,
        "unit": names.unit(item.aim.unit),
        "places": item.aim.places,
        "value": item.value,
        "base": item.base if shares else None,
        "target": item.target if shares else None,
        "cut": item.cut if shares else None,
        "fell": item.fell if shares else None,
        "bar": max(Decimal(0), min(item.done, Decimal(100))) if shares and item.done is not None else None,
        "tone": "mute" if met is None else "warn" if not met else "ok" if is_whole else "info",
        "word": _verdict(met, is_whole),
    }


def _verdict(met: bool | None, is_whole: bool) -> str:
    if met is None:
        return ""
    if is_whole:
        return _("达到目标") if met else _("未达目标")
    return _("折年低于目标值") if met else _("折年高于目标值")


def _facts(whole: Year) -> list[tuple[str, Decimal | None, int, str]]:
    """Label, value, decimals, unit: amounts so far, both electricity methods side by side and never mixed."""
    return [
        (_("综合能耗（当量值）"), whole.tce, 2, "tce"),
        (_("综合能耗（等价值）"), whole.tce_equal, 2, "tce"),
        (_("单位建筑面积能耗（等价值）"), whole.per_area(equal=True), 2, "kgce/㎡"),
        (_("人均综合能耗（等价值）"), whole.per_head(equal=True), 2, names.unit("kgce/人")),
        (_("用电量"), whole.power, 0, "kWh"),
        (_("单位建筑面积电耗"), whole.power_per_area, 2, "kWh/㎡"),
        (_("光伏自发自用"), whole.solar, 0, "kWh"),
        (_("用水量"), whole.water, 0, "m³"),
        (_("二氧化碳排放量"), whole.carbon, 2, "tCO₂"),
        (_("用能人数"), whole.people, 0, names.unit("人")),
        (_("建筑面积"), whole.area, 2, "㎡"),
    ]


def _members(held: Held, place: Place, url: str, year: int) -> list[dict[str, Any]]:
    """What stands just below the division, the highest energy per floor area first."""
    known = dict(Node.objects.filter(path__in=held.members, kind=NodeKind.DIVISION).values_list("path", "name"))
    rows = []
    for member, part in held.members.items():
        name = known.get(member)
        rows.append(
            {
                "name": name or _("%(name)s本级") % {"name": place.name},
                "url": f"{url}?at={member}&year={year}" if name else "",
                "units": part.counted,
                "tce": part.tce,
                "per_area": part.per_area(),
                "per_head": part.per_head(),
                "water": part.water_per_head,
                "carbon": part.carbon_per_area,
            }
        )
    return sorted(rows, key=lambda r: (-(r["per_area"] or 0), r["name"]))


def _quotas(held: Held, place: Place, year: int) -> list[dict[str, Any]]:
    """How the parts of the division stand against the quota of their tier: how many in each band, and the whole."""
    book, on = resolve.current(), Period.full_year(year).end
    rows = []
    for key, label, value in (
        ("per_area", _("单位建筑面积能耗"), Year.per_area),
        ("per_head", _("人均综合能耗"), Year.per_head),
    ):
        found = targets.quota(key, on, place.path, place.division.tier, book)
        if found is None:
            continue
        mine = value(held.whole)
        bands = Counter(found.standing(v) for part in held.members.values() if (v := value(part)) is not None)
        rows.append(
            {
                "label": label,
                "quota": found,
                "value": mine,
                "tone": TONES[found.standing(mine) if mine is not None else ""],
                "word": _(KINDS[found.standing(mine)]) if mine is not None else "",
                "bands": [(TONES[kind], _(word), bands.get(kind, 0)) for kind, word in KINDS.items()],
            }
        )
    return rows


# The three roll-up tables


def _rounds(division: str) -> list[Round]:
    found = Round.objects.select_related("definition").filter(
        definition__code=QUARTERLY, audience__in=[*ancestors(division), division]
    )
    return sorted(found, key=lambda r: (Period.parse(r.period).start, -len(r.audience)), reverse=True)


def _round(request: HttpRequest, division: str) -> tuple[Round | None, list[Round]]:
    rounds = _rounds(division)
    wanted = request.GET.get("round", "")
    return next((r for r in rounds if str(r.pk) == wanted), rounds[0] if rounds else None), rounds


def _way(request: HttpRequest) -> str:
    way = request.GET.get("by", "division")
    if way not in tables.WAYS:
        raise Invalid(_("没有这种汇总。"), [FieldFault("by", _("没有这种汇总。"))])
    return way


@require_GET
def table(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    url = reverse("energy:tables")
    place = _place(request, actor, "energy.table.view", url)
    round_, rounds = _round(request, place.path)
    way = _way(request)
    found = tables.lines(round_, place.division, way) if round_ else []
    here = f"{url}?at={place.path}"
    context = {
        "place": place,
        "round": round_,
        "period": names.period_label(round_.period) if round_ else "",
        "crumbs": [Crumb(_("公共机构节能"), reverse("energy:overview")), Crumb(_("综合表"))],
        "tabs": [
            Tab(label, f"{here}&by={name}" + (f"&round={round_.pk}" if round_ else ""), active=name == way)
            for name, label in _ways()
        ],
        "rounds": [
            Tab(names.period_label(r.period), f"{here}&by={way}&round={r.pk}", active=r == round_) for r in rounds
        ],
        "heads": [(_(label), names.unit(unit)) for _code, label, unit, _places in tables.ROWS],
        "lines": [_line(line) for line in found],
        "total": _line(tables.total(found)) if found else None,
        "title": dict(_ways())[way],
        "may_export": actor.may("energy.table.export", place.path) and bool(found),
        "export_url": f"{reverse('energy:tables_export')}?at={place.path}&by={way}"
        + (f"&round={round_.pk}" if round_ else ""),
        "tier_label": Tier(place.division.tier).label,
    }
    return render(request, "energy/tables.html", context)


def _ways() -> list[tuple[str, str]]:
    return [("division", _("行政区域汇总")), ("type", _("分类汇总")), ("superior", _("部门汇总"))]


def _line(line: tables.Line) -> dict[str, Any]:
    return {
        "label": line.label,
        "units": line.units,
        "values": [formats.number(line.sums.get(code), places) for code, _l, _u, places in tables.ROWS],
        "per_area": line.per_area,
        "per_head": line.per_head,
        "water": line.water_per_head,
    }


@require_GET
def table_export(request: HttpRequest) -> HttpResponse:
    """The table as an Excel sheet in the scheme's layout."""
    actor = actor_of(request)
    place = _place(request, actor, "energy.table.export", reverse("energy:tables"))
    round_, _rounds_ = _round(request, place.path)
    if round_ is None:
        raise Missing(_("还没有季报任务。"))
    way = _way(request)
    title = f"{place.name} {dict(_ways())[way]} {names.period_label(round_.period)}"
    content = exports.workbook(title, tables.lines(round_, place.division, way))
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = exports.disposition(title)
    return answer


# Data quality


@require_GET
def quality_page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    url = reverse("energy:quality")
    place = _place(request, actor, "energy.quality.view", url)
    round_, rounds = _round(request, place.path)
    found = quality.sorts(round_, place.division) if round_ else []
    chosen = next((s for s in found if s.code == request.GET.get("sort")), None)
    chosen = chosen or next((s for s in found if s.count), found[0] if found else None)
    here = f"{url}?at={place.path}" + (f"&round={round_.pk}" if round_ else "")
    page = Paginator(chosen.rows, 50).get_page(request.GET.get("page")) if chosen else None
    context = {
        "place": place,
        "round": round_,
        "period": names.period_label(round_.period) if round_ else "",
        "crumbs": [Crumb(_("公共机构节能"), reverse("energy:overview")), Crumb(_("数据质量"))],
        "tabs": [
            Tab(s.label, f"{here}&sort={s.code}", count=s.count, active=s == chosen) for s in found
        ],
        "rounds": [Tab(names.period_label(r.period), f"{url}?at={place.path}&round={r.pk}", active=r == round_) for r in rounds],
        "chosen": chosen,
        "page": page,
        "next_url": f"{here}&sort={chosen.code}&page={page.next_page_number()}" if chosen and page and page.has_next() else "",
        "back_url": f"{here}&sort={chosen.code}&page={page.previous_page_number()}" if chosen and page and page.has_previous() else "",
        "total": sum(s.count for s in found),
        "may_open": actor.may("forms.submission.view", place.path),
    }  # fmt: skip
    return render(request, "energy/quality.html", context)


# The roster of a period


@require_GET
def roster_page(request: HttpRequest) -> HttpResponse:
    """Who reports a period, and who entered or left in it."""
    actor = actor_of(request)
    url = reverse("energy:roster")
    place = _place(request, actor, "energy.member.view", url)
    current = Period.containing(timezone.localdate(), PeriodKind.QUARTER)
    wanted = request.GET.get("period", "")
    quarters = [current, *_back(current, 7)]
    period = next((p for p in quarters if str(p) == wanted), current)
    span = Range.subtree(place.path)
    below = {"path__gte": span.lo, "path__lt": span.hi}
    organs = roster.asked(Node.objects.filter(**below), period)
    changed = Member.objects.filter(roster.changed(period), **below).select_related("node", "successor")
    states = Counter(row.state for row in changed)
    context = {
        "place": place,
        "period": names.period_label(period),
        "crumbs": [Crumb(_("公共机构节能"), reverse("energy:overview")), Crumb(_("报告期名录"))],
        "periods": [
            Tab(names.period_label(p), f"{url}?at={place.path}&period={p}", active=p == period) for p in quarters
        ],
        "count": organs.count(),
        "changes": changed.order_by("path", "since")[:200],
        "states": [(label, states.get(code, 0)) for code, label in Member.State.choices if code != Member.State.KEPT],
        "end": period.end,
    }
    return render(request, "energy/roster.html", context)


def _back(period: Period, many: int) -> list[Period]:
    found: list[Period] = []
    step = period.previous
    while step is not None and len(found) < many:
        found.append(step)
        step = step.previous
    return found


urlpatterns = [
    path("", overview, name="overview"),
    path("tables/", table, name="tables"),
    path("tables/export/", table_export, name="tables_export"),
    path("quality/", quality_page, name="quality"),
    path("roster/", roster_page, name="roster"),
]
