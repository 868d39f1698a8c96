"""Facts that the track shows, as warnings. A fact: ``{"vehicle", "kind", "at", "place", "subject", "figures", "words"}`` (docs/vehicles-tracks.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from shuzheng.apps.vehicles.models import Fence, Run, Vehicle
from shuzheng.apps.vehicles.models.alerts import Warned
from shuzheng.apps.vehicles.supervision.found import Found, Item, Limits

KINDS: Mapping[str, tuple[str, tuple[tuple[str, str, str, str], ...], tuple[str, ...]]] = {
    # kind: the code, figures (of the fact: what, unit, the rule that limits it), and what it says besides
    "left_home_without_order": (Warned.NO_ORDER, (("metres", "metres", "m", "VEH-HOME-METRES"),), ("no_approval",)),
    "speeding": (Warned.SPEEDING, (("kmh", "speed", "km/h", "VEH-SPEED"),), ()),
    "moved_on_holiday": (Warned.OFF_HOURS, (("kmh", "speed", "km/h", ""),), ("holiday", "no_approval")),
    "moved_at_night": (Warned.OFF_HOURS, (("kmh", "speed", "km/h", ""),), ("night", "no_approval")),
    "moved_while_locked": (Warned.LOCKED, (("kmh", "speed", "km/h", ""),), ()),
    "long_stop_at_sensitive_place": (Warned.SENSITIVE, (("minutes", "minutes", "分钟", "VEH-STAY-MINUTES"),), ()),
    "off_route": (Warned.OFF_ROUTE, (("metres", "metres", "m", "VEH-ROUTE-METRES"),), ()),
    "other_driver": (Warned.DRIVER, (), ()),
    "offline": (Warned.OFFLINE, (("hours", "offline", "小时", "VEH-OFFLINE-HOURS"),), ()),
}
CROSSING = {"fence_left": Fence.Area.REGION, "fence_entered": Fence.Area.FORBIDDEN}
"""Of which kind a fence must be for a crossing to be a warning: leaving one's lot is none."""


def found(
    facts: Iterable[Mapping[str, Any]],
    vehicles: Mapping[UUID, Vehicle],
    fences: Mapping[str, Fence],
    runs: Mapping[str, Run],
    limits: Limits,
) -> Iterator[Found]:
    """What facts warn of. Those of a vehicle that is gone, and crossings that mean nothing, are passed over.

    A place is told to about a kilometre: who needs more looks at the track, with a reason.

    Args:
        fences, runs: by id, what the facts are about.
    """
    for fact in facts:
        row = vehicles.get(UUID(str(fact["vehicle"])))
        kind, subject = str(fact["kind"]), str(fact.get("subject") or "")
        fence, run = fences.get(subject), runs.get(subject)
        if row is None:
            continue
        if kind in CROSSING:
            if fence is None or fence.area != CROSSING[kind]:
                continue
            code, figures, besides = Warned.OUTSIDE, (), ()
        elif kind in KINDS:
            code, figures, besides = KINDS[kind]
        else:
            continue
        moment = fact["at"] if isinstance(fact["at"], datetime) else datetime.fromisoformat(fact["at"])
        items = [Item(what, moment if what in ("night", "holiday") else "") for what in besides]
        for figure, what, unit, rule_code in figures:
            if figure in (fact.get("figures") or {}):
                rule = limits(rule_code, row.path) if rule_code else None
                items.append(
                    Item(what, round(Decimal(str(fact["figures"][figure])), 1), unit, rule.value if rule else "", rule)
                )
        items += [Item(what, value) for what, value in (fact.get("words") or {}).items()]
        if fence is not None:
            items.append(Item("fence", fence.name))
        if place := fact.get("place"):
            items.append(Item("place", f"{float(place[1]):.2f}, {float(place[0]):.2f}"))
        about = [("vehicles.vehicle", row.pk, row.plate)]
        if run is not None:
            about.append(("vehicles.run", run.pk, str(run)))
        yield Found(
            code, f"{code}:{row.pk}:{kind}:{subject}:{moment:%Y%m%dT%H%M%S}", row.node_id, row.path, moment, tuple(items),
            vehicle_id=row.pk, run_id=run.pk if run is not None else None, about=tuple(about),
        )  # fmt: skip
