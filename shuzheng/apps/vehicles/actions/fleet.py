"""Vehicles and what is done to them: locked up, planned, disposed of, repaired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, DecimalField, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles import requesting, rules, standing
from shuzheng.apps.vehicles.models import (
    Fuel,
    Inspection,
    Insurance,
    Plan,
    Quota,
    Refuel,
    Repair,
    RepairPart,
    Vehicle,
    VehicleState,
)
from shuzheng.apps.vehicles.models.upkeep import Expense
from shuzheng.base.core.action import Write, action
from shuzheng.kernel.errors import Conflict, FieldFault, Invalid


class Median(Aggregate):
    """The middle of a set of numbers, in PostgreSQL."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DecimalField()


def check_vehicles(rows: Sequence[Vehicle]) -> None:
    """Faults of vehicles that their fields alone do not show; plates and codes are put into their one form.

    Raises:
        Invalid: with each fault at its field.
    """
    faults = []
    for n, row in enumerate(rows):
        row.plate = row.plate.upper().replace(" ", "").replace("·", "")
        row.vin = row.vin.upper()
        if row.purchased_on and row.registered_on and row.registered_on < row.purchased_on:
            faults.append(FieldFault("registered_on", _("登记日期早于购置日期。"), row=n))
        if not row.is_new_energy and row.displacement is None:
            faults.append(FieldFault("displacement", _("燃油车要填排气量。"), row=n))
        if row.is_special_case and not row.approval:
            faults.append(FieldFault("approval", _("情况特殊的要填批准文号。"), row=n))
    if faults:
        raise Invalid(faults=faults)


@action("vehicles.vehicle.change", handover=True, event="vehicles.vehicle.changed")
def change_vehicles(
    w: Write, vehicles: Sequence[Vehicle], *, changes: Mapping[str, Mapping[str, Any]]
) -> Sequence[Vehicle]:
    """Set fields of vehicles: ``changes`` has for each id the new values by field. What they were until today is kept."""
    standing.change(w, [(row, changes[str(row.pk)]) for row in vehicles])
    return vehicles


def held(node_id, use: str) -> int:
    """How many vehicles of a use an organ holds against its quota."""
    return Vehicle.objects.filter(node_id=node_id, use=use).exclude(state=VehicleState.DISPOSED).count()


def quota_of(node_id, use: str, on: date) -> Quota | None:
    return Quota.in_force(on).filter(node_id=node_id, use=use).order_by("-since").first()


@action("vehicles.vehicle.lock", handover=True, event="vehicles.vehicle.locked")
def lock_vehicles(w: Write, vehicles: Sequence[Vehicle]) -> Sequence[Vehicle]:
    """Lock vehicles up over a holiday (节假日封存停驶); a locked one that moves raises a warning.

    Raises:
        Conflict: one is not in use.
    """
    for row in vehicles:
        if row.state not in (VehicleState.IN_USE, VehicleState.LOCKED):
            raise Conflict(
                _("%(plate)s 现在是“%(state)s”，不能封存。") % {"plate": row.plate, "state": row.get_state_display()}
            )
    standing.change(w, [(row, {"state": VehicleState.LOCKED}) for row in vehicles])
    return vehicles


@action("vehicles.vehicle.unlock", permission="vehicles.vehicle.lock", handover=True, event="vehicles.vehicle.unlocked")
def unlock_vehicles(w: Write, vehicles: Sequence[Vehicle]) -> Sequence[Vehicle]:
    """Take vehicles that are locked up into use again."""
    for row in vehicles:
        if row.state != VehicleState.LOCKED:
            raise Conflict(_("%(plate)s 没有封存。") % {"plate": row.plate})
    standing.change(w, [(row, {"state": VehicleState.IN_USE}) for row in vehicles])
    return vehicles


@action("vehicles.vehicle.ask_disposal", permission="vehicles.vehicle.dispose")
def ask_disposal(
    w: Write, vehicles: Sequence[Vehicle], *, way: str, why: str, condition: str = ""
) -> Sequence[Vehicle]:
    """Ask for vehicles to be disposed of: each goes into approval, and stands until the outcome is there.

    Raises:
        Invalid: there is no process for it.
        Conflict: it is disposed of already, or is about to be.
    """
    today = timezone.localdate()
    for row in vehicles:
        if row.state in (VehicleState.TO_DISPOSE, VehicleState.DISPOSED):
            raise Conflict(_("%(plate)s 已在处置。") % {"plate": row.plate})
    standing.change(w, [(row, {"state": VehicleState.TO_DISPOSE}) for row in vehicles])
    for row in vehicles:
        finding = rules.renewal(row.registered_on, today, row.path)
        requesting.begin_disposal(row, w.actor, way=way, reason=why, condition=condition, verdict=finding.sentence)
    return vehicles


@action("vehicles.vehicle.dispose", system_only=True, event="vehicles.vehicle.disposed")
def dispose_vehicles(
    w: Write, vehicles: Sequence[Vehicle], *, way: str, on: date, proceeds: Decimal = Decimal(0)
) -> Sequence[Vehicle]:
    """A vehicle's disposal was approved and done: it counts against the quota no more (办法第二十二条)."""
    values = {"state": VehicleState.DISPOSED, "disposal": way, "disposed_on": on, "proceeds": proceeds}
    standing.change(w, [(row, values) for row in vehicles])
    return vehicles


@action("vehicles.vehicle.keep", system_only=True)
def keep_vehicles(w: Write, vehicles: Sequence[Vehicle]) -> Sequence[Vehicle]:
    """A disposal was not approved: the vehicle is in use again."""
    waiting = [row for row in vehicles if row.state == VehicleState.TO_DISPOSE]
    standing.change(w, [(row, {"state": VehicleState.IN_USE}) for row in waiting])
    return vehicles


# Plans


def plan_findings(plan: Plan, on: date) -> list[rules.Finding]:
    """What the rules say of a plan line: quota, specification, years of the vehicle that it replaces."""
    found = list(rules.specification(plan, on))
    quota, now = quota_of(plan.node_id, plan.use, on), held(plan.node_id, plan.use)
    after = now + (1 if plan.kind == Plan.Sort.NEW else 0)
    limit = quota.amount if quota else 0
    told = {"limit": limit, "now": now, "after": after}
    if after > limit:
        found.append(
            rules.Finding(
                "VEH-QUOTA", "over", _("编制 %(limit)d 辆，现有 %(now)d 辆，配备后 %(after)d 辆，超编") % told
            )
        )
    else:
        found.append(
            rules.Finding("VEH-QUOTA", "ok", _("编制 %(limit)d 辆，现有 %(now)d 辆，配备后 %(after)d 辆") % told)
        )
    if plan.replaces is not None:
        renewal = rules.renewal(plan.replaces.registered_on, on, plan.path)
        if renewal.tone == "ok":
            words = _("%(plate)s 未满更新年限：%(why)s")
            found.append(rules.Finding("VEH-RENEW-YEARS", "over",
                                       words % {"plate": plan.replaces.plate, "why": renewal.words}, renewal.rule))  # fmt: skip
        else:
            found.append(rules.Finding("VEH-RENEW-YEARS", "ok", _("%(plate)s 已满更新年限") % {"plate": plan.replaces.plate},
                                       renewal.rule))  # fmt: skip
    return found


def check_plans(rows: Sequence[Plan]) -> None:
    """Faults of plan lines at their fields.

    Raises:
        Invalid: a renewal names no vehicle, or a new one does.
    """
    faults = []
    for n, row in enumerate(rows):
        if row.kind == Plan.Sort.RENEWAL and row.replaces_id is None:
            faults.append(FieldFault("replaces", _("更新要写明被更新的车辆。"), row=n))
        if row.kind == Plan.Sort.NEW and row.replaces_id is not None:
            faults.append(FieldFault("replaces", _("新增不填被更新的车辆。"), row=n))
        if row.replaces_id is not None and row.replaces is not None and row.replaces.node_id != row.node_id:
            faults.append(FieldFault("replaces", _("只能更新本单位的车辆。"), row=n))
    if faults:
        raise Invalid(faults=faults)


@action("vehicles.plan.ask")
def ask_plans(w: Write, plans: Sequence[Plan]) -> Sequence[Plan]:
    """Send plan lines into approval; what the rules say of each goes along.

    Raises:
        Conflict: one is under way already.
        Invalid: one would exceed its quota: no approval heals that (办法第六条).
    """
    today = timezone.localdate()
    for plan in plans:
        if plan.state not in (Plan.State.DRAFT, Plan.State.REFUSED):
            raise Conflict(_("“%(plan)s”已在审批或已批准。") % {"plan": plan})
        found = plan_findings(plan, today)
        over = [f.words for f in found if f.code == "VEH-QUOTA" and f.tone == "over"]
        if over:
            raise Invalid(over[0])
        w.change(plan, state=Plan.State.ASKED)
        w.flush()
        requesting.begin_plan(plan, w.actor, "；".join(f.sentence for f in found))
    return plans


@action("vehicles.plan.decide", system_only=True, event="vehicles.plan.decided")
def decide_plans(w: Write, plans: Sequence[Plan], *, state: str, vehicle: Vehicle | None = None) -> Sequence[Plan]:
    """Take over how far the allocation of a plan line has come."""
    for plan in plans:
        w.change(plan, state=state, **({"vehicle": vehicle} if vehicle is not None else {}))
    return plans


# Repairs


@action("vehicles.repair.approve", event="vehicles.repair.changed")
def approve_repairs(w: Write, repairs: Sequence[Repair]) -> Sequence[Repair]:
    """Approve repairs before work begins; the cheapest quote is chosen unless one was picked."""
    for row in repairs:
        if row.state != Repair.State.ASKED:
            raise Conflict(_("只有待批的维修单可以审批。"))
        quotes = list(row.quotes.order_by("amount", "pk"))
        chosen = next((q for q in quotes if q.is_chosen), quotes[0] if quotes else None)
        if chosen is not None:
            w.change(chosen, is_chosen=True)
            w.change(row, party=chosen.party)
        w.change(row, state=Repair.State.APPROVED)
    return repairs


@action("vehicles.repair.refuse", permission="vehicles.repair.approve", event="vehicles.repair.changed")
def refuse_repairs(w: Write, repairs: Sequence[Repair], *, why: str) -> Sequence[Repair]:
    """Refuse repairs, with the reason."""
    for row in repairs:
        if row.state != Repair.State.ASKED:
            raise Conflict(_("只有待批的维修单可以审批。"))
        w.change(row, state=Repair.State.REFUSED, note=why)
    return repairs


@action("vehicles.repair.settle", event="vehicles.repair.changed")
def settle_repairs(
    w: Write, repairs: Sequence[Repair], *, amount: Decimal, voucher: str, done_on: date
) -> Sequence[Repair]:
    """A repair is done and paid. What exceeds the chosen quote is refused: parts are added by a new quote.

    Raises:
        Conflict: it was not approved.
        Invalid: the bill is above the quote that was approved, or above its parts and hours.
    """
    for row in repairs:
        if row.state != Repair.State.APPROVED:
            raise Conflict(_("先审批，再结算。"))
        quote = next((q for q in row.quotes.all() if q.is_chosen), None)
        if quote is not None and amount > quote.amount:
            raise Invalid.one("amount", _("结算 %(amount)s 元，超过批准的报价 %(quote)s 元。")
                              % {"amount": amount, "quote": quote.amount})  # fmt: skip
        parts = sum((p.quantity * p.price for p in row.parts.all()), Decimal(0))
        if parts and amount > parts:
            raise Invalid.one("amount", _("结算 %(amount)s 元，配件工时合计只有 %(parts)s 元。")
                              % {"amount": amount, "parts": parts.quantize(Decimal("0.01"))})  # fmt: skip
        w.change(row, state=Repair.State.DONE, amount=amount, voucher=voucher, done_on=done_on)
    return repairs


DEAR = Decimal("1.5")
"""How many times the median price of its name a part must cost to be pointed out."""


def with_usual_price(parts: QuerySet[RepairPart]) -> QuerySet[RepairPart]:
    """Parts with ``usual``: the median price of those of the same name that are in sight."""
    same = RepairPart.objects.filter(name=OuterRef("name")).order_by().values("name")
    return parts.annotate(usual=Subquery(same.annotate(m=Median("price")).values("m")))


def check_costs(rows: Sequence[Expense]) -> None:
    """A cost lies with the organ that holds the vehicle.

    Raises:
        Invalid: it is entered for another organ than the vehicle's.
    """
    faults = [
        FieldFault("vehicle", _("%(plate)s 不是这个单位的车。") % {"plate": row.vehicle.plate}, row=n)
        for n, row in enumerate(rows)
        if row.vehicle.node_id != row.node_id
    ]
    if faults:
        raise Invalid(faults=faults)


def check_refuels(rows: Sequence[Refuel]) -> None:
    """Faults of fuel bills: more than the tank holds, or the wrong kind for the vehicle.

    Raises:
        Invalid: with each fault at its field.
    """
    faults = []
    for n, row in enumerate(rows):
        vehicle = row.vehicle
        if row.kind == Refuel.Sort.CHARGE and vehicle.fuel not in (Fuel.PLUG_IN, Fuel.ELECTRIC):
            faults.append(FieldFault("kind", _("%(plate)s 不是充电的车。") % {"plate": vehicle.plate}, row=n))
        if row.kind == Refuel.Sort.FUEL and vehicle.fuel == Fuel.ELECTRIC:
            faults.append(FieldFault("kind", _("%(plate)s 是纯电动车。") % {"plate": vehicle.plate}, row=n))
        if row.kind == Refuel.Sort.FUEL and vehicle.tank and row.quantity > vehicle.tank:
            words = _("一次加 %(litres)s 升，超过油箱容积 %(tank)s 升。")
            faults.append(FieldFault("quantity", words % {"litres": row.quantity, "tank": vehicle.tank}, row=n))
    if faults:
        raise Invalid(faults=faults)


# Papers keep the vehicle's dates in step


def renew_papers(w: Write, rows: Sequence[Insurance | Inspection]) -> None:
    """Carry the end of a policy or an inspection over to its vehicle, where it is later than what is held there."""
    for row in rows:
        if isinstance(row, Inspection):
            name, until = "inspection_to", row.valid_to if row.is_passed else None
        else:
            name, until = f"{row.kind}_to", row.until
        known = getattr(row.vehicle, name)
        if until is not None and (known is None or known < until):
            w.change(row.vehicle, **{name: until})


def _papers(noun: str) -> None:
    @action(f"vehicles.{noun}.create", handover=True, event=f"vehicles.{noun}.created")
    def create(w: Write, rows: Sequence[Insurance | Inspection], *, content: str) -> Sequence[Insurance | Inspection]:
        """Insert policies or inspections; the vehicles' dates follow. ``content`` is the digest of their values."""
        w.create(*rows)
        renew_papers(w, rows)
        return rows


_papers("insurance")
_papers("inspection")
