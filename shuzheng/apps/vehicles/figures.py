"""Figures of a fleet at a place: quota and holdings by use, age, energy, kilometres and costs; and those of the places below.

A few grouped questions, however many vehicles; what is out of the reader's sight is not counted. Domain §3.7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Left

from shuzheng.apps.vehicles import costs, rules
from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import (
    Plan,
    Quota,
    Rental,
    Trip,
    Use,
)
from shuzheng.apps.vehicles.models.fleet import NEW_ENERGY, Marking
from shuzheng.apps.vehicles.standing import held_on, stood_on
from shuzheng.base.standards.working_days import add_months


@dataclass
class Line:
    """One use (or all) of a fleet: how many are held against how many may be."""

    quota: int = 0
    held: int = 0
    new_energy: int = 0
    old: int = 0
    """Past the years after which it may be renewed."""
    young: int = 0
    unmarked: int = 0
    bought: int = 0
    renewed: int = 0
    disposed: int = 0
    paid: Decimal = Decimal(0)
    """Yuan paid for vehicles bought in the year."""

    @property
    def over(self) -> int:
        """Held beyond the quota; a use that is short does not make up for one that is over."""
        return max(0, self.held - self.quota)

    def add(self, other: Line) -> None:
        for name in (
            "quota",
            "held",
            "new_energy",
            "old",
            "young",
            "unmarked",
            "bought",
            "renewed",
            "disposed",
            "paid",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class Fleet:
    """A place in a year. ``over`` sums the uses, each organ's quota being its own matter: see ``over_quota``."""

    lines: dict[str, Line] = field(default_factory=dict)
    cost: costs.Cost = field(default_factory=costs.Cost)
    trips: int = 0
    rentals: int = 0
    rented: Decimal = Decimal(0)
    over_quota: int = 0
    """Vehicles beyond the quota of their own organ and use."""

    @property
    def whole(self) -> Line:
        total = Line()
        for line in self.lines.values():
            total.add(line)
        return total

    @property
    def per_vehicle(self) -> Decimal | None:
        return self.cost.total / self.whole.held if self.whole.held else None


def of_place(path: str, year: int, today: date) -> Fleet:
    """The fleet in the subtree of ``path`` as it stood at the end of the year, or of ``today``, and what it did until then."""
    first, last = date(year, 1, 1), min(date(year, 12, 31), today)
    fleet = Fleet(lines={use: Line() for use in Use.values})
    rule = rules.book().rule("VEH-RENEW-YEARS", last, path, "", 0)
    held, bought = held_on(last), Q(purchased_on__range=(first, last))
    old = Q(registered_on__lt=add_months(last, -12 * int(rule.value))) if rule is not None else Q(pk__in=())
    counts = {
        "held": held, "new_energy": held & Q(fuel__in=NEW_ENERGY), "old": held & old, "unmarked": held & Q(marking=Marking.DUE),
        "young": held & Q(registered_on__gte=add_months(last, -36)), "bought": bought,
        "disposed": Q(disposed_on__range=(first, last)),
    }  # fmt: skip
    for rows in stood_on(last, path):
        counted = rows.values("use").annotate(
            **{f"n_{name}": Count("pk", filter=which) for name, which in counts.items()},
            n_paid=Sum("price", filter=bought, default=Decimal(0)),
        )
        for row in counted.order_by():
            line = fleet.lines.setdefault(row["use"], Line())
            line.add(Line(**{name: row[f"n_{name}"] for name in (*counts, "paid")}))
    quotas = below(Quota.in_force(last), path)
    for use, amount in quotas.values_list("use").annotate(Sum("amount")):
        fleet.lines.setdefault(use, Line()).quota = amount
    renewals = below(Plan.objects.filter(year=year, kind=Plan.Sort.RENEWAL, state=Plan.State.DONE), path)
    for use, n in renewals.values_list("use").annotate(Count("pk")):
        fleet.lines.setdefault(use, Line()).renewed = n
    fleet.over_quota = _over(path, last)
    fleet.cost = costs.of_place(path, first, last)
    fleet.trips = below(Trip.objects.filter(begins__date__range=(first, last), state__in=Trip.SERVED), path).count()
    rented = below(Rental.objects.filter(day__range=(first, last)), path).aggregate(n=Count("pk"), yuan=Sum("amount"))
    fleet.rentals, fleet.rented = rented["n"], rented["yuan"] or Decimal(0)
    return fleet


def _over(path: str, on: date) -> int:
    """Vehicles beyond the quota of their organ and use: each organ is judged by itself."""
    quotas = below(Quota.in_force(on), path)
    allowed = {(node, use): n for node, use, n in quotas.values_list("node", "use").annotate(Sum("amount"))}
    held: Counter[tuple[UUID, str]] = Counter()
    for rows in stood_on(on, path):
        for node, use, n in rows.filter(held_on(on)).order_by().values_list("node", "use").annotate(Count("pk")):
            held[node, use] += n
    return sum(max(0, n - allowed.get(key, 0)) for key, n in held.items())


@dataclass(frozen=True)
class Member:
    """A place just below: its key is the beginning of its path, or ``0/`` for what the place holds itself."""

    path: str
    held: int
    new_energy: int
    km: Decimal
    cost: Decimal

    @property
    def per_km(self) -> Decimal | None:
        return self.cost / self.km if self.km else None

    @property
    def share(self) -> Decimal | None:
        """New energy vehicles, in per cent."""
        return Decimal(self.new_energy * 100) / self.held if self.held else None


def members(path: str, year: int, today: date) -> list[Member]:
    """The places just below a division, each with its fleet, kilometres and costs: a few grouped questions."""
    first, last = date(year, 1, 1), min(date(year, 12, 31), today)
    cut = len(path) + 3

    def by(sets: Iterable[QuerySet[Any]], owner: str = "path", **sums: Any) -> Mapping[str, list[Any]]:
        found: dict[str, list[Any]] = {}
        for rows in sets:
            for head, *values in rows.order_by().annotate(head=Left(owner, cut)).values_list("head").annotate(**sums):
                at = f"{path}0/" if head[len(path) :].startswith("0/") else head
                known = found.setdefault(at, [Decimal(0)] * len(values))
                found[at] = [a + (b or 0) for a, b in zip(known, values, strict=True)]
        return found

    held = by(
        (rows.filter(held_on(last)) for rows in stood_on(last, path)),
        "holder", n=Count("pk"), ne=Count("pk", filter=Q(fuel__in=NEW_ENERGY)),
    )  # fmt: skip
    km = by([below(costs.driven(first, last), path)], km=costs.DISTANCE)
    yuan = by((below(rows, path) for rows in costs.bills(first, last)), yuan=Sum("amount"))
    nought = [Decimal(0)]
    return [
        Member(at, int(held[at][0]), int(held[at][1]), km.get(at, nought)[0], yuan.get(at, nought)[0])
        for at in sorted(held)
    ]
