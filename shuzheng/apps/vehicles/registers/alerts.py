"""The registers of supervision: warnings, and what the public reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as L

from shuzheng.apps.vehicles.actions.alerts import dismiss_tips, take_tips
from shuzheng.apps.vehicles.models.alerts import Alert, Colour, Mark, Tip
from shuzheng.apps.vehicles.models.fleet import Vehicle
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import Column, Panel, Register, RowAction, Tab, register

COLOURS = {"1": "ok", "2": "warn", "3": "over"}
STATES = {"noted": "ok", "open": "late", "explained": "info", "decided": "over", "appealed": "warn", "final": "mute"}


def _late() -> Q:
    return Q(state=Alert.State.OPEN, explain_due__lt=timezone.localdate())


@register
class Alerts(Register):
    model, name, noun, icon, unit = Alert, "alerts", "alert", "alert-triangle", L("条")
    columns = (
        Column("code", states={}), Column("colour", states=COLOURS), Column("state", states=STATES),
        Column("vehicle"), Column("node", label=L("单位")), "begins", "explain_due", Column("score", shown=False),
        Column("outcome", shown=False), Column("violation", shown=False), Column("closed_at", shown=False),
    )  # fmt: skip
    key = ("code", "begins")
    title = "code"
    ordering = ("-begins", "id")
    search = ("vehicle__plate",)
    filters = ("colour", "code", "state", "begins", "node", "outcome", "violation", "vehicle")
    tabs = (
        Tab("red", L("红"), Q(colour=Colour.RED) & ~Q(state=Alert.State.FINAL), "over"),
        Tab("amber", L("黄"), Q(colour=Colour.AMBER) & ~Q(state=Alert.State.FINAL), "warn"),
        Tab("green", L("绿"), Q(colour=Colour.GREEN) & ~Q(state=Alert.State.FINAL)),
        Tab("open", L("待说明"), Q(state=Alert.State.OPEN)),
        Tab("late", L("逾期未说明"), _late, "late"),
        Tab("decide", L("待认定"), Q(state__in=(Alert.State.EXPLAINED, Alert.State.APPEALED))),
        Tab("violation", L("构成违规"), Q(outcome=Alert.Outcome.VIOLATION)),
    )
    page = "vehicles:alert"
    without = frozenset({"create", "change", "delete", "import", "labels", "history"})
    help = L("按规则自动产生；颜色、依据和证据见每条预警。单位说明，主管部门认定，不服可申诉。")

    def rows(self, rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
        return rows.select_related("vehicle", "node")


class TipForm(forms.Form):
    note = forms.CharField(label=L("处理意见"), max_length=300)


@register
class Tips(Register):
    model, name, noun, icon, unit = Tip, "tips", "tip", "message", L("条")
    columns = (
        "vehicle", Column("state", states={"new": "late", "taken": "warn", "dismissed": "mute"}), "seen_at", "place", "what",
        Column("created_at", label=L("收到时间")), Column("note", shown=False), Column("handled_by", shown=False),
    )  # fmt: skip
    key = ("vehicle", "seen_at")
    title = "vehicle"
    search = ("place", "what")
    filters = ("state", "seen_at", "vehicle")
    tabs = (Tab("new", L("待处理"), Q(state=Tip.State.NEW), "late"),)
    actions = (
        RowAction(take_tips, L("转预警"), "alert-triangle", TipForm, when=lambda t: t.state == Tip.State.NEW),
        RowAction(dismiss_tips, L("不予受理"), "x", TipForm, when=lambda t: t.state == Tip.State.NEW),
    )
    without = frozenset({"create", "change", "delete", "import", "labels"})
    help = L("群众扫车上标识码反映的情况。联系方式加密保存，只有主管部门看得到。")


def panels_of(vehicle: Vehicle, actor: Actor) -> tuple[Panel, ...]:
    """What supervision shows on a vehicle's page: its warnings that are not closed, and its mark."""
    if not actor.may("vehicles.alert.view", vehicle.path):
        return ()
    rows = Alert.objects.filter(vehicle=vehicle).exclude(state=Alert.State.FINAL).order_by("-colour", "-begins")
    context = {
        "alerts": [(row, COLOURS[row.colour]) for row in rows[:8]], "count": rows.count(), "vehicle": vehicle,
        "mark": Mark.objects.filter(vehicle=vehicle).exists() and actor.may("vehicles.mark.issue", vehicle.path),
    }  # fmt: skip
    return (Panel(_("监督"), "vehicles/parts/watched.html", context),)
