"""What a vehicle was before it changed: so that a period that is over is told as it was at its end."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE, Marking, Use, Vehicle, VehicleState
from shuzheng.base.core.models import Kind, Record, Scoping


class Former(Record):
    """Holder, use, state and marking of a vehicle until a day, from the one before it (or the beginning) on.

    A day that is over counts by the first of these that ends after it, else by the vehicle itself. ``node`` is the holder of
    that time; ``path`` stays with the vehicle, so that a successor can tell what it took over from what it held.
    """

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.ForeignKey(Vehicle, on_delete=models.CASCADE, related_name="formers", verbose_name=_("车辆"))
    until = models.DateField(_("失效日期"))
    """The first day on which it was no longer so."""
    use = models.CharField(_("用途类型"), max_length=2, choices=Use)
    state = models.CharField(_("状态"), max_length=2, choices=VehicleState)
    marking = models.CharField(_("标识"), max_length=6, choices=Marking)

    class Meta(Record.Meta):
        verbose_name = _("车辆历史状态")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["vehicle", "until"], name="vehicles_former_once"),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.until}"
