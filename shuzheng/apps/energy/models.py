"""The register of public institutions (名录库) by period, and the monthly ledger (台账). Domain dossier §5.1, §5.2."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.models import Kind, Record, Scoping
from shuzheng.base.org.models import Node


class Member(Record):
    """A span of days over which an institution is on the register; whoever is on it on a period's last day reports it.

    ``since`` is included, ``until`` is not. An institution that leaves and comes back has two spans.
    """

    class State(models.TextChoices):
        NEW = "new", _("新增")
        KEPT = "kept", _("存续")
        MERGED = "merged", _("合并")
        ABOLISHED = "abolished", _("撤销")
        LEFT = "left", _("移出")

    scoping = Scoping(Kind.SUPERVISED, line="reporting")
    ENDED: ClassVar = (State.MERGED, State.ABOLISHED, State.LEFT)

    state = models.CharField(_("名录状态"), max_length=10, choices=State, default=State.NEW, editable=False)
    since = models.DateField(_("纳入日期"))
    until = models.DateField(_("退出日期"), null=True, blank=True, editable=False)
    superior = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("主管部门"),
        help_text=_("部门汇总按它归类。"),
    )  # fmt: skip
    is_independent = models.BooleanField(_("独立核算"), default=True)
    is_shared = models.BooleanField(_("合署办公"), default=False, help_text=_("合署办公的分摊办法各年一致。"))
    basis = models.CharField(_("依据"), max_length=200, blank=True)
    successor = models.ForeignKey(
        Node, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("并入机构"),
        editable=False,
    )  # fmt: skip

    class Meta(Record.Meta):
        verbose_name = _("名录机构")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["node"], condition=Q(until=None), name="energy_member_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gt=F("since")), name="energy_member_span"),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            models.Index(fields=["node", "since"], name="energy_member_node"),
            models.Index(fields=["path"], condition=~Q(until=None), name="energy_member_ended"),
        ]

    def __str__(self) -> str:
        return str(self.node)


def _amount(label: str, places: int, help_text: str = "") -> models.DecimalField:
    return models.DecimalField(
        label, max_digits=18, decimal_places=places, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=help_text,
    )  # fmt: skip


class Month(Record):
    """What an institution used and paid in one month, from its meters and bills; the quarter's form starts from it.

    A field that is empty has not been entered; nought was not used. Source material is kept for two years (统计法实施条例).
    """

    scoping = Scoping(Kind.SUPERVISED, line="reporting")

    month = models.DateField(_("月份"), help_text=_("写该月任意一天，存为 1 日。"))
    electricity = _amount(_("电"), 0)
    solar = _amount(_("光伏自发自用"), 0, _("含在电里。"))
    datacentre = _amount(_("数据中心机房用电"), 0, _("含在电里。"))
    water = _amount(_("水"), 0)
    reclaimed = _amount(_("再生水"), 0, _("含在水里。"))
    coal = _amount(_("煤炭"), 2)
    gas = _amount(_("天然气"), 0)
    petrol = _amount(_("汽油"), 1)
    diesel = _amount(_("柴油"), 1)
    lpg = _amount(_("液化石油气"), 1)
    heat = _amount(_("热力"), 2)
    other = _amount(_("其他能源"), 2)
    electricity_cost = _amount(_("电费"), 2)
    water_cost = _amount(_("水费"), 2)
    coal_cost = _amount(_("煤炭费"), 2)
    gas_cost = _amount(_("天然气费"), 2)
    petrol_cost = _amount(_("汽油费"), 2)
    diesel_cost = _amount(_("柴油费"), 2)
    lpg_cost = _amount(_("液化石油气费"), 2)
    heat_cost = _amount(_("热力费"), 2)
    other_cost = _amount(_("其他能源费"), 2)
    note = models.CharField(_("备注"), max_length=200, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("能耗台账")
        constraints: ClassVar = [models.UniqueConstraint(fields=["node", "month"], name="energy_month_once")]
        indexes: ClassVar = [*Record.Meta.indexes, models.Index(fields=["month", "path"], name="energy_month_month")]

    def __str__(self) -> str:
        return f"{self.node} {self.month:%Y-%m}"


LEDGER: dict[str, str] = {
    "electricity": "e01", "solar": "e011", "datacentre": "e012", "water": "e02", "reclaimed": "e021", "coal": "e03",
    "gas": "e04", "petrol": "e05", "diesel": "e06", "lpg": "e07", "heat": "e08", "other": "e09",
}  # fmt: skip
"""Row of the quarterly form by field of the ledger; ``<field>_cost`` is the row's cost."""

COSTS = tuple(name for name in LEDGER if name not in ("solar", "datacentre", "reclaimed"))
PARTS = {"solar": "electricity", "datacentre": "electricity", "reclaimed": "water"}
"""Fields that are a part of another one."""
