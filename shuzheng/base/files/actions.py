"""Verbs of files: attaching, removing, blocking what may be secret, releasing what was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.models import Kind, Scoped
from shuzheng.base.files import kinds, secrecy, store, viruses
from shuzheng.base.files.models import Attachment, Block, SecrecyWord
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing


def receive(record: Scoped, name: str, source: IO[bytes], *, actor: Actor, key: str = "") -> Attachment | Block:
    """Check an upload and attach it to ``record``; the ``Block`` if the secrecy check stopped it.

    A block is an answer and not a fault, so that the note of it is committed. The caller says ``blocked_words`` to the user.

    Args:
        source: seekable; read several times.

    Raises:
        Denied: the actor may not attach files there, or it is another organ's record.
        Invalid: too large, of a kind that isn't allowed, not what its name says, or infected.
        Busy: the virus scanner does not answer.
    """
    actor.require("files.attachment.add", record.path)
    row = examine(record, name, source, actor=actor)
    if isinstance(row, Attachment):
        attach([row], actor=actor, key=key)
    return row


def examine(record: Scoped, name: str, source: IO[bytes], *, actor: Actor) -> Attachment | Block:
    """Check an upload and store its content, as ``receive`` does; the attachment is not written yet. For actions that take
    files of their own kind by a right of their own.

    Raises:
        Denied: it is another organ's record.
        Invalid, Busy: as ``receive``.
    """
    if record.path not in actor.scope.write:
        raise Denied(_("附件由记录所属的单位自己维护。"))
    source.seek(0, 2)
    size, limit = source.tell(), settings.SZ_UPLOAD_MB
    if size > limit * 1024 * 1024:
        raise Invalid.one("file", _("文件超过 {n} MB。").format(n=limit), value=name)
    name = kinds.clean_name(name)
    kind = kinds.identify(name, source)
    digest = store.digest_of(source)
    words = list(SecrecyWord.objects.filter(is_active=True).values_list("word", flat=True))
    found = secrecy.find(name, source, words)
    if found and not Block.objects.filter(digest=digest, released_at__isnull=False).exists():
        block = Block(name=name, digest=digest, size=size, words=found)
        block.person_id, block.person_name = actor.person_id, actor.name
        block.node_id, block.path = actor.organ_id, actor.organ_path
        record_blocks([block], actor=actor)
        return block
    scanned = viruses.scan(name, source)
    row = Attachment(
        target_model=record._meta.label_lower, target_id=record.pk, name=name, media_type=kind.media_type, size=size,
        digest=digest, scan=Attachment.Scan.CLEAN if scanned else Attachment.Scan.NONE, has_macros=kind.has_macros,
        uploaded_by=actor.name,
    )  # fmt: skip
    row.follow(record)
    row.node_id = getattr(record, "node_id", None) or actor.organ_id
    store.put(source, digest)
    return row


def blocked_words(block: Block) -> str:
    """What to tell whoever uploaded it."""
    return _(
        "疑似涉密（{words}），已拦截且未保存。本平台严禁处理国家秘密；确属误判，请保密审查人解除后重新上传。"
    ).format(words="、".join(block.words))


def find_target(label: str, pk: UUID) -> Scoped:
    """The record that files hang on, if the actor of the active scope sees it.

    Raises:
        Missing: no such record, or out of sight.
    """
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise Missing() from error
    if not issubclass(model, Scoped) or model.scoping.kind is Kind.FOLLOWS:
        raise Missing()
    found = model._base_manager.filter(pk=pk).first()
    if found is None:
        raise Missing()
    return found


@action("files.attachment.add", event="files.attachment.added")
def attach(w: Write, rows: Sequence[Attachment]) -> Sequence[Attachment]:
    """Attach files that ``receive`` has checked and stored."""
    w.create(*rows)
    return rows


@action("files.attachment.remove", event="files.attachment.removed")
def remove(w: Write, rows: Sequence[Attachment]) -> Sequence[Attachment]:
    """Take files off their records. The contents go with the next clean-up, if nothing else names them."""
    w.delete(*rows)
    return rows


@action("files.attachment.read", permission="")
def note_reading(w: Write, rows: Sequence[Attachment]) -> Sequence[Attachment]:
    """Put in the trail who fetched a file."""
    for row in rows:
        w.note(row, after={"digest": row.digest})
    return rows


@action("files.block.record", permission="", event="files.upload.blocked")
def record_blocks(w: Write, blocks: Sequence[Block]) -> Sequence[Block]:
    """Note uploads that the secrecy check stopped."""
    w.create(*blocks)
    return blocks


@action("files.block.release", handover=True)
def release(w: Write, blocks: Sequence[Block], *, opinion: str) -> Sequence[Block]:
    """Declare that blocked files hold no secrets: uploaded again, they pass (domain §10.3, 保密审查人).

    Raises:
        Invalid: no opinion is given.
        Conflict: one is released already.
    """
    if not opinion.strip():
        raise Invalid.one("opinion", _("请写明审查意见。"))
    now = timezone.now()
    for block in blocks:
        if block.released_at is not None:
            raise Conflict(_("已解除过。"))
        if block.person_id == w.actor.person_id:
            raise Invalid(_("不能审查自己上传的文件。"))
        w.change(block, released_at=now, released_by=w.actor.name, opinion=opinion[:200])
    return blocks


@action("files.word.save")
def save_words(w: Write, rows: Sequence[SecrecyWord], **values: Any) -> Sequence[SecrecyWord]:
    """Add or change words that stop an upload."""
    for row in rows:
        if row._state.adding:
            for name, value in values.items():
                setattr(row, name, value)
            w.create(row)
        else:
            w.change(row, **values)
    return rows


def refollow(records: Sequence[Scoped]) -> None:
    """Bring attachments in step with published records whose audience may have changed. In the running transaction."""
    ids = [record.pk for record in records]
    known = {record.pk: record for record in records}
    label = records[0]._meta.label_lower
    rows = list(Attachment.objects.filter(target_model=label, target_id__in=ids))
    with transaction.atomic():
        for row in rows:
            before = (row.path, row.rule, row.audience)
            row.follow(known[row.target_id])
            if (row.path, row.rule, row.audience) != before:
                row.save(update_fields=["path", "rule", "audience"])
