"""Answers as files. What leaves the platform stands in the trail, pictures that the browser draws too."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from shuzheng.base.files.kinds import XLSX
from shuzheng.base.org.models import Node
from shuzheng.base.stats import sheets
from shuzheng.base.stats.actions import note_export
from shuzheng.base.stats.pages.common import answered, asked, title_of
from shuzheng.kernel.errors import Missing

KINDS = {
    "xlsx": XLSX,
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}


@require_http_methods(["GET", "POST"])
def export(request: HttpRequest, what: str) -> HttpResponse:
    """A file of an address's answer; of a picture, which the browser makes itself, only the note in the trail."""
    actor = asked(request, "stats.answer.export")
    if what not in {*KINDS, "png"}:
        raise Missing
    found = answered(actor, request.GET)
    title = title_of(found)
    across = found.state.across
    note_export(list(Node.objects.filter(pk=actor.organ_id)), actor=actor, answer=found.answer, what=what)
    if what == "png":
        return HttpResponse(status=204)
    content = (
        sheets.xlsx(found.answer, title, across) if what == "xlsx"
        else sheets.csv(found.answer, across) if what == "csv"
        else sheets.pdf(found.answer, title, across, actor.organ_name)
    )  # fmt: skip
    response = HttpResponse(content, content_type=KINDS[what])
    response["Content-Disposition"] = (
        f"attachment; filename=\"statistics.{what}\"; filename*=UTF-8''{quote(title)}.{what}"
    )
    return response
