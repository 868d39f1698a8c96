"""Filling in and handing in: cells of a submission, what is computed from them, and the checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.models import plain
from shuzheng.base.forms import states
from shuzheng.base.forms.engine import Finding, check, compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Cell, Edition, Explanation, Round, Submission
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import FieldFault, Invalid

State = Submission.State


def open_round(submission: Submission) -> FormSpec:
    """The form of a submission that can still be filled in.

    Raises:
        Invalid: the round has ended.
    """
    if submission.round.state == Round.State.CLOSED:
        raise Invalid(_("报送任务已结束，不能再填报。需要更正时联系下达单位。"))
    return load(submission.round.definition.spec)


def open_cells(spec: FormSpec, submission: Submission) -> frozenset[str]:
    """The cells that can be typed in now: all, or, when single cells were returned, those with their rows.

    A row's cost belongs to its amounts, and a part ("其中") to its whole: mending one may ask for the other.
    """
    inputs = {c.code: c for c in spec.inputs}
    if submission.state != State.RETURNED or not submission.returned_cells:
        return frozenset(inputs)
    rows = {r.code: r for s in spec.sections for r in s.rows}
    touched = {spec.cells[code].row for code in submission.returned_cells if code in spec.cells} - {""}
    touched |= {rows[code].of for code in touched if rows[code].of}
    return frozenset(submission.returned_cells) | {code for code, cell in inputs.items() if cell.row in touched}


def prefilled(spec: FormSpec, submission: Submission) -> dict[str, Decimal]:
    """What the register of institutions knows already, for cells that name a fact of it: offered until first saved."""
    wanted = {c.code: c.prefill for c in spec.inputs if c.prefill}
    if submission.state != State.TODO or not wanted:
        return {}
    profile = OrganProfile.objects.filter(node_id=submission.node_id).values(*wanted.values()).first() or {}
    return {code: Decimal(profile[fact]) for code, fact in wanted.items() if profile.get(fact)}


@action("forms.submission.fill")
def fill(
    w: Write,
    submissions: Sequence[Submission],
    *,
    values: Mapping[str, Decimal | None],
    explanations: Mapping[str, str] | None = None,
    unread: Mapping[str, str] | None = None,
    source: str = Cell.Source.HAND,
) -> Sequence[Submission]:
    """Write cells of a submission (``values`` by cell code, read by ``engine.read_values``), compute and check it.

    ``explanations`` maps codes of warnings to reasons; an empty reason takes one back. ``unread`` are texts that are no
    numbers: kept as typed, and in the way of handing in until they are mended.

    Raises:
        Invalid: the state or the round does not allow it, or a cell is none that can be typed in now.
    """
    lock(submissions, unchanged=False)
    for submission in submissions:
        spec = open_round(submission)
        states.require("fill", submission)
        typed = {**prefilled(spec, submission), **values}
        _refuse_locked(spec, submission, {*values, *(unread or {})})
        _explain(w, submission, explanations or {})
        _write_cells(w, submission, spec, typed, source, unread or {})
        if submission.state == State.TODO:
            w.change(submission, state=State.DRAFT)
    return submissions


def _refuse_locked(spec: FormSpec, submission: Submission, codes: Iterable[str]) -> None:
    unknown = [code for code in codes if code not in spec.cells or not spec.cells[code].is_input]
    if unknown:
        raise Invalid(_("有的格不能填。"), [FieldFault(code, _("报表里没有这个可填的格。")) for code in unknown])
    locked = sorted(set(codes) - open_cells(spec, submission))
    if locked:
        raise Invalid(_("只能改退回的格。"), [FieldFault(code, _("这一格没有退回，保持锁定。")) for code in locked])


def _explain(w: Write, submission: Submission, explanations: Mapping[str, str]) -> None:
    known = (
        {e.check_code: e for e in submission.explanations.filter(check_code__in=explanations)} if explanations else {}
    )
    for code, text in explanations.items():
        text = text.strip()[:300]
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
    w: Write,
    submission: Submission,
    spec: FormSpec,
    typed: Mapping[str, Decimal | None],
    source: str,
    unread: Mapping[str, str],
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
            version=submission.version + 1,
        )
        for code, value in changed.items()
    ]
    Cell.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["submission", "code"],
        update_fields=["value", "source", "path", "version"],
    )
    typed_changes = {code: value for code, value in changed.items() if spec.cells[code].is_input}
    if typed_changes:
        w.note(submission, before={code: stored.get(code) for code in typed_changes}, after=typed_changes)
    explained = dict(submission.explanations.values_list("check_code", "text"))
    findings = check(spec, values, factors.values, earlier, explained)
    kept = {code: text for code, text in submission.unread.items() if code not in typed} | dict(unread)
    facts = {
        "errors": sum(f.check.level == "error" for f in findings) + len(kept),
        "unexplained": sum(f.check.level == "warning" and f.stops for f in findings),
        "filled": sum(values[c.code] is not None for c in spec.inputs),
        "factors": factors.record,
        "unread": kept,
        "filler": w.actor.name,
    }
    if changed or kept != submission.unread:
        facts["saved_at"] = timezone.now()
    w.change(submission, **facts)
    return findings


@action("forms.submission.submit", event="forms.submission.submitted")
def submit(
    w: Write, submissions: Sequence[Submission], *, signers: Mapping[str, str] | None = None
) -> Sequence[Submission]:
    """Hand submissions in: checked once more with today's factors, sealed with the path of this day.

    ``signers`` names who answers for the numbers beside the filler: ``statistics`` and ``head``.

    Raises:
        Invalid: an error stands, or a warning lacks its explanation; one fault a cell.
    """
    now = timezone.now()
    lock(submissions, unchanged=False)
    for submission in submissions:
        spec = open_round(submission)
        states.require("submit", submission)
        typed = prefilled(spec, submission)
        findings = [f for f in _write_cells(w, submission, spec, typed, Cell.Source.HAND, {}) if f.stops]
        faults = [
            FieldFault(code, _("“%(text)s” 不是数。") % {"text": text}) for code, text in submission.unread.items()
        ]
        faults += [FieldFault(f.check.cell, f.check.message) for f in findings]
        if faults:
            raise Invalid(
                _("%(name)s的填报还不能提交：改正 %(errors)d 处错误、补写 %(reasons)d 处说明。")
                % {"name": submission.node.name, "errors": submission.errors, "reasons": submission.unexplained},
                faults,
            )
        w.change(
            submission,
            submitted_at=now,
            is_late=submission.is_late or now > submission.due_at,
            filler=w.actor.name,
            signers=dict(signers or submission.signers),
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


__all__ = ["fill", "open_cells", "open_round", "prefilled", "submit"]
