"""How the rows of each model follow a change of the tree. A model that refers to a node and has no handler fails a test.

Every ``Record`` whose one link to the tree is its owner is handled already: its path (and audience) is cached anew when the
owner moves, and its rows go to the successor when the owner is absorbed. A model with more than that says so beside its app:

    register("access.grant", Handler(follows={"at": "at_path"}, ends="valid"))

Rows that are ``sealed`` (submitted, approved, archived) keep owner and path of their time. So does the audit trail, which can
only be added to: an entry is read by those who supervised the record when it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Exists, F, ForeignKey, Model, OuterRef, Q, QuerySet, UniqueConstraint, Value
from django.db.models.functions import Concat, Substr
from psycopg.types.range import DateRange

from shuzheng.base.core.models import Following, PathField, Published, Record, Scoped
from shuzheng.base.core.scope import Range
from shuzheng.base.org.models import Node


class NoHandler(LookupError):
    """A model refers to nodes in a way that no handler covers."""


@dataclass(frozen=True)
class Handler:
    """What becomes of one model's rows.

    Attributes:
        owner: the key to the node that ``path`` belongs to; empty when a row has only a path.
        follows: further keys to nodes, each with the column that caches that node's path (empty: none). They point to the
            successor once their node is absorbed.
        keeps: keys to nodes that stay as they are, as they say who it was then.
        paths: further columns with a path that belongs to no key.
        sealed: rows that are closed and stay as they are.
        open: rows that are unfinished business, shown before a change.
        ends: a range of dates that is cut off when the owner, or a node that the row follows, is abolished.
        day: the date that says which period a sealed row belongs to, for changes that are dated back.
        stays: rows remain with an absorbed node.
    """

    owner: str = "node"
    follows: Mapping[str, str] = field(default_factory=dict)
    keeps: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    sealed: Q | None = None
    open: Q | None = None
    ends: str = ""
    day: str = ""
    stays: bool = False

    # What a change does

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows that a change may touch: all but the sealed ones."""
        found = model._base_manager.all()
        return found.exclude(self.sealed) if self.sealed is not None else found

    def recache(self, model: type[Model], old: str, new: str, *, below: bool = False) -> int:
        """Put ``new`` for the beginning ``old`` of every path (``below``: of longer ones only): one UPDATE a column.

        Nodes have theirs already. Returns the number of rows whose own path changed.
        """
        moved = replace_prefix(self.rows(model), "path", old, new, below=below) if _has_path(model) else 0
        for column in self.paths:
            replace_prefix(self.rows(model), column, old, new, below=below)
        target = Range.subtree(new)
        for key, column in self.follows.items():
            if column:
                there = self.rows(model).filter(**{f"{key}__path__gte": target.lo, f"{key}__path__lt": target.hi})
                replace_prefix(there, column, old, new, below=below)
        return moved

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        """Hand what belongs to ``absorbed`` itself to ``successor``. Returns the number of rows handed over.

        A row stays where the successor has its like already (a second 机构信息 of one organ, say).
        """
        if self.stays:
            return 0
        handed = 0
        if self.owner:
            mine = self._without_likes(
                model, self.rows(model).filter(**{self.owner: absorbed.pk}), self.owner, successor.pk
            )
            handed = mine.update(
                **{f"{self.owner}_id": successor.pk} | ({"path": successor.path} if _has_path(model) else {})
            )
        elif _has_path(model):
            handed = self.rows(model).filter(path=absorbed.path).update(path=successor.path)
        for column in self.paths:
            there = self.rows(model).filter(**{column: absorbed.path})
            self._without_likes(model, there, column, successor.path).update(**{column: successor.path})
        for key, column in self.follows.items():
            rows = self._without_likes(model, self.rows(model).filter(**{key: absorbed.pk}), key, successor.pk)
            rows.update(**{f"{key}_id": successor.pk} | ({column: successor.path} if column else {}))
        return handed

    @staticmethod
    def _without_likes(model: type[Model], rows: QuerySet[Any], key: str, value: Any) -> QuerySet[Any]:
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and key in constraint.fields:
                same = {name: OuterRef(name) for name in constraint.fields if name != key}
                rows = rows.exclude(Exists(model._base_manager.filter(**{key: value}, **same)))
        return rows

    def ending(self, model: type[Model], nodes: Collection[UUID], on: date) -> QuerySet[Any]:
        """Rows in force on or after ``on`` that end with these nodes."""
        if not self.ends:
            return model._base_manager.none()
        mine = Q(**{f"{self.owner}__in": nodes}) if self.owner else Q()
        for key in self.follows:
            mine |= Q(**{f"{key}__in": nodes})
        return self.rows(model).filter(mine, **{f"{self.ends}__overlap": DateRange(on, None)})

    def settle(self, model: type[Model], old: str) -> int:
        """Mend rows that somebody inserted with the old path while the change was being committed."""
        if not self.owner or not _has_path(model):
            return 0
        span = Range.subtree(old)
        late = self.rows(model).filter(path__gte=span.lo, path__lt=span.hi).exclude(path=F(f"{self.owner}__path"))
        keys = list(late.values_list("pk", f"{self.owner}__path")[:10_000])
        for pk, path in keys:
            model._base_manager.filter(pk=pk).update(path=path)
        return len(keys)


def replace_prefix(rows: QuerySet[Any], column: str, old: str, new: str, *, below: bool = False) -> int:
    """Put ``new`` for the beginning ``old`` in ``column``, in one UPDATE over the range of the index."""
    span = Range.subtree(old)
    # "!" sorts before whatever a segment begins with: from there on, the path itself is left out.
    within = rows.filter(**{f"{column}__gte": f"{old}!" if below else old, f"{column}__lt": span.hi})
    return within.update(**{column: Concat(Value(new), Substr(column, len(old) + 1))})


class _Fixed(Handler):
    """Of tables that the running role can't change, or that the tree itself keeps in step."""

    def recache(self, model: type[Model], old: str, new: str, *, below: bool = False) -> int:
        return 0

    def merge(self, model: type[Model], absorbed: Node, successor: Node, on: date) -> int:
        return 0

    def settle(self, model: type[Model], old: str) -> int:
        return 0


FIXED = _Fixed(owner="")

HANDLERS: dict[str, Handler] = {}
"""Handlers that were registered, by the model's label in lower case."""


def register(model: str, handler: Handler) -> None:
    """Say how the rows of ``model`` (``app.model``) follow a change of the tree.

    Raises:
        ValueError: another handler is registered for it.
    """
    label = model.lower()
    if HANDLERS.get(label, handler) != handler:
        raise ValueError(f"{label} has a handler already")
    HANDLERS[label] = handler


def handler_for(model: type[Model]) -> Handler:
    """The handler of a model.

    Raises:
        NoHandler: it has a key to a node, or a path, that no handler covers; the message names it.
    """
    label = model._meta.label_lower
    found = HANDLERS.get(label)
    if found is None and getattr(getattr(model, "scoping", None), "insert_only", False):
        return FIXED
    if found is None:
        found = Handler(owner="node" if issubclass(model, Record) else "")
    if isinstance(found, _Fixed):
        return found
    published = issubclass(model, Published | Following) and "audience" not in found.paths
    paths = (*found.paths, "audience") if published else found.paths
    found = found if paths == found.paths else _with_paths(found, paths)
    covered = {found.owner, "path", *found.keeps, *found.paths, *found.follows, *found.follows.values()}
    missing = [name for name in links(model) if name not in covered]
    if missing:
        raise NoHandler(
            f"{label}.{missing[0]} refers to the organisation tree; register a handler (shuzheng/base/org/handlers.py)"
        )
    return found


def _with_paths(handler: Handler, paths: tuple[str, ...]) -> Handler:
    values = {name: getattr(handler, name) for name in Handler.__dataclass_fields__}
    return type(handler)(**{**values, "paths": paths})


def links(model: type[Model]) -> list[str]:
    """The fields of a model that refer to nodes or hold a path."""
    return [
        f.name
        for f in model._meta.concrete_fields
        if isinstance(f, PathField) or (isinstance(f, ForeignKey) and f.related_model is Node)
    ]


def concerned() -> Iterator[tuple[type[Model], Handler]]:
    """Every model that follows the tree, with its handler.

    Raises:
        NoHandler: as ``handler_for``.
    """
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy and links(model):
            yield model, handler_for(model)


def _has_path(model: type[Model]) -> bool:
    return issubclass(model, Scoped) or any(f.name == "path" for f in model._meta.concrete_fields)
