"""Statistics for programs: what can be asked, answers within the scope of the token, what is behind a number, trends.

No postponed annotations here: the routes are typed with schemas. Numbers travel as exact texts, so that nothing is rounded.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Body, Query, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import READING
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.core.actor import actor_of
from shuzheng.base.forms.numbers import exact
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.question import Question

router = Router(tags=["统计"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_.]*$")]
Word = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")]
PeriodText = Annotated[str, StringConstraints(max_length=24, pattern=r"^[0-9A-Z/-]*$")]
Order = Annotated[str, StringConstraints(max_length=61, pattern=r"^-?[a-z0-9_.]*$")]
Values = Annotated[list[Word], Field(max_length=500)]
TreeText = Literal["now", "then"]


class Ask(Strict):
    """A question; see the catalogue for names. ``periods`` are the first and the last, both included."""

    indicators: Annotated[list[Name], Field(min_length=1, max_length=30)]
    by: Annotated[list[Name], Field(max_length=5)] = []
    first: PeriodText = ""
    last: PeriodText = ""
    where: Annotated[dict[Name, Values], Field(max_length=12)] = {}
    tree: TreeText = "now"
    order: Order = ""
    limit: Annotated[int, Field(ge=0, le=50_000)] = 1000
    minimum: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    tier: Annotated[int, Field(ge=0, le=4)] = 0

    def question(self) -> Question:
        return Question(
            tuple(self.indicators), tuple(self.by), (self.first, self.last),
            {k: tuple(v) for k, v in self.where.items()}, self.tree, self.order, self.limit, self.minimum, self.tier,
        )  # fmt: skip


class Drill(Ask):
    """A question and one of its rows: the keys by dimension, none for the total."""

    cell: Annotated[dict[Name, Word], Field(max_length=5)] = {}


class ColumnOut(Schema):
    name: str
    kind: str
    label: str
    label_en: str
    unit: str
    places: int


class RowOut(Schema):
    """Keys and labels by dimension, values by indicator; ``suppressed`` where too few institutions stand behind it."""

    keys: list[str]
    labels: list[str]
    values: list[str | None]
    units: int | None
    suppressed: bool


class SourceOut(Schema):
    round: UUID
    form: str
    period: str
    title: str
    facts: int
    at: datetime


class AnswerOut(Schema):
    """``found``: rows in all; the limit may have cut them. ``total`` is over all of them."""

    columns: list[ColumnOut]
    rows: list[RowOut]
    total: RowOut | None
    found: int
    as_of: datetime | None
    sources: list[SourceOut]


class OfferOut(Schema):
    name: str
    label: str
    label_en: str
    unit: str
    formula: str
    dimensions: list[str]
    direction: str
    owner: str
    source: str
    note: str
    own: bool


class DimensionOut(Schema):
    name: str
    label: str
    label_en: str
    values: dict[str, str]


class CatalogueOut(Schema):
    indicators: list[OfferOut]
    dimensions: list[DimensionOut]
    periods: list[str]
    as_of: datetime | None


class CountedOut(Schema):
    code: str
    name: str
    value: str
    source: str


class OriginOut(Schema):
    """A submission behind a number, with the cells that were counted and who approved it last, where that may be seen."""

    submission: UUID
    node: UUID
    name: str
    path: str
    round: UUID
    period: str
    state: str
    approved_tier: int
    value: str | None
    cells: list[CountedOut]
    approved_by: str
    approved_at: datetime | None


class PointOut(Schema):
    period: str
    value: str | None
    low: str | None
    high: str | None
    forecast: bool


class TrendOut(Schema):
    """A series and its forecast; ``method`` says in words how it was made."""

    indicator: str
    unit: str
    points: list[PointOut]
    method: str
    as_of: datetime | None


class TrendAsked(Schema):
    indicator: Name
    by: Literal["period", "month"] = "period"
    first: PeriodText = ""
    last: PeriodText = ""
    region: Annotated[str, StringConstraints(max_length=255, pattern=r"^([0-9A-Za-z-]+/)*$")] = ""
    ahead: Annotated[int, Field(ge=0, le=36)] = 4


@router.get("/catalogue", response={200: CatalogueOut, **READING}, operation_id="read_stats_catalogue")
def catalogue(request: HttpRequest) -> dict[str, Any]:
    """Indicators, dimensions and periods that can be asked."""
    actor = actor_of(request)
    actor.require("stats.indicator.view")
    found = stats.catalogue(scope=actor.scope)
    return {
        "indicators": [{**vars(i), "own": i.is_own} for i in found.indicators],
        "dimensions": [{**vars(d), "values": dict(d.values)} for d in found.dimensions],
        "periods": found.periods,
        "as_of": found.as_of,
    }


@router.post("/ask", response={200: AnswerOut, **READING}, operation_id="ask_stats")
def ask(request: HttpRequest, body: Ask = Body(...)) -> dict[str, Any]:
    """An answer from what the token's post may read; nothing is changed by asking."""
    actor = actor_of(request)
    actor.require("stats.indicator.view")
    answer = stats.ask(body.question(), scope=actor.scope)
    return {
        "columns": [vars(c) for c in answer.columns],
        "rows": [_row(r) for r in answer.rows],
        "total": _row(answer.total) if answer.total else None,
        "found": answer.found,
        "as_of": answer.as_of,
        "sources": [vars(s) for s in answer.sources],
    }


@router.post("/drill", response={200: list[OriginOut], **READING}, operation_id="drill_stats")
def drill(request: HttpRequest, body: Drill = Body(...)) -> list[dict[str, Any]]:
    """The submissions behind one number of the first indicator, those that add most first (at most 200)."""
    actor = actor_of(request)
    actor.require("stats.indicator.view")
    actor.require("forms.submission.view")
    found = stats.drill(body.question(), body.cell, scope=actor.scope, limit=body.limit or 200)
    return [
        {
            **vars(o),
            "value": exact(o.value),
            "cells": [
                {"code": c, "name": name, "value": exact(value), "source": source} for c, name, value, source in o.cells
            ],
        }
        for o in found
    ]


@router.get("/trend", response={200: TrendOut, **READING}, operation_id="trend_stats")
def trend(request: HttpRequest, asked: TrendAsked = Query(...)) -> dict[str, Any]:
    """A series by period or month, and where it is heading."""
    refuse_unknown(request, asked)
    actor = actor_of(request)
    actor.require("stats.indicator.view")
    where = {"region": (asked.region,)} if asked.region else {}
    found = stats.trend(
        asked.indicator, scope=actor.scope, by=asked.by, periods=(asked.first, asked.last), where=where,
        ahead=asked.ahead,
    )  # fmt: skip
    return {
        "indicator": found.column.name,
        "unit": found.column.unit,
        "points": [
            {
                "period": p.period, "value": exact(p.value), "low": exact(p.low), "high": exact(p.high),
                "forecast": p.is_forecast,
            }
            for p in found.points
        ],
        "method": found.method,
        "as_of": found.as_of,
    }  # fmt: skip


def _row(row: stats.Row) -> dict[str, Any]:
    return {**vars(row), "values": [exact(v) for v in row.values]}
