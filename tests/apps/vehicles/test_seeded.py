"""Seeded violations of a county's year: how many supervision finds, and how many of its warnings are deserved.

The figures stand in docs/vehicles-supervision.md; a change of either is a change of that page.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from random import Random
from types import SimpleNamespace

import pytest
from django.utils import timezone, translation

from shuzheng.apps.vehicles.demo import common, fleets, supervision, violations
from shuzheng.apps.vehicles.demo.year import year
from shuzheng.apps.vehicles.models import Driver, Fee, Quota, Refuel, Repair, RepairPart, Run, Spot, Trip, Vehicle
from shuzheng.apps.vehicles.models.alerts import Alert, Warned
from shuzheng.apps.vehicles.pages.supervision import facts_of
from shuzheng.apps.vehicles.supervision.scan import scan, take_facts
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.masters.models import Party
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.slow

COUNTY = "33/11/23/"
TYPED = {"part", "passenger", "owner", "borrower", "provider", "holder", "fence", "station"}


def fleet_of_a_year(nation, today):
    """The demo's fleet and year of one county office, without its papers that happen to expire."""
    office = nation.organ(f"{COUNTY}0/goa/")
    party = Party(name="妙高汽修厂", categories=["vehicles"])
    party.own(office)
    insert_many([party])
    rows = common.Rows()
    fleet = fleets.make_fleet(rows, office, 10, 0, today, None, party)
    later = today + timedelta(days=200)
    for vehicle in fleet.vehicles:
        vehicle.compulsory_to = vehicle.commercial_to = vehicle.inspection_to = later
    for driver in fleet.drivers:
        driver.licence_to = later
    year(rows, fleet, today, deep=True)
    for kind in (Spot, Person, Post, Driver, Vehicle, Quota, Run, Trip, Refuel, Repair, RepairPart, Fee):
        if found := rows.made.get(kind):
            insert_many(found)


def told(alert):
    """What an English page says of a warning: labels, units, and values that nobody typed."""
    with translation.override("en"):
        facts = zip(alert.evidence["facts"], facts_of(alert), strict=True)
        return [
            f"{said['label']} {'' if fact['what'] in TYPED else said['value']} {said['unit']}" for fact, said in facts
        ]


@pytest.mark.django_db
def test_seeded_violations_are_found(standards):  # noqa: F811
    nation, today = standards, timezone.localdate()
    actor = system_actor("vehicles.watch")
    organs = [n for path, n in nation.nodes.items() if path.startswith(COUNTY) and n.kind == "organ"]
    shown = SimpleNamespace(
        offices={COUNTY: nation.organ(f"{COUNTY}0/goa/")}, institutions=[o for o in organs if "/u" in o.path]
    )
    with actor.scope.activate():
        fleet_of_a_year(nation, today)
        year_ago = timezone.now() - timedelta(days=366)
        quiet = scan(actor, since=year_ago, path=COUNTY)
        assert [(str(a), a.evidence["facts"]) for a in quiet] == []  # an honest year warns of nothing

        seeds = violations.seed(shown, today, Random(7))
        scan(actor, since=year_ago, path=COUNTY)
        cars = list(Vehicle.objects.order_by("plate"))
        take_facts(supervision.facts(cars, timezone.now()), actor=actor)
        again = scan(actor, since=year_ago, path=COUNTY)
        alerts = list(Alert.objects.select_related("vehicle", "node").order_by("begins"))
    assert {a.code for a in again} <= {Warned.PRIVATE}  # the same thing twice is one warning

    facts = {(str(cars[n].pk), code) for n, code in ((0, "01"), (0, "05"), (0, "08"), (0, "20"), (1, "07"), (2, "12"))}
    assert facts <= {(str(a.vehicle_id), a.code) for a in alerts}
    tracked = [
        a for a in alerts if a.begins > timezone.now() - timedelta(days=8) and (str(a.vehicle_id), a.code) in facts
    ]
    rest = [a for a in alerts if a not in tracked]

    def fits(alert, seed):
        if (alert.code, alert.vehicle_id) != (seed.code, seed.vehicle):
            return False
        return seed.day is None or abs((timezone.localdate(alert.begins) - seed.day).days) <= 1

    guilty = [s for s in seeds if not s.innocent]
    found = [s for s in guilty if any(fits(a, s) for a in rest)]
    deserved = [a for a in rest if any(fits(a, s) for s in guilty)]
    missed = Counter(s.what for s in guilty if s not in found)
    wrong = [(str(a), a.begins, a.evidence["facts"]) for a in rest if a not in deserved]
    assert set(missed) == {s.what for s in seeds if s.hidden}  # only what no register can show
    assert {w[0].split()[-1] for w in wrong} <= {Warned.KM.label, Warned.REPAIR.label}
    foreign = [(a.code, fact) for a in alerts for fact in told(a) if re.search("[\u3000-\u9fff\uff00-\uffef]", fact)]
    assert foreign == []
    assert len(found) / len(guilty) >= 0.85, missed  # 47 of 52
    assert len(deserved) / len(rest) >= 0.9, wrong  # 47 of 49
