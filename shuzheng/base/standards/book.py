"""The book of standards: all that is published, in memory, and how the one that holds is found.

A book is immutable and knows no actor: standards of a place decide about that place's numbers whoever computes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from shuzheng.base.core.scope import ancestors, system_scope
from shuzheng.base.portal.formats import in_language
from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeItem,
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    Standard,
    State,
    Unit,
)
from shuzheng.base.standards.numbers import tidy
from shuzheng.kernel.units import UnitRow, Units


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry says of itself. ``id`` is the version to keep with a result."""

    id: UUID
    name: str
    name_en: str
    region: str
    edition: int
    effective_from: date
    effective_to: date | None
    source: str
    article: str
    confidence: str

    @property
    def label(self) -> str:
        return in_language(self.name, self.name_en)

    def holds(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)

    @property
    def is_unverified(self) -> bool:
        """待核: the deployment's administrators have not confirmed it."""
        return self.confidence == "C"


@dataclass(frozen=True, kw_only=True)
class FactorValue(Entry):
    """How many ``to_unit`` one ``from_unit`` is worth."""

    energy: str
    method: str
    value: Decimal
    from_unit: str
    to_unit: str
    low: Decimal | None
    high: Decimal | None
    ignored: tuple[UUID, ...] = ()
    """Entries of nearer regions that the bounds shut out."""

    def allows(self, other: FactorValue) -> bool:
        """Whether a region may put ``other`` in this one's place."""
        return (self.low is None or other.value >= self.low) and (self.high is None or other.value <= self.high)


@dataclass(frozen=True, kw_only=True)
class RuleValue(Entry):
    """A number that a rule sets, with its unit (``Rule``)."""

    code: str
    key: str
    scope_level: int
    value: Decimal
    unit: str
    bound: str
    pack_id: UUID
    ignored: tuple[UUID, ...] = ()
    """Entries of nearer regions that are looser than the bound lets them be."""

    def allows(self, other: RuleValue) -> bool:
        """Whether a region may put ``other`` in this one's place: only stricter (只能更严), unless the rule is free."""
        if self.bound == Rule.Bound.FREE:
            return True
        if other.unit != self.unit:
            return False
        if self.bound == Rule.Bound.AT_MOST:
            return other.value <= self.value
        if self.bound == Rule.Bound.AT_LEAST:
            return other.value >= self.value
        return other.value == self.value


@dataclass(frozen=True)
class Code:
    """A code of a set."""

    code: str
    name: str
    name_en: str
    parent_code: str
    std_code: str
    successors: tuple[str, ...]
    attributes: Mapping[str, Any]
    effective_from: date | None
    effective_to: date | None

    @property
    def label(self) -> str:
        return in_language(self.name, self.name_en)


@dataclass(frozen=True, kw_only=True)
class CodeSetValue(Entry):
    """One edition of a code set with its items in order."""

    code: str
    items: tuple[Code, ...] = ()

    def on(self, day: date) -> tuple[Code, ...]:
        """The codes that may be chosen on a day."""
        return tuple(
            item for item in self.items if (item.effective_from or date.min) <= day < (item.effective_to or date.max)
        )


@dataclass(frozen=True, kw_only=True)
class ElementValue(Entry):
    """A data element (``DataElement``)."""

    identifier: str
    group: str
    data_type: str
    data_format: str
    value_domain: str
    code_set: str
    unit: str
    authority: str
    note: str
    dataset: str
    required: bool


@dataclass(frozen=True)
class Day:
    """A day that differs from Monday to Friday."""

    kind: str
    name: str
    name_en: str
    region: str

    @property
    def label(self) -> str:
        return in_language(self.name, self.name_en)


E = TypeVar("E", bound=Entry)
F = TypeVar("F", FactorValue, RuleValue)


def in_force(entries: Iterable[E], on: date) -> E | None:
    """Of the editions of one thing: the one of the latest day up to ``on``, the highest edition of that day."""
    return max((e for e in entries if e.holds(on)), key=lambda e: (e.effective_from, e.edition), default=None)


def _by_region(entries: Iterable[E]) -> dict[str, list[E]]:
    regions: dict[str, list[E]] = {}
    for entry in entries:
        regions.setdefault(entry.region, []).append(entry)
    return regions


def nearest(entries: Iterable[E], on: date, path: str) -> E | None:
    """The entry of the nearest region that holds on a day."""
    regions = _by_region(entries)
    for region in reversed(ancestors(path)):
        if found := in_force(regions.get(region, ()), on):
            return found
    return None


def within_bounds(entries: Iterable[F], on: date, path: str) -> F | None:
    """From the nation down, each region's entry takes the place of the one above where that one allows it.

    An override that is (or by a later change above has become) out of bounds is left out and named in ``ignored``.
    """
    regions = _by_region(entries)
    holding: F | None = None
    ignored: list[UUID] = []
    for region in ancestors(path):
        found = in_force(regions.get(region, ()), on)
        if found is None:
            continue
        if holding is None or holding.allows(found):
            holding = found
        else:
            ignored.append(found.id)
    return _with(holding, ignored=tuple(ignored)) if holding and ignored else holding


def _with(entry: F, **values: Any) -> F:
    return type(entry)(**{f.name: getattr(entry, f.name) for f in fields(entry)} | values)


@dataclass(frozen=True)
class Book:
    """All published standards at one moment (``stamp``)."""

    stamp: UUID | None
    factors: Mapping[str, Sequence[FactorValue]] = field(default_factory=dict)
    rules: Mapping[str, Sequence[RuleValue]] = field(default_factory=dict)
    code_sets: Mapping[str, Sequence[CodeSetValue]] = field(default_factory=dict)
    elements: Mapping[str, Sequence[ElementValue]] = field(default_factory=dict)
    units: Units = field(default_factory=Units)
    days: Mapping[date, Mapping[str, Day]] = field(default_factory=dict)
    years: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def factor(self, energy: str, method: str, on: date, path: str, to_unit: str) -> FactorValue | None:
        entries = self.factors.get(energy, ())
        for wanted in dict.fromkeys((method, "")):
            chosen = [e for e in entries if e.to_unit == to_unit and e.method == wanted]
            if found := within_bounds(chosen, on, path):
                return found
        return None

    def rule(self, code: str, on: date, path: str, key: str, tier: int) -> RuleValue | None:
        entries = [e for e in self.rules.get(code, ()) if e.key == key]
        for level in dict.fromkeys((tier, 0)):
            if found := within_bounds([e for e in entries if e.scope_level == level], on, path):
                return found
        return None

    def rule_keys(self, code: str) -> tuple[str, ...]:
        """The subjects for which a rule is set."""
        return tuple(dict.fromkeys(e.key for e in self.rules.get(code, ())))

    def code_set(self, code: str, on: date, path: str) -> CodeSetValue | None:
        return nearest(self.code_sets.get(code, ()), on, path)

    def element(self, identifier: str, on: date, path: str) -> ElementValue | None:
        return nearest(self.elements.get(identifier, ()), on, path)

    def day(self, day: date, path: str) -> Day | None:
        """What the nearest region says of a day; None where nobody says anything."""
        said = self.days.get(day)
        if not said:
            return None
        return next((said[region] for region in reversed(ancestors(path)) if region in said), None)

    def year_loaded(self, year: int) -> bool:
        """Whether the nation's arrangement of that year is there."""
        return "" in self.years.get(year, ())


def read(stamp: UUID | None) -> Book:
    """The book as the database has it now, read under a system scope: drafts are left out, regions are not."""
    with system_scope("standards.resolve").activate():
        items = _items()
        return Book(
            stamp=stamp,
            factors=_grouped([FactorValue(**row) for row in _rows(ConversionFactor, FactorValue)], "energy"),
            rules=_grouped([RuleValue(**row) for row in _rows(Rule, RuleValue)], "code"),
            code_sets=_grouped(
                [CodeSetValue(**row, items=tuple(items.get(row["id"], ()))) for row in _rows(CodeSet, CodeSetValue)],
                "code",
            ),
            elements=_grouped([ElementValue(**row) for row in _rows(DataElement, ElementValue)], "identifier"),
            units=_units(),
            days=_days(),
            years=_years(),
        )


def _rows(model: type[Standard], entry: type[Entry]) -> list[dict[str, Any]]:
    """Published rows as values for ``entry``."""
    rows = model.objects.filter(state=State.PUBLISHED).values(*_shared(model, entry))
    return [{k: tidy(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in rows]


def values_of(row: Standard, entry: type[Entry]) -> dict[str, Any]:
    """The values of a row, stored or not, for ``entry``."""
    return {name: getattr(row, name) for name in _shared(type(row), entry)}


def _shared(model: type[Standard], entry: type[Entry]) -> list[str]:
    known = {f.attname for f in model._meta.concrete_fields}
    return [f.name for f in fields(entry) if f.name in known]


def _grouped(entries: Sequence[E], name: str) -> dict[str, tuple[E, ...]]:
    groups: dict[str, list[E]] = {}
    for entry in entries:
        groups.setdefault(getattr(entry, name), []).append(entry)
    return {key: tuple(group) for key, group in groups.items()}


def _items() -> dict[UUID, list[Code]]:
    items: dict[UUID, list[Code]] = {}
    for row in CodeItem.objects.filter(code_set__state=State.PUBLISHED).order_by("order", "code"):
        items.setdefault(row.code_set_id, []).append(
            Code(
                row.code, row.name, row.name_en, row.parent_code, row.std_code, tuple(row.successors), row.attributes,
                row.effective_from, row.effective_to,
            )
        )  # fmt: skip
    return items


def _units() -> Units:
    rows: dict[str, Unit] = {}
    for row in Unit.objects.filter(state=State.PUBLISHED, region="", effective_to=None).order_by("edition"):
        rows[row.code] = row
    if not rows:
        return Units()
    return Units(
        UnitRow(row.code, row.name, row.name_en, row.dimension, tidy(row.factor), tuple(row.aliases))
        for row in rows.values()
    )


def _days() -> dict[date, dict[str, Day]]:
    days: dict[date, dict[str, Day]] = {}
    for row in CalendarDay.objects.all():
        days.setdefault(row.day, {})[row.region] = Day(row.kind, row.name, row.name_en, row.region)
    return days


def _years() -> dict[int, frozenset[str]]:
    years: dict[int, set[str]] = {}
    for year, region in CalendarYear.objects.values_list("year", "region"):
        years.setdefault(year, set()).add(region)
    return {year: frozenset(regions) for year, regions in years.items()}
