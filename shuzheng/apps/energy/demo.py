"""Energy management in the demo: everybody on the register, months kept in the county that newcomers look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from shuzheng.apps.energy.models import COSTS, LEDGER, Member, Month
from shuzheng.apps.energy.offers import QUARTERLY
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Cell
from shuzheng.base.org.models import Node, OrganProfile
from shuzheng.kernel.periods import Period, PeriodKind

DEEP = "33/11/23/"
"""The county whose institutions keep the ledger."""
CHUNK = 5000
FORGOTTEN = (4, 11)
"""Institutions whose ledger differs from what they reported, by their place in the county."""
PRICES = {"electricity": "0.78", "water": "4.0", "gas": "3.6"}


class Nation(Protocol):
    """What the demo has made so far."""

    institutions: list[Node]
    offices: dict[str, Node]
    profiles: Mapping[Any, OrganProfile]


def load(nation: Nation, today: date) -> None:
    """Register lines for all institutions, and the ledger of this quarter and the last. Runs under a system scope."""
    current = Period.containing(today, PeriodKind.QUARTER)
    rows = [_member(nation, organ, n, current) for n, organ in enumerate(nation.institutions)]
    for start in range(0, len(rows), CHUNK):
        insert_many(rows[start : start + CHUNK])
    near = [o for o in nation.institutions if o.path.startswith(DEEP)]
    ended = [m.start for m in current.months() if m.end < today]
    kept = _reported(current.previous) if current.previous else []
    known = {row.node_id for row in kept}
    if current.previous:
        quarter = [m.start for m in current.previous.months()]
        kept += [_month(o, nation.profiles[o.pk], m) for o in near if o.pk not in known for m in quarter]
    insert_many([*kept, *(_month(o, nation.profiles[o.pk], m) for o in near for m in ended)])


def _reported(period: Period) -> list[Month]:
    """The ledger behind what the county's institutions have reported: the same numbers, but for two that forgot a correction."""
    rows = Cell.objects.filter(
        submission__round__definition__code=QUARTERLY, submission__round__period=str(period), path__gte=DEEP,
        path__lt=Range.subtree(DEEP).hi, submission__state__in=("submitted", "approved"),
    ).values_list("submission__node_id", "path", "code", "value")  # fmt: skip
    cells: dict[tuple[Any, str], dict[str, Decimal]] = {}
    for node, path, code, value in rows:
        cells.setdefault((node, path), {})[code] = value
    made = []
    for place, ((node, path), found) in enumerate(sorted(cells.items(), key=lambda item: item[0][1])):
        for n, month in enumerate(period.months(), 1):
            row = Month(month=month.start, node_id=node, path=path)
            for name, code in LEDGER.items():
                setattr(row, name, found.get(f"{code}_m{n}"))
            for name in COSTS:
                cost = found.get(f"{LEDGER[name]}_cost")
                setattr(row, f"{name}_cost", None if cost is None else _third(cost, n))
            if place in FORGOTTEN and n == 2 and row.electricity is not None:
                row.electricity += 360
            made.append(row)
    return made


def _third(cost: Decimal, n: int) -> Decimal:
    """A month's share of a quarter's cost; the last month takes the odd cent."""
    share = (cost / 3).quantize(Decimal("0.01"))
    return share if n < 3 else cost - 2 * share


def _member(nation: Nation, organ: Node, n: int, current: Period) -> Member:
    """Nearly all have been there since 2020; a few entered this quarter. Schools and hospitals answer to their division's office."""
    new = organ.path.startswith(DEEP) and n % 19 == 7
    since = current.start + timedelta(days=9) if new else date(2020, 1, 1)
    row = Member(since=since, state=Member.State.NEW if new else Member.State.KEPT, basis="2020 年名录核定")
    if new:
        row.basis = "新设机构，县编办批复"
    division = organ.path.split("0/", 1)[0] if organ.path.count("/0/") else ""
    row.superior = nation.offices.get(division) if organ.type != "1" else None
    row.own(organ)
    return row


def _month(organ: Node, profile: OrganProfile, month: date) -> Month:
    steady, wobble = Random(f"use {organ.code}"), Random(f"ledger {organ.code} {month}")  # noqa: S311 -- made-up numbers, the same each time
    power = Decimal(round(float(profile.floor_area) * steady.uniform(2.6, 6.2) * wobble.uniform(0.95, 1.05)))
    used = {
        "electricity": power,
        "water": Decimal(round(profile.energy_headcount * wobble.uniform(1.1, 1.9))),
        "gas": Decimal(round(profile.energy_headcount * wobble.uniform(1.4, 2.2))) if steady.random() < 0.6 else Decimal(0),
    }  # fmt: skip
    nought = {
        name: Decimal(0)
        for name in ("solar", "datacentre", "reclaimed", "coal", "petrol", "diesel", "lpg", "heat", "other")
    }
    costs = {
        f"{name}_cost": (amount * Decimal(PRICES[name])).quantize(Decimal("0.01")) for name, amount in used.items()
    }
    row = Month(month=month, **used, **nought, **costs)
    row.own(organ)
    return row
