"""Whether the roll-ups are what their cells say: each division of a round counted again, every night, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db.models.functions import Coalesce
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms import rollup
from shuzheng.base.forms.models import Recount, RollupDelta, RollupTotal, Round, Submission
from shuzheng.base.org.models import Node, NodeKind

log = structlog.get_logger("shuzheng.forms")


@dataclass(frozen=True)
class Compared:
    """A roll-up beside what its cells come to: codes of the sums that differ (an empty code for the number of
    institutions), how many institutions and cells were counted."""

    wrong: list[str]
    units: int
    cells: int


def compare(round_: Round, division: str, tier: int) -> Compared:
    """Count a division's roll-up again from the cells below it."""
    sums, units = rollup.totals(round_, division)
    again, counted = rollup.recount(round_, division, tier)
    codes = [code for code in {**sums, **again} if sums.get(code, 0) != again.get(code, 0)]
    return Compared([*codes, *([] if units == counted else [""])], counted, len(again))


def recount_round(round_: Round, actor: Actor) -> Recount:
    """Count every division of a round again, each in a transaction of its own, and note what came of it."""
    with actor.scope.activate():
        divisions = _divisions(round_)
    wrong = [path for path, tier in divisions if not _agrees(round_, path, tier, actor)]
    found = {"at": timezone.now(), "divisions": len(divisions), "wrong": len(wrong), "first": (wrong or [""])[0]}
    with actor.scope.activate():
        row, _made = Recount.objects.update_or_create(round=round_, defaults=found)
    if wrong:
        log.error("rollups differ from their cells", round=str(round_.pk), divisions=len(wrong), first=wrong[0])
    return row


def _divisions(round_: Round) -> Sequence[tuple[str, int]]:
    """Path and tier of every division that has a roll-up of the round, or should have one."""
    paths: set[str] = set()
    for model in (RollupTotal, RollupDelta):
        paths.update(model.objects.filter(round=round_).values_list("path", flat=True).distinct())
    homes = Submission.objects.filter(round=round_).values_list(
        Coalesce("node__division__path", "node__path"), flat=True
    )  # fmt: skip
    for home in homes.distinct():
        paths.update(ancestors(home))
    known = Node.objects.filter(path__in=paths, kind=NodeKind.DIVISION, valid_to=None)
    return list(known.order_by("path").values_list("path", "tier"))


def _agrees(round_: Round, path: str, tier: int, actor: Actor) -> bool:
    """Sums and cells are read by two statements. Where they differ, an approval may have come between: then again without."""
    with actor.scope.activate():
        if not compare(round_, path, tier).wrong:
            return True
    with actor.scope.activate():
        rollup.hold()
        return not compare(round_, path, tier).wrong


__all__ = ["Compared", "compare", "recount_round"]
