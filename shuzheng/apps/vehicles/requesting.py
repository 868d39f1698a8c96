"""The papers of official vehicles: which process approves what, and what of a record goes into its form.

A process is found by its code; the nearest edition published to the organ is the one that goes (``flows.reaching``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.models import Plan, Trip, Vehicle
from shuzheng.apps.vehicles.models.fleet import Disposal
from shuzheng.base.core.actor import Actor
from shuzheng.base.flows import actions as flows
from shuzheng.base.flows.models import Case
from shuzheng.base.flows.reaching import startable
from shuzheng.kernel.errors import Invalid

TRIP, PLAN, DISPOSAL = "vehicle-use", "vehicle-allocate", "vehicle-dispose"


def _start(
    row: Trip | Plan | Vehicle, code: str, actor: Actor, values: Mapping[str, Any], *, urgent: bool = False
) -> None:
    """Open a case of the process ``code`` about ``row`` and hand it in, in the running transaction.

    The case's id stands on the record before the process runs, since its operations find the record by it.

    Raises:
        Invalid: no such process is published to the actor, or its form is not complete.
    """
    found = next((d for d in startable(actor) if d.code == code), None)
    if found is None:
        raise Invalid(_("还没有发布“%(code)s”流程，请联系管理员。") % {"code": code})
    case = Case(definition=found)
    case.node_id, case.path = actor.organ_id, actor.organ_path
    flows.save_drafts([case], actor=actor, values=values, is_urgent=urgent)
    type(row).objects.filter(pk=row.pk).update(case_id=case.pk)
    row.case_id = case.pk
    flows.start([case], actor=actor)


def begin(trip: Trip, actor: Actor) -> None:
    """Send a request for a car into approval."""
    local = timezone.localtime
    _start(
        trip, TRIP, actor,
        {
            "number": trip.number, "subject": trip.subject, "category": _word(trip.get_purpose_display),
            "passengers": trip.passengers, "people": str(trip.people), "origin": trip.origin, "via": trip.via,
            "destination": trip.destination, "range": _word(trip.get_reach_display),
            "begins": f"{local(trip.begins):%Y-%m-%d %H:%M}", "ends": f"{local(trip.ends):%Y-%m-%d %H:%M}",
            "emergency": trip.is_emergency,
        },
        urgent=trip.is_emergency,
    )  # fmt: skip


def begin_plan(plan: Plan, actor: Actor, verdict: str) -> None:
    """Send a line of the allocation plan into approval."""
    _start(
        plan, PLAN, actor,
        {
            "year": str(plan.year), "sort": _word(plan.get_kind_display),
            "use": _word(plan.get_use_display), "body": _word(plan.get_body_display), "fuel": _word(plan.get_fuel_display),
            "price": str(plan.price), "replaces": plan.replaces.plate if plan.replaces else "", "reason": plan.reason,
            "verdict": verdict[:1000],
        },
    )  # fmt: skip


def begin_disposal(row: Vehicle, actor: Actor, *, way: str, reason: str, condition: str, verdict: str) -> None:
    """Send the disposal of a vehicle into approval."""
    _start(
        row, DISPOSAL, actor,
        {
            "plate": row.plate, "brand": row.brand, "registered": row.registered_on.isoformat(),
            "mileage": str(row.mileage), "way": _word(lambda: str(Disposal(way).label)), "reason": reason,
            "condition": condition, "verdict": verdict[:1000],
        },
    )  # fmt: skip


def _word(display: Any) -> str:
    """A choice as the process knows it: its options are written in Chinese, whatever language the page was in."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(display())
