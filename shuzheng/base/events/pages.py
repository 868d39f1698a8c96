"""What became of events: those that a subscriber could not take up, and letting them be tried again."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import actor_of
from shuzheng.base.core.registry import EVENTS
from shuzheng.base.events.actions import retry_deliveries
from shuzheng.base.events.models import Delivery
from shuzheng.base.portal.parts import Crumb

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


urlpatterns = [path("", deliveries, name="deliveries"), path("retry/", retry, name="retry")]
