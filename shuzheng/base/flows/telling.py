"""What a definition says, in words: how a step is signed, what a refusal does, where it may be sent back to, and so on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuzheng.base.flows import limits
from shuzheng.base.flows.bpmn.words import Outline, StepRule
from shuzheng.base.flows.who import words_of

MODE_WORDS: Mapping[str, Any] = {
    "single": gettext_lazy("单人"), "all": gettext_lazy("会签，都要同意"), "share": gettext_lazy("会签，按比例"),
    "veto": gettext_lazy("会签，一票否决"), "any": gettext_lazy("或签，一人即可"), "sequence": gettext_lazy("依次"),
    "claim": gettext_lazy("抢办"),
}  # fmt: skip
VALUE_WORDS: Mapping[str, Mapping[str, Any]] = {
    "mode": MODE_WORDS,
    "kind": {"approve": gettext_lazy("审批"), "handle": gettext_lazy("办理"), "read": gettext_lazy("传阅"), "copy": gettext_lazy("抄送")},
    "refuse": {"end": gettext_lazy("事项终止"), "start": gettext_lazy("退回发起人"), "previous": gettext_lazy("退回上一步"),
               "go": gettext_lazy("继续，由分支判断")},
    "back": {"any": gettext_lazy("前面任一步"), "start": gettext_lazy("发起人"), "previous": gettext_lazy("上一步"), "none": gettext_lazy("不能退回")},
    "empty": {"admin": gettext_lazy("转业务管理员"), "skip": gettext_lazy("跳过"), "refuse": gettext_lazy("不能提交")},
    "overdue": {"remind": gettext_lazy("催办"), "escalate": gettext_lazy("上报负责人"), "pass": gettext_lazy("自动通过"), "return": gettext_lazy("自动退回")},
    "right": {"read": gettext_lazy("可看"), "edit": gettext_lazy("可改"), "required": gettext_lazy("必填"), "hidden": gettext_lazy("不可见")},
    "withdraw": {"undecided": gettext_lazy("当前环节没人办之前"), "first": gettext_lazy("第一步没办之前"), "never": gettext_lazy("不能撤回")},
}  # fmt: skip
HOLD_WORDS: Mapping[str, Any] = {
    "fixed": gettext_lazy("原样保留"), "kept": gettext_lazy("保留，可定由谁办，时限可缩短"), "free": gettext_lazy("可改可减"),
}  # fmt: skip
STEP_LABELS: Mapping[str, Any] = {
    "name": gettext_lazy("名称"), "who": gettext_lazy("由谁办"), "cc": gettext_lazy("抄送给"), "kind": gettext_lazy("办理方式"),
    "mode": gettext_lazy("会签方式"), "refuse": gettext_lazy("不同意时"), "back": gettext_lazy("可退回到"), "empty": gettext_lazy("没有人时"),
    "due": gettext_lazy("时限"), "overdue": gettext_lazy("超时后"), "every": gettext_lazy("重复催办"), "skip": gettext_lazy("同一人再次遇到"),
    "fields": gettext_lazy("字段权限"),
}  # fmt: skip


def who_words(rule: str, outline: Outline | None = None) -> str:
    """Who does a step, as people say it; a field that names somebody by its label."""
    field = outline.field(rule[1:].strip()) if outline is not None and rule.startswith("=") else None
    return _("“%(field)s”填写的人") % {"field": field.shown} if field else words_of(rule)


def step_words(step: StepRule, outline: Outline | None = None) -> dict[str, str]:
    """What is said of a step, by the names of ``STEP_LABELS``."""
    share = f" {Decimal(step.share):.0%}" if step.mode == "share" else ""
    return {
        "name": step.label,
        "who": "、".join(who_words(w, outline) for w in step.who),
        "cc": "、".join(who_words(w, outline) for w in step.cc),
        **{name: str(VALUE_WORDS[name][getattr(step, name)]) for name in ("kind", "refuse", "back", "empty")},
        "mode": f"{MODE_WORDS[step.mode]}{share}",
        "due": limits.said(step.due),
        "overdue": str(VALUE_WORDS["overdue"][step.overdue]) if step.due else "",
        "every": limits.said(step.every),
        "skip": str(gettext_lazy("跳过")) if step.skip else "",
        "fields": "、".join(f"{code} {VALUE_WORDS['right'][right]}" for code, right in sorted(step.fields.items())),
    }
