"""Forms of the pages: one for each verb of reorganisation, and the file to import."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.core.registry import LINES
from shuzheng.base.org.actions import create_values, split_values
from shuzheng.base.org.models import InstitutionType, Node, NodeKind, Reorganisation
from shuzheng.base.org.places import draft_node
from shuzheng.kernel.text import fold

Verb = Reorganisation.Verb


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class NodeField(forms.CharField):
    """A node, given by its name, credit code, or path; ``label_of`` is what the suggestions fill in."""

    widget = forms.TextInput(
        attrs={
            "list": "org-suggestions",
            "autocomplete": "off",
            "hx-get": reverse_lazy("org:suggest"),
            "hx-trigger": "input changed delay:200ms",
            "hx-target": "#org-suggestions",
            "hx-swap": "innerHTML",
        }  # fmt: skip
    )

    def clean(self, value: Any) -> Node | None:
        text = fold(super().clean(value) or "")
        if not text:
            return None
        name, _dot, path = text.rpartition(" · ")
        path = "" if path == "/" else path
        if name:
            found = list(Node.objects.filter(path=path)[:1])
        else:
            by_text = Q(name=text) | Q(path=text) if "/" in text else Q(name=text) | Q(uscc=text.upper())
            found = list(Node.objects.filter(by_text, valid_to=None).order_by("path")[:3])
        if not found:
            raise forms.ValidationError(_("没有“%(text)s”。从提示里选。") % {"text": text})
        if len(found) > 1:
            raise forms.ValidationError(_("有几处叫“%(text)s”。从提示里选。") % {"text": text})
        return found[0]


def label_of(name: str, path: str) -> str:
    """How a node is written in a ``NodeField``."""
    return f"{name} · {path or '/'}"


class ChangeForm(forms.Form):
    """What every reorganisation has. ``values`` gives ``Reorganisation.values``; ``facts`` what the action takes."""

    on = forms.DateField(label=gettext_lazy("生效日期"), widget=DayInput())
    basis = forms.CharField(
        label=gettext_lazy("依据"), max_length=200, required=False, help_text=gettext_lazy("文号或会议纪要")
    )

    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.node = node
        self.fields["on"].initial = timezone.localdate()
        self.order_fields([name for name in self.fields if name not in ("on", "basis")] + ["on", "basis"])

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("on", "basis")}

    def values(self) -> dict[str, Any]:
        return self.facts()


class FactsForm(ChangeForm):
    name = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    short_name = forms.CharField(label=gettext_lazy("简称"), max_length=40, required=False)
    type = forms.ChoiceField(
        label=gettext_lazy("机构类型"), choices=[("", "—"), *InstitutionType.choices], required=False
    )
    level = forms.CharField(label=gettext_lazy("机构规格"), max_length=8, required=False)
    uscc = forms.CharField(label=gettext_lazy("统一社会信用代码"), max_length=18, required=False)

    def clean_name(self) -> str:
        return fold(self.cleaned_data["name"])

    def clean_uscc(self) -> str:
        return fold(self.cleaned_data["uscc"]).upper()


class CreateForm(FactsForm):
    kind = forms.ChoiceField(label=gettext_lazy("类别"))
    code = forms.CharField(
        label=gettext_lazy("代码"), max_length=24, required=False,
        help_text=gettext_lazy("区划填上级代码之后的数字；单位不填则自动编"),
    )  # fmt: skip
    is_reporting = forms.BooleanField(label=gettext_lazy("列入公共机构名录"), required=False)
    field_order = ("kind", "name", "short_name", "code", "type", "level", "uscc", "is_reporting")

    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(node, *args, **kwargs)
        fit = [NodeKind.DIVISION, NodeKind.ORGAN] if node.kind == NodeKind.DIVISION else [NodeKind.DEPARTMENT]
        self.fields["kind"].choices = [
            (kind.value, kind.label) for kind in fit if kind != NodeKind.DIVISION or node.tier < 4
        ]

    def draft(self) -> Node:
        given = self.facts()
        return draft_node(self.node, given.pop("name"), given.pop("kind"), **given)

    def values(self) -> dict[str, Any]:
        return create_values(self.draft(), {})


class RenameForm(FactsForm):
    def __init__(self, node: Node, *args: Any, **kwargs: Any) -> None:
        super().__init__(node, *args, **kwargs)
        for name in ("name", "short_name", "type", "level", "uscc"):
            self.fields[name].initial = getattr(node, name)

    def facts(self) -> dict[str, Any]:
        """Only what differs, so that what somebody else changed meanwhile stays."""
        return {k: v for k, v in super().facts().items() if k == "name" or getattr(self.node, k) != v}


class MoveForm(ChangeForm):
    to = NodeField(label=gettext_lazy("划到"))
    code = forms.CharField(
        label=gettext_lazy("新代码"), max_length=24, required=False, help_text=gettext_lazy("不变则不填")
    )

    def values(self) -> dict[str, Any]:
        return {"to": str(self.cleaned_data["to"].pk), "code": self.cleaned_data["code"]}


class MergeForm(ChangeForm):
    into = NodeField(label=gettext_lazy("并入"))

    def values(self) -> dict[str, Any]:
        return {"into": str(self.cleaned_data["into"].pk)}


class SplitForm(ChangeForm):
    parts = forms.CharField(
        label=gettext_lazy("拆分出"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("一行一家：名称：划入的下级、下级。区划写成 代码 名称：…"),
    )
    continues = forms.BooleanField(label=gettext_lazy("原机构保留"), required=False, initial=True)
    heir = forms.IntegerField(
        label=gettext_lazy("承接其余事项的是第几家"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("原机构不保留时填"),
    )

    def clean_parts(self) -> list[dict[str, Any]]:
        children = {child.name: child for child in Node.objects.filter(parent=self.node, valid_to=None)}
        parts = []
        for line in filter(None, map(fold, self.cleaned_data["parts"].splitlines())):
            name, *given = re.split("[:：]", line, maxsplit=1)
            code = ""
            if self.node.kind == NodeKind.DIVISION:
                code, _space, name = name.strip().partition(" ")
            wanted = [n for n in map(str.strip, re.split("[、,，]", given[0])) if n] if given else []
            strange = [n for n in wanted if n not in children]
            if strange:
                raise forms.ValidationError(
                    _("“%(name)s”不是“%(parent)s”的下级。") % {"name": strange[0], "parent": self.node.name}
                )
            parts.append({"name": name.strip(), "code": code, "children": [children[n] for n in wanted]})
        return parts

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        data["heir"] = data["heir"] - 1 if data.get("heir") else None
        return data

    def values(self) -> dict[str, Any]:
        return split_values(self.node, **self.facts())


class AbolishForm(ChangeForm):
    with_children = forms.BooleanField(label=gettext_lazy("连同下级一起撤销"), required=False)


FORMS: dict[str, type[ChangeForm]] = {
    Verb.CREATE: CreateForm,
    Verb.RENAME: RenameForm,
    Verb.MOVE: MoveForm,
    Verb.MERGE: MergeForm,
    Verb.SPLIT: SplitForm,
    Verb.ABOLISH: AbolishForm,
}


class FileForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("文件"), widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv"}))
    on = forms.DateField(label=gettext_lazy("改动从哪天起"), widget=DayInput(), required=False)
    partly = forms.BooleanField(label=gettext_lazy("有错的行跳过，其余照常导入"), required=False)


class CompetenceForm(forms.Form):
    """Who is competent for a business line, and from when."""

    line = forms.ChoiceField(label=gettext_lazy("业务条线"))
    organ = NodeField(label=gettext_lazy("主管部门"), help_text=gettext_lazy("本级或上级的机关单位。"))
    on = forms.DateField(
        label=gettext_lazy("开始日期"), widget=DayInput(), help_text=gettext_lazy("此前的主管部门到这一天为止。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = [(name, _(line.label)) for name, line in LINES.items()]  # type: ignore[attr-defined]
