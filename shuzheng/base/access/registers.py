"""Grants as a register: to be read. They change by requests that a second person decides (``access.actions``)."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.access.models import Grant
from shuzheng.base.registers.declare import Column, Register, Tab, register


@register
class Grants(Register):
    model, name, noun, label, icon, unit = Grant, "grants", "grant", _("授权"), "key", _("项")
    columns = (
        Column("post", label=_("岗位"), joins=("post__person",)),
        Column("role", label=_("角色")),
        Column("at", label=_("授权范围")),
        "valid",
        Column("node", label=_("单位")),
        Column("granted_by", label=_("授权人"), shown=False, joins=("granted_by__person",)),
    )
    title = "post"
    search = ("post__person__name", "post__name", "role__name")
    filters = ("role", "node", "at")
    tabs = (
        Tab("now", _("生效"), lambda: Q(valid__contains=timezone.localdate())),
        Tab("officers", _("三员"), lambda: Q(valid__contains=timezone.localdate()) & ~Q(role__officer="")),
        Tab("ended", _("已结束"), lambda: Q(valid__fully_lt=(timezone.localdate(), None))),
    )
    without = frozenset({"create", "change", "delete", "import", "labels", "attachments", "comments"})
    help = _("谁持有什么角色、在什么范围、从何时到何时。授予和收回在“授权审批”里办理。")
