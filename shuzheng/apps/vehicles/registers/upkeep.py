"""What is paid for vehicles, each figure with its voucher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles import actions
from shuzheng.apps.vehicles.actions import fleet
from shuzheng.apps.vehicles.models import (
    Accident,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Quote,
    Refuel,
    Rental,
    Repair,
    RepairPart,
)
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import (
    Column,
    Register,
    Related,
    RowAction,
    register,
)

L = gettext_lazy
UNIT = Column("node", label=L("单位"))


class Expenses(Register):
    """What the registers of costs share; a row is told in a sheet by vehicle, day and voucher."""

    key = ("vehicle", "day", "voucher")
    ordering = ("-day", "-id")
    title = "vehicle"
    search = ("voucher",)
    filters: Any = ("vehicle", "day", "amount", "party", "node")
    without = frozenset({"labels"})

    def prepare(self, rows: Sequence[Any], actor: Actor) -> None:
        fleet.check_costs(rows)


AMOUNT = Column("amount", unit=L("元"), total=True)


@register
class Refuels(Expenses):
    model, name, noun, icon = Refuel, "refuels", "refuel", "gas-station"
    columns = ("vehicle", "day", "kind", Column("quantity", total=True), AMOUNT, Column("odometer", unit="km"), "station",
               "party", "voucher", Column("card", shown=False), Column("driver", joins=("driver__person",), shown=False),
               Column("node", label=L("单位"), shown=False))  # fmt: skip
    filters = (*Expenses.filters, "kind", "quantity")
    help = L("数量：加油填升，充电填千瓦时。每笔附凭证。")

    def prepare(self, rows: Sequence[Refuel], actor: Actor) -> None:
        super().prepare(rows, actor)
        fleet.check_refuels(rows)


class RefuseForm(forms.Form):
    why = forms.CharField(label=L("理由"), max_length=200)


class SettleForm(forms.Form):
    amount = forms.DecimalField(label=L("结算金额"), min_value=0, max_digits=12, decimal_places=2)
    voucher = forms.CharField(label=L("凭证号"), max_length=40)
    done_on = forms.DateField(label=L("完工日期"), initial=timezone.localdate)


@register
class Repairs(Expenses):
    model, name, noun, icon = Repair, "repairs", "repair", "tool"
    columns = ("vehicle", "day", "kind", "fault",
               Column("state", states={"asked": "info", "approved": "warn", "done": "ok", "refused": "over"}), AMOUNT, "party",
               "voucher", Column("done_on", shown=False), Column("node", label=L("单位"), shown=False))  # fmt: skip
    filters = (*Expenses.filters, "kind", "state")
    related = (Related("quotes", "repair"), Related("parts", "repair"))
    actions = (
        RowAction(actions.approve_repairs, L("批准"), "check", when=lambda r: r.state == Repair.State.ASKED),
        RowAction(actions.refuse_repairs, L("不批准"), "x", RefuseForm, when=lambda r: r.state == Repair.State.ASKED),
        RowAction(
            actions.settle_repairs, L("结算"), "receipt", SettleForm, when=lambda r: r.state == Repair.State.APPROVED
        ),
    )
    help = L("先报价、审批，后结算；结算不得超过批准的报价。")


@register
class Quotes(Register):
    model, name, noun, icon = Quote, "quotes", "quote", "report-money"
    search = ("party__name",)
    columns = (
        Column("repair", joins=("repair__vehicle",)),
        "party",
        Column("amount", unit=L("元")),
        "day",
        "is_chosen",
        "note",
    )
    key = ("repair", "party")
    filters = ("party", "day", "amount")
    without = frozenset({"labels"})


@register
class Parts(Register):
    model, name, noun, icon = RepairPart, "parts", "part", "settings"
    columns = ("name", Column("repair", joins=("repair__vehicle",)), "is_labour", "quantity", Column("price", unit=L("元")),
               Column("usual", label=L("同名中位价"), unit=L("元"), value=lambda p: getattr(p, "usual", None), tone=lambda p, v: _dear(p, v)))  # fmt: skip
    key = ("repair", "name")
    search = ("name",)
    filters = ("repair", "is_labour", "price", "node")
    without = frozenset({"labels"})
    help = L("单价高于同名配件中位价一半以上的，标出核价。")

    def rows(self, rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        return fleet.with_usual_price(rows)


def _dear(part: Any, usual: Any) -> tuple[str, str] | None:
    if usual and part.price > usual * fleet.DEAR:
        return ("warn", _("高于中位价"))
    return None


@register
class Fees(Expenses):
    model, name, noun, icon = Fee, "fees", "fee", "receipt"
    columns = (
        "vehicle",
        "day",
        "kind",
        AMOUNT,
        "place",
        "voucher",
        Column("run", joins=("run__vehicle",), shown=False),
        "node",
    )
    filters = (*Expenses.filters, "kind")


@register
class Insurances(Expenses):
    model, name, noun, icon = Insurance, "insurances", "insurance", "shield"
    columns = ("vehicle", "kind", "number", "since", "until", AMOUNT, "party", "day", "voucher")
    key = ("number",)
    filters = (*Expenses.filters, "kind", "until")
    help = L("登记后，车辆的保险到期日随之更新。")


@register
class Inspections(Expenses):
    model, name, noun, icon = Inspection, "inspections", "inspection", "checklist"
    columns = ("vehicle", "day", "valid_to", "is_passed", AMOUNT, "party", "voucher")
    filters = (*Expenses.filters, "valid_to", "is_passed")
    help = L("合格的年检登记后，车辆的年检有效期随之更新。")


@register
class Fines(Expenses):
    model, name, noun, icon = Fine, "fines", "fine", "alert-triangle"
    columns = ("vehicle", "day", "behaviour", "place", "points", Column("amount", unit=L("元")),
               Column("state", states={"open": "late", "settled": "ok", "disputed": "warn"}),
               Column("driver", joins=("driver__person",)))  # fmt: skip
    key = ("vehicle", "day", "behaviour")
    filters = (*Expenses.filters, "state", "points")
    help = L("按公安交管部门定期交换的信息登记；罚款由责任人承担，不计入车辆费用。")


@register
class Accidents(Expenses):
    model, name, noun, icon = Accident, "accidents", "accident", "first-aid-kit"
    columns = ("vehicle", "day", "place", "liability", "amount", "paid_by_insurance", "injured", "is_settled",
               Column("driver", joins=("driver__person",)))  # fmt: skip
    key = ("vehicle", "day", "place")
    filters = (*Expenses.filters, "liability", "is_settled")


@register
class Rentals(Register):
    model, name, noun, icon = Rental, "rentals", "rental", "truck"
    columns = (
        "party",
        "day",
        "trip",
        "car",
        Column("km", unit="km"),
        Column("amount", unit=L("元"), total=True),
        "voucher",
        "node",
    )
    key = ("party", "day", "voucher")
    search = ("car", "voucher")
    filters = ("party", "day", "amount", "node")
    without = frozenset({"labels"})
