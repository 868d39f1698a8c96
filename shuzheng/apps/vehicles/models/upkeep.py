"""What is paid for a vehicle, each figure with its voucher (单车核算, 《机关事务管理条例》第二十六条)."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.models.fleet import LINE, Driver, Vehicle
from shuzheng.apps.vehicles.models.trips import Run, Trip
from shuzheng.base.core.models import Kind, Record, Scoping


def money(label: str, **options) -> models.DecimalField:
    return models.DecimalField(label, max_digits=12, decimal_places=2, validators=[MinValueValidator(0)], **options)


class Expense(Record):
    """What all costs of a vehicle have in common. ``amount`` in yuan; ``voucher`` is the number of the bill."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("车辆"))
    day = models.DateField(_("日期"))
    amount = money(_("金额"), default=0)
    voucher = models.CharField(_("凭证号"), max_length=40, blank=True)
    party = models.ForeignKey(
        "masters.Party", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("定点单位")
    )
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        abstract = True
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["vehicle", "day"], name="vehicles_%(class)s_day"),
            models.Index(fields=["day", "path"], name="vehicles_%(class)s_when"),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.day:%Y-%m-%d}"


class Refuel(Expense):
    """Fuel or electricity taken in. ``quantity`` is litres, or kilowatt-hours for charging."""

    class Sort(models.TextChoices):
        FUEL = "fuel", _("加油")
        CHARGE = "charge", _("充电")

    kind = models.CharField(_("类别"), max_length=6, choices=Sort, default=Sort.FUEL)
    at = models.TimeField(_("时间"), null=True, blank=True)
    quantity = models.DecimalField(_("数量"), max_digits=9, decimal_places=2, validators=[MinValueValidator(0)])
    odometer = models.DecimalField(_("里程表读数"), max_digits=10, decimal_places=1, null=True, blank=True)
    station = models.CharField(_("站点"), max_length=80, blank=True)
    card = models.CharField(_("油卡号"), max_length=30, blank=True)
    driver = models.ForeignKey(
        Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("驾驶员")
    )

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("加油充电")


class Repair(Expense):
    """Work on a vehicle: asked for with quotes, then done. ``amount`` is what was paid in the end."""

    class Sort(models.TextChoices):
        REPAIR = "repair", _("维修")
        SERVICE = "service", _("保养")

    class State(models.TextChoices):
        ASKED = "asked", _("待批")
        APPROVED = "approved", _("已批")
        DONE = "done", _("已完工")
        REFUSED = "refused", _("未批准")

    kind = models.CharField(_("类别"), max_length=8, choices=Sort, default=Sort.REPAIR)
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.ASKED, editable=False)
    fault = models.CharField(_("故障或项目"), max_length=200)
    odometer = models.DecimalField(_("里程表读数"), max_digits=10, decimal_places=1, null=True, blank=True)
    done_on = models.DateField(_("完工日期"), null=True, blank=True, editable=False)

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("维修保养")


class Quote(Record):
    """What a workshop asks for a repair."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    repair = models.ForeignKey(Repair, on_delete=models.CASCADE, related_name="quotes", verbose_name=_("维修单"))
    party = models.ForeignKey("masters.Party", on_delete=models.PROTECT, related_name="+", verbose_name=_("定点单位"))
    amount = money(_("报价"))
    day = models.DateField(_("报价日期"))
    is_chosen = models.BooleanField(_("选定"), default=False, editable=False)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("维修报价")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repair"], condition=Q(is_chosen=True), name="vehicles_quote_chosen")
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.amount}"


class RepairPart(Record):
    """A part or an hour of work on a repair's bill."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    repair = models.ForeignKey(Repair, on_delete=models.CASCADE, related_name="parts", verbose_name=_("维修单"))
    name = models.CharField(_("名称"), max_length=80)
    is_labour = models.BooleanField(_("工时"), default=False)
    quantity = models.DecimalField(_("数量"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    price = money(_("单价"))

    class Meta(Record.Meta):
        verbose_name = _("维修配件工时")
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["name", "path"], name="vehicles_repairpart_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Fee(Expense):
    """Tolls, parking, washing, and other costs of running a vehicle."""

    class Sort(models.TextChoices):
        TOLL = "toll", _("过路费")
        PARKING = "parking", _("停车费")
        WASH = "wash", _("清洗")
        OTHER = "other", _("其他运行费")

    kind = models.CharField(_("类别"), max_length=8, choices=Sort)
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, null=True, blank=True, related_name="fees", verbose_name=_("行车记录")
    )
    place = models.CharField(_("地点"), max_length=80, blank=True)

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("过路停车等费用")


class Insurance(Expense):
    """A policy. ``day`` is the day it was bought."""

    class Sort(models.TextChoices):
        COMPULSORY = "compulsory", _("交强险")
        COMMERCIAL = "commercial", _("商业险")

    kind = models.CharField(_("险种"), max_length=10, choices=Sort)
    number = models.CharField(_("保单号"), max_length=40)
    since = models.DateField(_("保险起期"))
    until = models.DateField(_("保险止期"))

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("保险")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="vehicles_insurance_span")
        ]


class Inspection(Expense):
    """The periodic inspection of a vehicle (年检)."""

    valid_to = models.DateField(_("有效期止"))
    is_passed = models.BooleanField(_("合格"), default=True)

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("年检")


class Fine(Expense):
    """A traffic offence, as the traffic police tell it (办法第二十四条). The organ pays no fine of a person: ``amount`` is told, not counted."""

    class State(models.TextChoices):
        OPEN = "open", _("待处理")
        SETTLED = "settled", _("已处理")
        DISPUTED = "disputed", _("有异议")

    behaviour = models.CharField(_("违法行为"), max_length=120)
    place = models.CharField(_("地点"), max_length=120, blank=True)
    points = models.PositiveSmallIntegerField(_("记分"), default=0)
    driver = models.ForeignKey(
        Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("驾驶员")
    )
    state = models.CharField(_("状态"), max_length=8, choices=State, default=State.OPEN)

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("交通违法")


class Accident(Expense):
    """An accident. ``amount`` is the loss, of which ``paid_by_insurance`` was borne by the insurer."""

    class Liability(models.TextChoices):
        FULL = "full", _("全责")
        MAIN = "main", _("主责")
        EQUAL = "equal", _("同责")
        MINOR = "minor", _("次责")
        NONE = "none", _("无责")
        OPEN = "open", _("待认定")

    place = models.CharField(_("地点"), max_length=120)
    story = models.CharField(_("经过"), max_length=300)
    liability = models.CharField(_("责任"), max_length=6, choices=Liability, default=Liability.OPEN)
    injured = models.PositiveSmallIntegerField(_("受伤人数"), default=0)
    paid_by_insurance = money(_("保险赔付"), default=0)
    driver = models.ForeignKey(
        Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("驾驶员")
    )
    is_settled = models.BooleanField(_("已结案"), default=False)

    class Meta(Expense.Meta):
        abstract = False
        verbose_name = _("交通事故")


class Rental(Record):
    """A commercial hire in place of an official vehicle (社会租赁)."""

    scoping = Scoping(Kind.SUPERVISED, line=LINE)

    trip = models.OneToOneField(
        Trip, on_delete=models.PROTECT, null=True, blank=True, related_name="rental", verbose_name=_("派车单")
    )
    day = models.DateField(_("日期"))
    party = models.ForeignKey("masters.Party", on_delete=models.PROTECT, related_name="+", verbose_name=_("租赁单位"))
    car = models.CharField(_("车型车牌"), max_length=80, blank=True)
    km = models.DecimalField(_("里程"), max_digits=9, decimal_places=1, null=True, blank=True)
    amount = money(_("金额"), default=0)
    voucher = models.CharField(_("凭证号"), max_length=40, blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("社会租赁")
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["day", "path"], name="vehicles_rental_when")]

    def __str__(self) -> str:
        return f"{self.party} {self.day:%Y-%m-%d}"
