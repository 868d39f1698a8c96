"""From a question to one Ibis expression: which files, which facts, whose, told apart how, and what is summed.

The scope is applied here, as path ranges on the tree's rows: what the reader may not see is filtered before anything is
summed, so that counts, totals, limits and what drills down know nothing of it.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from shuzheng.base.core.scope import EVERYTHING, Range, Scope, ancestors, merge
from shuzheng.base.stats.declare import FINE, ORGANS, PLACES, TIMES, Indicator, Part
from shuzheng.base.stats.engines import Engine
from shuzheng.base.stats.lake import FactFile, Lake, Manifest
from shuzheng.base.stats.question import NOW, THEN, Question
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import Program
from shuzheng.kernel.periods import Period

if TYPE_CHECKING:
    import ibis.expr.types as ir

DIMENSIONS = (*PLACES, *ORGANS, *TIMES, *FINE)
NODE_COLUMNS = (*PLACES, *ORGANS)
LINE = "reporting"
UNITS = "units"


@dataclass(frozen=True)
class Plan:
    """What is asked of the engine. ``sums`` maps a column of the result to indicator and part."""

    question: Question
    indicators: tuple[Indicator, ...]
    files: tuple[FactFile, ...]
    fine: bool
    programs: tuple[Program, ...]
    sums: Mapping[str, tuple[str, str, Part]]
    """By column of the result: indicator, part's name, part."""
    periods: int
    """Reporting periods in the question: by it standing amounts are divided, unless a row is one period."""

    def row_periods(self) -> int:
        return 1 if "period" in self.question.by else self.periods


def read_periods(question: Question) -> tuple[Period, Period] | None:
    """First and last period.

    Raises:
        Invalid: a text is no period, or they are the wrong way round.
    """
    first, last = question.periods
    if not first and not last:
        return None
    try:
        low, high = Period.parse(first or last), Period.parse(last or first)
    except ValueError as fault:
        raise Invalid(str(fault), [FieldFault("periods", str(fault))]) from fault
    if low.start > high.end:
        raise Invalid(_("起始期晚于截止期。"), [FieldFault("periods", _("起始期晚于截止期。"))])
    return low, high


def make(question: Question, indicators: Sequence[Indicator], manifest: Manifest) -> Plan:
    """Check the question and choose the files.

    Raises:
        Invalid: a dimension that there is not, or that an indicator can't be told apart by; no indicator; a bad period.
    """
    faults = []
    if not indicators:
        faults.append(FieldFault("indicators", _("至少选一个指标。")))
    for name in (*question.by, *(k for k in question.where if k != "region")):
        if name not in DIMENSIONS:
            faults.append(FieldFault("by", _("没有维度“%(name)s”。") % {"name": name}))
    asked = {*question.by, *question.where} & set(DIMENSIONS)
    for item in indicators:
        if wrong := sorted(asked - set(item.dimensions)):
            words = _("“%(label)s”不能按 %(names)s 分列。")
            faults.append(FieldFault("by", words % {"label": item.title, "names": "、".join(wrong)}))
    if question.tree not in (NOW, THEN):
        faults.append(FieldFault("tree", _("只能按现在或当时的机构树统计。")))
    if question.order and question.order.lstrip("-") not in (*question.by, *question.indicators):
        faults.append(FieldFault("order", _("只能按列出的维度或指标排序。")))
    if faults:
        raise Invalid(faults[0].message, faults)
    fine = bool(asked & set(FINE))
    forms = {item.form for item in indicators}
    span = read_periods(question)
    by_month = "month" in asked
    files = tuple(
        f for f in manifest.files.values() if f.form in forms and (span is None or _meets(f.period, span, by_month))
    )
    sums = {}
    for i, item in enumerate(indicators):
        _program, parts = item.at(fine)
        for j, (name, part) in enumerate(parts.items()):
            sums[f"s{i}_{j}"] = (item.name, name, part)
    periods = len({f.period for f in files})
    programs = tuple(item.at(fine)[0] for item in indicators)
    return Plan(question, tuple(indicators), files, fine, programs, sums, max(periods, 1))


def _meets(period: str, span: tuple[Period, Period], by_month: bool) -> bool:
    """Whether a form's period lies within the span; for months it is enough that they touch."""
    found, (low, high) = Period.parse(period), span
    if by_month:
        return found.start <= high.end and found.end >= low.start
    return found.start >= low.start and found.end <= high.end


def tier_of(scope: Scope) -> int:
    """The tier that a scope reads as: 1 for the nation, 4 for a county or one organ. From the widest it may read."""
    found = 4
    for item in scope.ranges(LINE):
        if item == EVERYTHING:
            return 1
        if item.lo and item == Range.subtree(item.lo) and "0" not in item.lo.strip("/").split("/"):
            found = min(found, len(ancestors(item.lo)))
    return found


def facts(plan: Plan, lake: Lake, manifest: Manifest, engine: Engine, scope: Scope) -> ir.Table:
    """The facts that the reader may see and that the question is about, with the columns of the tree that it needs."""
    question = plan.question
    table = engine.table(lake, sorted(f.path for f in plan.files))
    conditions = [table.tier <= (question.tier or tier_of(scope))]
    if len({f.form for f in manifest.files.values()}) > 1:
        conditions.append(table.form.isin(sorted({i.form for i in plan.indicators})))
    span = read_periods(question)
    if span is not None and "month" in {*question.by, *question.where}:
        months = [d.year * 100 + d.month for d in (span[0].start, span[1].end)]
        conditions.append(table.month.between(*months))
    for name in set(question.where) & {"period", "kind"}:
        conditions.append(table[name].isin(list(question.where[name])))
    if wanted := question.where.get("month"):
        conditions.append(table.month.isin([int(m) for m in wanted if m.isdigit()]))
    if wanted := question.where.get("year"):
        conditions.append(table.period.substr(0, 4).isin(list(wanted)))
    conditions.append(_any([p.where(table) for p in _parts(plan)]))
    table = table.filter(*conditions)
    return _with_tree(plan, table, lake, manifest, engine, scope)


def _parts(plan: Plan) -> list[Part]:
    seen: dict[int, Part] = {}
    for _indicator, _name, part in plan.sums.values():
        seen.setdefault(id(part.where), part)
    return list(seen.values())


def _any(conditions: Sequence[Any]) -> Any:
    return functools.reduce(operator.or_, conditions)


def _with_tree(plan: Plan, table: ir.Table, lake: Lake, manifest: Manifest, engine: Engine, scope: Scope) -> ir.Table:
    question = plan.question
    needed = [d for d in NODE_COLUMNS if d in {*question.by, *question.where}]
    ranges = merge(scope.ranges(LINE))
    if not needed and "region" not in question.where and ranges == (EVERYTHING,) and question.tree == NOW:
        return table
    tree = _tree(plan, lake, manifest, engine)
    seen = _any([_within(tree.path_now, r) for r in ranges]) if ranges else (tree.key < 0)
    if question.tree == THEN and ranges:  # a tier may always read what its own sealed totals were made of
        seen = seen | _any([_within(tree.path, r) for r in ranges])
    conditions = [seen]
    if regions := question.where.get("region"):
        conditions.append(_any([_within(tree.path, Range.subtree(path)) for path in regions]))
    for name in set(question.where) & set(NODE_COLUMNS):
        column = {"institution": "id"}.get(name, name)
        values = [int(v) if name == "tier" else v for v in question.where[name]]
        conditions.append(tree[column].isin(values))
    tree = tree.filter(*conditions)
    kept = {d: tree[d] for d in needed if d != "institution"}
    right = tree.select(tree_node=tree.key, **({"tree_period": tree.of_period} if question.tree == THEN else {}), **{
        f"at_{k}": v for k, v in kept.items()
    })  # fmt: skip
    on = [table.node == right.tree_node]
    if question.tree == THEN:
        on.append(table.period == right.tree_period)
    return table.inner_join(right, on)


def _tree(plan: Plan, lake: Lake, manifest: Manifest, engine: Engine) -> ir.Table:
    import ibis

    if plan.question.tree == NOW:
        return engine.table(lake, [manifest.nodes[NOW].path])
    periods = sorted({f.period for f in plan.files})
    trees = []
    for period in periods:
        file = manifest.nodes.get(Period.parse(period).end.isoformat()) or manifest.nodes[NOW]
        trees.append(engine.table(lake, [file.path]).mutate(of_period=ibis.literal(period)))
    return ibis.union(*trees) if len(trees) > 1 else trees[0]


def _within(column: Any, item: Range) -> Any:
    return (column >= item.lo) & (column < item.hi)


def dimension(table: ir.Table, name: str) -> Any:
    """The column that a dimension groups by."""
    if name == "institution":
        return table.node
    if name == "year":
        return table.period.substr(0, 4)
    return table[f"at_{name}"] if name in NODE_COLUMNS else table[name]


def grouped(plan: Plan, table: ir.Table) -> ir.Table:
    """Rows by the question's dimensions, a column for each sum."""
    parts = _parts(plan)
    shared = len(parts) == 1  # one condition for all: it stands in WHERE already
    found: dict[str, Any] = {}
    for column, (_indicator, _name, part) in plan.sums.items():
        value = part.value(table) if part.value else table.value
        found[column] = value.sum() if shared else value.sum(where=part.where(table))
    if plan.question.minimum:
        found[UNITS] = table.node.nunique()
    keys = {f"d_{name}": dimension(table, name) for name in plan.question.by}
    if not keys:
        return table.aggregate(**found)
    return table.group_by(**keys).aggregate(**found)
