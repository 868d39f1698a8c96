"""Masters that all apps share: places (院落、建筑、楼层、房间; domain §2.5) and parties (供应商; domain §7.3)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping


class PlaceKind(models.TextChoices):
    SITE = "site", _("院落")
    BUILDING = "building", _("建筑")
    FLOOR = "floor", _("楼层")
    ROOM = "room", _("房间")


class PlaceState(models.TextChoices):
    USED = "used", _("在用")
    IDLE = "idle", _("闲置")
    REPAIR = "repair", _("维修")
    CLOSED = "closed", _("停用")


class Place(Record):
    """A place and the place it lies in. ``full_name`` is the way down from the site, kept by the actions."""

    scoping = Scoping(Kind.SUPERVISED)

    number = models.CharField(_("编号"), max_length=30, help_text=_("本单位内不重复，例如 A1-3-302。"))
    name = models.CharField(_("名称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=10, choices=PlaceKind)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("所在位置")
    )
    full_name = models.CharField(_("完整位置"), max_length=250, editable=False, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=PlaceState, default=PlaceState.USED)
    gross_area = models.DecimalField(
        _("建筑面积"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    net_area = models.DecimalField(
        _("使用面积"), max_digits=12, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("按房间净面积填写，不含公摊。"),
    )  # fmt: skip
    storey = models.SmallIntegerField(
        _("楼层号"), null=True, blank=True, validators=[MinValueValidator(-9), MaxValueValidator(199)],
        help_text=_("地下为负数。"),
    )  # fmt: skip
    built_on = models.DateField(_("建成日期"), null=True, blank=True)
    address = models.CharField(_("坐落"), max_length=200, blank=True)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("位置")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "number"], name="masters_place_number")]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["kind", "path"], name="masters_place_kind"),
            models.Index(fields=["state", "path"], name="masters_place_state"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.name


class PartyCategory(models.TextChoices):
    """What a supplier delivers (domain §7.3, 服务目录)."""

    PROPERTY = "property", _("物业服务")
    SECURITY = "security", _("安保")
    CLEANING = "cleaning", _("保洁绿化")
    CATERING = "catering", _("餐饮")
    MAINTENANCE = "maintenance", _("维修维保")
    VEHICLES = "vehicles", _("车辆服务")
    ENERGY = "energy", _("能源服务")
    GOODS = "goods", _("办公用品设备")
    WORKS = "works", _("工程")
    OTHER = "other", _("其他")


class Party(Record):
    """A supplier as an organ knows it. ``is_blocked`` (黑名单) is set by an action with a reason, never by hand."""

    scoping = Scoping(Kind.SUPERVISED)

    name = models.CharField(_("名称"), max_length=120)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18, help_text=_("18 位，营业执照上的代码。"))
    categories = ArrayField(
        models.CharField(max_length=12, choices=PartyCategory), verbose_name=_("服务类别"), default=list
    )
    contact = models.CharField(_("联系人"), max_length=40, blank=True)
    telephone = models.CharField(_("联系电话"), max_length=30, blank=True)
    valid = DateRangeField(_("准入有效期"), null=True, blank=True)
    is_blocked = models.BooleanField(_("已禁用"), default=False, editable=False)
    blocked_reason = models.CharField(_("禁用理由"), max_length=200, blank=True, editable=False)
    blocked_until = models.DateField(_("禁用至"), null=True, blank=True, editable=False)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("供应商")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "uscc"], name="masters_party_uscc")]

    def __str__(self) -> str:
        return self.name
