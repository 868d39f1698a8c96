"""Checks and outliers of everybody's quarter, for the soak: five quarters made as sets of rows, faults at known places.

The periods lie ahead of the demo's own rounds, so that what was reported before is these numbers and nothing else.
"""

from __future__ import annotations

import resource
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, connections
from django.utils import timezone

from bench.measure import Result, timed
from bench.reference import checks as reference
from bench.reporting import FORM, SYSTEM
from bench.stock import loading
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.forms import setcheck
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.models import Definition, Round, Submission
from shuzheng.base.forms.spec import load as load_spec
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.org.places import draft_node
from shuzheng.base.org.versions import first_version
from shuzheng.kernel.periods import Period

EARLIER, NOW = ("2030Q1", "2030Q2", "2030Q3", "2030Q4"), "2031Q1"
LAST_YEAR, BEFORE = "2030Q1", "2030Q4"
USED = {"e01": (9000, 21600), "e02": (300, 2700), "e04": (200, 1800), "e05": (50, 1100)}
"""Of a row: the month's amount, and the quarter's cost."""
EACH = 1000
SEEDS = {
    17: ("e01_m2", "value * 10", ("yoy.e01", "price_e01")),
    217: ("e02_m1", "NULL", ("missing.e02_m1",)),
    417: ("e04_m3", "-5", ("negative.e04_m3", "yoy.e04")),
    617: ("e05_cost", "NULL", ("cost.e05",)),
    817: ("e011_m1", "50000", ("part.e011",)),
}
"""By the remainder of an institution's number: the cell that is wrong, and what the checks must say of it."""
OUTLIERS = ("e01_m1", "e01_m2", "e01_m3", "e01_q", "e02_q")
SAMPLE = 1000
CHUNK = 20_000


def institutions(number: int) -> str:
    """So many reporting institutions beside the demo's, spread evenly over the counties."""
    with SYSTEM.scope.activate():
        counties = list(Node.objects.filter(kind=NodeKind.DIVISION, tier=Tier.COUNTY, valid_to=None).order_by("path"))
        for start in range(0, number, CHUNK):
            made = [
                draft_node(
                    counties[n * len(counties) // number], f"公共机构{n:07d}", NodeKind.ORGAN, code=f"s{n:07d}", type="22",
                    is_reporting=True, valid_from=counties[0].valid_from,
                )
                for n in range(start, min(start + CHUNK, number))
            ]  # fmt: skip
            insert_many(made)
            insert_many([first_version(organ) for organ in made])
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE org_node")
    return f"{number:,} institutions in {len(counties):,} counties"


def stock() -> str:
    """A round for each quarter in which every institution has handed in. What a broken run left of them is removed first."""
    rounds = "(SELECT id FROM forms_round WHERE title = ANY(%s))"
    with connections["owner"].cursor() as cursor:
        for table, column in (("forms_cell", "round_id"), ("forms_submission", "round_id"), ("forms_round", "id")):
            cursor.execute(f"DELETE FROM {table} WHERE {column} IN {rounds}", [[f"soak {p}" for p in (*EARLIER, NOW)]])
    with SYSTEM.scope.activate():
        definition = Definition.objects.get(code=FORM, state=Definition.State.PUBLISHED)
        office = Node.objects.get(path="0/goa/")
    made = [_round(definition, office, period) for period in (*EARLIER, NOW)]
    spec = load_spec(definition.spec)
    with loading("forms_cell", anew=True) as cursor:
        cells = sum(_fill(cursor, round_, place, spec) for place, round_ in enumerate(made))
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE forms_submission")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        [size] = cursor.fetchone()
    return f"{made[-1].asked:,} institutions in {len(made)} quarters, {cells:,} cells, {size}"


def _round(definition: Definition, office: Node, period: str) -> Round:
    due = timezone.make_aware(datetime.combine(Period.parse(period).end + timedelta(days=15), time(18)))
    with SYSTEM.scope.activate():
        organs = Node.objects.filter(is_reporting=True, kind=NodeKind.ORGAN, valid_to=None)
        row = Round(
            definition=definition, title=f"soak {period}", period=period, audience="", due_at=due, tier=1,
            state=Round.State.OPEN, asked=organs.count(),
        )  # fmt: skip
        row.own(office)
        insert_many([row])
        batch: list[Submission] = []
        for organ in organs.only("id", "path", "tier").order_by("path").iterator(CHUNK):
            made = Submission(
                round=row,
                own_tier=organ.tier,
                due_at=due,
                state=Submission.State.SUBMITTED,
                edition=1,
                submitted_at=due,
            )
            made.own(organ)
            batch.append(made)
            if len(batch) == CHUNK:
                insert_many(batch)
                batch = []
        insert_many(batch)
    return row


_ASKED = """
CREATE TEMP TABLE soak_asked AS
SELECT id, round_id, path, row_number() OVER (ORDER BY path) - 1 AS n FROM forms_submission WHERE round_id = %s
"""
# Up to a tenth more than the base, by institution, cell and quarter: whole numbers, the same on every machine.
_CELLS = """
WITH inputs AS MATERIALIZED (
    SELECT id, round_id, path, code, CASE {cases} ELSE value END AS value FROM (
        SELECT s.*, c.code, (c.base + ((s.n * 7919 + c.k * 104729 + %(quarter)s * 613) %% 101) * c.base / 1000)::numeric AS value
        FROM soak_asked s CROSS JOIN unnest(%(codes)s::text[], %(bases)s::int[], %(places)s::int[]) AS c(code, base, k)
        WHERE s.n >= %(start)s AND s.n < %(end)s) x
), quarters AS MATERIALIZED (
    SELECT id, round_id, path, split_part(code, '_', 1) AS line, sum(value) FILTER (WHERE code ~ '_m[123]$') AS used,
           count(value) FILTER (WHERE code ~ '_m[123]$') AS months, max(value) FILTER (WHERE code ~ '_cost$') AS cost
    FROM inputs GROUP BY 1, 2, 3, 4
)
INSERT INTO forms_cell (submission_id, round_id, path, code, value, text, source, version)
SELECT id, round_id, path, code, value, '', 'hand', 1 FROM inputs
UNION ALL SELECT id, round_id, path, line || '_q', used, '', 'computed', 1 FROM quarters WHERE months = 3
UNION ALL SELECT id, round_id, path, line || '_price', round(cost / used, 6), '', 'computed', 1 FROM quarters
          WHERE months = 3 AND used <> 0 AND cost IS NOT NULL
"""


def _fill(cursor: psycopg.Cursor, round_: Round, quarter: int, spec: Any) -> int:
    """Cells of a quarter: everything of the one that is checked, and of those before it what it is compared with."""
    is_now = round_.period == NOW
    base = {c.code: 0 for c in spec.inputs} if is_now else {}
    rows = USED if round_.period in (NOW, LAST_YEAR) else {code[:3]: USED[code[:3]] for code in OUTLIERS}
    base |= {f"{row}_m{month}": amount for row, (amount, _cost) in rows.items() for month in (1, 2, 3)}
    base |= {f"{row}_cost": cost for row, (_amount, cost) in rows.items()} if is_now else {}
    base |= {"people": 100} | ({"area": 3200} if is_now else {})
    cases = " ".join(
        f"WHEN n %% {EACH} = {rest} AND code = '{cell}' THEN {made}" for rest, (cell, made, _) in SEEDS.items()
    )
    insert = _CELLS.format(cases=cases if is_now else "WHEN false THEN NULL")
    words = {"quarter": quarter, "codes": list(base), "bases": list(base.values()), "places": list(range(len(base)))}
    cursor.execute("DROP TABLE IF EXISTS soak_asked")
    cursor.execute(_ASKED, [round_.pk])
    cursor.execute("CREATE INDEX ON soak_asked (n)")
    cursor.execute("ANALYZE soak_asked")
    count = 0
    for start in range(0, round_.asked, CHUNK):
        count += cursor.execute(insert, {**words, "start": start, "end": start + CHUNK}).rowcount
    return count


def findings() -> Iterator[Result]:
    """Every check of the form over the whole quarter, as sets; on a sample equal to plain Python, and the seeded faults all found."""
    round_, spec = _now()
    sample = _sample(round_)
    counts: Counter[str] = Counter()
    said: dict[UUID, set[str]] = defaultdict(set)

    def run() -> None:
        for found in setcheck.findings(round_, ""):
            counts[found.check.code] += 1
            if found.submission_id in sample:
                said[found.submission_id].add(found.check.code)

    with SYSTEM.scope.activate():
        seconds, memory = _watched(run)
        limits = resolve(spec, NOW, "").values
    now, last_year, before = (
        _cells(round_.definition_id, period, sample.values()) for period in (NOW, LAST_YEAR, BEFORE)
    )
    for pk, node in sample.items():
        plain = reference.findings(now[node], last_year[node], before[node], limits)
        if plain != said[pk]:
            raise AssertionError(f"{pk}: {sorted(said[pk])}, by plain Python {sorted(plain)}")
    for rest, (cell, _made, codes) in SEEDS.items():
        for code in codes:
            if counts[code] < len(range(rest, round_.asked, EACH)):
                raise AssertionError(f"{code}: {counts[code]:,} of the faults in {cell}")
    how = (
        f"{len(spec.checks)} checks × {round_.asked:,} submissions, {sum(counts.values()):,} findings; {memory};"
        f" equal to plain Python on {len(sample):,}, every seeded fault found"
    )
    yield Result("checks of a quarter", seconds, how)


def outliers() -> Iterator[Result]:
    """Each number against the institution's earlier quarters; on a sample equal to plain Python."""
    round_, _spec = _now()
    sample = _sample(round_)
    said: set[tuple[UUID, str]] = set()
    total = 0

    def run() -> None:
        nonlocal total
        for found in setcheck.outliers(round_, "", OUTLIERS):
            total += 1
            if found.submission_id in sample:
                said.add((found.submission_id, found.code))

    with SYSTEM.scope.activate():
        seconds, memory = _watched(run)
    quarters = [_cells(round_.definition_id, period, sample.values()) for period in (NOW, *EARLIER)]
    now, earlier = quarters[0], quarters[1:]
    plain = {
        (pk, code)
        for pk, node in sample.items()
        for code in OUTLIERS
        if code in now[node] and reference.outlier(now[node][code], [q[node][code] for q in earlier if code in q[node]])
    }
    if plain != said:
        raise AssertionError(f"outliers differ from plain Python's in {len(plain ^ said)} of {len(plain)}")
    how = (
        f"{len(OUTLIERS)} cells × {round_.asked:,} submissions against {len(EARLIER)} quarters, {total:,} found; {memory};"
        f" equal to plain Python on {len(sample):,} ({len(plain):,} found)"
    )
    yield Result("outliers of a quarter", seconds, how)


def _now() -> tuple[Round, Any]:
    with SYSTEM.scope.activate():
        round_ = Round.objects.select_related("definition").filter(title=f"soak {NOW}").latest("created_at")
    return round_, load_spec(round_.definition.spec)


def _sample(round_: Round) -> dict[UUID, UUID]:
    """Submissions with their institutions: the first by path, among them every kind of fault, and as many drawn from all."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "(SELECT id, node_id FROM forms_submission WHERE round_id = %s ORDER BY path LIMIT %s)"
            " UNION (SELECT id, node_id FROM forms_submission WHERE round_id = %s ORDER BY md5(id::text) LIMIT %s)",
            [round_.pk, SAMPLE, round_.pk, SAMPLE],
        )
        return dict(cursor.fetchall())


def _cells(definition: UUID, period: str, nodes: Iterable[UUID]) -> dict[UUID, dict[str, Decimal]]:
    """What institutions reported in a quarter, by institution and cell; empty cells left out."""
    found: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT s.node_id, c.code, c.value FROM forms_cell c JOIN forms_submission s ON s.id = c.submission_id"
            " JOIN forms_round r ON r.id = s.round_id"
            " WHERE r.definition_id = %s AND r.period = %s AND s.node_id = ANY(%s) AND c.value IS NOT NULL",
            [definition, period, list(nodes)],
        )
        for node, code, value in cursor.fetchall():
            found[node][code] = value
    return found


def _watched(do: Callable[[], None]) -> tuple[float, str]:
    """Seconds, and the most memory that this process and its server process took."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [server] = cursor.fetchone()
    seconds = timed(do)
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        seconds,
        f"at most {ours:,} MiB here and {_peak(server):,} MiB in the server process, its share of the cache included",
    )


def _peak(process: int) -> int:
    """MiB that a process held at its peak, as Linux says."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


__all__ = ["findings", "institutions", "outliers", "stock"]
