"""Vehicles, who drives them, where they stand, how many there may be, what is planned."""

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

from shuzheng.apps.vehicles import actions, costs, rules
from shuzheng.apps.vehicles.actions import fleet
from shuzheng.apps.vehicles.models import (
    Driver,
    Duty,
    Plan,
    Quota,
    Spot,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.fleet import NEW_ENERGY, Disposal, Marking
from shuzheng.apps.vehicles.registers import alerts
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
        Column("inspection_to", shown=False),
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
        watched = alerts.panels_of(row, actor)
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
        FieldGroup(
            L("驾驶员"),
            ("person", "licence_class", "licence_number", "licence_to", "certificate", "mobile", "state", "note"),
        ),
    )
    without = frozenset({"labels"})
    help = L("驾驶证号、从业资格证号和电话加密保存，默认遮盖。")

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
