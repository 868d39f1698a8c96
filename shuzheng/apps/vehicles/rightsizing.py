"""A place's year as the planner sees it (``planning.sizing``, ``planning.renewal``), and the answer as it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate

from shuzheng.apps.vehicles import costs, rules
from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.models import Body, Fuel, Run, SizingRun, Trip, TripState, Use, Vehicle, VehicleState
from shuzheng.apps.vehicles.planning import renewal
from shuzheng.apps.vehicles.planning.demand import Journey
from shuzheng.apps.vehicles.planning.sizing import Kind, Sizing, Terms, size
from shuzheng.base.org.models import Node

LEVELS = (95, 99)
"""Service levels in per cent."""
KINDS = ("car", "small", "medium", "large")
SEATS = {"car": 4, "small": 8, "medium": 18, "large": 60}
"""Passengers that a car of the kind takes (GA 802: small coaches up to 9 seats, medium up to 19)."""
OWN = (Use.COURIER, Use.ENFORCEMENT, Use.SPECIAL)
"""Uses whose cars serve nothing else; they are reckoned apart."""
AGES = 365.25


def kind_of(vehicle: Vehicle) -> str:
    """The kind by body and seats."""
    if vehicle.body == Body.LARGE:
        return "large"
    if vehicle.body == Body.MEDIUM:
        return "medium"
    return "car" if vehicle.places_for_passengers <= SEATS["car"] else "small"


def site(path: str, use: str) -> str:
    """What is reckoned by itself: an organ, and each use that has cars of its own there."""
    return f"{path}|{use}" if use in OWN else f"{path}|"


def reckon(row: SizingRun) -> dict[str, Any]:
    """The answer for every service level; empty where nobody drove. Reads what the scope shows below ``row.at``."""
    first, last = date(row.year, 1, 1), date(row.year, 12, 31)
    journeys = list(_journeys(row.at, row.year))
    if not journeys:
        return {}
    terms, kinds = _terms(row, last), _kinds(row, last)
    held = _held(row.at, first, last)
    chargers = _chargers(row.at)
    years = float(rules.number("VEH-RENEW-YEARS", last, row.path))
    dear = float(rules.number("VEH-RENEW-DEAR", last, row.path))
    answer: dict[str, Any] = {"names": _names(j.site for j in [*journeys, *held]), "held": [asdict(c) for c in held]}
    for level in LEVELS:
        sizing = size(journeys, kinds, terms, level=level / 100, pooling=row.pooling, chargers=chargers)
        plan = renewal.plan(sizing, kinds, held, years=years, dear=dear)
        answer[str(level)] = _kept(sizing, plan)
    return answer


def _journeys(at: str, year: int) -> Iterator[Journey]:
    """Runs that came back, and trips for which a car had to be hired."""
    zero = datetime(year, 1, 1, tzinfo=UTC)

    def minute(moment: datetime) -> int:
        return int((moment - zero).total_seconds() // 60)

    runs = below(Run.objects.filter(state=Run.State.BACK, out_at__year=year), at).select_related("vehicle")
    trips: dict[Any, list[Trip]] = {}
    for trip in Trip.objects.filter(run__in=runs).only("run_id", "people", "destination", "may_pool"):
        trips.setdefault(trip.run_id, []).append(trip)
    for run in runs.only("path", "out_at", "back_at", "odometer_out", "odometer_in", "vehicle__use", "vehicle__seats"):
        mine = trips.get(run.pk, [])
        yield Journey(
            site(run.path, run.vehicle.use), minute(run.out_at), max(minute(run.back_at), minute(run.out_at) + 1),
            float(run.km or 0), max(1, sum(t.people for t in mine)), mine[0].destination if mine else "",
            bool(mine) and all(t.may_pool for t in mine), max(1, len(mine)),
        )  # fmt: skip
    hired = below(Trip.objects.filter(state=TripState.RENTED, begins__year=year), at, "provider__path")
    for trip in hired.select_related("provider"):
        where = trip.provider.path if trip.provider is not None else trip.path
        yield Journey(
            site(where, ""), minute(trip.begins), minute(trip.ends), float(trip.planned_km or 0), trip.people,
            trip.destination, trip.may_pool,
        )  # fmt: skip


def _terms(row: SizingRun, on: date) -> Terms:
    def value(code: str) -> float:
        return float(rules.number(code, on, row.path))

    return Terms(
        turnaround=int(value("VEH-TURNAROUND")), pool_window=int(value("VEH-POOL-DETOUR")), pool_most=int(value("VEH-POOL-MOST")),
        ev_reserve=value("VEH-EV-RESERVE") / 100, night=value("VEH-CHARGER-KM") * value("VEH-CHARGER-NIGHT"),
    )  # fmt: skip


def _kinds(row: SizingRun, on: date) -> list[Kind]:
    """Ranges of electric cars are those of the fleet's own, by kind: the usual one and not the best."""
    ranges: dict[str, list[int]] = {}
    for vehicle in below(Vehicle.objects.filter(fuel=Fuel.ELECTRIC, range_km__gt=0), row.at):
        ranges.setdefault(kind_of(vehicle), []).append(vehicle.range_km or 0)
    return [
        Kind(
            kind, SEATS[kind], float(rules.number("VEH-YEAR-COST", on, row.path, key=kind)),
            float(sorted(found)[len(found) // 2]) if (found := ranges.get(kind)) else None,
        )
        for kind in KINDS
    ]  # fmt: skip


def _held(at: str, first: date, last: date) -> list[renewal.Held]:
    vehicles = list(below(Vehicle.objects.exclude(state=VehicleState.DISPOSED), at).order_by("plate"))
    spent = costs.of_vehicles(None, first, last, path=at)
    back = below(Run.objects.filter(state=Run.State.BACK, out_at__date__range=(first, last)), at)
    days = dict(
        back.values_list("vehicle").annotate(n=Count(TruncDate("out_at"), distinct=True)).values_list("vehicle", "n")
    )
    found = []
    for v in vehicles:
        cost = spent.get(v.pk)
        age = (last - v.registered_on).days / AGES
        per_km = float(cost.per_km) if cost is not None and cost.per_km else 0.0
        km = float(cost.km) if cost is not None else 0.0
        electric = v.fuel == Fuel.ELECTRIC
        found.append(
            renewal.Held(v.plate, site(v.path, v.use), kind_of(v), age, per_km, days.get(v.pk, 0), km, electric)
        )
    return found


def _chargers(at: str) -> dict[str, int]:
    """Charging points of the lots where an organ's cars stand, at the site of its ordinary cars."""
    lots = below(Vehicle.objects.filter(home__chargers__gt=0), at).values_list("path", "home", "home__chargers")
    found: dict[str, int] = {}
    for path, _home, number in sorted(set(lots)):
        found[site(path, "")] = found.get(site(path, ""), 0) + number
    return found


def _names(sites: Iterable[str]) -> dict[str, list[str]]:
    """By site: name of the organ, and the use that has its own cars."""
    every = sorted(set(sites))
    names = dict(Node.objects.filter(path__in={s.split("|")[0] for s in every}).values_list("path", "name"))
    return {s: [names.get(s.split("|")[0], s.split("|")[0]), s.split("|")[1]] for s in every}


def _kept(sizing: Sizing, plan: renewal.Renewal) -> dict[str, Any]:
    return {
        "requests": sizing.requests, "journeys": sizing.journeys, "cost": sizing.cost, "bound": sizing.bound,
        "gap": sizing.gap, "seconds": round(sizing.seconds, 2), "cars": sizing.cars,
        "sites": [asdict(site_) for site_ in sizing.sites],
        "fates": {f.car: {"what": f.what, "site": f.site, "why": [{"code": r.code, "args": dict(r.args)} for r in f.reasons]} for f in plan.fates},
        "wanted": [asdict(w) for w in plan.wanted],
    }  # fmt: skip
