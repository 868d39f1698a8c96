"""Quick collections for programs: making, sending out, answering by the token of the link, and what the answers come to.

No postponed annotations here: the routes are typed with schemas. Numbers travel as exact texts, so that nothing is rounded.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.collect import actions, door
from shuzheng.base.collect.audience import targets
from shuzheng.base.collect.figures import FEW, find, measure
from shuzheng.base.collect.models import Answer, Collection
from shuzheng.base.collect.questions import load, read
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.core.scope import Range
from shuzheng.kernel.errors import Invalid, Missing

router = Router(tags=["收集表"])
LIMIT = 200

Key = Annotated[str, StringConstraints(min_length=1, max_length=55, pattern=r"^[\x21-\x7e]+$")]
Words = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00]*$")]
Long = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(max_length=6, pattern=r"^q\d{1,5}$")]


class QuestionIn(Strict):
    """``options`` of choices, ``unit`` of numbers."""

    kind: Literal["text", "number", "choice", "choices", "date", "phone", "file", "rating"]
    label: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
    required: bool = False
    unit: Annotated[str, StringConstraints(max_length=20, pattern=r"^[^\x00]*$")] = ""
    options: Annotated[
        list[Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")]], Field(max_length=60)
    ] = []


class CollectionIn(Strict):
    """A draft. ``names`` is the list of an audience ``list``, a line each; ``keep_until`` is 180 days after closing unless given."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
    intro: Long = ""
    questions: Annotated[list[QuestionIn], Field(min_length=1, max_length=60)]
    audience: Literal["own", "level", "below", "list", "link", "open"]
    per: Literal["person", "organ", "any"]
    names: Annotated[str, StringConstraints(max_length=20000, pattern=r"^[^\x00]*$")] = ""
    closes_at: datetime
    keep_until: date | None = None
    is_anonymous: bool = False
    may_edit: bool = True
    max_answers: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    purpose: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class QuestionOut(Schema):
    code: str
    kind: str
    label: str
    required: bool
    unit: str
    options: list[str]


class CollectionOut(Schema):
    id: UUID
    version: int
    title: str
    state: str
    audience: str
    per: str
    closes_at: datetime
    keep_until: date
    is_anonymous: bool
    asked: int
    token: str
    questions: list[QuestionOut]


class CollectionsOut(Schema):
    rows: list[CollectionOut]
    next: str = ""


class FigureOut(Schema):
    """``parts`` counts each choice or mark; the others are of numbers."""

    code: str
    count: int
    parts: dict[str, int]
    total: str | None
    mean: str | None
    least: str | None
    most: str | None


class FiguresOut(Schema):
    """``hidden``: without names, and too few yet to be shown."""

    answers: int
    asked: int
    answered: int
    hidden: bool
    figures: list[FigureOut]


class AnswerOut(Schema):
    """Phone numbers are masked here; they are in the workbook, whose export is noted."""

    id: UUID
    by: str
    organ: str
    on: date
    values: dict[str, list[str]]
    files: list[str]


class AnswersOut(Schema):
    rows: list[AnswerOut]
    next: str = ""


class AnswerIn(Strict):
    """``token`` is the end of the link. ``version`` changes one's own answer, as it was seen."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]
    values: Annotated[dict[Code, Annotated[list[Long], Field(max_length=60)]], Field(max_length=60)]
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class TakenOut(Schema):
    """``fresh`` is false for a call that was made before with the same key."""

    fresh: bool


class Asking(Strict):
    cursor: UUID | None = Field(None, description="上一页的 next")
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = Field(50, description="每页行数")


@router.get("/collections", response={200: CollectionsOut, **REFUSALS}, operation_id="list_collect")
def collections(request: HttpRequest, asked: Asking = Query(...)) -> dict[str, Any]:
    """The organ's collections, the latest first."""
    refuse_unknown(request, asked)
    actor = actor_of(request)
    actor.require("collect.collection.view")
    own = Range.subtree(actor.organ_path)
    rows = Collection.objects.filter(path__gte=own.lo, path__lt=own.hi).order_by("-pk")
    found = list((rows.filter(pk__lt=asked.cursor) if asked.cursor else rows)[: asked.limit + 1])
    return {"rows": [_row(r) for r in found[: asked.limit]], "next": _next(found, asked.limit)}


@router.post("/collections", response={201: CollectionOut, **REFUSALS}, operation_id="create_collect")
def create(
    request: HttpRequest, body: CollectionIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")
) -> Any:
    """Make a draft."""
    actor = actor_of(request)
    actor.require("collect.collection.save")
    values = body.dict()
    values["keep_until"] = values["keep_until"] or actions.usual_keeping(body.closes_at)
    typed = [
        {"kind": q.kind, "label": q.label, "required": q.required, "more": "\n".join(q.options) or q.unit}
        for q in body.questions
    ]
    values["questions"] = [q.data() for q in read(typed)]
    row = Collection()
    row.node_id, row.path = actor.organ_id, actor.organ_path
    [row] = actions.save_collections([row], actor=actor, key=f"api:{key}", **values)
    return 201, _row(row)


@router.get("/collections/{uuid:pk}", response={200: CollectionOut, **REFUSALS}, operation_id="read_collect")
def one(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """One collection with its questions, and the token of its link."""
    return _row(_find(actor_of(request), pk, "collect.collection.view"))


@router.post("/collections/{uuid:pk}/open", response={200: CollectionOut, **REFUSALS}, operation_id="open_collect")
def send_out(request: HttpRequest, pk: UUID = Path(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Send a draft out."""
    actor = actor_of(request)
    row = _find(actor, pk, "collect.collection.open")
    [row] = actions.open_collections(targets(row, actor) or [row], actor=actor, key=f"api:{key}", collection=row)
    return _row(row)


@router.post("/collections/{uuid:pk}/close", response={200: CollectionOut, **REFUSALS}, operation_id="close_collect")
def end(request: HttpRequest, pk: UUID = Path(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Take no more answers."""
    actor = actor_of(request)
    [row] = actions.close([_find(actor, pk, "collect.collection.close")], actor=actor, key=f"api:{key}")
    return _row(row)


@router.get("/collections/{uuid:pk}/figures", response={200: FiguresOut, **REFUSALS}, operation_id="figures_collect")
def figures(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """What the answers come to now."""
    found = measure(_find(actor_of(request), pk, "collect.answer.view"))
    return {
        "answers": found.answers, "asked": found.asked, "answered": found.answered, "hidden": found.is_hidden,
        "figures": [
            {
                "code": f.question.code, "count": f.count, "parts": dict(f.bars), "total": _exact(f.total),
                "mean": _exact(f.mean), "least": _exact(f.least), "most": _exact(f.most),
            }
            for f in found.figures
        ],
    }  # fmt: skip


@router.get("/collections/{uuid:pk}/answers", response={200: AnswersOut, **REFUSALS}, operation_id="answers_collect")
def answers(request: HttpRequest, pk: UUID = Path(...), asked: Asking = Query(...)) -> dict[str, Any]:
    """The answers themselves."""
    refuse_unknown(request, asked)
    row = _find(actor_of(request), pk, "collect.answer.view")
    rows = find(row)
    if not row.is_named and row.audience != Collection.Audience.OPEN and rows.count() < FEW:
        return {"rows": [], "next": ""}
    found = list((rows.filter(pk__gt=asked.cursor) if asked.cursor else rows)[: asked.limit + 1])
    shown = found[: asked.limit]
    values = door.values_of(shown, clear=False)
    return {"rows": [_answer(a, values[a.pk]) for a in shown], "next": _next(found, asked.limit)}


@router.post("/answers", response={200: TakenOut, **REFUSALS}, operation_id="answer_collect")
def answer(request: HttpRequest, body: AnswerIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Answer by the token of a link, as the person of this access token. Files are sent on the page."""
    actor = actor_of(request)
    guest = door.come_in(body.token, actor)
    known = {q.code for q in guest.questions}
    if unknown := sorted(set(body.values) - known):
        raise Invalid.one("values", _("没有这些问题：%(codes)s") % {"codes": "、".join(unknown)})
    sent = door.send(guest, body.values, {}, ticket=f"api:{key}", version=body.version)
    return {"fresh": sent.is_fresh}


def _find(actor: Actor, pk: UUID, permission: str) -> Collection:
    found = Collection.objects.filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这份收集表，或不归当前岗位看。"))
    actor.require(permission, found.path)
    return found


def _next(found: list[Any], limit: int) -> str:
    return str(found[limit - 1].pk) if len(found) > limit else ""


def _exact(value: Any) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _row(row: Collection) -> dict[str, Any]:
    names = (
        "version",
        "title",
        "state",
        "audience",
        "per",
        "closes_at",
        "keep_until",
        "is_anonymous",
        "asked",
        "token",
    )
    return {"id": row.pk, **{n: getattr(row, n) for n in names}, "questions": [q.data() for q in load(row.questions)]}


def _answer(row: Answer, values: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "id": row.pk, "by": row.by, "organ": row.organ_name, "on": row.sent_on, "values": values,
        "files": [f["name"] for f in row.files.values()],
    }  # fmt: skip
