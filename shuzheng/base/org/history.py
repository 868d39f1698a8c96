"""The tree as it was on a date. Versions are the truth; paths of a past day are made from them, never stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from psycopg.types.range import DateRange

from shuzheng.base.org.models import InstitutionType, Node, NodeKind, NodeVersion, Tier
from shuzheng.base.org.places import child_path
from shuzheng.kernel.text import fold

SEALS = {Tier.NATION: "nation", Tier.PROVINCE: "province", Tier.PREFECTURE: "prefecture", Tier.COUNTY: "county"}
KIND_ORDER = {NodeKind.DIVISION: 0, NodeKind.ORGAN: 1, NodeKind.DEPARTMENT: 2}


@dataclass(frozen=True)
class NodeOn:
    """A node as it was on a day. ``path`` is that of the day where the question made it, else empty.

    ``since`` and ``until`` bound the version (until: the first day on which it held no more); ``children`` counts direct ones.
    """

    id: UUID
    name: str
    short_name: str
    kind: str
    type: str
    level: str
    uscc: str
    code: str
    parent_id: UUID | None
    tier: int
    since: date
    until: date | None
    path: str = ""
    children: int = 0

    @property
    def seal(self) -> str:
        """The name of the tier's seal (``sz_tier``)."""
        return SEALS[self.tier]

    @property
    def type_label(self) -> str:
        return str(InstitutionType(self.type).label) if self.type in InstitutionType.values else ""

    @property
    def kind_label(self) -> str:
        return str(NodeKind(self.kind).label)


@dataclass(frozen=True)
class Difference:
    """What became of a node between two days: ``created``, ``ended``, ``renamed``, ``moved`` or ``changed`` (other facts)."""

    id: UUID
    what: frozenset[str]
    before: NodeOn | None
    after: NodeOn | None
    successor_id: UUID | None = None


def versions_on(on: date) -> QuerySet[NodeVersion]:
    """The versions in force on a day."""
    return NodeVersion.objects.filter(valid__contains=on)


def node_on(node_id: UUID, on: date) -> NodeOn | None:
    """The node as it was on a day; None when it did not exist then."""
    version = versions_on(on).filter(node=node_id).select_related("node").first()
    return _told(version) if version else None


def children_on(node_id: UUID | None, on: date, *, limit: int | None = None, offset: int = 0) -> list[NodeOn]:
    """The direct children on a day (of ``None``: the roots): divisions by code, then organs and departments by name."""
    rows = versions_on(on).filter(parent=node_id).select_related("node")
    rows = rows.order_by("-kind" if node_id is None else "kind", "node__pinyin", "node_id")
    # "department" < "division" < "organ" in the alphabet is not the order wanted; no node has children of all three.
    found = list(rows[offset : offset + limit] if limit else rows[offset:])
    counts = child_counts([v.node_id for v in found], on)
    told = [_told(v, children=counts.get(v.node_id, 0)) for v in found]
    return sorted(told, key=lambda n: (KIND_ORDER[NodeKind(n.kind)], n.code if n.kind == NodeKind.DIVISION else ""))


def child_counts(nodes: Collection[UUID], on: date) -> dict[UUID, int]:
    """How many children each node had on a day."""
    rows = versions_on(on).filter(parent__in=nodes).order_by().values("parent").annotate(n=Count("pk"))
    return {row["parent"]: row["n"] for row in rows}


def ancestors_on(nodes: Iterable[UUID], on: date) -> dict[UUID, list[NodeOn]]:
    """The nodes above each node on a day, the nation first: one query a level, however many nodes are asked about."""
    known: dict[UUID, NodeOn] = {}
    asked = set(nodes)
    wanted = set(asked)
    while wanted:
        rows = versions_on(on).filter(node__in=wanted).select_related("node")
        fresh = {v.node_id: _told(v) for v in rows}
        known |= fresh
        wanted = {n.parent_id for n in fresh.values() if n.parent_id} - known.keys()
    found: dict[UUID, list[NodeOn]] = {}
    for key in asked & known.keys():
        chain, parent = [], known[key].parent_id
        while parent in known:
            chain.append(known[parent])
            parent = known[parent].parent_id
        found[key] = chain[::-1]
    return found


def tree_on(on: date, root: UUID | None = None, *, kinds: Collection[str] = ()) -> list[NodeOn]:
    """The tree on a day with its paths of that day, in their order: all of it in one query, or what lay below ``root``.

    ``kinds`` leaves out others; divisions alone are a few thousand rows, all nodes of a nation more than a million.
    """
    rows = versions_on(on).select_related("node")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if root is None:
        found = list(rows)
    else:
        level = list(rows.filter(node=root))
        found = []
        while level:
            found += level
            level = list(rows.filter(parent__in=[v.node_id for v in level]))
    by_id = {v.node_id: v for v in found}
    paths: dict[UUID, str] = {}
    if root is not None and root in by_id:
        above = [*ancestors_on([root], on).get(root, ()), _told(by_id[root])]
        paths[root] = path_of(above)

    def path(version: NodeVersion) -> str:
        if version.node_id not in paths:
            parent = by_id.get(version.parent_id)
            if parent is None:
                paths[version.node_id] = ""
            else:
                paths[version.node_id] = child_path(path(parent), version.kind, version.code, parent_kind=parent.kind)
        return paths[version.node_id]

    return sorted((_told(v, path=path(v)) for v in found), key=lambda n: n.path)


def path_of(chain: Collection[NodeOn]) -> str:
    """The path of the last node of a chain that begins with the nation."""
    path, above = "", None
    for node in chain:
        if above is not None:
            path = child_path(path, node.kind, node.code, parent_kind=above.kind)
        above = node
    return path


def search_on(text: str, on: date, *, within: str = "", kinds: Collection[str] = (), limit: int = 20) -> list[NodeOn]:
    """Nodes found by name, short name, pinyin initials, credit code or path segment, as they were on a day.

    ``within`` is a path of today: what lies elsewhere now is left out. Names that begin with the text come first.
    """
    text = fold(text)
    if not text:
        return []
    rows = versions_on(on).select_related("node")
    if within:
        rows = rows.filter(path__gte=within, path__lt=within[:-1] + "0")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if text.isascii():
        low = text.lower()
        # A range, as LIKE can't use an index under a row policy.
        found = Q(node__initials__gte=low, node__initials__lt=low + "\x7f") | Q(uscc=text.upper()) | Q(code=text)
        found |= Q(name__icontains=text)
    else:
        found = Q(name__contains=text) | Q(short_name__contains=text)
    hits = sorted(
        rows.filter(found)[: limit * 5], key=lambda v: (not v.name.startswith(text), len(v.path), v.node.pinyin)
    )
    return [_told(v) for v in hits[:limit]]


def diff(first: date, second: date, *, within: str = "") -> list[Difference]:
    """What changed in the tree between two days: one entry a node, those that only moved with a parent left out."""
    rows = NodeVersion.objects.select_related("node")
    if within:
        rows = rows.filter(path__gte=within, path__lt=within[:-1] + "0")
    before = _only(rows, first, second)
    after = _only(rows, second, first)
    found = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        what = _what(old, new)
        if what:
            successor = old.successor_id if old is not None and new is None else None
            found.append(Difference(key, what, old and _told(old), new and _told(new), successor))
    return sorted(found, key=lambda d: ((d.after or d.before).name, d.id) if (d.after or d.before) else ("", d.id))


def _only(rows: QuerySet[NodeVersion], on: date, other: date) -> dict[UUID, NodeVersion]:
    return {v.node_id: v for v in rows.filter(valid__contains=on).exclude(valid__contains=other)}


def _what(old: NodeVersion | None, new: NodeVersion | None) -> frozenset[str]:
    if old is None:
        return frozenset({"created"})
    if new is None:
        return frozenset({"ended"})
    what = set()
    if old.name != new.name:
        what.add("renamed")
    if (old.parent_id, old.code) != (new.parent_id, new.code):
        what.add("moved")
    if any(getattr(old, name) != getattr(new, name) for name in Node.FACTS if name != "name"):
        what.add("changed")
    return frozenset(what)


def _told(version: NodeVersion, **more: Any) -> NodeOn:
    valid: DateRange = version.valid
    return NodeOn(
        id=version.node_id, code=version.code, parent_id=version.parent_id, tier=version.node.tier,
        since=valid.lower, until=valid.upper, **{name: getattr(version, name) for name in Node.FACTS}, **more,
    )  # fmt: skip
