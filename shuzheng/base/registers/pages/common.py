"""What the pages of a register share."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from shuzheng.base.access.middleware import actor_of
from shuzheng.base.core.actor import Actor
from shuzheng.base.registers import service
from shuzheng.base.registers.declare import Register

_NIL = UUID(int=0)


def asked(request: HttpRequest, name: str) -> tuple[Register, Actor]:
    """The register of an address and who asks.

    Raises:
        Missing: there is no such register.
        Denied: nobody acts.
    """
    return service.get(name), actor_of(request)


def address(register: Register, page: str = "list", **kwargs: Any) -> str:
    """The address of one of the register's pages."""
    return reverse(f"registers:{page}", kwargs={"register": register.name, **kwargs})


def record_address(register: Register, pk: Any) -> str:
    """The address of a record's page: the kit's, or the app's own that stands in for it."""
    if register.page:
        return reverse(register.page, args=[pk])
    return address(register, "detail", pk=pk)


def record_link(register: Register) -> tuple[str, str]:
    """What stands before and after the id in the addresses of records."""
    before, _mark, after = record_address(register, _NIL).partition(str(_NIL))
    return before, after


def split_seen(values: list[str]) -> tuple[list[str], dict[str, int]]:
    """Chosen rows as lists send them, ``<id>.<version>``: the ids in order, and the versions that were seen."""
    ids, seen = [], {}
    for value in values:
        pk, _dot, version = value.partition(".")
        ids.append(pk)
        if version.isdecimal():
            seen[pk] = int(version)
    return ids, seen


def versions(rows: list[Any], seen: dict[str, int]) -> dict[Any, int] | None:
    """The versions seen, keyed as ``@action`` wants them; None for records without versions."""
    found = {row.pk: seen[str(row.pk)] for row in rows if str(row.pk) in seen}
    return found or None
