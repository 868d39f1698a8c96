"""Statistics: the national pivot against SQL by hand, the export against COPY, the board against one indexed row."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import JsonResponse
from django.test import RequestFactory
from django.test.utils import override_settings

from bench import stats_lake
from bench.measure import Result, interleaved, timed
from bench.reference import pivot as reference
from bench.reference import row as bare
from shuzheng.base.core.scope import EVERYTHING, Range, Scope, system_scope
from shuzheng.base.forms.models import Cell, RollupTotal, Round
from shuzheng.base.org.models import Node
from shuzheng.base.stats import exporting, stale
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.models import Partition
from shuzheng.base.stats.question import NOW, Question

SAMPLE = 100_000
"""Institutions of the sample, in all 31 provinces."""
QUESTION = Question(("energy.consumption",), ("province", "month", "kind"))
READER = Scope("bench", Range.exactly("0/bench/"), {"reporting": (EVERYTHING,)})


def run() -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder, override_settings(SZ_LAKE=folder):
        facts = stats_lake.make(Path(folder), SAMPLE)
        yield pivot(Path(folder), facts, "sample", least=9)
    with tempfile.TemporaryDirectory() as folder, override_settings(SZ_LAKE=folder):
        yield export()
    yield board()


def pivot(folder: Path, facts: int, whose: str, *, least: int) -> Result:
    """Province × month × kind through ``stats.ask`` with a scope, words and totals; against the bare rows of SQL."""
    manifest = lakes.current().manifest()
    files = sorted(str(folder / f.path) for f in manifest.files.values())
    tree = str(folder / manifest.nodes[NOW].path)
    other = reference.connect(settings.SZ_STATS_THREADS)
    answer = stats.ask(QUESTION, scope=READER)
    plain = reference.pivot(other, files, tree)
    if [(*r.keys, r.values[0]) for r in answer.rows] != [(p, str(m), k, v) for p, m, k, v in plain]:
        raise AssertionError("the pivot is not the reference's")
    mine, theirs = interleaved(
        lambda: stats.ask(QUESTION, scope=READER), lambda: reference.pivot(other, files, tree), least=least, warm=1
    )
    how = f"{facts:,} facts by 31 provinces, 12 months, 8 kinds, scoped, with words and total; DuckDB SQL, same files"
    return Result(f"national pivot, {whose}", mine, how, theirs, 1.2)


COPY = """
COPY (SELECT s.node_id, c.code, c.value, s.approved_tier, s.edition, c.source
      FROM forms_cell c JOIN forms_submission s ON s.id = c.submission_id
      WHERE s.approved_tier < 5 AND c.value IS NOT NULL) TO STDOUT
"""


def export() -> Result:
    """All rounds of the deployment into an empty lake, the tree too; against COPY of the same cells to a file."""
    scope = system_scope("stats.export")
    with scope.activate():
        cells = Cell.objects.filter(submission__approved_tier__lt=5, value__isnull=False).count()

    def ours() -> None:
        with scope.activate():
            stale.mark(stale.parts_of())
        exporting.run(scope)

    def theirs() -> None:
        with (
            scope.activate(),
            connection.cursor() as cursor,
            tempfile.TemporaryFile() as file,
            cursor.copy(COPY) as rows,
        ):
            for block in rows:
                file.write(block)

    mine, copy = (statistics.median(t) for t in zip(*((timed(ours), timed(theirs)) for _ in range(5)), strict=True))
    with scope.activate():
        written = sum(Partition.objects.values_list("facts", flat=True))
    how = f"{written:,} facts to Parquet, tree included; COPY of the {cells:,} cells among them to a file"
    return Result("export to the lake, for a row of COPY", mine / written * 1e6, how, copy / cells * 1e6, 2, "µs/row")


def nation(folder: Path, institutions: int) -> Iterator[Result]:
    """The full size, for the soak: 152 million facts on DuckDB against SQL by hand, and once on Spark."""
    with override_settings(SZ_LAKE=str(folder)):
        manifest = lakes.current().manifest()
        facts = sum(f.rows for f in manifest.files.values()) or stats_lake.make(folder, institutions)
        size = f"{facts / 1e6:.0f} million facts"
        yield pivot(folder, facts, size, least=3)
        duck = stats.ask(QUESTION, scope=READER)
        with override_settings(SZ_STATS_ENGINE="spark"):
            spark = None

            def on_spark() -> None:
                nonlocal spark
                spark = stats.ask(QUESTION, scope=READER)

            taken = timed(on_spark)
        if spark is None or (spark.rows, spark.total) != (duck.rows, duck.total):
            raise AssertionError("Spark's pivot is not DuckDB's")
        yield Result(
            f"national pivot on Spark, {size}", taken, "once, start included; equal to DuckDB's in every digit"
        )


def board() -> Result:
    """The numbers of a province in a round, as JSON; p95 of 400, in turn with a bare view of one row."""
    scope = system_scope("stats.export")
    with scope.activate():
        round_ = Round.objects.order_by("-asked").first()
        province = Node.objects.filter(kind="division", tier=2).values("path")
        held = RollupTotal.objects.filter(round=round_, path__in=province)
        division = held.values_list("path", flat=True).annotate(Count("code")).order_by("-code__count").first()
    request = RequestFactory().get("/")
    times: tuple[list[float], list[float]] = ([], [])

    def ours() -> Any:
        with scope.activate():
            return _json(stats.board(Round.objects.only("period", "asked").get(pk=round_.pk), division))

    if b"None" in ours():
        raise AssertionError(f"the board of {division} has not all its numbers: {ours()!r}")

    for i in range(450):
        for side, do in enumerate((ours, lambda: bare.view(request, str(round_.pk)))):
            taken = timed(do)
            if i >= 50:
                times[side].append(taken)
    mine, theirs = (statistics.quantiles(t, n=20)[18] for t in times)
    return Result(
        "board from roll-ups, p95", mine, "seven indicators of a province; one indexed row as JSON", theirs, 1.5
    )


def _json(found: stats.Board) -> bytes:
    figures = {f.column.name: str(f.value) for f in found.figures}
    return JsonResponse({"round": str(found.round), "counted": found.counted, "figures": figures}).content
