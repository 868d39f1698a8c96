"""Reporting for programs: rounds, one's submissions, their cells, the verbs of filling and review, roll-ups with drill-down.

No postponed annotations here: the routes are typed with schemas. Numbers travel as exact texts, so that nothing is rounded.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import actions, amendments, rollup
from shuzheng.base.forms.engine import derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.models import Cell, Round, Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.prefill import known
from shuzheng.base.forms.queries import drill
from shuzheng.base.forms.saving import save
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.values import stored_values
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import Conflict, Invalid, Missing

router = Router(tags=["报送"])

Key = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[\x21-\x7e]+$")]
Version = Annotated[str, StringConstraints(max_length=20, pattern=r'^"?\d{1,9}"?$')]
Code = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Number = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
PathText = Annotated[str, StringConstraints(max_length=255, pattern=r"^([0-9A-Za-z-]+/)*$")]
LIMIT = 200


class RoundOut(Schema):
    """A round: a form asked of a part of the tree for one period."""

    id: UUID
    title: str
    form: str
    period: str
    state: str
    due_at: datetime
    audience: str
    asked: int


class RoundsOut(Schema):
    rows: list[RoundOut]
    next: str = ""


class SubmissionOut(Schema):
    """Where one institution stands in one round. ``approved_tier`` 5: no tier yet; 1: the nation."""

    id: UUID
    version: int
    round: UUID
    node: UUID
    name: str
    path: str
    state: str
    edition: int
    approved_tier: int
    waiting_tier: int | None
    due_at: datetime
    errors: int
    unexplained: int
    returned_reason: str
    returned_cells: list[str]


class SubmissionsOut(Schema):
    rows: list[SubmissionOut]
    next: str = ""


class CellOut(Schema):
    code: str
    value: str | None
    source: str


class FilledOut(SubmissionOut):
    """A submission with its cells, what was typed and is no number, and the factors it was computed with.

    ``offered``: what an untouched form begins with; it is stored with the first cells that are.
    """

    cells: list[CellOut]
    offered: list[CellOut]
    unread: dict[str, str]
    factors: dict[str, dict[str, str]]


class Fill(Strict):
    """Cells by code, as texts (``"1,234.5"`` is read, ``null`` empties), and reasons by the code of a warning.

    A choice is its code or name, yes or no ``true`` or ``false``, a day ``2026-11-22``; a cell of a repeating row is
    ``<section>_<row number from 1>_<column>``.
    """

    cells: Annotated[dict[Code, Number | None], Field(max_length=2000)] = {}
    reasons: Annotated[dict[Annotated[str, StringConstraints(max_length=60)], Text], Field(max_length=500)] = {}


class SavedOut(Schema):
    """What was stored; ``faults`` says why the others were not, ``values`` what changed since the version of ``If-Match``."""

    version: int
    saved: list[str]
    faults: dict[str, str]
    values: dict[str, str | None]


class Submit(Strict):
    """Who signs beside the filler."""

    statistics: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]
    head: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[^\x00]*$")]


class SendBack(Strict):
    """Why, and until when. With ``cells`` only those are asked again and approvals stay; without, the whole goes back."""

    why: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
    cells: Annotated[list[Code], Field(max_length=2000)] = []
    due_at: datetime | None = None


class RollupOut(Schema):
    """A division's numbers as counted at its tier: sums, and ratios computed from the sums."""

    round: UUID
    path: str
    name: str
    tier: int
    counted: int
    values: dict[str, str | None]


class PartOut(Schema):
    """A part of a number: a division further down, or an institution with its submission."""

    path: str
    name: str
    value: str | None
    units: int
    submission: UUID | None = None


class DrillOut(Schema):
    round: UUID
    path: str
    code: str
    tier: int
    parts: list[PartOut]


class Paging(Strict):
    cursor: Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9a-f-]*$")] = ""
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 50


def page_after(rows: Any, asked: Paging) -> tuple[list[Any], str]:
    """Rows after the cursor in the order of their ids, and the cursor of the next page."""
    if asked.cursor:
        try:
            rows = rows.filter(pk__gt=UUID(asked.cursor))
        except ValueError:
            raise Invalid.one("cursor", _("游标不对，从第一页重新取。")) from None
    found = list(rows.order_by("pk")[: asked.limit + 1])
    following = str(found[asked.limit - 1].pk) if len(found) > asked.limit else ""
    return found[: asked.limit], following


@router.get("/rounds", response={200: RoundsOut, **REFUSALS}, operation_id="list_forms_rounds")
def list_rounds(request: HttpRequest, asked: Paging = Query(...)) -> dict[str, Any]:
    """The rounds that the post sees."""
    refuse_unknown(request, asked)
    actor_of(request).require("forms.round.view")
    rows, following = page_after(Round.objects.select_related("definition"), asked)
    return {"rows": [_round(r) for r in rows], "next": following}


@router.get("/submissions", response={200: SubmissionsOut, **REFUSALS}, operation_id="list_forms_submissions")
def my_submissions(request: HttpRequest, asked: Paging = Query(...)) -> dict[str, Any]:
    """The submissions of the post's own organ."""
    refuse_unknown(request, asked)
    actor = actor_of(request)
    actor.require("forms.submission.view", actor.organ_path)
    mine = Range.subtree(actor.organ_path)
    rows = Submission.objects.select_related("node").filter(path__gte=mine.lo, path__lt=mine.hi)
    found, following = page_after(rows, asked)
    return {"rows": [submission_out(s) for s in found], "next": following}


@router.get("/submissions/{uuid:pk}", response={200: FilledOut, **REFUSALS}, operation_id="read_forms_submission")
def read_submission(request: HttpRequest, response: HttpResponse, pk: UUID = Path(...)) -> dict[str, Any]:
    """A submission with its cells."""
    found = find_submission(actor_of(request), pk)
    response["ETag"] = f'"{found.version}"'
    sources = dict(found.cells.values_list("code", "source"))
    return {
        **submission_out(found),
        "cells": [
            {"code": code, "value": exact(value), "source": sources[code]}
            for code, value in sorted(stored_values(found).items())
        ],
        "offered": [
            {"code": code, "value": exact(item.value), "source": item.source}
            for code, item in sorted(known(load(found.round.definition.spec), found).items())
        ],
        "unread": found.unread,
        "factors": found.factors,
    }


@router.put("/submissions/{uuid:pk}/cells", response={200: SavedOut, **REFUSALS}, operation_id="fill_forms_submission")
def fill(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: Fill = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
    version: Version = Header(..., alias="If-Match"),
) -> dict[str, Any]:
    """Store cells. What can't be read is kept as typed and said in ``faults``; cells changed by others since are a conflict."""
    actor = actor_of(request)
    submission = find_submission(actor, pk)
    try:
        saved = save(
            actor, submission, body.cells, reasons=body.reasons, base=int(version.strip('"')), key=f"api:{key}",
            source=Cell.Source.API,
        )  # fmt: skip
    except Conflict as clash:
        theirs = clash.current.get("cells") or {}
        clash.current = {**clash.current, "cells": {c: exact(v) for c, v in theirs.items()}}
        raise
    return {
        "version": saved.version,
        "saved": saved.saved,
        "faults": saved.faults,
        "values": {code: exact(value) for code, value in saved.values.items()},
    }


@router.post(
    "/submissions/{uuid:pk}/submit", response={200: SubmissionOut, **REFUSALS}, operation_id="submit_forms_submission"
)
def submit(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: Submit = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Hand it in."""
    actor = actor_of(request)
    submission = find_submission(actor, pk)
    [done] = actions.submit([submission], actor=actor, key=f"api:{key}", signers=body.dict())
    return submission_out(done)


@router.post(
    "/submissions/{uuid:pk}/approve", response={200: SubmissionOut, **REFUSALS}, operation_id="approve_forms_submission"
)
def approve(
    request: HttpRequest,
    pk: UUID = Path(...),
    key: Key = Header(..., alias="Idempotency-Key"),
    version: Version = Header(..., alias="If-Match"),
) -> dict[str, Any]:
    """Pass it at the post's tier."""
    actor = actor_of(request)
    submission = find_submission(actor, pk)
    seen = {pk: int(version.strip('"'))}
    [done] = actions.approve([submission], actor=actor, key=f"api:{key}", seen=seen)
    return submission_out(done)


@router.post(
    "/submissions/{uuid:pk}/return", response={200: SubmissionOut, **REFUSALS}, operation_id="return_forms_submission"
)
def send_back(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: SendBack = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
    version: Version = Header(..., alias="If-Match"),
) -> dict[str, Any]:
    """Send it back with a reason."""
    actor = actor_of(request)
    submission = find_submission(actor, pk)
    spec = load(submission.round.definition.spec)
    unknown = [c for c in body.cells if (cell := spec.find(c)) is None or not cell.is_input]
    if unknown:
        raise Invalid.one("cells", _("报表里没有这些可填的格：%(codes)s") % {"codes": "、".join(unknown)})
    seen = {pk: int(version.strip('"'))}
    if body.cells:
        until = body.due_at or timezone.now() + timedelta(days=3)
        reasons = dict.fromkeys(body.cells, body.why)
        amendments.return_cells([submission], actor=actor, key=f"api:{key}", seen=seen, cells=reasons, due_at=until)
        return submission_out(find_submission(actor, pk))
    [done] = actions.return_([submission], actor=actor, key=f"api:{key}", seen=seen, why=body.why, due_at=body.due_at)
    return submission_out(done)


@router.get("/rounds/{uuid:pk}/rollup", response={200: RollupOut, **REFUSALS}, operation_id="read_forms_rollup")
def read_rollup(request: HttpRequest, pk: UUID = Path(...), at: PathText | None = Query(None)) -> dict[str, Any]:
    """The roll-up of a division (of the post's own unless ``at`` names another below it)."""
    round_, division = _place(actor_of(request), pk, at)
    spec = load(round_.definition.spec)
    sums, units = rollup.totals(round_, division.path)
    values = derive(spec, sums, resolve(spec, round_.period, division.path).values)
    return {
        "round": round_.pk, "path": division.path, "name": division.name, "tier": division.tier, "counted": units,
        "values": {code: exact(value) for code, value in values.items()},
    }  # fmt: skip


@router.get("/rounds/{uuid:pk}/rollup/{code}", response={200: DrillOut, **REFUSALS}, operation_id="drill_forms_rollup")
def drill_rollup(
    request: HttpRequest,
    pk: UUID = Path(...),
    code: Code = Path(...),
    at: PathText | None = Query(None),
    tier: Annotated[int, Field(ge=1, le=4)] | None = Query(None),
) -> dict[str, Any]:
    """One number by what it is made of one level down; the parts add up to it."""
    actor = actor_of(request)
    round_, division = _place(actor, pk, at)
    cell = load(round_.definition.spec).cells.get(code)
    if cell is None:
        raise Missing(_("报表里没有这一格。"))
    if not cell.additive:
        raise Invalid.one("code", _("比值不由下级相加，改查它用到的数。"))
    counted_at = max(min(tier or division.tier, division.tier), actor.tier)
    parts = drill(round_, division, code, counted_at)
    return {
        "round": round_.pk, "path": division.path, "code": code, "tier": counted_at,
        "parts": [
            {
                "path": p.path, "name": p.name, "value": exact(p.value), "units": p.units,
                "submission": p.submission.pk if p.submission else None,
            }
            for p in parts
        ],
    }  # fmt: skip


def find_submission(actor: Actor, pk: UUID) -> Submission:
    """A submission that the reader may see; ``Missing`` or ``Denied`` otherwise."""
    found = Submission.objects.select_related("node", "round__definition").filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这份填报，或不归当前岗位看。"))
    actor.require("forms.submission.view", found.path)
    return found


def _place(actor: Actor, pk: UUID, at: str | None) -> tuple[Round, Node]:
    round_ = Round.objects.select_related("definition").filter(pk=pk).first()
    path = actor.division if at is None else at
    division = Node.objects.filter(path=path, kind=NodeKind.DIVISION).first()
    if round_ is None or division is None or not actor.scope.may_read("reporting", path):
        raise Missing(_("没有这项任务或区划，或不归当前岗位看。"))
    actor.require("forms.rollup.view", path)
    return round_, division


def _round(row: Round) -> dict[str, Any]:
    return {
        "id": row.pk, "title": row.title, "form": row.definition.code, "period": row.period, "state": row.state,
        "due_at": row.due_at, "audience": row.audience, "asked": row.asked,
    }  # fmt: skip


def submission_out(row: Submission) -> dict[str, Any]:
    """As ``SubmissionOut`` has it."""
    return {
        "id": row.pk, "version": row.version, "round": row.round_id, "node": row.node_id, "name": row.node.name,
        "path": row.path, "state": row.state, "edition": row.edition, "approved_tier": row.approved_tier,
        "waiting_tier": row.waiting_tier, "due_at": row.due_at, "errors": row.errors, "unexplained": row.unexplained,
        "returned_reason": row.returned_reason, "returned_cells": row.returned_cells,
    }  # fmt: skip


from shuzheng.base.forms import api_doubts, api_rounds  # noqa: E402 -- their routes use what stands above

router.add_router("", api_rounds.router)
router.add_router("", api_doubts.router)
