"""Long sheets in the background: what takes more than a moment is started here and found under “我的任务”."""

from __future__ import annotations

import time

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.declare import job, job_for_actor
from shuzheng.base.jobs.run import Run
from shuzheng.base.registers import exporting, service, transfers
from shuzheng.base.registers.models import Transfer


@job_for_actor
def export_list(run: Run, *, actor: Actor, transfer_id: str) -> str:
    """Write the file of an export and keep it for the person who asked."""
    with actor.scope.activate():
        transfer = Transfer.objects.get(pk=transfer_id, person_id=actor.person_id)
        register = service.get(transfer.register)
        actor.require(register.permission("export"))
        path = transfers.run_export(register, actor, transfer, run.advance)
    with path.open("rb") as file:
        run.keep(file, transfer.filename)
    path.unlink()
    return _("已导出 %(n)d %(unit)s") % {"n": transfer.rows, "unit": register.unit}


@job_for_actor
def check_sheet(run: Run, *, actor: Actor, transfer_id: str) -> str:
    """Check a long sheet; what it would do is then looked at and decided as with a short one."""
    with actor.scope.activate():
        transfer = Transfer.objects.get(pk=transfer_id, person_id=actor.person_id)
        register = service.get(transfer.register)
        actor.require(register.permission("import"))
        transfers.check_import(register, actor, transfer, run.advance)
    if transfer.state == Transfer.State.FAILED:
        return transfer.notes[0]
    numbers = {"rows": f"{transfer.rows:,}", "bad": f"{transfer.options['bad_rows']:,}"}
    return _("已检查 %(rows)s 行，%(bad)s 行有问题") % numbers


@job_for_actor
def import_sheet(run: Run, *, actor: Actor, transfer_id: str, partly: bool) -> str:
    """Write a checked sheet. Run again after a dead worker, the keys keep it from a second effect."""
    with actor.scope.activate():
        transfer = Transfer.objects.get(pk=transfer_id, person_id=actor.person_id)
        register = service.get(transfer.register)
        actor.require(register.permission("import"))
        if transfer.state == Transfer.State.DONE:
            return _("已完成")
        key = run.key("rows")[:70]
        new, old = transfers.run_import(register, actor, transfer, partly=partly, key=key, say=run.advance)
    numbers = {"new": new, "old": old, "unit": register.unit}
    return _("已导入：新增 %(new)d %(unit)s，修改 %(old)d %(unit)s") % numbers


@job(scope="registers.tidy", cron="30 4 * * *", atomic=False)
def remove_sheets(*, actor: Actor) -> None:
    """Delete sheets older than ``SZ_TRANSFER_DAYS``: imports that nobody went on with, and what a broken export left.

    The record of the transfer stays; going on with it answers that the file is gone.
    """
    oldest = time.time() - settings.SZ_TRANSFER_DAYS * 86400
    for folder in exporting.folders():
        for path in folder.iterdir():
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)  # finished by its person a moment ago
