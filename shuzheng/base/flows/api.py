"""Flows for programs: definitions for designers, starting, the inbox, and every verb in one call.

No postponed annotations here: the routes are typed with schemas. Numbers of a form travel as exact texts.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Body, Header, Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import REFUSALS
from shuzheng.base.api.schemas import Strict, refuse_unknown
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.flows import actions, api_library, api_own, api_statistics, api_trials, defining, simple
from shuzheng.base.flows.api_parts import BpmnOut, DefinitionOut, Key, definition_out
from shuzheng.base.flows.models import Case, Definition, Task
from shuzheng.base.flows.pages.definitions import find, save_text
from shuzheng.base.flows.reaching import inbox, opened, startable
from shuzheng.base.flows.showing import CaseView
from shuzheng.kernel.errors import Denied, Invalid, Missing

router = Router(tags=["流程"])
LIMIT = 200

Long = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00]*$")]
Text = Annotated[str, StringConstraints(max_length=2_000_000, pattern=r"^[^\x00]*$")]
Value = str | bool | list[Code] | None
Values = Annotated[
    dict[Code, Annotated[str, StringConstraints(max_length=4000)] | bool | list[Code] | None], Field(max_length=200)
]
Posts = Annotated[list[UUID], Field(max_length=50)]


class DefinitionsOut(Schema):
    rows: list[DefinitionOut]


class BpmnIn(Strict):
    """A whole definition: BPMN 2.0 XML, and DMN 1.3 texts by id of the decision."""

    bpmn: Text
    tables: Annotated[dict[Code, Text], Field(max_length=50)] = {}


class SimpleIn(Strict):
    """The simple designer's view (docs/flows.md)."""

    simple: dict[str, Any]


class SimpleOut(Schema):
    simple: dict[str, Any]


class StartIn(Strict):
    """``chosen``: posts by the id of the step whose people the starter names."""

    code: Code
    values: Values = {}
    chosen: Annotated[dict[Code, Posts], Field(max_length=50)] = {}
    urgent: bool = False


class TaskOut(Schema):
    id: UUID
    case_id: UUID
    number: str
    title: str
    process: str
    step_name: str
    role: str
    state: str
    verdict: str
    starter: str
    starter_organ: str
    is_urgent: bool
    opened_at: datetime
    due: datetime | None


class TasksOut(Schema):
    rows: list[TaskOut]
    next: int | None = None


class OpinionOut(Schema):
    """``signature``: by which its hand-written signature is read (``/cases/{id}/signatures/{signature}``), if it has one."""

    verb: str
    step: str
    person: str
    organ: str
    text: str
    to: str
    at: datetime
    signature: UUID | None


class CaseOut(Schema):
    """``values`` are those that the reader may see; ``why`` says why it is waiting; ``back`` where it may be sent back to."""

    id: UUID
    version: int
    number: str
    title: str
    process: str
    edition: int
    state: str
    stands_at: str
    starter: str
    values: dict[str, Any]
    why: list[str]
    back: list[str]
    opinions: list[OpinionOut]


class ActIn(Strict):
    """What is done with a case. ``to`` are posts, or (unsign) the task that is removed; ``target`` the step to return to,
    empty for the starter, none for the previous step; ``signed``: with one's hand-written signature, if there is one."""

    verb: Literal[
        "pass", "refuse", "back", "transfer", "delegate", "sign", "unsign", "claim", "undo", "withdraw", "revoke", "terminate",
        "urge", "share",
    ]  # fmt: skip
    text: Long = ""
    values: Values = {}
    chosen: Annotated[dict[Code, Posts], Field(max_length=50)] = {}
    to: Posts = []
    target: Code | None = None
    straight: bool = False
    before: bool = True
    signed: bool = False
    role: Literal["copy", "read"] = "copy"


class Asking(Strict):
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 50


# definitions


@router.get("/definitions", response={200: DefinitionsOut, **REFUSALS}, operation_id="list_flow_definitions")
def definitions(request: HttpRequest) -> dict[str, Any]:
    """Definitions in sight: published ones, and drafts of one's own organ."""
    actor = actor_of(request)
    actor.require("flows.definition.view")
    rows = Definition.objects.exclude(state=Definition.State.RETIRED).defer("bpmn", "tables")
    return {"rows": list(rows.order_by("code", "-edition")[:LIMIT])}


@router.post("/definitions", response={201: BpmnOut, **REFUSALS}, operation_id="create_flow_definition")
def create(request: HttpRequest, body: BpmnIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Import BPMN as a draft of one's organ; the next edition if there is one of its code."""
    actor = actor_of(request)
    actor.require("flows.definition.save")
    return 201, definition_out(save_text(actor, body.bpmn, body.tables, key=f"api:{key}"))


@router.get("/definitions/{uuid:pk}", response={200: BpmnOut, **REFUSALS}, operation_id="read_flow_definition")
def read_one(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """One with its texts, as they were saved."""
    return definition_out(find(actor_of(request), pk, ""))


@router.put("/definitions/{uuid:pk}", response={200: BpmnOut, **REFUSALS}, operation_id="save_flow_definition")
def save(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: BpmnIn = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Save a draft; of a published edition, the draft of the next one, whose id is answered."""
    row = find(actor_of(request), pk, "flows.definition.save")
    return _saved(actor_of(request), row, body.bpmn, body.tables, key)


@router.get("/definitions/{uuid:pk}/simple", response={200: SimpleOut, **REFUSALS}, operation_id="read_flow_simple")
def read_simple(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """The simple designer's view; 422 ``not-simple`` when the process says more than that."""
    row = find(actor_of(request), pk, "")
    return {"simple": simple.from_bpmn(row.bpmn, row.tables)}


@router.put("/definitions/{uuid:pk}/simple", response={200: BpmnOut, **REFUSALS}, operation_id="save_flow_simple")
def save_simple(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: SimpleIn = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> dict[str, Any]:
    """Save from the simple designer: BPMN with a diagram is made of it."""
    row = find(actor_of(request), pk, "flows.definition.save")
    return _saved(actor_of(request), row, simple.to_bpmn(body.simple), {}, key)


@router.post(
    "/definitions/{uuid:pk}/publish", response={200: BpmnOut, **REFUSALS}, operation_id="publish_flow_definition"
)
def publish(
    request: HttpRequest, pk: UUID = Path(...), key: Key = Header(..., alias="Idempotency-Key")
) -> dict[str, Any]:
    """Publish a draft; the edition before is retired."""
    row = find(actor_of(request), pk, "flows.definition.publish")
    [row] = defining.publish([row], actor=actor_of(request), key=f"api:{key}")
    return definition_out(row)


def _saved(actor: Actor, row: Definition, bpmn: str, tables: dict[str, str], key: str) -> dict[str, Any]:
    [saved] = defining.save_definitions([row], actor=actor, key=f"api:{key}", bpmn=bpmn, tables=tables)
    return definition_out(saved)


# cases


@router.get("/tasks", response={200: TasksOut, **REFUSALS}, operation_id="list_flow_tasks")
def tasks(request: HttpRequest, asked: Asking = Query(...)) -> dict[str, Any]:
    """What waits for the acting post, urgent ones first."""
    refuse_unknown(request, asked)
    found = list(inbox(actor_of(request))[asked.offset : asked.offset + asked.limit + 1])
    more = asked.offset + asked.limit if len(found) > asked.limit else None
    return {"rows": found[: asked.limit], "next": more}


@router.post("/cases", response={201: CaseOut, **REFUSALS}, operation_id="start_flow_case")
def start(request: HttpRequest, body: StartIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Start a process by its code."""
    actor = actor_of(request)
    actor.require("flows.case.start")
    found = next((d for d in startable(actor) if d.code == body.code), None)
    if found is None:
        raise Missing()
    case = Case(definition=found)
    case.node_id, case.path = actor.organ_id, actor.organ_path
    [case] = actions.save_drafts(
        [case], actor=actor, key=f"api:{key}:d", values=body.values, is_urgent=body.urgent
    )  # fmt: skip
    if case.state == Case.State.DRAFT:
        chosen = {e: [str(p) for p in posts] for e, posts in body.chosen.items()}
        [case] = actions.start([case], actor=actor, key=f"api:{key}:s", chosen=chosen)
    with opened(actor, case.pk) as found_case:
        return 201, _case(CaseView(found_case, actor))


@router.get("/cases/{uuid:pk}", response={200: CaseOut, **REFUSALS}, operation_id="read_flow_case")
def case(request: HttpRequest, pk: UUID = Path(...)) -> dict[str, Any]:
    """A case that one takes part in."""
    with opened(actor_of(request), pk) as row:
        return _case(CaseView(row, actor_of(request)))


@router.post("/cases/{uuid:pk}/act", response={200: CaseOut, **REFUSALS}, operation_id="act_flow_case")
def act(
    request: HttpRequest, pk: UUID = Path(...), body: ActIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")
) -> dict[str, Any]:
    """Any verb: with one's own open task in the case, or with the case itself."""
    actor = actor_of(request)
    with opened(actor, pk) as row:
        _act(CaseView(row, actor), body, f"api:{key}")
    with opened(actor, pk) as row:
        return _case(CaseView(row, actor))


OF_CASE = {"withdraw": actions.withdraw, "revoke": actions.revoke, "terminate": actions.terminate, "urge": actions.urge}


def _act(view: CaseView, body: ActIn, key: str) -> None:
    said: dict[str, Any] = {"actor": view.actor, "key": key, "text": body.text}
    verb, task = body.verb, view.task
    if verb in OF_CASE:
        OF_CASE[verb]([view.case], **said)
        return
    if verb == "share":
        actions.hand_round([view.case], **said, to=body.to, role=body.role)
        return
    if verb == "undo":
        actions.undo(_some(view.done), **said)
        return
    mine = _some(task)
    if verb in ("pass", "refuse"):
        chosen = {e: [str(p) for p in posts] for e, posts in body.chosen.items()}
        actions.decide(mine, **said, verdict=verb, values=body.values, chosen=chosen, sign=body.signed)
    elif verb == "back":
        actions.send_back(mine, **said, to=body.target, straight=body.straight)
    elif verb == "claim":
        actions.claim(mine, actor=view.actor, key=key)
    elif verb == "sign":
        actions.add_signers(mine, **said, to=body.to, before=body.before)
    else:
        if len(body.to) != 1:
            raise Invalid.one("to", "to")
        if verb == "unsign":
            actions.remove_signer(mine, **said, other=body.to[0])
        else:
            {"transfer": actions.transfer, "delegate": actions.delegate}[verb](mine, **said, to=body.to[0])


def _some(task: Task | None) -> list[Task]:
    if task is None:
        raise Missing()
    return [task]


def _case(view: CaseView) -> dict[str, Any]:
    row = view.case
    if row.state == Case.State.DRAFT and not view.is_starter:
        raise Denied()
    names = ("version", "number", "title", "state", "stands_at", "starter")
    hidden = {code for code, right in view.rights.items() if right == "hidden"}
    return {
        "id": row.pk, **{n: getattr(row, n) for n in names}, "process": row.definition.name, "edition": row.definition.edition,
        "values": {k: v for k, v in row.values.items() if k not in hidden}, "why": view.why,
        "back": [element for element, _name in view.back],
        "opinions": [
            {"verb": o.verb, "step": o.row.step_name, "person": o.row.person, "organ": o.row.organ_name, "text": o.row.text,
             "to": o.row.to, "at": o.row.at, "signature": o.row.signature}
            for o in view.story
        ],
    }  # fmt: skip


router.add_router("", api_library.router)
router.add_router("", api_trials.router)
router.add_router("", api_statistics.router)
router.add_router("", api_own.router)
