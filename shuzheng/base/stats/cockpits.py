"""What a leader sees in ten minutes: a division's numbers with trend and target, its parts ranked, what is open and wrong.

All of it comes from roll-ups, in a handful of indexed statements whatever the size of the tree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, Sum

from shuzheng.base.forms.models import RollupDelta, RollupTotal, Round
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.stats import own
from shuzheng.base.stats.board import codes_of, headlines_of, ranked_of
from shuzheng.base.stats.declare import HIGHER, Indicator, Target
from shuzheng.kernel.periods import Period

SHOWN = 6
POINTS = 8
Sums = dict[str, Decimal]


@dataclass(frozen=True)
class Headline:
    """A number of the first row: this period, the year before, the year so far against the year's target."""

    indicator: Indicator
    value: Decimal | None
    before: Decimal | None
    so_far: Decimal | None
    target: Target | None
    due: Decimal | None
    """What the year so far may be, if the target is to be met in equal parts."""
    points: tuple[tuple[str, Decimal], ...]

    @property
    def change(self) -> Decimal | None:
        """Against the year before, in percent."""
        if self.value is None or not self.before:
            return None
        return (self.value - self.before) * 100 / abs(self.before)

    @property
    def is_worse(self) -> bool | None:
        """Whether the change goes the wrong way; None where neither way is better, or nothing changed."""
        if not self.indicator.direction or not self.change:
            return None
        return (self.change > 0) != (self.indicator.direction == HIGHER)

    @property
    def is_ahead(self) -> bool | None:
        """Whether the year so far uses more than its part of the target."""
        if self.due is None or self.so_far is None:
            return None
        return self.so_far > self.due


@dataclass(frozen=True)
class Part:
    """A division below, by one indicator."""

    path: str
    name: str
    value: Decimal | None
    before: Decimal | None


def series(round_: Round) -> list[Round]:
    """Rounds of the same form and kind of period that asked the same part of the tree or more, newest first."""
    period = Period.parse(round_.period)
    found = (
        Round.objects.filter(definition__code=round_.definition.code)
        .exclude(state=Round.State.OPENING)
        .select_related("definition")
        .order_by("-period", "-due_at", "pk")
    )
    kept: dict[str, Round] = {}
    for row in found:
        its = Period.parse(row.period)
        if its.kind == period.kind and its <= period and round_.audience.startswith(row.audience):
            kept.setdefault(row.period, row)
    kept[round_.period] = round_
    return sorted(kept.values(), key=lambda r: Period.parse(r.period), reverse=True)[: POINTS + 4]


def sums_of(rounds: Sequence[UUID], division: str, codes: Sequence[str] | None = None) -> dict[UUID, Sums]:
    """A division's sums by round and cell, folded plus pending, in one statement."""
    wanted = Q(round__in=rounds, path=division) & (Q(code__in=codes) if codes is not None else Q())
    found: dict[UUID, Sums] = defaultdict(lambda: defaultdict(Decimal))
    folded, pending = (
        model.objects.filter(wanted).order_by().values_list("round_id", "code").annotate(Sum("value"))
        for model in (RollupTotal, RollupDelta)
    )
    for round_, code, value in folded.union(pending, all=True):
        found[round_][code] += value
    return {round_: dict(values) for round_, values in found.items()}


def parts_of(rounds: Sequence[UUID], division: str, codes: Sequence[str]) -> dict[tuple[UUID, str], Sums]:
    """The same by what stands right below the division."""
    wanted = Q(round__in=rounds, path=division, code__in=codes)
    found: dict[tuple[UUID, str], Sums] = defaultdict(lambda: defaultdict(Decimal))
    folded, pending = (
        model.objects.filter(wanted).order_by().values_list("round_id", "member", "code").annotate(Sum("value"))
        for model in (RollupTotal, RollupDelta)
    )
    for round_, member, code, value in folded.union(pending, all=True):
        found[round_, member][code] += value
    return {key: dict(values) for key, values in found.items()}


def usable(name: str) -> Indicator | None:
    """An indicator if every part of it is a sum of cells that roll-ups hold."""
    item = own.find(name)
    held = all(p.codes and not p.codes[0].startswith("_") for p in item.parts.values())
    return item if held else None


def value_of(item: Indicator, sums: Sequence[Mapping[str, Decimal]]) -> Decimal | None:
    """An indicator over one or several rounds: flows are added, standing amounts counted with their mean."""
    env: dict[str, Decimal | None] = {}
    for name, part in item.parts.items():
        known = [s[code] for s in sums for code in part.codes if code in s]
        rounds = sum(any(code in s for code in part.codes) for s in sums)
        total = sum(known, Decimal(0)) if known else None
        env[name] = total / rounds if part.stock and total is not None and rounds else total
    result = item.program(env)
    return result if isinstance(result, Decimal) else None


def headlines(round_: Round, division: str, names: Sequence[str] = ()) -> list[Headline]:
    """The first row of a cockpit: one statement for the rounds, one for all their sums."""
    names = names or headlines_of(round_.definition.code)
    items = [item for name in names if (item := usable(name))][:SHOWN]
    rounds = series(round_)
    sums = sums_of([r.pk for r in rounds], division, codes_of(items))
    period = Period.parse(round_.period)
    by_period = {Period.parse(r.period): sums[r.pk] for r in rounds if sums.get(r.pk)}
    before = period.last_year
    year = [p for p in by_period if p.year == period.year and p <= period]
    found = []
    for item in items:
        target = target_of(item, period.year) if division == "" or "/" in item.unit else None  # totals bind the nation
        whole = target.value if target else None
        share = _share(period)
        points = tuple(
            (str(p), value)
            for p in sorted(by_period)[-POINTS:]
            if (value := value_of(item, [by_period[p]])) is not None
        )
        found.append(
            Headline(
                item, value_of(item, [by_period[period]]) if period in by_period else None,
                value_of(item, [by_period[before]]) if before in by_period else None,
                value_of(item, [by_period[p] for p in year]) if year else None,
                target, whole * share if whole is not None else None, points,
            )
        )  # fmt: skip
    return found


def target_of(item: Indicator, year: int) -> Target | None:
    """The target that holds in a year: that year's, else the last one before it (a plan that ran out still binds)."""
    fit = [t for t in item.targets if t.year >= year] or sorted(item.targets, key=lambda t: t.year)[-1:]
    return min(fit, key=lambda t: t.year) if fit else None


def _share(period: Period) -> Decimal:
    """How much of the year is over with a period."""
    return Decimal(period.end.timetuple().tm_yday) / Decimal(period.end.replace(month=12, day=31).timetuple().tm_yday)


def ranked(round_: Round) -> Indicator | None:
    """What divisions are ranked by in a round."""
    return usable(ranked_of(round_.definition.code))


def parts(round_: Round, division: Node, name: str = "") -> list[Part]:
    """What stands right below a division, by one indicator, with the year before."""
    item = ranked(round_) if not name else usable(name)
    if item is None:
        return []
    rounds = {Period.parse(r.period): r.pk for r in series(round_)}
    period = Period.parse(round_.period)
    last = rounds.get(period.last_year) if period.last_year else None
    found = parts_of([pk for pk in (round_.pk, last) if pk], division.path, codes_of([item]))
    names = dict(Node.objects.filter(parent=division, kind=NodeKind.DIVISION).values_list("path", "name"))
    members = sorted({member for _round, member in found})
    return [
        Part(
            m, names.get(m, ""),
            value_of(item, [found[round_.pk, m]]) if (round_.pk, m) in found else None,
            value_of(item, [found[last, m]]) if last and (last, m) in found else None,
        )
        for m in members
    ]  # fmt: skip
