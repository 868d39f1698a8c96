"""Which divisions stand above an institution, and in which order they review it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shuzheng.base.core.scope import ancestors
from shuzheng.base.org.models import Node, NodeKind


@dataclass(frozen=True)
class Step:
    """A division that reviews: its tier and its path."""

    tier: int
    path: str


def chains(paths: Iterable[str], top: int = 1) -> dict[str, list[Step]]:
    """For each organ's path the divisions that review it, from its own upwards to the tier ``top``. One query.

    A county right under a province (直辖县级市, or a district of a municipality) has no prefecture above it.
    """
    wanted = {path: ancestors(path) for path in set(paths)}
    known = dict(
        Node.objects.filter(
            path__in={a for found in wanted.values() for a in found}, kind=NodeKind.DIVISION
        ).values_list("path", "tier")
    )
    return {
        path: [Step(known[a], a) for a in reversed(found) if a in known and known[a] >= top]
        for path, found in wanted.items()
    }


def member_of(path: str, division: str) -> str:
    """What stands just below ``division`` on the way to ``path``: a division, or ``…/0/`` for all organs of its own level."""
    rest = path[len(division) :]
    if rest.startswith("0/"):
        return f"{division}0/"
    return division + rest.split("/", 1)[0] + "/"
