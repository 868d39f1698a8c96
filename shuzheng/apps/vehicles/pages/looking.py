"""For who looks after the fleet: the overview by tier, the month's public notice, what each vehicle costs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from shuzheng.apps.vehicles import costs as sums
from shuzheng.apps.vehicles import figures, rules
from shuzheng.apps.vehicles.models import Run, Trip, TripState, Use, Vehicle, VehicleState
from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import ancestors
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.portal.parts import Crumb, Stat, Tab
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.periods import Period, PeriodKind

PAGE = 50


@dataclass(frozen=True)
class Place:
    """Whose fleet is looked at: a division, or one's own organ where one watches over nobody."""

    node: Node
    trail: list[Crumb]

    @property
    def path(self) -> str:
        return str(self.node.path)


def place_of(request: HttpRequest, actor: Actor, permission: str, url: str) -> Place:
    """The place that ``?at=`` names.

    Raises:
        Missing: no such place, or out of sight.
        Denied: the right to look is missing there.
    """
    actor.require(permission)
    watches = actor.scope.may_read(LINE, actor.division)
    at = request.GET.get("at", actor.division if watches else actor.organ_path)
    node = Node.objects.filter(path=at).exclude(kind=NodeKind.DEPARTMENT).first()
    if node is None or not actor.scope.may_read(LINE, at):
        raise Missing(_("没有这个区划或单位，或不归当前岗位看。"))
    actor.require(permission, at)
    above = [p for p in ancestors(at) if p != at and actor.scope.may_read(LINE, p)]
    known = dict(Node.objects.filter(path__in=above).values_list("path", "name"))
    return Place(node, [*(Crumb(known[p], f"{url}?at={p}") for p in above if p in known), Crumb(node.name)])


def _year(request: HttpRequest, today: date) -> int:
    given = request.GET.get("year", "")
    return int(given) if given.isascii() and given.isdigit() and 2018 <= int(given) <= today.year else today.year


@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """How many are held against the quota, what they cost, what waits today; and the same by the places below."""
    actor, today = actor_of(request), timezone.localdate()
    url = reverse("vehicles:overview")
    place = place_of(request, actor, "vehicles.overview.view", url)
    year = _year(request, today)
    fleet = figures.of_place(place.path, year, today)
    whole = fleet.whole
    members = figures.members(place.path, year, today) if place.node.kind == NodeKind.DIVISION else []
    context = {
        "place": place, "year": year, "past": year < today.year, "fleet": fleet, "whole": whole,
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("用车概览"))],
        "years": [Tab(str(y), f"{url}?at={place.path}&year={y}", active=y == year) for y in range(today.year, today.year - 3, -1)],
        "lines": [(str(Use(use).label), line) for use, line in fleet.lines.items() if line.quota or line.held],
        "kinds": [(label, fleet.cost.by_kind.get(kind, Decimal(0))) for kind, label in sums.KINDS.items()],
        "today": _today(place.path, today), "members": _named(members, place, url, year), "stats": _stats(fleet),
    }  # fmt: skip
    return render(request, "vehicles/overview.html", context)


def _stats(fleet: figures.Fleet) -> list[Stat]:
    whole, cost = fleet.whole, fleet.cost
    share = Decimal(whole.new_energy * 100) / whole.held if whole.held else None
    return [
        Stat(
            _("实有"), whole.held, _("辆"), _("编制 %(n)d 辆") % {"n": whole.quota}, "over" if fleet.over_quota else ""
        ),
        Stat(_("超编"), fleet.over_quota, _("辆"), _("按各单位各类编制分别计"), "over" if fleet.over_quota else "ok"),
        Stat(_("新能源占比"), share, "%", _("%(n)d 辆") % {"n": whole.new_energy}, places=1),
        Stat(_("运行费"), cost.total / 10_000, _("万元"), _("不含购置"), places=2),
        Stat(_("单车年均"), fleet.per_vehicle, _("元"), _("运行费 ÷ 实有"), places=0),
        Stat(_("每公里"), cost.per_km, _("元"), _("%(km)s km") % {"km": f"{cost.km:,.0f}"}, places=2),
    ]


def _list(register: str) -> str:
    return reverse("registers:list", kwargs={"register": register})


def _today(path: str, today: date) -> list[tuple[str, int, str, str]]:
    """What waits: words, count, tone, and where it is listed."""
    trips = sums.below(Trip.objects.all(), path)
    vehicles = sums.below(Vehicle.objects.exclude(state=VehicleState.DISPOSED), path)
    lists, now = _list("trips"), timezone.now()
    waiting = trips.filter(state=TripState.WAITING).count()
    late = sums.below(Run.objects.filter(state=Run.State.OUT, ends__lt=now), path).count()
    paper = trips.filter(paper_due__lt=now, approved_at=None).exclude(state=TripState.CANCELLED).count()
    expired = vehicles.filter(inspection_to__lt=today).count() + vehicles.filter(compulsory_to__lt=today).count()
    return [
        (_("待派车"), waiting, "late" if waiting else "ok", f"{lists}?view=waiting"),
        (_("在途"), trips.filter(state=TripState.ON_ROAD).count(), "info", f"{lists}?view=road"),
        (_("超时未还"), late, "over" if late else "ok", f"{_list('runs')}?view=road"),
        (_("紧急用车未补手续"), paper, "over" if paper else "ok", f"{lists}?view=urgent"),
        (_("保险、年检过期"), expired, "over" if expired else "ok", f"{_list('vehicles')}?view=expiring"),
    ]


def _named(members: Sequence[figures.Member], place: Place, url: str, year: int) -> list[dict[str, Any]]:
    known = dict(
        Node.objects.filter(path__in=[m.path for m in members], kind=NodeKind.DIVISION).values_list("path", "name")
    )
    rows = [
        {
            "name": known.get(m.path) or _("%(name)s本级") % {"name": place.node.name}, "row": m,
            "url": f"{url}?at={m.path}&year={year}" if m.path in known else "",
        }
        for m in members
    ]  # fmt: skip
    return sorted(rows, key=lambda r: -(r["row"].per_km or 0))


@require_GET
def notice(request: HttpRequest) -> HttpResponse:
    """The month's public notice of one's organ: when, why, where, how far, how much energy, at what cost."""
    actor, today = actor_of(request), timezone.localdate()
    actor.require("vehicles.notice.view", actor.organ_path)
    months = _months(today)
    period = next((p for p in months if str(p) == request.GET.get("month")), months[0])
    trips = Trip.objects.filter(
        node_id=actor.organ_id,
        state__in=(*Trip.SERVED, TripState.RENTED),
        begins__date__range=(period.start, period.end),
    )
    rows = trips.order_by("begins", "pk")
    if request.GET.get("as") == "xlsx":
        title = _("%(organ)s %(month)s 公务用车公示") % {"organ": actor.organ_name, "month": period}
        response = HttpResponse(_sheet(title, list(rows)), content_type=XLSX)
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(title)}.xlsx"
        return response
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    total = rows.aggregate(km=Sum("km"), cost=Sum("cost"))
    url = reverse("vehicles:notice")
    context = {
        "page": page, "period": period, "total": total, "count": page.paginator.count, "organ": actor.organ_name,
        "months": [Tab(str(p), f"{url}?month={p}", active=p == period) for p in months],
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("用车公示"))], "export": f"{url}?month={period}&as=xlsx",
    }  # fmt: skip
    return render(request, "vehicles/notice.html", context)


def _months(today: date) -> list[Period]:
    found = [Period.containing(today, PeriodKind.MONTH)]
    while len(found) < 6 and (before := found[-1].previous) is not None:
        found.append(before)
    return found


def _sheet(title: str, rows: Sequence[Trip]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "remove_timezone": True})
    sheet = book.add_worksheet(_("公示"))
    head = book.add_format({"bold": True, "border": 1, "align": "center"})
    cell, when = book.add_format({"border": 1}), book.add_format({"border": 1, "num_format": "yyyy-mm-dd hh:mm"})
    money = book.add_format({"border": 1, "num_format": "#,##0.00"})
    sheet.merge_range(0, 0, 0, 7, title, book.add_format({"bold": True, "font_size": 14, "align": "center"}))
    for column, word in enumerate(
        (_("时间"), _("事由"), _("地点"), _("车辆"), _("里程"), _("过路停车费"), _("费用合计"), _("派车单号"))
    ):
        sheet.write_string(1, column, word, head)
    for n, row in enumerate(rows, 2):
        sheet.write_datetime(n, 0, timezone.localtime(row.begins).replace(tzinfo=None), when)
        for column, text in ((1, row.subject), (2, row.destination), (3, row.car), (7, row.number)):
            sheet.write_string(n, column, text, cell)
        road = None if row.tolls is None else row.tolls + (row.parking or 0)
        for column, value in ((4, row.km), (5, road), (6, row.cost)):
            if value is None:
                sheet.write_blank(n, column, None, cell)
            else:
                sheet.write_number(n, column, value, money)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 3, 26)
    sheet.set_column(4, 7, 14)
    sheet.freeze_panes(2, 0)
    book.close()
    return out.getvalue()


@require_GET
def costs(request: HttpRequest) -> HttpResponse:
    """What each vehicle costs in a year, the dearest by kilometre first; each figure leads to its vouchers."""
    actor, today = actor_of(request), timezone.localdate()
    url = reverse("vehicles:costs")
    place = place_of(request, actor, "vehicles.cost.view", url)
    year = _year(request, today)
    first, last = date(year, 1, 1), min(date(year, 12, 31), today)
    rules.take_book()
    found = sums.of_vehicles(None, first, last, path=place.path)
    vehicles = {v.pk: v for v in Vehicle.objects.filter(pk__in=found).select_related("node")}
    usual = sums.usual_consumption(vehicles.values(), found)
    rows = [
        {
            "vehicle": vehicles[pk],
            "cost": cost,
            "usual": usual.get(pk),
            "over": sums.is_thirsty(vehicles[pk], cost, usual.get(pk), today),
        }
        for pk, cost in found.items()
        if pk in vehicles
    ]
    rows.sort(key=lambda r: (-(r["cost"].per_km or Decimal(-1)), r["vehicle"].plate))
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    total = sums.Cost()
    for cost in found.values():
        for kind, yuan in cost.by_kind.items():
            total.add(kind, yuan)
        total.km += cost.km
    context = {
        "place": place, "year": year, "page": page, "total": total, "count": len(rows), "span": f"{first}..{last}",
        "years": [Tab(str(y), f"{url}?at={place.path}&year={y}", active=y == year) for y in range(today.year, today.year - 3, -1)],
        "thirsty": sum(bool(r["over"]) for r in rows),
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("单车成本"))],
    }  # fmt: skip
    return render(request, "vehicles/costs.html", context)
