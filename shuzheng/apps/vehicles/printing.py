"""派车单 as PDF: the fields of domain §3.6."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.apps.vehicles.models import Trip
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Group
from shuzheng.base.portal.typeset import pdf
from shuzheng.base.registers.labels import qr_image

LAYOUT = Path(__file__).parent / "typst" / "trip.typ"


def sheet(trip: Trip, groups: Sequence[Group], actor: Actor, link: str) -> bytes:
    """The trip sheet, with the groups that the page shows, and a code that leads to it (``link``)."""
    return pdf(
        LAYOUT,
        {
            "title": _("公务用车派车单"),
            "number": _("编号：%(n)s") % {"n": trip.number},
            "link": link,
            "code": qr_image(link),
            "state": trip.get_state_display(),
            "groups": [[g.title, [[p.label, _text(p.value, p.unit)] for p in g.pairs]] for g in groups],
            "foot": _("%(at)s 由 %(who)s 打印") % {"at": formats.full(timezone.now()), "who": actor.name},
        },
    )


def _text(value: object, unit: str) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, datetime):
        return formats.full(value)
    return f"{value} {unit}".strip()
