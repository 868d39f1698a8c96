"""Verbs of events: letting a dead one be tried again, and subscriptions from outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.registry import EVENTS
from shuzheng.base.events import webhooks
from shuzheng.base.events.models import Delivery, Webhook
from shuzheng.kernel.errors import Denied, FieldFault, Invalid


@action("events.delivery.retry")
def retry_deliveries(w: Write, batch: Sequence[Any], *, ids: Sequence[str]) -> Sequence[Delivery]:
    """Try dead deliveries again, at once. ``batch`` is empty: they belong to the deployment, not to an organ."""
    rows = list(Delivery.objects.filter(pk__in=ids, state=Delivery.State.DEAD))
    for row in rows:
        w.change(row, state=Delivery.State.WAITING, attempts=0, due=row.event.at, error="")
    return rows


@action("events.webhook.change")
def save_webhooks(w: Write, hooks: Sequence[Webhook], **values: Any) -> Sequence[Webhook]:
    """Set up or change subscriptions from outside; ``values`` are fields of ``Webhook``.

    Raises:
        Denied: the deployment has them switched off (``SZ_WEBHOOKS``).
        Invalid: the address is refused, or an event does not exist.
    """
    if not settings.SZ_WEBHOOKS:
        raise Denied(_("本部署未启用外部订阅（SZ_WEBHOOKS）。"))
    for hook in hooks:
        url, events = values.get("url", hook.url), values.get("events", hook.events)
        webhooks.check_url(url)
        if unknown := [name for name in events if name not in EVENTS]:
            raise Invalid(
                faults=[FieldFault("events", _("没有这个事件：{name}").format(name=name)) for name in unknown]
            )
        if hook._state.adding:
            for name, value in values.items():
                setattr(hook, name, value)
            w.create(hook)
        else:
            w.change(hook, **values)
    return hooks
