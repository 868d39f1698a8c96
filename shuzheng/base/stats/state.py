"""The explorer's state: everything that is looked at stands in the address, and a saved view is that query.

``i`` indicators, ``by`` dimensions (rows), ``across`` one more (columns), ``from`` and ``to`` or ``last`` (newest periods),
``at`` a division's path, ``type`` and ``tier`` of institutions, ``kind``, ``tree``, ``order``, ``limit``, ``min``, ``look``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.http import urlencode

from shuzheng.base.core.actor import Actor
from shuzheng.base.stats.question import NOW, THEN, Catalogue, Offer, Question

LOOKS = ("table", "bar", "line", "stack", "rank", "map", "dist", "peers", "trend")
BELOW = {1: "province", 2: "prefecture", 3: "county", 4: "institution"}
"""What a tier looks at first: what stands right below it."""
LISTS = ("type", "tier", "kind")
PERIODS = 4
MOST = 5000
MANY = 12
"""Indicators of one question: more do not fit a page."""


@dataclass(frozen=True)
class State:
    """A question and how it is shown."""

    indicators: tuple[str, ...]
    by: tuple[str, ...] = ()
    across: str = ""
    first: str = ""
    until: str = ""
    last: int = PERIODS
    at: str | None = None
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    tree: str = NOW
    order: str = ""
    limit: int = 0
    minimum: int = 0
    look: str = "table"

    def periods(self, known: tuple[str, ...]) -> tuple[str, str]:
        """First and last period; the newest ``last`` of those that there are when none is named."""
        if self.first or self.until:
            return self.first or self.until, self.until or self.first
        newest = known[-self.last :] if self.last else known
        return (newest[0], newest[-1]) if newest else ("", "")

    def question(self, known: tuple[str, ...]) -> Question:
        """What is asked, with ``known`` periods in the lake."""
        where = dict(self.where)
        if self.at:
            where["region"] = (self.at,)
        by = tuple(dict.fromkeys((*self.by, *((self.across,) if self.across else ()))))
        limit = 0 if self.across else self.limit
        return Question(
            self.indicators, by, self.periods(known), where, self.tree, self.order, limit or MOST, self.minimum
        )

    def query(self, **changes: Any) -> str:
        """The address of this state, with fields changed; what stands at its default is left out."""
        now = replace(self, **changes)
        pairs: list[tuple[str, Any]] = [("i", name) for name in now.indicators]
        pairs += [("by", name) for name in now.by] or [("by", "none")]
        pairs += [(name, value) for name, values in now.where for value in values]
        plain: Mapping[str, Any] = {
            "across": now.across, "from": now.first, "to": now.until, "order": now.order,
            "last": "" if now.first or now.until or now.last == PERIODS else now.last,
            "limit": now.limit or "", "min": now.minimum or "", "tree": THEN if now.tree == THEN else "",
            "look": "" if now.look == "table" else now.look,
        }  # fmt: skip
        pairs += [(name, value) for name, value in plain.items() if value != ""]
        if now.at is not None:
            pairs.append(("at", now.at))
        return urlencode(pairs)

    def with_where(self, **values: tuple[str, ...]) -> State:
        """The same, with conditions changed; an empty one is dropped."""
        where = dict(self.where) | values
        return replace(self, where=tuple((k, v) for k, v in where.items() if v))


def _number(text: str, least: int, most: int, otherwise: int) -> int:
    return min(max(int(text), least), most) if text.isdecimal() else otherwise


def read(query: QueryDict, catalogue: Catalogue, actor: Actor) -> State:
    """The state in an address. What is not named gets what the reader's tier looks at first; unknown words are left out."""
    offers = {offer.name: offer for offer in catalogue.indicators}
    names = {dimension.name for dimension in catalogue.dimensions}
    indicators = tuple(dict.fromkeys(name for name in query.getlist("i") if name in offers))[:MANY]
    if not indicators:
        indicators = ("energy.total",) if "energy.total" in offers else tuple(offers)[:1]
    by = tuple(dict.fromkeys(name for name in query.getlist("by") if name in names))
    if not by and "none" not in query.getlist("by"):
        by = (BELOW[actor.tier],)
    across = query.get("across", "") if query.get("across") in names else ""
    allowed = common(offers[name] for name in indicators)
    by = tuple(name for name in by if name in allowed and name != across)[:3]
    look = query.get("look", "table")
    order = query.get("order", "")
    return State(
        indicators, by, across if across in allowed else "",
        query.get("from", "") if query.get("from") in catalogue.periods else "",
        query.get("to", "") if query.get("to") in catalogue.periods else "",
        _number(query.get("last", ""), 1, 40, PERIODS),
        query.get("at") if "at" in query else None,
        tuple((name, tuple(v[:64] for v in query.getlist(name) if v)) for name in LISTS if any(query.getlist(name))),
        THEN if query.get("tree") == THEN else NOW,
        order if order.lstrip("-") in (*by, *indicators) else "",
        _number(query.get("limit", ""), 0, MOST, 0),
        _number(query.get("min", ""), 0, 1000, 0),
        look if look in LOOKS else "table",
    )  # fmt: skip


def common(offers: Any) -> tuple[str, ...]:
    """Dimensions that every one of the indicators can be told apart by, in the order of the first."""
    found: tuple[str, ...] | None = None
    offer: Offer
    for offer in offers:
        found = offer.dimensions if found is None else tuple(d for d in found if d in offer.dimensions)
    return found or ()
