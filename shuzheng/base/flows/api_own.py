"""One's own stock phrases and hand-written signature for programs, and the signatures of a case for those who take part.

No postponed annotations here: the routes are typed with schemas.
"""

import base64
import binascii
import io
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Body, Header, Path, Router, Schema
from pydantic import Field, StringConstraints

from shuzheng.base.api.problems import READING, REFUSALS
from shuzheng.base.api.schemas import Strict
from shuzheng.base.core.action import was_used
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files import store
from shuzheng.base.files.actions import blocked_words
from shuzheng.base.files.models import Attachment, Block
from shuzheng.base.flows import signatures
from shuzheng.base.flows.api_parts import Key
from shuzheng.base.flows.models import Opinion, Phrase
from shuzheng.base.flows.reaching import opened
from shuzheng.kernel.errors import Invalid, Missing

router = Router(tags=["流程"])

Said = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Picture = Annotated[
    str, StringConstraints(max_length=signatures.LARGEST * 4 // 3 + 4, pattern=r"^[A-Za-z0-9+/]*={0,2}$")
]


class PhraseIn(Strict):
    text: Said


class PhraseOut(Schema):
    id: UUID
    text: str


class PhrasesOut(Schema):
    """In the order in which they are offered."""

    rows: list[PhraseOut]


class OrderIn(Strict):
    """All of one's own, each once, in the order that they are to have."""

    ids: Annotated[list[UUID], Field(max_length=signatures.MOST_PHRASES)]


class SignatureIn(Strict):
    """A PNG in base64: at most 300 KB, and 2000 pixels wide and high."""

    picture: Picture


class SignatureOut(Schema):
    """The picture in base64, empty for none. ``blocked``: why a picture that was sent has not been taken in."""

    picture: str
    blocked: str = ""


class SignedOut(Schema):
    """The signature on an opinion as it was on that day: a PNG in base64."""

    picture: str


# stock phrases


@router.get("/phrases", response={200: PhrasesOut, **READING}, operation_id="list_flow_phrases")
def phrases(request: HttpRequest) -> dict[str, Any]:
    """One's own stock phrases (常用语)."""
    return {"rows": signatures.phrases(actor_of(request))}


@router.post("/phrases", response={201: PhraseOut, **REFUSALS}, operation_id="create_flow_phrase")
def create(request: HttpRequest, body: PhraseIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")) -> Any:
    """Add one, behind the others."""
    actor = actor_of(request)
    row = Phrase(person_id=actor.person_id)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    [row] = signatures.save_phrases([row], actor=actor, key=f"api:{key}", text=body.text)
    return 201, row


@router.put("/phrases", response={200: PhrasesOut, **REFUSALS}, operation_id="order_flow_phrases")
def order(
    request: HttpRequest, body: OrderIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")
) -> dict[str, Any]:
    """Put them in another order."""
    actor = actor_of(request)
    held = {row.pk: row for row in signatures.phrases(actor)}
    if sorted(body.ids) != sorted(held):
        raise Invalid.one("ids", _("要写全自己的常用语，每条一次。"))
    signatures.order_phrases([held[pk] for pk in body.ids], actor=actor, key=f"api:{key}")
    return {"rows": signatures.phrases(actor)}


@router.put("/phrases/{uuid:pk}", response={200: PhraseOut, **REFUSALS}, operation_id="save_flow_phrase")
def save(
    request: HttpRequest,
    pk: UUID = Path(...),
    body: PhraseIn = Body(...),
    key: Key = Header(..., alias="Idempotency-Key"),
) -> Phrase:
    """Say it in other words."""
    actor = actor_of(request)
    [row] = signatures.save_phrases([_phrase(actor, pk)], actor=actor, key=f"api:{key}", text=body.text)
    return row


@router.delete("/phrases/{uuid:pk}", response={200: PhrasesOut, **REFUSALS}, operation_id="delete_flow_phrase")
def delete(
    request: HttpRequest, pk: UUID = Path(...), key: Key = Header(..., alias="Idempotency-Key")
) -> dict[str, Any]:
    """Delete one; the others are answered."""
    actor = actor_of(request)
    if not was_used(f"api:{key}", actor):
        signatures.delete_phrases([_phrase(actor, pk)], actor=actor, key=f"api:{key}")
    return {"rows": signatures.phrases(actor)}


def _phrase(actor: Actor, pk: UUID) -> Phrase:
    found = next((row for row in signatures.phrases(actor) if row.pk == pk), None)
    if found is None:
        raise Missing()
    return found


# signatures


@router.get("/signature", response={200: SignatureOut, **READING}, operation_id="read_flow_signature")
def signature(request: HttpRequest) -> dict[str, Any]:
    """One's own hand-written signature."""
    return {"picture": _own(actor_of(request))}


@router.put("/signature", response={200: SignatureOut, **REFUSALS}, operation_id="save_flow_signature")
def sign(
    request: HttpRequest, body: SignatureIn = Body(...), key: Key = Header(..., alias="Idempotency-Key")
) -> dict[str, Any]:
    """Take a picture as one's own. What was signed before stays as it is."""
    actor = actor_of(request)
    try:
        picture = base64.b64decode(body.picture, validate=True)
    except binascii.Error as error:
        raise Invalid.one("picture", _("图片打不开，请重新签一次。")) from error
    taken = signatures.keep(actor, io.BytesIO(picture), key=f"api:{key}")
    return {"picture": _own(actor), "blocked": blocked_words(taken) if isinstance(taken, Block) else ""}


@router.delete("/signature", response={200: SignatureOut, **REFUSALS}, operation_id="delete_flow_signature")
def unsign(request: HttpRequest, key: Key = Header(..., alias="Idempotency-Key")) -> dict[str, Any]:
    """Sign by name only from now on."""
    actor = actor_of(request)
    if not was_used(f"api:{key}", actor) and (row := signatures.own(actor)) is not None:
        signatures.remove_signatures([row], actor=actor, key=f"api:{key}")
    return {"picture": _own(actor)}


@router.get(
    "/cases/{uuid:pk}/signatures/{uuid:other}", response={200: SignedOut, **READING}, operation_id="read_flow_signed"
)
def signed(request: HttpRequest, pk: UUID = Path(...), other: UUID = Path(...)) -> dict[str, Any]:
    """The signature on an opinion of a case that one takes part in (``signature`` of the opinion)."""
    with opened(actor_of(request), pk):
        if not Opinion.objects.filter(case_id=pk, signature=other).exists():
            raise Missing()
        return {"picture": _picture(Attachment.objects.filter(pk=other, target_model="flows.opinion").first())}


def _own(actor: Actor) -> str:
    row = signatures.own(actor)
    file = Attachment.objects.filter(pk=row.picture).first() if row is not None else None
    return _picture(file) if file is not None else ""


def _picture(file: Attachment | None) -> str:
    if file is None:
        raise Missing()
    try:
        with store.get(file.digest) as content:
            return base64.b64encode(content.read()).decode()
    except FileNotFoundError:
        raise Missing() from None
