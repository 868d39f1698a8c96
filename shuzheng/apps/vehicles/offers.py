"""What the registers tell the forms: the quarter and the year of official vehicles cell by cell, and their part of operating cost.

公务用车运行维护费 (30231) goes into the quarterly report of operating cost, in its unit of 10,000 yuan. Domain §3.7.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from shuzheng.apps.vehicles import costs, figures
from shuzheng.apps.vehicles.costs import Cost, below
from shuzheng.apps.vehicles.models import Refuel, Rental, Run, Terminal, Use, VehicleState
from shuzheng.apps.vehicles.models.alerts import Alert, Colour
from shuzheng.apps.vehicles.models.fleet import NEW_ENERGY, Fuel, Marking
from shuzheng.apps.vehicles.standing import held_on, stood_on
from shuzheng.base.forms.offers import keep_ledger, keep_roster
from shuzheng.base.forms.spec import Value
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.standards.working_days import between
from shuzheng.kernel.periods import Period

QUARTERLY, YEARLY, OPERATING = "vehicles-quarterly", "vehicles-yearly", "operating-cost-quarterly"
YUAN = Decimal(10_000)
OTHER = ("toll", "inspection", "wash", "other")


def _path(node_id: UUID) -> str:
    return str(Node.objects.values_list("path", flat=True).get(pk=node_id))


def _whole(value: int) -> Decimal:
    return Decimal(value)


def _money(cost: Cost) -> dict[str, Value]:
    known = {name: cost.by_kind.get(name, Decimal(0)) for name in ("energy", "repair", "insurance")}
    return {**known, "other": sum((cost.by_kind.get(name, Decimal(0)) for name in OTHER), Decimal(0))}


def _usage(path: str, first: date, last: date) -> dict[str, Value]:
    """What was driven, taken in, hired and noticed between two days, both included."""
    runs = below(Run.objects.filter(state=Run.State.BACK, back_at__date__range=(first, last)), path)
    km = runs.aggregate(
        n=Count("pk"), km=Sum(F("odometer_in") - F("odometer_out")),
        fuel=Sum(F("odometer_in") - F("odometer_out"), filter=~Q(vehicle__fuel__in=(Fuel.ELECTRIC, Fuel.CELL))),
    )  # fmt: skip
    taken = below(Refuel.objects.filter(day__range=(first, last)), path).aggregate(
        litres=Sum("quantity", filter=Q(kind=Refuel.Sort.FUEL)), kwh=Sum("quantity", filter=Q(kind=Refuel.Sort.CHARGE))
    )
    hired = below(Rental.objects.filter(day__range=(first, last)), path).aggregate(n=Count("pk"), yuan=Sum("amount"))
    noticed = below(Alert.objects.filter(begins__date__range=(first, last)), path).exclude(colour=Colour.GREEN)
    decided = Q(state__in=(Alert.State.DECIDED, Alert.State.FINAL))
    alerts = noticed.aggregate(
        n=Count("pk"), handled=Count("pk", filter=decided),
        violations=Count("pk", filter=decided & Q(outcome=Alert.Outcome.VIOLATION)),
    )  # fmt: skip
    zero = Decimal(0)
    return {
        "runs": _whole(km["n"]), "km": km["km"] or zero, "fuel_km": km["fuel"] or zero,
        "litres": taken["litres"] or zero, "kwh": taken["kwh"] or zero, "rentals": _whole(hired["n"]),
        "rented": hired["yuan"] or zero, "warnings": _whole(alerts["n"]), "handled": _whole(alerts["handled"]),
        "violations": _whole(alerts["violations"]),
    }  # fmt: skip


def _held(path: str, first: date, last: date) -> Counter[str]:
    """Vehicles as they stood at the end of ``last``."""
    ran = below(Run.objects.filter(begins__date__range=(first, last)), path).values("vehicle")
    located = below(Terminal.objects.filter(in_use=True), path).values("vehicle")
    quiet = (VehicleState.LOCKED, VehicleState.LAID_UP, VehicleState.TO_DISPOSE)
    found: Counter[str] = Counter()
    for rows in stood_on(last, path):
        found += Counter(rows.filter(held_on(last)).aggregate(
            held=Count("pk"), able=Count("pk", filter=Q(state=VehicleState.IN_USE)),
            platform=Count("pk", filter=Q(car__in=ran) | Q(state__in=quiet)), marked=Count("pk", filter=~Q(marking=Marking.DUE)),
            nev=Count("pk", filter=Q(fuel__in=NEW_ENERGY)), located=Count("pk", filter=Q(car__in=located)),
        ))  # fmt: skip
    return found


def quarter(node_id: UUID, period: Period) -> dict[str, Value]:
    """An organ's quarter as it stood at its end, or today. An organ with neither vehicles nor quota has nothing to tell."""
    path, today = _path(node_id), timezone.localdate()
    first, last = period.start, min(period.end, today)
    fleet, held = figures.of_place(path, last.year, last), _held(path, first, last)
    whole = fleet.whole
    if not held["held"] and not whole.quota:
        return {}
    usage = _usage(path, first, last)
    out = below(Run.objects.filter(state=Run.State.BACK, out_at__date__range=(first, last)), path)
    out_days = out.annotate(day=TruncDate("out_at")).order_by().values("vehicle", "day").distinct().count()
    days = between(first - timedelta(days=1), last, path)
    cost = costs.of_place(path, first, last)
    return {
        "quota": _whole(whole.quota), "held": _whole(held["held"]), "over": _whole(fleet.over_quota),
        "nev": _whole(held["nev"]), "platform": _whole(held["platform"]), "marked": _whole(held["marked"]),
        "out_days": _whole(out_days), "able_days": _whole(held["able"] * days), **_money(cost), **usage,
    }  # fmt: skip


def year(node_id: UUID, period: Period) -> dict[str, Value]:
    """An organ's year as it stood at its end, or today, by use; transport allowances are not kept here."""
    path, today = _path(node_id), timezone.localdate()
    first, last = period.start, min(period.end, today)
    fleet, held = figures.of_place(path, first.year, last), _held(path, first, last)
    if not held["held"] and not fleet.whole.quota:
        return {}
    found: dict[str, Value] = {}
    for use in Use.values:
        line = fleet.lines[use]
        found |= {
            f"u{use}_{name}": _whole(getattr(line, name))
            for name in ("quota", "held", "old", "bought", "renewed", "disposed")
        }
        found |= {
            f"u{use}_nev": _whole(line.new_energy), f"u{use}_paid": line.paid,
            f"u{use}_over": _whole(max(0, line.held - line.quota)),
        }  # fmt: skip
    usage = _usage(path, first, last)
    del usage["runs"]
    return found | usage | _money(fleet.cost) | {name: _whole(held[name]) for name in ("platform", "located", "marked")}


def operating_cost(node_id: UUID, period: Period) -> dict[str, Value]:
    """公务用车运行维护费 of the quarter and of the year so far, in 10,000 yuan; nothing for an organ without vehicles."""
    path, today = _path(node_id), timezone.localdate()
    last = min(period.end, today)
    if not any(rows.exists() for rows in stood_on(last, path)):
        return {}

    def spent(first: date) -> Decimal:
        total = costs.of_place(path, first, last).total
        return (total / YUAN).quantize(Decimal("0.01"), ROUND_HALF_UP)

    return {"car_now": spent(period.start), "car_year": spent(date(period.start.year, 1, 1))}


def asked(nodes: QuerySet[Node], period: Period) -> QuerySet[Node]:
    """Who reports vehicles: organs that held one in the period."""
    holders = Q()
    for rows in stood_on(period.end):
        held = rows.filter(registered_on__lte=period.end).exclude(disposed_on__lt=period.start)
        holders |= Q(pk__in=held.values("node"))
    return nodes.filter(holders, kind=NodeKind.ORGAN, valid_to=None)


keep_ledger(QUARTERLY, quarter)
keep_ledger(YEARLY, year)
keep_ledger(OPERATING, operating_cost)
for _form in (QUARTERLY, YEARLY):
    keep_roster(_form, asked)
