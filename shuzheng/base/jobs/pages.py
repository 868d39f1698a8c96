"""“我的任务”: the long jobs that one has started."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.jobs.actions import stop as stop_runs
from shuzheng.base.jobs.models import JobRun
from shuzheng.kernel.errors import Conflict

SHOWN = 50


def _runs(actor: Actor):
    """A result may hold more than a colleague may see: only the starter finds it, in whatever post of the organ."""
    return JobRun.objects.filter(person_id=actor.person_id)


def _run(actor: Actor, pk: UUID) -> JobRun:
    run = _runs(actor).filter(pk=pk).first()
    if run is None:
        raise Http404
    return run


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    runs = list(_runs(actor_of(request)).order_by("-created_at")[:SHOWN])
    busy = any(not run.is_over for run in runs)
    template = "jobs/list.html" if request.htmx and not request.htmx.boosted else "jobs/mine.html"
    return render(request, template, {"runs": runs, "busy": busy, "crumbs": [{"label": _("我的任务"), "url": ""}]})


@require_safe
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = _run(actor_of(request), pk)
    template = "jobs/run.html" if request.htmx and not request.htmx.boosted else "jobs/detail.html"
    crumbs = [{"label": _("我的任务"), "url": "../"}, {"label": run.title, "url": ""}]
    return render(request, template, {"run": run, "crumbs": crumbs})


@require_POST
def stop(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End it, with no further question: it can be started again."""
    actor = actor_of(request)
    try:
        stop_runs([_run(actor, pk)], actor=actor, key=new_key())
    except Conflict as over:
        messages.info(request, over.message)
    return redirect("jobs:run", pk=pk)


@require_safe
def result(request: HttpRequest, pk: UUID) -> HttpResponse:
    run = _runs(actor_of(request)).filter(pk=pk).exclude(result="").first()
    if run is None or not default_storage.exists(run.result):
        raise Http404
    response = FileResponse(default_storage.open(run.result), as_attachment=True, filename=run.result_name)
    response["X-Content-Type-Options"] = "nosniff"
    return response


urlpatterns = [
    path("", mine, name="mine"),
    path("<uuid:pk>/", detail, name="run"),
    path("<uuid:pk>/stop/", stop, name="stop"),
    path("<uuid:pk>/result", result, name="result"),
]
