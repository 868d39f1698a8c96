"""Test cases of definitions for programs, and past cases played by an edition. Nothing here starts or changes a case.

No postponed annotations here: the routes are typed with schemas.
"""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict, refuse_unknown, text
from shuzheng.base.core.actor import actor_of
from shuzheng.base.flows import replaying, trials
from shuzheng.base.flows.api_parts import Key
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.pages.definitions import find
from shuzheng.base.flows.pages.trials import made_of, ready
from shuzheng.base.flows.trials import TrialIn
from shuzheng.kernel.errors import Invalid

router = Router(tags=["流程"])


class TrialsIn(Strict):
    tests: Annotated[list[TrialIn], Field(max_length=trials.MOST)]


class TrialsOut(Schema):
    tests: list[TrialIn]


class ResultOut(Schema):
    """``faults`` say where it went another way than expected; ``path`` are the ids of the steps it passed, ``rules`` by step
    the rules by which its people were found."""

    name: str
    faults: list[str]
    path: list[str]
    outcome: str
    ends: list[str]
    rules: dict[str, list[str]]


class RunOut(Schema):
    """``covered``: the share of steps and flows that some test passed, from 0 to 1."""

    passed: bool
    results: list[ResultOut]
    covered: float
    missed_steps: list[str]
    missed_flows: list[str]


class PastIn(Strict):
    case: UUID
    name: text(80) = ""  # type: ignore[valid-type]


class ReplayedOut(Schema):
    """A past case that would go another way (or, ``odd``, that cannot be played as it went)."""

    case: UUID
    number: str
    edition: int
    where: str
    why: str
    odd: bool


class ReplayOut(Schema):
    total: int
    same: int
    rows: list[ReplayedOut]


class Asking(Strict):
    limit: Annotated[int, Field(ge=1, le=replaying.MOST)] = replaying.USUAL


@router.get("/definitions/{uuid:pk}/tests", response={200: TrialsOut, **REFUSALS}, operation_id="list_flow_tests")
def tests(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """The test cases of a definition."""
    return {"tests": find(actor_of(request), pk, "").trials}


@router.put("/definitions/{uuid:pk}/tests", response={200: TrialsOut, **REFUSALS}, operation_id="save_flow_tests")
def save(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: TrialsIn = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Set all of them. What the edition says is not changed by them."""
    row = find(actor_of(request), pk, "flows.definition.save")
    rows = [t.model_dump(mode="json") for t in body.tests]
    trials.save_trials([row], actor=actor_of(request), key=f"api:{key}", trials=rows)
    return {"tests": row.trials}


@router.post("/definitions/{uuid:pk}/tests/past", response={200: TrialsOut, **REFUSALS}, operation_id="make_flow_test")
def past(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: PastIn = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Add one that goes as a finished case went. Texts that no condition looks at are not taken over."""
    actor = actor_of(request)
    row = find(actor, pk, "flows.definition.save")
    made = made_of(actor, row, str(body.case), body.name)
    trials.save_trials([row], actor=actor, key=f"api:{key}", trials=[*row.trials, made])
    return {"tests": row.trials}


@router.post("/definitions/{uuid:pk}/tests/run", response={200: RunOut, **REFUSALS}, operation_id="run_flow_tests")
def run(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """Run them in memory, and tell what none of them passed."""
    row = _playable(request, pk)
    results = [trials.run(row, t) for t in row.trials]
    covered = trials.coverage(row, results)
    return {
        "passed": not any(r.faults for r in results), "covered": round(covered.share, 4),
        "missed_steps": covered.missed_steps, "missed_flows": covered.missed_flows,
        "results": [
            {"name": r.name, "faults": r.faults, "path": r.run.path, "outcome": r.run.outcome, "ends": sorted(r.run.ends),
             "rules": r.run.whom}
            for r in results
        ],
    }  # fmt: skip


@router.get("/definitions/{uuid:pk}/replay", response={200: ReplayOut, **REFUSALS}, operation_id="replay_flow_cases")
def replay(request: HttpRequest, pk: UUID = Path(...), asked: Asking = Query(...)) -> dict[str, Any]:
    """Finished cases of other editions, of one's own organ or that one took part in, played by this one: those that would go
    another way."""
    refuse_unknown(request, asked)
    row, actor = _playable(request, pk), actor_of(request)
    actor.require("flows.case.view", actor.organ_path)
    found = replaying.replay(replaying.finished(actor, row, asked.limit), row)
    return {
        "total": len(found), "same": sum(not r.why for r in found),
        "rows": [
            {"case": r.case.pk, "number": r.case.number, "edition": r.case.definition.edition, "where": r.where, "why": r.why,
             "odd": r.is_odd}
            for r in found if r.why
        ],
    }  # fmt: skip


def _playable(request: HttpRequest, pk: UUID) -> Definition:
    row = find(actor_of(request), pk, "")
    if not ready(row)[1]:
        raise Invalid.one("bpmn", _("流程还没画完，画完才能测试。"))
    return row
