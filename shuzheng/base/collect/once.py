"""Ask once, for collections: what the platform holds already is shown, and taken, dropped or asked with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.questions import Question
from shuzheng.base.forms import askonce
from shuzheng.kernel.errors import FieldFault, Invalid

COMPARED = frozenset({"number", "text"})
"""Kinds that a register or form could hold; what asks for an opinion or names the person who answers is asked each time."""


def duplicates(questions: Sequence[Question], row: Collection) -> list[askonce.Duplicate]:
    """Questions whose answer is held already, with what was decided. Other collections are none: each is about its own day."""
    asked = [askonce.Question(q.code, q.label, q.unit, prefill=q.prefill) for q in questions if q.kind in COMPARED]
    return askonce.find(asked, period_kind="once", decisions=row.once)


def settle(
    questions: Sequence[Question], row: Collection, given: Mapping[str, Any]
) -> tuple[tuple[Question, ...], dict[str, Any], list[askonce.Duplicate]]:
    """Do what the page decided: returns the questions left, the decisions to keep, and the duplicates as they stand.

    Raises:
        Undecided: carries the duplicates, for the page to show.
    """
    found = duplicates(questions, row)
    made = {**row.once, **askonce.read_decisions(found, given)}
    open_ones = [d for d in found if not d.is_decided and d.question.code not in made]
    if open_ones:
        raise Undecided(found, open_ones)
    sources = {d.question.code: d.prefill for d in found}
    left = tuple(
        replace(q, prefill=sources.get(q.code, q.prefill)) if made.get(q.code, {}).get("choice") == "prefill" else q
        for q in questions
        if made.get(q.code, {}).get("choice") != "drop"
    )
    codes = {q.code for q in left}
    return left, {code: item for code, item in made.items() if code in codes}, found


class Undecided(Invalid):
    """Duplicates that nobody has decided of."""

    def __init__(self, found: Sequence[askonce.Duplicate], open_ones: Sequence[askonce.Duplicate]) -> None:
        super().__init__(
            _("有 %(n)d 个问题已有数据或已在别处填报，逐个决定再存。") % {"n": len(open_ones)},
            [FieldFault(d.question.code, askonce.said(d)) for d in open_ones],
            code="forms.once",
        )
        self.found = list(found)
