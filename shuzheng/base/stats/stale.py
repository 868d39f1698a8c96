"""Which parts of the lake are behind PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import CharField, F, Func, Value

from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.stats.models import Partition


def bucket_of(path: str) -> str:
    """The part of a round that a path belongs to: a province, or ``0`` for the nation's own organs."""
    return path.split("/", 1)[0]


def mark(parts: Collection[tuple[UUID, str]]) -> None:
    """Note that the facts of these rounds and provinces changed. Two that note at once both count."""
    if not parts:
        return
    rows = [Partition(round=round_, bucket=bucket) for round_, bucket in sorted(parts, key=str)]
    Partition.objects.bulk_create(rows, ignore_conflicts=True)
    for round_, bucket in sorted(parts, key=str):
        Partition.objects.filter(round=round_, bucket=bucket).update(wanted=F("wanted") + 1)


def parts_of(rounds: Iterable[UUID] | None = None) -> set[tuple[UUID, str]]:
    """Every round and province that has submissions. All rounds unless given."""
    segment = Func(F("path"), Value("/"), Value(1), function="split_part", output_field=CharField())
    rows = Submission.objects.order_by()
    if rounds is not None:
        rows = rows.filter(round_id__in=list(rounds))
    return set(rows.annotate(bucket=segment).values_list("round_id", "bucket").distinct())


def mark_rounds(rounds: Iterable[UUID]) -> None:
    mark(parts_of(rounds))


def mark_buckets(buckets: Collection[str]) -> None:
    """All rounds of these provinces."""
    known = Partition.objects.filter(bucket__in=buckets).values_list("round", "bucket")
    mark({*known, *(p for p in parts_of() if p[1] in buckets)})


def mark_open() -> None:
    """Rounds in progress, and parts that were never written: what an event may have missed is caught at night."""
    going_on = Round.objects.exclude(state=Round.State.CLOSED).values_list("pk", flat=True)
    known = set(Partition.objects.values_list("round", "bucket"))
    mark(parts_of(going_on) | (parts_of() - known))
