"""An organ's day on the board: what waits, what runs, and the planner's problem made of it (``planning``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import licences, providing, rules
from shuzheng.apps.vehicles.models import Driver, Duty, Fuel, Run, Trip, Use, Vehicle
from shuzheng.apps.vehicles.models.trips import Purpose
from shuzheng.apps.vehicles.planning import problem as planning
from shuzheng.apps.vehicles.planning.roads import air_lines
from shuzheng.base.standards import resolve

DAY = planning.DAY
LOT = "lot"
"""The place of cars whose lot is not known, and of trips whose places are not."""
OWN_USES = {
    Purpose.COURIER: {Use.COURIER},
    Purpose.ENFORCEMENT: {Use.ENFORCEMENT},
    Purpose.EMERGENCY: {Use.EMERGENCY, Use.OTHER},
}
ORDINARY = {Use.EMERGENCY, Use.OTHER}
NOWHERE = (Decimal("104.0"), Decimal("35.0"))
"""Where everything stands when no place has coordinates: distances then come from planned kilometres alone."""


@dataclass
class Board:
    """One day: trips that wait for a car, runs with the trips they serve, cars and drivers."""

    day: date
    path: str
    waiting: list[Trip]
    runs: list[Run]
    vehicles: list[Vehicle]
    drivers: list[Driver]
    duties: list[Duty]
    trips: dict[Any, list[Trip]] = field(default_factory=dict)
    """By run."""

    @property
    def midnight(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.day, time()))

    def minute(self, moment: datetime) -> int:
        return round((moment - self.midnight).total_seconds() / 60)

    def moment(self, minute: int) -> datetime:
        return self.midnight + timedelta(minutes=minute)

    def may_change(self, run: Run) -> bool:
        """Whether a new plan may take the run apart: nobody has accepted it yet."""
        return run.state == Run.State.PLANNED


def board(path: str, day: date) -> Board:
    """The day of the organ at ``path``."""
    begin = timezone.make_aware(datetime.combine(day, time()))
    end = begin + timedelta(days=1)
    runs = list(
        providing.runs_between(begin, end, path=path)
        .select_related("vehicle", "driver__person")
        .order_by("begins", "pk")
    )
    drivers = list(providing.drivers(path))
    found = Board(
        day, path, list(providing.waiting(path).filter(begins__lt=end, ends__gt=begin)), runs,
        list(providing.usable(path)), drivers,
        list(Duty.objects.filter(driver__in=drivers, begins__lt=end, ends__gt=begin).order_by("begins")),
    )  # fmt: skip
    for trip in providing.of_run(runs):
        found.trips.setdefault(trip.run_id, []).append(trip)
    return found


def hindrance(board: Board, trip: Trip, vehicle: Vehicle) -> str:
    """What stands in the way of a car for a trip, in words; empty when nothing does. ``assign_trips`` judges in the end."""
    if trip.people > vehicle.places_for_passengers:
        return _("可乘 %(seats)d 人，要坐 %(people)d 人") % {
            "seats": vehicle.places_for_passengers,
            "people": trip.people,
        }
    if trip.body and vehicle.body != trip.body:
        return _("要%(body)s") % {"body": trip.get_body_display()}
    if vehicle.use not in uses_for(trip):
        return _("%(use)s不派此事由") % {"use": vehicle.get_use_display()}
    for run in board.runs:
        if run.vehicle_id == vehicle.pk and run.pk != trip.run_id and run.begins < trip.ends and run.ends > trip.begins:
            return _("%(span)s 已派出") % {"span": span(run.begins, run.ends)}
    for until, what in vehicle.road_papers:
        if until < timezone.localdate(trip.ends):
            return _("%(what)s %(day)s 到期") % {"what": what, "day": until}
    return ""


def absence(board: Board, trip: Trip, driver: Driver) -> str:
    """The same for a driver."""
    if driver.state != Driver.State.ON_DUTY:
        return str(driver.get_state_display())
    for duty in board.duties:
        if (
            duty.driver_id == driver.pk
            and duty.kind != Duty.Sort.DUTY
            and duty.begins < trip.ends
            and duty.ends > trip.begins
        ):
            return str(duty.get_kind_display())
    for run in board.runs:
        if run.driver_id == driver.pk and run.pk != trip.run_id and run.begins < trip.ends and run.ends > trip.begins:
            return _("%(span)s 有任务") % {"span": span(run.begins, run.ends)}
    return ""


def partner(board: Board, trip: Trip, vehicle: Vehicle) -> Driver | None:
    """Who would drive: the usual driver if free, else the first who is and may."""
    usual = [d for d in board.drivers if d.pk == vehicle.usual_driver_id]
    others = [d for d in board.drivers if d.pk != vehicle.usual_driver_id]
    return next(
        (d for d in [*usual, *others] if not absence(board, trip, d) and licences.may_drive(d.licence_class, vehicle)),
        None,
    )


def car_for(board: Board, trip: Trip, driver: Driver) -> Vehicle | None:
    """Which car a driver would take: the own one if it fits, else the smallest that does."""
    able = [v for v in board.vehicles if not hindrance(board, trip, v) and licences.may_drive(driver.licence_class, v)]
    return min(able, key=lambda v: (v.usual_driver_id != driver.pk, v.seats, v.plate), default=None)


def span(begins: datetime, ends: datetime) -> str:
    """``09:00—11:30``; with the day where it is another."""
    begin, end = timezone.localtime(begins), timezone.localtime(ends)
    return f"{begin:%H:%M}—{end:%H:%M}" if begin.date() == end.date() else f"{begin:%m-%d %H:%M}—{end:%m-%d %H:%M}"


def uses_for(trip: Trip) -> frozenset[str]:
    """Uses of the cars that may serve the purpose (办法第三条: 机要通信、执法执勤用车 are for that alone)."""
    return frozenset(str(use.value) for use in OWN_USES.get(Purpose(trip.purpose), ORDINARY))


def limits(day: date, path: str) -> planning.Rules:
    """The day's limits from the dated rules."""
    held = resolve.current()

    def value(code: str) -> float:
        return float(rules.number(code, day, path, held=held))

    return planning.Rules(
        driving_day=int(value("VEH-DRIVE-DAY") * 60), driving_unbroken=int(value("VEH-DRIVE-STRETCH") * 60),
        rest=int(value("VEH-DRIVE-REST")), rest_between=int(value("VEH-REST-BETWEEN") * 60),
        turnaround=int(value("VEH-TURNAROUND")), wait_away=int(value("VEH-WAIT-AWAY")),
        pool_most=int(value("VEH-POOL-MOST")), pool_detour=int(value("VEH-POOL-DETOUR")),
        ev_reserve=value("VEH-EV-RESERVE") / 100, road_factor=value("VEH-ROAD-FACTOR"), speed_km_h=value("VEH-ROAD-SPEED"),
        missed=value("VEH-MISSED-PRICE"), missed_emergency=value("VEH-MISSED-URGENT"), change=value("VEH-CHANGE-PRICE"),
    )  # fmt: skip


def problem(board: Board) -> planning.Problem:
    """The board as the planner's problem. Runs that nobody accepted may change; the others stand."""
    day_rules, reckoned = limits(board.day, board.path), _reckoned(board)
    places = _Places(board, day_rules)
    loose = [(trip, run) for run in board.runs if board.may_change(run) for trip in board.trips.get(run.pk, ())]
    rides = [_ride(board, trip, None, places, day_rules, reckoned) for trip in board.waiting]
    rides += [
        _ride(board, trip, run, places, day_rules, reckoned) for trip, run in loose if board.minute(trip.begins) >= 0
    ]
    fixed = [_fixed(board, run, day_rules) for run in board.runs if not _is_loose(board, run)]
    cars = [_car(board, vehicle, places, reckoned) for vehicle in board.vehicles if _papers_end(board, vehicle) > 0]
    back = _back(board, day_rules)
    drivers = [driver for d in board.drivers if (driver := _driver(board, d, back))]
    known_cars, known_drivers = {c.id for c in cars}, {d.id for d in drivers}
    return planning.Problem(
        tuple(places.found.values()), tuple(rides), tuple(cars), tuple(drivers), day_rules,
        tuple(f for f in fixed if f.car in known_cars or f.driver in known_drivers),
    )  # fmt: skip


def _reckoned(board: Board) -> dict[str, float]:
    """What things are reckoned at on the day: yuan a kilometre, km an hour of charging, minutes that a start may wait."""
    held = resolve.current()

    def value(code: str, key: str = "") -> float:
        return float(rules.number(code, board.day, board.path, key=key, held=held))

    return {
        "fuel": value("VEH-KM-COST", "fuel"),
        "electric": value("VEH-KM-COST", "electric"),
        "charger": value("VEH-CHARGER-KM"),
        "shift": value("VEH-START-SHIFT"),
    }


def _is_loose(board: Board, run: Run) -> bool:
    return board.may_change(run) and all(board.minute(t.begins) >= 0 for t in board.trips.get(run.pk, ()))


class _Places:
    """Places by their coordinates. Where a trip names none, its goal lies as far off as its planned kilometres say."""

    def __init__(self, board: Board, day_rules: planning.Rules) -> None:
        homes = [v.home for v in board.vehicles if v.home is not None]
        self.lon, self.lat = (homes[0].lon, homes[0].lat) if homes else NOWHERE
        self.factor = day_rules.road_factor
        self.found: dict[str, planning.Place] = {LOT: planning.Place(LOT, float(self.lon), float(self.lat))}

    def at(self, lon: float | Decimal, lat: float | Decimal) -> str:
        name = f"{float(lon):.4f},{float(lat):.4f}"
        self.found.setdefault(name, planning.Place(name, float(lon), float(lat)))
        return name

    def of(self, trip: Trip) -> list[str]:
        known = [self.at(stop["lon"], stop["lat"]) for stop in trip.stops if stop.get("lon") and stop.get("lat")]
        if len(known) >= 2:
            return known
        one_way = float(trip.planned_km or 10) / 2 / self.factor
        start = known[0] if known else LOT
        origin = self.found[start]
        return [start, self.at(origin.lon, origin.lat + one_way / 111.2)]


def _ride(
    board: Board,
    trip: Trip,
    run: Run | None,
    places: _Places,
    day_rules: planning.Rules,
    reckoned: Mapping[str, float],
) -> planning.Ride:
    begin, end = board.minute(trip.begins), board.minute(trip.ends)
    stops = places.of(trip)
    there = sum(_minutes(places, a, b, day_rules) for a, b in zip(stops, stops[1:], strict=False))
    back = _minutes(places, stops[-1], stops[0], day_rules)
    stay = max(0, end - begin - there - back)
    way = [planning.Stop(stop) for stop in stops[:-1]] + [planning.Stop(stops[-1], stay), planning.Stop(stops[0])]
    return planning.Ride(
        str(trip.pk), begin, begin + int(reckoned["shift"]), trip.people, tuple(way), str(trip.purpose),
        frozenset({trip.body} if trip.body else ()), uses_for(trip), False,
        not trip.may_pool or trip.purpose == Purpose.COURIER, trip.is_emergency,
        (str(run.vehicle_id), str(run.driver_id)) if run is not None else None,
    )  # fmt: skip


def _minutes(places: _Places, start: str, end: str, day_rules: planning.Rules) -> int:
    a, b = places.found[start], places.found[end]
    km = float(air_lines([a.lon, b.lon], [a.lat, b.lat])[0, 1]) * day_rules.road_factor
    return -int(-km / day_rules.speed_km_h * 60 // 1)


def _fixed(board: Board, run: Run, day_rules: planning.Rules) -> planning.Fixed:
    trips = board.trips.get(run.pk, [])
    km = max((float(t.planned_km or 0) for t in trips), default=0.0)
    driving = min(int(km / day_rules.speed_km_h * 60), board.minute(run.ends) - board.minute(run.begins))
    return planning.Fixed(
        str(run.pk),
        str(run.vehicle_id),
        str(run.driver_id),
        board.minute(run.begins),
        board.minute(run.ends),
        km,
        driving,
    )


def _papers_end(board: Board, vehicle: Vehicle) -> int:
    """The minute of the board until which insurance and inspection hold: a car is not proposed beyond it."""
    days = min([(until - board.day).days + 1 for until, _what in vehicle.road_papers], default=2)
    return min(days, 2) * DAY


def _car(board: Board, vehicle: Vehicle, places: _Places, reckoned: Mapping[str, float]) -> planning.Car:
    home = vehicle.home
    lot = places.at(home.lon, home.lat) if home is not None else LOT
    electric = vehicle.fuel == Fuel.ELECTRIC
    cost = reckoned["electric" if electric else "fuel"]
    charge = reckoned["charger"] if electric and home is not None and home.chargers else 0.0
    return planning.Car(
        str(vehicle.pk), lot, vehicle.places_for_passengers, vehicle.body, vehicle.use, cost, ((0, _papers_end(board, vehicle)),),
        vehicle.fuel, licences.needed(vehicle.body), vehicle.body == "5",
        float(vehicle.range_km) if electric and vehicle.range_km else None, 1.0, charge, float(vehicle.mileage),
    )  # fmt: skip


def _driver(board: Board, driver: Driver, back: Mapping[Any, int]) -> planning.Driver | None:
    if driver.state != Driver.State.ON_DUTY or driver.licence_to < board.day:
        return None
    mine = [d for d in board.duties if d.driver_id == driver.pk]
    on = [(board.minute(d.begins), board.minute(d.ends)) for d in mine if d.kind == Duty.Sort.DUTY] or [(0, 2 * DAY)]
    off = [(board.minute(d.begins), board.minute(d.ends)) for d in mine if d.kind != Duty.Sort.DUTY]
    spans = tuple(_less(sorted(on), sorted(off)))
    return planning.Driver(
        str(driver.pk),
        "",
        frozenset({driver.licence_class}),
        spans,
        last_end=back.get(driver.pk),
    )


def _back(board: Board, day_rules: planning.Rules) -> dict[Any, int]:
    """When drivers were back the night before, where that is not long ago."""
    since = board.moment(-day_rules.rest_between)
    runs = Run.objects.filter(driver__in=board.drivers, back_at__range=(since, board.midnight))
    return {pk: board.minute(last) for pk, last in runs.values_list("driver").annotate(last=Max("back_at"))}


def _less(spans: Iterable[planning.Span], off: Sequence[planning.Span]) -> Iterable[planning.Span]:
    for begin, end in spans:
        for start, stop in [*off, (end, end)]:
            if start > begin:
                yield begin, min(start, end)
            begin = max(begin, stop)
            if begin >= end:
                break
