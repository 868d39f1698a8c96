"""Which licence may drive which vehicle (《机动车驾驶证申领和使用规定》附件1 准驾车型及代号)."""

from __future__ import annotations

from shuzheng.apps.vehicles.models import Body, Vehicle

SMALL = frozenset({"A1", "A2", "A3", "B1", "B2", "C1", "C2"})
"""Small coaches and cars; C2 drives automatic ones only, which the register does not tell."""
MEDIUM = frozenset({"A1", "A3", "B1"})
LARGE = frozenset({"A1", "A3"})


def needed(body: str) -> frozenset[str]:
    """The licence classes that may drive a body type."""
    return {Body.LARGE.value: LARGE, Body.MEDIUM.value: MEDIUM}.get(body, SMALL)


def may_drive(licence: str, vehicle: Vehicle) -> bool:
    return licence in needed(vehicle.body)
