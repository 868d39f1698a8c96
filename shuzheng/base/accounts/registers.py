"""People and posts as registers. People are removed by leaving (在职 = 否), posts by ending them: nothing is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.actions import end_posts, masked
from shuzheng.base.accounts.forms import UnmaskForm
from shuzheng.base.accounts.models import Person, PersonContact, Post
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import Column, FieldGroup, Panel, Register, Related, RowAction, Tab, register


@register
class People(Register):
    model, name, noun, label, icon, unit = Person, "people", "person", _("人员"), "users", _("人")
    columns = ("name", "number", Column("node", label=_("单位")), "is_active")
    key, key_in_owner = ("number",), False
    fields = ("name", "number", "is_active")
    groups = (FieldGroup(_("人员"), ("name", "number", "is_active")),)
    elements = {"name": "person.name", "number": "person.number"}
    filters = ("is_active", "node")
    tabs = (Tab("active", _("在职"), Q(is_active=True)), Tab("left", _("已离职"), Q(is_active=False)))
    search = ("name", "number", "initials")
    ordering = ("path", "pinyin")
    related = (Related("posts", "person", _("岗位")),)
    without = frozenset({"delete", "import", "labels", "attachments", "comments"})
    help = _("本级和下级单位的工作人员。成批登记用“导入人员”，连同岗位一起导入。")

    def panels(self, row: Any, actor: Actor) -> Sequence[Panel]:
        contact = PersonContact.objects.filter(person=row).select_related("person").first()
        if contact is None or not actor.may("accounts.contact.view", contact.path):
            return ()
        context = {
            "contact": masked(contact),
            "person": row,
            "form": UnmaskForm() if actor.may("accounts.contact.unmask", contact.path) else None,
        }
        return (Panel(_("联系方式"), "accounts/contact.html", context),)


class EndForm(forms.Form):
    on = forms.DateField(
        label=_("从哪天起不再任此岗"), initial=timezone.localdate, widget=forms.DateInput(attrs={"type": "date"})
    )


@register
class Posts(Register):
    model, name, noun, label, icon, unit = Post, "posts", "post", _("岗位"), "id-badge-2", _("个")
    columns = (Column("person", label=_("人员")), "name", Column("node", label=_("单位")), "valid", "is_main")
    title = "person"
    fields = ("person", "name", "valid", "is_main")
    elements = {"name": "person.post"}
    filters = ("is_main", "node")
    tabs = (
        Tab("now", _("在任"), lambda: Q(valid__contains=timezone.localdate())),
        Tab("ended", _("已结束"), lambda: Q(valid__fully_lt=(timezone.localdate(), None))),
    )
    search = ("name", "person__name")
    related = (Related("grants", "post", _("授权")),)
    actions = (RowAction(end_posts, _("免职"), "logout", EndForm),)
    without = frozenset({"delete", "import", "labels", "attachments", "comments"})
    help = _("谁在哪个单位任什么岗位、从何时到何时；到期后此岗不能再登录办事。")
