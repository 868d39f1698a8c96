"""From draft to publication: one person drafts and submits, another reviews and publishes. Nothing else publishes by hand.

A published row is never rewritten: a draft of the same thing becomes its next edition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.standards import checks
from shuzheng.base.standards.actions import begin, finish, next_edition
from shuzheng.base.standards.models import (
    CodeItem,
    CodeSet,
    ConversionFactor,
    DataElement,
    Rule,
    Standard,
    State,
    Unit,
)
from shuzheng.kernel.errors import Denied, FieldFault, Invalid

S = TypeVar("S", bound=Standard)

ITEM_FIELDS = (
    "code",
    "parent_code",
    "name",
    "name_en",
    "std_code",
    "effective_from",
    "effective_to",
    "note",
    "attributes",
)
"""What an item of a drafted code set may say, beside ``replaces``: codes of the edition before that it takes the place of."""
KEPT = frozenset({
    "id", "node", "path", "audience", "version", "created_at", "updated_at", "region", "edition", "state", "is_shipped",
    "drafted_by", "reviewed_by", "reviewed_at", "review_note",
})  # fmt: skip
"""Fields that no change of a draft sets."""


@action("standards.rule.draft")
def draft_rules(w: Write, rules: Sequence[Rule]) -> Sequence[Rule]:
    """Keep rules (unsaved rows that have an owner and a region) as drafts.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault a rule; a region may only be stricter than what holds above it, as far as the rule's bound says.
    """
    return _draft(w, rules)


@action("standards.factor.draft")
def draft_factors(w: Write, factors: Sequence[ConversionFactor]) -> Sequence[ConversionFactor]:
    """Keep conversion factors as drafts.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault a factor; unknown energies and units, or a value outside the bounds set above.
    """
    return _draft(w, factors)


@action("standards.element.draft")
def draft_elements(w: Write, elements: Sequence[DataElement]) -> Sequence[DataElement]:
    """Keep data elements as drafts.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: a fault an element.
    """
    return _draft(w, elements)


@action("standards.unit.draft")
def draft_units(w: Write, units: Sequence[Unit]) -> Sequence[Unit]:
    """Keep units of measure as drafts, for the nation only: a unit means the same everywhere.

    Raises:
        Invalid: a region, a factor that is not positive, or a name that another unit has.
    """
    return _draft(w, units)


@action("standards.codeset.draft")
def draft_code_sets(
    w: Write, sets: Sequence[CodeSet], *, items: Sequence[Sequence[Mapping[str, Any]]]
) -> Sequence[CodeSet]:
    """Keep code sets as drafts, with their items: ``ITEM_FIELDS``, and ``replaces``, codes of the edition before.

    Raises:
        Denied: a region outside what the actor answers for.
        Invalid: no codes, a code twice, a parent that is not among them, or one replaced that the edition before lacks.
    """
    begin(w, sets)
    faults: list[FieldFault] = []
    for n, (row, given) in enumerate(zip(sets, items, strict=True)):
        faults += [*checks.span_faults(n, row), *checks.item_faults(n, given), *_replaced_faults(n, row, given)]
    checks.refuse(faults)
    for row, given in zip(sets, items, strict=True):
        row.edition = next_edition(row)
        row.withhold()
        row.drafted_by_id = w.actor.person_id
        w.create(row)
        _create_items(w, row, given)
    return sets


@action("standards.codeset.items", permission="standards.codeset.draft")
def change_items(
    w: Write, sets: Sequence[CodeSet], *, items: Sequence[Sequence[Mapping[str, Any]]]
) -> Sequence[CodeSet]:
    """Put other items in place of those of drafted code sets.

    Raises:
        Invalid: the set is no draft any more, or as ``draft_code_sets``.
    """
    begin(w, sets)
    faults: list[FieldFault] = []
    for n, (row, given) in enumerate(zip(sets, items, strict=True)):
        _be(row, State.DRAFT)
        faults += [*checks.item_faults(n, given), *_replaced_faults(n, row, given)]
    checks.refuse(faults)
    for row, given in zip(sets, items, strict=True):
        w.delete(*row.items.all())
        w.flush()
        _create_items(w, row, given)
        w.change(row, drafted_by_id=w.actor.person_id)
    return sets


@action("standards.item.change")
def change_drafts(w: Write, rows: Sequence[S], *, values: Mapping[str, Any]) -> Sequence[S]:
    """Change fields of drafts. Whoever changes a draft last counts as its author.

    Raises:
        Invalid: one is no draft any more, a field that is not a draft's to say, or the faults of drafting it.
    """
    if strange := set(values) & KEPT:
        raise Invalid(_("草稿里不能改：%(names)s。") % {"names": "、".join(sorted(strange))})
    book = begin(w, rows)
    faults: list[FieldFault] = []
    for n, row in enumerate(rows):
        _be(row, State.DRAFT)
        before = row.identity
        w.change(row, **values, drafted_by_id=w.actor.person_id)
        if row.identity != before:
            w.change(row, edition=next_edition(row))
        faults += checks.faults_of(n, row, book)
    checks.refuse(faults)
    return rows


@action("standards.item.submit")
def submit_drafts(w: Write, rows: Sequence[S]) -> Sequence[S]:
    """Put drafts up for review.

    Raises:
        Invalid: one is no draft any more.
    """
    begin(w, rows)
    for row in rows:
        _be(row, State.DRAFT)
        w.change(row, state=State.REVIEW, review_note="")
    return rows


@action("standards.item.publish", handover=True, event="standards.item.published")
def publish_drafts(w: Write, rows: Sequence[S], *, note: str = "") -> Sequence[S]:
    """Publish what was put up for review: by another person than its author. The rules are asked again as they stand now.

    The codes of a code set's edition before are told which codes follow them.

    Raises:
        Denied: the actor drafted it; or a region outside what they answer for.
        Invalid: one does not wait for review, or has become faulty since it was drafted.
    """
    book = begin(w, rows)
    faults: list[FieldFault] = []
    for n, row in enumerate(rows):
        _be(row, State.REVIEW)
        if row.drafted_by_id is not None and row.drafted_by_id == w.actor.person_id:
            raise Denied(_("“%s”由您起草，须由另一人审核发布。") % row.name, permission="standards.item.publish")
        faults += checks.faults_of(n, row, book)
    checks.refuse(faults)
    for row in rows:
        w.change(
            row, state=State.PUBLISHED, audience=row.region, reviewed_by_id=w.actor.person_id,
            reviewed_at=timezone.now(), review_note=note,
        )  # fmt: skip
        if isinstance(row, CodeSet):
            _publish_items(w, row)
    finish(w)
    payload: dict[str, list[str]] = w.payload.setdefault("models", {})
    for row in rows:
        payload.setdefault(row._meta.model_name, []).append(str(row.pk))
    return rows


@action("standards.item.return", handover=True, permission="standards.item.publish")
def return_drafts(w: Write, rows: Sequence[S], *, note: str) -> Sequence[S]:
    """Send back to its author, with the reason, what waits for review.

    Raises:
        Invalid: one does not wait for review, or no reason.
    """
    if not note.strip():
        raise Invalid.one("note", _("写明退回原因。"))
    begin(w, rows)
    for row in rows:
        _be(row, State.REVIEW)
        w.change(row, state=State.DRAFT, review_note=note, reviewed_by_id=w.actor.person_id, reviewed_at=timezone.now())
    return rows


@action("standards.item.discard", permission="standards.item.change")
def discard_drafts(w: Write, rows: Sequence[S]) -> Sequence[S]:
    """Give up drafts, submitted or not; they stay to be read by their organ.

    Raises:
        Invalid: one is published or given up already.
    """
    begin(w, rows)
    for row in rows:
        _be(row, State.DRAFT, State.REVIEW)
        w.change(row, state=State.WITHDRAWN)
    return rows


def edition_before(row: Standard) -> Standard | None:
    """The published edition that ``row`` follows (or would): the last lower one of the same thing in the same region."""
    same = {"region": row.region} | {name: getattr(row, name) for name in row.IDENTITY}
    editions = type(row)._default_manager.filter(**same, state=State.PUBLISHED, edition__lt=row.edition)
    return editions.order_by("edition").last()


def _be(row: Standard, *states: State) -> None:
    if row.state not in states:
        words = {"name": row.name, "state": State(row.state).label}
        raise Invalid(_("“%(name)s”现在是%(state)s，不能这样办理。") % words)


def _draft(w: Write, rows: Sequence[S]) -> Sequence[S]:
    book = begin(w, rows)
    faults: list[FieldFault] = []
    for n, row in enumerate(rows):
        faults += checks.faults_of(n, row, book)
    checks.refuse(faults)
    editions: dict[tuple[object, ...], int] = {}
    for row in rows:
        key = (type(row), *row.identity)
        row.edition = editions[key] = editions[key] + 1 if key in editions else next_edition(row)
        row.withhold()
        row.drafted_by_id = w.actor.person_id
        w.create(row)
    return rows


def _create_items(w: Write, row: CodeSet, given: Sequence[Mapping[str, Any]]) -> None:
    for order, values in enumerate(given, 1):
        item = CodeItem(code_set=row, order=order, **{k: v for k, v in values.items() if k in ITEM_FIELDS})
        item.node_id, item.path, item.audience = row.node_id, row.path, row.audience
        if values.get("replaces"):
            item.attributes = {**item.attributes, "replaces": list(values["replaces"])}
        w.create(item)


def _known_before(row: CodeSet) -> dict[str, CodeItem]:
    before = edition_before(row)
    return {item.code: item for item in before.items.all()} if isinstance(before, CodeSet) else {}


def _replaced_faults(n: int, row: CodeSet, given: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    if not any(values.get("replaces") for values in given):
        return []
    if row._state.adding:
        row.edition = next_edition(row)
    known = _known_before(row)
    return [
        FieldFault("items", _("代码 %(code)s 替代的 %(old)s 不在上一版里。") % {"code": v["code"], "old": old}, row=n)
        for v in given
        for old in v.get("replaces") or ()
        if old not in known
    ]


def _publish_items(w: Write, row: CodeSet) -> None:
    known = _known_before(row)
    successors: dict[str, list[str]] = {}
    for item in row.items.order_by("order"):
        w.change(item, audience=row.region)
        for old in item.attributes.get("replaces", ()):
            if old not in known:
                raise Invalid(_("代码 %(code)s 替代的 %(old)s 不在上一版里。") % {"code": item.code, "old": old})
            successors.setdefault(old, []).append(item.code)
    for old, codes in successors.items():
        w.change(known[old], successors=codes)


DRAFTERS = {
    DataElement: draft_elements,
    ConversionFactor: draft_factors,
    Rule: draft_rules,
    Unit: draft_units,
}
"""What keeps a draft of each kind; code sets come with their items (``draft_code_sets``)."""

REVIEWED: tuple[type[Standard], ...] = (DataElement, CodeSet, ConversionFactor, Rule, Unit)
"""Kinds that are drafted and reviewed. Rule packs are headings: they ship, and come with a rule."""

__all__ = [
    "DRAFTERS",
    "ITEM_FIELDS",
    "REVIEWED",
    "change_drafts",
    "change_items",
    "discard_drafts",
    "draft_code_sets",
    "draft_elements",
    "draft_factors",
    "draft_rules",
    "draft_units",
    "edition_before",
    "publish_drafts",
    "return_drafts",
    "submit_drafts",
]
