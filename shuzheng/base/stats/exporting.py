"""From PostgreSQL to the lake: facts of one round and province after another, each swapped in when it is whole.

Killed at any moment it leaves the lake as it was, and begins again with what is still stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection
from django.db.models import F
from django.utils import timezone

from shuzheng.base.core.arrow import ArrowReader, Question, numbers
from shuzheng.base.core.scope import Range, Scope
from shuzheng.base.forms.models import NOT_APPROVED, Round
from shuzheng.base.forms.spec import FormSpec, load
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import nodes, stale
from shuzheng.base.stats.lake import FactFile, Lake
from shuzheng.base.stats.models import Partition
from shuzheng.base.stats.rates import Rates, rates_of
from shuzheng.kernel.periods import Period, PeriodKind

LOCK = 0x5A4C414B45  # "ZLAKE"
NUMBER = pa.decimal128(24, 6)
RATE = pa.decimal128(13, 6)
GROUP = 500_000
"""Rows of a row group: what an engine reads or skips at once."""
COLUMNS = pa.schema(
    [
        ("node", pa.int32()),
        ("form", pa.dictionary(pa.int32(), pa.string())),
        ("period", pa.dictionary(pa.int32(), pa.string())),
        ("round", pa.dictionary(pa.int32(), pa.string())),
        ("code", pa.dictionary(pa.int32(), pa.string())),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
        ("measure", pa.dictionary(pa.int32(), pa.string())),
        ("month", pa.int32()),
        ("value", NUMBER),
        ("tce", RATE),
        ("equal", RATE),
        ("co2", RATE),
        ("tier", pa.int16()),
        ("edition", pa.int32()),
        ("source", pa.dictionary(pa.int32(), pa.string())),
    ]
)
"""A fact. ``tier`` is the highest that approved it (0: needs no approval); ``month`` is 202607, or 0; ``tce``, ``equal``
and ``co2`` are kilograms per unit by the factors of the period and province, null where the kind has none."""
FILE: dict[str, Any] = {
    "compression": "zstd",
    "use_dictionary": [name for name in COLUMNS.names if name != "value"],
    "write_statistics": ["node", "month", "tier", "edition"],
}
"""How a file is written. Hardly an amount is like another, and every row group holds every word and rate: a dictionary of the
one and the least and greatest of the others take a third of the time and help no reader."""

# By the path of the submission, which is its cells': then the submissions of a province are found first, and their cells by them.
_FACTS = """
SELECT k.key, c.code::text AS code, c.value, s.approved_tier AS tier, s.edition, c.source::text AS source
FROM forms_cell c
JOIN forms_submission s ON s.id = c.submission_id
JOIN stats_nodekey k ON k.node = s.node_id
WHERE s.round_id = %s AND s.path >= %s AND s.path < %s AND s.approved_tier < %s
  AND c.value IS NOT NULL
"""
_FIRST = """ AND NOT EXISTS (
    SELECT 1 FROM forms_submission o WHERE o.node_id = s.node_id AND o.round_id = ANY(%s::uuid[]))"""
# A corrected cell counts with its new value at the tiers that confirmed it: until all have, what it adds is a fact of its own.
_MOVED = """
SELECT k.key, c.code::text AS code,
       coalesce(c.new, 0) - coalesce(c.old, 0) AS value, a.confirmed_tier AS tier, s.edition, 'amended' AS source
FROM forms_amendmentcell c
JOIN forms_amendment a ON a.id = c.amendment_id
JOIN forms_submission s ON s.id = a.submission_id
JOIN stats_nodekey k ON k.node = s.node_id
WHERE c.round_id = %s AND c.path >= %s AND c.path < %s AND a.state = 'answered' AND a.confirmed_tier < %s
"""
_STATES = """
SELECT k.key, f.code, 1::numeric AS value, f.tier::smallint AS tier, s.edition, 'computed' AS source
FROM forms_submission s
JOIN stats_nodekey k ON k.node = s.node_id
CROSS JOIN LATERAL (VALUES
    ('_asked', 0, true),
    ('_reported', 0, s.state IN ('submitted', 'approved')),
    ('_timely', 0, s.state IN ('submitted', 'approved') AND NOT s.is_late),
    ('_approved', s.approved_tier, s.approved_tier < %s)
) AS f(code, tier, holds)
WHERE f.holds AND s.round_id = %s AND s.path >= %s AND s.path < %s
"""


@dataclass(frozen=True)
class Meaning:
    """What a cell's code means in the lake."""

    kind: str = ""
    measure: str = "other"
    month: int = 0


def meanings(spec: FormSpec, period: Period) -> dict[str, Meaning]:
    """By code. Monthly cells are ``amount`` (of a row that is part of another: ``part``), quarters' sums ``total``."""
    parts = {row.code: row.of for section in spec.sections for row in section.rows if row.of}
    months = period.months()
    single = months[0].start.year * 100 + months[0].start.month if period.kind is PeriodKind.MONTH else 0
    offsets = {
        column.code: column.offset
        for columns in (spec.columns, *(getattr(s, "columns", ()) for s in spec.sections))
        for column in columns
        if column.kind == "month"
    }
    known = {}
    for cell in spec.cells.values():
        month = single
        if cell.row and cell.column in offsets and offsets[cell.column] < len(months):
            at = months[offsets[cell.column]].start
            measure, month = ("part" if cell.row in parts else "amount"), at.year * 100 + at.month
        elif cell.row:
            measure = {"q": "total"}.get(cell.column, cell.column)
        else:
            measure = "field" if cell.is_input else "result"
        known[cell.code] = Meaning(parts.get(cell.row, cell.row), measure, month)
    for code in ("_asked", "_reported", "_timely", "_approved"):
        known[code] = Meaning(measure="report")
    return known


def run(scope: Scope, advance: Callable[[int, int], None] | None = None) -> int:
    """Bring the lake up to date: numbers for new nodes, the tree, every stale part. Returns how many parts were written.

    It does nothing while another process does it.
    """
    lake = lakes.current()
    with _alone() as mine, ArrowReader() as source, ExitStack() as stack:
        if not mine:
            return 0
        with scope.activate():
            nodes.number_nodes()
            parts = list(Partition.objects.filter(wanted__gt=F("written")).order_by("round", "bucket"))
            rounds = {
                r.pk: r for r in Round.objects.select_related("definition").filter(pk__in={p.round for p in parts})
            }
            before = {pk: _before(round_) for pk, round_ in rounds.items()}
            there = [part for part in parts if part.round in rounds]
            reading = source.ahead([_question(part, before[part.round]) for part in there])
            answers = stack.enter_context(reading)
        for done, part in enumerate(parts):
            with scope.activate():
                round_ = rounds.get(part.round)
                write_part(lake, part, round_, next(answers) if round_ else iter(()))
            if advance:
                advance(done + 1, len(parts))
        with scope.activate():
            manifest = lake.manifest()
            days = {Period.parse(f.period).end for f in manifest.files.values()}
            made = nodes.write_nodes(lake, source, days, manifest.nodes)
        lake.swap(manifest.with_nodes(*made))
        lake.tidy()
        return len(parts)


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether this is the only exporter. The lock is the session's: an export is longer than a transaction should be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        mine = bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def write_part(lake: Lake, part: Partition, round_: Round | None, rows: Iterator[pa.RecordBatch]) -> None:
    """Write one part to a new file, name it in the manifest, then note that it is up to date. Runs in a scope."""
    if round_ is None:
        lake.swap(lake.manifest().with_files(without=[f"{part.round}/{part.bucket}"]))
    else:
        file = _write(lake, round_, part.bucket, rows)
        manifest = lake.manifest()
        key = f"{round_.pk}/{part.bucket}"
        lake.swap(manifest.with_files(file) if file else manifest.with_files(without=[key]))
        part.facts = file.rows if file else 0
    # Only what was asked for when the part was read counts as written: what changed meanwhile is still stale.
    Partition.objects.filter(round=part.round, bucket=part.bucket).update(written=part.wanted, facts=part.facts)


def _write(lake: Lake, round_: Round, bucket: str, batches: Iterator[pa.RecordBatch]) -> FactFile | None:
    spec, period = load(round_.definition.spec), Period.parse(round_.period)
    known, rates = meanings(spec, period), rates_of(spec.code, period.end, bucket)
    taken, rows = timezone.now(), 0
    with (
        lake.write(f"facts/{spec.code}/{period}") as (path, file),
        pq.ParquetWriter(file, COLUMNS, **FILE) as writer,
    ):
        for batch in batches:
            table = to_facts(batch, round_, spec.code, known, rates)
            writer.write_table(table, row_group_size=GROUP)
            rows += table.num_rows
    if not rows:
        lake.fs.rm_file(lake.at(path))
        return None
    return FactFile(
        path, str(round_.pk), bucket, spec.code, str(period), round_.title, rows, taken.isoformat(), rates.versions
    )


def _before(round_: Round) -> list[str]:
    """The rounds of the same form and period that came first: an institution that was asked twice counts once, with them."""
    asked = Round.objects.filter(definition__code=round_.definition.code, period=round_.period, pk__lt=round_.pk)
    return [str(pk) for pk in asked.values_list("pk", flat=True)]


def _question(part: Partition, before: list[str]) -> Question:
    """Cells that count, and the states of submissions, but those of institutions that a round ``before`` asked."""
    span = Range.subtree(f"{part.bucket}/")
    first, more = (_FIRST, [before]) if before else ("", [])
    pk = str(part.round)
    parts = (
        (_FACTS + first, [pk, span.lo, span.hi, NOT_APPROVED, *more]),
        (_MOVED + first, [pk, span.lo, span.hi, NOT_APPROVED, *more]),
        (_STATES + first, [NOT_APPROVED, pk, span.lo, span.hi, *more]),
    )
    together = " UNION ALL ".join(sql for sql, _params in parts)
    return together, [value for _sql, params in parts for value in params]


def to_facts(batch: pa.RecordBatch, round_: Round, form: str, known: dict[str, Meaning], rates: Rates) -> pa.Table:
    """Rows of PostgreSQL as facts: what a code means is looked up once for each code, and not for each row."""
    codes = batch.column("code").dictionary_encode()
    names = codes.dictionary.to_pylist()
    said = [known.get(name, Meaning()) for name in names]
    sources = batch.column("source").dictionary_encode()
    n = batch.num_rows

    def by_code(values: list[Any], type_: pa.DataType) -> pa.Array:
        return pa.array(values, type_).take(codes.indices)

    def words(values: list[str]) -> pa.DictionaryArray:
        distinct = sorted(set(values))
        place = {word: i for i, word in enumerate(distinct)}
        indices = pa.array([place[v] for v in values], pa.int32()).take(codes.indices)
        return pa.DictionaryArray.from_arrays(indices, pa.array(distinct, pa.string()))

    def always(word: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, dtype=np.int32)), pa.array([word]))

    def rate(method: str) -> pa.Array:
        return by_code([rates.of(name, m.kind, m.measure, method) for name, m in zip(names, said, strict=True)], RATE)

    columns = [
        batch.column("key").cast(pa.int32()),
        always(form),
        always(round_.period),
        always(str(round_.pk)),
        codes,
        words([m.kind for m in said]),
        words([m.measure for m in said]),
        by_code([m.month for m in said], pa.int32()),
        numbers(batch.column("value"), NUMBER),
        rate("tce"),
        rate("equal"),
        rate("co2"),
        batch.column("tier").cast(pa.int16()),
        batch.column("edition").cast(pa.int32()),
        sources,
    ]
    return pa.Table.from_arrays(columns, schema=COLUMNS)


def export_all(scope: Scope, advance: Callable[[int, int], None] | None = None) -> int:
    """Write everything anew: after a restore, a corrected factor, or into an empty lake."""
    with scope.activate():
        stale.mark(stale.parts_of())
    return run(scope, advance)


__all__ = ["COLUMNS", "export_all", "meanings", "run", "to_facts", "write_part"]
