"""What a reorganisation would touch, counted before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range, system_scope
from shuzheng.base.org import changes
from shuzheng.base.org.handlers import Handler, concerned
from shuzheng.base.org.models import Node, NodeVersion, Reorganisation
from shuzheng.kernel.errors import FieldFault

Verb = Reorganisation.Verb


@dataclass(frozen=True)
class Touched:
    """Rows of one kind.

    Attributes:
        rows: whose path or owner would change.
        sealed: that stay as they are.
        closed: of the sealed, those of the days from the change's date on: what a change dated back would have made different.
        open: unfinished business among ``rows``.
        ending: that end on the day.
    """

    model: str
    label: str
    rows: int = 0
    sealed: int = 0
    closed: int = 0
    open: int = 0
    ending: int = 0


@dataclass
class Preview:
    """The effect of a reorganisation as the tree stands now."""

    verb: str
    on: date
    planned: bool
    back_dated: bool
    nodes: int = 0
    children: list[Node] = field(default_factory=list)
    records: list[Touched] = field(default_factory=list)
    faults: list[FieldFault] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(t.rows for t in self.records)

    @property
    def closed(self) -> int:
        return sum(t.closed for t in self.records)


def preview(verb: str, nodes: Sequence[Node], *, on: date, actor: Actor, values: dict[str, Any]) -> Preview:
    """Count what ``verb`` would touch at ``nodes`` (of a creation: the parents). ``values`` are those of ``Reorganisation``.

    Counts are of everything the nodes own, also what the actor may not read: they are numbers only.

    Raises:
        Denied: the actor may not make this change there.
    """
    for node in nodes:
        actor.require(f"org.node.{verb}", node.path)
    today = timezone.localdate()
    rows = []
    for node in nodes:
        row = Reorganisation(verb=verb, on=on, values=values)
        row.own(node)
        rows.append(row)
    seen = Preview(verb, on, planned=on > today, back_dated=on < today)
    with system_scope("org.reorganise").activate():
        found = changes.tasks(rows)
        seen.faults = changes.check(found)
        spans = [Range.subtree(task.node.path) for task in found] if verb not in (Verb.CREATE, Verb.RENAME) else []
        if verb == Verb.SPLIT and values.get("continues", True):
            spans = [Range.subtree(child.path) for child in found[0].others.values()]
        if not spans:
            seen.nodes = len(nodes)
            return seen
        below = _within("path", spans)
        seen.nodes = Node.objects.filter(below, valid_to=None).count()
        seen.children = list(Node.objects.filter(parent__in=nodes, valid_to=None).order_by("kind", "path")[:200])
        keys = [task.node.pk for task in found]
        if verb == Verb.ABOLISH:
            keys = list(Node.objects.filter(below).values_list("pk", flat=True))
        for model, handler in concerned():
            if model in (Node, NodeVersion):
                continue
            touched = _count(model, handler, spans, verb, keys, on if seen.back_dated else None, on)
            if touched.rows or touched.sealed or touched.ending:
                seen.records.append(touched)
    return seen


def _within(column: str, spans: Sequence[Range]) -> Q:
    found = Q()
    for span in spans:
        found |= Q(**{f"{column}__gte": span.lo, f"{column}__lt": span.hi})
    return found


def _count(
    model: Any, handler: Handler, spans: Sequence[Range], verb: str, keys: list[Any], since: date | None, on: date
) -> Touched:
    label = str(model._meta.verbose_name)
    if getattr(model.scoping if hasattr(model, "scoping") else None, "insert_only", False):
        return Touched(model._meta.label_lower, label)
    inside = model._base_manager.filter(_within("path", spans))
    sealed = inside.filter(handler.sealed) if handler.sealed is not None else inside.none()
    loose = inside.exclude(handler.sealed) if handler.sealed is not None else inside
    closed = 0
    if since is not None and handler.sealed is not None:
        closed = sealed.filter(**{f"{handler.day}__gte": since}).count() if handler.day else sealed.count()
    return Touched(
        model._meta.label_lower,
        label,
        rows=loose.count() if verb != Verb.ABOLISH else 0,
        sealed=sealed.count(),
        closed=closed,
        open=loose.filter(handler.open).count() if handler.open is not None else 0,
        ending=handler.ending(model, keys, on).count() if verb == Verb.ABOLISH else 0,
    )
