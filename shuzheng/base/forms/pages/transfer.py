"""Workbooks: the template of a submission, its upload with a look at the differences first, and exports of a round."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.forms import exports, names, sheets, uploads
from shuzheng.base.forms.grids import Filled
from shuzheng.base.forms.jobs import export_units
from shuzheng.base.forms.models import Cell, Rollup, Round, Submission
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.pages.common import Place, asked, crumbs, find_place, find_round, find_submission, form_of
from shuzheng.base.forms.pages.entry import may_fill
from shuzheng.base.forms.pages.rollups import earlier, summed
from shuzheng.base.forms.prefill import known
from shuzheng.base.forms.queries import below, board, overall, own_level
from shuzheng.base.forms.saving import save
from shuzheng.base.forms.spec import Value
from shuzheng.base.forms.values import stored_values
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.errors import Conflict, Fault, Invalid, Missing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SALT = "forms.upload"
UPLOAD_HOURS = 2
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
    """Two steps: the file is read and shown as differences; then they are stored, all of them."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    if submission.path not in actor.scope.write:
        raise Missing(_("没有这份填报。"))
    if not may_fill(actor, submission):
        raise Invalid(_("这份填报现在不能改。"))
    if request.method == "POST" and request.POST.get("values"):
        return _store(request, actor, submission)
    context: dict[str, Any] = {
        "submission": submission,
        "title": names.round_title(submission.round),
        "crumbs": crumbs(
            submission.round, reverse("forms:round", args=[submission.round_id]),
            Crumb(submission.node.name, reverse("forms:entry", args=[pk])), Crumb(_("上传 Excel")),
        ),
    }  # fmt: skip
    status = 200
    if request.method == "POST":
        try:
            context |= _read(request, submission)
        except Fault as refused:
            context["fault"] = refused
        if context.get("fault") or context.get("faults"):
            status = 422
    return render(request, "forms/upload.html", context, status=status)


def _read(request: HttpRequest, submission: Submission) -> dict[str, Any]:
    file = request.FILES.get("file")
    if file is None:
        raise Invalid(_("先选一个文件。"))
    if file.size > MAX_UPLOAD:
        raise Invalid(_("文件超过 50 MB。只上传这张表，不带图片和别的内容。"))
    standing, _sources = _standing(submission, begun=True)
    found = uploads.read_back(file, file.name or "", submission, standing)
    kept = {"submission": str(submission.pk), "version": submission.version, "name": (file.name or "")[-80:]}
    if found.faults or found.values:
        kept["file"] = str(uploads.keep(file))
    token = signing.dumps(kept, salt=SALT)
    return {
        "faults": found.faults.first,
        "fault_count": len(found.faults),
        "all_faults": f"{reverse('forms:upload_faults', args=[submission.pk])}?{urlencode({'file': token})}",
        "notes": found.notes,
        "differences": found.differences,
        "changed": len(found.values),
        "values": token if found.values and not found.faults else "",
        "filename": file.name,
    }


def _kept(token: str, submission: Submission) -> dict[str, Any]:
    """What was put aside for this submission.

    Raises:
        Invalid: too long ago.
        Missing: it was for another one.
    """
    try:
        kept = signing.loads(token, salt=SALT, max_age=UPLOAD_HOURS * 3600)
    except signing.BadSignature:
        raise Invalid(_("放得太久了，重新上传一次。"))
    if kept["submission"] != str(submission.pk):
        raise Missing(_("没有这份填报。"))
    if not uploads.file_of(UUID(kept["file"])).exists():
        raise Invalid(_("放得太久了，重新上传一次。"))
    return kept


@require_GET
def upload_faults(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every fault of an uploaded workbook as a table to work through beside it."""
    actor = actor_of(request)
    submission = find_submission(pk, actor)
    if submission.path not in actor.scope.write:
        raise Missing(_("没有这份填报。"))
    kept = _kept(request.GET.get("file", ""), submission)
    standing, _sources = _standing(submission, begun=True)
    with uploads.file_of(UUID(kept["file"])).open("rb") as file:
        found = uploads.read_back(file, kept["name"], submission, standing)
    columns = [
        SheetColumn(_("行"), "integer"),
        SheetColumn(_("列")),
        SheetColumn(_("填的是")),
        SheetColumn(_("问题"), width=60),
    ]
    made = io.BytesIO()
    write_xlsx(made, columns, ([f.row, f.column, f.value, f.message] for f in found.faults), name=_("问题"))
    return attachment(made.getvalue(), f"{submission.node.name} {_('问题')}.xlsx")


def _store(request: HttpRequest, actor: Actor, submission: Submission) -> HttpResponse:
    kept = _kept(request.POST["values"], submission)
    path = uploads.file_of(UUID(kept["file"]))
    standing, _sources = _standing(submission, begun=True)
    with path.open("rb") as file:
        found = uploads.read_back(file, kept["name"], submission, standing)
    if found.faults:
        raise Invalid(_("读文件之后表变了，重新上传一次。"), found.faults.first)
    typed = {code: exact(value) for code, value in found.values.items()}
    try:
        saved = save(actor, submission, typed, base=kept["version"], source=Cell.Source.SHEET)
    except Conflict:
        raise Conflict(_("读文件之后有人改了同样的格。重新上传，看过差异再存。"))
    path.unlink(missing_ok=True)
    messages.success(request, _("已存入 %(n)d 格") % {"n": len(saved.saved)})
    return redirect("forms:entry", pk=submission.pk)


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
