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

from django.db.models import Case, CharField, Count, F, QuerySet, Sum, Value, When
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles import rules
from shuzheng.apps.vehicles.models import Fee, Inspection, Insurance, Refuel, Repair, Run, Trip, Vehicle
from shuzheng.base.core.scope import Range

KINDS: Mapping[str, Any] = {
    "energy": _("燃料（充电）"), "repair": _("维修保养"), "insurance": _("保险"), "toll": _("过路停车"),
    "inspection": _("年检"), "wash": _("清洗"), "other": _("其他运行费"),
}  # fmt: skip
FEES = {Fee.Sort.TOLL: "toll", Fee.Sort.PARKING: "toll", Fee.Sort.WASH: "wash", Fee.Sort.OTHER: "other"}
DISTANCE = Sum(F("odometer_in") - F("odometer_out"))
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


def below(rows: QuerySet[Any], path: str, column: str = "path") -> QuerySet[Any]:
    """Rows in the subtree, by the path in ``column``."""
    span = Range.subtree(path)
    return rows.filter(**{f"{column}__gte": span.lo, f"{column}__lt": span.hi}) if path else rows


def bills(first: date, last: date) -> list[QuerySet[Any]]:
    """All that counts as a cost over the days from ``first`` to ``last``, both included: rows with ``amount``, and with ``cost``,
    the kind of ``KINDS`` that they belong to. Fines are the driver's, losses of accidents the insurer's."""
    span = {"day__range": (first, last)}
    fee = Case(*(When(kind=kind, then=Value(cost)) for kind, cost in FEES.items()), output_field=CharField())
    return [
        Refuel.objects.filter(**span).annotate(cost=Value("energy")),
        Repair.objects.filter(state=Repair.State.DONE, **span).annotate(cost=Value("repair")),
        Insurance.objects.filter(**span).annotate(cost=Value("insurance")),
        Inspection.objects.filter(**span).annotate(cost=Value("inspection")),
        Fee.objects.filter(**span).annotate(cost=fee),
    ]


def driven(first: date, last: date) -> QuerySet[Run]:
    """Runs that came back on the days from ``first`` to ``last``; ``DISTANCE`` sums their kilometres."""
    return Run.objects.filter(state=Run.State.BACK, back_at__date__range=(first, last))


def of_vehicles(vehicles: Iterable[UUID] | None, first: date, last: date, *, path: str = "") -> dict[UUID, Cost]:
    """Costs by vehicle over the days from ``first`` to ``last``, both included; seven questions, however many vehicles.

    Args:
        vehicles: ids; all that the scope shows (below ``path``) when None.
    """
    ids = None if vehicles is None else list(vehicles)

    def chosen(rows: QuerySet[Any]) -> QuerySet[Any]:
        return below(rows, path) if ids is None else rows.filter(vehicle__in=ids)

    found: dict[UUID, Cost] = {}

    def cost(pk: UUID) -> Cost:
        return found.setdefault(pk, Cost())

    for rows in bills(first, last):
        for pk, kind, amount in chosen(rows).values_list("vehicle", "cost").annotate(Sum("amount")):
            cost(pk).add(kind, amount)
    taken = chosen(Refuel.objects.filter(day__range=(first, last)))
    for pk, quantity in taken.values_list("vehicle").annotate(Sum("quantity")):
        cost(pk).quantity = quantity
    for pk, km, count in chosen(driven(first, last)).values_list("vehicle").annotate(km=DISTANCE, n=Count("pk")):
        cost(pk).km, cost(pk).runs = km or Decimal(0), count
    return found


def of_place(path: str, first: date, last: date) -> Cost:
    """What the vehicles in the subtree cost between two days, both included, and how far they went."""
    cost = Cost()
    for rows in bills(first, last):
        for kind, amount in below(rows, path).values_list("cost").annotate(Sum("amount")):
            cost.add(kind, amount or Decimal(0))  # a kind that is one value is answered for no rows, too
    taken = below(Refuel.objects.filter(day__range=(first, last)), path).aggregate(n=Sum("quantity"))
    went = below(driven(first, last), path).aggregate(km=DISTANCE, n=Count("pk"))
    cost.quantity, cost.km, cost.runs = taken["n"] or Decimal(0), went["km"] or Decimal(0), went["n"]
    return cost


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
