"""The register of institutions and the monthly ledger, as registers of the kit."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.energy import actions
from shuzheng.apps.energy.models import COSTS, LEDGER, Member, Month
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import Column, FieldGroup, Register, RowAction, Tab, register


class LeaveForm(forms.Form):
    on = forms.DateField(label=_("退出日期"))
    why = forms.CharField(label=_("理由"), max_length=200)


@register
class Members(Register):
    model, name, noun, label, icon, unit = (
        Member, "institutions", "member", _("公共机构名录"), "building-community", _("家"),
    )  # fmt: skip
    columns = (
        Column("node", label=_("机构")),
        Column("node__uscc", label=_("统一社会信用代码")),
        Column("node__type", label=_("机构类型")),
        Column("superior", label=_("主管部门"), shown=False),
        Column("state", states={"new": "info", "kept": "ok", "merged": "mute", "abolished": "mute", "left": "mute"}),
        "since",
        "until",
        Column("is_shared", shown=False),
        Column("successor", label=_("并入机构"), shown=False),
        Column("basis", shown=False),
    )
    key = ("since",)
    title = "node"
    search = ("node__name", "node__uscc")
    filters = ("state", "node", "superior", "since", "until", "is_shared", "is_independent")
    tabs = (
        Tab("current", _("在册"), Q(until=None)),
        Tab("ended", _("已退出"), Q(until__isnull=False)),
    )
    groups = (
        FieldGroup(_("名录"), ("since", "superior", "is_independent", "is_shared", "basis")),
        FieldGroup(_("退出"), ("state", "until", "successor")),
    )
    elements = {
        "superior": "organ.superior",
        "is_independent": "energy.is_independent",
    }
    actions = (
        RowAction(actions.leave_members, _("移出名录"), "logout", LeaveForm, when=lambda m: m.until is None),
    )  # fmt: skip
    without = frozenset({"delete", "labels"})
    help = _("报告期最后一天在册的机构报送该期。合并、撤销随机构调整自动记入。")

    def prepare(self, rows: Sequence[Member], actor: Actor) -> None:
        actions.check_members(rows)


_UNITS = {
    "electricity": "kWh", "solar": "kWh", "datacentre": "kWh", "water": "m³", "reclaimed": "m³", "coal": "t",
    "gas": "m³", "petrol": "L", "diesel": "L", "lpg": "kg", "heat": "GJ", "other": "tce",
}  # fmt: skip
_ELEMENTS = {
    "electricity": "electricity", "solar": "pv", "datacentre": "dc", "water": "water", "reclaimed": "water_reclaimed",
    "coal": "raw_coal", "gas": "natural_gas", "petrol": "gasoline", "diesel": "diesel", "lpg": "lpg", "heat": "heat",
    "other": "other",
}  # fmt: skip
_SHOWN = frozenset({"electricity", "water", "gas"})


@register
class Months(Register):
    model, name, noun, label, icon, unit = (
        Month, "ledgers", "month", _("能耗台账"), "notebook", _("条"),
    )  # fmt: skip
    columns = (
        "month",
        Column("node", label=_("机构")),
        *(Column(name, unit=_UNITS[name], total=True, shown=name in _SHOWN) for name in LEDGER),
        *(Column(f"{name}_cost", unit=_("元"), total=True, shown=name == "electricity") for name in COSTS),
        Column("note", shown=False),
    )
    key = ("month",)
    title = "month"
    search = ("node__name",)
    filters = ("month", "node", "electricity", "water")
    groups = (
        FieldGroup(_("月份"), ("month", "note")),
        FieldGroup(_("实物量"), tuple(LEDGER)),
        FieldGroup(_("费用"), tuple(f"{name}_cost" for name in COSTS)),
    )
    elements = {name: f"energy.{kind}.amount" for name, kind in _ELEMENTS.items()} | {
        f"{name}_cost": f"energy.{_ELEMENTS[name]}.cost" for name in COSTS
    }
    without = frozenset({"labels"})
    help = _("逐月登记，季报从这里带入。原始票据至少保存两年。")

    def prepare(self, rows: Sequence[Month], actor: Actor) -> None:
        actions.check_months(rows)
