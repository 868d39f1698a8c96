"""The outbox: facts that were published, in the transaction that made them true, and who has taken them up."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping
from shuzheng.kernel.ids import uuid7


class Event(models.Model):
    """A published fact. Holds ids and masks only, so it has no row policy; subscribers read the records in their own scope.

    ``seq`` is given by the dispatcher once the fact is committed: numbers follow commits, none is missing or late.
    ``origin`` names the home server that published it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    name = models.CharField(_("事件"), max_length=80)
    schema = models.PositiveSmallIntegerField(_("版本"), default=1)
    origin = models.CharField(_("主站"), max_length=40, blank=True)
    at = models.DateTimeField(_("时间"))
    actor = models.CharField(_("岗位"), max_length=60)
    path = models.CharField(_("单位路径"), max_length=255, db_collation="C")
    ids = models.JSONField(_("记录"), default=list)
    payload = models.JSONField(_("内容"), default=dict)

    class Meta:
        verbose_name = _("事件")
        indexes: ClassVar = [
            models.Index(fields=["name", "at"], name="events_event_name"),
            models.Index(fields=["at", "id"], name="events_event_new", condition=models.Q(seq=None)),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"


class Delivery(models.Model):
    """One event for one subscriber. Its state changes in the transaction of the effects: once in effect, whatever fails."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待处理")
        DONE = "done", _("已处理")
        DEAD = "dead", _("未能处理")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(_("订阅方"), max_length=80)
    seq = models.BigIntegerField()
    origin = models.CharField(max_length=40, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("次数"), default=0)
    due = models.DateTimeField(_("下次"), auto_now_add=True)
    error = models.CharField(_("原因"), max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("事件处理")
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "subscriber"], name="events_delivery_once")]
        indexes: ClassVar = [
            models.Index(
                fields=["subscriber", "seq"], name="events_delivery_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["due"], name="events_delivery_dead", condition=models.Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} {self.seq}"


class Webhook(Record):
    """An address outside that is told of events within the owner's subtree. Off unless ``SZ_WEBHOOKS`` is on."""

    scoping = Scoping(Kind.INTERNAL)
    sensitive = frozenset({"secret"})

    name = models.CharField(_("用途"), max_length=60)
    url = models.URLField(_("地址"), max_length=400)
    events = ArrayField(models.CharField(max_length=80), verbose_name=_("事件"))
    secret = EncryptedTextField(_("签名密钥"))
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta(Record.Meta):
        verbose_name = _("外部订阅")

    def __str__(self) -> str:
        return self.name
