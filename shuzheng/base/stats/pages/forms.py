"""Fields that the pages of statistics share."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.access.forms import NodeField
from shuzheng.base.accounts.models import Post
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.models_pages import AlertRule, Brief
from shuzheng.base.stats.question import Catalogue


class PostsField(forms.CharField):
    """Posts by the numbers of the persons who hold them today, divided by spaces or commas."""

    widget = forms.TextInput

    def clean(self, value: Any) -> list[Post]:
        numbers = [n for n in re.split(r"[\s,，、;；]+", super().clean(value) or "") if n]
        held = Post.objects.select_related("person", "node__organ").filter(
            person__number__in=numbers, valid__contains=timezone.localdate()
        )
        found: dict[str, list[Post]] = {}
        for post in held.order_by("-is_main", "pk"):
            found.setdefault(post.person.number, []).append(post)
        missing = [n for n in numbers if n not in found]
        if missing:
            raise forms.ValidationError(_("没有工号 %(n)s，或此人现在不在岗。"), params={"n": "、".join(missing)})
        return [found[n][0] for n in dict.fromkeys(numbers)]


def numbers_of(posts: list[Any]) -> str:
    """The persons' numbers of posts, as the field reads them."""
    return " ".join(Post.objects.filter(pk__in=posts).order_by("pk").values_list("person__number", flat=True))


class ShareForm(forms.Form):
    posts = PostsField(label=_("人员工号"), required=False, help_text=_("多个用空格隔开。"))
    organ = NodeField(
        label=_("单位"), required=False, help_text=_("单位名称或统一社会信用代码，单位里各岗位都能看到。")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        organ = data.get("organ")
        if isinstance(organ, Node) and organ.kind == NodeKind.DIVISION:
            self.add_error("organ", _("写单位，不写区划。"))
        if not self.errors and not data.get("posts") and not organ:
            raise forms.ValidationError(_("写明分享给谁。"))
        return data


class BriefForm(forms.Form):
    name = forms.CharField(label=_("简报"), max_length=80)
    every = forms.ChoiceField(label=_("频次"), choices=Brief.Every.choices)
    posts = PostsField(label=_("收件人工号"), help_text=_("多个用空格隔开。每人按自己岗位的范围收到自己的数。"))
    note = forms.CharField(label=_("说明"), max_length=200, required=False)
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)


class RuleForm(forms.Form):
    name = forms.CharField(label=_("预警"), max_length=80)
    indicator = forms.ChoiceField(label=_("指标"))
    by = forms.ChoiceField(label=_("看到哪一层"), required=False)
    kind = forms.ChoiceField(label=_("方式"), choices=AlertRule.Way.choices)
    condition = forms.CharField(
        label=_("条件"), max_length=500, required=False,
        help_text=_("如 change > 10：可用 value 本期、previous 上期、last_year 上年同期、change 同比（%）、target 目标。"),
    )  # fmt: skip
    factor = forms.DecimalField(
        label=_("倍数"), max_digits=5, decimal_places=2, min_value=Decimal("0.5"), initial=3, required=False,
        help_text=_("偏离以往多少倍标准差。"),
    )  # fmt: skip
    level = forms.ChoiceField(label=_("级别"), choices=AlertRule.Level.choices)
    posts = PostsField(label=_("通知工号"), required=False, help_text=_("不填则通知本单位。"))
    is_active = forms.BooleanField(label=_("启用"), required=False, initial=True)

    def __init__(self, *args: Any, catalogue: Catalogue, words: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["indicator"].choices = [(o.name, words(o)) for o in catalogue.indicators]  # type: ignore[attr-defined]
        places = ("province", "prefecture", "county", "institution", "type", "tier")
        self.fields["by"].choices = [("", _("只看合计"))] + [  # type: ignore[attr-defined]
            (d.name, words(d)) for d in catalogue.dimensions if d.name in places
        ]

    def clean_factor(self) -> Decimal:
        return self.cleaned_data.get("factor") or Decimal(3)


class OwnForm(forms.Form):
    name = forms.CharField(label=_("指标"), max_length=80)
    code = forms.SlugField(label=_("代码"), max_length=40, help_text=_("字母开头，用字母、数字和下划线，定了不改。"))
    form = forms.ChoiceField(label=_("报表"))
    formula = forms.CharField(
        label=_("算式"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("用格的代码，如 e01_q / area。比率是合计与合计之比。"),
    )  # fmt: skip
    unit = forms.CharField(label=_("单位"), max_length=24, required=False)
    places = forms.IntegerField(label=_("小数位数"), min_value=0, max_value=6, initial=2)
    direction = forms.ChoiceField(label=_("方向"), choices=OwnIndicator.Direction.choices, required=False)
    target = forms.DecimalField(label=_("目标值"), max_digits=24, decimal_places=6, required=False)
    target_year = forms.IntegerField(label=_("目标年份"), min_value=2020, max_value=2100, required=False)
    note = forms.CharField(label=_("说明"), max_length=300, required=False)
