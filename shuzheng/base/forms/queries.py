"""Reading a round: who is where, what is late, and where a number comes from. All inside the reader's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import CharField, Count, F, Func, Q, QuerySet, Sum, Value
from django.db.models.functions import Substr

from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Cell, Round, Submission
from shuzheng.base.forms.rollup import confirmed
from shuzheng.base.org.models import Node, NodeKind

State = Submission.State
UNREPORTED = (State.TODO, State.DRAFT, State.RETURNED)


@dataclass(frozen=True)
class Progress:
    """How far the institutions below a place are. Counts of institutions; they add up to ``asked``."""

    path: str
    name: str
    kind: str
    asked: int
    todo: int
    draft: int
    returned: int
    waiting: int
    approved: int
    late: int
    exempt: int = 0
    """Not among the asked: let off by the tier above."""
    mine: int = 0
    """Of the waiting: whose turn it is at the counting tier; the others still wait below it."""

    @property
    def reported(self) -> int:
        return self.waiting + self.approved

    @property
    def below(self) -> int:
        """Handed in, and still before a lower tier."""
        return self.waiting - self.mine

    @property
    def unreported(self) -> int:
        return self.asked - self.reported

    @property
    def percent(self) -> int:
        """Share reported, rounded down: 100 only when all have."""
        return self.reported * 100 // self.asked if self.asked else 0


def segment_below(division: str) -> Func:
    """The path segment right below ``division``: a child division's, or ``0`` for the division's own organs."""
    return Func(
        Substr("path", len(division) + 1), Value("/"), Value(1), function="split_part", output_field=CharField()
    )


def counts(tier: int, now: datetime) -> dict[str, Any]:
    """Aggregates of ``Progress`` as seen from a tier: approved means approved there."""
    return {
        "asked": Count("id", filter=~Q(state=State.EXEMPT)),
        "exempt": Count("id", filter=Q(state=State.EXEMPT)),
        "todo": Count("id", filter=Q(state=State.TODO)),
        "draft": Count("id", filter=Q(state=State.DRAFT)),
        "returned": Count("id", filter=Q(state=State.RETURNED)),
        "approved": Count("id", filter=Q(approved_tier__lte=tier)),
        "mine": Count("id", filter=Q(state=State.SUBMITTED, waiting_tier=tier)),
        "late": Count("id", filter=Q(state__in=UNREPORTED, due_at__lt=now) | Q(is_late=True)),
    }


def below(round_: Round, division: str) -> QuerySet[Submission]:
    """Submissions of the institutions below a division."""
    span = Range.subtree(division)
    return Submission.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi)


def overall(round_: Round, division: Node, now: datetime) -> Progress:
    """The whole of what is below a division, counted from its tier: approved means approved there."""
    found = below(round_, division.path).aggregate(**counts(division.tier, now))
    return progress(division.path, division.name, division.kind, found)


def board(round_: Round, division: Node, now: datetime) -> list[Progress]:
    """Progress by what stands below a division: its own organs together (本级), then each child division. Two queries."""
    found = below(round_, division.path).annotate(part=segment_below(division.path)).values("part")
    rows = {row.pop("part"): row for row in found.annotate(**counts(division.tier, now)).order_by("part")}
    children = Node.objects.filter(parent=division, kind=NodeKind.DIVISION).order_by("path")
    names = {child.code: child for child in children}
    result = []
    for part, found_here in rows.items():
        if part == "0":
            result.append(progress(f"{division.path}0/", f"{division.name}本级", "own", found_here))
        elif part in names:
            result.append(progress(names[part].path, names[part].name, NodeKind.DIVISION, found_here))
    return result


def progress(path: str, name: str, kind: str, found: dict[str, int]) -> Progress:
    """Counts (of ``counts``) with the place that they are of."""
    waiting = found["asked"] - found["todo"] - found["draft"] - found["returned"] - found["approved"]
    return Progress(path=path, name=name, kind=kind, waiting=waiting, **found)


def waiting_for(round_: Round, division: Node) -> QuerySet[Submission]:
    """Submissions whose turn it is at a division's tier, first come first."""
    return (
        below(round_, division.path)
        .filter(waiting_tier=division.tier, state=State.SUBMITTED)
        .select_related("node")
        .order_by("submitted_at", "pk")
    )


def unreported(round_: Round, division: str) -> QuerySet[Submission]:
    """Who has not handed in yet."""
    return below(round_, division).filter(state__in=UNREPORTED).select_related("node").order_by("path")


@dataclass(frozen=True)
class Part:
    """One part of a sum: a division, a division's own organs, or an institution with its submission."""

    path: str
    name: str
    value: Decimal | None
    units: int
    submission: Submission | None = None


def drill(round_: Round, division: Node, code: str, tier: int) -> list[Part]:
    """A number of a division, as counted at ``tier``, by what it is made of one level down; the parts add up to it."""
    span = Range.subtree(division.path)
    cells = Cell.objects.filter(
        round=round_, code=code, path__gte=span.lo, path__lt=span.hi, submission__approved_tier__lte=tier
    )
    parts = (
        cells.annotate(part=segment_below(division.path))
        .values("part")
        .annotate(total=Sum("value"), units=Count("*"))
        .order_by("part")
    )
    moved = confirmed(round_, division.path, tier).filter(code=code).annotate(part=segment_below(division.path))
    shifts: dict[str, Decimal] = defaultdict(Decimal)
    by_unit: dict[UUID, Decimal] = {}
    for part, owner, amount in moved.values_list("part", "amendment__submission_id", "moved"):
        shifts[part] += amount
        by_unit[owner] = amount
    names = {n.code: n for n in Node.objects.filter(parent=division, kind=NodeKind.DIVISION)}
    found = [
        Part(names[p["part"]].path, names[p["part"]].name, _plus(p["total"], shifts.get(p["part"])), p["units"])
        for p in parts
        if p["part"] in names
    ]
    known = {p.path for p in found}
    new = [names[code] for code in shifts if code in names and names[code].path not in known]
    found += [Part(n.path, n.name, shifts[n.code], 0) for n in new]
    return [*_own_organs(cells, division, by_unit), *found]


def _plus(value: Decimal | None, more: Decimal | None) -> Decimal | None:
    return value if more is None else (value or Decimal(0)) + more


def _own_organs(cells: QuerySet[Cell], division: Node, moved: Mapping[UUID, Decimal]) -> list[Part]:
    own = Range.own_level(division.path)
    rows = (
        cells.filter(path__gte=own.lo, path__lt=own.hi)
        .select_related("submission__node")
        .order_by(F("value").desc(nulls_last=True), "path")
    )
    found = [
        Part(c.path, c.submission.node.name, _plus(c.value, moved.get(c.submission_id)), 1, c.submission) for c in rows
    ]
    new = set(moved) - {part.submission.pk for part in found if part.submission}
    for row in Submission.objects.filter(pk__in=new, path__gte=own.lo, path__lt=own.hi).select_related("node"):
        found.append(Part(row.path, row.node.name, moved[row.pk], 1, row))
    return found


def tier_due(round_: Round, tier: int) -> datetime:
    """When a tier is to be done with its review; the round's own deadline where none was set for it."""
    text = round_.tier_due.get(str(tier))
    return datetime.fromisoformat(text) if text else round_.due_at


@dataclass(frozen=True)
class TierQueue:
    """What waits before one tier, and whether that tier is past its day."""

    tier: int
    waiting: int
    due_at: datetime
    is_late: bool


def queues(round_: Round, path: str, top: int, now: datetime) -> list[TierQueue]:
    """How much waits before each tier below a place, the lowest tier first. One query."""
    span = Range.subtree(path)
    rows = (
        Submission.objects.filter(
            round=round_, path__gte=span.lo, path__lt=span.hi, state=State.SUBMITTED, waiting_tier__gte=top
        )
        .order_by()
        .values_list("waiting_tier")
        .annotate(Count("id"))
    )
    found = sorted(rows, reverse=True)
    return [TierQueue(tier, n, tier_due(round_, tier), tier_due(round_, tier) < now) for tier, n in found]


def own_level(round_: Round, division: Node, now: datetime) -> Progress:
    """The organs of a division's own level (本级) alone."""
    span = Range.own_level(division.path)
    rows = Submission.objects.filter(round=round_, path__gte=span.lo, path__lt=span.hi)
    return progress(f"{division.path}0/", division.name, "own", rows.aggregate(**counts(division.tier, now)))


def order_by_trouble(parts: Sequence[Progress]) -> list[Progress]:
    """Most unreported first: whom to chase."""
    return sorted(parts, key=lambda p: (-p.unreported, p.path))
