"""Verbs of places and parties that differ from the usual ones of a register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.masters.models import Party, Place, PlaceKind
from shuzheng.kernel.errors import FieldFault, Invalid

RANK = {PlaceKind.SITE: 0, PlaceKind.BUILDING: 1, PlaceKind.FLOOR: 2, PlaceKind.ROOM: 3}


def check_places(places: Sequence[Place]) -> None:
    """Each place lies in one of a greater kind and of the same organ.

    Raises:
        Invalid: one does not; ``row`` of a fault counts from 0 in ``places``.
    """
    faults = []
    for number, place in enumerate(places):
        parent = place.parent
        if parent is None:
            if place.kind in (PlaceKind.FLOOR, PlaceKind.ROOM):
                faults.append(FieldFault("parent", _("楼层和房间要填所在位置。"), row=number))
        elif RANK[PlaceKind(parent.kind)] >= RANK[PlaceKind(place.kind)]:
            said = _("%(kind)s不能在%(parent)s之下。") % {
                "kind": place.get_kind_display(),
                "parent": parent.get_kind_display(),
            }
            faults.append(FieldFault("parent", said, row=number, value=str(parent)))
        elif parent.node_id != place.node_id:
            faults.append(FieldFault("parent", _("所在位置属于另一个单位。"), row=number, value=str(parent)))
    if faults:
        raise Invalid(faults=faults)


def full_name(place: Place) -> str:
    """The names from the site down, ``行政中心 / 1 号楼 / 302``."""
    return f"{place.parent.full_name} / {place.name}"[-250:] if place.parent else place.name


@action("masters.place.change", handover=True, event="masters.place.changed")
def change_places(w: Write, places: Sequence[Place], *, changes: Mapping[str, Mapping[str, Any]]) -> Sequence[Place]:
    """Change places; what lies in a renamed or moved one gets its new full name.

    Raises:
        Invalid: a place would lie in itself.
    """
    touched = {place.pk: place for place in places}
    for place in places:
        w.change(place, **changes[str(place.pk)])
    for place in sorted(places, key=lambda p: RANK[PlaceKind(p.kind)]):
        if place.parent_id in touched:
            place.parent = touched[place.parent_id]
        w.change(place, full_name=full_name(place))
    for place, parent in _below(places):
        if place.pk not in touched:
            place.parent = parent
            w.change(place, full_name=full_name(place))
    return places


def _below(places: Iterable[Place]) -> Iterable[tuple[Place, Place]]:
    """Everything that lies in ``places``, level by level, each with the place it lies in."""
    level = {place.pk: place for place in places}
    seen = set(level)
    for place in level.values():
        above, steps = place.parent, 0
        while above is not None and steps <= len(RANK):
            if above.pk == place.pk:
                raise Invalid.one("parent", _("位置不能在自己之下。"))
            above, steps = above.parent, steps + 1
    while level:
        children = list(Place.objects.filter(parent__in=list(level)).order_by("pk"))
        yield from ((child, level[child.parent_id]) for child in children)
        level = {child.pk: child for child in children if child.pk not in seen}
        seen |= set(level)


@action("masters.party.block", handover=True, event="masters.party.blocked")
def block_parties(w: Write, parties: Sequence[Party], *, why: str, until: date | None = None) -> Sequence[Party]:
    """Bar suppliers from new business (列入黑名单), with a reason and, if it ends by itself, its last day."""
    for party in parties:
        w.change(party, is_blocked=True, blocked_reason=why, blocked_until=until)
    return parties


@action("masters.party.unblock", handover=True, event="masters.party.unblocked")
def unblock_parties(w: Write, parties: Sequence[Party]) -> Sequence[Party]:
    """Lift the bar."""
    for party in parties:
        w.change(party, is_blocked=False, blocked_reason="", blocked_until=None)
    return parties
