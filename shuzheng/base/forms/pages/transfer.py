"""Workbooks: the template of a submission, its upload with a look at the differences first, and exports of a round."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files.kinds import XLSX
from shuzheng.base.forms import exports, incoming, names, sheets
from shuzheng.base.forms.grids import Filled
from shuzheng.base.forms.jobs import check_upload, export_units, store_upload
from shuzheng.base.forms.models import Rollup, Round, Submission
from shuzheng.base.forms.pages.common import Place, asked, crumbs, find_place, find_round, find_submission, form_of
from shuzheng.base.forms.pages.entry import may_fill
from shuzheng.base.forms.pages.rollups import earlier, summed
from shuzheng.base.forms.prefill import known
from shuzheng.base.forms.queries import below, board, overall, own_level
from shuzheng.base.forms.spec import Value
from shuzheng.base.forms.values import stored_values
from shuzheng.base.jobs.declare import ActorJob
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers import transfers
from shuzheng.base.registers.faults import faults_book
from shuzheng.base.registers.models import Transfer
from shuzheng.kernel.errors import Fault, Invalid, Missing

MAX_UPLOAD = 50_000_000
"""A form of one institution is some kilobytes, one with many repeating rows some megabytes; what is larger is something else."""


def attachment(content: bytes, name: str) -> HttpResponse:
    """A file to keep, under a name with Chinese in it."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename=\"form.xlsx\"; filename*=UTF-8''{quote(name)}"
    return response


@require_GET
def template(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form as a workbook with what is there; locked where nothing can be filled in."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    locked = not may_fill(actor, submission)
    values, sources = _standing(submission, begun=not locked)
    content = sheets.template(submission, values, locked=locked, sources=sources)
    return attachment(content, f"{submission.node.name} {submission.round.title}.xlsx")


def _standing(submission: Submission, *, begun: bool) -> tuple[dict[str, Value], dict[str, str]]:
    """Values and sources by cell as the page shows them; with ``begun`` an untouched form as it begins."""
    spec, _period = form_of(submission.round)
    items = known(spec, submission) if begun else {}
    values = stored_values(submission) | {code: item.value for code, item in items.items()}
    sources = dict(submission.cells.values_list("code", "source"))
    return values, sources | {code: item.source for code, item in items.items()}


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Two steps: the file is read and shown as differences; then (``uploaded``) they are stored, all of them."""
    actor, submission = _to_fill(request, pk)
    fault = None
    if request.method == "POST":
        try:
            file = _sent(request)
            transfer = incoming.take(actor, submission, file, file.name or "")
            if incoming.is_long(file):
                return _later(check_upload, _("检查上传的表：%(name)s"), actor, submission, transfer)
            with incoming.given_up(actor, transfer):
                incoming.check(actor, submission, transfer, incoming.standing(submission))
        except Fault as refused:
            fault = refused
        else:
            return _seen(request, submission, transfer)
    return _seen(request, submission, None, fault)


@require_http_methods(["GET", "POST"])
def uploaded(request: HttpRequest, pk: UUID, transfer: UUID) -> HttpResponse:
    """A file that was brought: how far its check is, what it would change, and with POST the decision to store it."""
    actor, submission = _to_fill(request, pk)
    found = incoming.find(actor, submission, transfer)
    if request.method == "GET":
        return _seen(request, submission, found)
    if found.options.get("faults"):
        raise Invalid(_("文件里有读不了的格，没有存。改好后重新上传。"))
    if found.state == Transfer.State.CHECKED and "run" in found.options:
        return _later(store_upload, _("存入上传的表：%(name)s"), actor, submission, found)
    if found.state == Transfer.State.WAITING:  # it is being stored: the button was pressed twice
        return redirect("forms:uploaded", pk=pk, transfer=found.pk)
    cells = incoming.store(actor, submission, found, incoming.standing(submission), key=f"upload:{found.pk}")
    messages.success(request, _("已存入 %(n)d 格") % {"n": cells})
    return redirect("forms:entry", pk=pk)


def _to_fill(request: HttpRequest, pk: UUID) -> tuple[Actor, Submission]:
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    if submission.path not in actor.scope.write:
        raise Missing(_("没有这份填报。"))
    if not may_fill(actor, submission):
        raise Invalid(_("这份填报现在不能改。"))
    return actor, submission


def _sent(request: HttpRequest) -> UploadedFile:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("先选一个文件。"))
    if file.size > MAX_UPLOAD:
        raise Invalid(_("文件超过 50 MB。只上传这张表，不带图片和别的内容。"))
    return file


def _later(job: ActorJob, title: str, actor: Actor, submission: Submission, transfer: Transfer) -> HttpResponse:
    """Leave a long file to a job; its page says how far that is."""
    run = job.start(actor, title % {"name": names.round_title(submission.round)}, transfer_id=str(transfer.pk))
    transfers.follow(actor, transfer, run)
    return redirect("forms:uploaded", pk=submission.pk, transfer=transfer.pk)


def _seen(
    request: HttpRequest, submission: Submission, transfer: Transfer | None, fault: Fault | None = None
) -> HttpResponse:
    context: dict[str, Any] = {
        "submission": submission,
        "title": names.round_title(submission.round),
        "crumbs": crumbs(
            submission.round, reverse("forms:round", args=[submission.round_id]),
            Crumb(submission.node.name, reverse("forms:entry", args=[submission.pk])), Crumb(_("上传 Excel")),
        ),
        "fault": fault,
    }  # fmt: skip
    refused = fault is not None
    if transfer is not None:
        context |= _outcome(transfer)
        refused = bool(context["faults"])
        if request.htmx and not request.htmx.boosted and request.method == "GET":  # the page asks how far it is
            return (
                render(request, "forms/parts/upload.html", context) if context["busy"] else HttpResponseClientRefresh()
            )
    status = 422 if refused and request.method == "POST" else 200
    return render(request, "forms/upload.html", context, status=status)


def _outcome(transfer: Transfer) -> dict[str, Any]:
    """What is known of a file by now."""
    options = transfer.options
    run = transfers.job_of(transfer)
    waits = transfer.state == Transfer.State.WAITING
    broken = run is not None and run.is_over and waits  # the job could not even say why
    return {
        "transfer": transfer,
        "run": run,
        "busy": waits and not broken,
        "storing": "version" in options,
        "broken": run.message
        if broken
        else "；".join(transfer.notes)
        if transfer.state == Transfer.State.FAILED
        else "",
        "notes": transfer.notes if transfer.state == Transfer.State.CHECKED else (),
        "faults": transfer.faults,
        "fault_count": options.get("faults", 0),
        "differences": options.get("differences", ()),
        "changed": transfer.changed_rows,
        "open": transfer.state == Transfer.State.CHECKED and not transfer.faults and transfer.changed_rows > 0,
        "filename": transfer.filename,
    }


@require_GET
def upload_faults(request: HttpRequest, pk: UUID, transfer: UUID) -> HttpResponseBase:
    """Every fault of an uploaded workbook as a table to work through beside it."""
    actor, submission = _to_fill(request, pk)
    found = incoming.find(actor, submission, transfer)
    book = faults_book(transfers.faults_of(found))
    return FileResponse(
        book, as_attachment=True, filename=f"{submission.node.name} {_('问题')}.xlsx", content_type=XLSX
    )


@require_GET
def export(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """A round as a workbook: ``board``, ``units`` or ``rollup``. Noted in the trail."""
    makers = {"board": _board, "units": _units, "rollup": _rollup}
    if what not in makers:
        raise Missing(_("没有这种导出。"))
    actor = asked(request, "forms.round.export")
    round_ = find_round(pk)
    needed = "forms.rollup.view" if what == "rollup" else "forms.submission.view"
    place = find_place(request, actor, round_, needed)
    return makers[what](request, actor, round_, place)


def _note(actor: Actor, round_: Round, what: str, place: Place, rows: int) -> None:
    exports.note_export([place.division], actor=actor, round=round_, what=what, path=place.path, rows=rows)


def _board(request: HttpRequest, actor: Actor, round_: Round, place: Place) -> HttpResponse:
    now = timezone.now()
    if place.own:
        rows = [own_level(round_, place.division, now)]
    else:
        rows = [overall(round_, place.division, now), *board(round_, place.division, now)]
    file = io.BytesIO()
    exports.board_sheet(file, rows)
    _note(actor, round_, "board", place, len(rows))
    return attachment(file.getvalue(), f"{place.name} {round_.title} {_('进度表')}.xlsx")


def _units(request: HttpRequest, actor: Actor, round_: Round, place: Place) -> HttpResponse:
    count = below(round_, place.path).count()
    title = f"{place.name} {round_.title} {_('各单位数据')}"
    _note(actor, round_, "units", place, count)
    if count > exports.INLINE:
        export_units.start(actor, title, round_id=str(round_.pk), path=place.path)
        messages.info(request, _("%(n)s 家在后台导出，完成后到“我的任务”下载") % {"n": f"{count:,}"})
        return redirect(f"{reverse('forms:round', args=[round_.pk])}?at={place.path}")
    file = io.BytesIO()
    exports.units_sheet(file, round_, place.path)
    return attachment(file.getvalue(), f"{title}.xlsx")


def _rollup(request: HttpRequest, actor: Actor, round_: Round, place: Place) -> HttpResponse:
    division = place.division
    spec, values, units = summed(round_, division)
    _same, period = form_of(round_)
    filled = Filled(spec, period, values, earlier(round_, division))
    signed = Rollup.objects.filter(round=round_, division=division, state=Rollup.State.SIGNED).first()
    total = below(round_, division.path).count()
    _note(actor, round_, "rollup", place, units)
    content = exports.rollup_sheet(round_, division, filled, units, total, signed)
    return attachment(content, f"{division.name} {round_.title} {_('综合表')}.xlsx")
