"""Roll-ups: deltas on approval and return, folding, totals, and the recount that must equal them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Count, Func, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Concat, Substr

from shuzheng.base.core import scope
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import Range
from shuzheng.base.forms.models import Amendment, AmendmentCell, Cell, RollupDelta, RollupTotal, Round, Submission
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.tiers import Step, member_of

Sums = dict[str, Decimal]
_UNITS = ""
"""In place of a cell's code: the row counts institutions."""


def additive(round_: Round) -> list[str]:
    """Codes of the cells that a roll-up sums."""
    return [c.code for c in load(round_.definition.spec).cells.values() if c.additive]


def stored(round_: Round, submissions: Sequence[Submission]) -> dict[UUID, Sums]:
    """The summed cells of submissions, by submission and code."""
    cells: dict[UUID, Sums] = defaultdict(dict)
    rows = Cell.objects.filter(submission_id__in=[s.pk for s in submissions], code__in=additive(round_))
    for owner, code, value in rows.values_list("submission_id", "code", "value"):
        if value is not None:
            cells[owner][code] = value
    return cells


def add(
    round_: Round,
    submissions: Sequence[Submission],
    steps: Mapping[str, Sequence[Step]],
    sign: int,
    cells: Mapping[UUID, Sums] | None = None,
) -> None:
    """Append what ``submissions`` add to (or with ``sign`` −1 take from) the roll-ups of the divisions in ``steps``.

    Part of an approval or return that holds the handover of the submissions; the roll-up rows of the divisions
    themselves are handed over here. ``cells`` are the submissions' summed cells where the caller has them at hand.
    """
    if cells is None:
        cells = stored(round_, submissions)
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    units: dict[tuple[str, str], int] = defaultdict(int)
    for submission in submissions:
        for step in steps[submission.path]:
            member = member_of(submission.path, step.path)
            units[step.path, member] += sign
            for code, value in cells.get(submission.pk, {}).items():
                sums[step.path, member, code] += sign * value
    deltas = [
        RollupDelta(round=round_, path=path, member=member, code=code, value=value, units=0)
        for (path, member, code), value in sums.items()
    ]
    deltas += [
        RollupDelta(round=round_, path=path, member=member, code=_UNITS, value=Decimal(0), units=count)
        for (path, member), count in units.items()
    ]
    with scope.handover(Range.exactly(path) for path in {d.path for d in deltas}):
        insert_many(deltas)


def shift(round_: Round, path: str, steps: Sequence[Step], moved: Sums) -> None:
    """Append what changed cells of an institution at ``path`` add to the roll-ups of ``steps``; it is counted already."""
    deltas = [
        RollupDelta(round=round_, path=step.path, member=member_of(path, step.path), code=code, value=value, units=0)
        for step in steps
        for code, value in moved.items()
    ]
    with scope.handover(Range.exactly(step.path) for step in steps):
        insert_many(deltas)


def confirmed(round_: Round, division: str, tier: int) -> QuerySet:
    """Changed cells below a division that its tier has confirmed and that are not yet written into the cells.

    Annotated with ``moved``, what each adds to the stored value. A count from the cells adds these.
    """
    below = Range.subtree(division)
    return AmendmentCell.objects.filter(
        round=round_,
        path__gte=below.lo,
        path__lt=below.hi,
        amendment__state=Amendment.State.ANSWERED,
        amendment__confirmed_tier__lte=tier,
    ).annotate(moved=Coalesce("new", Decimal(0)) - Coalesce("old", Decimal(0)))


# Folded and pending in one statement: between two, folding could move a delta past the reader. Written out, as a board is
# asked for more often than anything else here: Django takes as long to put it together as PostgreSQL to answer.
_TOTALS = """
SELECT code, sum(value), sum(units)
FROM (
    SELECT code, value, units FROM forms_rolluptotal WHERE round_id = %(round)s AND path = %(path)s{of}
    UNION ALL
    SELECT code, value, units FROM forms_rollupdelta WHERE round_id = %(round)s AND path = %(path)s{of}
) AS held
GROUP BY code
"""
_ALL, _SOME = _TOTALS.format(of=""), _TOTALS.format(of=" AND code = ANY(%(codes)s)")


def totals(round_: Round, division: str, codes: Sequence[str] | None = None) -> tuple[Sums, int]:
    """The sums of a division by cell, and how many institutions they hold: folded plus pending. Of ``codes`` alone if given."""
    asked = {"round": round_.pk, "path": division, "codes": None if codes is None else [*codes, _UNITS]}
    with connection.cursor() as cursor:
        cursor.execute(_ALL if codes is None else _SOME, asked)
        found = cursor.fetchall()
    return {code: value for code, value, _units in found if code != _UNITS}, sum(
        units for _code, _value, units in found
    )


def by_member(round_: Round, division: str, code: str) -> dict[str, Decimal]:
    """A division's sum of one cell, by what stands just below it."""
    sums: Sums = defaultdict(Decimal)
    folded, pending = (
        model.objects.filter(round=round_, path=division, code=code)
        .order_by()
        .values_list("member")
        .annotate(Sum("value"))
        for model in (RollupTotal, RollupDelta)
    )
    for member, value in folded.union(pending, all=True):
        sums[member] += value
    return {member: value for member, value in sums.items() if value or code}


def recount(round_: Round, division: str, tier: int) -> tuple[Sums, int]:
    """The same from the cells: what the division's tier has approved below it. Slow, exact, and always equal to ``totals``."""
    below = Range.subtree(division)
    counted = Submission.objects.filter(round=round_, path__gte=below.lo, path__lt=below.hi, approved_tier__lte=tier)
    found = (
        Cell.objects.filter(
            round=round_,
            path__gte=below.lo,
            path__lt=below.hi,
            code__in=additive(round_),
            submission__approved_tier__lte=tier,
            value__isnull=False,
        )
        .values_list("code")
        .annotate(Sum("value"))
    )
    sums: Sums = dict(found)
    moved = confirmed(round_, division, tier).filter(code__in=additive(round_)).order_by()
    for code, value in moved.values_list("code").annotate(Sum("moved")):
        sums[code] = sums.get(code, Decimal(0)) + value
    return sums, counted.count()


_FOLD = """
WITH taken AS (
    DELETE FROM forms_rollupdelta
    WHERE id IN (SELECT id FROM forms_rollupdelta ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING round_id, path, member, code, value, units
), added AS (
    INSERT INTO forms_rolluptotal AS total (round_id, path, member, code, value, units)
    SELECT round_id, path, member, code, sum(value), sum(units) FROM taken GROUP BY 1, 2, 3, 4
    ON CONFLICT (round_id, path, member, code)
    DO UPDATE SET value = total.value + excluded.value, units = total.units + excluded.units
)
SELECT count(*) FROM taken
"""


def fold(limit: int = 100_000) -> int:
    """Add pending deltas to their totals, in one statement; returns how many. Runs under the system scope ``forms.fold``."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        return int(cursor.fetchone()[0])


def hold() -> None:
    """Until the transaction ends nothing is added to any roll-up: what stands and what is counted belong to one moment."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE forms_rollupdelta IN SHARE ROW EXCLUSIVE MODE")


def rebuild(round_: Round, division: str, tier: int) -> None:
    """Count a division's roll-up anew from the cells. No approval is under way meanwhile: their deltas wait."""
    hold()
    for model in (RollupDelta, RollupTotal):
        model.objects.filter(round=round_, path=division).delete()
    below = Range.subtree(division)
    member = _member(division)
    where = {"round": round_, "path__gte": below.lo, "path__lt": below.hi}
    cells = Cell.objects.filter(
        **where, code__in=additive(round_), submission__approved_tier__lte=tier, value__isnull=False
    )
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    moved = confirmed(round_, division, tier).filter(code__in=additive(round_))
    for found, column in ((cells, "value"), (moved, "moved")):
        for part, code, value in (
            found.annotate(part=member).order_by().values_list("part", "code").annotate(Sum(column))
        ):
            sums[part, code] += value
    rows = [
        RollupTotal(round=round_, path=division, member=m, code=code, value=value, units=0)
        for (m, code), value in sums.items()
    ]
    counted = Submission.objects.filter(**where, approved_tier__lte=tier).annotate(part=member).order_by()
    rows += [
        RollupTotal(round=round_, path=division, member=m, code=_UNITS, value=Decimal(0), units=n)
        for m, n in counted.values_list("part").annotate(Count("pk"))
    ]
    insert_many(rows)


def _member(division: str) -> Concat:
    """``tiers.member_of`` of a row's path, in SQL: its first segment below the division, which is 0 for the own level."""
    segment = Func(
        Substr("path", len(division) + 1), Value("/"), Value(1), function="split_part", output_field=CharField()
    )
    return Concat(Value(division), segment, Value("/"), output_field=CharField())
