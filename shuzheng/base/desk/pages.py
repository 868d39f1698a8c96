"""The desk: workbench, boards, all apps, help, and the service worker that lies at the root."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.manifest import Board
from shuzheng.base.desk import guides, work
from shuzheng.base.desk.app import BOARDS
from shuzheng.base.desk.menus import Opening, full_name, on_board
from shuzheng.base.portal.parts import Crumb


@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """What is due, what is late, how the rounds stand, what is new: one page, said first in one sentence."""
    actor = actor_of(request)
    now = timezone.now()
    todos = work.todos(actor)
    rounds = work.rounds(actor, now)
    context = {
        "todos": todos,
        "headline": work.headline(todos, now, rounds),
        "today": timezone.localdate(),
        "rounds": rounds,
        "notices": work.notices(actor),
        "month": work.month(actor, timezone.localdate(), todos),
        "quick": [(b, full_name(b), found) for b in BOARDS if (found := _quick(actor, b))],
        "steps": guides.first_steps(actor),
    }
    return render(request, "desk/workbench.html", context)


def _quick(actor: Actor, board: Board) -> list[Opening]:
    """The pages of a board that the actor may open, six at most."""
    return [opening for _manifest, found in on_board(actor, board) for opening in found][:6]


@require_safe
def todos(request: HttpRequest) -> HttpResponse:
    """Everything that waits for the actor, on a page of its own; ``?day=2026-11-24`` only what is due that day."""
    found = work.todos(actor_of(request), limit=200)
    day = parse_date(request.GET.get("day", ""))
    shown = [t for t in found if work.due_day(t) == day] if day else found
    context = {"todos": shown, "headline": work.headline(found, timezone.now()), "day": day}
    return render(request, "desk/todos.html", context)


@require_safe
def board(request: HttpRequest, name: str) -> HttpResponse:
    """One board: its apps and what the actor may open in each."""
    found = next((b for b in BOARDS if b.name == name), None)
    if found is None:
        raise Http404
    apps = list(on_board(actor_of(request), found))
    return render(request, "desk/apps.html", {"title": full_name(found), "boards": [(found, full_name(found), apps)]})


@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """All apps that the actor may open, by board."""
    actor = actor_of(request)
    boards = [(b, full_name(b), list(on_board(actor, b))) for b in BOARDS]
    return render(request, "desk/apps.html", {"title": _("全部应用"), "boards": [b for b in boards if b[2]]})


@require_safe
def help_(request: HttpRequest) -> HttpResponse:
    """Help: what the actor's roles do first, and answers to what people ask."""
    actor = actor_of(request)
    return render(request, "desk/help.html", {"guides": guides.of(actor), "answers": guides.answers()})


@require_safe
def scan(request: HttpRequest) -> HttpResponse:
    """Scan a label's QR code with the phone's camera, or type the number under it."""
    return render(request, "desk/scan.html", {"crumbs": [Crumb(_("扫一扫"))]})


@login_not_required
@require_safe
@cache_control(max_age=0, no_cache=True)
def service_worker(request: HttpRequest) -> FileResponse:
    """A service worker speaks only for addresses below its own, so it lies at the root."""
    file = Path(settings.BASE_DIR) / "dist" / "sw.js"
    if not file.exists():
        raise Http404
    return FileResponse(file.open("rb"), content_type="text/javascript")


@login_not_required
@require_safe
@cache_control(max_age=86400)
def icon(request: HttpRequest) -> FileResponse:
    """For what has no page around it to name its icon: a PDF or a picture in a tab of its own."""
    return FileResponse(Path(finders.find("portal/icon.svg") or "").open("rb"), content_type="image/svg+xml")


urlpatterns = [
    path("", workbench, name="workbench"),
    path("todos/", todos, name="todos"),
    path("boards/<slug:name>/", board, name="board"),
    path("apps/", apps, name="apps"),
    path("help/", help_, name="help"),
    path("scan/", scan, name="scan"),
    path("sw.js", service_worker, name="sw"),
    path("favicon.ico", icon, name="icon"),
]
