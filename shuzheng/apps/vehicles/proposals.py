"""Proposals that are kept: a plan as plain data and back, less what has been settled otherwise since it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from shuzheng.apps.vehicles.dispatching import Board
from shuzheng.apps.vehicles.models import Proposal
from shuzheng.apps.vehicles.planning.problem import Assignment, Plan, Problem, Reason, Score, Unserved
from shuzheng.apps.vehicles.planning.solve import optimiser_installed, solve

AGE = timedelta(hours=1)
"""How long a proposal can be taken over: a day of cars looks different after that."""
SECONDS = 20.0
"""What a job may take for a plan."""


@dataclass(frozen=True)
class Kept:
    """A stored plan as it holds today."""

    plan: Plan
    settled: int
    """Trips of the plan that are left out, since they, their car or their driver have changed."""
    newer: int
    """Requests that came after it was made."""


def make(problem: Problem) -> Plan:
    """The plan of a large day. Takes ``SECONDS`` where the optimiser is installed."""
    return solve(problem, seconds=SECONDS, optimise=optimiser_installed())


def kept(plan: Plan) -> dict[str, Any]:
    """A plan as JSON can hold it, without the calls at each stop: nobody asks for them after the plan was made."""
    bare = replace(plan, assignments=tuple(replace(made, calls=()) for made in plan.assignments))
    return asdict(bare)


def of_day(day: Board, node_id: Any) -> Proposal | None:
    """The proposal that was asked for last and is not too old."""
    return Proposal.objects.filter(node=node_id, day=day.day, updated_at__gt=timezone.now() - AGE).first()


def read(content: Mapping[str, Any], day: Board) -> Kept:
    """The plan that was stored, less what has changed on the board since."""
    made = [_assignment(item) for item in content["assignments"]]
    missing = [Unserved(item["ride"], _reason(item["reason"])) for item in content["unserved"]]
    waiting = {str(t.pk) for t in day.waiting}
    loose = waiting | {str(t.pk) for run in day.runs if day.may_change(run) for t in day.trips.get(run.pk, ())}
    cars, drivers = {str(v.pk) for v in day.vehicles}, {str(d.pk) for d in day.drivers}
    good = [a for a in made if loose.issuperset(a.rides) and a.car in cars and a.driver in drivers]
    known = {ride for a in made for ride in a.rides} | {u.ride for u in missing}
    plan = Plan(
        tuple(good), tuple(u for u in missing if u.ride in waiting), Score(**content["score"]),
        content["method"], content["bound"], content["gap"], content["seconds"],
    )  # fmt: skip
    return Kept(plan, len(made) - len(good), len(waiting - known))


def _assignment(item: Mapping[str, Any]) -> Assignment:
    reasons = tuple(map(_reason, item["reasons"]))
    return Assignment(**{**item, "rides": tuple(item["rides"]), "calls": (), "reasons": reasons})


def _reason(item: Mapping[str, Any]) -> Reason:
    return Reason(item["code"], item["args"])
