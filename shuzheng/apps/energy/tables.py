"""The scheme's three roll-up tables (综合表): by department, by division, by kind of institution. Domain dossier §5.2.

Each counts what the division's own tier has approved, cell by cell, so that the three agree to the last digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from shuzheng.apps.energy import roster
from shuzheng.apps.energy.figures import CODES, sums_by_member
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import rollup
from shuzheng.base.forms.models import Cell, Round, Submission
from shuzheng.base.org.models import InstitutionType, Node, NodeKind
from shuzheng.kernel.periods import Period

Sums = dict[str, Decimal]
WAYS = ("division", "type", "superior")
ROWS = (
    ("e01_q", gettext_noop("电"), "kWh", 0), ("e011_q", gettext_noop("其中：光伏自发自用"), "kWh", 0), ("e02_q", gettext_noop("水"), "m³", 0),
    ("e03_q", gettext_noop("煤炭"), "t", 2), ("e04_q", gettext_noop("天然气"), "m³", 0), ("e05_q", gettext_noop("汽油"), "L", 1), ("e06_q", gettext_noop("柴油"), "L", 1),
    ("e07_q", gettext_noop("液化石油气"), "kg", 1), ("e08_q", gettext_noop("热力"), "GJ", 2), ("e09_q", gettext_noop("其他能源"), "tce", 2),
    ("tce", gettext_noop("综合能耗"), "tce", 2), ("people", gettext_noop("用能人数"), "人", 0), ("area", gettext_noop("建筑面积"), "㎡", 2),
)  # fmt: skip
"""Columns of the tables, in the order of the scheme."""


@dataclass(frozen=True)
class Line:
    """A line of a table: what it is about, how many institutions, their sums."""

    key: str
    label: str
    units: int
    sums: Sums

    @property
    def per_area(self) -> Decimal | None:
        """kgce/㎡ in this quarter, without vehicle fuel."""
        area = self.sums.get("area")
        return (
            (self.sums.get("tce", Decimal(0)) - self.sums.get("vehicle_tce", Decimal(0))) * 1000 / area
            if area
            else None
        )

    @property
    def per_head(self) -> Decimal | None:
        people = self.sums.get("people")
        return self.sums.get("tce", Decimal(0)) * 1000 / people if people else None

    @property
    def water_per_head(self) -> Decimal | None:
        people = self.sums.get("people")
        return self.sums.get("e02_q", Decimal(0)) / people if people else None


def lines(round_: Round, division: Node, way: str) -> list[Line]:
    """The lines of one table, without its total. ``way`` is one of ``WAYS``."""
    grouped, counted = {"division": _by_division, "type": _by_type, "superior": _by_superior}[way](round_, division)
    labels = _labels(way, division, set(counted))
    found = [Line(key, labels.get(key) or key, n, dict(grouped.get(key, {}))) for key, n in counted.items()]
    return sorted(found, key=lambda line: line.key)


def total(found: list[Line]) -> Line:
    """The line under the others."""
    sums: Sums = defaultdict(Decimal)
    for line in found:
        for code, value in line.sums.items():
            sums[code] += value
    return Line("", _("合计"), sum(line.units for line in found), dict(sums))


Grouped = tuple[dict[str, Sums], dict[str, int]]


def _by_division(round_: Round, division: Node) -> Grouped:
    """From the roll-up: what stands just below the division."""
    found = sums_by_member([round_], division.path)
    return (
        {member: sums for (_round, member), (sums, _n) in found.items()},
        {member: n for (_round, member), (_sums, n) in found.items()},
    )


def _by_type(round_: Round, division: Node) -> Grouped:
    return _grouped(round_, division, lambda submission: F(f"{submission}node__type"))


def _by_superior(round_: Round, division: Node) -> Grouped:
    """By the department that the register of institutions names on the last day of the period."""
    held = roster.spans(Period.parse(round_.period))

    def key(submission: str) -> Subquery:
        return Subquery(held.filter(node=OuterRef(f"{submission}node")).values("superior__name")[:1])

    return _grouped(round_, division, key)


def _grouped(round_: Round, division: Node, key: Callable[[str], Any]) -> Grouped:
    """Sums and numbers of institutions. ``key`` makes the grouping from the way to the submission (``submission__``)."""
    below = Range.subtree(division.path)
    where = {"round": round_, "path__gte": below.lo, "path__lt": below.hi}
    cells = Cell.objects.filter(
        **where, code__in=CODES, submission__approved_tier__lte=division.tier, value__isnull=False
    )
    moved = rollup.confirmed(round_, division.path, division.tier).filter(code__in=CODES)
    sums: dict[str, Sums] = defaultdict(lambda: defaultdict(Decimal))
    for rows, to, column in ((cells, "submission__", "value"), (moved, "amendment__submission__", "moved")):
        for name, code, value in _summed(rows, key(to), column):
            sums[name][code] += value
    reported = Submission.objects.filter(**where, approved_tier__lte=division.tier).annotate(group=key(""))
    counted = reported.order_by().values_list("group").annotate(Count("pk"))
    return {name: dict(found) for name, found in sums.items()}, {name or "": n for name, n in counted}


def _summed(rows: QuerySet[Any], key: Any, column: str) -> list[tuple[str, str, Decimal]]:
    found = rows.annotate(group=key).order_by().values_list("group", "code").annotate(Sum(column))
    return [(name or "", code, value) for name, code, value in found]


def _labels(way: str, division: Node, keys: set[str]) -> dict[str, str]:
    if way == "division":
        names = dict(Node.objects.filter(path__in=keys, kind=NodeKind.DIVISION).values_list("path", "name"))
        return names | {f"{division.path}0/": _("%(name)s本级") % {"name": division.name}}
    if way == "type":
        return {str(code): str(label) for code, label in InstitutionType.choices} | {"": _("未填机构类型")}
    return {"": _("未填主管部门")}
