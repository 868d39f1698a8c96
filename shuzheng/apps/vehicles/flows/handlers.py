"""Operations that the processes of official vehicles call: what an approval means for trip, plan and vehicle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles.actions import decide_plans, dispose_vehicles, follow_trips
from shuzheng.apps.vehicles.models import Plan, Trip, TripState, Vehicle
from shuzheng.apps.vehicles.models.fleet import Disposal
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.flows.operations import Operation, register
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.expr import DATE, NUMBER, TEXT


def _found(model: type[Any], case_id: UUID) -> list[Any]:
    """The record that the case is about.

    Raises:
        Invalid: the process was begun by hand, without one.
    """
    rows = list(model.objects.filter(case_id=case_id))
    if not rows:
        raise Invalid(_("这份申请不是从公务用车发起的，请在那里提交。"))
    return rows


def _trip(state: str) -> Any:
    def run(actor: Actor, case_id: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
        follow = system_actor("vehicles.follow")
        with follow.scope.activate():
            follow_trips(_found(Trip, case_id), actor=follow, state=state)
        return {}

    return run


def _plan(state: str) -> Any:
    def run(actor: Actor, case_id: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
        follow = system_actor("vehicles.follow")
        with follow.scope.activate():
            [plan] = _found(Plan, case_id)
            vehicle = None
            if plate := given.get("plate"):
                vehicle = Vehicle.objects.filter(node_id=plan.node_id, plate=str(plate).upper()).first()
                if vehicle is None:
                    words = _("车辆台账里没有本单位的 %(plate)s。先登记车辆，再办这一步。")
                    raise Invalid.one("plate", words % {"plate": plate})
            decide_plans([plan], actor=follow, state=state, vehicle=vehicle)
        return {}

    return run


def _dispose(actor: Actor, case_id: UUID, given: Mapping[str, Any]) -> dict[str, Any]:
    follow = system_actor("vehicles.follow")
    with translation.override(settings.LANGUAGE_CODE):
        ways = {str(label): value for value, label in Disposal.choices}
    with follow.scope.activate():
        dispose_vehicles(
            _found(Vehicle, case_id), actor=follow, way=ways.get(str(given["way"]), Disposal.OTHER),
            on=given["on"] or timezone.localdate(), proceeds=given["proceeds"] or 0,
        )  # fmt: skip
    return {}


register(Operation("vehicles.trip.reviewing", gettext_lazy("部门已批，转审核"), {}, {}, _trip(TripState.REVIEW)))
register(Operation("vehicles.trip.approved", gettext_lazy("转调度派车"), {}, {}, _trip(TripState.WAITING)))
register(Operation("vehicles.plan.approved", gettext_lazy("列入年度计划"), {}, {}, _plan(Plan.State.APPROVED)))
register(Operation("vehicles.plan.bought", gettext_lazy("登记购置"), {}, {}, _plan(Plan.State.BOUGHT)))
register(Operation("vehicles.plan.done", gettext_lazy("纳入平台"), {"plate": TEXT}, {}, _plan(Plan.State.DONE)))
register(
    Operation(
        "vehicles.vehicle.disposed", gettext_lazy("注销车辆"),
        {"way": TEXT, "on": DATE, "proceeds": NUMBER}, {}, _dispose,
    )
)  # fmt: skip
