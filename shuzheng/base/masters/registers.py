"""Places and suppliers as registers."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.core.actor import Actor
from shuzheng.base.masters import actions
from shuzheng.base.masters.models import Party, Place, PlaceState
from shuzheng.base.registers.declare import Column, FieldGroup, Register, Related, RowAction, Tab, register
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.uscc import check_uscc


@register
class Places(Register):
    model, name, noun, icon, unit = Place, "places", "place", "map-pin", gettext_lazy("处")
    columns = (
        "number",
        "name",
        "kind",
        Column("parent", label=gettext_lazy("所在位置")),
        Column("node", label=gettext_lazy("单位")),
        Column("gross_area", unit="㎡", total=True),
        Column("net_area", unit="㎡", total=True),
        Column("state", states={"used": "ok", "idle": "warn", "repair": "info", "closed": "mute"}),
        Column("storey", shown=False),
        Column("built_on", shown=False),
    )
    key = ("number",)
    title = "name"
    search = ("number", "name", "full_name")
    filters = ("kind", "state", "node", "parent", "gross_area", "net_area", "built_on")
    tabs = (
        Tab("rooms", gettext_lazy("房间"), Q(kind="room")),
        Tab("buildings", gettext_lazy("建筑"), Q(kind="building")),
        Tab("idle", gettext_lazy("闲置"), Q(state=PlaceState.IDLE), "warn"),
    )
    groups = (
        FieldGroup(gettext_lazy("位置"), ("number", "name", "kind", "parent", "address")),
        FieldGroup(gettext_lazy("面积与状态"), ("gross_area", "net_area", "storey", "built_on", "state", "note")),
    )
    elements = {
        "gross_area": "space.building.gross_area",
        "net_area": "space.room.usable_area",
        "address": "space.compound.address",
    }
    related = (Related("places", "parent", gettext_lazy("其中的位置")),)
    label_fields = ("number", "full_name", "node")
    help = gettext_lazy("院落、建筑、楼层、房间，一处一条；房间归到楼层或建筑之下。")

    def prepare(self, rows: Sequence[Place], actor: Actor) -> None:
        actions.check_places(rows)
        for place in rows:
            place.full_name = actions.full_name(place)


class BlockForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("理由"), max_length=200)
    until = forms.DateField(label=gettext_lazy("禁用至"), required=False, help_text=gettext_lazy("不填为长期。"))


def _party_state(party: Party) -> str:
    if party.is_blocked and (party.blocked_until is None or party.blocked_until >= timezone.localdate()):
        return _("已禁用")
    if party.valid is not None and timezone.localdate() not in party.valid:
        return _("不在有效期")
    return _("可用")


def _in_force() -> Q:
    return Q(is_blocked=False) & (Q(valid__contains=timezone.localdate()) | Q(valid=None))


@register
class Parties(Register):
    model, name, noun, icon, unit = Party, "parties", "party", "building-community", gettext_lazy("家")
    columns = (
        "name",
        "uscc",
        "categories",
        Column("node", label=gettext_lazy("单位")),
        "contact",
        Column("telephone", shown=False),
        "valid",
        Column("state", label=gettext_lazy("状态"), value=_party_state),
    )
    key = ("uscc",)
    search = ("name", "uscc", "contact")
    filters = ("categories", "node", "valid", "is_blocked")
    tabs = (
        Tab("usable", gettext_lazy("可用"), _in_force),
        Tab("blocked", gettext_lazy("已禁用"), Q(is_blocked=True), "over"),
    )
    actions = (
        RowAction(actions.block_parties, gettext_lazy("禁用"), "hand-stop", BlockForm, when=lambda p: not p.is_blocked),
        RowAction(actions.unblock_parties, gettext_lazy("解除禁用"), "circle-check", when=lambda p: p.is_blocked),
    )
    groups = (
        FieldGroup(gettext_lazy("基本信息"), ("name", "uscc", "categories", "valid", "contact", "telephone", "note")),
        FieldGroup(gettext_lazy("禁用"), ("is_blocked", "blocked_reason", "blocked_until")),
    )
    elements = {"name": "logistics.supplier.name", "uscc": "logistics.supplier.uscc"}
    label_fields = ("name", "uscc")
    help = gettext_lazy("为本单位提供服务或货物的单位。")

    def prepare(self, rows: Sequence[Party], actor: Actor) -> None:
        faults = []
        for number, party in enumerate(rows):
            party.uscc = party.uscc.upper()
            try:
                check_uscc(party.uscc)
            except ValueError as fault:
                faults.append(FieldFault("uscc", str(fault), row=number, value=party.uscc))
        if faults:
            raise Invalid(faults=faults)
