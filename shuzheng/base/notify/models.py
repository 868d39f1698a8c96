"""Notices, who got and read them, and what waits for somebody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import CaseRecord, Kind, Record, Scoping


class Worded(models.Model):
    """Text of a person (``title``), or of the program: a template's name and values, said in the reader's language."""

    title = models.CharField(_("标题"), max_length=120)
    template = models.CharField(max_length=80, blank=True, editable=False)
    values = models.JSONField(default=dict, blank=True, editable=False)
    link = models.CharField(_("链接"), max_length=300, blank=True)

    class Meta:
        abstract = True

    @property
    def words(self) -> str:
        """The title in the language that is active."""
        from shuzheng.base.notify.texts import title

        return title(self)

    def __str__(self) -> str:
        return self.title


class Notice(CaseRecord, Worded):
    """A notice, kept by the organ that sent it. Addressees read it as participants of its case (``case_id`` is its id)."""

    scoping = Scoping(Kind.CASE)

    body = models.TextField(_("正文"), blank=True)
    must_read = models.BooleanField(_("必读"), default=False)
    sender_name = models.CharField(_("发送人"), max_length=80)
    sender_organ = models.CharField(_("发送单位"), max_length=120)
    due = models.DateTimeField(_("请于此前阅读"), null=True, blank=True)
    addressees = models.PositiveIntegerField(_("发送份数"), default=0)
    reminded_at = models.DateTimeField(_("最近催阅"), null=True)

    class Meta(CaseRecord.Meta):
        verbose_name = _("通知")


class Receipt(CaseRecord, Worded):
    """A notice as one addressee has it: an organ or department (any of its people reads it for all), or a post.

    Its sender sees it too, as a participant of the notice's case: who has read, and when.
    """

    scoping = Scoping(Kind.CASE)

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="receipts")
    post_id = models.UUIDField(null=True, editable=False)
    post_name = models.CharField(max_length=120, blank=True, editable=False)
    sender_organ = models.CharField(_("发送单位"), max_length=120)
    must_read = models.BooleanField(_("必读"), default=False)
    sent_at = models.DateTimeField(_("时间"))
    read_at = models.DateTimeField(_("阅读时间"), null=True)
    read_by = models.CharField(_("阅读人"), max_length=80, blank=True)

    class Meta(CaseRecord.Meta):
        verbose_name = _("通知回执")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["notice", "node", "post_id"], name="notify_receipt_once", nulls_distinct=False
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["path", "sent_at"], name="notify_receipt_inbox"),
            models.Index(fields=["path"], name="notify_receipt_unread", condition=models.Q(read_at=None)),
            models.Index(fields=["post_id"], name="notify_receipt_post", condition=models.Q(read_at=None)),
        ]


class Preference(Record):
    """The channels by which a person wants to hear of notices beside the portal."""

    scoping = Scoping(Kind.INTERNAL)

    person_id = models.UUIDField(unique=True, editable=False)
    channels = models.JSONField(_("渠道"), default=list)

    class Meta(Record.Meta):
        verbose_name = _("通知方式")

    def __str__(self) -> str:
        return ", ".join(self.channels)


class Todo(Record, Worded):
    """Something that waits for an organ, or for one post in it, until it is closed by what was waited for."""

    scoping = Scoping(Kind.INTERNAL)

    kind = models.CharField(_("类别"), max_length=60)
    post_id = models.UUIDField(null=True, editable=False)
    permission = models.CharField(max_length=80, blank=True, editable=False)
    due = models.DateTimeField(_("期限"), null=True, blank=True)
    source_model = models.CharField(max_length=80, editable=False)
    source_id = models.CharField(max_length=40, editable=False)
    closed_at = models.DateTimeField(_("办结时间"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("待办")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_model", "source_id", "kind", "node", "post_id"],
                condition=models.Q(closed_at=None),
                nulls_distinct=False,
                name="notify_todo_open",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["path", "due"], name="notify_todo_waiting", condition=models.Q(closed_at=None)),
        ]
