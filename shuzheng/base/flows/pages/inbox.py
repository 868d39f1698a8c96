"""The inbox: to do, to read, started, done, drafts; filters in the address; several approved at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.flows import actions
from shuzheng.base.flows.models import Task
from shuzheng.base.flows.reaching import FACES, face, inbox, narrowed
from shuzheng.base.flows.showing import STATE_TONES
from shuzheng.base.portal.parts import Tab
from shuzheng.kernel.errors import Fault

PAGE = 50
MOST = 100
"""Tasks that one press may decide."""


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """One tab of the inbox."""
    actor = actor_of(request)
    name = request.GET.get("tab", "todo")
    name = name if name in FACES else "todo"
    q, code, late = request.GET.get("q", "")[:60], request.GET.get("process", "")[:40], request.GET.get("late") == "1"
    rows: Any = face(actor, name)
    is_tasks = name in ("todo", "read", "done")
    if is_tasks:
        rows = narrowed(rows, q, code, late)
    elif q:
        rows = rows.filter(title__icontains=q)
    number = max(1, int(request.GET["page"])) if request.GET.get("page", "").isdigit() else 1
    found = list(rows[(number - 1) * PAGE : number * PAGE + 1])
    more = request.GET.copy()
    links = {}
    for word, place in (("previous", number - 1), ("next", number + 1)):
        more["page"] = str(place)
        if place > 0 and (place < number or len(found) > PAGE):
            links[word] = f"?{more.urlencode()}"
    held = list(inbox(actor).values_list("role", "code", "process")[:1000])
    todo = sum(role not in Task.TO_READ for role, _code, _process in held)
    names = [
        ("todo", _("待办"), todo), ("read", _("待阅"), len(held) - todo), ("started", _("我发起的"), None),
        ("done", _("已办"), None), ("drafts", _("草稿"), None),
    ]  # fmt: skip
    context = {
        "tabs": [Tab(text, f"{reverse('flows:inbox')}?tab={n}", n == name, count) for n, text, count in names],
        "tab": name, "rows": found[:PAGE], "is_tasks": is_tasks, "tones": STATE_TONES, "links": links, "number": number,
        "q": q, "code": code, "late": late, "todo": todo, "key": new_key(),
        "processes": sorted({(c, p) for _role, c, p in held}), "may_start": actor.may("flows.case.start"),
    }  # fmt: skip
    return render(request, "flows/inbox.html", context)


@require_POST
def batch(request: HttpRequest) -> HttpResponse:
    """批量审批: each chosen one is decided by itself; those that cannot be are named, and why."""
    actor = actor_of(request)
    ids = [i for i in request.POST.getlist("row") if len(i) == 36][:MOST]
    text = request.POST.get("text", "")[:1000]
    key = request.POST.get("key", "")[:50] or new_key()
    done = 0
    for task in inbox(actor).filter(pk__in=ids):
        try:
            actions.decide([task], actor=actor, key=f"{key}:{task.pk.hex[-12:]}", verdict="pass", text=text, sign=True)
            done += 1
        except Fault as fault:
            messages.error(request, f"{task.title}：{fault.message}")
    if done:
        messages.success(request, _("已办 %(n)d 件") % {"n": done})
    tab = "read" if request.POST.get("tab") == "read" else "todo"
    return redirect(f"{reverse('flows:inbox')}?tab={tab}")
