"""A proposal for a day that is too large to be made while a page waits: asked for, made by a job, kept until it is dropped."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping


class Proposal(Record):
    """The plan of one organ's day; a new one takes the place of the one before. Nothing of it holds until it is taken over."""

    class State(models.TextChoices):
        WAITING = "waiting", _("正在排")
        DONE = "done", _("已排好")

    scoping = Scoping(Kind.INTERNAL)

    day = models.DateField(_("日期"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING, editable=False)
    asked_by = models.CharField(_("调度员"), max_length=80, editable=False)
    rides = models.PositiveIntegerField(_("申请数"), editable=False)
    job_id = models.UUIDField(editable=False)
    """The ``JobRun`` that makes it."""
    result = models.JSONField(default=dict, editable=False)
    """The plan as plain data (``proposals.kept``)."""

    class Meta(Record.Meta):
        verbose_name = _("建议方案")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "day"], name="vehicles_proposal_once")]

    def __str__(self) -> str:
        return str(self.day)
