"""Answering questions: the engine sums, the formulas run here, exactly, on what was summed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Scope
from shuzheng.base.stats import engines, labels, own
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import plan as plans
from shuzheng.base.stats.declare import Indicator
from shuzheng.base.stats.lake import FactFile
from shuzheng.base.stats.plan import UNITS, Plan
from shuzheng.base.stats.question import MAX_ROWS, Answer, Column, Question, Row, Source
from shuzheng.kernel.rounding import round_half_up

PLACES_KEPT = 10
"""Decimals that a value is rounded to, far past what is shown."""


def ask(question: Question, *, scope: Scope) -> Answer:
    """What the lake says, within ``scope``. A cell that nobody the reader may see reported is no row.

    Raises:
        Invalid: a dimension or period that there is not, or that an indicator can't be asked by.
        Missing: no such indicator, or not for the reader.
    """
    lake = lakes.current()
    manifest = lake.manifest()
    indicators = own.find_all(question.indicators, scope)
    plan = plans.make(question, indicators, manifest)
    columns = columns_of(question, indicators)
    if not plan.files or not manifest.nodes:
        return Answer(question, columns, (), None, manifest.as_of, ())
    engine = engines.current()
    found = engine.run(plans.grouped(plan, plans.facts(plan, lake, manifest, engine, scope)))
    raw = found.to_pylist()
    if not question.by and all(v is None for v in (raw[0] if raw else {}).values()):
        raw = []
    keys, periods = [f"d_{name}" for name in question.by], plan.row_periods()
    rows = [_row(plan, r, keys, periods) for r in raw]
    total = _total(plan, raw)
    rows, total = suppress(question, rows, total)
    rows = _ordered(question, rows)
    kept = rows[: min(question.limit or MAX_ROWS, MAX_ROWS)]
    kept = labels.labelled(question, kept, lake, manifest, engine, kinds_with_units(indicators))
    return Answer(question, columns, tuple(kept), total, manifest.as_of, sources_of(plan.files), len(rows))


def kinds_with_units(indicators: Sequence[Indicator]) -> bool:
    """Whether the kinds' own units are to be said: an indicator without a unit has each kind's."""
    return any(not item.unit for item in indicators)


def columns_of(question: Question, indicators: Sequence[Indicator]) -> tuple[Column, ...]:
    """Dimensions as asked, then indicators."""
    dimensions = [Column(d.name, "dimension", d.label, d.label_en) for d in map(labels.dimension, question.by)]
    numbers = [Column(i.name, "indicator", i.label, i.label_en, i.unit, i.places, i.direction) for i in indicators]
    return (*dimensions, *numbers)


def sources_of(files: Iterable[FactFile]) -> tuple[Source, ...]:
    """Rounds behind an answer, the earliest period first."""
    rounds: dict[str, Source] = {}
    for file in files:
        held = rounds.get(file.round)
        facts, at = (held.facts + file.rows, min(held.at, file.taken)) if held else (file.rows, file.taken)
        rounds[file.round] = Source(lakes.round_id(file), file.form, file.period, file.title, facts, at)
    return tuple(sorted(rounds.values(), key=lambda s: (s.period, s.title)))


def _row(plan: Plan, raw: Mapping[str, Any], columns: Sequence[str], periods: int) -> Row:
    keys = tuple(["" if (v := raw[column]) is None else str(v) for column in columns])
    return Row(keys, keys, values_of(plan, raw, periods), raw.get(UNITS))


def values_of(plan: Plan, sums: Mapping[str, Any], periods: int) -> tuple[Decimal | None, ...]:
    """The formulas over a row's sums. Standing amounts count with their mean over the periods."""
    env: dict[str, dict[str, Decimal | None]] = {item.name: {} for item in plan.indicators}
    for column, (indicator, name, part) in plan.sums.items():
        value = sums[column]
        env[indicator][name] = value / periods if part.stock and value is not None else value
    found = []
    for item, program in zip(plan.indicators, plan.programs, strict=True):
        value = program(env[item.name])
        found.append(None if value is None else round_half_up(value, PLACES_KEPT))
    return tuple(found)


def _total(plan: Plan, raw: Sequence[Mapping[str, Any]]) -> Row | None:
    """Over all rows: sums are added, and the formulas run again."""
    if not raw:
        return None
    sums: dict[str, Decimal | None] = {}
    for column in plan.sums:
        values = [v for r in raw if (v := r[column]) is not None]
        sums[column] = sum(values, Decimal(0)) if values else None
    kinds = plan.question.where.get("kind", ())
    values = list(values_of(plan, sums, plan.periods))
    for i, item in enumerate(plan.indicators):
        if not item.unit and len(kinds) != 1:
            values[i] = None  # kilowatt-hours and tons are not added
    blank = ("",) * len(plan.question.by)
    label = (_("合计"), *blank[1:]) if blank else ()
    return Row(blank, label, tuple(values))


def suppress(question: Question, rows: list[Row], total: Row | None) -> tuple[list[Row], Row | None]:
    """Hide rows of fewer institutions than asked for, and so many more that a hidden one can't be told from the total.

    One hidden row alone is the total less the others: the next smallest is hidden with it; where there is no other, the total.
    """
    if not question.minimum:
        return rows, total
    small = [i for i, r in enumerate(rows) if (r.units or 0) < question.minimum]
    if len(small) == 1:
        others = sorted((r.units or 0, i) for i, r in enumerate(rows) if i not in small)
        small += [others[0][1]] if others else []
    hidden = set(small)
    none = (None,) * len(question.indicators)
    shown = [replace(r, values=none, units=None, suppressed=True) if i in hidden else r for i, r in enumerate(rows)]
    if total is not None and len(hidden) == len(rows) == 1:
        total = replace(total, values=none, suppressed=True)
    return shown, total


def _ordered(question: Question, rows: list[Row]) -> list[Row]:
    rows = sorted(rows, key=lambda r: r.keys)
    name = question.order.lstrip("-")
    if not name:
        return rows
    backwards = question.order.startswith("-")
    if name in question.by:
        at = question.by.index(name)
        return sorted(rows, key=lambda r: r.keys[at], reverse=backwards)
    at = question.indicators.index(name)
    known = [r for r in rows if r.values[at] is not None]
    known.sort(key=lambda r: r.values[at] or Decimal(0), reverse=backwards)
    return known + [r for r in rows if r.values[at] is None]


__all__ = ["ask", "columns_of", "sources_of", "suppress", "values_of"]
