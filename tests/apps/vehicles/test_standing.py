"""A period that is over is told as it was at its end, whatever became of a vehicle, or of its organ, since then."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from shuzheng.apps.vehicles import actions, figures, offers
from shuzheng.apps.vehicles.actions.fleet import change_vehicles
from shuzheng.apps.vehicles.models import Former, Quota, Refuel, Run, Vehicle
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.actions import merge_nodes, move_nodes
from shuzheng.base.org.models import Node
from shuzheng.kernel.periods import Period, PeriodKind
from tests.apps.vehicles.conftest import vehicle

pytestmark = pytest.mark.django_db
UNIT, SECOND, COUNTY = "33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/23/"


@pytest.fixture
def over() -> Period:
    found = Period.containing(timezone.localdate(), PeriodKind.QUARTER).previous
    assert found is not None
    return found


@pytest.fixture
def keeper(nation):
    return nation.actor("33/11/23/0/goa/", "business_admin", at=COUNTY)


@pytest.fixture(autouse=True)
def reading(nation):
    with system_scope("tests").activate():
        yield


def bought(nation, path: str, plate: str, **values) -> Vehicle:
    row = vehicle(nation.organ(path), plate, **{"registered_on": date(2022, 3, 1), **values})
    row.save(force_insert=True)
    return row


def quota(nation, path: str, amount: int) -> None:
    row = Quota(use="2", amount=amount, since=date(2020, 1, 1), document=f"编〔2020〕{amount} 号")
    row.own(nation.organ(path))
    row.save(force_insert=True)


def fuelled(car: Vehicle, day: date, yuan: int) -> None:
    row = Refuel(vehicle=car, day=day, amount=Decimal(yuan), kind="fuel", quantity=Decimal(40))
    row.node_id, row.path = car.node_id, car.path
    row.save(force_insert=True)


def told(node: Node, period: Period, *names: str) -> list[int]:
    found = offers.quarter(node.pk, period)
    return [int(found.get(name) or 0) for name in names]


def test_what_was_disposed_of_since_still_counts_and_what_was_bought_since_does_not(nation, keeper, over):
    unit, today = nation.organ(UNIT), timezone.localdate()
    kept, gone = bought(nation, UNIT, "浙K70001"), bought(nation, UNIT, "浙K70002", fuel="5")
    before = told(unit, over, "held", "nev", "platform", "able_days")
    bought(nation, UNIT, "浙K70003", registered_on=today, purchased_on=today)
    follow = system_actor("vehicles.follow")
    with follow.scope.activate():
        actions.dispose_vehicles([Vehicle.objects.get(pk=gone.pk)], actor=follow, way="1", on=today)

    assert before[:2] == [2, 1] and before[3] > 100
    assert told(unit, over, "held", "nev", "platform", "able_days") == before
    year = figures.of_place(UNIT, over.end.year, over.end).whole
    assert (year.held, year.disposed) == (2, 0)
    now = figures.of_place(UNIT, today.year, today).whole
    assert (now.held, now.new_energy, now.disposed, now.bought) == (2, 0, 1, 1)
    assert [m.held for m in figures.members(COUNTY, over.end.year, over.end)] == [2]
    assert kept.state == "1"


def test_state_marking_and_use_are_those_of_the_end_of_the_period(nation, keeper, over):
    """Several changes of one day leave what stood before the first; a change of something else leaves nothing."""
    unit = nation.organ(UNIT)
    car = bought(nation, UNIT, "浙K70001", marking="due")
    fresh = lambda: [Vehicle.objects.get(pk=car.pk)]  # noqa: E731
    before = told(unit, over, "marked", "platform", "able_days")

    change_vehicles(fresh(), actor=keeper, changes={str(car.pk): {"colour": "黑"}})
    assert not Former.objects.exists()
    change_vehicles(fresh(), actor=keeper, changes={str(car.pk): {"marking": "marked", "use": "5"}})
    actions.lock_vehicles(fresh(), actor=keeper)

    [was] = Former.objects.all()
    assert (was.state, was.marking, was.use, was.until) == ("1", "due", "2", timezone.localdate())
    assert told(unit, over, "marked", "platform", "able_days") == before == [0, 0, before[2]]
    assert figures.of_place(UNIT, over.end.year, over.end).lines["2"].held == 1
    today = Period.containing(timezone.localdate(), PeriodKind.QUARTER)
    assert told(unit, today, "marked", "platform", "able_days") == [1, 1, 0], "locked up, it is able to drive no more"


def test_an_organ_that_merged_since_held_its_vehicles_then(nation, keeper, over):
    """Each tells its own past: vehicles, quota and cost; from the day on the successor tells all of it."""
    first, second, today = nation.organ(UNIT), nation.organ(SECOND), timezone.localdate()
    quota(nation, UNIT, 1), quota(nation, SECOND, 3)
    mine, theirs = bought(nation, UNIT, "浙K70001"), bought(nation, SECOND, "浙K70002")
    fuelled(mine, over.end, 300), fuelled(theirs, over.end, 500)
    run = Run(vehicle=mine, driver_id=_driver(first), state="back", odometer_out=100, odometer_in=160)
    run.begins = run.out_at = timezone.make_aware(timezone.datetime(over.end.year, over.end.month, over.end.day, 9))
    run.ends = run.back_at = run.begins + timedelta(hours=2)
    run.own(first)
    run.save(force_insert=True)
    asked = ("held", "quota", "energy", "km")
    before = [told(node, over, *asked) for node in (first, second)]

    merge_nodes([Node.objects.get(pk=first.pk)], actor=keeper, into=Node.objects.get(pk=second.pk), on=today)

    assert before == [[1, 1, 300, 60], [1, 3, 500, 0]]
    assert [told(node, over, *asked) for node in (first, second)] == before
    assert Vehicle.objects.get(pk=mine.pk).node == second
    now = Period.containing(today, PeriodKind.QUARTER)
    assert told(second, now, "held", "quota", "over") == [2, 4, 0]
    assert told(first, now, "held", "quota") == [0, 0]
    everyone = Node.objects.all()
    assert list(offers.asked(everyone, over)) == [second], "who is no more is asked no more"
    clerk = nation.actor(SECOND, "clerk")
    with clerk.scope.activate():
        assert told(second, over, "held", "quota", "energy") == before[1][:3], "in the sight of those who fill it in"


def test_an_organ_that_moved_tells_its_past_where_it_is_now(nation, over):
    unit = nation.organ(UNIT)
    car = bought(nation, UNIT, "浙K70001")
    fuelled(car, over.end, 300)
    admin = nation.actor("0/ngoa/", "business_admin", at="")
    move_nodes([unit], actor=admin, to=nation.organ("33/11/22/"), on=timezone.localdate(), codes={unit.pk: "u9"})

    assert told(unit, over, "held", "energy") == [1, 300]


def _driver(node: Node):
    from shuzheng.apps.vehicles.models import Driver
    from shuzheng.base.accounts.models import Person

    person = Person(name="老周")
    person.own(node)
    person.save(force_insert=True)
    row = Driver(person=person, licence_class="C1", licence_to=date(2099, 1, 1))
    row.own(node)
    row.save(force_insert=True)
    return row.pk
