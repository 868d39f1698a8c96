"""The outbox: facts that were published, in the transaction that made them true."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.kernel.ids import uuid7


class Event(models.Model):
    """A published fact. Holds ids and masks only, so it has no row policy; subscribers read the records in their own scope."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
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
        indexes: ClassVar = [models.Index(fields=["name", "at"], name="events_event_name")]

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S}"
