"""Saved views: the list, keeping, sharing, taking off."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.models_pages import View
from shuzheng.base.stats.pages.common import asked
from shuzheng.base.stats.pages.forms import ShareForm
from shuzheng.base.stats.saved import mine, remove_views, save_views, share
from shuzheng.base.stats.state import read
from shuzheng.kernel.errors import Missing


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    rows = list(mine(actor).order_by("-created_at", "pk")[:200])
    context = {
        "own": [r for r in rows if r.origin is None],
        "given": [r for r in rows if r.origin is not None],
        "may_share": actor.may("stats.view.share"),
        "may_save": actor.may("stats.view.save"),
    }
    return render(request, "stats/views.html", context)


def find(pk: UUID, actor: Actor) -> View:
    """A view of the actor's list.

    Raises:
        Missing: there is none.
    """
    found = mine(actor).filter(pk=pk).first()
    if found is None:
        raise Missing(_("没有这个视图。"))
    return found


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    actor = asked(request, "stats.view.save")
    state = read(QueryDict(request.POST.get("query", "")[:4000]), catalogue(scope=actor.scope), actor)
    view = View(name=request.POST.get("name", "").strip()[:80], query=state.query(), post_id=actor.id)
    view.node_id, view.path = actor.organ_id, actor.organ_path
    save_views([view], actor=actor)
    messages.success(request, _("已保存“%(name)s”") % {"name": view.name})
    return redirect(f"{reverse('stats:explore')}?{view.query}")


@require_http_methods(["GET", "POST"])
def share_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    view = find(pk, actor)
    actor.require("stats.view.share")
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organ = form.cleaned_data["organ"]
        targets = [*form.cleaned_data["posts"], *([organ] if organ else [])]
        share(targets, actor=actor, view=view)
        messages.success(request, _("已分享给 %(n)d 处") % {"n": len(targets)})
        return redirect("stats:views")
    context = {
        "form": form,
        "title": _("分享“%(name)s”") % {"name": view.name},
        "hint": _("分享的是问题，不是数：对方打开时，按自己岗位的范围计算。"),
        "verb": _("分享"),
        "back": reverse("stats:views"),
        "crumbs": [Crumb(_("统计视图"), reverse("stats:views")), Crumb(view.name)],
    }
    return render(request, "stats/form.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    view = find(pk, actor)
    remove_views([view], actor=actor)
    messages.success(request, _("已移除“%(name)s”") % {"name": view.name})
    return redirect("stats:views")
