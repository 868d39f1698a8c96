"""The registers of official vehicles. What they share (who sees, who keeps) stands in the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shuzheng.apps.vehicles import actions, costs, registers_alerts, registers_tracks, rules
from shuzheng.apps.vehicles.actions import fleet
from shuzheng.apps.vehicles.models import (
    Accident,
    Driver,
    Duty,
    Fee,
    Fine,
    Inspection,
    Insurance,
    Plan,
    Quota,
    Quote,
    Refuel,
    Rental,
    Repair,
    RepairPart,
    Run,
    Spot,
    Trip,
    TripState,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.fleet import NEW_ENERGY, Disposal, Marking
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import (
    Column,
    FieldGroup,
    Panel,
    Register,
    Related,
    RowAction,
    Tab,
    Verdict,
    register,
)
from shuzheng.base.standards.working_days import add_months

L = gettext_lazy
__all__ = ["registers_alerts", "registers_tracks"]  # registers of their own, declared there
UNIT = Column("node", label=L("单位"))


def _expiring() -> Q:
    soon = timezone.localdate() + timedelta(days=30)
    return ~Q(state=VehicleState.DISPOSED) & (Q(compulsory_to__lte=soon) | Q(inspection_to__lte=soon))


def _old() -> Q:
    """By the nation's rule; the verdict of each says it by that of its place."""
    today = timezone.localdate()
    rule = rules.book().rule("VEH-RENEW-YEARS", today, "", "", 0)
    if rule is None:
        return Q(pk__in=())
    return ~Q(state=VehicleState.DISPOSED) & Q(registered_on__lt=add_months(today, -12 * int(rule.value)))


class DisposalForm(forms.Form):
    way = forms.ChoiceField(label=L("处置方式"), choices=Disposal.choices)
    why = forms.CharField(label=L("理由"), max_length=300)
    condition = forms.CharField(label=L("车况鉴定"), max_length=300, required=False)


@register
class Vehicles(Register):
    model, name, noun, icon, unit = Vehicle, "vehicles", "vehicle", "car", L("辆")
    columns = (
        "plate",
        "brand",
        Column("state", states={"1": "ok", "2": "mute", "3": "warn", "4": "mute", "5": "late", "6": "mute"}),
        UNIT,
        "use",
        Column("fuel"),
        Column("seats", shown=False),
        Column("displacement", unit="L", shown=False),
        Column("price", unit=L("元"), places=0),
        "registered_on",
        Column("mileage", unit="km", places=0),
        Column("compulsory_to", shown=False),
        Column("inspection_to"),
        Column("home", shown=False),
        Column("usual_driver", joins=("usual_driver__person",), shown=False),
        Column("marking", shown=False),
    )
    key = ("plate",)
    key_in_owner = False
    search = ("plate", "brand", "vin", "asset_number", "marking_number")
    filters = (
        "state",
        "use",
        "body",
        "fuel",
        "node",
        "registered_on",
        "price",
        "mileage",
        "inspection_to",
        "marking",
        "home",
    )
    tabs = (
        Tab("use", L("在用"), Q(state=VehicleState.IN_USE)),
        Tab("new-energy", L("新能源"), Q(fuel__in=NEW_ENERGY)),
        Tab("old", L("满更新年限"), _old, "warn"),
        Tab("expiring", L("证件到期"), _expiring, "late"),
        Tab("unmarked", L("待喷涂标识"), Q(marking=Marking.DUE), "warn"),
        Tab("locked", pgettext_lazy("vehicle", "封存"), Q(state=VehicleState.LOCKED)),
        Tab("disposed", pgettext_lazy("vehicle", "已处置"), Q(state=VehicleState.DISPOSED)),
    )
    groups = (
        FieldGroup(L("车辆"), ("plate", "plate_kind", "brand", "body", "seats", "colour", "vin", "engine_number")),
        FieldGroup(L("动力"), ("fuel", "displacement", "tank", "range_km", "baseline")),
        FieldGroup(
            L("配备"),
            ("use", "price", "purchased_on", "registered_on", "title_holder", "is_special_case", "approval", "quota_number",
             "acquisition", "asset_number"),
        ),
        FieldGroup(
            L("使用"), ("state", "home", "usual_driver", "mileage", "marking", "marking_number", "note")
        ),
        FieldGroup(L("证件"), ("compulsory_to", "commercial_to", "inspection_to")),
        FieldGroup(pgettext_lazy("vehicle", "处置"), ("disposal", "disposed_on", "proceeds")),
    )  # fmt: skip
    elements = {
        "plate": "vehicle.record.plate", "vin": "vehicle.record.vin", "brand": "vehicle.record.brand",
        "seats": "vehicle.record.seats", "displacement": "vehicle.record.displacement", "fuel": "vehicle.record.fuel",
        "price": "vehicle.record.price", "purchased_on": "vehicle.record.purchased_on",
        "registered_on": "vehicle.record.registered_on", "title_holder": "vehicle.record.owner",
        "quota_number": "vehicle.record.quota_number", "use": "vehicle.record.use", "body": "vehicle.record.body",
        "asset_number": "vehicle.record.asset_number", "marking_number": "vehicle.record.marking_number",
    }  # fmt: skip
    related = (
        Related("runs", "vehicle"), Related("refuels", "vehicle"), Related("repairs", "vehicle"), Related("fees", "vehicle"),
        Related("insurances", "vehicle"), Related("inspections", "vehicle"), Related("fines", "vehicle"),
        Related("accidents", "vehicle"),
    )  # fmt: skip
    actions = (
        RowAction(actions.lock_vehicles, pgettext_lazy("action", "封存"), "lock", when=lambda v: v.state == VehicleState.IN_USE, quiet=True),
        RowAction(actions.unlock_vehicles, L("启封"), "lock-open", when=lambda v: v.state == VehicleState.LOCKED),
        RowAction(actions.issue_marks, L("核发监督标识码"), "qrcode", when=lambda v: v.is_held and v.marking != Marking.EXEMPT),
        RowAction(
            actions.ask_disposal, L("申请处置"), "recycle", DisposalForm,
            when=lambda v: v.state not in (VehicleState.TO_DISPOSE, VehicleState.DISPOSED),
        ),
    )  # fmt: skip
    label_fields = ("plate", "brand", "node")
    help = L("一车一条。规则结论依次为：配备标准、产权与标识、更新年限、证件。")

    def rows(self, rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        rules.take_book()
        return rows.select_related("node")

    def prepare(self, rows: Sequence[Vehicle], actor: Actor) -> None:
        fleet.check_vehicles(rows)

    def verdict(self, row: Vehicle) -> Verdict | None:
        if row.state == VehicleState.DISPOSED:
            return None
        found = rules.vehicle(row, timezone.localdate())
        groups = (("VEH-PRICE", "VEH-DISPL", "VEH-OFF-ROAD"), ("VEH-TITLE", "VEH-MARKING"), ("VEH-RENEW-YEARS",),
                  ("compulsory", "commercial", "inspection"))  # fmt: skip
        kinds = [rules.worst([f for f in found if f.code in codes]) for codes in groups]
        return Verdict(kinds, [(f.tone, f.sentence) for f in found])

    def panels(self, row: Vehicle, actor: Actor) -> Sequence[Panel]:
        watched = registers_alerts.panels_of(row, actor)
        if not actor.may("vehicles.cost.view", row.path):
            return watched
        today = timezone.localdate()
        first = today.replace(month=1, day=1)
        cost = costs.of_vehicles([row.pk], first, today).get(row.pk, costs.Cost())
        shown = [(label, cost.by_kind[kind]) for kind, label in costs.KINDS.items() if kind in cost.by_kind]
        context = {
            "cost": cost,
            "kinds": shown,
            "year": today.year,
            "unit": "kWh" if row.fuel == "5" else "L",
            "row": row,
        }
        return (Panel(_("本年费用"), "vehicles/parts/cost.html", context), *watched)


@register
class Drivers(Register):
    model, name, noun, icon, unit = Driver, "drivers", "driver", "id", L("名")
    columns = (
        Column("person", label=L("姓名")),
        UNIT,
        "licence_class",
        "licence_to",
        Column("state", states={"duty": "ok", "leave": "warn", "gone": "mute"}),
        "note",
    )
    key = ("person",)
    filters = ("state", "licence_class", "licence_to", "node")
    search = ("person__name",)
    related = (Related("runs", "driver"), Related("duties", "driver"), Related("vehicles", "usual_driver"))
    groups = (
        FieldGroup(L("驾驶员"), ("person", "licence_class", "licence_number", "licence_to", "mobile", "state", "note")),
    )
    without = frozenset({"labels"})
    help = L("驾驶证号和电话加密保存，默认遮盖。")

    def verdict(self, row: Driver) -> Verdict | None:
        today = timezone.localdate()
        left = (row.licence_to - today).days
        if left < 0:
            return Verdict(["over"], [("over", _("驾驶证已于 %(day)s 到期") % {"day": row.licence_to})])
        if left <= 30:
            return Verdict(["warn"], [("warn", _("驾驶证 %(day)s 到期") % {"day": row.licence_to})])
        return Verdict(["ok"], [("ok", _("驾驶证有效"))])


@register
class Duties(Register):
    model, name, noun, icon, unit = Duty, "duties", "duty", "calendar", L("条")
    search = ("driver__person__name",)
    columns = (Column("driver", joins=("driver__person",)), "kind", "begins", "ends", UNIT, "note")
    key = ("driver", "begins")
    filters = ("kind", "begins", "driver", "node")
    without = frozenset({"labels", "attachments"})


@register
class Spots(Register):
    model, name, noun, icon, unit = Spot, "spots", "spot", "map-pin", L("处")
    columns = ("name", "kind", "address", Column("lon", places=6), Column("lat", places=6), "chargers", UNIT)
    key = ("name",)
    search = ("name", "address")
    filters = ("kind", "node")
    related = (Related("vehicles", "home"),)
    without = frozenset({"labels"})


@register
class Quotas(Register):
    model, name, noun, icon, unit = Quota, "quotas", "quota", "scale", L("条")
    columns = (
        "use", UNIT, Column("amount", total=True, unit=L("辆")),
        Column("held", label=L("现有"), unit=L("辆"), value=lambda q: getattr(q, "held", None), tone=lambda q, held: _quota_tone(q, held)),
        "since", Column("until"), "document",
    )  # fmt: skip
    key = ("use",)
    title = "use"
    filters = ("use", "node", "amount", "since")
    tabs = (Tab("now", L("现行"), Q(until=None)),)
    without = frozenset({"labels"})
    help = L("一车一编。现有车辆多于编制的，标为超编。")

    def rows(self, rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        held = (
            Vehicle.objects.filter(node=OuterRef("node"), use=OuterRef("use")).exclude(state=VehicleState.DISPOSED)
            .order_by().values("node").annotate(n=Count("pk")).values("n")
        )  # fmt: skip
        return rows.annotate(held=Coalesce(Subquery(held), 0))


def _quota_tone(quota: Any, held: Any) -> tuple[str, str] | None:
    if quota.until is None and held is not None and held > quota.amount:
        return ("over", _("超编 %(n)d 辆") % {"n": held - quota.amount})
    return None


@register
class Plans(Register):
    model, name, noun, icon, unit = Plan, "plans", "plan", "calendar-event", L("条")
    columns = (
        "year", "kind", UNIT, "use", "body", "fuel", Column("price", unit=L("元"), total=True, places=0), "replaces",
        Column("state", states={"draft": "mute", "asked": "info", "approved": "ok", "refused": "over", "bought": "ok", "done": "ok"}),
        Column("vehicle", shown=False),
    )  # fmt: skip
    key = ("year", "kind", "use", "replaces")
    title = "year"
    filters = ("year", "kind", "state", "use", "fuel", "node")
    groups = (
        FieldGroup(
            L("计划"),
            ("year", "kind", "replaces", "use", "body", "fuel", "displacement", "price", "is_special_case", "reason"),
        ),
        FieldGroup(L("进度"), ("state", "vehicle")),
    )
    actions = (
        RowAction(
            actions.ask_plans, L("提交审批"), "send", when=lambda p: p.state in (Plan.State.DRAFT, Plan.State.REFUSED)
        ),
    )
    without = frozenset({"labels"})
    help = L("每年的配备更新计划，一车一条；提交后按流程审批、购置、登记、贴标、入平台。")

    def prepare(self, rows: Sequence[Plan], actor: Actor) -> None:
        fleet.check_plans(rows)

    def panels(self, row: Plan, actor: Actor) -> Sequence[Panel]:
        found = fleet.plan_findings(row, timezone.localdate())
        return (Panel(_("规则结论"), "vehicles/parts/findings.html", {"findings": found}),)


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


STATES = {
    "01": "info", "02": "info", "03": "late", "04": "ok", "05": "warn", "06": "warn", "07": "ok", "08": "mute", "91": "over",
    "92": "mute", "93": "info",
}  # fmt: skip


@register
class Trips(Register):
    model, name, noun, icon, unit = Trip, "trips", "trip", "list-check", L("张")
    columns = (
        "number", Column("state", states=STATES), "begins", "destination", "applicant", UNIT, Column("people", total=True),
        "purpose", "car", "driver_name", Column("km", unit="km", total=True), Column("cost", unit=L("元"), total=True),
        Column("rating", shown=False), Column("origin", shown=False), Column("ends", shown=False), Column("subject", shown=False),
        Column("reach", shown=False), Column("is_emergency", shown=False),
    )  # fmt: skip
    key = ("number",)
    ordering = ("-begins", "-id")
    search = ("number", "subject", "destination", "applicant", "car", "driver_name", "passengers")
    filters = ("state", "begins", "purpose", "reach", "is_emergency", "node", "km", "cost", "rating")
    tabs = (
        Tab("waiting", L("待派车"), Q(state=TripState.WAITING), "late"),
        Tab("road", L("在途"), Q(state=TripState.ON_ROAD), "warn"),
        Tab("confirm", L("待确认"), Q(state=TripState.BACK)),
        Tab("urgent", L("紧急用车"), Q(is_emergency=True)),
    )
    page = "vehicles:trip"
    without = frozenset({"create", "change", "delete", "import", "labels", "history"})
    help = L("在“用车申请”里提出；由调度派车。")


@register
class Runs(Register):
    model, name, noun, icon, unit = Run, "runs", "run", "route", L("趟")
    search = ("vehicle__plate", "driver__person__name")
    columns = (
        "vehicle", Column("state", states={"planned": "info", "accepted": "info", "out": "warn", "back": "ok", "dropped": "mute"}),
        Column("driver", joins=("driver__person",)), "begins", "ends", "out_at", "back_at",
        Column("odometer_out", unit="km", shown=False), Column("odometer_in", unit="km", shown=False),
        Column("km", label=L("里程"), unit="km", value=lambda r: r.km, places=1), Column("track_km", unit="km"),
    )  # fmt: skip
    key = ("vehicle", "begins")
    ordering = ("-begins", "-id")
    title = "vehicle"
    filters = ("state", "begins", "vehicle", "driver", "node")
    tabs = (Tab("road", L("在途"), Q(state=Run.State.OUT), "warn"),)
    related = (Related("trips", "run"), Related("fees", "run"))
    without = frozenset({"create", "change", "delete", "import", "labels"})
    help = L("由驾驶员出车、收车时形成。")
