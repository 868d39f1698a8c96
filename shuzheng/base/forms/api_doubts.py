"""Reporting for programs: doubts about numbers, listed, talked over and settled.

No postponed annotations here: the routes are typed with schemas.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import StringConstraints

from shuzheng.base.api.schemas import refuse_unknown
from shuzheng.base.core.actor import actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import api, doubts
from shuzheng.base.forms.models import Doubt, Round
from shuzheng.base.forms.numbers import exact
from shuzheng.kernel.errors import Missing

router = Router(tags=["报送"])
Said = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
State = Annotated[str, StringConstraints(pattern=r"^(open|settled|over)$")]


class Remark(Schema):
    by: str
    organ: str
    at: datetime
    text: str


class DoubtOut(Schema):
    """A number that deserves a second look: found by a check, by its history, or marked by hand (``flag``)."""

    id: UUID
    version: int
    submission: UUID
    cell: str
    sort: str
    check: str
    state: str
    value: str | None
    facts: dict[str, str]
    thread: list[Remark]
    note: str


class DoubtsOut(Schema):
    rows: list[DoubtOut]
    next: str = ""


class Asked(api.Paging):
    """``at`` is a path at or below the post's organ or division; its whole part of the round unless given."""

    at: api.PathText = ""
    state: State | None = None


class Mark(api.Strict):
    cell: api.Code
    text: Said


class Settling(api.Strict):
    note: Said


@router.get("/rounds/{uuid:pk}/doubts", response={200: DoubtsOut, **api.REFUSALS}, operation_id="list_forms_doubts")
def list_doubts(request: HttpRequest, pk: UUID = Path(...), asked: Asked = Query(...)) -> dict[str, Any]:
    """Of a round, below a place: what the post sees."""
    refuse_unknown(request, asked)
    actor = actor_of(request)
    where = asked.at or actor.organ_path
    actor.require("forms.submission.view", where)
    if not Round.objects.filter(pk=pk).exists():
        raise Missing(_("没有这项报送任务，或不归当前岗位看。"))
    span = Range.subtree(where)
    rows = Doubt.objects.filter(round_id=pk, path__gte=span.lo, path__lt=span.hi)
    if asked.state:
        rows = rows.filter(state=asked.state)
    found, following = api.page_after(rows, asked)
    return {"rows": [_out(r) for r in found], "next": following}


@router.post("/submissions/{uuid:pk}/doubts", response={200: DoubtOut, **api.REFUSALS}, operation_id="flag_forms_cell")
def flag(
    request: HttpRequest, pk: UUID = Path(...), body: Mark = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:  # fmt: skip
    """Mark a cell for following up, or say more about one that is marked."""
    actor = actor_of(request)
    submission = api.find_submission(actor, pk)
    [row] = doubts.flag([submission], actor=actor, key=f"api:{key}", code=body.cell, text=body.text)
    return _out(row)


@router.post("/doubts/{uuid:pk}/settle", response={200: DoubtOut, **api.REFUSALS}, operation_id="settle_forms_doubt")
def settle(
    request: HttpRequest, pk: UUID = Path(...), body: Settling = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:  # fmt: skip
    """Close a doubt with what was found out."""
    actor = actor_of(request)
    row = Doubt.objects.filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这条疑点。"))
    doubts.settle([row], actor=actor, key=f"api:{key}", note=body.note)
    return _out(Doubt.objects.get(pk=pk))


def _out(row: Doubt) -> dict[str, Any]:
    value: Decimal | None = row.value
    return {
        "id": row.pk, "version": row.version, "submission": row.submission_id, "cell": row.code, "sort": row.sort,
        "check": row.check_code, "state": row.state, "value": exact(value), "facts": row.facts, "thread": row.thread,
        "note": row.settled_note,
    }  # fmt: skip
