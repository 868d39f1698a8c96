"""The library of standard processes for programs: what is in force, one in words, differences, taking over.

A standard's BPMN and tables are read and imported as those of any definition. No postponed annotations here: the routes are
typed with schemas.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Header, Path, Router, Schema

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.core.actor import actor_of
from shuzheng.base.flows import library
from shuzheng.base.flows.api_parts import BpmnOut, Key, definition_out
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.models import Definition
from shuzheng.base.flows.pages.library import adopted, find, standards_seen
from shuzheng.base.flows.telling import step_words

router = Router(tags=["流程"])


class StandardRow(Schema):
    """``own``: the edition of the standard that the reader's organ has adapted; none when it uses the standard itself."""

    id: UUID
    code: str
    edition: int
    name: str
    group: str
    basis: str
    confidence: str
    owner: str
    own: int | None
    adopters: int


class StandardsOut(Schema):
    rows: list[StandardRow]


class StandardStep(Schema):
    """``hold``: ``fixed`` (as it is), ``kept`` (who and shorter limits are free), ``free`` (may be changed and dropped)."""

    id: str
    name: str
    who: str
    mode: str
    due: str
    hold: str


class AdopterOut(Schema):
    id: UUID
    owner: str
    edition: int
    behind: bool
    differences: list[str]


class StandardOut(Schema):
    """``adding``: whether adopters may add steps (``free``) or not (``none``)."""

    id: UUID
    code: str
    edition: int
    name: str
    about: str
    basis: str
    confidence: str
    owner: str
    adding: str
    bpmn: str
    tables: dict[str, str]
    steps: list[StandardStep]
    adopters: list[AdopterOut]


class ChangeOut(Schema):
    label: str
    before: str
    after: str


class DifferenceOut(Schema):
    """``kind``: added, removed, changed, order or avoidable; ``of``: step, part, way, field, table or process. ``fault``: why the
    standard does not allow it."""

    kind: str
    of: str
    element: str
    name: str
    words: str
    changes: list[ChangeOut]
    fault: str


class DifferencesOut(Schema):
    rows: list[DifferenceOut]


@router.get("/standards", response={200: StandardsOut, **REFUSALS}, operation_id="list_flow_standards")
def standards(request: HttpRequest) -> dict[str, Any]:
    """Standard processes in sight."""
    actor = actor_of(request)
    actor.require("flows.library.view")
    names = ("code", "edition", "name", "group", "basis", "confidence")
    return {
        "rows": [
            {"id": r.row.pk, **{n: getattr(r.row, n) for n in names}, "owner": str(r.row.node), "adopters": r.others,
             "own": r.own.row.standard.edition if r.own and r.own.row.standard else None}
            for r in standards_seen(actor)
        ]
    }  # fmt: skip


@router.get("/standards/{uuid:pk}", response={200: StandardOut, **REFUSALS}, operation_id="read_flow_standard")
def one(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """One standard, its steps in words, its texts, and who has adapted it."""
    row = find(actor_of(request), pk)
    outline, _unfinished = look(row.bpmn, row.tables)
    names = ("code", "edition", "name", "about", "basis", "confidence", "bpmn", "tables")
    steps = [{"id": e, **step_words(s, outline), "hold": outline.holds(e)} for e, s in outline.steps.items()]
    return {
        "id": row.pk, **{n: getattr(row, n) for n in names}, "owner": str(row.node), "adding": outline.adding, "steps": steps,
        "adopters": [
            {"id": a.row.pk, "owner": str(a.row.node), "edition": a.row.edition, "behind": a.is_behind,
             "differences": [d.words for d in a.found]}
            for a in library.adopters(row)
        ],
    }  # fmt: skip


@router.get(
    "/standards/{uuid:pk}/differences/{uuid:other}",
    response={200: DifferencesOut, **REFUSALS},
    operation_id="compare_flow_standards",
)
def compare(request: HttpRequest, pk: UUID = Path(...), other: UUID = Path(...)) -> dict[str, Any]:
    """What an adapted process, or another edition of a standard, does differently."""
    base, row = find(actor_of(request), pk), find(actor_of(request), other)
    names = ("kind", "of", "element", "name", "words", "changes", "fault")
    found = library.compared(base, row, standard=base.node_id != row.node_id)
    return {"rows": [{n: getattr(d, n) for n in names} for d in found]}


@router.post("/standards/{uuid:pk}/adopt", response={201: BpmnOut, **REFUSALS}, operation_id="adopt_flow_standard")
def adopt(
    request: HttpRequest, pk: UUID = Path(...), key: Key = Header(..., alias="Idempotency-Key")
) -> tuple[int, Any]:
    """Take a standard over as a draft of one's organ; publishing it holds it to the standard."""
    actor = actor_of(request)
    standard: Definition = find(actor, pk)
    actor.require("flows.definition.save", actor.organ_path)
    return 201, definition_out(adopted(actor, standard, key=f"api:{key}"))
