"""Imports and exports from start to end: the file kept aside, what was checked on record, long ones as jobs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.org.models import Node
from shuzheng.base.registers import actions, exporting
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.importing import Checked, Importer
from shuzheng.base.registers.models import Transfer
from shuzheng.base.registers.query import Params
from shuzheng.kernel.errors import FieldFault, Invalid, Missing

KEPT_FAULTS = 20_000
"""Faults of one import that are kept; whoever has more has brought the wrong sheet."""


def file_of(transfer: Transfer) -> Path:
    """Where the sheet of a transfer lies, under a name that nobody chose."""
    return exporting.folder(transfer.way) / f"{transfer.pk}.sheet"


def _new(register: Register, actor: Actor, **values: Any) -> Transfer:
    transfer = Transfer(person_id=actor.person_id, post_id=actor.id, register=register.name, **values)
    transfer.own(Node.objects.get(pk=actor.organ_id))
    return transfer


def own_transfer(register: Register, actor: Actor, pk: Any, way: str) -> Transfer:
    """A transfer of the acting person.

    Raises:
        Missing: there is none of theirs.
    """
    found = Transfer.objects.filter(pk=pk, person_id=actor.person_id, register=register.name, way=way).first()
    if found is None:
        raise Missing
    return found


def start_import(register: Register, actor: Actor, content: bytes, filename: str) -> Transfer:
    """Check a sheet and keep it, with what it would do, for the person to look at.

    Raises:
        Invalid: the file can't be read at all.
    """
    checked = Importer(register, actor).check(content, filename)
    transfer = _new(
        register, actor, way=Transfer.Way.IMPORT, state=Transfer.State.CHECKED, filename=filename[-200:],
        rows=checked.rows, created_rows=len(checked.created), changed_rows=len(checked.changed), same_rows=checked.same,
        notes=checked.notes, faults=[asdict(f) for f in checked.faults[:KEPT_FAULTS]],
        digest=hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    path = file_of(transfer)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    actions.start_transfer([transfer], actor=actor, key=new_key())
    return transfer


def faults_of(transfer: Transfer) -> list[FieldFault]:
    return [FieldFault(**fault) for fault in transfer.faults]


def run_import(register: Register, actor: Actor, transfer: Transfer, *, partly: bool, key: str) -> Checked:
    """Check the kept sheet again, for the tables may have moved on, and write it.

    Raises:
        Missing: the file is gone.
        Invalid: it has faults (now), or was brought in already.
    """
    if transfer.state not in (Transfer.State.CHECKED, Transfer.State.WAITING):
        raise Invalid(_("这份文件已经导入过。"))
    path = file_of(transfer)
    if not path.exists():
        raise Missing
    importer = Importer(register, actor)
    checked = importer.check(path.read_bytes(), transfer.filename)
    created, changed = importer.write(checked, key=key, partly=partly)
    actions.finish_transfer(
        [transfer], actor=actor, key=f"{key}-t", state=Transfer.State.DONE, created_rows=created, changed_rows=changed,
        same_rows=checked.same, faults=[asdict(f) for f in checked.faults[:KEPT_FAULTS]],
    )  # fmt: skip
    path.unlink(missing_ok=True)
    return checked


def start_export(register: Register, actor: Actor, query: str, ids: Sequence[str], columns: Sequence[str]) -> Transfer:
    """Put an export on record; ``run_export`` makes its file."""
    transfer = _new(
        register, actor, way=Transfer.Way.EXPORT, state=Transfer.State.WAITING, filename=f"{register.verbose}.xlsx",
        query=query, options={"ids": list(ids), "columns": list(columns)},
    )  # fmt: skip
    actions.start_transfer([transfer], actor=actor, key=new_key())
    return transfer


def run_export(register: Register, actor: Actor, transfer: Transfer) -> Path:
    """Write the file of an export under the actor's scope; it is whole before anybody can fetch it."""
    params = Params.parse(register, QueryDict(transfer.query))
    path = file_of(transfer)
    part = path.with_suffix(".part")
    options = transfer.options
    rows = exporting.write_export(
        str(part), register, actor, params, options.get("ids", ()), options.get("columns", ())
    )
    part.chmod(0o600)
    part.replace(path)
    actions.finish_transfer([transfer], actor=actor, key=new_key(), state=Transfer.State.DONE, rows=rows)
    return path
