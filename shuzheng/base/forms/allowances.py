"""Exceptions from the rules of a round: asked for by an institution or a tier, granted by the tier above, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core import scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Allowance, Round, Submission
from shuzheng.base.forms.queries import UNREPORTED, tier_due
from shuzheng.base.forms.tiers import chains
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats
from shuzheng.kernel.errors import FieldFault, Invalid

What, State = Allowance.What, Allowance.State


@action("forms.allowance.ask", event="forms.allowance.asked")
def ask_allowances(
    w: Write,
    places: Sequence[Submission | Node],
    *,
    round: Round,
    what: str,
    why: str,
    until: datetime | None = None,
) -> list[Allowance]:
    """Ask the tier above for an exception: for institutions (their submissions), or for all below one's own division.

    Raises:
        Invalid: no reason, no later day, no tier above, or the same was asked already.
    """
    _check(what, why, until)
    asked = []
    for place in places:
        row = _made(w.actor, place, round, what, why, until)
        if isinstance(place, Submission):
            if place.path not in w.actor.scope.write:
                raise Invalid(_("只能为本单位申请。"))
            _possible(place, what)
            row.node_id, row.path = place.node_id, place.path
        elif place.path != w.actor.division:
            raise Invalid(_("只能为本区划申请。"))
        row.decider = _above(place, round)
        if Allowance.objects.filter(round=round, at=row.at, what=what, state=State.ASKED).exists():
            raise Invalid(_("%(name)s已经申请过，等待审批。") % {"name": row.at_name}, code="forms.allowance.twice")
        row.asked_by, row.asked_organ, row.asked_at = w.actor.name, w.actor.organ_name, timezone.now()
        asked.append(row)
    w.create(*asked)
    return asked


@action("forms.allowance.decide", handover=True, event="forms.allowance.decided")
def decide_allowances(
    w: Write, allowances: Sequence[Allowance], *, agree: bool, opinion: str = "", until: datetime | None = None
) -> Sequence[Allowance]:
    """Grant or refuse what was asked; ``until`` grants another day than was asked for.

    Raises:
        Invalid: it was decided, is for another tier to decide, or lacks the reason of a refusal.
    """
    if not agree and not opinion.strip():
        raise Invalid.one("opinion", _("写明不同意的原因。"))
    for row in allowances:
        if row.state != State.ASKED:
            raise Invalid(_("%(name)s的申请已经办过。") % {"name": row.at_name}, code="forms.allowance.decided")
        if row.decider != w.actor.division:
            raise Invalid(_("%(name)s的申请不由本级审批。") % {"name": row.at_name}, code="forms.allowance.turn")
        w.actor.require("forms.allowance.decide", row.decider)  # not with a right that ends at the organ that asked
        day = until or row.until
        w.change(row, state=State.GRANTED if agree else State.REFUSED, opinion=opinion.strip(), until=day)
        _sign(w, row)
        if agree:
            _apply(w, row)
    return allowances


@action("forms.allowance.grant", permission="forms.allowance.decide", handover=True, event="forms.allowance.decided")
def grant_allowances(
    w: Write,
    places: Sequence[Submission | Node],
    *,
    round: Round,
    what: str,
    why: str,
    until: datetime | None = None,
) -> list[Allowance]:
    """Make an exception for institutions or divisions below, unasked: floods, a system that was down.

    Raises:
        Invalid: no reason, no later day, or a place that is not below the actor's division.
    """
    _check(what, why, until)
    made = []
    for place in places:
        if not place.path.startswith(w.actor.division) or place.path.startswith(w.actor.organ_path):
            raise Invalid(_("只能批给下级和下级单位。"))
        row = _made(w.actor, place, round, what, why, until)
        if isinstance(place, Submission):
            row.node_id, row.path = place.node_id, place.path
        row.decider, row.state = w.actor.division, State.GRANTED
        _sign(w, row)
        w.create(row)
        _apply(w, row)
        made.append(row)
    return made


@action("forms.allowance.end", permission="forms.allowance.decide", handover=True)
def end_exemptions(w: Write, submissions: Sequence[Submission], *, why: str) -> Sequence[Submission]:
    """Ask an exempted institution again.

    Raises:
        Invalid: it is not exempted, or no reason is given.
    """
    if not why.strip():
        raise Invalid.one("why", _("写明原因。"))
    for row in submissions:
        if row.state != Submission.State.EXEMPT:
            raise Invalid(_("%(name)s没有免报。") % {"name": row.node.name})
        state = Submission.State.DRAFT if row.filled else Submission.State.TODO
        w.change(row, state=state, exempt_reason="")
        w.note(row, after={"why": why.strip()})
    return submissions


def waiting(division: str, round_: Round | None = None) -> QuerySet[Allowance]:
    """What a division's authority has to decide, first come first."""
    rows = Allowance.objects.filter(state=State.ASKED, decider=division).select_related("round__definition")
    return (rows.filter(round=round_) if round_ else rows).order_by("asked_at", "pk")


def _check(what: str, why: str, until: datetime | None) -> None:
    faults = []
    if what not in What.values:
        faults.append(FieldFault("what", _("没有这种申请。")))
    if not why.strip():
        faults.append(FieldFault("why", _("写明理由。")))
    if what != What.EXEMPTION and (until is None or until <= timezone.now()):
        faults.append(FieldFault("until", _("选一个今天之后的日期。")))
    if faults:
        raise Invalid(_("申请没有提交。"), faults)


def _possible(submission: Submission, what: str) -> None:
    if submission.state not in UNREPORTED:
        state = Submission.State(submission.state).label
        words = {"name": submission.node.name, "state": state, "what": What(what).label}
        raise Invalid(_("%(name)s的填报%(state)s，不用%(what)s。") % words, code="forms.allowance.state")


def _made(
    actor: Actor, place: Submission | Node, round_: Round, what: str, why: str, until: datetime | None
) -> Allowance:
    node = place.node if isinstance(place, Submission) else place
    row = Allowance(
        round=round_, submission=place if isinstance(place, Submission) else None, what=what, at=place.path,
        at_name=node.name, until=None if what == What.EXEMPTION else until, reason=why.strip()[:300],
    )  # fmt: skip
    row.node_id, row.path = actor.organ_id, actor.organ_path
    return row


def _above(place: Submission | Node, round_: Round) -> str:
    """The division that decides: an institution's own, a division's next above; not above who issued the round.

    Raises:
        Invalid: who asks is the issuer.
    """
    steps = [s.path for s in chains([place.path], top=round_.tier)[place.path] if s.path != place.path]
    if not steps:
        raise Invalid(_("本级下达的任务，直接改截止时间。"))
    return steps[0]


def _sign(w: Write, row: Allowance) -> None:
    values = {
        "decided_by": w.actor.name,
        "decided_organ": w.actor.organ_name,
        "decided_at": timezone.now(),
    }
    if row._state.adding:
        for name, value in values.items():
            setattr(row, name, value)
    else:
        w.change(row, **values)


def _apply(w: Write, row: Allowance) -> None:
    """Change the submissions that a granted allowance is for. They are handed over: the tier writes below itself."""
    span = Range.subtree(row.at)
    rows = Submission.objects.select_related("node", "round__definition").filter(
        round=row.round, path__gte=span.lo, path__lt=span.hi
    )
    with scope.handover([span]):
        found = list(_touched(row, rows).select_for_update(of=("self",), no_key=True).order_by("pk"))
        for submission in found:
            w.change(submission, **_changes(row))
        w.flush()
    if row._state.adding:
        row.touched = len(found)
    else:
        w.change(row, touched=len(found))


def _touched(row: Allowance, rows: QuerySet[Submission]) -> QuerySet[Submission]:
    open_ones = rows.filter(state__in=UNREPORTED)
    if row.what == What.EXTENSION:
        _within_review(row)
        return open_ones.filter(due_at__lt=row.until)
    if row.what == What.UNLOCK:
        return open_ones.filter(Q(open_until=None) | Q(open_until__lt=row.until))
    return open_ones


def _within_review(row: Allowance) -> None:
    """A tier extends up to its own day of review; what goes beyond is for the tier that set that day."""
    tier = next(s.tier for s in chains([row.decider])[row.decider] if s.path == row.decider)
    latest = tier_due(row.round, tier)
    beyond = row.until is not None and row.until > latest
    if beyond and str(tier) in row.round.tier_due and tier != row.round.tier:
        words = _("超过本级审核截止 %(day)s，须由上一级批准。")
        raise Invalid.one("until", words % {"day": formats.full(latest)})


def _changes(row: Allowance) -> dict[str, object]:
    if row.what == What.EXTENSION:
        return {"due_at": row.until}
    if row.what == What.UNLOCK:
        return {"open_until": row.until}
    return {"state": Submission.State.EXEMPT, "exempt_reason": row.reason, "waiting_tier": None}


__all__ = ["ask_allowances", "decide_allowances", "end_exemptions", "grant_allowances", "waiting"]
