"""Ending standards, and the calendar. What is drafted, reviewed and published stands in ``drafting``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from shuzheng.base.core.action import ACTIONS, Write, action
from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.org.models import Node
from shuzheng.base.standards import book as books
from shuzheng.base.standards import checks
from shuzheng.base.standards.book import Book
from shuzheng.base.standards.calendar_file import GivenDay
from shuzheng.base.standards.models import CalendarDay, CalendarYear, Stamp, Standard, State
from shuzheng.kernel.errors import Denied, FieldFault, Invalid

S = TypeVar("S", bound=Standard)


@action("standards.item.end", handover=True, event="standards.item.ended")
def end_items(w: Write, rows: Sequence[Standard], *, on: date) -> Sequence[Standard]:
    """End published entries: ``on`` is the first day on which they no longer hold.

    Raises:
        Invalid: the day is not after the one it began on, or the entry ended earlier.
    """
    begin(w, rows)
    for row in rows:
        if row.state != State.PUBLISHED or on <= row.effective_from or (row.effective_to and on >= row.effective_to):
            raise Invalid(
                _("“%(name)s”自 %(day)s 起有效，终止日须晚于这一天且早于原终止日。")
                % {"name": row.name, "day": row.effective_from}
            )
        w.change(row, effective_to=on)
    finish(w)
    return rows


@action("standards.calendar.change", handover=True, event="standards.calendar.changed")
def change_days(
    w: Write, days: Sequence[CalendarDay], *, kind: str, name: str = "", source: str = ""
) -> Sequence[CalendarDay]:
    """Make days holidays or working days, or ordinary ones again (``kind`` empty). Unsaved rows have an owner.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: an unknown kind, or no name.
    """
    if kind not in ("", *CalendarDay.DayKind.values):
        raise Invalid.one("kind", _("类别只有休、班两种。"), value=kind)
    if kind and not name:
        raise Invalid.one("name", _("填写名称，如“国庆节”“国庆节调休”。"))
    begin(w, days)
    touched = []
    for day in days:
        if day._state.adding:
            if not kind:
                continue
            day.kind, day.name, day.source, day.audience = kind, name, source, day.region
            w.create(day)
        elif kind:
            w.change(day, kind=kind, name=name, source=source, is_shipped=False)
        else:
            # The year stays as it is here: the next upgrade must not bring the day back.
            for year in CalendarYear.objects.filter(region=day.region, year=day.year, is_shipped=True):
                w.change(year, is_shipped=False)
            w.delete(day)
        touched.append(day)
    finish(w)
    return touched


@action("standards.calendar.import", handover=True, event="standards.calendar.changed")
def import_year(
    w: Write, years: Sequence[CalendarYear], *, days: Sequence[GivenDay], source: str
) -> Sequence[CalendarYear]:
    """Load the arrangement of a year in place of what was there. ``years`` holds one row, stored or new with an owner.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: no days, a day of another year, or a day twice.
    """
    [year] = years
    faults = [
        FieldFault("day", _("%(day)s 不在 %(year)s 年。") % {"day": d.day, "year": year.year}, row=d.row)
        for d in days
        if d.day.year != year.year
    ]
    for day, times in Counter(d.day for d in days).items():
        if times > 1:
            faults.append(
                FieldFault("day", _("%s 出现不止一次。") % day, row=next(d.row for d in days if d.day == day))
            )
    if not days:
        faults.append(FieldFault("day", _("没有节假日安排。")))
    checks.refuse(faults)
    begin(w, years)
    year.audience = year.region
    if year._state.adding:
        year.source = source
        w.create(year)
    else:
        w.change(year, is_shipped=False, source=source)
    stored = {row.day: row for row in CalendarDay.objects.filter(region=year.region, day__year=year.year)}
    for given in days:
        row = stored.pop(given.day, None)
        if row:
            w.change(row, kind=given.kind, name=given.name, source=source, is_shipped=False)
        else:
            row = CalendarDay(
                region=year.region,
                audience=year.region,
                day=given.day,
                kind=given.kind,
                name=given.name,
                source=source,
            )
            row.node_id, row.path = year.node_id, year.path
            w.create(row)
    w.delete(*stored.values())
    finish(w)
    return years


def owned_by(row: S, node: Node) -> S:
    """``row`` with ``node`` as the organ that answers for it."""
    row.own(node)
    return row


def begin(w: Write, rows: Sequence[Any]) -> Book:
    """One change of standards at a time; only for regions the actor answers for. Gives the book as it stands."""
    Stamp.objects.get_or_create(id=1)
    Stamp.objects.select_for_update().get(id=1)
    permission = ACTIONS[w.name].permission  # type: ignore[attr-defined]
    for region in {row.region for row in rows}:
        if not region.startswith(w.actor.division) or not w.actor.may(permission, region):
            label = PERMISSIONS[permission].label
            raise Denied(_("您的“%s”权限不包括这个区域。") % label, permission=permission)
    return books.read(None)


def finish(w: Write) -> None:
    """Write first, then say so: a book read in between would be cached under the new stamp without the change."""
    w.flush()
    Stamp.touch()


def next_edition(row: Standard) -> int:
    """The edition that an unsaved row will have: one more than the last of the same thing in the same region."""
    same = {"region": row.region} | {name: getattr(row, name) for name in row.IDENTITY}
    last = type(row).objects.filter(**same).order_by("edition").last()
    return last.edition + 1 if last else 1


__all__ = ["begin", "change_days", "end_items", "finish", "import_year", "next_edition", "owned_by"]
