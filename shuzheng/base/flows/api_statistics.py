"""Statistics of processes for programs. Durations are seconds.

No postponed annotations here: the routes are typed with schemas.
"""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import Field

from shuzheng.base.api.problems import READING
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.core.actor import actor_of
from shuzheng.base.flows import statistics

router = Router(tags=["流程"])


class Asking(Strict):
    """Cases that were started from ``since`` to ``until`` (the last ninety days unless told), at and below the path ``place``."""

    since: date | None = None
    until: date | None = None
    place: Annotated[str, Field(max_length=255, pattern=r"^[^\x00]*$")] = ""


class TookOut(Schema):
    """How long things took, in seconds: the median, and what nine in ten do not exceed."""

    median: float | None
    p90: float | None


class TookBoth(Schema):
    """``work``: working time, weekends and holidays of the place left out, a working day being 86,400 seconds; ``clock``: by the clock."""

    work: TookOut
    clock: TookOut


class TotalsOut(TookBoth):
    started: int
    running: int
    done: int
    refused: int
    other: int


class ProcessOut(Schema):
    """``waiting``: tasks that are open now; ``late``: those of them past their limit."""

    code: str
    name: str
    totals: TotalsOut
    waiting: int
    late: int


class OverviewOut(Schema):
    rows: list[ProcessOut]


class StepOut(TookBoth):
    """``waited``: all the working time that cases stood there; ``level``: 1 to 5 by it; ``clock_waited``: by the clock."""

    element: str
    name: str
    visits: int
    standing: int
    waited: float
    clock_waited: float
    late: int
    returns: int
    level: int


class PersonOut(TookBoth):
    """Somebody of one's own organ."""

    person: str
    done: int
    standing: int
    late: int
    returns: int


class PlaceOut(Schema):
    name: str
    tier: int
    path: str
    totals: TotalsOut


class FiguresOut(Schema):
    code: str
    name: str
    totals: TotalsOut
    steps: list[StepOut]
    persons: list[PersonOut]
    tiers: list[PlaceOut]
    places: list[PlaceOut]


@router.get("/statistics", response={200: OverviewOut, **READING}, operation_id="list_flow_statistics")
def overview(request: HttpRequest, asked: Asking = Query(...)) -> dict[str, Any]:
    """Every process of which cases were started."""
    refuse_unknown(request, asked)
    question = statistics.asked(actor_of(request), asked.since, asked.until, asked.place or None)
    return {"rows": [asdict(row) for row in statistics.overview(question)]}


@router.get("/statistics/{code}", response={200: FiguresOut, **READING}, operation_id="read_flow_statistics")
def one(
    request: HttpRequest, code: Annotated[str, Field(max_length=40)] = Path(...), asked: Asking = Query(...)
) -> dict[str, Any]:
    """One process: by step, person, tier and place."""
    refuse_unknown(request, asked)
    question = statistics.asked(actor_of(request), asked.since, asked.until, asked.place or None)
    return asdict(statistics.figures(question, code, statistics.latest(code).label))
