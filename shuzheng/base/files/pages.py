"""Pages of files: upload, download, removal, and what the secrecy check has stopped."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.files import store
from shuzheng.base.files.actions import blocked_words, find_target, note_reading, receive, release, remove
from shuzheng.base.files.models import Attachment, Block
from shuzheng.base.files.templatetags.files import panel
from shuzheng.kernel.errors import Busy, Invalid, Missing


@require_POST
def upload(request: HttpRequest, label: str, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    record = find_target(label, pk)
    file = request.FILES.get("file")
    fault = ""
    try:
        if file is None:
            raise Invalid.one("file", _("请选择文件。"))
        result = receive(record, file.name or "", file, actor=actor)
        if isinstance(result, Block):
            fault = blocked_words(result)
    except (Invalid, Busy) as refused:
        fault = refused.message
    if not fault and not request.htmx:
        return HttpResponseRedirect(_back(request))
    template = "files/panel.html" if request.htmx else "files/upload.html"
    context = panel(record, request) | {"fault": fault, "record": record}
    return render(request, template, context, status=422 if fault else 200)


def _back(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(referer, {request.get_host()}, require_https=request.is_secure())
    return referer if safe else "/"


def _attachment(pk: UUID) -> Attachment:
    """One that the actor sees, of a record that the actor sees."""
    row = Attachment.objects.filter(pk=pk).first()
    if row is None:
        raise Missing()
    find_target(row.target_model, row.target_id)
    return row


@require_safe
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Always as a file to be saved, never as a page of ours."""
    row = _attachment(pk)
    try:
        content = store.get(row.digest)
    except FileNotFoundError:
        raise Http404 from None
    note_reading([row], actor=actor_of(request))
    response = FileResponse(content, as_attachment=True, filename=row.name, content_type=row.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def remove_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    row = _attachment(pk)
    record = find_target(row.target_model, row.target_id)
    remove([row], actor=actor_of(request))
    if request.htmx:
        return render(request, "files/panel.html", panel(record, request))
    return HttpResponseRedirect(_back(request))


@require_safe
def blocks(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require("files.block.view")
    rows = [
        b for b in Block.objects.select_related("node").order_by("-pk")[:500] if actor.may("files.block.view", b.path)
    ]
    context = {"rows": rows, "may_release": actor.may("files.block.release")}
    return render(request, "files/blocks.html", context)


@require_POST
def release_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    block = Block.objects.filter(pk=pk).first()
    if block is None:
        raise Missing()
    seen = {block.pk: int(request.POST["seen"])} if request.POST.get("seen", "").isdigit() else None
    release([block], actor=actor_of(request), seen=seen, opinion=request.POST.get("opinion", ""))
    return HttpResponseRedirect(reverse("files:blocks"))


urlpatterns = [
    path("blocks/", blocks, name="blocks"),
    path("blocks/<uuid:pk>/release", release_view, name="release"),
    path("<uuid:pk>/", download, name="download"),
    path("<uuid:pk>/remove", remove_view, name="remove"),
    path("<str:label>/<uuid:pk>/upload", upload, name="upload"),
]
