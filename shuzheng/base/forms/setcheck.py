"""The checks of a form over all that was handed in, as sets in the database: one statement for a region's factors.

``findings`` gives what ``engine.check`` would say of each submission, one by one; tests hold the two together. ``outliers``
compares each number with the same institution's earlier periods. Both read within the scope that is open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from shuzheng.base.core.scope import Range
from shuzheng.base.forms import facts
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import REPORTED, moments
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.spec import LAST_YEAR, LINE, PREVIOUS, CellSpec, CheckSpec, FormSpec, SectionSpec, load
from shuzheng.kernel.expr import Sql
from shuzheng.kernel.periods import Period

Column = tuple[str, tuple[Any, ...]]
"""SQL of a value and its parameters."""

ENOUGH = 4
"""Earlier periods that a comparison needs: fewer say nothing about what is usual."""
Z_LIMIT, MODIFIED_LIMIT = 3.0, 3.5
"""Usual bounds: three standard deviations, and 3.5 for the modified z (Iglewicz and Hoaglin, 1993)."""


@dataclass(frozen=True)
class Found:
    """A check that does not hold for a submission; ``row`` is the number of a repeating row, 0 for none."""

    submission_id: UUID
    check: CheckSpec
    row: int = 0

    @property
    def cell(self) -> str:
        return f"{self.check.line}_{self.row}_{self.check.cell}" if self.row else self.check.cell


def findings(round_: Round, division: str, *, only: str = "") -> Iterator[Found]:
    """What does not hold below a division among what was handed in. ``only`` names one check."""
    spec = load(round_.definition.spec)
    checks = [c for c in spec.checks if not only or c.code == only or c.code.startswith(f"{only}.")]
    if not checks:
        return
    for values, regions in _by_factors(spec, round_, division):
        plain = [c for c in checks if not c.line]
        if plain:
            yield from _run(_Query(spec, round_, values), plain, None, division, regions)
        for section in spec.lines.values():
            own = [c for c in checks if c.line == section.code]
            if own:
                yield from _run(_Query(spec, round_, values), own, section, division, regions)


def _by_factors(spec: FormSpec, round_: Round, division: str) -> list[tuple[Mapping[str, Decimal], list[str]]]:
    """The divisions that institutions stand in, by the factors that hold there. Mostly one group."""
    below = Range.subtree(division)
    rows = Submission.objects.filter(round=round_, path__gte=below.lo, path__lt=below.hi, state__in=REPORTED)
    if not spec.factors:
        return [({}, [])]
    # the division of an organ is its path up to the segment 0/ that holds a level's own organs
    divisions = {f"/{p}".split("/0/", 1)[0][1:] for p in rows.order_by().values_list("path", flat=True).iterator()}
    groups: dict[tuple[Decimal, ...], tuple[Mapping[str, Decimal], list[str]]] = {}
    for place in sorted(divisions):
        path = f"{place}/" if place else ""
        values = resolve(spec, round_.period, path).values
        groups.setdefault(tuple(values.values()), (values, []))[1].append(path)
    return list(groups.values())


def _run(
    query: _Query, checks: Sequence[CheckSpec], section: SectionSpec | None, division: str, regions: Sequence[str]
) -> Iterator[Found]:
    sql, params = query.statement(checks, section, division, regions)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(5000):
            for owner, number, place in rows:
                yield Found(owner, checks[place], number)


class _Query:
    """One statement: every name that the checks use becomes a column, every check a condition."""

    def __init__(self, spec: FormSpec, round_: Round, factors: Mapping[str, Decimal]) -> None:
        self.spec, self.round, self.factors = spec, round_, factors
        self.period = Period.parse(round_.period)
        self.columns: dict[str, str] = {}
        self.own: dict[str, str] = {}
        self.lists: dict[str, dict[str, str]] = defaultdict(dict)
        self.other: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.facts: dict[str, str] = {}

    def statement(
        self, checks: Sequence[CheckSpec], section: SectionSpec | None, division: str, regions: Sequence[str]
    ) -> tuple[str, list[Any]]:
        used = {c.code: self._uses(c) for c in checks}
        names = {name for codes in used.values() for code in codes for name in self.spec.programs[code].references}
        for name in sorted(names):
            self._place(name, section)
        conditions = [self._condition(c.code, used[c.code]) for c in checks]
        below = Range.subtree(division)
        parts = [
            "SELECT id, node_id FROM forms_submission "
            "WHERE round_id = %s AND path >= %s AND path < %s AND state = ANY(%s)"
        ]
        params: list[Any] = [self.round.pk, below.lo, below.hi, list(REPORTED)]
        if regions:
            parts[0] += " AND regexp_replace(path, '(^|/)0/.*$', '\\1') = ANY(%s)"
            params.append(list(regions))
        tables = [f"s AS MATERIALIZED ({parts[0]})"]
        joins = ["s"]
        for name, sql, values, join in self._tables(section):
            tables.append(f"{name} AS ({sql})")
            params += values
            joins.append(join)
        rows = ", ".join(f"({n}, {c.text})" for n, c in enumerate(conditions))
        params += [p for c in conditions for p in c.params]
        number = "l._row" if section else "0"
        made = (
            f"WITH {', '.join(tables)} SELECT s.id, {number}, k.n FROM {' '.join(joins)} "  # noqa: S608 -- names of our own, codes are [a-z0-9_]
            f"CROSS JOIN LATERAL (VALUES {rows}) AS k(n, holds) WHERE k.holds IS FALSE ORDER BY 1, 3, 2"
        )
        return made, params

    # Checks

    def _uses(self, check: CheckSpec) -> list[str]:
        """The programs of a check: itself, and what says whether its cell is asked."""
        if check.line:
            shows = [f"show:{check.line}", f"show:{check.line}.{check.cell}"]
        else:
            cell = self.spec.cells[check.cell]
            shows = [f"show:{cell.section}", f"show:{cell.row}", f"show:{cell.code}"]
        return [check.code, *(s for s in dict.fromkeys(shows) if s in self.spec.programs)]

    def _condition(self, code: str, used: Sequence[str]) -> Sql:
        """Null where the cell is not asked: only what is false is a finding."""
        made = self.spec.programs[code].sql(self.columns)
        shows = [self.spec.programs[s].sql(self.columns, condition=True) for s in used[1:]]
        if not shows:
            return made
        asked = " AND ".join(f"({s.text}) IS TRUE" for s in shows)
        params = (*(p for s in shows for p in s.params), *made.params)
        return Sql(f"CASE WHEN {asked} THEN {made.text} END", params)

    # Names as columns

    def _place(self, name: str, section: SectionSpec | None) -> None:
        spec = self.spec
        if name in spec.cells:
            self.own[name] = _picked(spec.cells[name], name)
            self.columns[name] = f'own."{name}"'
        elif name.startswith(LINE) and section:
            self.columns[name] = f'l."{name.removeprefix(LINE)}"'
        elif name in self.factors:
            self.columns[name] = f"{self.factors[name]:f}::numeric"
        elif "." in name:
            code, _dot, column = name.partition(".")
            self.lists[code][column] = column
            self.columns[name] = f'coalesce(list_{code}."{column}", ARRAY[]::{_list_type(spec, code, column)}[])'
        elif given := next((g for g in spec.givens if g.name == name), None):
            if given.fact:
                self.facts[name] = given.fact
                self.columns[name] = f'fact_{name}."value"'
            else:
                cell = CellSpec(given.cell, "", "", "", 0, "", "", "", type=given.type)
                self._earlier(name, given.form, moments(self.period)[given.period], cell)
        else:
            before = PREVIOUS if name.startswith(PREVIOUS) else LAST_YEAR
            period = self.period.previous if before == PREVIOUS else self.period.last_year
            self._earlier(name, spec.code, period, spec.cells[name.removeprefix(before)])

    def _earlier(self, name: str, form: str, period: Period | None, cell: CellSpec) -> None:
        key = (form, str(period))
        self.other[key][name] = _picked(cell, name)
        self.columns[name] = f'e{list(self.other).index(key)}."{name}"'

    def _tables(self, section: SectionSpec | None) -> Iterator[tuple[str, str, list[Any], str]]:
        """Common table expressions: name, SQL, parameters, and how they are joined."""
        here = "FROM forms_cell c JOIN s ON s.id = c.submission_id WHERE c.round_id = %s"
        if section:
            yield (
                "l",
                self._lines(section),
                [self.round.pk, *self._line_codes(section)],
                "JOIN l ON l.submission_id = s.id",
            )
        if self.own:
            picked = ", ".join(self.own.values())
            sql = f"SELECT c.submission_id, {picked} {here} AND c.code = ANY(%s) GROUP BY 1"
            yield "own", sql, [self.round.pk, list(self.own)], "LEFT JOIN own ON own.submission_id = s.id"
        for code, columns in self.lists.items():
            lines = self.spec.lines[code]
            listed = ", ".join(f'array_agg(r."{c}" ORDER BY r._row) AS "{c}"' for c in columns)
            sql = f"SELECT r.submission_id, {listed} FROM ({self._lines(lines)}) AS r GROUP BY 1"  # noqa: S608
            name = f"list_{code}"
            values = [self.round.pk, *self._line_codes(lines)]
            yield name, sql, values, f"LEFT JOIN {name} ON {name}.submission_id = s.id"
        for n, ((form, period), picked_) in enumerate(self.other.items()):
            codes = [self._code_of(name) for name in picked_]
            sql = (
                f"SELECT p.node_id, {', '.join(picked_.values())} FROM forms_cell c "  # noqa: S608
                "JOIN forms_submission p ON p.id = c.submission_id JOIN forms_round r ON r.id = p.round_id "
                "JOIN forms_definition d ON d.id = r.definition_id WHERE d.code = %s AND r.period = %s "
                "AND p.state = ANY(%s) AND c.code = ANY(%s) AND p.node_id IN (SELECT node_id FROM s) GROUP BY 1"
            )
            yield f"e{n}", sql, [form, period, list(REPORTED), codes], f"LEFT JOIN e{n} ON e{n}.node_id = s.node_id"
        for name, code in self.facts.items():
            fact = facts.offered()[code]
            inner, values = fact.rows().values_list("node_id", fact.field).query.sql_with_params()
            sql = f'SELECT f.node_id, nullif(f."value", 0) AS "value" FROM ({inner}) AS f(node_id, "value")'  # noqa: S608
            if fact.type in ("text", "choice", "date"):
                sql = f'SELECT f.node_id, f."value" FROM ({inner}) AS f(node_id, "value")'  # noqa: S608
            yield f"fact_{name}", sql, list(values), f"LEFT JOIN fact_{name} ON fact_{name}.node_id = s.node_id"

    def _code_of(self, name: str) -> str:
        given = next((g for g in self.spec.givens if g.name == name), None)
        return given.cell if given else name.removeprefix(PREVIOUS).removeprefix(LAST_YEAR)

    def _lines(self, section: SectionSpec) -> str:
        """Rows of a repeating section; a row is there when something was typed into it."""
        size = len(section.code) + 2
        column = f"regexp_replace(substr(c.code, {size}), '^[0-9]+_', '')"
        picked = ", ".join(_picked(c, c.code, f"{column} = '{c.code}'") for c in section.line)
        typed = ", ".join(f"'{c.code}'" for c in section.line if c.is_input)
        return (
            f"SELECT c.submission_id, substring(substr(c.code, {size}) from '^[0-9]+')::int AS _row, {picked} "  # noqa: S608
            "FROM forms_cell c JOIN s ON s.id = c.submission_id WHERE c.round_id = %s AND c.code >= %s AND c.code < %s "
            f"AND substr(c.code, {size}) ~ '^[1-9][0-9]*_' GROUP BY 1, 2 "
            f"HAVING bool_or({column} IN ({typed}) AND (c.value IS NOT NULL OR c.text <> ''))"
        )

    @staticmethod
    def _line_codes(section: SectionSpec) -> list[str]:
        """Codes of rows lie between ``<section>_0`` and ``<section>_:``, as ``:`` follows the digits."""
        return [f"{section.code}_0", f"{section.code}_:"]


def _picked(cell: CellSpec, name: str, where: str = "") -> str:
    """The one value of a code in a group of cells, as a column of its type."""
    condition = where or f"c.code = '{cell.code}'"
    match cell.type:
        case "number" | "integer":
            value = f"max(c.value) FILTER (WHERE {condition})"
        case "boolean":
            value = f"bool_or(c.value <> 0) FILTER (WHERE {condition})"
        case "date":
            value = f"max(nullif(c.text, '')) FILTER (WHERE {condition})::date"
        case _:
            value = f"max(nullif(c.text, '')) FILTER (WHERE {condition})"
    return f'{value} AS "{name}"'


def _list_type(spec: FormSpec, section: str, column: str) -> str:
    found = spec.lines[section].column(column)
    kinds = {"number": "numeric", "integer": "numeric", "boolean": "boolean", "date": "date"}
    return kinds.get(found.type if found else "", "text")


# Outliers


@dataclass(frozen=True)
class Outlier:
    """A number unlike what the institution reported before: how far off, by each method that objects."""

    submission_id: UUID
    code: str
    value: Decimal
    periods: int
    mean: float
    median: float
    least: Decimal
    most: Decimal
    z: float | None
    modified_z: float | None

    @property
    def methods(self) -> list[str]:
        """``z``, ``modified`` and ``range``: which of them object."""
        said = []
        if self.z is not None and abs(self.z) > Z_LIMIT:
            said.append("z")
        if self.modified_z is not None and abs(self.modified_z) > MODIFIED_LIMIT:
            said.append("modified")
        if not self.least <= self.value <= self.most:
            said.append("range")
        return said


def outliers(round_: Round, division: str, codes: Sequence[str] = (), *, back: int = 12) -> Iterator[Outlier]:
    """Numbers that z or modified z find too far from the institution's up to ``back`` earlier periods.

    z is the distance from the mean in sample standard deviations; the modified z 0.6745 times the distance from the median
    in median absolute deviations. A history that never moved has neither: there only min and max speak.
    """
    spec = load(round_.definition.spec)
    wanted = list(codes) or [c.code for c in spec.cells.values() if c.is_number and c.additive]
    period, periods = Period.parse(round_.period), []
    while len(periods) < back and (previous := period.previous) is not None:
        period = previous
        periods.append(str(period))
    if not periods:
        return
    below = Range.subtree(division)
    with connection.cursor() as cursor:
        cursor.execute(
            _OUTLIERS,
            [round_.pk, below.lo, below.hi, list(REPORTED), round_.pk, wanted, spec.code, periods, list(REPORTED), wanted,
             ENOUGH, Z_LIMIT, MODIFIED_LIMIT],
        )  # fmt: skip
        while rows := cursor.fetchmany(5000):
            yield from (Outlier(*row) for row in rows)


_OUTLIERS = """
WITH s AS MATERIALIZED (
  SELECT id, node_id FROM forms_submission WHERE round_id = %s AND path >= %s AND path < %s AND state = ANY(%s)
), cur AS (
  SELECT s.id, s.node_id, c.code, c.value FROM forms_cell c JOIN s ON s.id = c.submission_id
  WHERE c.round_id = %s AND c.code = ANY(%s) AND c.value IS NOT NULL
), held AS MATERIALIZED (
  SELECT p.node_id, c.code, c.value FROM forms_cell c JOIN forms_submission p ON p.id = c.submission_id
  JOIN forms_round r ON r.id = p.round_id JOIN forms_definition d ON d.id = r.definition_id
  WHERE d.code = %s AND r.period = ANY(%s) AND p.state = ANY(%s) AND c.code = ANY(%s) AND c.value IS NOT NULL
    AND p.node_id IN (SELECT node_id FROM s)
), usual AS (
  SELECT node_id, code, count(*) AS n, avg(value)::float8 AS mean, stddev_samp(value::float8) AS sd,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY value::float8) AS median, min(value) AS lowest, max(value) AS highest
  FROM held GROUP BY 1, 2
), spread AS (
  SELECT t.node_id, t.code, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(t.value::float8 - u.median)) AS mad
  FROM held t JOIN usual u USING (node_id, code) GROUP BY 1, 2
), judged AS (
  SELECT cur.id, cur.code, cur.value, u.n, u.mean, u.median, u.lowest, u.highest,
    (cur.value::float8 - u.mean) / nullif(u.sd, 0) AS z,
    0.6745 * (cur.value::float8 - u.median) / nullif(w.mad, 0) AS mz
  FROM cur JOIN usual u USING (node_id, code) JOIN spread w USING (node_id, code) WHERE u.n >= %s
)
SELECT * FROM judged
WHERE abs(z) > %s OR abs(mz) > %s OR (z IS NULL AND mz IS NULL AND (value < lowest OR value > highest))
ORDER BY id, code
"""

__all__ = ["ENOUGH", "Found", "Outlier", "findings", "outliers"]
