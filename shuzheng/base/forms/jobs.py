"""Jobs of reporting: opening submissions, folding deltas, reminding and checking on working days, large exports."""

from __future__ import annotations

import tempfile
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms import doubts, exports, findings, integrity, reminders, rollup
from shuzheng.base.forms.actions import open_rounds
from shuzheng.base.forms.models import Round
from shuzheng.base.forms.notices import announce
from shuzheng.base.jobs.declare import job, job_for_actor
from shuzheng.base.jobs.run import Run
from shuzheng.base.standards import working_days

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
