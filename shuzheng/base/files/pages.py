"""Pages of files: upload, download, removal, and what the secrecy check has stopped."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.files import store
from shuzheng.base.files.actions import (
    blocked_words,
    find_target,
    note_reading,
    receive,
    release,
    remove,
    save_words,
)
from shuzheng.base.files.models import Attachment, Block, SecrecyWord
from shuzheng.base.files.templatetags.files import panel
from shuzheng.base.org.models import Node
from shuzheng.base.org.places import division_path
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


class WordForm(forms.Form):
    """A word to be stopped, besides the marks that the law prescribes."""

    word = forms.CharField(
        label=gettext_lazy("词"),
        min_length=2,
        max_length=60,
        help_text=gettext_lazy("文件名或正文里出现就拦截，例如未公开的项目名。法定密级标志已自动识别，不用填。"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def words(request: HttpRequest) -> HttpResponse:
    """The words that stop an upload here: one's own, which may be changed, and those of the tiers above. Two queries."""
    actor = actor_of(request)
    actor.require("files.word.save")
    form = WordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["word"].strip()
        if SecrecyWord.objects.filter(node_id=actor.organ_id, word=text).exists():
            form.add_error("word", _("词表里已有“%(word)s”。") % {"word": text})
        else:
            row = SecrecyWord(audience=division_path(actor.organ_path))
            row.own(Node.objects.get(pk=actor.organ_id))
            save_words([row], actor=actor, word=text)
            messages.success(request, _("已加入“%(word)s”") % {"word": text})
            return redirect("files:words")
    rows = SecrecyWord.objects.select_related("node").order_by("path", "word")[:1000]
    context = {"rows": [(row, row.node_id == actor.organ_id) for row in rows], "form": form}
    return render(request, "files/words.html", context, status=422 if form.errors else 200)


@require_POST
def change_word(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Correct a word of one's own organ, or switch it off and on."""
    actor = actor_of(request)
    actor.require("files.word.save")
    row = SecrecyWord.objects.filter(pk=pk).first()
    if row is None:
        raise Missing()
    seen = {row.pk: int(request.POST["seen"])} if request.POST.get("seen", "").isdigit() else None
    form = WordForm(request.POST)
    if request.POST.get("active") in ("0", "1"):
        save_words([row], actor=actor, seen=seen, is_active=request.POST["active"] == "1")
    elif form.is_valid():
        save_words([row], actor=actor, seen=seen, word=form.cleaned_data["word"].strip())
    else:
        raise Invalid.one("word", _("词至少两个字。"))
    return redirect("files:words")


urlpatterns = [
    path("words/", words, name="words"),
    path("words/<uuid:pk>/", change_word, name="word"),
    path("blocks/", blocks, name="blocks"),
    path("blocks/<uuid:pk>/release", release_view, name="release"),
    path("<uuid:pk>/", download, name="download"),
    path("<uuid:pk>/remove", remove_view, name="remove"),
    path("<str:label>/<uuid:pk>/upload", upload, name="upload"),
]
