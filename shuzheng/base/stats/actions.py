"""The verbs of statistics: users' own indicators, and the trail of numbers that leave the platform."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.org.models import Node
from shuzheng.base.stats import own
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.question import Answer
from shuzheng.kernel.errors import Invalid


@action("stats.indicator.define", event="stats.indicator.defined")
def define_indicators(w: Write, drafts: Sequence[OwnIndicator]) -> Sequence[OwnIndicator]:
    """Define indicators of one's own. ``audience`` is the organ's division: those below may ask them, too.

    Raises:
        Invalid: a formula that does not parse or names no cell of the form; a code that is taken.
    """
    for draft in drafts:
        own.check(draft)
    w.create(*drafts)
    return drafts


@action("stats.indicator.change", event="stats.indicator.changed")
def change_indicators(
    w: Write,
    rows: Sequence[OwnIndicator],
    *,
    name: str,
    formula: str,
    unit: str = "",
    places: int = 2,
    direction: str = "",
    target: Decimal | None = None,
    target_year: int | None = None,
    note: str = "",
) -> Sequence[OwnIndicator]:
    """Change an indicator's words or formula; the trail keeps the one before. Raises ``Invalid`` as defining does."""
    for row in rows:
        if row.state != OwnIndicator.State.ACTIVE:
            raise Invalid(_("“%(name)s”已停用，不能修改。") % {"name": row.name})
        w.change(
            row, name=name, formula=formula, unit=unit, places=places, direction=direction, target=target,
            target_year=target_year, note=note,
        )  # fmt: skip
        own.check(row)
    return rows


@action("stats.indicator.retire", event="stats.indicator.retired")
def retire_indicators(w: Write, rows: Sequence[OwnIndicator]) -> Sequence[OwnIndicator]:
    """No longer offered; briefs and links that name it say so."""
    for row in rows:
        w.change(row, state=OwnIndicator.State.RETIRED)
    return rows


@action("stats.answer.export")
def note_export(w: Write, organs: Sequence[Node], *, answer: Answer, what: str) -> Sequence[Node]:
    """Put it in the trail that numbers left the platform: which indicators, how told apart, how many rows, as what file.

    ``organs`` is the exporter's own organ; ``what`` the kind of file (``xlsx``, ``csv``, ``png``, ``pdf``, ``api``).
    """
    asked = answer.question
    after = {
        "indicators": list(asked.indicators), "by": list(asked.by), "periods": list(asked.periods),
        "where": {k: list(v) for k, v in asked.where.items()}, "tree": asked.tree, "rows": len(answer.rows),
        "what": what, "sources": [str(s.round) for s in answer.sources],
    }  # fmt: skip
    for organ in organs:
        w.note(organ, after=after, label=what, path=w.actor.organ_path)
    return organs
