"""The standards as registers. What is entered is a draft; a published row is never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Literal

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.registers.declare import Column, FieldGroup, Register, Related, RowAction, Tab, register
from shuzheng.base.standards import actions, drafting
from shuzheng.base.standards.models import (
    CalendarDay,
    CodeItem,
    CodeSet,
    Confidence,
    ConversionFactor,
    DataElement,
    Rule,
    RulePack,
    State,
    Unit,
)

MARKS = {"A*": "ok", "A": "ok", "B*": "info", "B": "info", "C": "warn"}
STATES = {"draft": "mute", "review": "warn", "published": "ok", "withdrawn": "mute"}
FIXED = frozenset({"change", "delete", "labels", "comments", "attachments"})
"""What no register of standards has: editions stand as they were published."""

BASIS = FieldGroup(_("效力与依据"), ("effective_from", "effective_to", "source", "article", "confidence", "note"))
BASIS_COLUMNS = (
    Column("region", label=_("适用区域"), value=lambda row: row.region or _("全国"), sort="region"),
    "effective_from",
    Column("effective_to", shown=False),
    Column("source", shown=False),
    Column("article", shown=False),
    Column("confidence", states=MARKS),
    Column("edition", shown=False),
)


class ReturnForm(forms.Form):
    """Why a draft goes back to its author."""

    note = forms.CharField(label=_("退回原因"), max_length=300)


class EndForm(forms.Form):
    """When a published entry stops to hold."""

    on = forms.DateField(label=_("终止日"), help_text=_("自这一天起不再有效。"))


END = RowAction(actions.end_items, _("终止"), "calendar-off", EndForm, when=lambda row: row.state == State.PUBLISHED)
DRAFT_ACTIONS = (
    RowAction(drafting.submit_drafts, _("送审"), "send", when=lambda row: row.state == State.DRAFT),
    RowAction(
        drafting.publish_drafts, _("审核发布"), "circle-check", question=_("发布后不能再改，只能出新版次。"),
        when=lambda row: row.state == State.REVIEW,
    ),
    RowAction(
        drafting.return_drafts, _("退回"), "arrow-back-up", ReturnForm, when=lambda row: row.state == State.REVIEW
    ),
    RowAction(
        drafting.discard_drafts, _("作废"), "trash", question=_("作废的草稿只留作查看。"),
        when=lambda row: row.state in (State.DRAFT, State.REVIEW),
    ),
    END,
)  # fmt: skip
"""What happens to an entry from draft to end."""


def _unverified() -> Q:
    return Q(confidence=Confidence.UNVERIFIED)


def _in_force() -> Q:
    today = timezone.localdate()
    return Q(state=State.PUBLISHED, effective_from__lte=today) & (Q(effective_to=None) | Q(effective_to__gt=today))


TABS = (Tab("now", _("现行"), _in_force), Tab("unverified", _("待核"), _unverified, "warn"))


class _Defined(Register):
    """A register whose new rows are drafts for the division of the organ that owns them."""

    define: ClassVar[Callable[..., Any]]

    def prepare(self, rows: Sequence[Any], actor: Actor) -> None:
        for row in rows:
            if row._state.adding:
                row.region = actor.division
                row.edition = actions.next_edition(row)

    def write(self, verb: Literal["create", "change", "delete"], rows: Sequence[Any], **call: Any) -> Any:
        return type(self).define(rows, actor=call["actor"], key=call.get("key", ""), reason=call.get("reason", ""))


def _names(noun: str, define: str) -> dict[str, str]:
    view = f"standards.{noun}.view"
    return {"view": view, "export": view, "create": define, "import": define}


@register
class Elements(_Defined):
    model, name, noun, icon, unit = DataElement, "elements", "element", "list-check", _("项")
    define = staticmethod(drafting.draft_elements)
    permissions = _names("element", "standards.element.draft")
    without = FIXED
    columns = (
        Column("name", label=_("数据项名称")),
        "identifier",
        "data_type",
        "data_format",
        Column("value_domain", shown=False),
        "unit",
        "code_set",
        "required",
        Column("note", label=_("备注"), shown=False),
        Column("group", shown=False),
        Column("dataset", shown=False),
        Column("authority", shown=False),
        Column("name_en", shown=False),
        *BASIS_COLUMNS,
        Column("state", states=STATES, shown=False),
    )
    key = ("identifier", "edition")
    search = ("identifier", "name", "name_en")
    filters = ("group", "dataset", "data_type", "confidence", "state")
    tabs = TABS
    ordering = ("identifier", "edition")
    groups = (
        FieldGroup(
            _("数据元"),
            (
                "identifier",
                "name",
                "name_en",
                "group",
                "dataset",
                "data_type",
                "data_format",
                "value_domain",
                "required",
            ),
        ),
        FieldGroup(_("引用"), ("unit", "code_set", "authority")),
        BASIS,
    )
    actions = DRAFT_ACTIONS
    help = _(
        "数据元按 GB/T 43243 的栏目描述；登记的是草稿，另一人审核后发布；同一标识符再登记一次即新版次，旧版次保留。"
    )


@register
class CodeSets(Register):
    model, name, noun, icon, unit = CodeSet, "codesets", "codeset", "list-tree", _("个")
    permissions = _names("codeset", "standards.codeset.draft")
    without = FIXED | {"create", "import"}
    columns = ("name", "code", Column("name_en", shown=False), "edition", *BASIS_COLUMNS[:-1],
               Column("state", states=STATES))  # fmt: skip
    search = ("code", "name", "name_en")
    filters = ("state", "confidence")
    tabs = TABS
    ordering = ("code", "edition")
    related = (Related("codes", "code_set", _("代码")),)
    actions = DRAFT_ACTIONS
    help = _("代码集分版次发布；新版次的代码写明替代上一版的哪些代码。")


@register
class Codes(Register):
    model, name, noun, icon, unit = CodeItem, "codes", "codeset", "list", _("个")
    permissions = _names("codeset", "standards.codeset.draft")
    without = FIXED | {"create", "import"}
    columns = ("name", "code", "code_set", "parent_code", "std_code", Column("name_en", shown=False), "note")
    title = "name"
    search = ("code", "name", "name_en", "std_code")
    filters = ("code_set",)
    ordering = ("code_set", "order", "code")
    help = _("国标代码一栏按标准文本填写；未填表示代码为平台自编。")


@register
class UnitsOfMeasure(_Defined):
    model, name, noun, icon, unit = Unit, "units", "unit", "ruler-2", _("个")
    define = staticmethod(drafting.draft_units)
    permissions = _names("unit", "standards.unit.draft")
    without = FIXED
    columns = ("code", "name", "name_en", "dimension", "factor", *BASIS_COLUMNS[1:])
    title = "name"
    key = ("code", "edition")
    search = ("code", "name", "name_en")
    filters = ("dimension",)
    ordering = ("dimension", "factor")
    actions = DRAFT_ACTIONS
    groups = (FieldGroup(_("计量单位"), ("code", "name", "name_en", "dimension", "factor", "aliases")), BASIS)
    help = _("换算系数是一个单位等于多少基本单位；同一量纲才能互换。")


@register
class Factors(_Defined):
    model, name, noun, icon, unit = ConversionFactor, "factors", "factor", "scale", _("个")
    define = staticmethod(drafting.draft_factors)
    permissions = _names("factor", "standards.factor.draft")
    without = FIXED
    columns = ("name", "energy", "method", Column("value", align="end"), "from_unit", "to_unit",
               Column("low", shown=False), Column("high", shown=False), *BASIS_COLUMNS)  # fmt: skip
    key = ("energy", "to_unit", "method", "edition")
    search = ("name", "name_en", "energy")
    filters = ("energy", "method", "to_unit", "confidence")
    tabs = TABS
    ordering = ("energy", "to_unit", "effective_from", "edition")
    groups = (
        FieldGroup(
            _("折算系数"), ("name", "name_en", "energy", "method", "value", "from_unit", "to_unit", "low", "high")
        ),
        BASIS,
    )
    actions = DRAFT_ACTIONS
    help = _("一个原单位折算为多少；按生效日期和区域取用，算过的结果记住所用的版次。")


@register
class RulePacks(Register):
    model, name, noun, icon, unit = RulePack, "rulepacks", "rule", "package", _("个")
    permissions = _names("rule", "standards.rule.draft")
    without = FIXED | {"create", "import"}
    columns = ("name", "code", *BASIS_COLUMNS)
    search = ("code", "name", "name_en")
    ordering = ("code", "edition")
    related = (Related("rules", "pack", _("规则")),)


@register
class Rules(_Defined):
    model, name, noun, icon, unit = Rule, "rules", "rule", "gavel", _("条")
    define = staticmethod(drafting.draft_rules)
    permissions = _names("rule", "standards.rule.draft")
    without = FIXED
    columns = ("name", "code", "key", Column("value", align="end"), "unit", "bound",
               Column("pack", shown=False), Column("scope_level", shown=False), *BASIS_COLUMNS)  # fmt: skip
    key = ("code", "key", "scope_level", "edition")
    search = ("code", "name", "name_en", "source")
    filters = ("pack", "bound", "confidence")
    tabs = TABS
    ordering = ("code", "key", "effective_from", "edition")
    groups = (
        FieldGroup(_("规则"), ("pack", "code", "name", "name_en", "key", "scope_level", "value", "unit", "bound")),
        BASIS,
    )
    actions = DRAFT_ACTIONS
    help = _("下级只能更严；登记的是草稿，另一人审核后发布为新版次，按生效日期取用。")


class DayForm(forms.Form):
    """What a day is to be."""

    kind = forms.ChoiceField(
        label=_("类别"), required=False, choices=[*CalendarDay.DayKind.choices, ("", _("按周一至周五"))]
    )
    name = forms.CharField(label=_("名称"), max_length=60, required=False)
    source = forms.CharField(label=_("来源文件"), max_length=200, required=False)


@register
class CalendarDays(Register):
    model, name, noun, icon, unit = CalendarDay, "workdays", "calendar", "calendar", _("天")
    permissions = _names("calendar", "standards.calendar.change")
    without = FIXED | {"create", "import"}
    columns = (
        "name",
        "day",
        Column("kind", states={"holiday": "ok", "working": "info"}),
        Column("region", label=_("适用区域"), value=lambda row: row.region or _("全国"), sort="region"),
        "source",
    )
    title = "name"
    search = ("name", "source")
    filters = ("kind", "day")
    ordering = ("day",)
    actions = (RowAction(actions.change_days, _("改为"), "edit", DayForm),)
    help = _("只记与周一至周五不同的日子；每年 11 月国务院办公厅通知印发后装入下一年。")
