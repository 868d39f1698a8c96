"""What drivers do: accept, set out, come back. A dispatcher may enter it for a driver whose phone is out of reach."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import costs
from shuzheng.apps.vehicles.models import Fee, Run, Trip, TripState
from shuzheng.base.core.action import Write, action
from shuzheng.kernel.errors import Conflict, Denied, Invalid

LARGEST_LEAP = 3000
"""Kilometres in one run beyond which the reading is taken for a slip."""


def _parts(w: Write, batch: Sequence[Run | Trip]) -> tuple[list[Run], list[Trip]]:
    """The runs of a batch and the trips they serve.

    Raises:
        Denied: somebody else drives.
    """
    runs = [row for row in batch if isinstance(row, Run)]
    for run in runs:
        if run.driver.person_id != w.actor.person_id and not w.actor.may("vehicles.trip.dispatch", run.path):
            raise Denied(_("这趟车由%(name)s驾驶。") % {"name": run.driver})
    return runs, [row for row in batch if isinstance(row, Trip)]


@action("vehicles.run.accept", permission="", handover=True, event="vehicles.run.accepted")
def accept_runs(w: Write, batch: Sequence[Run | Trip]) -> Sequence[Run]:
    """The driver has seen the order.

    Raises:
        Conflict: it is no longer planned.
    """
    runs, _trips = _parts(w, batch)
    for run in runs:
        if run.state != Run.State.PLANNED:
            raise Conflict(_("这趟车已接单、已出车或已取消。"))
        w.change(run, state=Run.State.ACCEPTED, accepted_at=timezone.now())
    return runs


@action("vehicles.run.start", permission="", handover=True, event="vehicles.run.started")
def start_runs(w: Write, batch: Sequence[Run | Trip], *, odometer: Decimal, energy: int | None = None) -> Sequence[Run]:
    """The vehicle sets out. ``odometer`` in kilometres; ``energy`` in per cent of tank or battery.

    Raises:
        Conflict: it has set out, or was called off; or vehicle or driver are still on the road with another run.
        Invalid: the reading is below the vehicle's last one.
    """
    runs, trips = _parts(w, batch)
    now = timezone.now()
    for run in runs:
        if run.state not in (Run.State.PLANNED, Run.State.ACCEPTED):
            raise Conflict(_("这趟车已出车或已取消。"))
        busy = Run.objects.filter(Q(vehicle=run.vehicle_id) | Q(driver=run.driver_id), state=Run.State.OUT).first()
        if busy is not None:
            raise Conflict(_("%(run)s 还在途中，先收车。") % {"run": busy})
        if odometer < run.vehicle.mileage:
            raise Invalid.one("odometer", _("读数小于上次的 %(km)s km。") % {"km": run.vehicle.mileage})
        if odometer - run.vehicle.mileage > LARGEST_LEAP:
            raise Invalid.one(
                "odometer", _("比上次多出 %(km)s km，请核对读数。") % {"km": odometer - run.vehicle.mileage}
            )
        w.change(run, state=Run.State.OUT, out_at=now, odometer_out=odometer, energy_out=energy,
                 accepted_at=run.accepted_at or now)  # fmt: skip
        w.change(run.vehicle, mileage=odometer)
    for trip in trips:
        if trip.state == TripState.ASSIGNED:
            w.change(trip, state=TripState.ON_ROAD, out_at=now)
    return runs


@action("vehicles.run.end", permission="", handover=True, event="vehicles.run.ended")
def end_runs(
    w: Write,
    batch: Sequence[Run | Trip],
    *,
    odometer: Decimal,
    energy: int | None = None,
    tolls: Decimal = Decimal(0),
    parking: Decimal = Decimal(0),
    voucher: str = "",
    note: str = "",
) -> Sequence[Run]:
    """The vehicle is back: distance, tolls and parking are settled, shared among pooled trips by their people.

    Raises:
        Conflict: it is not on the road.
        Invalid: the reading is below the one it left with, or too far above it.
    """
    runs, trips = _parts(w, batch)
    now = timezone.now()
    for run in runs:
        if run.state != Run.State.OUT or run.odometer_out is None:
            raise Conflict(_("这趟车不在途中。"))
        if odometer < run.odometer_out:
            raise Invalid.one("odometer", _("读数小于出车时的 %(km)s km。") % {"km": run.odometer_out})
        if odometer - run.odometer_out > LARGEST_LEAP:
            raise Invalid.one("odometer", _("这趟 %(km)s km，请核对读数。") % {"km": odometer - run.odometer_out})
        w.change(run, state=Run.State.BACK, back_at=now, odometer_in=odometer, energy_in=energy, note=note)
        w.change(run.vehicle, mileage=odometer)
        for sort, amount in ((Fee.Sort.TOLL, tolls), (Fee.Sort.PARKING, parking)):
            if amount:
                fee = Fee(
                    vehicle=run.vehicle, run=run, kind=sort, amount=amount, day=timezone.localdate(now), voucher=voucher
                )
                fee.own(run.node)
                w.create(fee)
        served = [t for t in trips if t.run_id == run.pk and t.state == TripState.ON_ROAD]
        rate = costs.energy_rate(run.vehicle, timezone.localdate(now))
        for trip, shares in zip(served, costs.shared(served, tolls, parking, run.km, rate), strict=True):
            w.change(trip, state=TripState.BACK, back_at=now, km=run.km, **shares)
    return runs
