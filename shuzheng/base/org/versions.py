"""Dated versions of nodes: the truth that ``Node`` shows today's picture of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.core.bulk import insert_many, update_many
from shuzheng.base.org.models import Node, NodeVersion
from shuzheng.kernel.errors import Invalid

DATED = (*Node.FACTS, "parent_id", "code")


def first_version(node: Node) -> NodeVersion:
    """The version that a new node begins with."""
    return _copy(node, node.pk, node.path, DateRange(node.valid_from, None))


def _copy(source: Node | NodeVersion, node_id: UUID, path: str, valid: DateRange) -> NodeVersion:
    return NodeVersion(node_id=node_id, path=path, valid=valid, **{name: getattr(source, name) for name in DATED})


def from_day_on(nodes: Iterable[Node], on: date) -> dict[UUID, list[NodeVersion]]:
    """The versions in force on or after ``on``, by node, in order of time."""
    found: dict[UUID, list[NodeVersion]] = defaultdict(list)
    rows = NodeVersion.objects.filter(node__in=[n.pk for n in nodes], valid__overlap=DateRange(on, None))
    for version in rows.order_by("node", "valid"):
        found[version.node_id].append(version)
    return found


def amend(changes: Mapping[Node, Mapping[str, Any]], on: date, *, late: bool = False) -> None:
    """Let facts of nodes (names as in ``DATED``) be different from ``on``.

    A fact that somebody set anew on a later day keeps what was set then: only the span up to that day changes.
    ``late`` accepts nodes that begin after ``on``; they change from their first day.

    Raises:
        Invalid: a node does not exist on that day.
    """
    spans = from_day_on(changes, on)
    fresh: list[NodeVersion] = []
    kept: list[NodeVersion] = []
    for node, facts in changes.items():
        versions = spans.get(node.pk, [])
        if not versions or (versions[0].valid.lower > on and not late):
            raise Invalid(_("“%(name)s”在 %(on)s 还没有启用。") % {"name": node.name, "on": on})
        first = versions[0]
        before = {name: getattr(first, name) for name in facts}
        if first.valid.lower < on:
            later = _copy(first, node.pk, first.path, DateRange(on, first.valid.upper))
            first.valid = DateRange(first.valid.lower, on)
            kept.append(first)
            fresh.append(later)
            versions[0] = later
        standing = dict(facts)
        for version in versions:
            for name in [n for n in standing if getattr(version, n) != before[n]]:
                del standing[name]
            for name, value in standing.items():
                setattr(version, name, value)
            if standing and version not in fresh:
                kept.append(version)
    # Ends first: two versions of a node never end on the same day.
    update_many(kept, ["valid", *DATED])
    insert_many(fresh)


def close(nodes: Iterable[Node], on: date, successor: Node | None = None) -> None:
    """End nodes on ``on`` (the first day on which they are no more).

    Raises:
        Invalid: a node begins on that day or later, or was changed on a later day.
    """
    nodes = list(nodes)
    spans = from_day_on(nodes, on)
    ended = []
    for node in nodes:
        versions = spans.get(node.pk, [])
        if not versions or versions[0].valid.lower >= on:
            raise Invalid(_("“%(name)s”在 %(on)s 之前没有启用过，不能在这一天停用。") % {"name": node.name, "on": on})
        if len(versions) > 1:
            raise Invalid(
                _("“%(name)s”在 %(later)s 另有调整，停用日期要在其后。")
                % {"name": node.name, "later": versions[-1].valid.lower}
            )
        version = versions[0]
        version.valid = DateRange(version.valid.lower, on)
        version.successor = successor
        ended.append(version)
    update_many(ended, ["valid", "successor"])


def today(nodes: Iterable[Node], on: date) -> dict[UUID, NodeVersion]:
    """The version of each node that is in force on a day."""
    rows = NodeVersion.objects.filter(node__in=[n.pk for n in nodes], valid__contains=on)
    return {version.node_id: version for version in rows}
