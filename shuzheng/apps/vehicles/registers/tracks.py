"""Registers about tracks: terminals, fences, and who looked at whose track. Imported by ``registers``."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.apps.vehicles.actions.tracks import reopen_terminals
from shuzheng.apps.vehicles.models import Fence, Terminal, TrackAccess
from shuzheng.apps.vehicles.watching import Area
from shuzheng.base.core.actor import Actor
from shuzheng.base.portal.formats import full
from shuzheng.base.registers.declare import Column, Register, RowAction, Tab, register
from shuzheng.kernel.errors import FieldFault, Invalid


def _heard(terminal: Terminal) -> str:
    place = getattr(terminal.vehicle, "place", None)
    return full(place.heard_at) if place is not None else ""


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
        RowAction(
            reopen_terminals, gettext_lazy("允许重新注册"), "refresh", when=lambda t: bool(t.code_hash),
            question=gettext_lazy("原来的鉴权码即刻作废，终端须重新注册后才能上报。"),
        ),
    )  # fmt: skip
    help = gettext_lazy("终端首次连接时按终端号和车牌注册，得到鉴权码；之后凭鉴权码接入。")


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
