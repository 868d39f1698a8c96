"""Requests for a car (用车申请, 派车单) and runs of vehicles (行车记录).

A trip belongs to the organ that asked. A run belongs to the organ that holds the vehicle; trips that are pooled share one.
What the passenger must know of car and driver is copied into the trip, since the vehicle may lie out of its organ's sight.
"""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shuzheng.apps.vehicles.models.fleet import LINE, Body, Driver, Vehicle
from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping


class Purpose(models.TextChoices):
    """Reasons for a trip (code set ``trip_reason``)."""

    COURIER = "1", _("机要通信")
    EMERGENCY = "2", _("应急")
    ENFORCEMENT = "3", _("执法执勤")
    RESEARCH = "4", _("调研")
    MEETING = "5", _("会议")
    RECEPTION = "6", _("接待")
    GROUP = "7", _("集体活动")
    OTHER = "9", _("其他")


class Reach(models.TextChoices):
    CITY = "city", _("市内")
    PROVINCE = "province", _("市外省内")
    BEYOND = "beyond", _("省外")


class TripState(models.TextChoices):
    """States of a dispatch order (code set ``dispatch_state``)."""

    DEPARTMENT = "01", _("待部门审批")
    REVIEW = "02", pgettext_lazy("trip", "待审核")
    WAITING = "03", _("待派车")
    ASSIGNED = "04", _("已派车")
    ON_ROAD = "05", pgettext_lazy("trip", "出车")
    BACK = "06", pgettext_lazy("trip", "收车")
    CONFIRMED = "07", _("已确认")
    FILED = "08", _("已归档")
    REFUSED = "91", pgettext_lazy("trip", "退回")
    CANCELLED = "92", pgettext_lazy("trip", "取消")
    RENTED = "93", pgettext_lazy("trip", "转社会租赁")


class Run(Record):
    """One drive of a vehicle, from its lot until it is back, for one trip or for several that were pooled."""

    class State(models.TextChoices):
        PLANNED = "planned", _("待出车")
        ACCEPTED = "accepted", _("已接单")
        OUT = "out", _("在途")
        BACK = "back", _("已收车")
        DROPPED = "dropped", _("已取消")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="runs", verbose_name=_("车辆"))
    driver = models.ForeignKey(Driver, on_delete=models.PROTECT, related_name="runs", verbose_name=_("驾驶员"))
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.PLANNED)
    begins = models.DateTimeField(_("计划出车"))
    ends = models.DateTimeField(_("计划收车"))
    accepted_at = models.DateTimeField(_("接单时间"), null=True)
    out_at = models.DateTimeField(_("出车时间"), null=True)
    back_at = models.DateTimeField(_("收车时间"), null=True)
    odometer_out = models.DecimalField(_("起始里程"), max_digits=10, decimal_places=1, null=True)
    odometer_in = models.DecimalField(_("终止里程"), max_digits=10, decimal_places=1, null=True)
    track_km = models.DecimalField(_("定位里程"), max_digits=9, decimal_places=1, null=True)
    energy_out = models.PositiveSmallIntegerField(_("出车油（电）量"), null=True, help_text=_("百分数。"))
    energy_in = models.PositiveSmallIntegerField(_("收车油（电）量"), null=True)
    allowance = models.DecimalField(_("司机补助"), max_digits=10, decimal_places=2, default=0)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("行车记录")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="vehicles_run_span"),
            models.CheckConstraint(
                condition=Q(odometer_in=None) | Q(odometer_in__gte=F("odometer_out")), name="vehicles_run_odometer"
            ),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["vehicle", "begins"], name="vehicles_run_vehicle"),
            models.Index(fields=["driver", "begins"], name="vehicles_run_driver"),
            models.Index(fields=["begins", "path"], name="vehicles_run_when"),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.begins:%Y-%m-%d %H:%M}"

    @property
    def km(self):
        """Kilometres by the odometer; None until it is back."""
        if self.odometer_in is None or self.odometer_out is None:
            return None
        return self.odometer_in - self.odometer_out


class Trip(Record):
    """A request for a car and what came of it: the trip sheet with the fields of domain §3.6."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    sensitive = frozenset({"mobile", "driver_mobile"})
    OPEN = (
        TripState.DEPARTMENT, TripState.REVIEW, TripState.WAITING, TripState.ASSIGNED, TripState.ON_ROAD, TripState.BACK,
    )  # fmt: skip
    SERVED = (TripState.BACK, TripState.CONFIRMED, TripState.FILED)

    number = models.CharField(_("派车单号"), max_length=40, db_collation="C", editable=False)
    state = models.CharField(_("状态"), max_length=2, choices=TripState, default=TripState.DEPARTMENT, editable=False)
    person_id = models.UUIDField(editable=False)
    applicant = models.CharField(_("申请人"), max_length=80, editable=False)
    mobile = EncryptedTextField(_("联系电话"), blank=True, kind="mobile")
    department = models.CharField(_("用车部门"), max_length=80, blank=True)
    passengers = models.CharField(_("乘车人"), max_length=200)
    people = models.PositiveSmallIntegerField(
        _("人数"), default=1, validators=[MinValueValidator(1), MaxValueValidator(60)], help_text=_("不含驾驶员。")
    )
    purpose = models.CharField(_("事由类别"), max_length=2, choices=Purpose)
    subject = models.CharField(_("事由"), max_length=200)
    origin = models.CharField(_("出发地"), max_length=80)
    via = models.CharField(_("途经"), max_length=200, blank=True)
    destination = models.CharField(_("目的地"), max_length=80)
    stops = models.JSONField(default=list, editable=False)
    """Origin, stops and destination that are known places: ``{"name", "lon", "lat"}``, WGS-84."""
    planned_km = models.DecimalField(
        _("预计里程"), max_digits=7, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    reach = models.CharField(_("行程范围"), max_length=8, choices=Reach, default=Reach.CITY)
    begins = models.DateTimeField(_("计划出发"))
    ends = models.DateTimeField(_("计划返回"))
    body = models.CharField(_("所需车型"), max_length=2, choices=Body, blank=True)
    may_pool = models.BooleanField(_("可与他人合乘"), default=True)
    is_emergency = models.BooleanField(_("紧急用车"), default=False, help_text=_("先派车，24 小时内补办手续。"))
    case_id = models.UUIDField(null=True, editable=False)
    paper_due = models.DateTimeField(_("补办时限"), null=True, editable=False)
    approved_at = models.DateTimeField(_("批准时间"), null=True, editable=False)
    provider = models.ForeignKey(
        "org.Node", on_delete=models.PROTECT, null=True, editable=False, related_name="+", verbose_name=_("派车单位")
    )
    run = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, editable=False, related_name="trips", verbose_name=_("行车记录")
    )
    car = models.CharField(_("车辆"), max_length=100, blank=True, editable=False)
    driver_name = models.CharField(_("驾驶员"), max_length=60, blank=True, editable=False)
    driver_mobile = EncryptedTextField(_("驾驶员电话"), blank=True, kind="mobile", editable=False)
    meet_at = models.CharField(_("出车地点"), max_length=80, blank=True)
    return_to = models.CharField(_("交车地点"), max_length=80, blank=True)
    route = models.CharField(_("行驶路线"), max_length=200, blank=True)
    dispatched_by = models.CharField(_("调度员"), max_length=80, blank=True, editable=False)
    dispatched_at = models.DateTimeField(_("派车时间"), null=True, editable=False)
    why = models.JSONField(default=list, editable=False)
    """Reasons of the proposal that was accepted, as codes with their values (``planning``)."""
    out_at = models.DateTimeField(_("出车时间"), null=True, editable=False)
    back_at = models.DateTimeField(_("收车时间"), null=True, editable=False)
    km = models.DecimalField(_("里程"), max_digits=9, decimal_places=1, null=True, editable=False)
    tolls = models.DecimalField(_("过路费"), max_digits=10, decimal_places=2, null=True, editable=False)
    parking = models.DecimalField(_("停车费"), max_digits=10, decimal_places=2, null=True, editable=False)
    cost = models.DecimalField(_("费用合计"), max_digits=12, decimal_places=2, null=True, editable=False)
    rating = models.PositiveSmallIntegerField(_("评分"), null=True, editable=False)
    remark = models.CharField(_("评价"), max_length=200, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("确认时间"), null=True, editable=False)
    reason = models.CharField(_("退回或取消原因"), max_length=200, blank=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("派车单")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "number"], name="vehicles_trip_number"),
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="vehicles_trip_span"),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["begins", "path"], name="vehicles_trip_when"),
            models.Index(fields=["state", "path"], name="vehicles_trip_state"),
            models.Index(fields=["person_id", "-begins"], name="vehicles_trip_person"),
            models.Index(fields=["case_id"], name="vehicles_trip_case"),
        ]

    def __str__(self) -> str:
        return self.number
