"""What is noticed about the use of vehicles: warnings with their way to a decision, marks, and what the public reports.

A warning belongs to the organ that uses the vehicle; a report of the public to the authority that handles it, so that the
organ it is about does not learn who reported.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shuzheng.apps.vehicles.models.fleet import LINE, Vehicle
from shuzheng.apps.vehicles.models.trips import Run, Trip
from shuzheng.base.core.keys import EncryptedTextField
from shuzheng.base.core.models import Kind, Record, Scoping


class Warned(models.TextChoices):
    """Kinds of warnings (code set ``vehicle_warning``)."""

    NO_ORDER = "01", _("无单用车")
    OVERDUE = "02", _("超时未还")
    OFF_ROUTE = "03", _("偏离路线")
    OUTSIDE = "04", _("越界")
    OFF_HOURS = "05", _("节假日或夜间动车")
    LOCKED = "06", _("封存动车")
    SPEEDING = "07", _("超速")
    SENSITIVE = "08", _("敏感场所长时停留")
    THIRSTY = "09", _("油耗异常")
    KM = "10", _("里程差异")
    EXPIRY = "11", _("保险、年检、驾照到期")
    OFFLINE = "12", _("设备离线")
    PAPERWORK = "13", pgettext_lazy("warning", "紧急用车未补手续")
    OVER = "14", _("超编制或超标准")
    TITLE = "15", _("登记在他人名下")
    REPAIR = "16", _("维修费用异常")
    FIXED = "17", _("疑似固定给个人使用")
    LENT = "18", _("出借车辆")
    REFUEL = "19", _("加油充电异常")
    PRIVATE = "20", _("公车私用嫌疑")
    PUBLIC = "21", pgettext_lazy("warning", "群众反映")
    DRIVER = "22", _("刷卡驾驶员不符")


class Colour(models.TextChoices):
    """Colours of warnings (code set ``warning_colour``)."""

    GREEN = "1", _("绿")
    AMBER = "2", _("黄")
    RED = "3", _("红")


class Violation(models.TextChoices):
    """The nine kinds of violations (code set ``vehicle_violation``; 《党政机关公务用车管理办法》; domain §3.5)."""

    OVER = "1", _("超编制、超标准配备")
    TITLE = "2", _("违规登记在他人名下")
    PRIVATE = "3", _("公车私用、私车公养")
    BORROWED = "4", _("换用、借用、占用或擅自受赠")
    FIXED = "5", _("挪用或固定给个人使用执法、机要等车")
    LUXURY = "6", _("增加高档配置或豪华内饰")
    EXPENSES = "7", _("维修等费用虚列名目")
    DISPOSAL = "8", _("违规处置")
    OTHER = "9", _("其他")


class Alert(Record):
    """A warning: what was noticed, by which rules, what the unit says of it, and what the authority decides.

    ``evidence``: ``{"facts": [{"what", "value", "limit", "unit", "rule", "article"}], "about": [{"model", "pk", "text"}],
    "points": [{"part", "points", "rule"}], "colour": [{"why", …}]}``; ``rule`` is the id of the edition that judged.
    """

    class State(models.TextChoices):
        NOTED = "noted", _("提醒")
        OPEN = "open", _("待说明")
        EXPLAINED = "explained", _("待认定")
        DECIDED = "decided", _("已认定")
        APPEALED = "appealed", _("申诉中")
        FINAL = "final", _("已办结")

    class Outcome(models.TextChoices):
        NONE = "none", _("不构成违规")
        VIOLATION = "violation", _("构成违规")
        LAPSED = "lapsed", _("情形已消除")

    PENDING = (State.NOTED, State.OPEN, State.EXPLAINED, State.APPEALED)
    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    code = models.CharField(_("类型"), max_length=2, choices=Warned, editable=False)
    colour = models.CharField(_("颜色"), max_length=1, choices=Colour, editable=False)
    key = models.CharField(max_length=160, db_collation="C", editable=False)
    """What makes it the same warning: the same thing noticed twice is one."""
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.PROTECT, null=True, editable=False, related_name="alerts", verbose_name=_("车辆")
    )
    run = models.ForeignKey(
        Run, on_delete=models.SET_NULL, null=True, editable=False, related_name="alerts", verbose_name=_("行车记录")
    )
    trip = models.ForeignKey(
        Trip, on_delete=models.SET_NULL, null=True, editable=False, related_name="alerts", verbose_name=_("派车单")
    )
    begins = models.DateTimeField(_("发生时间"), editable=False)
    ends = models.DateTimeField(_("结束时间"), null=True, editable=False)
    score = models.PositiveSmallIntegerField(_("嫌疑分值"), null=True, editable=False)
    evidence = models.JSONField(default=dict, editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.OPEN, editable=False)
    explain_due = models.DateField(_("说明时限"), null=True, editable=False)
    explanation = models.CharField(_("单位说明"), max_length=1000, blank=True, editable=False)
    explained_by = models.CharField(_("说明人"), max_length=80, blank=True, editable=False)
    explained_at = models.DateTimeField(_("说明时间"), null=True, editable=False)
    outcome = models.CharField(_("结论"), max_length=10, choices=Outcome, blank=True, editable=False)
    violation = models.CharField(_("违规情形"), max_length=1, choices=Violation, blank=True, editable=False)
    decision = models.CharField(_("认定理由"), max_length=1000, blank=True, editable=False)
    decided_by = models.CharField(_("认定人"), max_length=80, blank=True, editable=False)
    decided_at = models.DateTimeField(_("认定时间"), null=True, editable=False)
    decider = models.UUIDField(null=True, editable=False)
    """The person who decided: somebody else hears the appeal."""
    appeal_due = models.DateField(_("申诉时限"), null=True, editable=False)
    appeal = models.CharField(_("申诉理由"), max_length=1000, blank=True, editable=False)
    appealed_by = models.CharField(_("申诉人"), max_length=80, blank=True, editable=False)
    appealed_at = models.DateTimeField(_("申诉时间"), null=True, editable=False)
    ruling = models.CharField(_("复核意见"), max_length=1000, blank=True, editable=False)
    ruled_by = models.CharField(_("复核人"), max_length=80, blank=True, editable=False)
    closed_at = models.DateTimeField(_("办结时间"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("用车预警")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node", "key"], name="vehicles_alert_once"),
            models.CheckConstraint(
                condition=~Q(outcome="violation") | ~Q(violation=""), name="vehicles_alert_violation"
            ),
            models.CheckConstraint(condition=~Q(state="final") | ~Q(outcome=""), name="vehicles_alert_final"),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["state", "path"], name="vehicles_alert_state"),
            models.Index(fields=["vehicle", "code", "begins"], name="vehicles_alert_vehicle"),
            models.Index(fields=["-begins", "id"], name="vehicles_alert_when"),
        ]

    def __str__(self) -> str:
        plate = self.vehicle.plate if self.vehicle is not None else str(self.node)
        return f"{plate} {self.get_code_display()}"


class Mark(Record):
    """The mark on a vehicle that the public may scan (标识码). ``token`` is random and says nothing; a new one voids the old."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.OneToOneField(Vehicle, on_delete=models.CASCADE, related_name="mark", verbose_name=_("车辆"))
    token = models.CharField(max_length=32, unique=True, db_collation="C", editable=False)

    class Meta(Record.Meta):
        verbose_name = _("监督标识码")

    def __str__(self) -> str:
        return str(self.vehicle)


class Tip(Record):
    """What somebody of the public reports about a vehicle. Kept by the authority; contact encrypted, and never required."""

    class State(models.TextChoices):
        NEW = "new", _("待处理")
        TAKEN = "taken", _("已转预警")
        DISMISSED = "dismissed", _("不予受理")

    scoping = Scoping(Kind.SUPERVISED, line=LINE)
    sensitive = frozenset({"contact"})

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+", verbose_name=_("车辆"))
    seen_at = models.DateTimeField(_("看到的时间"))
    place = models.CharField(_("地点"), max_length=120)
    what = models.CharField(_("情况"), max_length=500)
    contact = EncryptedTextField(_("联系方式"), blank=True, kind="mobile")
    ticket = models.CharField(max_length=60, unique=True, db_collation="C", editable=False)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.NEW, editable=False)
    note = models.CharField(_("处理意见"), max_length=300, blank=True, editable=False)
    handled_by = models.CharField(_("处理人"), max_length=80, blank=True, editable=False)
    handled_at = models.DateTimeField(_("处理时间"), null=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("群众反映")
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["state", "path"], name="vehicles_tip_state")]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.seen_at:%Y-%m-%d}"
