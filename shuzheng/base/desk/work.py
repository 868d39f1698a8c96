"""What the workbench shows: gathered from the parts of the base, each in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.flows.models import Task
from shuzheng.base.flows.reaching import inbox
from shuzheng.base.forms import workbench as reporting
from shuzheng.base.notify import receipts, texts
from shuzheng.base.notify.todos import waiting
from shuzheng.base.portal.parts import Todo
from shuzheng.base.standards import resolve as standards
from shuzheng.base.standards import working_days


def todos(actor: Actor, limit: int = 12) -> list[Todo]:
    """What waits for the actor, late first, then by deadline; things without one at the end."""
    noted = [Todo(texts.title(t), t.link, due=t.due) for t in waiting(actor)[:limit]]
    found = [*reporting.todos(actor), *_flows(actor, limit), *noted]
    far = timezone.now() + timedelta(days=3650)
    return sorted(found, key=lambda t: _moment(t.due) or far)[:limit]


def _flows(actor: Actor, limit: int) -> list[Todo]:
    """Cases that wait for the actor's post. One query."""
    waits = inbox(actor).exclude(role__in=Task.TO_READ)[:limit]
    return [Todo(f"{t.title} · {t.step_name}", reverse("flows:case", args=[t.case_id]), due=t.due) for t in waits]


def _moment(due: date | datetime | None) -> datetime | None:
    if due is None or isinstance(due, datetime):
        return due
    return timezone.make_aware(datetime.combine(due, datetime.max.time().replace(microsecond=0)))


def due_day(todo: Todo) -> date | None:
    """The day a thing is due, in local time."""
    at = _moment(todo.due)
    return timezone.localtime(at).date() if at else None


def headline(found: list[Todo], now: datetime, rows: Sequence[reporting.RoundRow] = ()) -> str:
    """The page in one sentence: how much is late and due today; else who has not reported; else how much waits."""
    late = sum(1 for t in found if (at := _moment(t.due)) and at < now)
    end = timezone.localtime(now).replace(hour=23, minute=59, second=59)
    today = sum(1 for t in found if (at := _moment(t.due)) and now <= at <= end)
    missing = sum(row.unreported for row in rows)
    if late and today:
        return _("今天到期 %(today)s 件，逾期 %(late)s 件") % {"today": today, "late": late}
    if late:
        return _("逾期 %(n)s 件") % {"n": late}
    if today:
        return _("今天到期 %(n)s 件") % {"n": today}
    if found:
        return _("待办 %(n)s 件，今天没有到期的") % {"n": len(found)}
    if missing:
        return _("%(n)s 家还没有报送") % {"n": missing}
    return _("没有待办，都办完了")


def rounds(actor: Actor, now: datetime) -> list[reporting.RoundRow]:
    """Rounds in progress that the actor fills in or looks after, with who has not reported."""
    return reporting.rounds(actor, now)


@dataclass(frozen=True)
class News:
    """A notice as one line."""

    title: str
    url: str
    sender: str
    at: datetime
    is_read: bool
    must_read: bool


def notices(actor: Actor, limit: int = 5) -> list[News]:
    """The latest notices to the actor's organ and post. One query."""
    return [
        News(
            texts.title(r),
            reverse("notify:notice", args=[r.notice_id]),
            r.sender_organ,
            r.sent_at,
            r.read_at is not None,
            r.must_read,
        )
        for r in receipts.inbox(actor).order_by("-sent_at")[:limit]
    ]


@dataclass(frozen=True)
class Day:
    """A day of the calendar: ``mark`` is 休 or 班 where a notice says so, ``due`` how many things end that day."""

    day: date
    in_month: bool
    is_today: bool
    mark: str
    due: int

    @property
    def is_past(self) -> bool:
        return self.day < timezone.localdate()


def month(actor: Actor, today: date, found: list[Todo]) -> dict[str, Any]:
    """This month in weeks, with holidays, make-up working days and what is due."""
    due: dict[date, int] = {}
    for todo in found:
        if day := due_day(todo):
            due[day] = due.get(day, 0) + 1
    first = today.replace(day=1)
    start = first - timedelta(days=first.weekday())
    book = standards.current()
    months = [first - timedelta(days=1), first, (first + timedelta(days=31))]
    marks = {d.day: d.mark for m in months for d in working_days.month(m.year, m.month, actor.organ_path, book=book)}
    days = [start + timedelta(days=n) for n in range(42)]
    weeks = [
        days[n : n + 7] for n in range(0, 42, 7) if days[n].month == first.month or days[n + 6].month == first.month
    ]
    return {
        "first": first,
        "weeks": [
            [Day(d, d.month == first.month, d == today, marks.get(d, ""), due.get(d, 0)) for d in week]
            for week in weeks
        ],
    }
