"""Changing single cells of what was handed in: returned by a tier (逐格退回), or corrected by the institution (订正).

Approvals stay for what is not touched. The new values wait until each tier that had approved confirms them, the lowest
first; with each confirmation that tier's roll-up moves by the difference. A tier that confirms signs the digest (SM3) of
the changes and of the signatures before its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core import scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.models import plain
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import rollup, states
from shuzheng.base.forms.digests import sm3
from shuzheng.base.forms.engine import check, compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.filling import explain, row_mates
from shuzheng.base.forms.history import before
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import (
    NOT_APPROVED,
    Amendment,
    AmendmentCell,
    Cell,
    Edition,
    Rollup,
    Round,
    Submission,
)
from shuzheng.base.forms.spec import FormSpec, Value, load
from shuzheng.base.forms.tiers import Step, chains
from shuzheng.base.forms.values import cell_row, stored_values, to_columns
from shuzheng.kernel.errors import FieldFault, Invalid

What, State = Amendment.What, Amendment.State
Values = Mapping[str, Value]


@action("forms.amendment.return", permission="forms.submission.return", handover=True, event="forms.amendment.asked")
def return_cells(
    w: Write, submissions: Sequence[Submission], *, cells: Mapping[str, str], due_at: datetime
) -> list[Amendment]:
    """Ask for single cells again, each with its reason, until one deadline. Nothing else opens; no approval is lost.

    Raises:
        Invalid: a cell without a reason or that nobody types in; not reached the actor's tier; another one is under way.
    """
    w.actor.require("forms.submission.return", w.actor.division)  # not with a right that ends at the institution
    lock(submissions, unchanged=True)
    made = []
    for submission in submissions:
        reached(w.actor.division, submission)
        _askable(load(submission.round.definition.spec), cells, due_at)
        asked = [{"code": code, "reason": reason.strip()} for code, reason in cells.items()]
        row = open_one(submission)
        if row is None:
            row = _new(w, submission, What.RETURN, w.actor.tier)
            row.state, row.due_at, row.cells = State.ASKED, due_at, asked
            w.create(row)
            w.change(submission, returns=submission.returns + 1)
        elif row.what == What.RETURN and row.state == State.ASKED and row.tier == w.actor.tier:
            kept = [c for c in row.cells if c["code"] not in cells]
            w.change(row, cells=[*kept, *asked], due_at=due_at)
        else:
            raise Invalid(
                _("%(name)s有修订在办，办完再退。") % {"name": submission.node.name}, code="forms.amendment.open"
            )
        made.append(row)
    return made


@action("forms.amendment.answer", permission="forms.submission.submit", event="forms.amendment.answered")
def answer(w: Write, amendments: Sequence[Amendment], *, values: Values, note: str = "") -> Sequence[Amendment]:
    """The institution's answer: new values of the returned cells and their rows, or a note that they are right.

    Raises:
        Invalid: nothing is asked, a cell was not returned, the form is wrong with the new values, or nothing is said.
    """
    for row in amendments:
        _locked(row)
        if row.state != State.ASKED:
            raise Invalid(_("这次退回已经答复。"), code="forms.amendment.state")
        _take(w, row, values, note, row_mates(_spec(row), [c["code"] for c in row.cells]))
    return amendments


@action("forms.amendment.correct", permission="forms.submission.submit", event="forms.amendment.answered")
def correct(w: Write, submissions: Sequence[Submission], *, values: Values, note: str) -> list[Amendment]:
    """Correct what was approved, also after the round has ended (订正): a reason, and each tier confirms.

    Raises:
        Invalid: no reason or no change; it was not handed in, or another change is under way.
    """
    lock(submissions, unchanged=False)
    if not note.strip():
        raise Invalid.one("note", _("写明订正原因。"))
    made = []
    for submission in submissions:
        states.require("return", submission)
        if open_one(submission) is not None:
            raise Invalid(
                _("%(name)s有修订在办，办完再订正。") % {"name": submission.node.name}, code="forms.amendment.open"
            )
        row = _new(w, submission, What.CORRECTION, submission.own_tier)
        spec = load(submission.round.definition.spec)
        row.cells = [{"code": code, "reason": note.strip()[:300]} for code in values]
        row.state = State.ASKED
        w.create(row)
        w.flush()
        _take(w, row, values, note, frozenset(c.code for c in spec.inputs))
        if not row.changes.exists():
            raise Invalid(_("没有改动，不用订正。"))
        made.append(row)
    return made


@action(
    "forms.amendment.confirm", permission="forms.submission.approve", handover=True, event="forms.amendment.confirmed"
)
def confirm(w: Write, amendments: Sequence[Amendment]) -> Sequence[Amendment]:
    """Confirm the changed cells at the actor's tier: its roll-up moves by the difference, the tier above is next.

    Raises:
        Invalid: one is not waiting for this tier.
    """
    for row in amendments:
        _locked(row)
        step, above = _turn(w.actor, row)
        _shift(row, [step], +1)
        w.change(
            row, confirmed_tier=step.tier, waiting_tier=above.tier if above else None,
            signatures=[*row.signatures, _signature(w, row, step.tier)],
        )  # fmt: skip
        reopen_rollups(w, row.round, {step.path})
        if above is None:
            _take_effect(w, row)
    return amendments


@action("forms.amendment.refuse", permission="forms.submission.return", handover=True, event="forms.amendment.refused")
def refuse(
    w: Write, amendments: Sequence[Amendment], *, why: str, due_at: datetime | None = None
) -> Sequence[Amendment]:
    """Send an answer back, or turn a correction down; what lower tiers had confirmed is taken out of their roll-ups again.

    Raises:
        Invalid: no reason, or not this tier's turn.
    """
    if not why.strip():
        raise Invalid.one("why", _("写明原因。"))
    for row in amendments:
        _locked(row)
        _turn(w.actor, row)
        _undo(w, row)
        again = row.what == What.RETURN
        w.change(row, state=State.ASKED if again else State.REFUSED, refusal=why.strip()[:300])
        if again:
            w.change(row, due_at=due_at or row.due_at, answered_at=None)
    return amendments


def withdraw(w: Write, submissions: Sequence[Submission]) -> None:
    """End what is under way when a whole submission goes back: its cells are all open then."""
    rows = Amendment.objects.filter(submission__in=[s.pk for s in submissions], state__in=Amendment.OPEN)
    known = {s.pk: s for s in submissions}
    for row in rows.select_related("round__definition"):
        row.submission = known[row.submission_id]
        _undo(w, row)
        w.change(row, state=State.WITHDRAWN)
    w.flush()


def open_one(submission: Submission) -> Amendment | None:
    """The amendment of a submission that is under way."""
    row = Amendment.objects.filter(submission=submission, state__in=Amendment.OPEN).first()
    if row is not None:
        row.submission, row.round = submission, submission.round
    return row


def reached(division: str, submission: Submission) -> None:
    """Refuse a return by a tier that the submission has not come to yet.

    Raises:
        Invalid: it was not handed in, or has not reached the tier.
    """
    states.require("return", submission)
    highest = submission.waiting_tier or submission.approved_tier
    mine = next((s.tier for s in chains([submission.path])[submission.path] if s.path == division), NOT_APPROVED)
    if mine < highest:
        raise Invalid(_("%(name)s的填报还没有报到本级。") % {"name": submission.node.name}, code="forms.state.turn")


def reopen_rollups(w: Write, round_: Round, divisions: set[str]) -> None:
    """Signed roll-ups of divisions no longer stand once what they held has changed."""
    signed = list(Rollup.objects.filter(round=round_, division__path__in=divisions, state=Rollup.State.SIGNED))
    with scope.handover(Range.exactly(r.path) for r in signed):
        for row in signed:
            w.change(row, state=Rollup.State.REOPENED)
        w.flush()


def _new(w: Write, submission: Submission, what: str, tier: int) -> Amendment:
    row = Amendment(
        submission=submission, round=submission.round, what=what, tier=tier, asked_by=w.actor.name,
        asked_organ=w.actor.organ_name, asked_at=timezone.now(),
    )  # fmt: skip
    row.node_id, row.path = submission.node_id, submission.path
    return row


def _askable(spec: FormSpec, cells: Mapping[str, str], due_at: datetime) -> None:
    faults = [] if cells else [FieldFault("cells", _("选要退回的格。"))]
    for code, reason in cells.items():
        if (cell := spec.pattern(code)) is None or not cell.is_input:
            faults.append(FieldFault(code, _("报表里没有这个可填的格。")))
        elif not reason.strip():
            faults.append(FieldFault(code, _("写明这一格的退回原因。")))
        elif len(reason) > 300:
            faults.append(FieldFault(code, _("退回原因不超过 300 字。")))
    if due_at <= timezone.now():
        faults.append(FieldFault("due", _("期限要在现在之后。")))
    if faults:
        raise Invalid(faults[0].message, faults)


def _spec(row: Amendment) -> FormSpec:
    return load(row.round.definition.spec)


def _locked(row: Amendment) -> None:
    """Lock submission and amendment, and bring both up to date."""
    submission = row.submission
    lock([submission], unchanged=False)
    stored = Amendment.objects.get(pk=row.pk)
    for field in Amendment._meta.concrete_fields:
        setattr(row, field.attname, getattr(stored, field.attname))
    row.submission, row.round = submission, submission.round


def _take(w: Write, row: Amendment, values: Values, note: str, may: frozenset[str]) -> None:
    """Put the answer into the amendment: the changes, the new edition, the first signature; whose turn is next."""
    submission, spec = row.submission, _spec(row)
    if wrong := [code for code in values if code not in may]:
        raise Invalid(_("只能改退回的格。"), [FieldFault(c, _("这一格没有退回，保持锁定。")) for c in wrong])
    stored = stored_values(submission)
    new, facts = _computed(w, submission, spec, {**stored, **values}, note)
    new = {**dict.fromkeys(stored), **new}
    changes = {code: (stored.get(code), value) for code, value in new.items() if value != stored.get(code)}
    if not changes and not note.strip():
        raise Invalid.one("note", _("改数，或者说明为什么原数无误。"))
    number = submission.edition + 1
    insert_many([_change(row, code, old, value) for code, (old, value) in changes.items()])
    now = timezone.now()
    edition = Edition(
        submission=submission, number=number, values=plain(new), factors=submission.factors,
        by=w.actor.name, at=now,
    )  # fmt: skip
    edition.node_id, edition.path = submission.node_id, submission.path
    w.create(edition)
    steps = _steps(row)
    w.change(
        row, state=State.ANSWERED, note=note.strip()[:300], answered_by=w.actor.name, answered_at=now, edition=number,
        facts=facts, refusal="", confirmed_tier=NOT_APPROVED, waiting_tier=steps[0].tier if steps else None,
    )  # fmt: skip
    w.flush()
    w.change(row, signatures=[_signature(w, row, None)])
    if not steps:
        _take_effect(w, row)


def _change(row: Amendment, code: str, old: Value, new: Value) -> AmendmentCell:
    (old_number, old_text), (new_number, new_text) = to_columns(old), to_columns(new)
    return AmendmentCell(
        amendment=row, round=row.round, path=row.submission.path, code=code, old=old_number, new=new_number,
        old_text=old_text, new_text=new_text,
    )  # fmt: skip


def _computed(
    w: Write, submission: Submission, spec: FormSpec, typed: Values, note: str
) -> tuple[dict[str, Value], dict[str, object]]:
    """All cells with the new values, by the factors that the submission was computed with; what its columns become.

    Raises:
        Invalid: an error stands. A warning is explained by the note.
    """
    factors = _kept_factors(submission, spec)
    earlier = before(submission)
    inputs = {code: value for code, value in typed.items() if (cell := spec.pattern(code)) and cell.is_input}
    values = compute(spec, inputs, factors, earlier)
    explained = dict(submission.explanations.values_list("check_code", "text"))
    findings = [f for f in check(spec, values, factors, earlier, explained) if f.stops]
    errors = [f for f in findings if f.check.level == "error"]
    if errors or (findings and not note.strip()):
        faults = [FieldFault(f.check.cell, f.check.message) for f in (errors or findings)]
        raise Invalid(_("还不能提交：%(why)s") % {"why": faults[0].message}, faults)
    explain(w, submission, {f.check.code: note.strip() for f in findings})
    filled = sum(v is not None for code, v in values.items() if (cell := spec.pattern(code)) and cell.is_input)
    return values, {"errors": 0, "unexplained": 0, "filled": filled}


def _kept_factors(submission: Submission, spec: FormSpec) -> Values:
    """The factors of the submission itself: what was not touched must not move because a factor has changed since."""
    kept = {name: Decimal(found["value"]) for name, found in submission.factors.items() if name in spec.factors}
    if set(kept) == set(spec.factors):
        return kept
    return resolve(spec, submission.round.period, submission.path).values


def _steps(row: Amendment) -> list[Step]:
    """The tiers that had approved, the lowest first: each confirms."""
    chain = chains([row.submission.path], top=row.round.tier)[row.submission.path]
    return [s for s in chain if s.tier >= row.submission.approved_tier]


def _turn(actor: Actor, row: Amendment) -> tuple[Step, Step | None]:
    steps = _steps(row)
    place = next((n for n, s in enumerate(steps) if s.path == actor.division), None)
    if row.state != State.ANSWERED or place is None or steps[place].tier != row.waiting_tier:
        words = {"name": row.submission.node.name}
        raise Invalid(_("%(name)s的修订不在本级待确认。") % words, code="forms.amendment.turn")
    actor.require("forms.submission.approve", steps[place].path)  # not with a right that ends at the institution
    return steps[place], steps[place + 1] if place + 1 < len(steps) else None


def _signature(w: Write, row: Amendment, tier: int | None) -> dict[str, object]:
    """Who signs what: the changes, and with them everything signed before."""
    before_it = row.signatures[-1]["digest"] if row.signatures else ""
    said = {
        "submission": str(row.submission_id), "edition": row.edition, "note": row.note,
        "changes": {c.code: [c.said_old, c.said_new] for c in row.changes.order_by("code")},
        "by": w.actor.name, "organ": w.actor.organ_name, "post": str(w.actor.id), "tier": tier,
        "at": timezone.now().isoformat(),
    }  # fmt: skip
    kept = {name: said[name] for name in ("by", "organ", "post", "tier", "at")}
    return {**kept, "digest": sm3(said, before_it)}


def verify(row: Amendment) -> bool:
    """Whether every signature still fits the changes as they are stored."""
    before_it = ""
    changes = {c.code: [c.said_old, c.said_new] for c in row.changes.order_by("code")}
    for found in row.signatures:
        said = {k: v for k, v in found.items() if k != "digest"} | {
            "submission": str(row.submission_id), "edition": row.edition, "note": row.note, "changes": changes,
        }  # fmt: skip
        if sm3(said, before_it) != found["digest"]:
            return False
        before_it = found["digest"]
    return True


def _shift(row: Amendment, steps: Sequence[Step], sign: int) -> None:
    additive = set(rollup.additive(row.round))
    moved = {c.code: (c.new or 0) - (c.old or 0) for c in row.changes.all() if c.code in additive}
    rollup.shift(row.round, row.submission.path, steps, {k: sign * Decimal(v) for k, v in moved.items() if v})


def _undo(w: Write, row: Amendment) -> None:
    """Take back an answer: out of the roll-ups that had moved, and its edition with it."""
    if row.state == State.ANSWERED:
        done = [s for s in _steps(row) if s.tier >= row.confirmed_tier]
        _shift(row, done, -1)
        reopen_rollups(w, row.round, {s.path for s in done})
        row.submission.editions.filter(number=row.edition).delete()
        if row.what == What.RETURN:
            row.changes.all().delete()
    w.change(row, waiting_tier=None, confirmed_tier=NOT_APPROVED)


def _take_effect(w: Write, row: Amendment) -> None:
    """Every tier has confirmed: the cells get their new values, the submission its new edition."""
    submission, spec = row.submission, _spec(row)
    changes = list(row.changes.all())
    rows = []
    for c in changes:
        cell = spec.find(c.code)
        source = Cell.Source.HAND if cell is not None and cell.is_input else Cell.Source.COMPUTED
        made = cell_row(submission, c.code, c.new, source)
        made.text = c.new_text
        rows.append(made)
    Cell.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["submission", "code"],
        update_fields=["value", "text", "source", "path", "version"],
    )
    w.note(submission, before={c.code: c.said_old for c in changes}, after={c.code: c.said_new for c in changes})
    done = submission.corrections + (row.what == What.CORRECTION)
    w.change(submission, edition=row.edition, corrections=done, **row.facts)
    w.change(row, state=State.DONE, waiting_tier=None)


__all__ = [
    "answer",
    "confirm",
    "correct",
    "open_one",
    "reached",
    "refuse",
    "reopen_rollups",
    "return_cells",
    "verify",
    "withdraw",
]
