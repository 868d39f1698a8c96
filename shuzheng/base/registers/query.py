"""A list's address taken apart, and the rows, counts and sums it asks for: two questions to the database, however many tabs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Aggregate, Count, Model, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.translation import gettext as _

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.counting import CAP, Counted, count_all
from shuzheng.base.core.models import Kind
from shuzheng.base.core.scope import EVERYTHING, Range
from shuzheng.base.registers.declare import Register, follow
from shuzheng.base.registers.fields import NUMBERS, Shown, columns_of, search_names
from shuzheng.base.registers.filters import Filter, filters_of
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.text import fold

SIZES = (20, 50, 100, 200)
SIZE = 50


MOST_KNOWN = 10_000
_LONG: set[tuple[Any, ...]] = set()
"""Sights of registers that were long when last looked at: a hint for this process, checked each time."""


@dataclass(frozen=True)
class Params:
    """What a list shows, as it stands in the address: everything but who asks."""

    q: str = ""
    view: str = ""
    scope: str = ""
    sort: str = ""
    page: int = 1
    size: int = SIZE
    columns: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(cls, register: Register, query: QueryDict) -> Params:
        """Take an address apart. Names that mean nothing here are left out, so that old links keep working.

        Raises:
            Invalid: a page, size or sorting that can't be.
        """
        keys = {key for item in filters_of(register) for key in item.keys}
        filters = {key: tuple(v for v in query.getlist(key) if v != "") for key in keys if key in query}
        return cls(
            q=fold(query.get("q", ""))[:80].replace("\0", ""),
            view=query.get("view", ""),
            scope=query.get("scope", ""),
            sort=query.get("sort", ""),
            page=_number(query.get("page", ""), 1, CAP),
            size=_number(query.get("size", ""), SIZE, max(SIZES)),
            columns=tuple(c for c in query.get("cols", "").split(",") if c),
            filters={key: values for key, values in sorted(filters.items()) if values},
        )

    def url(self, **changes: Any) -> str:
        """The address with some of it changed; any change but of the page leads to page 1."""
        if "page" not in changes:
            changes["page"] = 1
        new = replace(self, **changes)
        pairs: list[tuple[str, str]] = []
        for name in ("view", "scope", "q", "sort"):
            if value := getattr(new, name):
                pairs.append((name, value))
        pairs += [(key, value) for key, values in new.filters.items() for value in values]
        if new.columns:
            pairs.append(("cols", ",".join(new.columns)))
        if new.size != SIZE:
            pairs.append(("size", str(new.size)))
        if new.page > 1:
            pairs.append(("page", str(new.page)))
        return "?" + urlencode(pairs)

    def filtered(self, item: Filter, *values: str, key: str = "") -> str:
        """The address with one filter set to ``values``; to none of them, without it."""
        left = {k: v for k, v in self.filters.items() if k not in ((key,) if key else item.keys)}
        if values:
            left[key or item.name] = values
        return self.url(filters=dict(sorted(left.items())))

    @property
    def narrowed(self) -> bool:
        return bool(self.q or self.filters)


def _number(text: str, default: int, most: int) -> int:
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise Invalid(_("“%(value)s”不在 1–%(most)d 之间。") % {"value": text[:20], "most": most})
    return int(text)


@dataclass(frozen=True)
class Span:
    """A choice of the scope switch: 本级, 含下级, and 全部 for directories."""

    name: str
    label: str
    range: Range | None


def spans(register: Register, actor: Actor) -> tuple[Span, ...]:
    """What the scope switch offers, the default first; nothing where there is but one's own organ to see."""
    if not actor.organ_path:
        return ()
    kind = register.model.scoping.kind
    own = Span("own", _("本级"), Range.own_level(actor.division))
    below = Span("below", _("含下级"), Range.subtree(actor.division))
    if kind is Kind.DIRECTORY:
        return below, own, Span("all", _("全部"), None)
    if kind is Kind.SUPERVISED and actor.scope.ranges(register.model.scoping.line) != (actor.scope.organ,):
        return replace(below, range=None), own
    return ()


@dataclass
class Found:
    """What a list shows: the rows of one page, and the figures around them.

    ``total`` counts the rows of the whole list; ``tabs`` and ``scopes`` the views and the scope switch, without filters.
    Where more than ``CAP`` rows may be seen, those two are None: the page asks for them afterwards (``Listing.figures``).
    """

    rows: list[Any]
    total: Counted
    tabs: dict[str, Counted] | None
    scopes: dict[str, Counted] | None
    order: tuple[str, ...]


class Listing:
    """One register as one actor sees it under one address."""

    def __init__(self, register: Register, actor: Actor, params: Params) -> None:
        self.register, self.actor, self.params = register, actor, params
        self.columns = columns_of(register)
        self.base = register.queryset(actor)
        self.spans = spans(register, actor)
        self.span = next((s for s in self.spans if s.name == params.scope), self.spans[0] if self.spans else None)

    def scoped(self, span: Span | None = None) -> QuerySet[Any]:
        """The rows under the scope switch."""
        condition = _within(span or self.span)
        return self.base.filter(condition) if condition else self.base

    def condition(self) -> Q:
        """Scope, view, filters and search as one condition.

        Raises:
            Invalid: a filter has a value that can't be.
        """
        condition = _within(self.span)
        if tab := self.register.tab(self.params.view):
            condition &= tab.q
        for item in filters_of(self.register):
            if item.given(self.params.filters):
                condition &= item.q(self.params.filters)
        if self.params.q:
            condition &= search_q(self.register, self.params.q)
        return condition

    def rows(self) -> QuerySet[Any]:
        """All rows of the list, unordered.

        Raises:
            Invalid: as ``condition``.
        """
        condition = self.condition()
        return self.base.filter(condition) if condition else self.base

    def visible(self, kept: Sequence[str] = ()) -> list[Shown]:
        """The columns to show: those of the address, those kept, or the declared ones; locked ones always."""
        by_name = {c.name: c for c in self.columns}
        names = self.params.columns or kept
        chosen = [by_name[name] for name in names if name in by_name] or [c for c in self.columns if c.column.shown]
        missing = [c for c in self.columns if c.locked and c not in chosen]
        return [*(c for c in missing if c.first), *chosen, *(c for c in missing if not c.first)]

    def order(self, *, many: bool) -> tuple[str, ...]:
        """The ordering asked for, closed by the key so that pages never overlap.

        Raises:
            Invalid: the column does not sort; or the list is long and has no index for it.
        """
        asked = self.params.sort
        order = tuple(self.register.ordering)
        if asked:
            column = next((c for c in self.columns if c.name == asked.lstrip("-")), None)
            if column is None or not column.sort:
                raise Invalid(_("不能按“%(name)s”排序。") % {"name": asked[:40]})
            if many and not indexed(self.register.model, column.sort[0]):
                raise Invalid(
                    _("超过 %(n)s 条时不能按“%(name)s”排序。先加条件缩小范围。")
                    % {"n": f"{CAP:,}", "name": column.label}
                )
            order = tuple(("-" if asked[0] == "-" else "") + name for name in column.sort)
        key = self.register.model._meta.pk.name
        return order if key in {o.lstrip("-") for o in order} else (*order, key)

    def find(self, shown: Sequence[Shown]) -> Found:
        """The page asked for, and the figures: two questions, three where a long list is narrowed.

        Raises:
            Invalid: as ``condition`` and ``order``.
        """
        condition = self.condition()
        added = [c.name for c in shown if c.column.total and c.kind in NUMBERS and c.field is not None]
        total, tabs, scopes = (None, None, None) if self._is_long() else self._one_pass(condition, added)
        if total is None:
            narrow = condition != _within(None)
            total = (
                count_all({"": self.rows()}, {"": added})[""] if narrow else Counted(CAP + 1, dict.fromkeys(added, 0))
            )
        order = self.order(many=total.capped)
        start = (self.params.page - 1) * self.params.size
        page = (
            list(self.joined(self.rows(), shown).order_by(*order)[start : start + self.params.size]) if total.n else []
        )
        return Found(page, total, tabs, scopes, order)

    @property
    def _sight(self) -> tuple[Any, ...]:
        """What tells one sight of a register from another: two actors with the same ranges see the same rows."""
        scope, line = self.actor.scope, self.register.model.scoping.line
        return self.register.name, scope.organ, scope.ranges(line), self.register.view_ranges(self.actor)

    def _is_long(self) -> bool:
        """Whether more than ``CAP`` rows may be seen. Asked ahead only where it was so the last time: a plain count of
        the index is a third of the work of ``_one_pass``, which would find out as well."""
        if self._sight not in _LONG:
            return False
        if count_all({"": self.base})[""].capped:
            return True
        _LONG.discard(self._sight)
        return False

    def _one_pass(
        self, condition: Q, added: Sequence[str]
    ) -> tuple[Counted | None, dict[str, Counted] | None, dict[str, Counted] | None]:
        """All figures from one look at what may be seen, if that is no more than ``CAP`` rows; else nothing."""
        here = _within(self.span)
        wanted: dict[str, Aggregate] = {"seen": Count("pk"), "total": _count(condition), "tab_all": _count(here)}
        for place, tab in enumerate(self.register.tabs):
            wanted[f"tab_{place}"] = _count(here & tab.q)
        for place, span in enumerate(self.spans):
            wanted[f"span_{place}"] = _count(_within(span))
        for place, name in enumerate(added):
            wanted[f"sum_{place}"] = Sum(name, filter=condition or None)
        got = self.base.order_by()[: CAP + 1].aggregate(**wanted)
        if got["seen"] > CAP:
            if len(_LONG) > MOST_KNOWN:
                _LONG.clear()
            _LONG.add(self._sight)
            return None, None, None
        sums = {name: got[f"sum_{place}"] for place, name in enumerate(added)}
        tabs = {tab.name: Counted(got[f"tab_{place}"]) for place, tab in enumerate(self.register.tabs)}
        scopes = {span.name: Counted(got[f"span_{place}"]) for place, span in enumerate(self.spans)}
        return Counted(got["total"], sums), {"": Counted(got["tab_all"]), **tabs}, scopes

    def figures(self) -> tuple[dict[str, Counted], dict[str, Counted]]:
        """The counts of all views and of the scope switch, each exact to ``CAP``, in one question."""
        questions = {"tab:": self.scoped()}
        questions |= {f"tab:{tab.name}": self.scoped().filter(tab.q) for tab in self.register.tabs}
        questions |= {f"scope:{span.name}": self.scoped(span) for span in self.spans if span is not self.span}
        counted = count_all(questions)
        tabs = {name.removeprefix("tab:"): item for name, item in counted.items() if name.startswith("tab:")}
        scopes = {s.name: counted["tab:" if s is self.span else f"scope:{s.name}"] for s in self.spans}
        return tabs, scopes

    def joined(self, rows: QuerySet[Any], shown: Sequence[Shown]) -> QuerySet[Any]:
        """The rows with what the columns read from other tables, in the same question."""
        joins = sorted({join for column in shown for join in column.joins})
        return rows.select_related(*joins) if joins else rows

    def after(self, cursor: str, size: int, shown: Sequence[Shown] = ()) -> tuple[list[Any], str]:
        """``size`` rows past a cursor, and the cursor to go on with (empty at the end), for readers of whole registers.

        Raises:
            Invalid: the cursor was not given out for this ordering.
        """
        order = self.order(many=False)
        rows = self.joined(self.rows(), shown).order_by(*order)
        if cursor:
            rows = rows.filter(_past(self.register.model, order, _open_cursor(cursor, order)))
        page = list(rows[: size + 1])
        if len(page) <= size:
            return page, ""
        page = page[:size]
        return page, _cursor(order, page[-1])


def _within(span: Span | None) -> Q:
    if span is None or span.range is None or span.range == EVERYTHING:
        return Q()
    return Q(path__gte=span.range.lo, path__lt=span.range.hi)


def _count(condition: Q) -> Count:
    return Count("pk", filter=condition or None)


def search_q(register: Register, text: str) -> Q:
    """Rows in which every word of ``text`` stands in one of the searched fields; letters also match pinyin initials."""
    names = search_names(register)
    fields = {f.name for f in register.model._meta.concrete_fields}
    condition = Q()
    for word in text.split()[:5]:
        either = Q()
        for name in names:
            either |= Q(**{f"{name}__icontains": word})
        if "initials" in fields and word.isascii() and word.isalnum():
            either |= Q(initials__gte=word.lower(), initials__lt=word.lower() + "~")
        condition &= either
    return condition


def indexed(model: type[Model], name: str) -> bool:
    """Whether an index of the model begins with ``name``, so that millions of rows come sorted by it without sorting."""
    try:
        target = follow(model, name)
    except FieldDoesNotExist:
        return False
    if "__" in name:
        return False
    heads = {index.fields[0].lstrip("-") for index in model._meta.indexes if index.fields}
    heads |= {c.fields[0] for c in model._meta.constraints if getattr(c, "fields", ())}
    return target.primary_key or target.unique or target.db_index or name in heads


def _read(row: Any, path: str) -> Any:
    for part in path.split("__"):
        row = getattr(row, part) if row is not None else None
    return row


def _cursor(order: Sequence[str], row: Any) -> str:
    values = [_plain(_read(row, name.lstrip("-"))) for name in order]
    return base64.urlsafe_b64encode(json.dumps([list(order), values], ensure_ascii=False).encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        value = value.pk
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _open_cursor(cursor: str, order: Sequence[str]) -> list[Any]:
    try:
        names, values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise Invalid.one("cursor", _("游标无效，从第一页重新读取。"))
    if names != list(order) or not isinstance(values, list) or len(values) != len(order):
        raise Invalid.one("cursor", _("游标属于另一种排序，从第一页重新读取。"))
    return values


def _past(model: type[Model], order: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows behind ``values`` in the ordering. Empty values sort last going up and first going down, as PostgreSQL does."""
    condition, same = Q(pk__in=[]), Q()
    for name, value in zip(order, values, strict=True):
        field_name, down = name.lstrip("-"), name.startswith("-")
        try:
            value = None if value is None else follow(model, field_name).to_python(value)
        except (ValueError, TypeError):
            raise Invalid.one("cursor", _("游标无效，从第一页重新读取。"))
        if value is None:
            further = Q(**{f"{field_name}__isnull": False}) if down else Q(pk__in=[])
        elif down:
            further = Q(**{f"{field_name}__lt": value})
        else:
            further = Q(**{f"{field_name}__gt": value})
            if follow(model, field_name).null:
                further |= Q(**{f"{field_name}__isnull": True})
        condition |= same & further
        same &= Q(**{f"{field_name}__isnull": True}) if value is None else Q(**{field_name: value})
    first, start = order[0], values[0]
    if start is not None and not follow(model, first.lstrip("-")).null:
        # A plain bound on the leading column, so that the index is entered at the cursor and not at its begin.
        condition &= Q(**{f"{first.lstrip('-')}__{'lte' if first[0] == '-' else 'gte'}": start})
    return condition


__all__ = ["SIZE", "SIZES", "Found", "Listing", "Params", "Span", "indexed", "search_q", "spans"]
