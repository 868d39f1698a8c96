"""Jobs of reporting: opening submissions, folding deltas, reminding and checking on working days, large exports."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import doubts, exports, findings, incoming, integrity, names, reminders, rollup
from shuzheng.base.forms.actions import open_rounds, submit
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.notices import announce
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.standing import submit_for
from shuzheng.base.jobs.declare import job, job_for_actor
from shuzheng.base.jobs.run import Run
from shuzheng.base.registers.faults import faults_book
from shuzheng.base.registers.models import Transfer
from shuzheng.base.standards import working_days
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.periods import Period

FOLD_LOCK = 0x5A464F4C44  # "ZFOLD"


@job(scope="forms.open", tries=5)
def open_round(*, actor: Actor, round_id: str) -> None:
    """Open a submission for each institution that a round asks. Run again, it opens those that are missing."""
    round_ = Round.objects.select_related("definition").filter(pk=round_id).first()
    if round_ is not None and round_.state != Round.State.CLOSED:
        open_rounds([round_], actor=actor)
        announce(round_, actor)


@job(scope="forms.fold", cron="* * * * *", atomic=False)
def fold(*, actor: Actor) -> None:
    """Add what approvals and returns left behind to the totals, one worker at a time, until nothing is left."""
    while fold_once(actor):
        pass


def fold_once(actor: Actor) -> int:
    """One batch, or 0 while another worker folds: two at once could make the same total twice."""
    with actor.scope.activate(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [FOLD_LOCK])
        return rollup.fold() if cursor.fetchone()[0] else 0


@job(scope="forms.recount", cron="20 2 * * *", atomic=False)
def recount(*, actor: Actor) -> None:
    """At night, count the roll-ups of rounds in progress again from their cells; ``/metrics`` says what differs."""
    with actor.scope.activate():
        rounds = list(Round.objects.select_related("definition").filter(state=Round.State.OPEN).order_by("pk"))
    for round_ in rounds:
        integrity.recount_round(round_, actor)


@job(scope="forms.remind", cron="5 9-17 * * *", atomic=False)
def remind(*, actor: Actor) -> None:
    """Reminders whose day has come; hourly in office hours, so that a worker that was down catches up."""
    reminders.send_due(actor, timezone.localdate())


@job(scope="forms.check", cron="40 6 * * *", atomic=False)
def check_rounds(*, actor: Actor) -> None:
    """On working days, look again at what was handed in for each round in progress, one round after another."""
    with actor.scope.activate():
        if not working_days.is_working_day(timezone.localdate()):
            return
        rounds = list(Round.objects.filter(state=Round.State.OPEN).order_by("pk").values_list("pk", flat=True))
    for pk in rounds:
        check_round(round_id=str(pk))


@job(scope="forms.check", atomic=False)
def check_round(*, actor: Actor, round_id: str) -> None:
    """The same for one round, also when a reviewer asks for it."""
    with actor.scope.activate():
        found = list(Round.objects.select_related("definition").filter(pk=round_id, state=Round.State.OPEN))
    if found:
        doubts.find(found, actor=actor)


@job_for_actor
def check_upload(run: Run, *, actor: Actor, transfer_id: str) -> str:
    """Check a long workbook; what it would change is then looked at and decided as with a short one."""
    with actor.scope.activate():
        transfer, submission = _brought(actor, transfer_id)
        values = incoming.standing(submission)
    if transfer.state == Transfer.State.WAITING:
        with incoming.given_up(actor, transfer):
            incoming.check(actor, submission, transfer, values, run.advance)
    numbers = {"rows": f"{transfer.rows:,}", "faults": f"{transfer.options['faults']:,}"}
    return _("已检查 %(rows)s 行，%(faults)s 处问题") % numbers


@job_for_actor
def store_upload(run: Run, *, actor: Actor, transfer_id: str) -> str:
    """Store a checked workbook, all of it or nothing. Run again after a dead worker, it finds what is done already."""
    with actor.scope.activate():
        transfer, submission = _brought(actor, transfer_id)
        values = incoming.standing(submission)
    if transfer.state != Transfer.State.DONE:
        with incoming.given_up(actor, transfer):
            incoming.store(actor, submission, transfer, values, key=run.key("cells"), say=run.advance)
    return _("已存入 %(n)d 格") % {"n": transfer.changed_rows}


@job_for_actor
def hand_in(run: Run, *, actor: Actor, submission_id: str, signers: dict[str, str]) -> str:
    """Check a form of very many cells once more and hand it in; what stands in the way is listed, and all of it in a file."""
    with actor.scope.activate():
        submission = _submissions().get(pk=submission_id)
    verb = submit if submission.path in actor.scope.write else submit_for
    try:
        verb([submission], actor=actor, signers=signers, key=run.key("submit"))
    except Invalid as refused:
        placed = [_placed(submission, fault) for fault in refused.faults]
        if placed:
            with faults_book(placed) as book:
                run.keep(book, f"{submission.node.name} {_('问题')}.xlsx")
        raise Invalid(refused.message, placed)
    return _("已提交")


def _placed(submission: Submission, fault: FieldFault) -> FieldFault:
    """A fault of a cell with the cell's name, and its row in a repeating section."""
    spec, period = load(submission.round.definition.spec), Period.parse(submission.round.period)
    cell, place = spec.find(fault.field), spec.place(fault.field)
    title = names.cell_title(spec, cell, period) if cell else fault.field
    return replace(fault, row=place[1] if place else None, column=title)


def _submissions() -> QuerySet[Submission]:
    return Submission.objects.select_related("node", "round__definition")


def _brought(actor: Actor, transfer_id: str) -> tuple[Transfer, Submission]:
    transfer = Transfer.objects.get(pk=transfer_id, person_id=actor.person_id)
    if transfer.state == Transfer.State.FAILED:  # the worker died when it had said so
        raise Invalid(transfer.notes[0])
    return transfer, _submissions().get(pk=transfer.options["submission"])


@job_for_actor
def export_findings(run: Run, *, actor: Actor, round_id: str, path: str) -> str:
    """What the checks and the comparison with earlier periods say of a large part of the tree, as a workbook to fetch."""
    with tempfile.TemporaryFile() as file:
        with actor.scope.activate():
            round_ = Round.objects.select_related("definition").get(pk=UUID(round_id))
            count = findings.write_sheet(file, findings.collect(round_, path))
        file.seek(0)
        run.keep(file, f"{round_.title} {_('检查结果')}.xlsx")
    return f"{count:,}"


@job_for_actor
def export_units(run: Run, *, actor: Actor, round_id: str, path: str) -> str:
    """One row for each institution, as a workbook to fetch."""
    with tempfile.TemporaryFile() as file:
        with actor.scope.activate():
            round_ = Round.objects.select_related("definition").get(pk=UUID(round_id))
            count = exports.units_sheet(file, round_, path, run.advance)
        file.seek(0)
        run.keep(file, f"{round_.title}.xlsx")
    return f"{count:,}"
