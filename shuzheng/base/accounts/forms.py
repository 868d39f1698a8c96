"""Forms of one's own pages and of the pages of sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.forms import ModelForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.accounts.models import PasswordPolicy
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.registry import PERMISSIONS


class InvitationForm(forms.Form):
    username = forms.CharField(
        label=_("账号"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "username"})
    )
    code = forms.CharField(
        label=_("一次性码"), max_length=40, help_text=_("管理员给出的 16 位码，只能用一次。"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("新密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") and data.get("again") and data["password"] != data["again"]:
            self.add_error("again", _("两次输入不一致。"))
        return data


class ContactForm(forms.Form):
    mobile = forms.CharField(label=_("手机号"), max_length=20, required=False)
    email = forms.EmailField(label=_("邮箱"), required=False)


class TokenForm(forms.Form):
    """For a token with a part of the actor's own rights."""

    name = forms.CharField(label=_("用途"), max_length=60)
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=365, initial=90)
    addresses = forms.CharField(
        label=_("允许的地址"), required=False, help_text=_("地址或网段，逗号分开，例如 10.1.2.0/24；不填不限。")
    )
    permissions = forms.MultipleChoiceField(label=_("权限"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = sorted(name for name in actor.grants if name in PERMISSIONS)
        self.fields["permissions"].choices = [(name, PERMISSIONS[name].label) for name in held]

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "permissions": data["permissions"],
            "addresses": [a.strip() for a in data["addresses"].replace("，", ",").split(",") if a.strip()],
            "expires_at": timezone.now() + timedelta(days=data["days"]),
        }


class PolicyForm(ModelForm):
    class Meta:
        model = PasswordPolicy
        fields = (
            "valid_from",
            "min_length",
            "classes",
            "history",
            "max_age_days",
            "tries",
            "account_tries",
            "lock_minutes",
            "idle_minutes",
            "invitation_hours",
            "second_factor",
        )
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}


class UnmaskForm(forms.Form):
    reason = forms.CharField(label=_("查看原因"), max_length=200, min_length=2)


class PeopleImportForm(forms.Form):
    file = forms.FileField(
        label=_("人员表"),
        help_text=_("xlsx、xls、ods 或 csv；表头：姓名、工号、单位、部门、岗位、任职日期、手机号、身份证号、邮箱。"),
    )
    partly = forms.BooleanField(label=_("只导入没有错误的行"), required=False)
