"""What fuel, repairs, papers and quotas show: pure functions over sets of records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median
from typing import Any
from uuid import UUID

from django.utils import timezone

from shuzheng.apps.vehicles import costs, rules
from shuzheng.apps.vehicles.models import Driver, Fuel, Quota, Refuel, Repair, RepairPart, Vehicle, VehicleState
from shuzheng.apps.vehicles.models.alerts import Colour, Warned
from shuzheng.apps.vehicles.supervision.found import Found, Item, Limits
from shuzheng.kernel.text import fold

ALIKE = 5
"""Parts of one name from which on their middle price says what is usual."""
RUNNING = 30
"""Days in which a vehicle must have had a run, for a refuel without one to be odd."""


def at(day: date, moment: time | None = None) -> datetime:
    """The moment of a day in local time; noon when it is not known."""
    return timezone.make_aware(datetime.combine(day, moment or time(12)))


def _vehicle(code: str, row: Vehicle, key: str, begins: datetime, *items: Item, colour: str = "", about=()) -> Found:
    return Found(
        code, f"{code}:{row.pk}:{key}", row.node_id, row.path, begins, items, vehicle_id=row.pk, colour=colour,
        about=(("vehicles.vehicle", row.pk, row.plate), *about),
    )  # fmt: skip


def _expense(code: str, row: Refuel | Repair, key: str, begins: datetime, *items: Item, about=()) -> Found:
    label = row._meta.label_lower
    return Found(
        code, f"{code}:{key}:{row.pk}", row.node_id, row.path, begins, items, vehicle_id=row.vehicle_id,
        about=((label, row.pk, row.voucher or str(row)), *about),
    )  # fmt: skip


def consumption(refuels: Iterable[Refuel]) -> dict[UUID, tuple[costs.Cost, int]]:
    """Litres (kilowatt-hours) and kilometres from fill to fill, and how many fills: the first only says where to begin."""
    by: dict[UUID, list[Refuel]] = defaultdict(list)
    for row in refuels:
        if row.odometer is not None:
            by[row.vehicle_id].append(row)
    found = {}
    for pk, rows in by.items():
        rows.sort(key=lambda r: (r.odometer, r.day, r.pk))
        cost = costs.Cost(
            km=rows[-1].odometer - rows[0].odometer, quantity=sum((r.quantity for r in rows[1:]), Decimal(0))
        )
        if cost.km > 0:
            found[pk] = (cost, len(rows))
    return found


def thirsty(vehicles: Sequence[Vehicle], refuels: Iterable[Refuel], today: date, limits: Limits) -> Iterator[Found]:
    """More fuel than the rule's multiple of what is usual for it (油耗异常). Once a quarter."""
    known = consumption(refuels)
    usual = costs.usual_consumption(vehicles, {pk: cost for pk, (cost, _n) in known.items()})
    quarter = f"{today.year}Q{(today.month + 2) // 3}"
    for row in vehicles:
        cost, fills = known.get(row.pk, (None, 0))
        norm = usual.get(row.pk)
        if cost is None or norm is None or cost.per_100km is None:
            continue
        factor = limits("VEH-FUEL-FACTOR", row.path)
        if fills >= limits("VEH-FUEL-REFUELS", row.path).value and cost.per_100km > norm * factor.value:
            unit = "kWh" if row.fuel == Fuel.ELECTRIC else "L"
            yield _vehicle(
                Warned.THIRSTY, row, quarter, at(today),
                Item("rate", round(cost.per_100km, 1), unit, round(norm * factor.value, 1), factor),
                Item("usual", round(norm, 1), unit),
            )  # fmt: skip


@dataclass(frozen=True)
class Stations:
    """What tracks tell of stations: the known ones by organ and name, and what was noted of each vehicle's day (``staying``)."""

    known: Mapping[tuple[UUID, str], str] = field(default_factory=dict)
    noted: Mapping[tuple[UUID, date], Mapping[str, Any]] = field(default_factory=dict)

    def elsewhere(self, row: Refuel, limits: Limits) -> list[Item]:
        """That the vehicle was not at the station when it was refuelled there by the bill. Nothing, unless the station's place is
        known, and the vehicle was heard then."""
        station, noted = self.known.get((row.node_id, fold(row.station))), self.noted.get((row.vehicle_id, row.day))
        if station is None or not noted or row.at is None:
            return []
        minute, around = row.at.hour * 60 + row.at.minute, limits("VEH-STATION-MINUTES", row.path)
        since, until = minute - int(around.value), minute + int(around.value)
        if not any(begin <= minute <= end for begin, end in noted["heard"]):
            return []
        if any(begin <= until and since <= end for begin, end in noted["stations"].get(station, ())):
            return []
        return [Item("station", row.station), Item("refuelled_at", at(row.day, row.at)),
                Item("not_there", around.value, "分钟", "", around)]  # fmt: skip


def refuelling(
    refuels: Iterable[Refuel], ran: Mapping[UUID, frozenset[date]], limits: Limits, stations: Stations | None = None
) -> Iterator[Found]:
    """Refuels that do not fit the vehicle: more than its tank, petrol for an electric car, twice within hours, on a day
    on which it did not run, at a station where it was not. ``refuels`` with their vehicles; ``ran`` says on which days vehicles
    were out.
    """
    stations = stations or Stations()
    by: dict[UUID, list[Refuel]] = defaultdict(list)
    for row in refuels:
        by[row.vehicle_id].append(row)
    for rows in by.values():
        rows.sort(key=lambda r: (r.day, r.at or time(12), r.pk))
        for row in rows:
            vehicle = row.vehicle
            factor = limits("VEH-TANK-FACTOR", row.path)
            items = []
            if row.kind == Refuel.Sort.FUEL and vehicle.fuel == Fuel.ELECTRIC:
                items.append(Item("wrong_energy"))
            elif row.kind == Refuel.Sort.FUEL and vehicle.tank and row.quantity > vehicle.tank * factor.value:
                items += [
                    Item("quantity", row.quantity, "L", vehicle.tank * factor.value, factor),
                    Item("tank", vehicle.tank, "L"),
                ]
            days = ran.get(row.vehicle_id, frozenset())
            near = {row.day + timedelta(days=n) for n in (-1, 0, 1)}
            if any(row.day - timedelta(days=RUNNING) <= d <= row.day for d in days) and not near & days:
                items.append(Item("no_run", row.day.isoformat()))
            items += stations.elsewhere(row, limits)
            if items:
                yield _expense(Warned.REFUEL, row, "odd", at(row.day, row.at), *items)
        yield from _twice([r for r in rows if r.kind == Refuel.Sort.FUEL and r.at is not None], limits)


def _twice(rows: Sequence[Refuel], limits: Limits) -> Iterator[Found]:
    for before, after in pairwise(rows):
        least = limits("VEH-REFUEL-HOURS", after.path)
        hours = Decimal(int((at(after.day, after.at) - at(before.day, before.at)).total_seconds())) / 3600
        tank = after.vehicle.tank
        if hours < least.value and tank and before.quantity + after.quantity > tank:
            yield _expense(
                Warned.REFUEL, after, "twice", at(after.day, after.at),
                Item("hours_between", round(hours, 1), "小时", least.value, least),
                Item("quantity", before.quantity + after.quantity, "L", tank), Item("tank", tank, "L"),
                about=(("vehicles.refuel", before.pk, before.voucher or str(before)),),
            )  # fmt: skip


def split_repairs(repairs: Iterable[Repair], limits: Limits) -> Iterator[Found]:
    """Several repairs of one vehicle at one workshop within days: one job in several bills (拆单)."""
    by: dict[tuple[UUID, UUID | None], list[Repair]] = defaultdict(list)
    for row in repairs:
        if row.kind == Repair.Sort.REPAIR and row.state != Repair.State.REFUSED:
            by[row.vehicle_id, row.party_id].append(row)
    for rows in by.values():
        rows.sort(key=lambda r: (r.day, r.pk))
        many, days = limits("VEH-SPLIT-COUNT", rows[0].path), limits("VEH-SPLIT-DAYS", rows[0].path)
        first = 0
        while first < len(rows):
            some = [r for r in rows[first:] if (r.day - rows[first].day).days < days.value]
            if len(some) >= many.value:
                yield _expense(
                    Warned.REPAIR, some[0], "split", at(some[0].day), Item("repairs", len(some), "次", many.value, many),
                    Item("amount", sum((r.amount for r in some), Decimal(0)), "元"),
                    about=tuple(("vehicles.repair", r.pk, r.fault) for r in some[1:]),
                )  # fmt: skip
                first += len(some)
            else:
                first += 1


def dear_parts(parts: Iterable[RepairPart], usual: Mapping[str, Decimal], limits: Limits) -> Iterator[Found]:
    """Parts far above the middle price of their name (``usual_prices``). ``parts`` with their repairs."""
    for part in parts:
        norm, factor = usual.get(part.name), limits("VEH-PART-FACTOR", part.path)
        if norm and part.price > norm * factor.value:
            repair = part.repair
            yield Found(
                Warned.REPAIR, f"{Warned.REPAIR}:part:{part.pk}", part.node_id, part.path, at(repair.day),
                (Item("part", part.name), Item("price", part.price, "元", norm * factor.value, factor), Item("median", norm, "元")),
                vehicle_id=repair.vehicle_id, about=(("vehicles.repair", repair.pk, repair.voucher or repair.fault),),
            )  # fmt: skip


def usual_prices(priced: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The middle price of each part that was billed often enough."""
    by: dict[str, list[Decimal]] = defaultdict(list)
    for name, price in priced:
        by[name].append(price)
    return {name: median(prices) for name, prices in by.items() if len(prices) >= ALIKE}


def documents(vehicles: Iterable[Vehicle], drivers: Iterable[Driver], today: date, limits: Limits) -> Iterator[Found]:
    """Papers of vehicles in use and licences of drivers on duty: about to expire (green), or expired (amber)."""
    for row in vehicles:
        if row.state not in (VehicleState.IN_USE, VehicleState.REPAIR):
            continue
        for finding in rules.documents(row, today, held=limits.held):
            until = getattr(row, f"{finding.code}_to")
            if until is not None:
                yield _vehicle(
                    Warned.EXPIRY, row, f"{finding.code}:{until}:{finding.tone}", at(today), Item("document", finding.code),
                    Item("until", until, "", "", finding.rule), colour=Colour.AMBER if finding.tone == "late" else "",
                )  # fmt: skip
    for driver in drivers:
        ahead = limits("VEH-EXPIRY-DAYS", driver.path)
        left = (driver.licence_to - today).days
        if driver.state == Driver.State.ON_DUTY and left <= ahead.value:
            tone = "late" if left < 0 else "warn"
            yield Found(
                Warned.EXPIRY, f"{Warned.EXPIRY}:{driver.pk}:licence:{driver.licence_to}:{tone}", driver.node_id, driver.path,
                at(today), (Item("document", "licence"), Item("until", driver.licence_to, "", "", ahead)),
                about=(("vehicles.driver", driver.pk, str(driver)),), colour=Colour.AMBER if tone == "late" else "",
            )  # fmt: skip


def standards(vehicles: Iterable[Vehicle], today: date, limits: Limits) -> Iterator[Found]:
    """Over the standard of its kind, or registered in another's name. By the rules of the day of purchase."""
    for row in vehicles:
        if not row.is_held:
            continue
        for finding in rules.vehicle(row, today, held=limits.held):
            if finding.tone != "over":
                continue
            title = finding.code == "VEH-TITLE"
            if title:
                items = [Item("holder", row.title_holder), Item("owner", row.node.name)]
            elif finding.rule is not None:
                items = [Item(finding.code, finding.value, finding.rule.unit, finding.rule.value, finding.rule)]
            else:
                items = [Item(finding.code)]
            yield _vehicle(Warned.TITLE if title else Warned.OVER, row, finding.code, at(today), *items)


def quotas(vehicles: Iterable[Vehicle], quotas_: Iterable[Quota], today: date) -> Iterator[Found]:
    """Organs that hold more of a use than they may. ``quotas_`` are those in force."""
    allowed = {(q.node_id, q.use): q.amount for q in quotas_}
    held: dict[tuple[UUID, str], list[Vehicle]] = defaultdict(list)
    for row in vehicles:
        if row.is_held:
            held[row.node_id, row.use].append(row)
    for (node, use), rows in held.items():
        quota = allowed.get((node, use))
        if quota is not None and len(rows) > quota:
            yield Found(
                Warned.OVER, f"{Warned.OVER}:quota:{use}:{len(rows)}:{quota}", node, rows[0].path, at(today),
                (Item("held", len(rows), "辆", quota), Item("quota", quota, "辆")),
                about=tuple(("vehicles.vehicle", r.pk, r.plate) for r in rows[:20]),
            )  # fmt: skip
