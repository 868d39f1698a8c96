"""Files attached to records, and uploads that were stopped because they may hold state secrets."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Following, Kind, Published, Record, Scoping


class Attachment(Following, Record):
    """A file on a record; seen by those who see the record. The content lies in the storage under its SM3 digest."""

    class Scan(models.TextChoices):
        CLEAN = "clean", _("已查毒")
        NONE = "none", _("未查毒")

    target_model = models.CharField(max_length=80, editable=False)
    target_id = models.UUIDField(editable=False)
    name = models.CharField(_("文件名"), max_length=150)
    media_type = models.CharField(_("类型"), max_length=100)
    size = models.PositiveBigIntegerField(_("大小"))
    digest = models.CharField(_("SM3"), max_length=64)
    scan = models.CharField(_("病毒扫描"), max_length=5, choices=Scan)
    has_macros = models.BooleanField(_("含宏"), default=False)
    uploaded_by = models.CharField(_("上传人"), max_length=80)

    class Meta(Record.Meta):
        verbose_name = _("附件")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["target_model", "target_id"], name="files_attachment_target"),
            models.Index(fields=["digest"], name="files_attachment_digest"),
        ]

    def __str__(self) -> str:
        return self.name


class Block(Record):
    """An upload that was stopped by the secrecy check (domain §10.3). The file itself was not kept; its digest was.

    Released, the same file passes when it is uploaded again.
    """

    scoping = Scoping(Kind.SUPERVISED)

    name = models.CharField(_("文件名"), max_length=150)
    digest = models.CharField(_("SM3"), max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(_("大小"))
    words = models.JSONField(_("命中"), default=list)
    person_id = models.UUIDField(editable=False)
    person_name = models.CharField(_("上传人"), max_length=80)
    released_at = models.DateTimeField(_("解除时间"), null=True)
    released_by = models.CharField(_("审查人"), max_length=80, blank=True)
    opinion = models.CharField(_("审查意见"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("保密拦截")

    def __str__(self) -> str:
        return self.name


class SecrecyWord(Published):
    """A word that stops an upload, besides the marks that the law prescribes; holds for the issuer's division and below."""

    scoping = Scoping(Kind.PUBLISHED)

    word = models.CharField(_("词"), max_length=60)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta(Published.Meta):
        verbose_name = _("保密词")

    def __str__(self) -> str:
        return self.word
