"""Registers about tracks: terminals, fences, and who looked at whose track. Imported by ``registers``."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles.actions.commands import (
    inspect_terminals,
    locate_terminals,
    query_terminals,
    say_to_terminals,
    set_terminals,
)
from shuzheng.apps.vehicles.actions.tracks import reopen_terminals
from shuzheng.apps.vehicles.commanding import SETTINGS, answered, said
from shuzheng.apps.vehicles.models import Command, Fence, Terminal, TrackAccess
from shuzheng.apps.vehicles.watching import Area
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.formats import full
from shuzheng.base.registers.declare import Column, Panel, Register, RowAction, Tab, register
from shuzheng.kernel.errors import FieldFault, Invalid


def _heard(terminal: Terminal) -> str:
    place = getattr(terminal.vehicle, "place", None)
    return full(place.heard_at) if place is not None else ""


class WhyForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("下发事由"), max_length=200)


class SayForm(WhyForm):
    text = forms.CharField(
        label=gettext_lazy("文本"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("显示在终端屏幕上。"),
    )  # fmt: skip
    spoken = forms.BooleanField(label=gettext_lazy("同时语音播报"), required=False, initial=True)
    field_order = ("text", "spoken", "why")


def _number(name: str) -> forms.IntegerField:
    item = SETTINGS[name]
    return forms.IntegerField(
        label=item.label, required=False, min_value=item.least, max_value=item.most,
        help_text=format_lazy("{least}—{most} {unit}", least=item.least, most=item.most, unit=item.unit),
    )  # fmt: skip


class SetForm(WhyForm):
    interval, asleep, speed, heartbeat = map(_number, ("interval", "asleep", "speed", "heartbeat"))
    field_order = ("interval", "asleep", "speed", "heartbeat", "why")


def _reachable(terminal: Terminal) -> bool:
    return terminal.in_use and bool(terminal.code_hash)


COMMAND_STATES = {"waiting": "info", "sent": "info", "done": "ok", "refused": "over", "expired": "mute"}


def recent_commands(terminal: Terminal) -> Panel:
    """The last commands to a terminal; the card looks again while one is on its way."""
    rows = list(Command.objects.filter(terminal=terminal).order_by("-created_at")[:6])
    told = [(c, COMMAND_STATES[c.state], said(c), answered(c)) for c in rows]
    context = {"rows": told, "terminal": terminal, "waits": any(c.state in Command.OPEN for c in rows)}
    return Panel(_("最近的指令"), "vehicles/parts/commands.html", context)


@register
class Terminals(Register):
    model, name, noun, icon, unit = Terminal, "terminals", "terminal", "device-mobile", gettext_lazy("台")
    columns = (
        "number", "vehicle", Column("edition", shown=False), "maker", "model", Column("device", shown=False), Column("sim", shown=False), "in_use", "registered_at",
        Column("heard", label=gettext_lazy("最近收到"), value=lambda t: _heard(t),
               joins=("vehicle__place",)),
        "node",
    )  # fmt: skip
    key = ("number",)
    search = ("number", "device")
    filters = ("in_use", "edition", "maker", "vehicle", "node")
    tabs = (
        Tab("new", gettext_lazy("待注册"), Q(in_use=True, registered_at=None), "warn"),
        Tab("idle", gettext_lazy("停用"), Q(in_use=False), "mute"),
    )
    actions = (
        RowAction(say_to_terminals, gettext_lazy("发文本"), "message", SayForm, when=_reachable),
        RowAction(locate_terminals, gettext_lazy("查询位置"), "map-pin", WhyForm, when=_reachable, quiet=True),
        RowAction(query_terminals, gettext_lazy("读取参数"), "list-check", WhyForm, when=_reachable, quiet=True),
        RowAction(set_terminals, gettext_lazy("设置参数"), "settings", SetForm, when=_reachable, quiet=True),
        RowAction(inspect_terminals, gettext_lazy("读取属性"), "info-circle", WhyForm, when=_reachable, quiet=True),
        RowAction(
            reopen_terminals, gettext_lazy("允许重新注册"), "refresh", when=lambda t: bool(t.code_hash),
            question=gettext_lazy("原来的鉴权码即刻作废，终端须重新注册后才能上报。"), quiet=True,
        ),
    )  # fmt: skip
    help = gettext_lazy("终端首次连接时按终端号和车牌注册，得到鉴权码；之后凭鉴权码接入。")

    def panels(self, row: Terminal, actor: Actor) -> Sequence[Panel]:
        """The last commands, and what became of them."""
        return (recent_commands(row),) if actor.may("vehicles.command.view", row.path) else ()


@register
class Commands(Register):
    model, name, noun, icon, unit = Command, "commands", "command", "send", gettext_lazy("条")
    columns = (
        "terminal", Column("car", label=gettext_lazy("车辆"), value=lambda c: c.terminal.vehicle.plate, joins=("terminal__vehicle",)),
        "kind", Column("state", states=COMMAND_STATES), "by", "why", Column("created_at", label=gettext_lazy("提出时间")),
        "answered_at", Column("sent_at", shown=False), Column("said", label=gettext_lazy("内容"), value=said, shown=False),
        Column("answered", label=gettext_lazy("应答"), value=answered, shown=False), Column("until", shown=False),
        Column("node", shown=False),
    )  # fmt: skip
    ordering = ("-created_at", "id")
    key = ("terminal", "created_at")
    title = "terminal"
    search = ("terminal__number", "why", "by")
    filters = ("kind", "state", "created_at", "terminal", "node")
    tabs = (
        Tab("open", gettext_lazy("未应答"), Q(state__in=Command.OPEN)),
        Tab("refused", gettext_lazy("被拒绝"), Q(state=Command.State.REFUSED), "over"),
    )
    without = frozenset({"create", "change", "delete", "import", "labels", "comments", "attachments"})
    help = gettext_lazy("在定位终端的页面上下发；终端不在线时等待，到期作废。")

    def panels(self, row: Command, actor: Actor) -> Sequence[Panel]:
        """What was said, and what came back."""
        told = [(_("内容"), said(row)), (_("应答"), answered(row))]
        shown = [(label, words) for label, words in told if words]
        return (Panel(_("内容和应答"), "vehicles/parts/command.html", {"rows": shown}),) if shown else ()


@register
class Fences(Register):
    model, name, noun, icon, unit = Fence, "fences", "fence", "polygon", gettext_lazy("个")
    columns = ("name", "area", Column("shape", shown=False), "in_use", "node")
    key = ("name",)
    search = ("name",)
    filters = ("area", "in_use", "node")
    tabs = (
        Tab("sensitive", gettext_lazy("敏感场所"), Q(area=Fence.Area.SENSITIVE)),
        Tab("home", gettext_lazy("停放地"), Q(area=Fence.Area.HOME)),
    )
    help = gettext_lazy("对本单位和下级单位的车辆有效，公务用车主管部门画的对全区划有效；停放地只对本单位的车辆有效。")

    def prepare(self, rows: Sequence[Fence], actor: Actor) -> None:
        faults = []
        for place, row in enumerate(rows):
            try:
                Area.of(str(row.pk), row.area, row.shape if isinstance(row.shape, dict) else {})
            except ValueError:
                faults.append(FieldFault("shape", _("范围应为圆（经度、纬度、半径）或至少三点的多边形。"), row=place))
        if faults:
            raise Invalid(faults=faults)


@register
class Looks(Register):
    model, name, noun, icon, unit = TrackAccess, "looks", "look", "eye", gettext_lazy("次")
    columns = ("vehicle", "by", "why", "since", "until", Column("created_at", label=gettext_lazy("查看时间")), "node")
    key = ("vehicle", "created_at")
    title = "vehicle"
    search = ("by", "why")
    filters = ("vehicle", "since", "created_at", "node")
    without = frozenset({"create", "change", "delete", "import", "labels", "comments", "attachments"})
    help = gettext_lazy("谁因为什么看了哪辆车哪几天的轨迹。")
