"""What terminals are told to do: who said so and why, whether it was sent, what the terminal answered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.apps.vehicles.models.tracks import Terminal
from shuzheng.base.core.models import Kind, Record, Scoping


class Command(Record):
    """One command to one terminal. The gateway sends it while the terminal is connected; until ``until`` it waits for that.

    ``content``: ``{"text", "spoken"}`` of a text, ``{"parameters": {number: value}}`` of a setting. ``answer``: what came
    back: ``{"parameters": {number: value}}``, ``{"properties": {…}}``, ``{"at"}`` of a position, ``{"result"}`` of a refusal.
    """

    class Sort(models.TextChoices):
        TEXT = "text", _("下发文本")
        LOCATE = "locate", _("查询位置")
        READ = "read", _("读取参数")
        SET = "set", _("设置参数")
        PROPERTIES = "properties", _("读取属性")

    class State(models.TextChoices):
        WAITING = "waiting", _("等待终端上线")
        SENT = "sent", _("已下发")
        DONE = "done", _("终端已应答")
        REFUSED = "refused", _("终端拒绝")
        EXPIRED = "expired", _("已过期")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    OPEN = (State.WAITING, State.SENT)

    terminal = models.ForeignKey(
        Terminal, on_delete=models.PROTECT, related_name="commands", verbose_name=_("定位终端")
    )
    kind = models.CharField(_("指令"), max_length=10, choices=Sort)
    content: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    why = models.CharField(_("下发事由"), max_length=200)
    by = models.CharField(_("下发人"), max_length=80, editable=False)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING, editable=False)
    until = models.DateTimeField(_("有效至"), editable=False)
    tries = models.PositiveSmallIntegerField(_("下发次数"), default=0, editable=False)
    sent_at = models.DateTimeField(_("下发时间"), null=True, editable=False)
    answered_at = models.DateTimeField(_("应答时间"), null=True, editable=False)
    answer: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("终端指令")
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["-created_at", "id"], name="vehicles_command_when"),
            models.Index(fields=["terminal", "-created_at"], name="vehicles_command_terminal"),
            models.Index(
                fields=["created_at"], name="vehicles_command_open", condition=Q(state__in=["waiting", "sent"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terminal} {self.get_kind_display()}"
