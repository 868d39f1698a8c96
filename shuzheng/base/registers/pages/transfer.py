"""Sheets in and out: export, template, upload with its check, and the confirmation."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.counting import CAP
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers import actions, exporting, jobs, transfers
from shuzheng.base.registers.declare import Register
from shuzheng.base.registers.faults import AT_HAND, faults_book
from shuzheng.base.registers.models import SavedView, Transfer
from shuzheng.base.registers.pages.common import address, asked
from shuzheng.base.registers.query import Params
from shuzheng.kernel.errors import Denied, FieldFault, Invalid


def _allow(register: Register, actor: Actor, verb: str) -> None:
    if not register.has(verb):
        raise Denied(_("这个台账不提供此操作。"))
    actor.require(register.permission(verb))


@require_POST
def export(request: HttpRequest, register: str) -> HttpResponseBase:
    """The list under the present conditions as a workbook. A long one is made by a job and fetched later."""
    held, actor = asked(request, register)
    _allow(held, actor, "export")
    params = Params.parse(held, request.GET)
    return _export(request, held, actor, params, request.GET.urlencode(), ())


def export_chosen(request: HttpRequest, register: Register, actor: Actor, ids: Sequence[str]) -> HttpResponseBase:
    """Only the rows that were ticked."""
    _allow(register, actor, "export")
    # The rows were chosen by hand, whatever the conditions: an unchanged list would drop none of them.
    scope = QueryDict(mutable=True)
    if "scope" in request.GET:
        scope["scope"] = request.GET["scope"]
    params = Params.parse(register, scope)
    return _export(request, register, actor, params, scope.urlencode(), ids)


def _export(
    request: HttpRequest, register: Register, actor: Actor, params: Params, query: str, ids: Sequence[str]
) -> HttpResponseBase:
    kept = SavedView.objects.filter(person_id=actor.person_id, register=register.name)
    columns = next((v.columns for v in kept if params.view in (str(v.pk), "" if v.name else v.tab or "")), [])
    transfer = transfers.start_export(register, actor, query, ids, columns)
    if not ids and exporting.is_long(register, actor, params):
        jobs.export_list.start(actor, _("导出%(name)s") % {"name": register.verbose}, transfer_id=str(transfer.pk))
        messages.info(request, _("超过 10,000 条，转后台生成；完成后在“我的任务”里下载。"))
        return redirect(f"{address(register)}?{query}")
    path = transfers.run_export(register, actor, transfer)
    response = FileResponse(path.open("rb"), as_attachment=True, filename=transfer.filename, content_type=XLSX)
    path.unlink()
    return response


@require_GET
def template(request: HttpRequest, register: str) -> HttpResponseBase:
    """An empty sheet to fill in."""
    held, actor = asked(request, register)
    _allow(held, actor, "import")
    file = io.BytesIO()
    exporting.write_template(file, held, actor)
    file.seek(0)
    name = _("%(name)s导入模板.xlsx") % {"name": held.verbose}
    return FileResponse(file, as_attachment=True, filename=name, content_type=XLSX)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, register: str) -> HttpResponse:
    """Bring a sheet: it is checked and what it would do is shown; nothing is written yet."""
    held, actor = asked(request, register)
    _allow(held, actor, "import")
    fault = None
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Invalid.one("file", _("先选文件。"))
            transfer = transfers.start_import(held, actor, file, file.name or "")
        except Invalid as refused:
            fault = refused
        else:
            if transfers.is_unchecked(transfer):
                title = _("检查%(name)s导入") % {"name": held.verbose}
                run = jobs.check_sheet.start(actor, title, transfer_id=str(transfer.pk))
                transfers.follow(actor, transfer, run)
            return redirect(address(held, "import_preview", pk=transfer.pk))
    context = {
        "register": held, "title": _("导入%(name)s") % {"name": held.verbose}, "base": address(held), "fault": fault,
        "crumbs": [Crumb(held.heading, address(held)), Crumb(_("导入"))],
        "columns": [exporting.sheet_column(held, item, actor) for item in exporting.sheet_fields(held, actor)],
    }  # fmt: skip
    return render(request, "registers/import.html", context, status=422 if fault else 200)


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, register: str, pk: UUID) -> HttpResponse:
    """What the sheet would do, every fault with row, column, value and reason; then the decision."""
    held, actor = asked(request, register)
    _allow(held, actor, "import")
    transfer = transfers.own_transfer(held, actor, pk, Transfer.Way.IMPORT)
    refused: Invalid | None = None
    if request.method == "POST":
        partly = request.POST.get("partly") == "1"
        if transfer.rows > CAP and transfer.state == Transfer.State.CHECKED and not transfers.is_unchecked(transfer):
            return _import_later(request, held, actor, transfer, partly)
        key = f"import-{transfer.pk}-{request.POST.get('_key', '')}"[:70]
        try:
            done = transfers.run_import(held, actor, transfer, partly=partly, key=key)
        except Invalid as fault:
            refused = fault
        else:
            said = _("已导入：新增 %(new)d %(unit)s，修改 %(old)d %(unit)s")
            numbers = {"new": done[0], "old": done[1], "unit": held.unit}
            messages.success(request, said % numbers)
            return redirect(address(held))
    faults = refused.faults if refused and refused.faults else [FieldFault(**f) for f in transfer.faults]
    context = _preview(held, transfer, faults) | {"refused": refused}
    if request.htmx and request.method == "GET":  # a page that waits for the check asks every few seconds
        return (
            render(request, "registers/parts/preview.html", context)
            if context["unchecked"]
            else HttpResponseClientRefresh()
        )
    return render(request, "registers/preview.html", context, status=422 if refused else 200)


def _import_later(
    request: HttpRequest, register: Register, actor: Actor, transfer: Transfer, partly: bool
) -> HttpResponse:
    """A long sheet goes to a worker; the list can be used meanwhile."""
    state = Transfer.State.WAITING
    actions.finish_transfer([transfer], actor=actor, key=new_key(), seen={transfer.pk: transfer.version}, state=state)
    title = _("导入%(name)s") % {"name": register.verbose}
    run = jobs.import_sheet.start(actor, title, transfer_id=str(transfer.pk), partly=partly)
    transfers.follow(actor, transfer, run)
    messages.info(request, _("超过 10,000 行，转后台导入；结果在“我的任务”里。"))
    return redirect(address(register))


def _preview(register: Register, transfer: Transfer, faults: Sequence[FieldFault]) -> dict[str, Any]:
    count = max(transfer.options.get("faults", 0), len(faults))
    bad_rows = max(transfer.options.get("bad_rows", 0), len({f.row for f in faults if f.row is not None}))
    ready = transfer.created_rows + transfer.changed_rows
    run, waits = transfers.job_of(transfer), transfer.state == Transfer.State.WAITING
    broken = run is not None and run.is_over and waits  # it was stopped, or could not even say why
    unchecked = transfers.is_unchecked(transfer)
    return {
        "register": register,
        "transfer": transfer,
        "title": _("导入%(name)s：检查结果") % {"name": register.verbose},
        "base": address(register),
        "crumbs": [
            Crumb(register.heading, address(register)), Crumb(_("导入"), address(register, "import")), Crumb(transfer.filename)
        ],
        "faults": faults[:AT_HAND],
        "more_faults": count - len(faults[:AT_HAND]),
        "fault_count": count,
        "bad_rows": bad_rows,
        "ready": ready,
        "open": transfer.state == Transfer.State.CHECKED or (broken and not unchecked),
        "unchecked": unchecked and not broken,
        "run": run if waits else None,
        "broken": run.message if run and broken else "",
        "key": new_key(),
    }  # fmt: skip


@require_GET
def faults(request: HttpRequest, register: str, pk: UUID) -> HttpResponseBase:
    """Every fault of a checked sheet as a workbook, to work through beside it."""
    held, actor = asked(request, register)
    _allow(held, actor, "import")
    transfer = transfers.own_transfer(held, actor, pk, Transfer.Way.IMPORT)
    file = faults_book(transfers.faults_of(transfer))
    return FileResponse(file, as_attachment=True, filename=_("导入问题.xlsx"), content_type=XLSX)
