"""Reminders by themselves: three and one working days before the deadline, on the day, and one working day after.

The days are the rule REPORT-REMIND; each one reminds once, and who was reminded by hand since is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import Q
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.forms.actions import remind
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.queries import UNREPORTED
from shuzheng.base.standards import working_days
from shuzheng.base.standards.resolve import rule
from shuzheng.kernel.errors import Missing

KEYS = ("T-3", "T-1", "T+0", "T+1")
BATCH = 500


@dataclass(frozen=True)
class Reminder:
    """One reminder of one deadline: which of the rule's, and its day."""

    key: str
    day: date


def schedule(due: date, path: str = "") -> list[Reminder]:
    """The reminders of a deadline in order of their days. A key without a rule is left out: it was switched off."""
    found = []
    for key in KEYS:
        try:
            days = int(rule("REPORT-REMIND", due, path, key=key).value)
        except Missing:
            continue
        found.append(Reminder(key, working_days.add(due, days, path)))
    return sorted(found, key=lambda r: (r.day, r.key))


def reached(due: date, today: date, path: str = "") -> Reminder | None:
    """The latest reminder whose day has come: one that a stopped worker missed is made up for by the next, not sent twice."""
    past = [r for r in schedule(due, path) if r.day <= today]
    return past[-1] if past else None


def send_due(actor: Actor, today: date) -> int:
    """Remind everybody whose reminder is due and who was not reminded since; returns how many. Nothing on days off."""
    with actor.scope.activate():
        if not working_days.is_working_day(today):
            return 0
        waves = list(_waves(today))
    return sum(_remind(actor, *wave) for wave in waves)


def _waves(today: date) -> Iterator[tuple[Round, datetime, datetime]]:
    """Rounds with a deadline (returned submissions have their own) and the moment since which nobody may have been reminded."""
    for round_ in Round.objects.filter(state=Round.State.OPEN).select_related("definition"):
        deadlines = Submission.objects.filter(round=round_, state__in=UNREPORTED).values_list("due_at", flat=True)
        for due_at in deadlines.order_by("due_at").distinct():
            found = reached(timezone.localtime(due_at).date(), today, round_.path)
            if found is not None:
                yield round_, due_at, timezone.make_aware(datetime.combine(found.day, time()))


def _remind(actor: Actor, round_: Round, due_at: datetime, since: datetime) -> int:
    count = 0
    fresh = Q(reminded_at=None) | Q(reminded_at__lt=since)
    while True:
        with actor.scope.activate():
            rows = list(
                Submission.objects.select_related("node", "round__definition")
                .filter(fresh, round=round_, due_at=due_at, state__in=UNREPORTED)
                .order_by("path")[:BATCH]
            )
            if not rows:
                return count
            remind(rows, actor=actor)
            count += len(rows)
