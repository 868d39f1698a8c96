"""Reporting for programs, beside filling and review: cells asked again and corrected, allowances, nil reports.

No postponed annotations here: the routes are typed with schemas.
"""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.schemas import refuse_unknown
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import actions, allowances, amendments, api, standing
from shuzheng.base.forms.engine import read_values
from shuzheng.base.forms.models import Allowance, Amendment, Submission
from shuzheng.base.forms.saving import carry_over
from shuzheng.base.forms.spec import Value, load
from shuzheng.kernel.errors import Invalid, Missing

router = Router(tags=["报送"])
What = Annotated[str, StringConstraints(pattern=r"^(extension|exemption|unlock)$")]
Why = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


class ReturnedCell(Schema):
    code: str
    reason: str


class AmendmentOut(Schema):
    """Cells asked again (``return``) or corrected (``correction``); ``digest`` is SM3 over all that was signed."""

    id: UUID
    version: int
    submission: UUID
    what: str
    state: str
    cells: list[ReturnedCell]
    changes: dict[str, list[str | None]]
    due_at: datetime | None
    waiting_tier: int | None
    digest: str


class AmendmentsOut(Schema):
    rows: list[AmendmentOut]
    next: str = ""


class CarriedOut(Schema):
    """How many cells came over."""

    cells: int


class Answer(api.Strict):
    """New values as texts, and a note where the numbers stay as they are or a warning has to be explained."""

    cells: Annotated[dict[api.Code, api.Number | None], Field(max_length=2000)] = {}
    note: api.Text = ""


class Seen(api.Strict):
    """A submission and the version of it that was looked at."""

    id: UUID
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class Passing(api.Strict):
    """Which submissions pass."""

    submissions: Annotated[list[Seen], Field(min_length=1, max_length=500)]


class PassedOut(Schema):
    """How many passed."""

    approved: int


class Refusal(api.Strict):
    why: Why


class AskFor(api.Strict):
    """``until`` is needed for an extension and for late filing."""

    what: What
    why: Why
    until: datetime | None = None


class Decision(api.Strict):
    agree: bool
    opinion: api.Text = ""
    until: datetime | None = None


class AllowanceOut(Schema):
    id: UUID
    version: int
    submission: UUID | None
    what: str
    state: str
    at: str
    until: datetime | None
    reason: str
    opinion: str


class AllowancesOut(Schema):
    rows: list[AllowanceOut]
    next: str = ""


@router.get("/amendments", response={200: AmendmentsOut, **api.REFUSALS}, operation_id="list_forms_amendments")
def list_amendments(request: HttpRequest, asked: api.Paging = Query(...)) -> dict[str, Any]:
    """Those of the post's own organ."""
    refuse_unknown(request, asked)
    rows, following = api.page_after(Amendment.objects.filter(**_own(actor_of(request))), asked)
    return {"rows": [_amendment(r) for r in rows], "next": following}


@router.post(
    "/amendments/{uuid:pk}/answer", response={200: AmendmentOut, **api.REFUSALS}, operation_id="answer_forms_amendment"
)
def answer(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: Answer = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Answer cells that were asked again."""
    actor = actor_of(request)
    row = _find(actor, pk)
    values = _read(row.submission, body.cells)
    amendments.answer([row], actor=actor, key=f"api:{key}", values=values, note=body.note)
    return _amendment(_find(actor, pk))


@router.post(
    "/amendments/{uuid:pk}/confirm",
    response={200: AmendmentOut, **api.REFUSALS},
    operation_id="confirm_forms_amendment",
)
def confirm(
    request: HttpRequest,
    pk: UUID = Path(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
    version: api.Version = Header(..., alias="If-Match"),
) -> dict[str, Any]:
    """Confirm the changed cells at the post's tier."""
    actor = actor_of(request)
    amendments.confirm([_find(actor, pk)], actor=actor, key=f"api:{key}", seen={pk: int(version.strip('"'))})
    return _amendment(_find(actor, pk))


@router.post(
    "/amendments/{uuid:pk}/refuse", response={200: AmendmentOut, **api.REFUSALS}, operation_id="refuse_forms_amendment"
)
def refuse(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: Refusal = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Send an answer back, or turn a correction down."""
    actor = actor_of(request)
    amendments.refuse([_find(actor, pk)], actor=actor, key=f"api:{key}", why=body.why)
    return _amendment(_find(actor, pk))


@router.post(
    "/submissions/{uuid:pk}/correct",
    response={200: AmendmentOut, **api.REFUSALS},
    operation_id="correct_forms_submission",
)
def correct(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: Answer = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Correct what was handed in, also after the round has ended."""
    actor = actor_of(request)
    submission = api.find_submission(actor, pk)
    values = _read(submission, body.cells)
    [row] = amendments.correct([submission], actor=actor, key=f"api:{key}", values=values, note=body.note)
    return _amendment(_find(actor, row.pk))


@router.post(
    "/submissions/approve", response={200: PassedOut, **api.REFUSALS}, operation_id="approve_forms_submissions"
)
def approve_many(
    request: HttpRequest, body: Passing = Body(...), key: api.Key = Header(..., alias="Idempotency-Key")
) -> dict[str, int]:
    """Pass many at once at the post's tier: all of them, or none where one has changed or may not be passed."""
    actor = actor_of(request)
    seen = {item.id: item.version for item in body.submissions}
    rows = list(Submission.objects.select_related("node", "round__definition").filter(pk__in=seen))
    if len(rows) != len(seen):
        raise Missing(_("没有这份填报，或不归当前岗位看。"))
    for row in rows:
        actor.require("forms.submission.view", row.path)
    return {"approved": len(actions.approve(rows, actor=actor, key=f"api:{key}", seen=seen))}


@router.post(
    "/submissions/{uuid:pk}/nil", response={200: api.SubmissionOut, **api.REFUSALS}, operation_id="nil_forms_submission"
)
def nil(
    request: HttpRequest, pk: UUID = Path(...), body: api.Submit = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:  # fmt: skip
    """Hand in a nil report."""
    actor = actor_of(request)
    submission = api.find_submission(actor, pk)
    standing.report_nil([submission], actor=actor, key=f"api:{key}", signers=body.dict())
    return api.submission_out(api.find_submission(actor, pk))


@router.post(
    "/submissions/{uuid:pk}/carry", response={200: CarriedOut, **api.REFUSALS}, operation_id="carry_forms_submission"
)
def carry(
    request: HttpRequest, pk: UUID = Path(...), key: api.Key = Header(..., alias="Idempotency-Key")
) -> dict[str, int]:
    """Bring in what was reported for the period before, where nothing stands yet; its source is ``previous``."""
    actor = actor_of(request)
    return {"cells": carry_over(actor, api.find_submission(actor, pk), key=f"api:{key}")}


@router.get("/allowances", response={200: AllowancesOut, **api.REFUSALS}, operation_id="list_forms_allowances")
def list_allowances(request: HttpRequest, asked: api.Paging = Query(...)) -> dict[str, Any]:
    """Those of the post's own organ."""
    refuse_unknown(request, asked)
    rows, following = api.page_after(Allowance.objects.filter(**_own(actor_of(request))), asked)
    return {"rows": [_allowance(r) for r in rows], "next": following}


@router.post(
    "/submissions/{uuid:pk}/allowances",
    response={200: AllowanceOut, **api.REFUSALS},
    operation_id="ask_forms_allowance",
)
def ask(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: AskFor = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Ask the tier above for a later deadline, for none, or for filing after the lock."""
    actor = actor_of(request)
    submission = api.find_submission(actor, pk)
    [row] = allowances.ask_allowances(
        [submission],
        actor=actor,
        key=f"api:{key}",
        round=submission.round,
        what=body.what,
        why=body.why,
        until=body.until,
    )
    return _allowance(row)


@router.post(
    "/allowances/{uuid:pk}/decide", response={200: AllowanceOut, **api.REFUSALS}, operation_id="decide_forms_allowance"
)
def decide(
    request: HttpRequest, pk: UUID = Path(...), body: Decision = Body(...),
    key: api.Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:  # fmt: skip
    """Grant or refuse what was asked of the post's division."""
    actor = actor_of(request)
    row = Allowance.objects.select_related("round__definition").filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这项申请，或不归当前岗位看。"))
    [done] = allowances.decide_allowances(
        [row], actor=actor, key=f"api:{key}", agree=body.agree, opinion=body.opinion, until=body.until
    )
    return _allowance(done)


def _own(actor: Actor) -> dict[str, str]:
    actor.require("forms.submission.view", actor.organ_path)
    mine = Range.subtree(actor.organ_path)
    return {"path__gte": mine.lo, "path__lt": mine.hi}


def _find(actor: Actor, pk: UUID) -> Amendment:
    row = Amendment.objects.select_related("submission__node", "round__definition").filter(pk=pk).first()
    if row is None:
        raise Missing(_("没有这次退回或订正，或不归当前岗位看。"))
    actor.require("forms.submission.view", row.path)
    row.submission.round = row.round
    return row


def _read(submission: Submission, texts: dict[str, str | None]) -> dict[str, Value]:
    values, faults = read_values(load(submission.round.definition.spec), texts)
    if faults:
        raise Invalid(_("有的格读不懂。"), faults)
    return values


def _amendment(row: Amendment) -> dict[str, Any]:
    changes = {c.code: [c.said_old, c.said_new] for c in row.changes.order_by("code")}
    return {
        "id": row.pk, "version": row.version, "submission": row.submission_id, "what": row.what, "state": row.state,
        "cells": row.cells, "changes": changes, "due_at": row.due_at, "waiting_tier": row.waiting_tier, "digest": row.digest,
    }  # fmt: skip


def _allowance(row: Allowance) -> dict[str, Any]:
    return {
        "id": row.pk, "version": row.version, "submission": row.submission_id, "what": row.what, "state": row.state,
        "at": row.at, "until": row.until, "reason": row.reason, "opinion": row.opinion,
    }  # fmt: skip
