"""The reporting ledger (报送台账): who reported in time, how completely, how often it came back; any rounds, any part of the tree.

Timeliness (及时率) is the share of what was due that came in time, completeness (完整率) the share that the tier has
approved; both in percent with one decimal, empty where nothing was asked. Exempted institutions are not asked.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.queries import UNREPORTED, segment_below
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.periods import Period
from shuzheng.kernel.rounding import round_half_up

State = Submission.State
HANDED_IN = (State.SUBMITTED, State.APPROVED)


@dataclass(frozen=True)
class Line:
    """One place: counts of submissions of all the rounds together."""

    path: str
    name: str
    kind: str
    """``division``, ``own`` (the organs of a division's own level) or ``unit``."""
    asked: int
    in_time: int
    late: int
    missing: int
    overdue: int
    approved: int
    exempt: int
    returned: int
    corrected: int
    nil: int
    behalf: int

    @property
    def reported(self) -> int:
        return self.in_time + self.late

    @property
    def due(self) -> int:
        """What had to be there by now: whatever came, and what is past its day."""
        return self.reported + self.overdue

    @property
    def timeliness(self) -> Decimal | None:
        return _percent(self.in_time, self.due)

    @property
    def completeness(self) -> Decimal | None:
        return _percent(self.approved, self.asked)


SORTS = {
    "tree": lambda line: line.path,
    "timeliness": lambda line: (line.timeliness is None, line.timeliness or 0, line.path),
    "completeness": lambda line: (line.completeness is None, line.completeness or 0, line.path),
    "missing": lambda line: (-line.missing, line.path),
    "late": lambda line: (-line.late, line.path),
    "returned": lambda line: (-line.returned, line.path),
}
"""The orders that a ledger has; of the rates the lowest first, of the counts the highest."""


def _percent(part: int, whole: int) -> Decimal | None:
    return round_half_up(Decimal(part * 100) / whole, 1) if whole else None


def rounds_between(first: date, last: date, form: str = "") -> list[Round]:
    """The rounds that the reader sees whose period ends within the two days, the latest first; of one form, or of all."""
    rows = Round.objects.select_related("definition").order_by("-due_at", "pk")
    rows = rows.filter(definition__code=form) if form else rows
    return [r for r in rows if first <= Period.parse(r.period).end <= last]


def lines(rounds: Sequence[Round], division: Node, now: datetime, *, own: bool = False) -> list[Line]:
    """By what stands below a division, its own organs as one line first; with ``own`` each of those organs. Two queries."""
    if own:
        return _units(rounds, Range.own_level(division.path), now)
    found = (
        _rows(rounds, Range.subtree(division.path))
        .annotate(part=segment_below(division.path))
        .values("part")
        .annotate(**_counts(division.tier, now))
        .order_by("part")
    )
    children = Node.objects.filter(parent=division, kind=NodeKind.DIVISION)
    names = {child.code: child for child in children}
    result = []
    for row in found:
        part = row.pop("part")
        if part == "0":
            name = _("%(name)s本级") % {"name": division.name}
            result.append(Line(f"{division.path}0/", name, "own", **row))
        elif part in names:
            result.append(Line(names[part].path, names[part].name, "division", **row))
    return result


def whole(rounds: Sequence[Round], place: str, name: str, tier: int, now: datetime) -> Line:
    """All below a place in one line. One query."""
    row = _rows(rounds, Range.subtree(place)).aggregate(**_counts(tier, now))
    return Line(place, name, "division", **{k: v or 0 for k, v in row.items()})


def _units(rounds: Sequence[Round], span: Range, now: datetime) -> list[Line]:
    rows = (
        _rows(rounds, span)
        .values("node_id", "path", name=F("node__name"), tier=F("own_tier"))
        .annotate(**_counts(None, now))
        .order_by("path")
    )
    return [Line(r.pop("path"), r.pop("name"), "unit", **_without(r, "node_id", "tier")) for r in rows]


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in names}


def _rows(rounds: Sequence[Round], span: Range) -> QuerySet[Submission]:
    return Submission.objects.filter(
        round__in=[r.pk for r in rounds], path__gte=span.lo, path__lt=span.hi
    ).order_by()  # fmt: skip


def _counts(tier: int | None, now: datetime) -> dict[str, Any]:
    """Aggregates of ``Line``. An institution counts as approved by its own tier; a place by the tier that looks."""
    handed_in, missing = Q(state__in=HANDED_IN), Q(state__in=UNREPORTED)
    approved = Q(approved_tier__lte=tier) if tier is not None else Q(approved_tier__lte=F("own_tier"))
    return {
        "asked": Count("id", filter=~Q(state=State.EXEMPT)),
        "in_time": Count("id", filter=handed_in & Q(is_late=False)),
        "late": Count("id", filter=handed_in & Q(is_late=True)),
        "missing": Count("id", filter=missing),
        "overdue": Count("id", filter=missing & Q(due_at__lt=now)),
        "approved": Count("id", filter=approved),
        "exempt": Count("id", filter=Q(state=State.EXEMPT)),
        "returned": Sum("returns", default=0),
        "corrected": Sum("corrections", default=0),
        "nil": Count("id", filter=handed_in & Q(is_nil=True)),
        "behalf": Count("id", filter=handed_in & ~Q(behalf="")),
    }


def heads() -> list[tuple[str, str]]:
    """The columns of the ledger after the place: field and heading."""
    return [
        ("asked", _("应报")), ("in_time", _("按时")), ("late", _("迟报")), ("missing", _("未报")), ("exempt", _("免报")),
        ("approved", _("已审")), ("timeliness", _("及时率 %")), ("completeness", _("完整率 %")), ("returned", _("退回次数")),
        ("corrected", _("订正次数")), ("nil", _("零报告")), ("behalf", _("代报")),
    ]  # fmt: skip


def sheet(found: Sequence[Line], name: str) -> bytes:
    """The ledger as a workbook."""
    columns = [SheetColumn(_("单位"), width=32)]
    for field, head in heads():
        rate = field in ("timeliness", "completeness")
        columns.append(SheetColumn(head, "number" if rate else "integer", places=1 if rate else None))
    file = io.BytesIO()
    rows = ([line.name, *(getattr(line, field) for field, _head in heads())] for line in found)
    write_xlsx(file, columns, rows, name=name)
    return file.getvalue()


__all__ = ["SORTS", "Line", "heads", "lines", "rounds_between", "sheet", "whole"]
