"""Reporting in other ways than by filling in: for an institution that can't (代报), and with nothing to report (零报告)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import states
from shuzheng.base.forms.filling import hand_in, open_round, write_in
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.prefill import known
from shuzheng.base.forms.spec import CellType, FormSpec, Value
from shuzheng.base.forms.tiers import chains
from shuzheng.base.forms.values import stored_values
from shuzheng.kernel.errors import Denied, Invalid


@action("forms.submission.stand_in", handover=True)
def stand_in(w: Write, submissions: Sequence[Submission], *, why: str) -> Sequence[Submission]:
    """Take over filling in for institutions below: said with a reason, marked on the submission, open to them as well.

    Raises:
        Invalid: no reason, it was handed in, or the institution lies below another authority.
    """
    if not why.strip():
        raise Invalid.one("why", _("写明代报原因。"))
    lock(submissions, unchanged=False)
    found = chains([s.path for s in submissions])
    for row in submissions:
        states.require("fill", row)
        if w.actor.division not in {s.path for s in found[row.path]}:
            raise Invalid(_("只能替下级单位代报。"))
        w.change(row, behalf=w.actor.organ_name, behalf_reason=why.strip()[:300])
    return submissions


@action("forms.submission.fill_for", permission="forms.submission.stand_in", handover=True)
def fill_for(
    w: Write,
    submissions: Sequence[Submission],
    *,
    values: Mapping[str, Value],
    explanations: Mapping[str, str] | None = None,
    unread: Mapping[str, str] | None = None,
    source: str = Cell.Source.HAND,
) -> Sequence[Submission]:
    """As ``fill``, by the office that stands in.

    Raises:
        Denied: it does not stand in for the institution.
        Invalid: as ``fill``.
    """
    lock(submissions, unchanged=False)
    require_standing(w.actor, submissions)
    return write_in(w, submissions, values, explanations or {}, unread or {}, source)


@action(
    "forms.submission.submit_for",
    permission="forms.submission.stand_in",
    handover=True,
    event="forms.submission.submitted",
)
def submit_for(
    w: Write, submissions: Sequence[Submission], *, signers: Mapping[str, str] | None = None
) -> Sequence[Submission]:
    """As ``submit``, by the office that stands in.

    Raises:
        Denied: it does not stand in for the institution.
        Invalid: as ``submit``.
    """
    lock(submissions, unchanged=False)
    require_standing(w.actor, submissions)
    return hand_in(w, submissions, signers or {})


@action("forms.submission.nil", permission="forms.submission.submit", event="forms.submission.submitted")
def report_nil(
    w: Write, submissions: Sequence[Submission], *, signers: Mapping[str, str] | None = None
) -> Sequence[Submission]:
    """Hand in a nil report: every amount nought, what registers know as they know it, marked as such.

    Raises:
        Invalid: numbers have been filled in, or a fact is missing that a nil report needs too.
    """
    lock(submissions, unchanged=False)
    for row in submissions:
        spec = open_round(row)
        states.require("submit", row)
        stored = stored_values(row)
        if any(stored.get(code) for code in noughts(spec)):
            raise Invalid(_("已经填了数，不能零报告。清空后再报，或按实际数提交。"), code="forms.nil.filled")
        kept = [code for code, item in known(spec, row).items() if item.value and item.source != Cell.Source.PREVIOUS]
        if set(kept) & set(noughts(spec)):
            raise Invalid(_("台账里有本期的数，不能零报告。按实际数提交。"), code="forms.nil.filled")
        write_in(w, [row], dict.fromkeys(noughts(spec), Decimal(0)), {}, {}, Cell.Source.NIL)
        w.flush()
        hand_in(w, [row], signers or {}, nil=True)
    return submissions


def noughts(spec: FormSpec) -> list[str]:
    """The cells that a nil report sets to nought: amounts that are typed in and added up, and no register knows."""
    kinds = (CellType.NUMBER, CellType.INTEGER)
    return [c.code for c in spec.inputs if c.additive and c.type in kinds and not c.fact and not c.required]


def stands_in(actor: Actor, submission: Submission) -> bool:
    """Whether the actor's office fills this in for its institution."""
    return (
        bool(submission.behalf)
        and submission.behalf == actor.organ_name
        and actor.may("forms.submission.stand_in", submission.path)
    )


def require_standing(actor: Actor, submissions: Sequence[Submission]) -> None:
    """Refuse whoever has not said why they fill in for these institutions.

    Raises:
        Denied: names the first of them.
    """
    for row in submissions:
        if not stands_in(actor, row):
            raise Denied(_("先说明代报原因，再替%(name)s填报。") % {"name": row.node.name}, code="forms.standing")


__all__ = ["fill_for", "noughts", "report_nil", "require_standing", "stand_in", "stands_in", "submit_for"]
