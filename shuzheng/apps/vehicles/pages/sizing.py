"""Right-sizing: how many cars the year's journeys needed, what is proven about it, and what becomes of each car."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import xlsxwriter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.apps.vehicles import jobs, planwords
from shuzheng.apps.vehicles.actions import ask_sizing
from shuzheng.apps.vehicles.models import SizingRun, Use
from shuzheng.apps.vehicles.pages.looking import Place, place_of
from shuzheng.apps.vehicles.planning import renewal
from shuzheng.apps.vehicles.planning.problem import Reason
from shuzheng.apps.vehicles.rightsizing import KINDS, LEVELS
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.portal.parts import Crumb, Stat, Tab
from shuzheng.kernel.errors import Missing

FIRST = 2018
CARS = 500
"""Cars on the page; the workbook has all."""


def fates() -> dict[str, tuple[str, str]]:
    """Words and tone of what may become of a car."""
    return {
        renewal.KEEP: (_("保留"), "ok"),
        renewal.MOVE: (_("调剂"), "info"),
        renewal.RENEW: (_("更新"), "warn"),
        renewal.RENEW_ELECTRIC: (_("更新为纯电动"), "info"),
        renewal.DISPOSE: (_("建议处置"), "over"),
    }


def kinds() -> dict[str, str]:
    return dict(zip(KINDS, (_("轿车等 5 座"), _("6 至 9 座"), _("中型客车"), _("大型客车")), strict=True))


@dataclass(frozen=True)
class Site:
    """One organ's need, by kind."""

    name: str
    cells: list[tuple[int, int, int]]
    """Held, needed, of which electric."""
    served: float
    proven: bool
    journeys: int


@dataclass(frozen=True)
class CarRow:
    plate: str
    site: str
    kind: str
    age: float
    days: int
    km: float
    cost: float
    word: str
    tone: str
    why: str


def _asked(request: HttpRequest) -> tuple[int, int, bool]:
    now = timezone.localdate().year
    year, level = request.GET.get("year", ""), request.GET.get("level", "")
    return (
        int(year) if year.isdigit() and FIRST <= int(year) <= now else now,
        int(level) if level.isdigit() and int(level) in LEVELS else LEVELS[0],
        request.GET.get("pooling", "1") != "0",
    )


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What was reckoned last for the place and year, at a service level."""
    actor = actor_of(request)
    url = reverse("vehicles:sizing")
    place = place_of(request, actor, "vehicles.sizing.view", url)
    year, level, pooling = _asked(request)
    runs = SizingRun.objects.filter(at=place.path, year=year, pooling=pooling).order_by("-created_at")
    run = runs.first()
    row = (
        run
        if run is None or run.state != SizingRun.State.WAITING
        else runs.exclude(state=SizingRun.State.WAITING).first()
    )
    answer = row.result.get(str(level)) if row is not None else None
    now = timezone.localdate().year

    def at(**change: Any) -> str:
        said = {"at": place.path, "year": year, "level": level, "pooling": int(pooling), **change}
        return f"{url}?{'&'.join(f'{k}={v}' for k, v in said.items())}"

    context = {
        "place": place, "year": year, "level": level, "pooling": pooling, "row": row, "answer": answer,
        "waiting": run is not None and run.state == SizingRun.State.WAITING, "query": at().split("?", 1)[1], "key": new_key(),
        "years": [Tab(str(y), at(year=y), active=y == year) for y in range(now, now - 3, -1)],
        "levels": [Tab(f"{v}%", at(level=v), active=v == level) for v in LEVELS],
        "pools": [Tab(_("合乘"), at(pooling=1), active=pooling), Tab(_("不合乘"), at(pooling=0), active=not pooling)],
        "may_ask": actor.may("vehicles.sizing.ask", actor.organ_path),
        "crumbs": [Crumb(_("公务用车"), reverse("vehicles:mine")), Crumb(_("配备测算"))],
    }  # fmt: skip
    if row is not None and answer:
        cars = _cars(row, answer)
        context |= {
            "stats": _stats(row, answer), "sites": _sites(row, answer), "kinds": list(kinds().values()), "cars": cars[:CARS],
            "more": max(0, len(cars) - CARS), "chart": _chart(answer), "wanted": _wanted(row, answer), "proven": answer["gap"] < 5e-4,
            "gap": answer["gap"] * 100, "held": len(row.result["held"]), "counts": _counts(answer),
        }  # fmt: skip
    return render(request, "vehicles/sizing.html", context)


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Have it reckoned anew."""
    actor = actor_of(request)
    place: Place = place_of(request, actor, "vehicles.sizing.view", reverse("vehicles:sizing"))
    year, level, pooling = _asked(request)
    row = SizingRun(year=year, at=place.path, pooling=pooling)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    (row,) = ask_sizing([row], actor=actor, key=request.POST.get("key", "")[:60] or new_key())
    jobs.reckon.start(
        actor, _("配备测算 %(year)d 年 %(name)s") % {"year": year, "name": place.node.name}, sizing_id=str(row.pk)
    )
    messages.success(request, _("已开始测算，完成后刷新本页。"))
    return redirect(f"{reverse('vehicles:sizing')}?at={place.path}&year={year}&level={level}&pooling={int(pooling)}")


def _stats(row: SizingRun, answer: dict[str, Any]) -> list[Stat]:
    held, electric = len(row.result["held"]), sum(sum(s["electric"]) for s in answer["sites"])
    served = sum(s["served"] for s in answer["sites"])
    over = held - answer["cars"]
    return [
        Stat(_("需要"), answer["cars"], _("辆"), _("实有 %(n)d 辆") % {"n": held}),
        Stat(_("富余"), over, _("辆"), _("负数是缺"), "warn" if over > 0 else "ok"),
        Stat(_("可为纯电动"), electric, _("辆"), _("按续航和充电桩")),
        Stat(_("满足"), served * 100 / max(answer["journeys"], 1), "%", _("%(n)s 趟") % {"n": f"{answer['journeys']:,}"}, places=1),
        Stat(_("年固定费用"), answer["cost"] / 10_000, _("万元"), _("下限 %(n)s 万元") % {"n": f"{answer['bound'] / 10_000:,.1f}"}, places=1),
        Stat(_("离下限"), answer["gap"] * 100, "%", _("用时 %(s)s 秒") % {"s": answer["seconds"]}, places=1),
    ]  # fmt: skip


def _site_name(row: SizingRun, key: str) -> str:
    name, use = row.result["names"].get(key, [key, ""])
    return f"{name} · {Use(use).label}" if use else str(name)


def _sites(row: SizingRun, answer: dict[str, Any]) -> list[Site]:
    held: dict[tuple[str, str], int] = {}
    for car in row.result["held"]:
        held[car["site"], car["kind"]] = held.get((car["site"], car["kind"]), 0) + 1
    return [
        Site(
            _site_name(row, s["site"]),
            [(held.get((s["site"], kind), 0), s["cars"][n], s["electric"][n]) for n, kind in enumerate(KINDS)],
            s["served"] * 100 / max(s["journeys"], 1), s["cars"] == s["proven"], s["journeys"],
        )
        for s in answer["sites"]
    ]  # fmt: skip


def _cars(row: SizingRun, answer: dict[str, Any]) -> list[CarRow]:
    words, names = fates(), kinds()
    order = list(words)[::-1]

    def name(kind: str, pk: str) -> str:
        return _site_name(row, pk) if kind == "site" else pk

    found = []
    for car in row.result["held"]:
        fate = answer["fates"][car["id"]]
        word, tone = words[fate["what"]]
        why = _("；").join(planwords.sentence(Reason(r["code"], r["args"]), name) for r in fate["why"])
        where = _site_name(row, car["site"])
        found.append(
            (
                order.index(fate["what"]),
                CarRow(
                    car["id"],
                    where,
                    names[car["kind"]],
                    car["age"],
                    car["days"],
                    car["km"],
                    car["cost_km"],
                    word,
                    tone,
                    why,
                ),
            )
        )
    return [item for _order, item in sorted(found, key=lambda f: (f[0], f[1].site, -f[1].age))]


def _counts(answer: dict[str, Any]) -> list[tuple[str, str, int]]:
    what = [f["what"] for f in answer["fates"].values()]
    return [(word, tone, what.count(code)) for code, (word, tone) in fates().items()]


def _wanted(row: SizingRun, answer: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    names = kinds()
    return [(_site_name(row, w["site"]), names[w["kind"]], w["number"], w["electric"]) for w in answer["wanted"]]


def _chart(answer: dict[str, Any]) -> dict[str, Any]:
    """The share of journeys that any fleet of so many cars could serve, all sites together, each with its best next car."""
    steps = sorted(
        (b - a for s in answer["sites"] for a, b in zip(s["curve"], s["curve"][1:], strict=False)), reverse=True
    )
    total, served, shares = max(answer["journeys"], 1), 0, [0.0]
    for step in steps:
        served += step
        shares.append(round(served * 100 / total, 2))
    every = max(1, len(shares) // 60)
    shown = [n for n in range(len(shares)) if n % every == 0 or n == len(shares) - 1]
    return {
        "x": [str(n) for n in shown], "unit": "%", "min": 0, "max": 100, "every": max(1, len(shown) // 12),
        "series": [{"name": _("至多满足"), "data": [shares[n] for n in shown]}],
    }  # fmt: skip


@require_GET
def export(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Fleet and cars of a reckoning as a workbook."""
    actor = actor_of(request)
    row = SizingRun.objects.filter(pk=pk, state=SizingRun.State.DONE).first()
    if row is None:
        raise Missing()
    actor.require("vehicles.sizing.view", row.path)
    level = _asked(request)[1]
    response = HttpResponse(_workbook(row, row.result[str(level)]), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="sizing-{row.year}-{level}.xlsx"'
    return response


def _workbook(row: SizingRun, answer: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    head = book.add_format({"bold": True, "border": 1})
    fleet, cars = book.add_worksheet(_("配备")), book.add_worksheet(_("车辆"))
    titles = [_("单位"), _("行程"), _("满足 %")]
    for kind in kinds().values():
        titles += [
            _("%(kind)s实有") % {"kind": kind},
            _("%(kind)s需要") % {"kind": kind},
            _("%(kind)s纯电动") % {"kind": kind},
        ]
    fleet.write_row(0, 0, titles, head)
    for n, site in enumerate(_sites(row, answer), 1):
        fleet.write_row(
            n, 0, [site.name, site.journeys, round(site.served, 1), *(v for cell in site.cells for v in cell)]
        )
    cars.write_row(
        0,
        0,
        [_("号牌号码"), _("单位"), _("类别"), _("车龄"), _("出车天数"), _("里程"), _("每公里"), _("建议"), _("理由")],
        head,
    )
    for n, car in enumerate(_cars(row, answer), 1):
        cars.write_row(
            n,
            0,
            [
                car.plate,
                car.site,
                car.kind,
                round(car.age, 1),
                car.days,
                round(car.km),
                round(car.cost, 2),
                car.word,
                car.why,
            ],
        )
    for sheet in (fleet, cars):
        sheet.set_column(0, 1, 24)
        sheet.freeze_panes(1, 0)
    cars.set_column(8, 8, 60)
    book.close()
    return out.getvalue()
