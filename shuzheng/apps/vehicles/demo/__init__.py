"""Official vehicles in the demo: a province's fleet with a year of runs, fuel, repairs and papers; today's trips where newcomers look.

The county that newcomers see has every trip; other offices of the province have fewer runs, enough for figures at four tiers.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from shuzheng.apps.vehicles.demo import statistics, supervision, tracks, under_way
from shuzheng.apps.vehicles.demo.common import COUNTY, PROVINCE, Nation, Rows
from shuzheng.apps.vehicles.demo.fleets import make_fleet
from shuzheng.apps.vehicles.demo.year import year
from shuzheng.apps.vehicles.models import (
    Accident,
    Driver,
    Duty,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Plan,
    Quota,
    Quote,
    Refuel,
    Rental,
    Repair,
    RepairPart,
    Run,
    Spot,
    Trip,
    Vehicle,
)  # fmt: skip
from shuzheng.base.access.models import Grant, Role
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.masters.models import Party
from shuzheng.base.org.models import Tier

FLEETS = {Tier.PROVINCE: 14, Tier.PREFECTURE: 9, Tier.COUNTY: 6}
DEEP_FLEET = 10


def load(nation: Nation, today: date) -> None:
    """The fleet of the province, a year back from ``today``, and today's trips of the county. Runs under a system scope."""
    rows, fleets = Rows(), []
    role = Role.objects.filter(code="driver", is_shipped=True).first()
    workshops: dict[Any, Party] = {}
    for party in Party.objects.filter(categories__contains=["vehicles"]).order_by("pk"):
        workshops.setdefault(party.node_id, party)
    paths = [path for path in sorted(nation.offices) if path.startswith(PROVINCE)]
    for serial, path in enumerate(paths):
        office, division = nation.offices[path], nation.divisions[path]
        size = DEEP_FLEET if path == COUNTY else FLEETS[Tier(division.tier)]
        fleets.append(make_fleet(rows, office, size, serial, today, role, workshops.get(office.pk)))
    for fleet in fleets:
        deep = fleet.office.path.startswith(COUNTY)
        year(rows, fleet, today, deep)
    for kind in (Spot, Person, Post, Grant, Driver, Vehicle, Quota, Duty, Run, Trip, Refuel, Repair, Quote, RepairPart, Fee,
                 Insurance, Inspection, Fine, Accident, Rental, Plan):  # fmt: skip
        if found := rows.made.get(kind):
            insert_many(found)
    supervision.load(nation, today)
    under_way.now(nation, today)
    tracks.load(COUNTY, today)
    statistics.load(nation, today)
