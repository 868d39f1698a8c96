"""What each person signs and says with: the hand-written signature and stock phrases (常用语), their own."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action, was_used
from shuzheng.base.core.actor import Actor
from shuzheng.base.files import store
from shuzheng.base.files.actions import examine
from shuzheng.base.files.models import Attachment, Block
from shuzheng.base.flows.models import Opinion, Phrase, Signature
from shuzheng.base.portal.typeset import pdf
from shuzheng.kernel.errors import Denied, Invalid

LARGEST, MOST_PIXELS = 300_000, 2000
"""Of a picture: bytes, and pixels of a side. The page cuts what is drawn or uploaded to what is on it, far smaller."""
PNG = b"\x89PNG\r\n\x1a\n"
PROOF = Path(__file__).parent / "typst" / "proof.typ"
MOST_PHRASES = 50


def own(actor: Actor) -> Signature | None:
    """The actor's signature in the organ they act for, once a picture has been taken in."""
    return Signature.objects.filter(person_id=actor.person_id, node_id=actor.organ_id).first()


def keep(actor: Actor, source: IO[bytes], key: str = "") -> Signature | Block:
    """Take a picture as the actor's signature, checked as uploads are. Asked again under the same ``key``, it is taken once.

    Raises:
        Invalid: it is no PNG that can be printed, or too large.
    """
    picture = _checked(source)
    row = own(actor)
    if row is not None and key and was_used(key, actor):
        return row
    if row is None:
        row = Signature(person_id=actor.person_id, person=actor.name)
        row.node_id, row.path = actor.organ_id, actor.organ_path
    taken = examine(row, _("签名.png"), picture, actor=actor)
    if isinstance(taken, Block):
        return taken
    save_signatures([row], actor=actor, key=key, picture=taken)
    return row


def _checked(source: IO[bytes]) -> IO[bytes]:
    """The picture, if it is a PNG of a fit size that can be printed: it is tried on paper, as a sheet would have it."""
    data = source.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise Invalid.one("picture", _("图片太大，最多 300 KB。"))
    if not data.startswith(PNG) or len(data) < 33:
        raise Invalid.one("picture", _("要一张 PNG 图片。"))
    wide, high = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if not (0 < wide <= MOST_PIXELS and 0 < high <= MOST_PIXELS):
        raise Invalid.one("picture", _("图片的长和宽最多 %(n)d 像素。") % {"n": MOST_PIXELS})
    try:
        pdf(PROOF, {"picture": list(data)})
    except RuntimeError as error:  # typst.TypstError
        raise Invalid.one("picture", _("图片打不开，请重新签一次。")) from error
    return io.BytesIO(data)


@action("flows.signature.save", permission="")
def save_signatures(w: Write, rows: Sequence[Signature], *, picture: Attachment) -> Sequence[Signature]:
    """Keep one's own, with a picture that ``examine`` has let in; the one before is taken off, what was signed stays as it is."""
    for row in rows:
        _own(w, row.person_id)
        if row._state.adding:
            row.picture = picture.pk
            w.create(row)
        else:
            w.delete(*Attachment.objects.filter(target_model="flows.signature", target_id=row.pk))
            w.change(row, picture=picture.pk)
        w.create(picture)
    return rows


@action("flows.signature.remove", permission="")
def remove_signatures(w: Write, rows: Sequence[Signature]) -> Sequence[Signature]:
    """Sign by name only from now on."""
    for row in rows:
        _own(w, row.person_id)
        w.delete(*Attachment.objects.filter(target_model="flows.signature", target_id=row.pk))
        w.delete(row)
    return rows


def put_on(w: Write, opinions: Iterable[Opinion]) -> None:
    """Sign what the actor has just said: the picture is hung on each opinion, as it is today."""
    mine = own(w.actor)
    picture = Attachment.objects.filter(pk=mine.picture).first() if mine is not None and mine.picture else None
    if picture is None:
        return
    for said in opinions:
        row = Attachment(
            target_model="flows.opinion", target_id=said.pk, name=picture.name, media_type=picture.media_type,
            size=picture.size, digest=picture.digest, scan=picture.scan, uploaded_by=w.actor.name,
        )  # fmt: skip
        row.follow(said)
        row.node_id = said.node_id
        w.create(row)
        w.change(said, signature=row.pk)


def pictures(opinions: Iterable[Opinion]) -> dict[str, bytes]:
    """The signatures of opinions by id of the opinion. One whose file is gone from the storage is left out."""
    wanted = {row.signature: str(row.pk) for row in opinions if row.signature}
    found = {}
    for file in Attachment.objects.filter(pk__in=list(wanted), target_model="flows.opinion"):
        try:
            with store.get(file.digest) as content:
                found[wanted[file.pk]] = content.read()
        except FileNotFoundError:
            continue
    return found


# stock phrases


def phrases(actor: Actor) -> list[Phrase]:
    """The actor's own, in their order."""
    return list(Phrase.objects.filter(person_id=actor.person_id).order_by("place", "pk")[:MOST_PHRASES])


@action("flows.phrase.save", permission="")
def save_phrases(w: Write, rows: Sequence[Phrase], *, text: str) -> Sequence[Phrase]:
    """Add one's own phrases, or change them.

    Raises:
        Invalid: it is empty or too long, or there are too many.
    """
    said = text.strip()
    if not said or len(said) > 200:
        raise Invalid.one("text", _("常用语要有 1 到 200 个字。"))
    for row in rows:
        _own(w, row.person_id)
        if row._state.adding:
            held = phrases(w.actor)
            if len(held) >= MOST_PHRASES:
                raise Invalid.one("text", _("常用语最多 %(n)d 条。") % {"n": MOST_PHRASES})
            row.text, row.place = said, max((p.place for p in held), default=0) + 1
            w.create(row)
        else:
            w.change(row, text=said)
    return rows


@action("flows.phrase.order", permission="")
def order_phrases(w: Write, rows: Sequence[Phrase]) -> Sequence[Phrase]:
    """Put one's own phrases in the order given."""
    for place, row in enumerate(rows, 1):
        _own(w, row.person_id)
        w.change(row, place=place)
    return rows


@action("flows.phrase.delete", permission="")
def delete_phrases(w: Write, rows: Sequence[Phrase]) -> Sequence[Phrase]:
    """Delete one's own phrases."""
    for row in rows:
        _own(w, row.person_id)
        w.delete(row)
    return rows


def _own(w: Write, person_id: object) -> None:
    if person_id != w.actor.person_id:
        raise Denied(_("签名和常用语只能自己改。"))
