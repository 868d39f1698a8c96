"""Circular notices (通报) made from the ledger: draft text and table from the figures, edited, published, kept as they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.models import plain
from shuzheng.base.forms import ledger
from shuzheng.base.forms.models import Circular
from shuzheng.base.org.models import Node
from shuzheng.base.portal import formats
from shuzheng.kernel.errors import Invalid

NAMED = 8
"""Places that the draft names; the table has them all."""


@action("forms.circular.make", permission="forms.circular.publish")
def make_circulars(
    w: Write, divisions: Sequence[Node], *, first: date, last: date, form: str = "", form_name: str = ""
) -> list[Circular]:
    """Draft a circular on how the places below a division reported in the rounds whose period ends within the two days.

    Raises:
        Invalid: nothing was asked then.
    """
    made = []
    for division in divisions:
        now = timezone.now()
        rounds = ledger.rounds_between(first, last, form)
        found = sorted(ledger.lines(rounds, division, now), key=ledger.SORTS["timeliness"], reverse=True)
        total = ledger.whole(rounds, division.path, division.name, division.tier, now)
        if not total.asked:
            raise Invalid(_("这一段时间没有报送任务，换一个起止。"))
        row = Circular(
            title=_("关于%(form)s报送情况的通报") % {"form": form_name or _("各项报表")},
            text=_draft(total, found, first, last), division=division.name, audience=division.path,
            asked_for=plain({"first": first, "last": last, "form": form, "path": division.path, "rounds": len(rounds)}),
            table=[_figures(line) for line in [*found, total]], made_by=w.actor.name,
        )  # fmt: skip
        row.node_id, row.path = w.actor.organ_id, w.actor.organ_path
        # A draft is nobody's business but the office's own; it is shown to those below when it is published.
        row.audience = w.actor.organ_path
        made.append(row)
    w.create(*made)
    return made


@action("forms.circular.change", permission="forms.circular.publish")
def change_circulars(w: Write, circulars: Sequence[Circular], *, title: str, text: str) -> Sequence[Circular]:
    """Edit a draft: its words, never its figures.

    Raises:
        Invalid: it is published, or has no title or text.
    """
    for row in circulars:
        _require_draft(row)
        if not title.strip() or not text.strip():
            raise Invalid(_("标题和正文都要写。"))
        w.change(row, title=title.strip()[:120], text=text.strip()[:8000])
    return circulars


@action("forms.circular.publish", event="forms.circular.published")
def publish_circulars(w: Write, circulars: Sequence[Circular]) -> Sequence[Circular]:
    """Publish: everybody below the division reads it, and its offices get a notice.

    Raises:
        Invalid: it is published already.
    """
    for row in circulars:
        _require_draft(row)
        w.change(row, state=Circular.State.PUBLISHED, published_at=timezone.now(), audience=row.asked_for["path"])
    return circulars


def link(row: Circular) -> str:
    return reverse("forms:circular", args=[row.pk])


def _require_draft(row: Circular) -> None:
    if row.state != Circular.State.DRAFT:
        raise Invalid(_("通报已经发布，不能再改。"), code="forms.circular.published")


def _figures(line: ledger.Line) -> dict[str, Any]:
    return plain({"name": line.name, **{field: getattr(line, field) for field, _head in ledger.heads()}})


def _draft(total: ledger.Line, found: Sequence[ledger.Line], first: date, last: date) -> str:
    """What the figures say, in the order that an office says it: the whole, the good, what to mend, what is asked."""
    words = {
        "first": formats.day(first), "last": formats.day(last), "name": total.name, "asked": total.asked,
        "reported": total.reported, "late": total.late, "missing": total.missing,
        "timeliness": _rate(total.timeliness), "completeness": _rate(total.completeness), "returned": total.returned,
    }  # fmt: skip
    parts = [
        _("现将%(name)s %(first)s 至 %(last)s 的报送情况通报如下。") % words,
        _("一、总体情况。应报 %(asked)d 份，已报 %(reported)d 份，迟报 %(late)d 份，未报 %(missing)d 份；及时率 %(timeliness)s，"
          "完整率 %(completeness)s，退回 %(returned)d 次。") % words,
    ]  # fmt: skip
    good = [p.name for p in found if p.due and p.timeliness == 100 and not p.missing]
    if good:
        parts.append(_("二、按时报齐的有：%(names)s。") % {"names": _listed(good)})
    behind = sorted((p for p in found if p.missing or p.late), key=ledger.SORTS["missing"])
    if behind:
        said = [_("%(name)s（未报 %(missing)d 份、迟报 %(late)d 份）") % {"name": p.name, "missing": p.missing, "late": p.late}
                for p in behind]  # fmt: skip
        parts.append(_("三、未报、迟报的有：%(names)s。") % {"names": _listed(said)})
        parts.append(_("请未报单位尽快补报，并说明原因；迟报单位查明原因，下期按时报送。"))
    return "\n\n".join(parts)


def _listed(names: Sequence[str]) -> str:
    shown = "、".join(names[:NAMED])
    return shown if len(names) <= NAMED else _("%(names)s等 %(n)d 个") % {"names": shown, "n": len(names)}


def _rate(value: Any) -> str:
    return formats.NONE if value is None else f"{value}%"


__all__ = ["change_circulars", "link", "make_circulars", "publish_circulars"]
