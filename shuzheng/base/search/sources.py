"""What can be found: each kind of record declares the fields that are searched and where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model

from shuzheng.base.core.models import Record, Scoped
from shuzheng.base.core.registry import PERMISSIONS


@dataclass(frozen=True)
class Source:
    """A kind of record that takes part in search.

    Attributes:
        title: field that names a record; empty: its ``str``.
        fields: further fields whose text is searched; may go over a key (``node__name``).
        sub: field shown under the title; empty: the owner's name.
        permission: without it (at the record's place) the kind is not found.
        person: the title is a person's name, read so for its initials.
        indexed: whether a row takes part (an ended one may not).
    """

    model: type[Scoped]
    label: Any
    url: Callable[[UUID], str]
    title: str = ""
    fields: tuple[str, ...] = ()
    sub: str = ""
    permission: str = ""
    icon: str = "list-details"
    person: bool = False
    indexed: Callable[[Any], bool] = lambda row: True

    @property
    def name(self) -> str:
        return self.model._meta.label_lower


SOURCES: dict[str, Source] = {}


def register(
    model: type[Scoped], *, label: Any, url: Callable[[UUID], str], fields: Sequence[str] = (), **more: Any
) -> Source:
    """Let records of ``model`` be found; a second declaration takes the place of the first.

    Raises:
        UnknownName: the permission is in no manifest.
        ValueError: a field is sensitive, or the model has no scope.
    """
    source = Source(model, label, url, fields=tuple(fields), **more)
    if not issubclass(model, Scoped):
        raise ValueError(f"{model} has no scope: everybody would find it")
    hidden = getattr(model, "sensitive", frozenset()) if issubclass(model, Record) else frozenset()
    if found := hidden & {*source.fields, source.title, source.sub}:
        raise ValueError(f"{source.name}: {sorted(found)} are sensitive; search holds no such text")
    if source.permission:
        PERMISSIONS[source.permission]
    SOURCES[source.name] = source
    return source


def source_of(model: type[Model]) -> Source | None:
    """The declaration of a model, if it takes part."""
    return SOURCES.get(model._meta.label_lower)
