"""Registers in the search over everything: what a register's search box looks into is found there too."""

from __future__ import annotations

from uuid import UUID

from django.db.models import UUIDField
from django.urls import reverse

from shuzheng.base.core.models import Kind
from shuzheng.base.registers.declare import REGISTERS, Column, Register
from shuzheng.base.search.sources import SOURCES
from shuzheng.base.search.sources import register as let_find


def declare_all() -> None:
    """Let the records of every register with search fields be found, unless their app has declared it itself."""
    for item in REGISTERS.values():
        model = item.model
        findable = item.search and isinstance(model._meta.pk, UUIDField) and model.scoping.kind is not Kind.FOLLOWS
        if findable and model._meta.label_lower not in SOURCES:
            title = _title(item)
            let_find(
                model,
                label=item.verbose,
                title=title,
                fields=tuple(name for name in item.search if name != title),
                url=_page(item),
                permission=item.permission("view"),
                icon=item.icon,
            )


def _title(item: Register) -> str:
    if item.title:
        return item.title
    first = next(iter(item.columns), "")
    if isinstance(first, Column):
        return "" if first.value is not None else first.name
    return first


def _page(item: Register):
    def page(pk: UUID) -> str:
        return reverse("registers:detail", kwargs={"register": item.name, "pk": pk})

    return page
