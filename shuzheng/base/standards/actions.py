"""Verbs of the standards. A published row is never rewritten: defining again makes a new edition."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.registry import PERMISSIONS
from shuzheng.base.org.models import Node
from shuzheng.base.standards import book as books
from shuzheng.base.standards import checks
from shuzheng.base.standards.book import Book
from shuzheng.base.standards.calendar_file import GivenDay
from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeItem,
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    Stamp,
    Standard,
    State,
    Unit,
)
from shuzheng.kernel.errors import Denied, FieldFault, Invalid

S = TypeVar("S", bound=Standard)

RULE_CODE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


@action("standards.rule.define", event="standards.rule.defined")
def define_rules(w: Write, rules: Sequence[Rule]) -> Sequence[Rule]:
    """Publish rules (unsaved rows that have an owner) for their regions, each from its day on.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault a rule; a region may only be stricter than what holds above it, as far as the rule's bound says.
    """
    book = _begin(w, rules)
    faults: list[FieldFault] = []
    for n, rule in enumerate(rules):
        faults += checks.span_faults(n, rule)
        if not RULE_CODE.fullmatch(rule.code):
            faults.append(FieldFault("code", _("规则代码用大写字母、数字和连字符，如 REPORT-DUE-QUARTER。"), row=n))
        faults += checks.rule_faults(n, rule, book)
    checks.refuse(faults)
    return _publish(w, rules)


@action("standards.factor.add", event="standards.factor.added")
def add_factors(w: Write, factors: Sequence[ConversionFactor]) -> Sequence[ConversionFactor]:
    """Publish conversion factors (unsaved rows that have an owner), each from its day on.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault a factor; unknown energies and units, or a value outside the bounds set above.
    """
    book = _begin(w, factors)
    faults: list[FieldFault] = []
    for n, row in enumerate(factors):
        faults += checks.span_faults(n, row)
        faults += checks.factor_faults(n, row, book)
    checks.refuse(faults)
    return _publish(w, factors)


@action("standards.element.define", event="standards.element.defined")
def define_elements(w: Write, elements: Sequence[DataElement]) -> Sequence[DataElement]:
    """Publish data elements (unsaved rows that have an owner); a known identifier gets a new edition.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault an element.
    """
    book = _begin(w, elements)
    faults: list[FieldFault] = []
    for n, row in enumerate(elements):
        faults += checks.span_faults(n, row)
        if not IDENTIFIER.fullmatch(row.identifier):
            faults.append(
                FieldFault("identifier", _("标识符用小写字母、数字、下划线和点，如 energy.water.amount。"), row=n)
            )
        if row.unit:
            faults += checks.unit_faults(n, "unit", row.unit, book)
        if row.code_set and not book.code_set(row.code_set, row.effective_from, row.region):
            faults.append(FieldFault("code_set", _("没有代码集“%s”。") % row.code_set, row=n))
        if row.data_type == DataElement.Type.CODE and not row.code_set:
            faults.append(FieldFault("code_set", _("代码型数据元须指明代码集。"), row=n))
    checks.refuse(faults)
    return _publish(w, elements)


@action("standards.unit.define", event="standards.unit.defined")
def define_units(w: Write, units: Sequence[Unit]) -> Sequence[Unit]:
    """Publish units of measure, for the nation only: a unit means the same everywhere.

    Raises:
        Invalid: a region, a factor that is not positive, or a name that another unit has.
    """
    book = _begin(w, units)
    faults: list[FieldFault] = []
    for n, row in enumerate(units):
        if row.region:
            faults.append(FieldFault("region", _("计量单位全国统一，不按区域设置。"), row=n))
        if row.factor <= 0:
            faults.append(FieldFault("factor", _("换算系数须大于 0。"), row=n))
        for name in {row.code, row.name, *row.aliases}:
            if (known := checks.known_unit(book, name)) and known != row.code:
                faults.append(
                    FieldFault("code", _("“%(name)s”已是 %(unit)s 的名称。") % {"name": name, "unit": known}, row=n)
                )
    checks.refuse(faults)
    return _publish(w, units)


@action("standards.codeset.draft")
def draft_code_sets(
    w: Write, sets: Sequence[CodeSet], *, items: Sequence[Sequence[Mapping[str, Any]]]
) -> Sequence[CodeSet]:
    """Keep code sets as drafts, with their items: fields of ``CodeItem``, and ``replaces``, codes of the edition before.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: no codes, a code twice, or a parent that is not among them.
    """
    _begin(w, sets)
    faults: list[FieldFault] = []
    for n, (row, given) in enumerate(zip(sets, items, strict=True)):
        faults += checks.span_faults(n, row)
        faults += checks.item_faults(n, given)
    checks.refuse(faults)
    for row, given in zip(sets, items, strict=True):
        row.edition = next_edition(row)
        row.withhold()
        w.create(row)
        for order, values in enumerate(given, 1):
            item = CodeItem(code_set=row, order=order, **{k: v for k, v in values.items() if k != "replaces"})
            item.node_id, item.path, item.audience = row.node_id, row.path, row.audience
            if values.get("replaces"):
                item.attributes = {**item.attributes, "replaces": list(values["replaces"])}
            w.create(item)
    return sets


@action("standards.codeset.publish", handover=True, event="standards.codeset.published")
def publish_code_sets(w: Write, sets: Sequence[CodeSet]) -> Sequence[CodeSet]:
    """Publish drafts and editions that wait for review. The codes of the edition before are told which codes follow them.

    Raises:
        Invalid: one is published or withdrawn already, or replaces a code that the edition before does not have.
    """
    _begin(w, sets)
    for row in sets:
        if row.state not in (State.DRAFT, State.REVIEW):
            raise Invalid(_("“%s”不是草稿，不能再发布。") % row.name)
        w.change(row, state=State.PUBLISHED, audience=row.region)
        before = (
            CodeSet.objects.filter(code=row.code, region=row.region, state=State.PUBLISHED, edition__lt=row.edition)
            .order_by("edition")
            .last()
        )
        known = {item.code: item for item in before.items.all()} if before else {}
        successors: dict[str, list[str]] = {}
        for item in row.items.order_by("order"):
            w.change(item, audience=row.region)
            for old in item.attributes.get("replaces", ()):
                if old not in known:
                    raise Invalid(_("代码 %(code)s 替代的 %(old)s 不在上一版里。") % {"code": item.code, "old": old})
                successors.setdefault(old, []).append(item.code)
        for old, codes in successors.items():
            w.change(known[old], successors=codes)
    _finish(w)
    return sets


@action("standards.item.end", handover=True, event="standards.item.ended")
def end_items(w: Write, rows: Sequence[Standard], *, on: date) -> Sequence[Standard]:
    """End published entries: ``on`` is the first day on which they no longer hold.

    Raises:
        Invalid: the day is not after the one it began on, or the entry ended earlier.
    """
    _begin(w, rows)
    for row in rows:
        if row.state != State.PUBLISHED or on <= row.effective_from or (row.effective_to and on >= row.effective_to):
            raise Invalid(
                _("“%(name)s”自 %(day)s 起有效，终止日须晚于这一天且早于原终止日。")
                % {"name": row.name, "day": row.effective_from}
            )
        w.change(row, effective_to=on)
    _finish(w)
    return rows


@action("standards.calendar.change", handover=True, event="standards.calendar.changed")
def change_days(
    w: Write, days: Sequence[CalendarDay], *, kind: str, name: str = "", source: str = ""
) -> Sequence[CalendarDay]:
    """Make days holidays or working days, or ordinary ones again (``kind`` empty). Unsaved rows have an owner.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: an unknown kind, or no name.
    """
    if kind not in ("", *CalendarDay.DayKind.values):
        raise Invalid.one("kind", _("类别只有休、班两种。"), value=kind)
    if kind and not name:
        raise Invalid.one("name", _("填写名称，如“国庆节”“国庆节调休”。"))
    _begin(w, days)
    touched = []
    for day in days:
        if day._state.adding:
            if not kind:
                continue
            day.kind, day.name, day.source, day.audience = kind, name, source, day.region
            w.create(day)
        elif kind:
            w.change(day, kind=kind, name=name, source=source, is_shipped=False)
        else:
            # The year stays as it is here: the next upgrade must not bring the day back.
            for year in CalendarYear.objects.filter(region=day.region, year=day.year, is_shipped=True):
                w.change(year, is_shipped=False)
            w.delete(day)
        touched.append(day)
    _finish(w)
    return touched


@action("standards.calendar.import", handover=True, event="standards.calendar.changed")
def import_year(
    w: Write, years: Sequence[CalendarYear], *, days: Sequence[GivenDay], source: str
) -> Sequence[CalendarYear]:
    """Load the arrangement of a year in place of what was there. ``years`` holds one row, stored or new with an owner.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: no days, a day of another year, or a day twice.
    """
    [year] = years
    faults = [
        FieldFault("day", _("%(day)s 不在 %(year)s 年。") % {"day": d.day, "year": year.year}, row=d.row)
        for d in days
        if d.day.year != year.year
    ]
    for day, times in Counter(d.day for d in days).items():
        if times > 1:
            faults.append(
                FieldFault("day", _("%s 出现不止一次。") % day, row=next(d.row for d in days if d.day == day))
            )
    if not days:
        faults.append(FieldFault("day", _("没有节假日安排。")))
    checks.refuse(faults)
    _begin(w, years)
    year.audience = year.region
    if year._state.adding:
        year.source = source
        w.create(year)
    else:
        w.change(year, is_shipped=False, source=source)
    stored = {row.day: row for row in CalendarDay.objects.filter(region=year.region, day__year=year.year)}
    for given in days:
        row = stored.pop(given.day, None)
        if row:
            w.change(row, kind=given.kind, name=given.name, source=source, is_shipped=False)
        else:
            row = CalendarDay(
                region=year.region,
                audience=year.region,
                day=given.day,
                kind=given.kind,
                name=given.name,
                source=source,
            )
            row.node_id, row.path = year.node_id, year.path
            w.create(row)
    w.delete(*stored.values())
    _finish(w)
    return years


def owned_by(row: S, node: Node) -> S:
    """``row`` with ``node`` as the organ that answers for it."""
    row.own(node)
    return row


def _begin(w: Write, rows: Sequence[Any]) -> Book:
    """One change of standards at a time; only for regions the actor answers for. Gives the book as it stands."""
    Stamp.objects.get_or_create(id=1)
    Stamp.objects.select_for_update().get(id=1)
    for region in {row.region for row in rows}:
        if not region.startswith(w.actor.division) or not w.actor.may(w.name, region):
            label = PERMISSIONS[w.name].label
            raise Denied(_("您的“%s”权限不包括这个区域。") % label, permission=w.name)
    return books.read(None)


def _finish(w: Write) -> None:
    """Write first, then say so: a book read in between would be cached under the new stamp without the change."""
    w.flush()
    Stamp.touch()


def _publish(w: Write, rows: Sequence[S]) -> Sequence[S]:
    editions: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = (type(row), *row.identity)
        row.edition = editions[key] = editions[key] + 1 if key in editions else next_edition(row)
        row.publish()
        w.create(row)
    _finish(w)
    return rows


def next_edition(row: Standard) -> int:
    """The edition that an unsaved row will have: one more than the last of the same thing in the same region."""
    same = {"region": row.region} | {name: getattr(row, name) for name in row.IDENTITY}
    last = type(row).objects.filter(**same).order_by("edition").last()
    return last.edition + 1 if last else 1


__all__ = [
    "add_factors",
    "change_days",
    "define_elements",
    "define_rules",
    "define_units",
    "draft_code_sets",
    "end_items",
    "import_year",
    "next_edition",
    "owned_by",
    "publish_code_sets",
]
