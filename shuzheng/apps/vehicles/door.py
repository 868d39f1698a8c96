"""The door for the public: the mark on a vehicle leads here, with no sign-in.

The token finds the vehicle under the system scope ``vehicles.door``. What is shown is who uses it, for what kind of use, and a
masked plate; what is told is kept with the authority, never with the organ that it is about.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.actions.alerts import send_tips
from shuzheng.apps.vehicles.models import Vehicle
from shuzheng.apps.vehicles.models.alerts import Mark, Tip
from shuzheng.apps.vehicles.models.fleet import Use
from shuzheng.apps.vehicles.supervision.handling import authority_of
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.locks import hold
from shuzheng.base.files.actions import blocked_words, receive
from shuzheng.base.files.models import Block
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import FieldFault, Invalid, Missing

PHOTO_MB = 10
"""Largest photograph, in megabytes."""
A_DAY = 20
"""Reports that are taken of one vehicle in a day: whoever sends more tells nothing new."""


@dataclass(frozen=True)
class Shown:
    """What the public sees of a vehicle."""

    vehicle: Vehicle
    organ: str
    use: str
    plate: str


def masked(plate: str) -> str:
    """A plate with its middle hidden: enough to compare with the car in front of one."""
    return plate[:2] + "•" * max(0, len(plate) - 4) + plate[-2:]


def look(token: str) -> Shown:
    """The vehicle of a mark.

    Raises:
        Missing: no vehicle has this mark (any more), or it is disposed of.
    """
    with system_actor("vehicles.door").scope.activate():
        mark = Mark.objects.select_related("vehicle__node").filter(token=token[:32]).first()
        if mark is None or not mark.vehicle.is_held:
            raise Missing(_("没有这个标识码，可能已更换或车辆已处置。"))
        row = mark.vehicle
        return Shown(row, row.node.name, str(Use(row.use).label), masked(row.plate))


def tell(
    shown: Shown, *, seen_at: datetime, place: str, what: str, contact: str, ticket: str, photo: Any = None
) -> tuple[Tip, str]:
    """Keep a report with the authority; the same ticket twice is one. Returns it, and what to say of a photograph that was
    stopped by the secrecy check.

    Raises:
        Invalid: the time lies ahead, the photograph is too large or none; too many today; nobody handles it.
    """
    now = timezone.now()
    if seen_at > now:
        raise Invalid.one("seen_at", _("时间还没有到。"))
    if photo is not None and photo.size > PHOTO_MB * 1024 * 1024:
        raise Invalid.one("photo", _("文件超过 %(n)d MB。") % {"n": PHOTO_MB})
    actor = system_actor("vehicles.door")
    with transaction.atomic(), actor.scope.activate():
        hold(f"vehicles:tip:{shown.vehicle.pk}")
        if known := Tip.objects.filter(ticket=ticket).first():
            return known, ""
        since = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        if Tip.objects.filter(vehicle=shown.vehicle, created_at__gte=since).count() >= A_DAY:
            raise Invalid(_("今天对这辆车的反映已经很多，请拨打监督电话。"))
        authority = handler_of(shown.vehicle.node)
        row = Tip(vehicle=shown.vehicle, seen_at=seen_at, place=place, what=what, contact=contact, ticket=ticket)
        row.own(authority)
        send_tips([row], actor=replace(actor, organ_id=authority.pk, organ_path=authority.path))
        stopped = _attach(row, photo, authority) if photo is not None else ""
    return row, stopped


def handler_of(organ: Node) -> Node:
    """The authority that a report goes to: at the very top, the organ itself."""
    return authority_of(organ, timezone.localdate()) or organ


def _attach(row: Tip, photo: Any, authority: Node) -> str:
    actor = replace(system_actor("vehicles.door"), organ_id=authority.pk, organ_path=authority.path, name=_("群众"))
    try:
        found = receive(row, photo.name or "photo.jpg", photo, actor=actor)
    except Invalid as fault:
        raise Invalid(fault.message, [FieldFault("photo", fault.message)]) from None
    return blocked_words(found) if isinstance(found, Block) else ""
