"""One's own hand-written signature and stock phrases; the signatures of a case, for those who take part."""

from __future__ import annotations

import base64
import binascii
import io
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.files import store
from shuzheng.base.files.actions import blocked_words
from shuzheng.base.files.models import Attachment, Block
from shuzheng.base.flows import signatures
from shuzheng.base.flows.models import Opinion, Phrase
from shuzheng.base.flows.pages.said import refused
from shuzheng.base.flows.reaching import opened
from shuzheng.kernel.errors import Busy, Invalid, Missing

DRAWN = "data:image/png;base64,"


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Both."""
    actor = actor_of(request)
    row = signatures.own(actor)
    context = {"has": bool(row and row.picture), "phrases": signatures.phrases(actor), "key": new_key()}
    return render(request, "flows/mine.html", context)


@require_POST
def act(request: HttpRequest, verb: str) -> HttpResponse:
    """Keep or remove the signature; add, move up and delete a phrase."""
    actor = actor_of(request)
    try:
        if verb == "sign":
            taken = signatures.keep(actor, _picture(request))
            if isinstance(taken, Block):
                messages.error(request, blocked_words(taken))
            else:
                messages.success(request, _("签名已存"))
        elif verb == "unsign":
            if row := signatures.own(actor):
                signatures.remove_signatures([row], actor=actor)
        elif verb == "phrase":
            fresh = Phrase(person_id=actor.person_id)
            fresh.node_id, fresh.path = actor.organ_id, actor.organ_path
            key = request.POST.get("key", "")[:60] or new_key()
            signatures.save_phrases([fresh], actor=actor, key=key, text=request.POST.get("text", ""))
        elif verb in ("up", "delete"):
            _phrase(request, actor, verb)
        else:
            raise Missing()
    except (Invalid, Busy) as fault:
        refused(request, fault)
    return redirect("flows:mine")


def _picture(request: HttpRequest) -> io.BytesIO:
    """What was drawn (as the page sends it), else what was uploaded."""
    drawn = request.POST.get("drawn", "")
    if drawn.startswith(DRAWN):
        try:
            return io.BytesIO(base64.b64decode(drawn.removeprefix(DRAWN), validate=True))
        except binascii.Error as error:
            raise Invalid.one("picture", _("图片打不开，请重新签一次。")) from error
    upload = request.FILES.get("picture")
    if upload is None:
        raise Invalid.one("picture", _("先在框里签名，或选一张图片。"))
    return io.BytesIO(upload.read(signatures.LARGEST + 1))


def _phrase(request: HttpRequest, actor: Actor, verb: str) -> None:
    held = signatures.phrases(actor)
    place = next((n for n, p in enumerate(held) if str(p.pk) == request.POST.get("phrase", "")), None)
    if place is None:
        raise Missing()
    if verb == "delete":
        signatures.delete_phrases([held[place]], actor=actor)
    elif place:
        held[place - 1], held[place] = held[place], held[place - 1]
        signatures.order_phrases(held, actor=actor)


def _shown(file: Attachment | None) -> HttpResponse:
    if file is None:
        raise Missing()
    try:
        content = store.get(file.digest)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, content_type="image/png")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_GET
def picture(request: HttpRequest) -> HttpResponse:
    """One's own signature."""
    row = signatures.own(actor_of(request))
    response = _shown(Attachment.objects.filter(pk=row.picture).first() if row is not None else None)
    response["Cache-Control"] = "private, no-store"  # it may be drawn anew at any time
    return response


@require_GET
def signed(request: HttpRequest, pk: UUID, file: UUID) -> HttpResponse:
    """The signature of an opinion, for those who may see the case."""
    with opened(actor_of(request), pk):
        if not Opinion.objects.filter(case_id=pk, signature=file).exists():
            raise Missing()
        return _shown(Attachment.objects.filter(pk=file, target_model="flows.opinion").first())
