"""The trail: who did what to which record, before and after. Written in the action's transaction, sealed afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Scoped, Scoping
from shuzheng.kernel.ids import uuid7


class Entry(Scoped):
    """One entry, never changed: the running role may only insert and read. ``path`` is that of the record it is about.

    ``xid`` is the transaction that wrote it: the sealer finds by it what was committed since it looked last.
    """

    scoping = Scoping(Kind.SUPERVISED, line="audit", insert_only=True)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("时间"))
    action = models.CharField(_("事项"), max_length=80)
    actor = models.CharField(_("岗位"), max_length=60)
    person_id = models.UUIDField(_("人员"), null=True)
    actor_name = models.CharField(_("姓名"), max_length=80)
    actor_organ = models.CharField(_("单位"), max_length=120, blank=True)
    actor_path = models.CharField(max_length=255, blank=True)
    model = models.CharField(_("对象类别"), max_length=80)
    object_id = models.CharField(_("对象"), max_length=80)
    label = models.CharField(_("对象名称"), max_length=200)
    before = models.JSONField(_("之前"), default=dict)
    after = models.JSONField(_("之后"), default=dict)
    handed_over = models.BooleanField(_("代管"), default=False)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    key = models.CharField(max_length=80, blank=True)
    origin = models.JSONField(_("来源"), default=dict)
    xid = models.BigIntegerField(
        editable=False,
        db_default=Cast(
            Cast(models.Func(function="pg_current_xact_id", output_field=models.TextField()), models.TextField()),
            models.BigIntegerField(),
        ),
    )

    class Meta:
        verbose_name = _("审计记录")
        indexes: ClassVar = [
            models.Index(fields=["model", "object_id", "at"], name="audit_entry_object"),
            models.Index(fields=["path", "at"], name="audit_entry_scope"),
            models.Index(fields=["at", "id"], name="audit_entry_at"),
            models.Index(fields=["xid"], name="audit_entry_xid"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.label}"


class Link(models.Model):
    """A link of the chain: ``digest`` is SM3 over the link before, the number and the entry. Insert-only, no content."""

    insert_only: ClassVar[bool] = True

    seq = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("审计链")

    def __str__(self) -> str:
        return f"{self.seq} {self.digest[:12]}"


class Sealing(models.Model):
    """How far the sealer has looked: the one row of this server.

    ``floor``: transactions below were all over when it looked last. ``cluster``: the database cluster whose transaction
    numbers they are; after a restore into another one the numbers mean nothing, and the sealer looks at everything once.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    floor = models.BigIntegerField(default=0)
    cluster = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("封存进度")

    def __str__(self) -> str:
        return str(self.floor)
