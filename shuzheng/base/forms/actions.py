"""Verbs of reporting. Pages, sheets, the API and jobs call these and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core import scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.locks import hold
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import rollup, states
from shuzheng.base.forms.askonce import require_decided
from shuzheng.base.forms.engine import derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.filling import fill, submit
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import NOT_APPROVED, Definition, Rollup, RollupMember, Round, Submission
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.tiers import Step, chains
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import Conflict, FieldFault, Invalid
from shuzheng.kernel.periods import Period

State = Submission.State


@action("forms.definition.publish", event="forms.definition.published")
def publish_definitions(w: Write, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Publish drafts of forms; earlier editions of the same form retire, rounds in progress keep theirs.

    Raises:
        Invalid: an expression is wrong, the form is no draft, or it asks what is held already and nobody decided of it.
    """
    for definition in definitions:
        if definition.state != Definition.State.DRAFT:
            raise Invalid(_("“%(name)s”已经发布。") % {"name": definition.name})
        load(definition.spec)
        if "system" not in w.actor.origin:  # shipped forms are what the statutory schemes ask
            require_decided(definition)
        older = Definition.objects.filter(
            node_id=definition.node_id, code=definition.code, state=Definition.State.PUBLISHED
        )
        for row in older:
            w.change(row, state=Definition.State.RETIRED)
        if definition._state.adding:
            definition.state = Definition.State.PUBLISHED
            w.create(definition)
        else:
            w.change(definition, state=Definition.State.PUBLISHED)
    return definitions


@action("forms.round.issue", event="forms.round.issued")
def issue_rounds(
    w: Write,
    divisions: Sequence[Node],
    *,
    definition: Definition,
    period: str,
    due_at: datetime,
    tier_due: Mapping[str, datetime] | None = None,
    types: Sequence[str] = (),
    title: str = "",
    instructions: str = "",
) -> list[Round]:
    """Ask the institutions below ``divisions`` for a form; a job then opens one submission for each of them.

    Raises:
        Invalid: the period is not one of the form's kind, or the deadline is not after its beginning.
    """
    faults = []
    try:
        asked = Period.parse(period)
        if asked.kind.value != definition.period_kind:
            faults.append(FieldFault("period", _("“%(name)s”的报告期不符：换一个期别。") % {"name": definition.name}))
        elif due_at.date() <= asked.start:
            faults.append(FieldFault("due_at", _("截止时间应晚于报告期开始。")))
    except ValueError as fault:
        faults.append(FieldFault("period", str(fault)))
    if definition.state != Definition.State.PUBLISHED:
        faults.append(FieldFault("definition", _("报表尚未发布。")))
    if faults:
        raise Invalid(_("任务没有下达。"), faults)
    rounds = []
    for division in divisions:
        round_ = Round(
            definition=definition,
            title=title or f"{definition.name} {asked.label_zh}",
            period=period,
            due_at=due_at,
            tier_due={str(tier): plain(day) for tier, day in (tier_due or {}).items()},
            tier=w.actor.tier,
            types=list(types),
            instructions=instructions,
            audience=division.path,
        )
        round_.node_id, round_.path = w.actor.organ_id, w.actor.organ_path
        rounds.append(round_)
    w.create(*rounds)
    return rounds


@action("forms.round.open", system_only=True)
def open_rounds(w: Write, rounds: Sequence[Round], *, chunk: int = 5000) -> list[Round]:
    """Open a submission for each institution on the register (名录库) below the round's division that has none yet.

    Not one entry in the trail for each of a million rows: one for the round, with their number.
    """
    for round_ in rounds:
        below = Range.subtree(round_.audience)
        organs = Node.objects.filter(
            is_reporting=True, kind=NodeKind.ORGAN, valid_to=None, path__gte=below.lo, path__lt=below.hi
        ).exclude(pk__in=Submission.objects.filter(round=round_).values("node_id"))
        if round_.types:
            organs = organs.filter(type__in=round_.types)
        opened, batch = 0, []
        for organ in organs.only("id", "path", "tier").iterator(chunk):
            row = Submission(round=round_, own_tier=organ.tier, due_at=round_.due_at)
            row.own(organ)
            batch.append(row)
            if len(batch) == chunk:
                insert_many(batch)
                opened, batch = opened + len(batch), []
        insert_many(batch)
        opened += len(batch)
        w.change(round_, state=Round.State.OPEN, asked=round_.asked + opened)
        w.note(round_, after={"opened": opened})
    return list(rounds)


@action("forms.round.close", event="forms.round.closed")
def close_rounds(w: Write, rounds: Sequence[Round]) -> Sequence[Round]:
    """End rounds: nothing more can be filled in or submitted; what was approved stays."""
    for round_ in rounds:
        w.change(round_, state=Round.State.CLOSED)
    return rounds


@action("forms.submission.approve", handover=True, event="forms.submission.approved")
def approve(w: Write, submissions: Sequence[Submission]) -> Sequence[Submission]:
    """Approve submissions at the actor's tier: they count there from now on, and wait for the tier above.

    Raises:
        Invalid: one is not waiting for this tier.
    """
    lock(submissions, unchanged=True)
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    for submission in submissions:
        states.require("approve", submission)
        chain = [s for s in found[submission.path] if s.tier >= submission.round.tier]
        turn = next((n for n, step in enumerate(chain) if step.path == w.actor.division), None)
        if turn is None or chain[turn].tier != submission.waiting_tier:
            raise Invalid(_("%(name)s的填报不在本级待审。") % {"name": submission.node.name}, code="forms.state.turn")
        above = chain[turn + 1].tier if turn + 1 < len(chain) else None
        w.change(submission, **states.after_approval(chain[turn].tier, above))
        steps[submission.path] = [chain[turn]]
        by_round.setdefault(submission.round_id, []).append(submission)
    for rows in by_round.values():
        rollup.add(rows[0].round, rows, steps, +1)
    return submissions


@action("forms.submission.return", handover=True, event="forms.submission.returned")
def return_(
    w: Write, submissions: Sequence[Submission], *, why: str, cells: Sequence[str] = (), due_at: datetime | None = None
) -> Sequence[Submission]:
    """Send submissions back with a reason; what tiers had counted of them is taken out, signed roll-ups must be signed again.

    Raises:
        Invalid: no reason is given, it was not handed in, or it has not reached the actor's tier.
    """
    if not why.strip():
        raise Invalid(_("写明退回原因。"), [FieldFault("why", _("写明退回原因。"))])
    lock(submissions, unchanged=True)
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    for submission in submissions:
        states.require("return", submission)
        reached = submission.waiting_tier or submission.approved_tier
        mine = next((s.tier for s in found[submission.path] if s.path == w.actor.division), NOT_APPROVED)
        if mine < reached:
            raise Invalid(_("%(name)s的填报还没有报到本级。") % {"name": submission.node.name}, code="forms.state.turn")
        steps[submission.path] = [s for s in found[submission.path] if s.tier >= submission.approved_tier]
        w.change(submission, **states.after_return(why.strip(), list(cells)), due_at=due_at or submission.due_at)
        by_round.setdefault(submission.round_id, []).append(submission)
    for rows in by_round.values():
        rollup.add(rows[0].round, rows, steps, -1)
        _reopen(w, rows[0].round, {step.path for row in rows for step in steps[row.path]})
    return submissions


def _reopen(w: Write, round_: Round, divisions: set[str]) -> None:
    """Signed roll-ups that held what was returned no longer stand."""
    signed = list(Rollup.objects.filter(round=round_, division__path__in=divisions, state=Rollup.State.SIGNED))
    with scope.handover(Range.exactly(r.path) for r in signed):
        for row in signed:
            w.change(row, state=Rollup.State.REOPENED)
        w.flush()


@action("forms.submission.remind", handover=True, event="forms.submission.reminded")
def remind(w: Write, submissions: Sequence[Submission]) -> Sequence[Submission]:
    """Remind institutions that have not handed in; the notice goes out with the event."""
    now = timezone.now()
    lock(submissions, unchanged=False)
    for submission in submissions:
        states.require("remind", submission)
        w.change(submission, reminded_at=now)
    return submissions


@action("forms.rollup.sign", event="forms.rollup.signed")
def sign_rollups(w: Write, divisions: Sequence[Node], *, round: Round) -> list[Rollup]:
    """Sign the roll-up of the actor's division: freezes its sums and lists the versions that they hold.

    Raises:
        Invalid: the division is not the actor's, or nothing has been approved yet.
    """
    signed = []
    for division in divisions:
        if division.path != w.actor.division:
            raise Invalid(_("只能签署本级的综合表。"))
        hold(f"forms.rollup:{round.pk}:{division.path}")
        below = Range.subtree(division.path)
        rows = Submission.objects.filter(round=round, path__gte=below.lo, path__lt=below.hi)
        members = list(
            rows.filter(approved_tier__lte=division.tier).order_by("pk").values_list("pk", "edition", "path")
        )
        if not members:
            raise Invalid(_("还没有审核通过的填报，不能签署。"))
        sums, units = rollup.totals(round, division.path)
        if units != len(members):
            raise Conflict(_("刚有填报通过或退回，看过新的汇总数再签。"))
        spec = load(round.definition.spec)
        values = derive(spec, sums, resolve(spec, round.period, division.path).values)
        signed.append(_signed(w, division, round, rows.count(), members, plain(values)))
    return signed


def _signed(
    w: Write, division: Node, round_: Round, asked: int, members: list[tuple[UUID, int, str]], values: dict[str, Any]
) -> Rollup:
    row = Rollup.objects.filter(round=round_, division=division).first()
    facts = {
        "state": Rollup.State.SIGNED,
        "asked": asked,
        "counted": len(members),
        "values": values,
        "members_digest": hashlib.sha256(repr([(str(pk), n) for pk, n, _ in members]).encode()).hexdigest(),
        "signed_by": w.actor.name,
        "signed_at": timezone.now(),
    }
    if row is None:
        row = Rollup(round=round_, division=division, tier=division.tier, **facts)
        row.node_id, row.path = w.actor.organ_id, w.actor.organ_path
        w.create(row)
    else:
        w.change(row, edition=row.edition + 1, **facts)
        row.members.all().delete()
    w.flush()
    insert_many([RollupMember(rollup=row, path=row.path, submission_id=pk, edition=n) for pk, n, _ in members])
    return row


__all__ = [
    "approve",
    "close_rounds",
    "fill",
    "issue_rounds",
    "open_rounds",
    "publish_definitions",
    "remind",
    "return_",
    "sign_rollups",
    "submit",
]
