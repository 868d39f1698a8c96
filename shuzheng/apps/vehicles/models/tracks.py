"""Where vehicles are and were: terminals, positions of the days that still run, sealed tracks of the days before, fences.

A track is sensitive personal information (个人信息保护法 Art. 28). Positions lie open only as long as their day is being
judged; then they become one encrypted text for each vehicle and day, and age out by rule.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE, Vehicle
from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoped, Scoping
from shuzheng.base.org.models import Node

SLOTS = 32
"""Partitions of the positions: a day's rows lie in that of its number modulo this. Days are sealed long before it comes round."""


def slot_of(day: date) -> int:
    """The partition in which the positions of ``day`` (Beijing) lie."""
    return day.toordinal() % SLOTS


class Terminal(Record):
    """A positioning terminal. It is let in by its number (the SIM's, as JT/T 808 sends it) and a code made when it registers."""

    class Edition(models.IntegerChoices):
        Y2011 = 2011, "JT/T 808-2011"
        Y2013 = 2013, "JT/T 808-2013"
        Y2019 = 2019, "JT/T 808-2019"

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    sensitive = frozenset({"sim", "code_hash"})

    number = models.CharField(
        _("终端号"), max_length=20, validators=[RegexValidator(r"^[1-9][0-9]{0,19}\Z", _("终端号为数字，前面不写 0。"))],
        help_text=_("终端手机号，前面的 0 不写。"),
    )  # fmt: skip
    edition = models.PositiveSmallIntegerField(_("协议版本"), choices=Edition, default=Edition.Y2019)
    maker = models.CharField(_("制造商"), max_length=60, blank=True)
    model = models.CharField(_("终端型号"), max_length=30, blank=True)
    device = models.CharField(_("终端 ID"), max_length=30, blank=True, help_text=_("留空时由终端注册时报来。"))
    sim = EncryptedTextField(_("SIM 卡号"), kind="bank", blank=True)
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, related_name="terminals", verbose_name=_("车辆"),
    )  # fmt: skip
    in_use = models.BooleanField(_("启用"), default=True)
    code_hash = models.CharField(max_length=64, blank=True, editable=False)
    registered_at = models.DateTimeField(_("注册时间"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("定位终端")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], name="vehicles_terminal_number"),
            models.UniqueConstraint(
                fields=["vehicle"], condition=Q(in_use=True), name="vehicles_terminal_one",
                violation_error_message=_("这辆车已有启用的终端。"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class Position(Scoped):
    """One position. Written by the gateway, set-wise; deleted when its day is sealed. (vehicle, time) tells it."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    pk = models.CompositePrimaryKey("slot", "vehicle_id", "at")
    slot = models.PositiveSmallIntegerField(default=0)
    vehicle_id = models.UUIDField()
    node = models.ForeignKey(Node, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    at = models.DateTimeField(_("定位时间"))
    lon = models.IntegerField(_("经度"), help_text=_("百万分之一度，WGS-84。"))
    lat = models.IntegerField(_("纬度"), help_text=_("百万分之一度，WGS-84。"))
    altitude = models.IntegerField(_("海拔"))
    speed = models.IntegerField(_("速度"), help_text=_("0.1 km/h。"))
    direction = models.IntegerField(_("方向"))
    status = models.BigIntegerField(_("状态位"))
    alarm = models.BigIntegerField(_("报警位"))
    mileage = models.BigIntegerField(_("里程"), null=True, help_text=_("0.1 km。"))
    fuel = models.IntegerField(_("油量"), null=True, help_text=_("0.1 L。"))
    satellites = models.PositiveSmallIntegerField(_("卫星数"), null=True)
    received_at = models.DateTimeField(_("接收时间"))
    late = models.BooleanField(_("补传"))

    class Meta:
        verbose_name = _("定位点")


class Place(Scoped):
    """Where a vehicle was last, and when its terminal was last heard: what the live map shows."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.OneToOneField(Vehicle, on_delete=models.CASCADE, primary_key=True, related_name="place")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, db_index=False, related_name="+")
    at = models.DateTimeField(_("定位时间"))
    lon = models.IntegerField()
    lat = models.IntegerField()
    speed = models.IntegerField()
    direction = models.IntegerField()
    status = models.BigIntegerField()
    mileage = models.BigIntegerField(null=True)
    heard_at = models.DateTimeField(_("接收时间"))
    moved_at = models.DateTimeField(_("写入时间"), db_index=True)
    watched: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    """What the judgement of the next positions has to know of those before (``watching.State``)."""

    class Meta:
        verbose_name = _("车辆位置")
        indexes: ClassVar = [models.Index(fields=["path"], name="vehicles_place_scope")]


class Intake(models.Model):
    """Positions that were stored and are not judged yet: by vehicle the first and last time. Emptied within seconds."""

    spans: models.JSONField[Any, Any] = models.JSONField()

    class Meta:
        verbose_name = _("待研判定位")


class Fence(Record):
    """An area that says something about the vehicles of its owner and of the organs below it.

    ``shape``: ``{"circle": [lon, lat, metres]}`` or ``{"polygon": [[lon, lat], …]}``, degrees of WGS-84.
    """

    class Area(models.TextChoices):
        HOME = "home", _("定点停放地")
        REGION = "region", _("使用区域")
        SENSITIVE = "sensitive", _("敏感场所")
        FORBIDDEN = "forbidden", _("禁入区域")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    name = models.CharField(_("名称"), max_length=60)
    area = models.CharField(_("类别"), max_length=10, choices=Area)
    shape: models.JSONField[Any, Any] = models.JSONField(
        _("范围"),
        help_text=_('圆：{"circle": [经度, 纬度, 半径（米）]}；多边形：{"polygon": [[经度, 纬度], …]}。WGS-84。'),
    )
    in_use = models.BooleanField(_("启用"), default=True)

    class Meta(Record.Meta):
        verbose_name = _("电子围栏")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "name"], name="vehicles_fence_name")]

    def __str__(self) -> str:
        return self.name


class TrackDay(Scoped):
    """A vehicle's positions of one day (Beijing), encrypted as one text, with what may be known without opening it."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+", verbose_name=_("车辆"))
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(_("日期"))
    count = models.PositiveIntegerField(_("点数"))
    metres = models.PositiveBigIntegerField(_("轨迹里程"), help_text=_("米。"))
    begins_at = models.DateTimeField(_("首点时间"))
    ends_at = models.DateTimeField(_("末点时间"))
    sealed = EncryptedTextField(_("轨迹"))
    noted: models.JSONField[Any, Any] = models.JSONField(default=dict, editable=False)
    """What supervision may know without opening it (``staying.noted``); no place that is not registered."""

    class Meta:
        verbose_name = _("日轨迹")
        constraints: ClassVar = [models.UniqueConstraint(fields=["vehicle", "day"], name="vehicles_trackday_once")]
        indexes: ClassVar = [models.Index(fields=["path", "day"], name="vehicles_trackday_scope")]


class TrackAccess(Record):
    """Somebody looked at a track: who (the trail and ``by``), why, whose, which days. Belongs to the looker's organ."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+", verbose_name=_("车辆"))
    by = models.CharField(_("查看人"), max_length=60)
    post = models.UUIDField(_("岗位"), editable=False)
    why = models.CharField(_("查看事由"), max_length=200)
    since = models.DateField(_("起"))
    until = models.DateField(_("止"))

    class Meta(Record.Meta):
        verbose_name = _("轨迹查看记录")
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.since}"
