"""Loading what ships with the platform: at ``init``, with the demo, and at each upgrade. Running it again changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.core.action import Write, action
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.models import Published
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Competence, Node, NodeKind
from shuzheng.base.standards import shipped
from shuzheng.base.standards.models import (
    CalendarDay,
    CalendarYear,
    CodeItem,
    CodeSet,
    Rule,
    RulePack,
    Stamp,
    Standard,
    State,
)
from shuzheng.kernel.errors import Invalid

_KEPT_BY_US = frozenset({
    "id", "node", "path", "version", "created_at", "updated_at", "audience", "edition", "state", "is_shipped",
    "effective_to", "pack", "drafted_by", "reviewed_by", "reviewed_at", "review_note",
})  # fmt: skip


@dataclass
class Loaded:
    """What a run did, by model: rows created, corrected in wording, and put up for review beside a local edition."""

    created: Counter[str] = field(default_factory=Counter)
    reworded: Counter[str] = field(default_factory=Counter)
    for_review: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.created or self.reworded or self.for_review)


def load_standards(actor: Actor | None = None) -> Loaded:
    """Bring the shipped standards in step with this version of the platform.

    A shipped entry whose value changed becomes a new edition; corrected wording is written in place. An entry for which
    the deployment has an edition of its own is left in force; the new shipped one waits for review.

    Args:
        actor: a system actor; the one of this load unless given.

    Raises:
        Invalid: there is no node yet that could own the content.
    """
    actor = actor or system_actor("standards.load")
    with actor.scope.activate():
        owner = content_owner()
        loaded = Loaded()
        _load([owner], actor=actor, loaded=loaded)
    return loaded


def content_owner() -> Node:
    """Who answers for shipped content: the competent organ of the root, else its first organ, else the root itself."""
    root = Node.objects.filter(kind=NodeKind.DIVISION, valid_to=None).order_by("path").first()
    if root is None:
        raise Invalid(_("还没有机构。先建立根节点，再装入标准。"))
    competent = Competence.objects.filter(division=root, line="general", valid__endswith=None).first()
    if competent:
        return competent.organ
    level = Range.own_level(root.path)
    organs = Node.objects.filter(kind=NodeKind.ORGAN, valid_to=None, path__gte=level.lo, path__lt=level.hi)
    return organs.order_by("path").first() or root


@action("standards.load", system_only=True, event="standards.loaded")
def _load(w: Write, owners: Sequence[Node], *, loaded: Loaded) -> list[Published]:
    """Write what differs; answers with the new and changed rows."""
    loader = _Loader(w, owners[0], loaded)
    loader.standards(shipped.units())
    loader.standards(shipped.elements())
    loader.standards(shipped.factors())
    loader.code_sets(shipped.code_sets())
    loader.rules(shipped.rules())
    loader.calendar(shipped.calendar())
    if loader.touched:
        w.flush()
        Stamp.touch()
    return loader.touched


class _Loader:
    def __init__(self, w: Write, owner: Node, loaded: Loaded) -> None:
        self.w, self.owner, self.loaded = w, owner, loaded
        self.touched: list[Published] = []

    def standards(self, rows: Sequence[Standard]) -> dict[Standard, Standard]:
        """Bring rows of one model in step; answers with the stored row for each that was asked for."""
        model = type(rows[0])
        have: dict[tuple[Any, ...], list[Standard]] = {}
        for row in model.objects.order_by("edition"):
            have.setdefault(row.identity, []).append(row)
        stored: dict[Standard, Standard] = {}
        for row in rows:
            editions = have.setdefault(row.identity, [])
            same_day = [e for e in editions if e.effective_from == row.effective_from]
            mine = next((e for e in reversed(same_day) if e.is_shipped), None)
            if mine is None or self._differs(mine, row):
                stored[row] = self._add(row, editions, local=any(not e.is_shipped for e in same_day))
            else:
                stored[row] = mine
                self._reword(mine, row)
        return stored

    def code_sets(self, sets: Sequence[tuple[CodeSet, list[CodeItem]]]) -> None:
        have: dict[Any, dict[str, CodeItem]] = {}
        for item in CodeItem.objects.all():
            have.setdefault(item.code_set_id, {})[item.code] = item
        editions: dict[str, list[CodeSet]] = {}
        for row in CodeSet.objects.filter(region="").order_by("edition"):
            editions.setdefault(row.code, []).append(row)
        for code_set, items in sets:
            mine = editions.setdefault(code_set.code, [])
            same_day = [e for e in mine if e.effective_from == code_set.effective_from]
            latest = next((e for e in reversed(same_day) if e.is_shipped), None)
            # Another list of codes is another edition, even where nothing else about the set differs.
            if latest is None or set(have.get(latest.id, ())) != {item.code for item in items}:
                stored: Standard = self._add(code_set, mine, local=any(not e.is_shipped for e in same_day))
            else:
                stored = latest
                self._reword(latest, code_set)
            for item in items:
                kept = have.get(stored.pk, {}).get(item.code)
                if kept is None:
                    item.code_set = stored
                    self._own(item)
                    item.audience = stored.audience
                    self._create(item)
                else:
                    names = ("name", "name_en", "parent_code", "order", "attributes", "note", "successors")
                    self._change(kept, {n: getattr(item, n) for n in names})

    def rules(self, packs: Sequence[tuple[RulePack, list[Rule]]]) -> None:
        stored = self.standards([pack for pack, _ in packs])
        rules = []
        for pack, entries in packs:
            for rule in entries:
                rule.pack = stored[pack]
                rules.append(rule)
        self.standards(rules)

    def calendar(self, years: Iterable[tuple[CalendarYear, list[CalendarDay]]]) -> None:
        """A year that was loaded or edited here stays as it is; days of a shipped year are corrected unless edited."""
        for year, days in years:
            mine = CalendarYear.objects.filter(region="", year=year.year).first()
            if mine is not None and not mine.is_shipped:
                continue
            if mine is None:
                self._own(year)
                self._create(year)
            have = {row.day: row for row in CalendarDay.objects.filter(region="", day__year=year.year)}
            for day in days:
                stored = have.get(day.day)
                if stored is None and mine is None:
                    self._own(day)
                    self._create(day)
                elif stored is not None and stored.is_shipped:
                    self._change(stored, {n: getattr(day, n) for n in ("kind", "name", "name_en", "source")})

    def _differs(self, stored: Standard, row: Standard) -> bool:
        names = {f.name for f in row._meta.concrete_fields} - _KEPT_BY_US - set(row.WORDING)
        return any(not _same(getattr(stored, name), getattr(row, name)) for name in names)

    def _add(self, row: Standard, editions: list[Standard], *, local: bool) -> Standard:
        self._own(row)
        row.edition = max((e.edition for e in editions), default=0) + 1
        if local:
            row.withhold(State.REVIEW)
            self.loaded.for_review[row._meta.model_name] += 1
        else:
            row.publish()
        editions.append(row)
        self._create(row)
        return row

    def _reword(self, stored: Standard, row: Standard) -> None:
        self._change(stored, {name: getattr(row, name) for name in row.WORDING})

    def _own(self, row: Any) -> None:
        row.own(self.owner)
        row.is_shipped = True

    def _create(self, row: Published) -> None:
        self.w.create(row)
        self.touched.append(row)
        self.loaded.created[row._meta.model_name] += 1

    def _change(self, row: Published, values: dict[str, Any]) -> None:
        if self.w.change(row, **values):
            self.touched.append(row)
            self.loaded.reworded[row._meta.model_name] += 1


def _same(a: Any, b: Any) -> bool:
    return Decimal(a) == b if isinstance(a, Decimal) and isinstance(b, Decimal) else a == b


__all__ = ["Loaded", "content_owner", "load_standards"]
