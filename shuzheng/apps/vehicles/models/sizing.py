"""Right-sizing that was reckoned and is kept: what was asked, and the answer with its proof."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE
from shuzheng.base.core.models import Kind, Record, Scoping


class SizingRun(Record):
    """One reckoning of the fleet that a year's journeys of a place need. It belongs to the organ that asked."""

    class State(models.TextChoices):
        WAITING = "waiting", _("测算中")
        DONE = "done", _("已测算")
        EMPTY = "empty", _("没有行程")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    year = models.PositiveSmallIntegerField(_("年度"), validators=[MinValueValidator(2018), MaxValueValidator(2100)])
    at = models.CharField(_("范围"), max_length=400, db_collation="C", editable=False)
    pooling = models.BooleanField(_("考虑合乘"), default=True)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.WAITING, editable=False)
    asked_by = models.CharField(_("测算人"), max_length=80, editable=False)
    result = models.JSONField(default=dict, editable=False)
    """By service level (per cent, as text): sites, fleet, bound and each car's fate. ``rightsizing`` writes and reads it."""

    class Meta(Record.Meta):
        verbose_name = _("配备测算")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["at", "-created_at"], name="vehicles_sizing_at"),
        ]

    def __str__(self) -> str:
        return f"{self.year}"
