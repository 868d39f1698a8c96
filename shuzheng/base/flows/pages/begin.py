"""Starting: which processes there are, the form of one, drafts; and finding people by name."""

from __future__ import annotations

from itertools import groupby
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, actor_of
from shuzheng.base.flows import actions, diagram
from shuzheng.base.flows.bpmn.words import Outline
from shuzheng.base.flows.calling import drawing_of, process_of
from shuzheng.base.flows.forms import CaseForm
from shuzheng.base.flows.models import Case, Definition
from shuzheng.base.flows.reaching import startable
from shuzheng.base.flows.values import rights
from shuzheng.base.flows.who import held_on
from shuzheng.kernel.errors import Denied, Invalid, Missing

SHOWN = 20


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """What can be started, by kind."""
    actor = actor_of(request)
    actor.require("flows.case.start")
    groups = [(name, list(rows)) for name, rows in groupby(startable(actor), key=lambda d: d.group)]
    return render(request, "flows/begin.html", {"groups": groups})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The form of a process."""
    actor = actor_of(request)
    actor.require("flows.case.start")
    found = next((d for d in startable(actor) if d.pk == pk), None)
    if found is None:
        raise Missing()
    case = Case(definition=found)
    case.node_id, case.path = actor.organ_id, actor.organ_path
    return _form(request, actor, case)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A draft of one's own."""
    actor = actor_of(request)
    case = Case.objects.select_related("definition").filter(pk=pk, state=Case.State.DRAFT).first()
    if case is None:
        raise Missing()
    if case.person_id != actor.person_id:
        raise Denied(_("这是他人的事项，只有参与的人能看。"))
    actor.require("flows.case.start", case.path)
    return _form(request, actor, case)


def _form(request: HttpRequest, actor: Actor, case: Case) -> HttpResponse:
    definition: Definition = case.definition
    outline = process_of(definition).outline
    allowed = rights(outline, None)
    form = CaseForm(outline, allowed, case.values, request.POST or None)
    chooses = _chooses(outline)
    if request.method == "POST":
        key, urgent, send = (
            request.POST.get("key", "")[:50] or new_key(),
            "urgent" in request.POST,
            "send" in request.POST,
        )
        try:
            [case] = actions.save_drafts([case], actor=actor, key=f"{key}:d", values=form.given(), is_urgent=urgent)
            if send:
                chosen = {e: [v] for e, _name in chooses if (v := request.POST.get(f"chosen-{e}", ""))}
                [case] = actions.start([case], actor=actor, key=f"{key}:s", chosen=chosen)
            messages.success(request, _("已发起，编号 %(n)s") % {"n": case.number} if send else _("已存草稿"))
            return redirect("flows:case", case.pk) if send else redirect("flows:edit", case.pk)
        except Invalid as fault:
            form.blame(fault)
            if not case._state.adding:
                messages.info(request, _("内容已存草稿"))
    context = {
        "definition": definition, "form": form, "case": case, "is_new": case._state.adding, "key": new_key(),
        "svg": diagram.svg(drawing_of(definition)), "chooses": chooses, "about": outline.about,
    }  # fmt: skip
    return render(request, "flows/form.html", context, status=422 if request.method == "POST" else 200)


def _chooses(outline: Outline) -> list[tuple[str, str]]:
    start = next((e for e, (kind, _name) in outline.elements.items() if kind == "startEvent"), "")
    steps = [outline.steps[e] for e in outline.follows.get(start, ())]
    return [(s.element, s.name) for s in steps if s.who == ("chosen",)]


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Posts by name, number or initials of their holder: those of one's own organ first, then all who can be named."""
    actor = actor_of(request)
    q = request.GET.get("q", "").strip()[:40]
    posts = held_on(timezone.localdate()).exclude(person_id=actor.person_id)
    own = posts.filter(path__startswith=actor.organ_path)
    words = Q(person__name__startswith=q) | Q(person__number=q) | Q(person__initials__startswith=q.lower())
    found = list((own.filter(words) if q else own).order_by("person__pinyin", "pk")[: SHOWN + 1])
    if q and len(found) <= SHOWN:
        found += list(
            posts.filter(words).exclude(path__startswith=actor.organ_path).order_by("pk")[: SHOWN + 1 - len(found)]
        )
    rows = [(p.pk, p.person.name, f"{p.node} · {p.name}") for p in found[:SHOWN]]
    return render(request, "flows/people.html", {"rows": rows, "more": len(found) > SHOWN})
