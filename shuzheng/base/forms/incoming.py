"""A workbook that somebody brought for a submission, from start to end: kept aside, checked, looked at, stored.

It is on record as every sheet that comes in (``registers.models.Transfer``). A long one is checked, and then stored, by a job:
its page says how far that is. All or nothing: with one fault nothing is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import IO
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.prefill import prefilled
from shuzheng.base.forms.saving import save_values
from shuzheng.base.forms.spec import Value, load
from shuzheng.base.forms.uploads import Upload, read_back
from shuzheng.base.forms.values import stored_values
from shuzheng.base.registers import streams, transfers
from shuzheng.base.registers.actions import finish_transfer, start_transfer
from shuzheng.base.registers.exporting import Said
from shuzheng.base.registers.models import Transfer
from shuzheng.kernel.errors import Conflict, Fault, Invalid, Missing

NAME = "forms.submission"
"""Under this name, in place of a register's, a transfer is one of a submission."""
CELL_BYTES = 40
"""What a cell takes of a workbook, unpacked: enough to tell a long one without reading it."""

State = Transfer.State


def is_long(source: IO[bytes]) -> bool:
    """Whether a workbook has so many cells that nobody waits for them (``SZ_FORM_NOW_CELLS``)."""
    return streams.unpacked(source) > settings.SZ_FORM_NOW_CELLS * CELL_BYTES


def take(actor: Actor, submission: Submission, source: IO[bytes], filename: str) -> Transfer:
    """Put a workbook aside for a submission and on record. What it would change is said by ``check``."""
    transfer = transfers.new(NAME, actor, way=Transfer.Way.IMPORT, state=State.WAITING, filename=filename[-200:])
    transfer.options = {"submission": str(submission.pk)}
    transfers.keep(transfer, source)
    start_transfer([transfer], actor=actor, key=new_key())
    return transfer


def find(actor: Actor, submission: Submission, pk: UUID) -> Transfer:
    """A workbook that the acting person brought for the submission.

    Raises:
        Missing: there is none of theirs.
    """
    own = Transfer.objects.filter(pk=pk, person_id=actor.person_id, register=NAME, way=Transfer.Way.IMPORT)
    found = own.filter(options__submission=str(submission.pk)).first()
    if found is None:
        raise Missing(_("没有这份文件。"))
    return found


def standing(submission: Submission) -> dict[str, Value]:
    """The values against which a workbook is held: what is stored, and with it what an untouched form begins with."""
    return stored_values(submission) | prefilled(load(submission.round.definition.spec), submission)


def check(
    actor: Actor, submission: Submission, transfer: Transfer, values: Mapping[str, Value], say: Said | None = None
) -> None:
    """Read a kept workbook against ``values`` (``standing``) and note what it would change, and every fault.

    No transaction need be open, so that a job can say how far it is.

    Raises:
        Invalid: it can't be read at all, or is not this submission's.
    """
    found = _read(submission, transfer, values, say)
    found.faults.keep(transfers.faults_file(transfer))
    options = transfer.options | {
        "version": submission.version, "faults": len(found.faults), "differences": [asdict(d) for d in found.differences],
    }  # fmt: skip
    finish_transfer(
        [transfer], actor=actor, key=new_key(), state=State.CHECKED, rows=found.rows, changed_rows=len(found.values),
        notes=found.notes, faults=[asdict(f) for f in found.faults.first], options=options,
    )  # fmt: skip


def store(
    actor: Actor, submission: Submission, transfer: Transfer, values: Mapping[str, Value], *, key: str,
    say: Said | None = None,
) -> int:  # fmt: skip
    """Read a checked workbook once more, for the form may have moved on, and store all that it changes; returns how many cells.

    Raises:
        Conflict: somebody changed the same cells since it was checked.
        Invalid: it has faults (now), was stored already, or was put aside too long ago.
    """
    if transfer.state == State.DONE or "version" not in transfer.options:
        raise Invalid(_("这份文件已经存过。"))
    found = _read(submission, transfer, values, say)
    if found.faults:
        raise Invalid(_("读文件之后表变了，重新上传一次。"), found.faults.first)
    base, done = transfer.options["version"], {"rows": found.rows, "changed_rows": len(found.values)}
    try:
        with actor.scope.activate():  # both or neither: a job that is run again finds what it did
            save_values(actor, submission, found.values, base=base, key=key, source=Cell.Source.SHEET)
            finish_transfer([transfer], actor=actor, key=new_key(), state=State.DONE, **done)
    except Conflict:
        raise Conflict(_("读文件之后有人改了同样的格。重新上传，看过差异再存。"))
    transfers.file_of(transfer).unlink(missing_ok=True)
    return len(found.values)


@contextmanager
def given_up(actor: Actor, transfer: Transfer) -> Iterator[None]:
    """What is refused inside ends the transfer too, with the reason for its person."""
    try:
        yield
    except Fault as fault:
        finish_transfer([transfer], actor=actor, key=new_key(), state=State.FAILED, notes=[fault.message])
        transfers.file_of(transfer).unlink(missing_ok=True)
        raise


def _read(submission: Submission, transfer: Transfer, values: Mapping[str, Value], say: Said | None) -> Upload:
    path = transfers.file_of(transfer)
    if not path.exists():
        raise Invalid(_("放得太久了，重新上传一次。"))
    with path.open("rb") as file:
        return read_back(file, transfer.filename, submission, values, say)


__all__ = ["check", "find", "given_up", "is_long", "standing", "store", "take"]
