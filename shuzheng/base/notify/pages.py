"""Pages of notices and to-dos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import case_scope
from shuzheng.base.notify import live, texts
from shuzheng.base.notify.actions import mark_read, remind, save_preference, send
from shuzheng.base.notify.channels import switched_on
from shuzheng.base.notify.models import Notice, Preference, Receipt
from shuzheng.base.notify.receipts import inbox
from shuzheng.base.org.models import Node, NodeKind

PAGE = 50


def _page(request: HttpRequest, rows: Any, order: str) -> tuple[list[Any], dict[str, Any]]:
    """One page of rows and the pager for it. No total is counted: a list of notices is read from the top."""
    try:
        number = max(1, int(request.GET.get("page", "1")))
    except ValueError:
        number = 1
    start = (number - 1) * PAGE
    found = list(rows.order_by(order)[start : start + PAGE + 1])
    query = request.GET.copy()

    def address(page: int) -> str:
        query["page"] = str(page)
        return f"?{query.urlencode()}"

    return found[:PAGE], {
        "number": number,
        "previous_url": address(number - 1) if number > 1 else "",
        "next_url": address(number + 1) if len(found) > PAGE else "",
    }


@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    box = request.GET.get("box", "")
    if box == "sent":
        rows, pager = _page(request, Notice.objects.filter(path=actor.organ_path), "-pk")
    else:
        received = inbox(actor).filter(read_at=None) if box == "unread" else inbox(actor)
        rows, pager = _page(request, received, "-sent_at")
    tabs = [
        {
            "label": label,
            "url": f"?box={name}" if name else "?",
            "active": box == name,
            "count": None,
            "tone": "",
            "icon": "",
        }
        for name, label in (("", _("收到的")), ("unread", _("未读")), ("sent", _("发出的")))
    ]
    context = {"rows": rows, "pager": pager, "box": box, "tabs": tabs, "may_send": actor.may("notify.notice.send")}
    return render(request, "notify/notices.html", context | {"crumbs": [{"label": _("通知"), "url": ""}]})


def _receipt(actor: Actor, notice: UUID) -> Receipt | None:
    return inbox(actor).filter(notice_id=notice).order_by("post_id").first()


@require_safe
def notice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A notice, for those who got it and for the organ that sent it."""
    actor = actor_of(request)
    receipt = _receipt(actor, pk)
    if receipt is not None:  # a receipt is what makes one a participant
        with case_scope(pk):
            found = Notice.objects.get(pk=pk)
    else:
        found = Notice.objects.filter(pk=pk, path=actor.organ_path).first()
    if found is None:
        raise Http404
    sent = found.path == actor.organ_path
    context: dict[str, Any] = {
        "notice": found,
        "receipt": receipt,
        "title": texts.title(found),
        "body": texts.body(found),
    }
    if sent:
        context |= _readers(request, found)
        context["may_remind"] = actor.may("notify.notice.remind", found.path)
    context["crumbs"] = [{"label": _("通知"), "url": reverse("notify:notices")}, {"label": context["title"], "url": ""}]
    return render(request, "notify/notice.html", context)


def _readers(request: HttpRequest, found: Notice) -> dict[str, Any]:
    """Who has read it and when: the sender takes part in the case of its own notice."""
    with case_scope(found.pk):
        receipts = Receipt.objects.filter(notice=found)
        read = receipts.filter(read_at__isnull=False).count()
        who = request.GET.get("who", "")
        shown = receipts.filter(read_at=None) if who == "unread" else receipts
        rows, pager = _page(request, shown.select_related("node"), "path")
    total = found.addressees
    return {"readers": rows, "pager": pager, "read": read, "total": total, "who": who}


@require_POST
def read(request: HttpRequest, pk: UUID) -> HttpResponse:
    """“我已阅读”. A post's own receipt and its organ's are both meant."""
    actor = actor_of(request)
    if _receipt(actor, pk) is None:
        raise Http404
    mark_read(list(inbox(actor).filter(notice_id=pk, read_at=None)), actor=actor)
    if request.htmx:
        receipt = _receipt(actor, pk)
        return render(request, "notify/receipt.html", {"receipt": receipt})
    return HttpResponseRedirect(reverse("notify:notice", args=[pk]))


@require_POST
def remind_view(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = Notice.objects.filter(pk=pk, path=actor.organ_path).first()
    if found is None:
        raise Http404
    remind([found], actor=actor)
    messages.success(request, _("已催阅未读的单位和人员。"))
    return HttpResponseRedirect(reverse("notify:notice", args=[pk]))


class NoticeForm(forms.Form):
    """What a notice says and whom it is for."""

    REACH = (
        ("own", gettext_lazy("本级各单位")),
        ("below", gettext_lazy("本级及下级各单位")),
        ("organ", gettext_lazy("本单位")),
    )
    reach = forms.ChoiceField(label=gettext_lazy("发给"), choices=REACH, widget=forms.RadioSelect, initial="own")
    title = forms.CharField(label=gettext_lazy("标题"), max_length=120)
    body = forms.CharField(
        label=gettext_lazy("正文"), widget=forms.Textarea(attrs={"rows": 8}), required=False, max_length=10_000
    )
    must_read = forms.BooleanField(
        label=gettext_lazy("必读"), required=False, help_text=gettext_lazy("可查看谁在何时阅读，并催阅。")
    )
    due = forms.DateTimeField(
        label=gettext_lazy("请于此前阅读"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80, required=False)


def _targets(actor: Actor, reach: str) -> tuple[list[Node], list[UUID] | None]:
    if reach == "organ":
        return list(Node.objects.filter(pk=actor.organ_id)), None
    division = list(Node.objects.filter(path=actor.division, kind=NodeKind.DIVISION))
    if reach == "below":
        return division, None
    own = Node.objects.filter(division__in=division, kind=NodeKind.ORGAN, valid_to=None)
    return division, list(own.values_list("pk", flat=True))


def compose(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    actor.require("notify.notice.send")
    form = NoticeForm(request.POST or None, initial={"key": _new_key()})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        targets, nodes = _targets(actor, values.pop("reach"))
        [sent] = send(targets, actor=actor, key=values.pop("key"), nodes=nodes, **values)
        messages.success(request, _("已发出 {n} 份。").format(n=sent.addressees))
        return HttpResponseRedirect(reverse("notify:notice", args=[sent.pk]))
    crumbs = [{"label": _("通知"), "url": reverse("notify:notices")}, {"label": _("发通知"), "url": ""}]
    return render(request, "notify/compose.html", {"form": form, "crumbs": crumbs}, status=422 if form.errors else 200)


def _new_key() -> str:
    from shuzheng.base.core.action import new_key

    return new_key()


def preferences(request: HttpRequest) -> HttpResponse:
    """By which channels one hears of notices beside the portal."""
    actor = actor_of(request)
    row = Preference.objects.filter(person_id=actor.person_id).first()
    on = switched_on()
    if request.method == "POST":
        if row is None:
            row = Preference(person_id=actor.person_id)
            row.node_id, row.path = actor.organ_id, actor.organ_path
        save_preference([row], actor=actor, channels=request.POST.getlist("channel"))
        messages.success(request, _("已保存。"))
        return HttpResponseRedirect(reverse("notify:preferences"))
    chosen = row.channels if row else []
    channels = [{"name": c.name, "label": c.label, "on": c.name in chosen} for c in on]
    return render(
        request, "notify/preferences.html", {"channels": channels, "crumbs": [{"label": _("通知方式"), "url": ""}]}
    )


@require_safe
def stream(request: HttpRequest) -> HttpResponse:
    """The live stream of notices."""
    return live.respond(request, live.Listener)


urlpatterns = [
    path("", notices, name="notices"),
    path("new/", compose, name="compose"),
    path("preferences/", preferences, name="preferences"),
    path("live", stream, name="live"),
    path("<uuid:pk>/", notice, name="notice"),
    path("<uuid:pk>/read", read, name="read"),
    path("<uuid:pk>/remind", remind_view, name="remind"),
]
