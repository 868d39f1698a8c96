"""The elements somebody asks about: a group, a data set, a list; as they hold on a day at a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.standards import exports, resolve
from shuzheng.base.standards.book import Book, ElementValue
from shuzheng.base.standards.models import DataElement
from shuzheng.kernel.errors import Missing


@dataclass(frozen=True)
class Selection:
    """Elements with the book, day and place that they were taken from."""

    elements: tuple[ElementValue, ...]
    book: Book
    on: date
    path: str
    group: str = ""
    dataset: str = ""

    @classmethod
    def of(
        cls, path: str, *, group: str = "", dataset: str = "", identifiers: Iterable[str] = (), on: date | None = None
    ) -> Selection:
        """What was asked for; all elements if neither group, data set nor identifiers are named.

        Raises:
            Missing: an identifier, group or data set without an element in force.
        """
        book, day = resolve.current(), on or timezone.localdate()
        named = list(identifiers)
        for identifier in named:
            resolve.element(identifier, day, path, book=book)
        found = exports.elements_in_force(book, day, path, group=group, dataset=dataset, identifiers=named)
        if not found:
            raise Missing(_("没有符合条件的数据元。"), code="no-element")
        return cls(tuple(found), book, day, path, group, dataset)

    @property
    def name(self) -> str:
        """What the selection is called: the data set, else the group, else the whole standard."""
        if self.dataset:
            sets = self.book.code_set("element_dataset", self.on, self.path)
            return next((i.label for i in sets.items if i.code == self.dataset), self.dataset) if sets else self.dataset
        if self.group in DataElement.Group.values:
            return str(DataElement.Group(self.group).label)
        return _("机关事务基础数据标准")

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the selection."""
        return exports.schema(self.elements, self.book, self.on, self.path, title=self.name)


__all__ = ["Selection"]
