"""Who is at the wheel by the driver's card: put in when the drive begins, taken out when it ends (JT/T 808, 0x0702)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE, Driver, Vehicle
from shuzheng.apps.vehicles.models.trips import Run
from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping


class CardRead(Record):
    """A driver's card went in or out. (vehicle, time, which) tells it.

    ``result``: 0 the card was read, 1 to 4 why not; None when it went out. ``driver``: whose certificate number it is, if a
    driver of the vehicle's organ or of its run has it. ``run``: the run at that time. ``differs``: another drives than was sent.
    """

    class Way(models.IntegerChoices):
        IN = 1, _("上岗")
        OUT = 2, _("下岗")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    sensitive = frozenset({"certificate"})

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+", verbose_name=_("车辆"))
    at = models.DateTimeField(_("时间"))
    way = models.PositiveSmallIntegerField(_("刷卡"), choices=Way)
    result = models.PositiveSmallIntegerField(_("读卡结果"), null=True)
    name = models.CharField(_("卡上姓名"), max_length=60, blank=True)
    certificate = EncryptedTextField(_("从业资格证号"), blank=True, kind="identity")
    driver = models.ForeignKey(
        Driver, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("驾驶员")
    )  # fmt: skip
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="cards", verbose_name=_("行车记录"))
    differs = models.BooleanField(_("与派车不符"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("驾驶员刷卡")
        constraints: ClassVar = [models.UniqueConstraint(fields=["vehicle", "at", "way"], name="vehicles_card_once")]

    def __str__(self) -> str:
        return f"{self.who} {self.get_way_display()}"

    @property
    def who(self) -> str:
        """As the register has the driver, or as the card has it."""
        return str(self.driver.person) if self.driver is not None else self.name
