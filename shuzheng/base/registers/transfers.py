"""Imports and exports from start to end: the file kept aside, what was checked on record, long ones as jobs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.models import JobRun
from shuzheng.base.org.models import Node
from shuzheng.base.registers import actions, exporting
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.faults import kept
from shuzheng.base.registers.importing import Checked, Importer, Said
from shuzheng.base.registers.models import Transfer
from shuzheng.base.registers.query import Params
from shuzheng.kernel.errors import FieldFault, Invalid, Missing

STEP = 1 << 20
LATER = 5_000_000
"""Bytes of a sheet from which its check is a job."""


def file_of(transfer: Transfer) -> Path:
    """Where the sheet of a transfer lies, under a name that nobody chose."""
    return exporting.folder(transfer.way) / f"{transfer.pk}.sheet"


def new(name: str, actor: Actor, **values: Any) -> Transfer:
    """A transfer of a register, or of what else takes sheets in under a name of its own; not stored yet."""
    transfer = Transfer(person_id=actor.person_id, post_id=actor.id, register=name, **values)
    transfer.own(Node.objects.get(pk=actor.organ_id))
    return transfer


def keep(transfer: Transfer, source: IO[bytes]) -> int:
    """Put the sheet aside for its person and note its digest; returns its size in bytes."""
    digest, size = hashlib.sha256(), 0
    source.seek(0)
    with os.fdopen(os.open(file_of(transfer), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := source.read(STEP):
            file.write(block)
            digest.update(block)
            size += len(block)
    transfer.digest = digest.hexdigest()
    return size


def own_transfer(register: Register, actor: Actor, pk: Any, way: str) -> Transfer:
    """A transfer of the acting person.

    Raises:
        Missing: there is none of theirs.
    """
    found = Transfer.objects.filter(pk=pk, person_id=actor.person_id, register=register.name, way=way).first()
    if found is None:
        raise Missing
    return found


def follow(actor: Actor, transfer: Transfer, run: JobRun) -> None:
    """Note which job is at it, so that its page can say how far it is."""
    options = transfer.options | {"run": str(run.pk)}
    actions.finish_transfer([transfer], actor=actor, key=new_key(), state=Transfer.State.WAITING, options=options)


def job_of(transfer: Transfer) -> JobRun | None:
    """The job that is, or was, at it last."""
    return JobRun.objects.filter(pk=transfer.options["run"]).first() if "run" in transfer.options else None


def faults_file(transfer: Transfer) -> Path:
    """Where the faults of a checked sheet lie, all of them."""
    return file_of(transfer).with_suffix(".faults")


def start_import(register: Register, actor: Actor, source: IO[bytes], filename: str) -> Transfer:
    """Keep a sheet and check it, or, if it is a long one, put it on record to be checked by a job (``is_unchecked``).

    Raises:
        Invalid: the file can't be read at all.
    """
    transfer = new(
        register.name, actor, way=Transfer.Way.IMPORT, state=Transfer.State.WAITING, filename=filename[-200:]
    )
    transfer.options = {"unchecked": True}
    if keep(transfer, source) <= LATER:
        try:
            for name, value in _check(register, actor, transfer).items():
                setattr(transfer, name, value)
        except Invalid:
            file_of(transfer).unlink()
            raise
    actions.start_transfer([transfer], actor=actor, key=new_key())
    return transfer


def is_unchecked(transfer: Transfer) -> bool:
    """Whether the sheet waits to be checked."""
    return bool(transfer.options.get("unchecked"))


def check_import(register: Register, actor: Actor, transfer: Transfer, say: Said | None = None) -> None:
    """Check a kept sheet, for the job; one that can't be read is over, with the reason as its note."""
    if not is_unchecked(transfer):
        return
    try:
        values = _check(register, actor, transfer, say)
    except Invalid as fault:
        values = {"state": Transfer.State.FAILED, "notes": [fault.message], "options": {}}
    actions.finish_transfer([transfer], actor=actor, key=new_key(), **values)


def _check(register: Register, actor: Actor, transfer: Transfer, say: Said | None = None) -> dict[str, Any]:
    """What becomes of the record of a sheet that was checked."""
    with file_of(transfer).open("rb") as file:
        checked = Importer(register, actor, file, transfer.filename, say).check()
    return {"state": Transfer.State.CHECKED, **_outcome(transfer, checked)}


def _outcome(transfer: Transfer, checked: Checked) -> dict[str, Any]:
    checked.faults.keep(faults_file(transfer))
    return {
        "rows": checked.rows, "created_rows": checked.created, "changed_rows": checked.changed,
        "same_rows": checked.same, "notes": checked.notes, "faults": [asdict(f) for f in checked.faults.first],
        "options": {"faults": len(checked.faults), "bad_rows": len(checked.faults.rows)},
    }  # fmt: skip


def faults_of(transfer: Transfer) -> Iterable[FieldFault]:
    """All faults of a checked sheet; once its files are removed, the first of them."""
    path = faults_file(transfer)
    return kept(path) if path.exists() else [FieldFault(**fault) for fault in transfer.faults]


def run_import(
    register: Register, actor: Actor, transfer: Transfer, *, partly: bool, key: str, say: Said | None = None
) -> tuple[int, int]:
    """Check the kept sheet again, for the tables may have moved on, and write it; returns how many are new and changed.

    Raises:
        Missing: the file is gone.
        Invalid: it has faults (now), or was brought in already.
    """
    if is_unchecked(transfer) or transfer.state not in (Transfer.State.CHECKED, Transfer.State.WAITING):
        raise Invalid(_("这份文件已经导入过。"))
    path = file_of(transfer)
    if not path.exists():
        raise Missing
    with path.open("rb") as file:
        importer = Importer(register, actor, file, transfer.filename, say)
        checked = importer.check()
        created, changed = importer.write(key=key, partly=partly)
    done = _outcome(transfer, checked) | {"created_rows": created, "changed_rows": changed}
    actions.finish_transfer([transfer], actor=actor, key=f"{key}-t", state=Transfer.State.DONE, **done)
    path.unlink(missing_ok=True)
    return created, changed


def start_export(register: Register, actor: Actor, query: str, ids: Sequence[str], columns: Sequence[str]) -> Transfer:
    """Put an export on record; ``run_export`` makes its file."""
    transfer = new(
        register.name, actor, way=Transfer.Way.EXPORT, state=Transfer.State.WAITING, filename=f"{register.verbose}.xlsx",
        query=query, options={"ids": list(ids), "columns": list(columns)},
    )  # fmt: skip
    actions.start_transfer([transfer], actor=actor, key=new_key())
    return transfer


def run_export(register: Register, actor: Actor, transfer: Transfer, say: Said | None = None) -> Path:
    """Write the file of an export under the actor's scope; it is whole before anybody can fetch it."""
    params = Params.parse(register, QueryDict(transfer.query))
    path = file_of(transfer)
    part = path.with_suffix(".part")
    options = transfer.options
    rows = exporting.write_export(
        str(part), register, actor, params, options.get("ids", ()), options.get("columns", ()), say
    )
    part.chmod(0o600)
    part.replace(path)
    actions.finish_transfer([transfer], actor=actor, key=new_key(), state=Transfer.State.DONE, rows=rows)
    return path
