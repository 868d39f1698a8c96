"""The score of private use, and what runs add to it: by the shipped points, with no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
import yaml
from django.conf import settings
from django.utils import timezone

from shuzheng.apps.vehicles.models import Run, Trip, Vehicle
from shuzheng.apps.vehicles.models.alerts import Alert
from shuzheng.apps.vehicles.supervision import driving, suspicion

NOW = timezone.make_aware(datetime(2026, 3, 4, 9))  # a Wednesday


@pytest.fixture(scope="module")
def limits():
    """The rules as they ship."""
    file = next(p for p in (settings.BASE_DIR / "shuzheng/base/standards/data").glob("rules.yaml"))
    rules = {
        (rule["code"], str(rule.get("key", ""))): SimpleNamespace(value=Decimal(str(rule["value"])), id=uuid4(), code=rule["code"])
        for pack in yaml.safe_load(file.read_text(encoding="utf-8")) for rule in pack.get("rules", ())
    }  # fmt: skip
    return lambda code, path="", key="": rules[code, key]


@pytest.fixture
def car():
    return Vehicle(id=uuid4(), plate="浙K0A123", path="33/11/23/0/u1/", node_id=uuid4(), state="1")


def drive(car, begins=NOW, hours=2.0, km=40, state="back", **trip):
    """A run, and the trips that it served."""
    ends = begins + timedelta(hours=hours)
    run = Run(
        id=uuid4(), vehicle=car, state=state, begins=begins, ends=ends, out_at=begins, back_at=None if state == "out" else ends,
        odometer_out=Decimal(1000), odometer_in=None if state == "out" else Decimal(1000 + km), path=car.path, node_id=car.node_id,
    )  # fmt: skip
    usual = {
        "reach": "city",
        "passengers": "李科等 2 人",
        "destination": "妙高街道",
        "planned_km": Decimal(40),
        "state": "08",
    }
    return run, [Trip(id=uuid4(), **(usual | trip))] if trip is not None else []


def alert(car, code, *facts, outcome=""):
    row = Alert(id=uuid4(), code=code, vehicle=car, path=car.path, node_id=car.node_id, begins=NOW, outcome=outcome)
    row.evidence = {"facts": [{"what": what} for what in facts]}
    return row


@pytest.mark.parametrize(
    ("how", "parts"),
    [
        ({}, set()),
        ({"hours": 26}, {"overnight"}),
        ({"hours": 26, "reach": "province"}, set()),  # a long trip may stay away
        ({"hours": 26, "is_emergency": True}, set()),
        ({"km": 61}, {"detour"}),  # more than 1.5 × 40
        ({"km": 60}, set()),
        ({"km": 6, "planned_km": Decimal(2)}, set()),  # a few kilometres are nothing
    ],
)
def test_what_a_run_adds(car, limits, how, parts):
    run, trips = drive(car, **how)
    assert suspicion.parts_of_run(run, trips, limits) == parts


def test_short_trips_to_one_place_again_and_again(car, limits):
    """The eighth within fourteen days for the same passenger is one too many; another passenger's are not counted in."""
    held = [drive(car, NOW + timedelta(days=n), km=4) for n in range(8)]
    held.append(drive(car, NOW + timedelta(days=8), km=4, passengers="王科"))
    trips = {run.pk: some for run, some in held}
    found = suspicion.repeated([run for run, _some in held], trips, limits)
    assert found == {held[7][0].pk: 8}


def test_the_score_is_the_sum_of_its_parts(car, limits):
    night = [alert(car, "01"), alert(car, "05", "night", "no_approval")]
    [found] = suspicion.score(night, [], {}, limits)
    assert (found.score, found.colour, [p for p, _n, _r in found.points]) == (50, "", ["no_order", "night"])
    [found] = suspicion.score([*night, alert(car, "08")], [], {}, limits)
    assert (found.score, found.colour) == (75, "3")
    cleared = [alert(car, "01", outcome="none"), alert(car, "05", "night")]
    assert list(suspicion.score(cleared, [], {}, limits)) == []  # decided to be no violation: no points


def test_who_is_out_while_locked_up(car):
    run, _trips = drive(car, state="out")
    assert list(driving.locked([run])) == []
    car.state = "2"
    [found] = driving.locked([run])
    assert (found.code, found.run_id) == ("06", run.pk)


def test_whose_order_counts():
    trip = Trip(state="08")
    assert not driving.is_ordered([trip], NOW)
    trip.approved_at = NOW
    assert driving.is_ordered([trip], NOW)
    trip.state = "92"  # cancelled
    assert not driving.is_ordered([trip], NOW)
    urgent = Trip(state="05", is_emergency=True, paper_due=NOW + timedelta(hours=1))
    assert driving.is_ordered([urgent], NOW)
    assert not driving.is_ordered([urgent], NOW + timedelta(hours=2))
