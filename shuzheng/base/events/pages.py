"""What became of events: those that a subscriber could not take up, and letting them be tried again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.core.registry import EVENTS
from shuzheng.base.events.actions import retry_deliveries, save_webhooks
from shuzheng.base.events.models import Delivery, Webhook
from shuzheng.base.org.models import Node
from shuzheng.base.portal.faults import put_faults
from shuzheng.base.portal.parts import Crumb
from shuzheng.kernel.errors import Invalid, Missing

SHOWN = 200


@require_safe
def deliveries(request: HttpRequest) -> HttpResponse:
    """Deliveries that failed for good, and how far each subscriber is. Two queries."""
    actor = actor_of(request)
    actor.require("events.event.view")
    dead = list(Delivery.objects.filter(state=Delivery.State.DEAD).select_related("event").order_by("-due")[:SHOWN])
    states = Delivery.objects.values("subscriber", "state").annotate(n=Count("id"), last=Max("done_at"))
    subscribers: dict[str, dict[str, object]] = {}
    for row in states.order_by("subscriber"):
        facts = subscribers.setdefault(row["subscriber"], {"last": None})
        facts[row["state"]] = row["n"]
        facts["last"] = row["last"] or facts["last"]
    context = {
        "crumbs": [Crumb(_("事件处理"))],
        "rows": [(d, _(EVENTS[d.event.name].label) if d.event.name in EVENTS else d.event.name) for d in dead],
        "subscribers": list(subscribers.items()),
        "may_retry": actor.may("events.delivery.retry"),
        "key": new_key(),
    }
    return render(request, "events/deliveries.html", context)


@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Try the chosen ones again, at once."""
    ids = request.POST.getlist("id")[:SHOWN]
    done = retry_deliveries([], actor=actor_of(request), ids=ids, key=request.POST.get("key", "")[:80])
    messages.success(request, _("%(n)s 项重新处理") % {"n": len(done)})
    return redirect("events:deliveries")


class WebhookForm(forms.Form):
    """A subscription from outside. The key is written once and never shown again."""

    name = forms.CharField(label=gettext_lazy("用途"), max_length=60)
    url = forms.URLField(
        label=gettext_lazy("地址"), max_length=400, assume_scheme="https", help_text=gettext_lazy("以 https:// 开头。")
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("事件"), help_text=gettext_lazy("可选多项。只通知本单位管辖范围内的事件。")
    )
    secret = forms.CharField(
        label=gettext_lazy("签名密钥"), min_length=16, max_length=200, strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 16 位，对方用它核对 HMAC-SM3 签名。保存后不再显示。"),
    )  # fmt: skip
    is_active = forms.BooleanField(label=gettext_lazy("启用"), required=False, initial=True)

    def __init__(self, *args: Any, known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["events"].choices = [(name, _(event.label)) for name, event in sorted(EVENTS.items())]  # type: ignore[attr-defined]
        if known:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = _("不填则沿用原来的密钥。")


@require_safe
def hooks(request: HttpRequest) -> HttpResponse:
    """The subscriptions of one's organ. One query."""
    actor = actor_of(request)
    actor.require("events.webhook.change")
    rows = Webhook.objects.order_by("name", "id")
    labels = [
        (row, [_(EVENTS[name].label) if name in EVENTS else name for name in row.events], row.url) for row in rows
    ]
    return render(request, "events/webhooks.html", {"rows": labels, "on": settings.SZ_WEBHOOKS})


@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, pk: UUID | None = None) -> HttpResponse:
    """Set up a subscription, or change one, switch it off, give it a new key."""
    actor = actor_of(request)
    actor.require("events.webhook.change")
    row = Webhook() if pk is None else Webhook.objects.filter(pk=pk).first()
    if row is None:
        raise Missing()
    first = None if pk is None else {n: getattr(row, n) for n in ("name", "url", "events", "is_active")}
    form = WebhookForm(request.POST or None, initial=first, known=pk is not None)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "secret" or value}
        seen = {row.pk: int(request.POST["seen"])} if pk and request.POST.get("seen", "").isdigit() else None
        if pk is None:
            row.own(Node.objects.get(pk=actor.organ_id))
        try:
            save_webhooks([row], actor=actor, seen=seen, **values)
        except Invalid as fault:
            put_faults(form, fault)
        else:
            messages.success(request, _("已保存"))
            return redirect("events:webhooks")
    context = {"form": form, "row": row if pk else None, "crumbs": [Crumb(_("外部订阅"), reverse("events:webhooks"))]}
    return render(request, "events/webhook.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("", deliveries, name="deliveries"),
    path("retry/", retry, name="retry"),
    path("webhooks/", hooks, name="webhooks"),
    path("webhooks/new/", hook, name="webhook_new"),
    path("webhooks/<uuid:pk>/", hook, name="webhook"),
]
