"""Verbs of reporting. Pages, sheets, the API and jobs call these and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.locks import hold
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import amendments, offers, rollup, states
from shuzheng.base.forms.askonce import require_decided
from shuzheng.base.forms.engine import derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.filling import fill, submit
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Amendment, Definition, Rollup, RollupMember, Round, Submission
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.tiers import Step, chains
from shuzheng.base.org.models import Node
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
            w.change(definition, state=Definition.State.PUBLISHED, audience=w.actor.division)
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
    tiers: Sequence[int] = (),
    nodes: Sequence[str] = (),
    node_due: Mapping[str, datetime] | None = None,
    locks_at: datetime | None = None,
    signing: str = Round.Signing.NAMED,
    title: str = "",
    instructions: str = "",
) -> list[Round]:
    """Ask the institutions below ``divisions`` for a form; a job then opens one submission for each of them.

    Args:
        types, tiers: only institutions of these types, and of these tiers; all when empty.
        nodes: ids of the only institutions that are asked; a division below which none of them lies gets no round.
        node_due: deadlines of divisions or institutions that differ from ``due_at``, by path.
        locks_at: from then on nothing more is filled in.

    Raises:
        Invalid: the period is not one of the form's kind, or the deadline is not after its beginning.
    """
    faults = []
    if locks_at is not None and locks_at < due_at:
        faults.append(FieldFault("locks_at", _("锁定时间不早于截止时间。")))
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
            tiers=sorted(tiers),
            nodes=[str(pk) for pk in nodes],
            node_due={path: plain(day) for path, day in (node_due or {}).items()},
            locks_at=locks_at,
            signing=signing,
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
        organs = (
            offers.institutions(round_.definition.code, Period.parse(round_.period))
            .filter(path__gte=below.lo, path__lt=below.hi)
            .exclude(pk__in=Submission.objects.filter(round=round_).values("node_id"))
        )
        for field, wanted in (("type__in", round_.types), ("tier__in", round_.tiers), ("pk__in", round_.nodes)):
            if wanted:
                organs = organs.filter(**{field: wanted})
        opened, batch = 0, []
        for organ in organs.only("id", "path", "tier").iterator(chunk):
            row = Submission(round=round_, own_tier=organ.tier, due_at=due_of(round_, organ.path))
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


def due_of(round_: Round, path: str) -> datetime:
    """The deadline of an institution: that of the nearest place above it that has one of its own."""
    own = [place for place in round_.node_due if path.startswith(place)]
    return datetime.fromisoformat(round_.node_due[max(own, key=len)]) if own else round_.due_at


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
        Denied: the right does not hold for the division, only for an organ in it.
        Invalid: one is not waiting for this tier.
    """
    w.actor.require("forms.submission.approve", w.actor.division)  # not with a right that ends at the institution
    lock(submissions, unchanged=True)
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    _refuse_amended(submissions)
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


def _refuse_amended(submissions: Sequence[Submission]) -> None:
    """While single cells are asked again, nothing goes up: the tier above would look at numbers that are about to change."""
    rows = Amendment.objects.filter(submission__in=[s.pk for s in submissions], state__in=Amendment.OPEN)
    open_ = set(rows.values_list("submission_id", flat=True))
    names = [s.node.name for s in submissions if s.pk in open_]
    if names:
        said = _("%(names)s有退回或订正的格在办，办完再通过。") % {"names": "、".join(names[:3])}
        raise Invalid(said, code="forms.amendment.open")


@action("forms.submission.return", handover=True, event="forms.submission.returned")
def return_(
    w: Write, submissions: Sequence[Submission], *, why: str, cells: Sequence[str] = (), due_at: datetime | None = None
) -> Sequence[Submission]:
    """Send submissions back with a reason; what tiers had counted of them is taken out, signed roll-ups must be signed again.

    Raises:
        Invalid: no reason is given, it was not handed in, or it has not reached the actor's tier.
    """
    w.actor.require("forms.submission.return", w.actor.division)
    if not why.strip():
        raise Invalid(_("写明退回原因。"), [FieldFault("why", _("写明退回原因。"))])
    lock(submissions, unchanged=True)
    amendments.withdraw(w, submissions)
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    for submission in submissions:
        amendments.reached(w.actor.division, submission)
        steps[submission.path] = [s for s in found[submission.path] if s.tier >= submission.approved_tier]
        due = due_at or submission.due_at
        w.change(
            submission, **states.after_return(why.strip(), list(cells)), due_at=due, returns=submission.returns + 1
        )
        if states.is_locked(submission, timezone.now()):
            w.change(submission, open_until=due)
        by_round.setdefault(submission.round_id, []).append(submission)
    for rows in by_round.values():
        rollup.add(rows[0].round, rows, steps, -1)
        amendments.reopen_rollups(w, rows[0].round, {step.path for row in rows for step in steps[row.path]})
    return submissions


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
        pending = dict(
            Amendment.objects.filter(
                round=round, path__gte=below.lo, path__lt=below.hi, state=Amendment.State.ANSWERED,
                confirmed_tier__lte=division.tier,
            ).values_list("submission_id", "edition")
        )  # fmt: skip
        members = [(pk, pending.get(pk, edition), path) for pk, edition, path in members]
        spec = load(round.definition.spec)
        factors = resolve(spec, round.period, division.path)
        values = plain(derive(spec, sums, factors.values))
        asked = rows.exclude(state=State.EXEMPT).count()
        signed.append(_signed(w, division, round, asked, members, values, plain(factors.record)))
    return signed


def _signed(
    w: Write, division: Node, round_: Round, asked: int, members: list[tuple[UUID, int, str]], values: dict[str, Any],
    factors: dict[str, Any],
) -> Rollup:  # fmt: skip
    row = Rollup.objects.filter(round=round_, division=division).first()
    facts = {
        "state": Rollup.State.SIGNED,
        "asked": asked,
        "counted": len(members),
        "values": values,
        "factors": factors,
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
