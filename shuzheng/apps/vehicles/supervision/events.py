"""Who is told of warnings: the unit that has to explain, the authority that decides. One to-do an organ, not one a warning."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.apps.vehicles.actions.alerts import raise_alerts
from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Tip, Warned
from shuzheng.apps.vehicles.supervision.found import Found, Item
from shuzheng.apps.vehicles.supervision.handling import authority_of
from shuzheng.apps.vehicles.supervision.scan import take_facts
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.events.models import Event
from shuzheng.base.events.subscribers import subscribe
from shuzheng.base.notify import texts
from shuzheng.base.notify.actions import send
from shuzheng.base.notify.models import Todo
from shuzheng.base.notify.todos import close_todos, open_todos
from shuzheng.base.org.models import Node

EXPLAIN, DECIDE, HANDLE = "vehicles.alert.explain", "vehicles.alert.decide", "vehicles.tip.handle"
texts.declare(EXPLAIN, _("用车预警待说明"))
texts.declare(DECIDE, _("用车预警待认定"))
texts.declare(HANDLE, _("群众反映公务用车情况待处理"))
texts.declare("vehicles.alert.decided", _("预警已认定：{what}"), _("{outcome}。{reason}"))
texts.declare("vehicles.alert.closed", _("预警已办结：{what}"), _("{outcome}。{reason}"))


def _organs(alerts: Iterable[Alert]) -> list[Node]:
    return list(Node.objects.filter(pk__in={a.node_id for a in alerts}).select_related("division"))


def _alerts(event: Event) -> list[Alert]:
    return list(Alert.objects.filter(pk__in=event.ids).select_related("vehicle", "node").order_by("pk"))


def _open(actor: Actor, kind: str, node: Node, link: str) -> None:
    open_todos(
        [node],
        actor=actor,
        kind=kind,
        source=("org.node", node.pk),
        link=link,
        template=kind,
        values={},
        permission=kind,
    )


def _settle(actor: Actor, kind: str, node: Node, *, waits: bool) -> None:
    """Take an organ's to-do back when nothing waits any more."""
    if not waits:
        rows = list(Todo.objects.filter(kind=kind, node_id=node.pk, closed_at=None))
        if rows:
            close_todos(rows, actor=actor)


def _settle_all(actor: Actor, alerts: Iterable[Alert]) -> None:
    """After something was said or decided: whose turn is it still?"""
    today = timezone.localdate()
    for node in _organs(alerts):
        mine = Alert.objects.filter(node=node, state=Alert.State.OPEN)
        _settle(actor, EXPLAIN, node, waits=mine.exists())
        authority = authority_of(node, today)
        if authority is not None and authority.division is not None:
            span = Range.subtree(authority.division.path)
            theirs = Alert.objects.filter(
                path__gte=span.lo, path__lt=span.hi, state__in=(Alert.State.EXPLAINED, Alert.State.APPEALED)
            )
            _settle(actor, DECIDE, authority, waits=theirs.exists())


@subscribe("vehicles.alert.raised", scope="vehicles.watch", name="vehicles.alerts.raised")
def raised(event: Event, actor: Actor) -> None:
    """The unit is asked to explain; reminders (green) ask for nothing."""
    for node in _organs(a for a in _alerts(event) if a.colour != Colour.GREEN):
        _open(actor, EXPLAIN, node, reverse("registers:list", args=["alerts"]) + "?tab=open")


@subscribe(
    "vehicles.alert.explained", "vehicles.alert.appealed", scope="vehicles.watch", name="vehicles.alerts.explained"
)
def explained(event: Event, actor: Actor) -> None:
    """It is the authority's turn."""
    alerts, today = _alerts(event), timezone.localdate()
    _settle_all(actor, alerts)
    for node in _organs(alerts):
        if authority := authority_of(node, today):
            _open(actor, DECIDE, authority, reverse("vehicles:watch"))


@subscribe("vehicles.alert.decided", "vehicles.alert.closed", scope="vehicles.watch", name="vehicles.alerts.decided")
def decided(event: Event, actor: Actor) -> None:
    """The unit learns the outcome. What lapsed by itself is no news."""
    alerts = _alerts(event)
    _settle_all(actor, alerts)
    for row in alerts:
        if not row.decided_at or (
            row.state == Alert.State.FINAL and event.name == "vehicles.alert.closed" and not row.ruled_by
        ):
            continue
        outcome = row.get_violation_display() if row.violation else row.get_outcome_display()
        send(
            [row.node],
            actor=actor,
            key=f"alert:{event.pk.hex[:16]}:{row.pk.hex[-12:]}",
            template="vehicles.alert.closed" if row.ruled_by else "vehicles.alert.decided",
            values={"what": str(row), "outcome": outcome, "reason": row.ruling or row.decision},
            link=reverse("vehicles:alert", args=[row.pk]),
        )


@subscribe("vehicles.tip.sent", scope="vehicles.watch", name="vehicles.tips.sent")
def tip_sent(event: Event, actor: Actor) -> None:
    """The authority has something to look at."""
    for row in Tip.objects.filter(pk__in=event.ids, state=Tip.State.NEW).select_related("node"):
        _open(actor, HANDLE, row.node, reverse("registers:list", args=["tips"]))


@subscribe("vehicles.tip.handled", scope="vehicles.watch", name="vehicles.tips.handled")
def tip_handled(event: Event, actor: Actor) -> None:
    """A report that was taken up becomes a warning; who reported stays with the authority."""
    rows = list(Tip.objects.filter(pk__in=event.ids).select_related("vehicle", "node"))
    for row in rows:
        _settle(actor, HANDLE, row.node, waits=Tip.objects.filter(node=row.node_id, state=Tip.State.NEW).exists())
    found = [
        Found(
            Warned.PUBLIC, f"{Warned.PUBLIC}:{row.pk}", row.vehicle.node_id, row.vehicle.path, row.seen_at,
            (Item("what", row.what), Item("place", row.place)), vehicle_id=row.vehicle_id,
            about=(("vehicles.vehicle", row.vehicle_id, row.vehicle.plate),),
        )
        for row in rows if row.state == Tip.State.TAKEN
    ]  # fmt: skip
    if found:
        raise_alerts([row.vehicle for row in rows], actor=actor, found=found)


@subscribe("vehicles.track.fact", scope="vehicles.watch", name="vehicles.track.facts")
def track_facts(event: Event, actor: Actor) -> None:
    """What the track shows becomes warnings."""
    take_facts(event.payload.get("facts", ()), actor=actor)
