"""审批单: the form, the opinions and who gave them, as PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.flows.signatures import pictures
from shuzheng.base.portal import formats
from shuzheng.base.portal.typeset import pdf

if TYPE_CHECKING:
    from shuzheng.base.flows.showing import CaseView

LAYOUT = Path(__file__).parent / "typst" / "sheet.typ"
SIGNED = ("pass", "refuse", "handle", "mend", "back", "start", "read", "auto_pass", "terminate", "revoke")
"""What belongs on paper; urging and handing on stay on the screen."""


def sheet(view: CaseView) -> bytes:
    """The sheet as its reader may see it: hidden fields are not on it."""
    case = view.case
    signed = pictures(line.row for line in view.story)
    lines = [line for line in reversed(view.story) if line.verb in SIGNED]
    return pdf(
        LAYOUT,
        {
            "title": _("%(process)s审批单") % {"process": case.definition.label},
            "number": _("编号：%(n)s") % {"n": case.number},
            "facts": [
                [_("标题"), case.title], [_("发起人"), f"{case.starter}（{case.organ_name}）"],
                [_("发起时间"), formats.full(case.started_at)], [_("状态"), case.get_state_display()],
            ],
            "fields": [[f"{s.label}（{s.field.unit}）" if s.field.unit else s.label, s.value] for s in view.fields],
            "heads": [_("环节"), _("意见"), _("签署")],
            "lines": [
                [
                    line.step or _("发起"),
                    line.text if line.text.startswith(str(line.said)) else f"{line.said}。{line.text}",
                    f"{line.person} {line.row.post_name}\n{formats.full(line.row.at)}",
                    list(signed.get(str(line.row.pk), b"")),
                ]
                for line in lines
            ],
            "foot": _("%(at)s 由 %(who)s 打印") % {"at": formats.full(timezone.now()), "who": view.actor.name},
        },
    )  # fmt: skip
