"""Verbs of reporting. Pages, sheets, the API and jobs call these and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from shuzheng.base.core import scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import rollup, states
from shuzheng.base.forms.engine import Finding, check, compute, derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.models import (
    NOT_APPROVED,
    Cell,
    Definition,
    Edition,
    Explanation,
    Rollup,
    RollupMember,
    Round,
    Submission,
)
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.forms.tiers import Step, chains
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.periods import Period

State = Submission.State


@action("forms.definition.publish", event="forms.definition.published")
def publish_definitions(w: Write, definitions: Sequence[Definition]) -> Sequence[Definition]:
    """Publish drafts of forms; earlier editions of the same form retire, rounds in progress keep theirs.

    Raises:
        Invalid: an expression is wrong, or the form is no draft.
    """
    for definition in definitions:
        if definition.state != Definition.State.DRAFT:
            raise Invalid(f"“{definition.name}”已经发布。")
        load(definition.spec)
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
            faults.append(FieldFault("period", f"“{definition.name}”按{definition.period_kind}报送，报告期不符。"))
        elif due_at.date() <= asked.start:
            faults.append(FieldFault("due_at", "截止时间应晚于报告期开始。"))
    except ValueError as fault:
        faults.append(FieldFault("period", str(fault)))
    if definition.state != Definition.State.PUBLISHED:
        faults.append(FieldFault("definition", "报表尚未发布。"))
    if faults:
        raise Invalid("任务没有下达。", faults)
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


def _open_round(submission: Submission) -> FormSpec:
    if submission.round.state == Round.State.CLOSED:
        raise Invalid("报送任务已结束，不能再填报。需要更正时联系下达单位。")
    return load(submission.round.definition.spec)


@action("forms.submission.fill")
def fill(
    w: Write,
    submissions: Sequence[Submission],
    *,
    values: Mapping[str, Decimal | None],
    explanations: Mapping[str, str] | None = None,
    source: str = Cell.Source.HAND,
) -> Sequence[Submission]:
    """Write cells of a submission (``values`` by cell code, read by ``engine.read_values``), compute and check it.

    ``explanations`` maps codes of warnings to reasons; an empty reason takes one back.
    """
    for submission in submissions:
        spec = _open_round(submission)
        states.require("fill", submission)
        unknown = [code for code in values if code not in spec.cells or not spec.cells[code].is_input]
        if unknown:
            raise Invalid("有的格不能填。", [FieldFault(code, "报表里没有这个可填的格。") for code in unknown])
        _explain(w, submission, explanations or {})
        _write_cells(w, submission, spec, dict(values), source)
        if submission.state == State.TODO:
            w.change(submission, state=State.DRAFT)
    return submissions


def _explain(w: Write, submission: Submission, explanations: Mapping[str, str]) -> None:
    known = {e.check_code: e for e in submission.explanations.filter(check_code__in=explanations)}
    for code, text in explanations.items():
        text = text.strip()
        if code in known and not text:
            w.delete(known[code])
        elif code in known:
            w.change(known[code], text=text, by=w.actor.name)
        elif text:
            row = Explanation(submission=submission, check_code=code, text=text, by=w.actor.name)
            row.node_id, row.path = submission.node_id, submission.path
            w.create(row)
    w.flush()


def _write_cells(
    w: Write, submission: Submission, spec: FormSpec, typed: dict[str, Decimal | None], source: str
) -> list[Finding]:
    """Store typed and computed cells that differ from what is stored; note the difference; return the findings."""
    stored = dict(submission.cells.values_list("code", "value"))
    factors = resolve(spec, submission.round.period, submission.path)
    inputs = {c.code: typed.get(c.code, stored.get(c.code)) for c in spec.inputs}
    earlier = before(submission)
    values = compute(spec, inputs, factors.values, earlier)
    changed = {code: value for code, value in values.items() if value != stored.get(code)}
    rows = [
        Cell(
            submission=submission,
            round_id=submission.round_id,
            path=submission.path,
            code=code,
            value=value,
            source=source if spec.cells[code].is_input else Cell.Source.COMPUTED,
        )
        for code, value in changed.items()
    ]
    Cell.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["submission", "code"], update_fields=["value", "source", "path"]
    )
    typed_changes = {code: value for code, value in changed.items() if spec.cells[code].is_input}
    if typed_changes:
        w.note(submission, before={code: stored.get(code) for code in typed_changes}, after=typed_changes)
    explained = dict(submission.explanations.values_list("check_code", "text"))
    findings = check(spec, values, factors.values, earlier, explained)
    w.change(
        submission,
        errors=sum(f.check.level == "error" for f in findings),
        unexplained=sum(f.check.level == "warning" and f.stops for f in findings),
        filled=sum(values[c.code] is not None for c in spec.inputs),
        factors=factors.record,
        filler=w.actor.name,
    )
    return findings


@action("forms.submission.submit", event="forms.submission.submitted")
def submit(w: Write, submissions: Sequence[Submission]) -> Sequence[Submission]:
    """Hand submissions in: checked once more with today's factors, sealed with the path of this day.

    Raises:
        Invalid: an error stands, or a warning lacks its explanation; one fault a cell.
    """
    now = timezone.now()
    for submission in submissions:
        spec = _open_round(submission)
        states.require("submit", submission)
        findings = [f for f in _write_cells(w, submission, spec, {}, Cell.Source.HAND) if f.stops]
        if findings:
            raise Invalid(
                f"{submission.node.name}的填报还不能提交：改正 {sum(f.check.level == 'error' for f in findings)} 处错误、"
                f"补写 {sum(f.check.level != 'error' for f in findings)} 处说明。",
                [FieldFault(f.check.cell, f.check.message) for f in findings],
            )
        w.change(
            submission,
            submitted_at=now,
            is_late=submission.is_late or now > submission.due_at,
            filler=w.actor.name,
            sealed_path=submission.path,
            **states.after_submission(submission),
        )
        edition = Edition(
            submission=submission,
            number=submission.edition,
            values=plain(dict(submission.cells.values_list("code", "value"))),
            factors=submission.factors,
            by=w.actor.name,
            at=now,
        )
        edition.node_id, edition.path = submission.node_id, submission.path
        w.create(edition)
    return submissions


@action("forms.submission.approve", handover=True, event="forms.submission.approved")
def approve(w: Write, submissions: Sequence[Submission]) -> Sequence[Submission]:
    """Approve submissions at the actor's tier: they count there from now on, and wait for the tier above.

    Raises:
        Invalid: one is not waiting for this tier.
    """
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    for submission in submissions:
        states.require("approve", submission)
        chain = [s for s in found[submission.path] if s.tier >= submission.round.tier]
        turn = next((n for n, step in enumerate(chain) if step.path == w.actor.division), None)
        if turn is None or chain[turn].tier != submission.waiting_tier:
            raise Invalid(f"{submission.node.name}的填报不在本级待审。", code="forms.state.turn")
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
        raise Invalid("写明退回原因。", [FieldFault("why", "写明退回原因。")])
    found = chains([s.path for s in submissions])
    by_round: dict[UUID, list[Submission]] = {}
    steps: dict[str, list[Step]] = {}
    for submission in submissions:
        states.require("return", submission)
        reached = submission.waiting_tier or submission.approved_tier
        mine = next((s.tier for s in found[submission.path] if s.path == w.actor.division), NOT_APPROVED)
        if mine < reached:
            raise Invalid(f"{submission.node.name}的填报还没有报到本级。", code="forms.state.turn")
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
            raise Invalid("只能签署本级的综合表。")
        below = Range.subtree(division.path)
        rows = Submission.objects.filter(round=round, path__gte=below.lo, path__lt=below.hi)
        members = list(
            rows.filter(approved_tier__lte=division.tier).order_by("pk").values_list("pk", "edition", "path")
        )
        if not members:
            raise Invalid("还没有审核通过的填报，不能签署。")
        sums, _units = rollup.totals(round, division.path)
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
