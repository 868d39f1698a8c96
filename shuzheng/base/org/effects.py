"""What a change of the tree does to nodes and to the rows they own. Runs under the system scope ``org.reorganise``."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.types.range import DateRange

from shuzheng.base.core.action import Write
from shuzheng.base.core.scope import Range
from shuzheng.base.org import versions
from shuzheng.base.org.handlers import concerned, replace_prefix
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.org.places import path_under, place, read_aloud
from shuzheng.kernel.errors import Invalid


@dataclass
class Outcome:
    """What one change did: the nodes it concerned, paths (before, after), nodes absorbed (node, successor), rows moved."""

    nodes: list[UUID] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    absorbed: list[tuple[UUID, UUID]] = field(default_factory=list)
    rows: int = 0
    ended: int = 0

    def stored(self) -> dict[str, Any]:
        return {
            "nodes": [str(pk) for pk in self.nodes],
            "moved": [list(pair) for pair in self.moved],
            "absorbed": [[str(a), str(b)] for a, b in self.absorbed],
            "rows": self.rows,
            "ended": self.ended,
        }


def set_facts(w: Write, node: Node, facts: dict[str, Any], on: date) -> None:
    """Change dated facts of a node from ``on``; the node itself shows those of today."""
    versions.amend({node: facts}, on)
    current = versions.today([node], timezone.localdate())[node.pk]
    values = {name: getattr(current, name) for name in facts}
    if "name" in values:
        aloud = copy(node)
        aloud.name = values["name"]
        read_aloud(aloud)
        values |= {"pinyin": aloud.pinyin, "initials": aloud.initials}
    if w.change(node, **values):
        w.change(node, version=node.version + 1)
    w.flush()


def relocate(w: Write, node: Node, to: Node, code: str, on: date, out: Outcome) -> None:
    """Put a node, with all below it, under another parent from ``on``."""
    versions.amend({node: {"parent_id": to.pk, "code": code}}, on)
    current = versions.today([node], timezone.localdate())[node.pk]
    out.nodes.append(node.pk)
    if (current.parent_id, current.code) == (node.parent_id, node.code):
        return  # a later move stands: today's tree stays
    old = node.path
    target = copy(node)
    target.code = current.code
    place(target, to)
    w.change(
        node, parent=to, code=target.code, path=target.path, division_id=target.division_id,
        organ_id=target.organ_id, tier=target.tier, version=node.version + 1,
    )  # fmt: skip
    # Nodes come first: from here on nobody can add rows to them until this is committed.
    w.flush()
    replace_prefix(Node.objects.all(), "path", old, node.path)
    _tell_below(node)
    out.moved.append((old, node.path))
    out.rows += sum(handler.recache(model, old, node.path) for model, handler in concerned())


def _tell_below(node: Node) -> None:
    """Give organs and departments below ``node`` its division, organ and tier."""
    if node.kind == NodeKind.DIVISION:
        return  # they name their division by id
    span = Range.subtree(node.path)
    below = Node.objects.filter(path__gte=span.lo, path__lt=span.hi).exclude(pk=node.pk)
    below.update(division_id=node.division_id, organ_id=node.organ_id, tier=node.tier)


def absorb(w: Write, node: Node, into: Node, on: date, out: Outcome) -> None:
    """Let ``into`` take over a node: its children, and whatever belongs to it that is not sealed. The node ends on ``on``."""
    children = list(Node.objects.filter(parent=node).exclude(pk=into.pk))
    codes = _codes_under(into, children, node)
    alive = {c: {"parent_id": into.pk, "code": codes[c.pk]} for c in children if c.valid_to is None}
    versions.amend(alive, on, late=True)
    renamed = []
    for child in children:
        old, path = child.path, path_under(into, child.kind, codes[child.pk])
        if codes[child.pk] != child.code:
            renamed.append((old, path))
        w.change(child, parent=into, code=codes[child.pk], path=path, version=child.version + 1)
    w.change(node, valid_to=on, version=node.version + 1)
    w.flush()
    # Children whose code was taken go one by one, all others in one go with the rest of the path.
    for old, path in renamed:
        replace_prefix(Node.objects.all(), "path", old, path)
    replace_prefix(Node.objects.all(), "path", node.path, into.path, below=True)
    if node.kind == NodeKind.DIVISION:
        Node.objects.filter(division=node).update(division=into)
    else:
        _tell_below(into)
    for model, handler in concerned():
        for old, path in renamed:
            out.rows += handler.recache(model, old, path)
        out.rows += handler.recache(model, node.path, into.path, below=True)
        out.rows += handler.merge(model, node, into, on)
    versions.close([node], on, successor=into)
    out.moved += [*renamed, (node.path, into.path)]
    out.absorbed.append((node.pk, into.pk))
    out.nodes += [node.pk, into.pk]


def _codes_under(into: Node, children: Sequence[Node], absorbed: Node) -> dict[UUID, str]:
    """A free code under ``into`` for each child: its own, or with the code of the absorbed node behind it."""
    span = Range.subtree(into.path)
    wanted = [path_under(into, c.kind, c.code) for c in children]
    taken = set(
        Node.objects.filter(path__gte=span.lo, path__lt=span.hi, path__in=wanted).values_list("path", flat=True)
    )
    codes: dict[UUID, str] = {}
    for child, path in zip(children, wanted, strict=True):
        code, number = child.code, 0
        while path in taken:
            number += 1
            tail = f"-{absorbed.code}" if number == 1 else f"-{absorbed.code}-{number}"
            code = child.code[: 24 - len(tail)] + tail
            path = path_under(into, child.kind, code)
            if Node.objects.filter(path=path).exists():
                taken.add(path)
        taken.add(path)
        codes[child.pk] = code
    return codes


def end(w: Write, nodes: Collection[Node], on: date, out: Outcome) -> None:
    """End nodes on ``on``, and with them the posts, grants and competences that hang on them. Records stay where they are."""
    keys = [node.pk for node in nodes]
    for model, handler in concerned():
        for row in handler.ending(model, keys, on):
            span = getattr(row, handler.ends)
            if span.lower is not None and span.lower >= on:
                w.delete(row)  # it would never have begun
            else:
                w.change(row, **{handler.ends: DateRange(span.lower, on)})
            out.ended += 1
        try:
            w.flush()
        except ProtectedError:
            raise Invalid(
                _("“%(model)s”里有停用日期之后才开始、又已被引用的记录，先结束它们。")
                % {"model": model._meta.verbose_name}
            )
    versions.close(nodes, on)
    for node in nodes:
        w.change(node, valid_to=on, version=node.version + 1)
    w.flush()
    out.nodes += keys
