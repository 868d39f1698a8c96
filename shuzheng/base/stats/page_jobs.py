"""Jobs behind the pages of statistics: alerts after each export, briefs on their day."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.jobs.declare import job
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send
from shuzheng.base.org.models import Node
from shuzheng.base.stats import alerts, briefs
from shuzheng.base.stats.models_pages import Alert, View

texts.declare("stats.view.shared", _("{by}分享了统计视图“{name}”"), _("打开时按本岗位的范围计算。"))
texts.declare("stats.alert.fired", _("统计预警“{name}”：{label}等 {n} 处"), _("{lines}"))
LINES = 10


@job(scope="stats.alert", tries=3, atomic=False)
def check_alerts(*, actor: Actor) -> None:
    """Look at every rule; put in the queue after each export."""
    alerts.run(actor)


@job(scope="stats.brief", cron="10 7 * * *", atomic=False)
def send_briefs(*, actor: Actor) -> None:
    """Deliver what is due."""
    briefs.run(actor, timezone.localdate())


@subscribe("stats.view.shared", scope="stats.tell", name="stats.view_shared", ordered=False)
def view_shared(event: Event, actor: Actor) -> None:
    """Tell whom a view was shared with."""
    for view in View.objects.filter(pk__in=event.ids).select_related("node"):
        target = Post.objects.filter(pk=view.post_id).first() if view.post_id else view.node
        if target is not None:
            send(
                [target], actor=actor, key=f"stats.shared:{event.pk}:{view.pk}"[:80], template="stats.view.shared",
                values={"by": view.shared_by, "name": view.name}, link=f"{reverse('stats:explore')}?{view.query}",
            )  # fmt: skip


@subscribe("stats.alert.fired", scope="stats.tell", name="stats.alert_fired", ordered=False)
def alert_fired(event: Event, actor: Actor) -> None:
    """One notice a rule to its subscribers, with the reasons; to the organ that made it where nobody subscribes."""
    groups: dict[object, list[Alert]] = {}
    for row in Alert.objects.filter(pk__in=event.ids).select_related("rule__node").order_by("pk"):
        groups.setdefault(row.rule_id, []).append(row)
    for rows in groups.values():
        rule = rows[0].rule
        targets: list[Post | Node] = list(Post.objects.filter(pk__in=rule.posts)) or [rule.node]
        lines = "\n".join(f"{row.label}：{alerts.shown(row).reason}" for row in rows[:LINES])
        send(
            targets, actor=actor, key=f"stats.fired:{event.pk}:{rule.pk}"[:80], template="stats.alert.fired",
            values={"name": rule.name, "label": rows[0].label, "n": len(rows), "lines": lines},
            link=reverse("stats:alerts"),
        )  # fmt: skip
