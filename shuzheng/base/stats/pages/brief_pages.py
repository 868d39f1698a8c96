"""Briefs: the list, setting one up, a copy as its recipient got it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.parts import Crumb
from shuzheng.base.stats import briefs
from shuzheng.base.stats.catalogue import catalogue
from shuzheng.base.stats.models_pages import Brief, BriefCopy
from shuzheng.base.stats.pages.common import answered, asked, title_of
from shuzheng.base.stats.pages.forms import BriefForm, numbers_of
from shuzheng.base.stats.state import read
from shuzheng.kernel.errors import Invalid, Missing

SHOWN = 100


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    actor = asked(request)
    context = {
        "rows": list(Brief.objects.filter(path=actor.organ_path).order_by("name", "pk")),
        "copies": list(BriefCopy.objects.filter(post_id=actor.id).order_by("-day", "pk")[:SHOWN]),
        "may_set": actor.may("stats.brief.set"),
    }
    return render(request, "stats/briefs.html", context)


def _brief(pk: UUID, actor: Actor) -> Brief:
    found = Brief.objects.filter(pk=pk, path=actor.organ_path).first()
    if found is None:
        raise Missing(_("没有这个简报。"))
    return found


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A brief of what the explorer shows."""
    actor = asked(request, "stats.brief.set")
    state = read(request.GET, catalogue(scope=actor.scope), actor)
    own = numbers_of([actor.id])
    form = BriefForm(request.POST or None, initial={"name": title_of(answered(actor, request.GET))[:80], "posts": own})
    row = Brief(query=state.query())
    row.node_id, row.path = actor.organ_id, actor.organ_path
    return _edit(request, actor, form, row, _("新建简报"))


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = _brief(pk, actor)
    actor.require("stats.brief.set")
    initial = {name: getattr(row, name) for name in ("name", "every", "note", "is_active")}
    form = BriefForm(request.POST or None, initial={**initial, "posts": numbers_of(row.posts)})
    return _edit(request, actor, form, row, row.name)


def _edit(request: HttpRequest, actor: Actor, form: BriefForm, row: Brief, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        values = {**form.cleaned_data, "posts": [p.pk for p in form.cleaned_data["posts"]]}
        values["next_on"] = briefs.next_day(values["every"], timezone.localdate())
        try:
            if row._state.adding:
                for name, value in values.items():
                    setattr(row, name, value)
                briefs.set_briefs([row], actor=actor)
            else:
                briefs.set_briefs([row], actor=actor, **values)
        except Invalid as refused:
            put_faults(form, refused)
        else:
            messages.success(request, _("已保存，下次 %(day)s") % {"day": values["next_on"]})
            return redirect("stats:briefs")
    context = {
        "form": form,
        "title": title,
        "hint": _("到期的早上计算，以通知送达，附 Excel 和 PDF。"),
        "verb": _("保存"),
        "back": reverse("stats:briefs"),
        "question": f"{reverse('stats:explore')}?{row.query}",
        "remove": "" if row._state.adding else reverse("stats:brief_remove", args=[row.pk]),
        "crumbs": [Crumb(_("统计简报"), reverse("stats:briefs")), Crumb(title)],
    }
    return render(request, "stats/form.html", context, status=422 if form.errors else 200)


@require_POST
def remove(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = asked(request)
    row = _brief(pk, actor)
    briefs.remove_briefs([row], actor=actor)
    messages.success(request, _("已停发“%(name)s”") % {"name": row.name})
    return redirect("stats:briefs")


@require_GET
def copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A brief as this post got it; nobody else opens it."""
    actor = asked(request)
    row = BriefCopy.objects.filter(pk=pk, post_id=actor.id).first()
    if row is None:
        raise Missing(_("没有这份简报。"))
    context = {
        "row": row,
        "texts": row.table.get("texts", 0),
        "explore": f"{reverse('stats:explore')}?{row.query}",
        "crumbs": [Crumb(_("统计简报"), reverse("stats:briefs")), Crumb(row.name)],
    }
    return render(request, "stats/brief_copy.html", context)
