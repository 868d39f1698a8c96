"""Forms of grants, roles, sharing and accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import DateRange

from shuzheng.base.access.delegation import grantable
from shuzheng.base.access.models import Role, Sharing
from shuzheng.base.access.sharing import CLOSED_LINES
from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.registry import LINES, PERMISSIONS
from shuzheng.base.org.models import Node


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SpanForm(forms.Form):
    """A span of days; the last day is included, as people say it, and the range is half-open, as the database keeps it."""

    start = forms.DateField(label=_("开始日期"), widget=DayInput(), initial=timezone.localdate)
    until = forms.DateField(label=_("最后一天"), widget=DayInput(), required=False, help_text=_("不填为长期。"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, until = data.get("start"), data.get("until")
        if start and until and until < start:
            self.add_error("until", _("最后一天不能早于开始日期。"))
        elif start:
            after = None if until is None else until + timedelta(days=1)
            data["valid"] = DateRange(start, after)
        return data


class NodeField(forms.CharField):
    """A node by its credit code, its path or its whole name."""

    def clean(self, value: Any) -> Node | None:
        text = super().clean(value)
        if not text:
            return None
        nodes = Node.objects.filter(valid_to=None)
        for where in ({"pk": text} if _is_uuid(text) else {"uscc": text.upper()}, {"path": text}, {"name": text}):
            found = list(nodes.filter(**where)[:2])
            if len(found) == 1:
                return found[0]
            if found:
                raise forms.ValidationError(_("有多个同名单位，改填统一社会信用代码。"))
        raise forms.ValidationError(_("没有这个单位。"))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class PostField(forms.CharField):
    """A post of a person: by its id, or by the person's number where that leaves no doubt."""

    def clean(self, value: Any) -> Post | None:
        text = super().clean(value)
        today = timezone.localdate()
        held = Post.objects.select_related("person", "node__organ__division", "node__division")
        where = {"pk": text} if _is_uuid(text) else {"person__number": text, "valid__contains": today}
        found = list(held.filter(**where)[:2])
        if not found:
            raise forms.ValidationError(_("没有此人，或现在不在岗。"))
        if len(found) > 1:
            raise forms.ValidationError(_("此人有多个岗位，从岗位台账中选一个。"))
        return found[0]


class AskForm(SpanForm):
    verb = forms.ChoiceField(label=_("事项"), choices=[("grant", _("授予")), ("end", _("收回"))])
    post = PostField(label=_("人员工号"))
    role = forms.ModelChoiceField(label=_("角色"), queryset=Role.objects.none())
    at = NodeField(label=_("授权范围"), help_text=_("机构名称、统一社会信用代码，或区划名称。"))
    reason = forms.CharField(label=_("理由"), max_length=200)
    field_order = ("verb", "post", "role", "at", "start", "until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = Role.objects.exclude(code="staff").order_by("-is_shipped", "name")


class RoleForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=60)
    name = forms.CharField(label=_("角色"), max_length=60)
    at = NodeField(label=_("在哪里使用"))
    permissions = forms.MultipleChoiceField(label=_("权限"), widget=forms.CheckboxSelectMultiple)
    field_order = ("at", "code", "name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = [(name, gettext(PERMISSIONS[name].label)) for name in sorted(grantable())]


def _lines() -> list[tuple[str, str]]:
    return [(line.name, gettext(line.label)) for line in LINES.values() if line.name not in CLOSED_LINES]


class ShareForm(SpanForm):
    """What both sides of a sharing say: whose, which line, how much, until when, what for."""

    owner = NodeField(label=_("数据单位"))
    line = forms.ChoiceField(label=_("业务条线"), choices=_lines)
    shared = NodeField(label=_("共享范围"), required=False, help_text=_("不填为数据单位的全部。"))
    purpose = forms.CharField(label=_("用途或依据"), max_length=200)
    field_order = ("owner", "line", "shared", "start", "until", "purpose")


class OfferForm(ShareForm):
    mode = forms.ChoiceField(label=_("共享类型"), choices=Sharing.Mode.choices)
    to = NodeField(label=_("共享给"), required=False, help_text=_("不填为面向所有单位。"))
    field_order = ("owner", "line", "shared", "mode", "to", "start", "until", "purpose")


class AccountForm(forms.Form):
    number = forms.CharField(label=_("人员工号"), max_length=40)
    username = forms.CharField(label=_("账号"), max_length=60, required=False, help_text=_("不填用工号。"))

    def clean_number(self) -> Person:
        found = Person.objects.filter(number=self.cleaned_data["number"].strip()).first()
        if found is None:
            raise forms.ValidationError(_("没有此人。"))
        return found


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=200)
