"""Filling in and handing in: cells of a submission, what is computed from them, and the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core import scope
from shuzheng.base.core.action import Write, action
from shuzheng.base.core.models import plain
from shuzheng.base.forms import signing, states
from shuzheng.base.forms.digests import of_values
from shuzheng.base.forms.engine import Finding, check, compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.locking import lock
from shuzheng.base.forms.models import Cell, Edition, Explanation, Submission
from shuzheng.base.forms.prefill import Known, known
from shuzheng.base.forms.spec import FormSpec, Value, load
from shuzheng.base.forms.values import known_rows, store_cells, stored_values
from shuzheng.kernel.errors import FieldFault, Invalid

State = Submission.State
MANY = 20_000
"""Cells that are computed and checked so long that the database hears from time to time that the transaction is alive."""


def open_round(submission: Submission) -> FormSpec:
    """The form of a submission that can still be filled in.

    Raises:
        Invalid: the round has ended or is locked, and no allowance keeps it open.
    """
    if states.is_locked(submission, timezone.now()):
        raise Invalid(_("报送任务已结束或锁定，不能再填报。需要补报时向上级申请。"), code="forms.round.locked")
    return load(submission.round.definition.spec)


def open_cells(spec: FormSpec, submission: Submission) -> frozenset[str]:
    """The cells that can be typed in now: all, or, when single cells were returned, those with their rows.

    A row's cost belongs to its amounts, and a part ("其中") to its whole: mending one may ask for the other.
    """
    if submission.state != State.RETURNED or not submission.returned_cells:
        return frozenset(c.code for c in spec.inputs)
    return row_mates(spec, submission.returned_cells)


def row_mates(spec: FormSpec, codes: Iterable[str]) -> frozenset[str]:
    """Cells with those of their rows that are typed in: what may have to change when one of them does."""
    inputs = {c.code: c for c in spec.inputs}
    rows = {r.code: r for s in spec.sections for r in s.rows}
    touched = {spec.cells[code].row for code in codes if code in spec.cells} - {""}
    touched |= {rows[code].of for code in touched if rows[code].of}
    return frozenset(codes) | {code for code, cell in inputs.items() if cell.row in touched}


def may_type(spec: FormSpec, submission: Submission) -> Callable[[str], bool]:
    """What tells of a cell whether it can be typed in now. A repeating row of which a cell was returned is open as a whole."""

    def asked(code: str) -> bool:
        cell = spec.pattern(code)
        return cell is not None and cell.is_input

    returned = submission.returned_cells if submission.state == State.RETURNED else []
    if not returned:
        return asked
    fixed = row_mates(spec, returned)
    rows = {place[:2] for code in returned if (place := spec.place(code))}

    def given_back(code: str) -> bool:
        if code in spec.cells:
            return code in fixed
        place = spec.place(code)
        return place is not None and place[:2] in rows and asked(code)

    return given_back


@action("forms.submission.fill")
def fill(
    w: Write,
    submissions: Sequence[Submission],
    *,
    values: Mapping[str, Value],
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
    return write_in(w, submissions, values, explanations or {}, unread or {}, source)


def write_in(
    w: Write,
    submissions: Sequence[Submission],
    values: Mapping[str, Value],
    explanations: Mapping[str, str],
    unread: Mapping[str, str],
    source: str,
) -> Sequence[Submission]:
    """The body of ``fill``, also for an office that stands in. The submissions are locked."""
    for submission in submissions:
        spec = open_round(submission)
        states.require("fill", submission)
        begun = known(spec, submission)
        _refuse_locked(spec, submission, {*values, *unread})
        explain(w, submission, explanations)
        typed = begun | {code: Known(value, source) for code, value in values.items()}
        _write_cells(w, submission, spec, typed, unread)
        if submission.state == State.TODO:
            w.change(submission, state=State.DRAFT)
    return submissions


def _refuse_locked(spec: FormSpec, submission: Submission, codes: set[str]) -> None:
    unknown = [code for code in codes if (cell := spec.pattern(code)) is None or not cell.is_input]
    if unknown:
        raise Invalid(_("有的格不能填。"), [FieldFault(code, _("报表里没有这个可填的格。")) for code in unknown])
    may = may_type(spec, submission)
    locked = sorted(code for code in codes if not may(code))
    if locked:
        raise Invalid(_("只能改退回的格。"), [FieldFault(code, _("这一格没有退回，保持锁定。")) for code in locked])


def explain(w: Write, submission: Submission, explanations: Mapping[str, str]) -> None:
    """Write reasons for warnings, by the code of the check; an empty one takes a reason back."""
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
    typed: Mapping[str, Known],
    unread: Mapping[str, str],
    *,
    final: bool = False,
) -> list[Finding]:
    """Store typed and computed cells that differ from what is stored; note the difference; return the findings.

    What is not asked counts as empty, and stays as typed until the form is handed in (``final``): a choice that was
    changed by mistake costs nobody what stood behind it.
    """
    stored, inputs = known_rows(spec, submission.cells.values_list("code", "value", "text"))
    factors = resolve(spec, submission.round.period, submission.path)
    inputs |= {code: item.value for code, item in typed.items()}
    earlier = before(submission)
    values = compute(spec, inputs, factors.values, earlier)
    if len(values) > MANY:
        scope.stay_awake()
    wanted = {**dict.fromkeys(stored), **values}
    if not final:
        wanted |= inputs
    changed = {code: value for code, value in wanted.items() if value != stored.get(code)}
    typed_changes = {code: value for code, value in changed.items() if code in inputs}
    sources = dict.fromkeys(changed, Cell.Source.COMPUTED) | dict.fromkeys(typed_changes, Cell.Source.HAND)
    sources |= {code: item.source for code, item in typed.items() if code in typed_changes}
    store_cells(submission, changed, sources)
    if typed_changes:
        w.note(submission, before={code: stored.get(code) for code in typed_changes}, after=typed_changes)
    explained = dict(submission.explanations.values_list("check_code", "text"))
    findings = check(spec, values, factors.values, earlier, explained)
    kept = {code: text for code, text in submission.unread.items() if code not in typed} | dict(unread)
    facts_ = {
        "errors": sum(f.check.level == "error" for f in findings) + len(kept),
        "unexplained": sum(f.check.level == "warning" and f.stops for f in findings),
        "filled": sum(values.get(code) is not None for code in inputs),
        "factors": factors.record,
        "unread": kept,
        "filler": w.actor.name,
    }
    if changed or kept != submission.unread:
        facts_["saved_at"] = timezone.now()
    w.change(submission, **facts_)
    return findings


@action("forms.submission.submit", event="forms.submission.submitted")
def submit(
    w: Write, submissions: Sequence[Submission], *, signers: Mapping[str, str] | None = None
) -> Sequence[Submission]:
    """Hand submissions in: checked once more with today's factors, sealed with the path of this day.

    ``signers`` names who answers for the numbers beside the filler: ``statistics`` and ``head``.

    Raises:
        Invalid: an error stands, a warning lacks its explanation, or a signature that the round asks for; one fault a cell.
    """
    lock(submissions, unchanged=False)
    for submission in submissions:
        if submission.behalf:
            w.change(submission, behalf="", behalf_reason="")
    return hand_in(w, submissions, signers or {})


def hand_in(
    w: Write, submissions: Sequence[Submission], signers: Mapping[str, str], *, nil: bool = False
) -> Sequence[Submission]:
    """The body of ``submit``, also for an office that stands in and for a nil report. The submissions are locked."""
    now = timezone.now()
    for submission in submissions:
        spec = open_round(submission)
        states.require("submit", submission)
        typed = known(spec, submission)
        findings = [f for f in _write_cells(w, submission, spec, typed, {}, final=True) if f.stops]
        faults = [
            FieldFault(code, _("“%(text)s” 读不懂。") % {"text": text}) for code, text in submission.unread.items()
        ]
        faults += [FieldFault(f.check.cell, f.check.message) for f in findings]
        if faults:
            raise Invalid(
                _("%(name)s的填报还不能提交：改正 %(errors)d 处错误、补写 %(reasons)d 处说明。")
                % {"name": submission.node.name, "errors": submission.errors, "reasons": submission.unexplained},
                faults,
            )
        stored = stored_values(submission)
        names = signing.on_submit(w, submission, signers or submission.signers, of_values(stored))
        w.change(
            submission,
            submitted_at=now,
            is_nil=nil,
            is_late=submission.is_late or now > submission.due_at,
            filler=w.actor.name,
            signers=names,
            sealed_path=submission.path,
            **states.after_submission(submission),
        )
        edition = Edition(
            submission=submission,
            number=submission.edition,
            values=plain(stored),
            factors=submission.factors,
            by=w.actor.name,
            at=now,
        )
        edition.node_id, edition.path = submission.node_id, submission.path
        w.create(edition)
    return submissions


__all__ = ["fill", "hand_in", "open_cells", "open_round", "row_mates", "submit", "write_in"]
