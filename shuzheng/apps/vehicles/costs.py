"""What a vehicle costs: by kind, per kilometre, and what of it a trip bears (单车核算). Domain §3.7.

vehicle_cost = fuel (charging) + repair + insurance + tolls and parking + inspection + washing + other
fuel_per_100km = fuel / km × 100        cost_per_km = vehicle_cost / km
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Sum
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles import rules
from shuzheng.apps.vehicles.models import Fee, Inspection, Insurance, Refuel, Repair, Run, Trip, Vehicle
from shuzheng.kernel.periods import Period

KINDS: Mapping[str, Any] = {
    "energy": _("燃料（充电）"), "repair": _("维修保养"), "insurance": _("保险"), "toll": _("过路停车"),
    "inspection": _("年检"), "wash": _("清洗"), "other": _("其他运行费"),
}  # fmt: skip
FEES = {Fee.Sort.TOLL: "toll", Fee.Sort.PARKING: "toll", Fee.Sort.WASH: "wash", Fee.Sort.OTHER: "other"}
CENT = Decimal("0.01")
RECENT = timedelta(days=180)


@dataclass
class Cost:
    """A vehicle over a span: yuan by kind, kilometres, litres or kilowatt-hours, and days on the road."""

    by_kind: dict[str, Decimal] = field(default_factory=dict)
    km: Decimal = Decimal(0)
    quantity: Decimal = Decimal(0)
    runs: int = 0

    def add(self, kind: str, amount: Decimal) -> None:
        self.by_kind[kind] = self.by_kind.get(kind, Decimal(0)) + amount

    @property
    def total(self) -> Decimal:
        return sum(self.by_kind.values(), Decimal(0))

    @property
    def per_km(self) -> Decimal | None:
        return self.total / self.km if self.km else None

    @property
    def per_100km(self) -> Decimal | None:
        """Litres (kilowatt-hours) in a hundred kilometres; None for a vehicle that did not move."""
        return self.quantity / self.km * 100 if self.km else None


def of_vehicles(vehicles: Iterable[UUID] | None, first: date, last: date, *, path: str = "") -> dict[UUID, Cost]:
    """Costs by vehicle over the days from ``first`` to ``last``, both included; six questions, however many vehicles.

    Args:
        vehicles: ids; all that the scope shows (below ``path``) when None.
    """
    chosen = {"vehicle__in": list(vehicles)} if vehicles is not None else {"path__startswith": path}
    found: dict[UUID, Cost] = {}

    def cost(pk: UUID) -> Cost:
        return found.setdefault(pk, Cost())

    span = {"day__range": (first, last), **chosen}
    for pk, amount, quantity in (
        Refuel.objects.filter(**span).values_list("vehicle").annotate(Sum("amount"), Sum("quantity"))
    ):
        cost(pk).add("energy", amount)
        cost(pk).quantity += quantity
    plain = (
        (Repair, "repair", {"state": Repair.State.DONE}),
        (Insurance, "insurance", {}),
        (Inspection, "inspection", {}),
    )
    for model, kind, more in plain:
        for pk, amount in model._default_manager.filter(**span, **more).values_list("vehicle").annotate(Sum("amount")):
            cost(pk).add(kind, amount)
    for pk, sort, amount in Fee.objects.filter(**span).values_list("vehicle", "kind").annotate(Sum("amount")):
        cost(pk).add(FEES[Fee.Sort(sort)], amount)
    for pk, km, count in _driven(chosen, first, last):
        cost(pk).km += km or 0
        cost(pk).runs = count
    return found


def _driven(chosen: Mapping[str, Any], first: date, last: date) -> Iterable[tuple[UUID, Decimal | None, int]]:
    runs = Run.objects.filter(state=Run.State.BACK, back_at__date__range=(first, last), **chosen)
    return runs.values_list("vehicle").annotate(km=Sum(F("odometer_in") - F("odometer_out")), n=Count("pk"))


def of_period(period: Period, path: str = "") -> dict[UUID, Cost]:
    """Costs by vehicle over a month, quarter or year."""
    return of_vehicles(None, period.start, period.end, path=path)


def energy_rate(vehicle: Vehicle, on: date) -> Decimal | None:
    """Yuan of fuel or electricity a kilometre, from the last half year's bills; None while nothing is known."""
    cost = of_vehicles([vehicle.pk], on - RECENT, on).get(vehicle.pk)
    if cost is None or not cost.km or not cost.by_kind.get("energy"):
        return None
    return cost.by_kind["energy"] / cost.km


def shared(
    trips: Sequence[Trip], tolls: Decimal, parking: Decimal, km: Decimal | None, rate: Decimal | None
) -> list[dict[str, Decimal]]:
    """What of a run each trip bears: by its people, to the cent; the last one takes what rounding left over."""
    energy = ((km or Decimal(0)) * rate).quantize(CENT, ROUND_HALF_UP) if rate is not None else Decimal(0)
    people = sum(t.people for t in trips)
    left = {"tolls": tolls, "parking": parking, "energy": energy}
    made: list[dict[str, Decimal]] = []
    for n, trip in enumerate(trips, 1):
        part: dict[str, Decimal] = {}
        for name, whole in (("tolls", tolls), ("parking", parking), ("energy", energy)):
            share = left[name] if n == len(trips) else (whole * trip.people / people).quantize(CENT, ROUND_HALF_UP)
            left[name] -= share
            part[name] = share
        made.append({"tolls": part["tolls"], "parking": part["parking"], "cost": sum(part.values(), Decimal(0))})
    return made


def usual_consumption(vehicles: Iterable[Vehicle], found: Mapping[UUID, Cost]) -> dict[UUID, Decimal]:
    """Litres (kilowatt-hours) in a hundred kilometres that a vehicle should need: its own baseline, else the median of its like."""
    vehicles = list(vehicles)
    alike: dict[tuple[str, str, str], list[Decimal]] = {}
    for row in vehicles:
        if row.pk in found and (used := found[row.pk].per_100km):
            alike.setdefault((row.fuel, row.body, row.brand), []).append(used)
    usual: dict[UUID, Decimal] = {}
    for row in vehicles:
        if row.baseline:
            usual[row.pk] = row.baseline
        elif len(group := alike.get((row.fuel, row.body, row.brand), [])) >= 3:
            usual[row.pk] = median(group)
    return usual


def is_thirsty(vehicle: Vehicle, cost: Cost, usual: Decimal | None, on: date) -> bool:
    """Whether it needs more than the rule's multiple of what is usual (油耗异常)."""
    if usual is None or not cost.per_100km:
        return False
    return cost.per_100km > usual * rules.number("VEH-FUEL-FACTOR", on, vehicle.path, held=rules.book())
