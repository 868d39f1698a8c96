"""Warnings of the demo: what supervision finds of the seeded year, and some of it on its way to an end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.db.models import F
from django.utils import timezone

from shuzheng.apps.vehicles.demo.common import COUNTY, PROVINCE, Nation
from shuzheng.apps.vehicles.demo.violations import seed
from shuzheng.apps.vehicles.models import Vehicle
from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Mark, Tip, Violation
from shuzheng.apps.vehicles.supervision.handling import authority_of
from shuzheng.apps.vehicles.supervision.scan import scan, take_facts
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.org.models import Node


def facts(vehicles: list[Vehicle], now: datetime) -> list[dict[str, Any]]:
    """What the track would have shown of three vehicles last week: an evening out without an order, and some haste."""
    evening = timezone.localtime(now).replace(hour=22, minute=40, second=0, microsecond=0) - timedelta(days=5)

    def fact(n: int, kind: str, at: datetime, **figures: float) -> dict[str, Any]:
        return {
            "vehicle": str(vehicles[n].pk),
            "kind": kind,
            "at": at.isoformat(),
            "place": [119.2604, 28.5808],
            "subject": "",
            "figures": figures,
        }

    return [
        fact(0, "left_home_without_order", evening, metres=640), fact(0, "moved_at_night", evening, kmh=38),
        fact(0, "long_stop_at_sensitive_place", evening + timedelta(minutes=20), minutes=95),
        fact(1, "speeding", evening - timedelta(hours=6), kmh=131), fact(2, "offline", evening - timedelta(days=1), hours=52),
    ]  # fmt: skip


WAY = 14
"""Warnings of the county that have gone on: explained, decided, appealed."""


def load(nation: Nation, today: date) -> None:
    """The county's year with what was seeded, the province's warnings of it, and some of them on their way to an end."""
    seed(nation, today, Random("violations"))  # noqa: S311 -- made-up data, the same each time
    actor = system_actor("vehicles.watch")
    office = nation.offices[COUNTY]
    cars = list(Vehicle.objects.filter(node=office).order_by("plate"))
    take_facts(facts(cars, timezone.now()), actor=actor)
    scan(actor, since=timezone.now() - timedelta(days=366), path=PROVINCE)
    marks = [Mark(vehicle=car, token=f"demo-{car.pk.hex[-10:]}") for car in cars]
    for mark in marks:
        mark.own(office)
    insert_many(marks)
    tip = Tip(
        vehicle=cars[2], seen_at=timezone.now() - timedelta(days=2), place="平昌路农贸市场门口", what="周末上午停在市场门口约两个小时，搬了家具。",
        ticket="demo-tip",
    )  # fmt: skip
    tip.own(authority_of(office, today) or office)
    insert_many([tip])
    _go_on(office, today)


def _go_on(office: Node, today: date) -> None:
    """What the unit said and the authority decided of older warnings, written as it would stand."""
    said = (
        "车辆去加油站途中绕行，已核对加油小票。",
        "返程高速拥堵，已向调度报告。",
        "驾驶员未登记，已批评教育并补记。",
        "里程表读数录入有误，附照片。",
    )
    rows = list(Alert.objects.filter(node=office).exclude(colour=Colour.GREEN).order_by("begins", "pk"))
    for n, row in enumerate(rows[:WAY]):
        moment = min(row.begins + timedelta(days=2 + n % 3), timezone.now() - timedelta(days=1))
        row.explanation, row.explained_by, row.explained_at = said[n % len(said)], "经办人", moment
        row.state = Alert.State.EXPLAINED
        if n >= 4:
            row.decision, row.decided_by, row.decided_at = (
                "经核对派车单、里程和轨迹认定。",
                "市审核",
                moment + timedelta(hours=30),
            )
            row.outcome, row.state, row.closed_at = Alert.Outcome.NONE, Alert.State.FINAL, row.decided_at
            if n % 3 == 0:
                row.outcome, row.violation, row.state, row.closed_at = (
                    Alert.Outcome.VIOLATION,
                    Violation.PRIVATE,
                    Alert.State.DECIDED,
                    None,
                )
                row.appeal_due = today + timedelta(days=3)
            if n == 9:
                row.appeal, row.appealed_by, row.appealed_at = (
                    "当天是值班调车，有值班表。",
                    "经办人",
                    moment + timedelta(hours=60),
                )
                row.state = Alert.State.APPEALED
    names = (
        "explanation", "explained_by", "explained_at", "state", "decision", "decided_by", "decided_at", "outcome", "violation",
        "closed_at", "appeal_due", "appeal", "appealed_by", "appealed_at",
    )  # fmt: skip
    Alert.objects.bulk_update(rows[:WAY], names)
    Alert.objects.filter(pk__in=[row.pk for row in rows[:WAY]]).update(created_at=F("begins") + timedelta(hours=14))
