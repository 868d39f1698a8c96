"""The page behind the link: made for a phone, for people who are signed in and for those who are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from shuzheng.base.api import limits
from shuzheng.base.collect import door
from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.questions import STARS
from shuzheng.base.core.action import new_key
from shuzheng.kernel.errors import Conflict, Fault, Invalid, Missing

A_MINUTE = 60
"""Answers that are taken in a minute from one person, or from one address: a whole office may sit behind one."""
GUESSES = 60
"""Tokens that one address may try in a minute."""
TRAP = "website"
"""A field that people don't see and programs fill in."""


@login_not_required
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Answer, see one's own answer, change it."""
    address = request.META.get("REMOTE_ADDR", "")
    try:
        guest = door.come_in(token, request.actor)
    except door.SignInFirst:
        if _wants_json(request):
            return JsonResponse({"message": _("登录已过期，已填内容都在。在新窗口登录后重试")}, status=401)
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")
    except Missing:
        limits.count(f"collect.token:{address}", most=GUESSES)
        raise
    if request.method == "POST":
        caller = str(request.actor.person_id) if request.actor else address
        limits.count(f"collect.answer:{caller}", most=A_MINUTE)
        return _take(request, guest)
    if request.GET.get("done"):
        return _draw(request, guest, {}, state="done")
    if guest.is_done and not (request.GET.get("edit") and guest.may_edit):
        return _draw(request, guest, door.held(guest), state="own")
    if not guest.collection.is_taking:
        return _draw(request, guest, {}, state="closed")
    return _draw(request, guest, door.held(guest))


def _take(request: HttpRequest, guest: door.Guest) -> HttpResponse:
    given = {q.code: request.POST.getlist(q.code) for q in guest.questions if q.kind != "file"}
    files = {q.code: request.FILES[q.code] for q in guest.questions if q.kind == "file" and q.code in request.FILES}
    done = f"{reverse('collect:answer', args=[guest.collection.token])}?done=1"
    if request.POST.get(TRAP):  # a program: it is thanked like everybody, and nothing is kept
        return _done(request, done)
    seen = request.POST.get("version", "")
    ticket = request.POST.get("ticket", "")[:60] or new_key()
    try:
        sent = door.send(guest, given, files, ticket=ticket, version=int(seen) if seen.isdigit() else 0)
    except (Invalid, Conflict) as fault:
        return _refused(request, guest, given, fault)
    for words in sent.stopped:
        messages.warning(request, words)
    return _done(request, done)


def _done(request: HttpRequest, url: str) -> HttpResponse:
    return JsonResponse({"next": url}) if _wants_json(request) else redirect(url)


def _refused(request: HttpRequest, guest: door.Guest, given: Mapping[str, list[str]], fault: Fault) -> HttpResponse:
    """What was typed stays; each question says what is wrong with it."""
    said = {f.field: f.message for f in getattr(fault, "faults", ())}
    theirs = fault.current.get("values", {}) if isinstance(fault, Conflict) else {}
    version = fault.current.get("version") if isinstance(fault, Conflict) else None
    if _wants_json(request):
        words = {c: "、".join(v) for c, v in theirs.items()}
        answer = {"message": fault.message, "faults": said, "theirs": words, "version": version, "code": fault.code}
        return JsonResponse(answer, status=fault.http)
    return _draw(
        request, guest, given, faults=said, message=fault.message, theirs=theirs, version=version, status=fault.http
    )


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")


def _draw(
    request: HttpRequest, guest: door.Guest, values: Mapping[str, Sequence[str]], *, state: str = "fill",
    faults: Mapping[str, str] | None = None, message: str = "", theirs: Mapping[str, Sequence[str]] | None = None,
    version: int | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    row, answer = guest.collection, guest.answer
    lines = [
        {
            "question": q,
            "values": list(values.get(q.code, ())),
            "value": next(iter(values.get(q.code, ())), ""),
            "fault": (faults or {}).get(q.code, ""),
            "theirs": "、".join((theirs or {}).get(q.code, ())),
            "file": (answer.files.get(q.code, {}) if answer else {}).get("name", ""),
            "id": f"a-{q.code}",
        }
        for q in guest.questions
    ]
    person = str(request.actor.person_id) if request.actor else "guest"
    context: dict[str, Any] = {
        "row": row,
        "guest": guest,
        "lines": lines,
        "state": state,
        "message": message,
        "stars": range(1, STARS + 1),
        "ticket": request.POST.get("ticket", "") if status >= 400 else new_key(),
        "version": version or (answer.version if answer else ""),
        "place": f"sz-collect:{row.pk}:{person}",
        "limit": door.FILE_MB if request.actor else door.FILE_MB // 2,
        "trap": TRAP,
        "is_open": row.audience == Collection.Audience.OPEN,
        "may_again": row.per == Collection.Per.ANY and row.is_taking,
    }
    return render(request, "collect/answer.html", context, status=status)
