"""Nodes and the particulars of organs as registers. Nodes change through reorganisation only (``org.changes``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import Node, NodeKind, OrganProfile
from shuzheng.base.registers.declare import Column, FieldGroup, Register, Related, Tab, register


@register
class Nodes(Register):
    model, name, noun, label, icon, unit = Node, "nodes", "node", _("机构"), "sitemap", _("个")
    columns = (
        "name",
        "kind",
        "type",
        "tier",
        Column("parent", label=_("上级")),
        Column("division", label=_("所在区划"), shown=False),
        "uscc",
        Column("level", shown=False),
        Column("is_reporting", shown=False),
        Column("valid_from", shown=False),
        Column("valid_to", shown=False),
        Column("code", shown=False),
        Column("short_name", shown=False),
    )
    fields = ("name", "short_name", "kind", "type", "level", "uscc", "code", "is_reporting", "valid_from", "valid_to")
    search = ("name", "short_name", "uscc", "code")
    filters = ("kind", "type", "tier", "parent", "is_reporting", "valid_from", "valid_to")
    tabs = (
        Tab("organs", _("机关单位"), Q(kind=NodeKind.ORGAN, valid_to=None)),
        Tab("reporting", _("公共机构名录"), Q(is_reporting=True, valid_to=None)),
        Tab("ended", _("已停用"), Q(valid_to__isnull=False)),
    )
    related = (Related("nodes", "parent", _("下一级")), Related("profiles", "node", _("机构信息")))
    elements = {
        "name": "organ.name",
        "short_name": "organ.short_name",
        "code": "organ.internal_code",
        "type": "organ.type",
        "tier": "organ.tier",
        "level": "organ.level",
        "uscc": "organ.uscc",
        "parent": "organ.parent",
        "valid_from": "organ.founded_on",
        "valid_to": "organ.abolished_on",
    }
    permissions = {"export": "org.node.view"}
    without = frozenset({"create", "change", "delete", "import", "labels", "comments", "attachments"})
    help = _("区划、机关单位和内设机构；建立、更名、划转、合并、拆分、撤销都在机构调整里办理。")


@register
class Profiles(Register):
    model, name, noun, label, icon, unit = OrganProfile, "profiles", "profile", _("机构信息"), "id-badge-2", _("家")
    columns = (
        Column("node", label=_("单位")),
        Column("energy_headcount", unit=_("人"), total=True),
        Column("floor_area", unit="㎡", total=True),
        Column("staff_actual", unit=_("人"), total=True),
        "contact",
        "telephone",
        Column("address", shown=False),
    )
    title = "node"
    search = ("node__name", "contact", "address")
    filters = ("node", "energy_headcount", "floor_area")
    groups = (
        FieldGroup(
            _("编制与人数"),
            ("staff_admin", "staff_civil", "staff_public", "staff_worker", "staff_actual", "staff_contract",
             "staff_retired", "energy_headcount"),
        ),
        FieldGroup(_("场所与联系"), ("floor_area", "address", "contact", "telephone")),
    )  # fmt: skip
    elements = {
        "staff_admin": "organ.staffing_administrative",
        "staff_civil": "organ.staffing_reference",
        "staff_public": "organ.staffing_service",
        "staff_worker": "organ.staffing_worker",
        "staff_actual": "organ.headcount_actual",
        "staff_contract": "organ.headcount_contract",
        "staff_retired": "organ.headcount_retired",
        "energy_headcount": "energy.headcount",
        "floor_area": "energy.floor_area",
        "address": "organ.address",
        "telephone": "organ.telephone",
    }
    permissions = {"export": "org.profile.view"}
    without = frozenset({"create", "delete", "import", "labels"})
    help = _("每个机关单位一条，随机构建立。")

    def write(self, verb: str, rows: Sequence[Any], **call: Any) -> Any:
        changes: Mapping[str, Mapping[str, Any]] = call.pop("changes")
        seen, key = call.pop("seen", None) or {}, call.pop("key", "")
        groups: dict[tuple[tuple[str, Any], ...], list[Any]] = {}
        for row in rows:
            groups.setdefault(tuple(sorted(changes[str(row.pk)].items())), []).append(row)
        done: list[Any] = []
        for place, (values, batch) in enumerate(groups.items()):
            part = {row.pk: seen[row.pk] for row in batch if row.pk in seen}
            one = f"{key}-{place}" if key and place else key
            done += change_profiles(batch, seen=part or None, key=one, **dict(values), **call)
        return done
