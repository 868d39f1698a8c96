"""Where a data element is used: whoever uses elements says so here, so that its page can list them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import ElementValue


@dataclass(frozen=True)
class Use:
    """A place that uses an element: what kind of thing, its name, and its page."""

    kind: str
    label: str
    url: str


@dataclass(frozen=True)
class Help:
    """What a field that is bound to an element says of it: one line of help, and the element's page."""

    name: str
    text: str
    url: str


def help_for(identifier: str, *, on: date | None = None, path: str = "") -> Help | None:
    """The help of a field bound to ``identifier``; None while no such element is in force, so that no page breaks."""
    return helps([identifier], on=on, path=path).get(identifier)


def helps(identifiers: Iterable[str], *, on: date | None = None, path: str = "") -> dict[str, Help]:
    """The help of each of a page's elements that is in force; the standards are asked once."""
    wanted = sorted(set(identifiers) - {""})
    if not wanted:
        return {}
    book, day = resolve.current(), on or timezone.localdate()
    return {name: _help(found) for name in wanted if (found := book.element(name, day, path))}


def _help(found: ElementValue) -> Help:
    parts = [found.note, found.value_domain, found.data_format]
    if found.authority:
        parts.append(_("数源：%s") % found.authority)
    text = " · ".join(filter(None, parts))
    return Help(found.label, text, reverse("standards:element", args=[found.identifier]))


_providers: dict[str, Callable[[str], Sequence[Use]]] = {}


def provide(name: str, find: Callable[[str], Sequence[Use]]) -> None:
    """Have ``find(identifier)`` asked for uses; it reads in the running scope. ``name`` is the providing app's label."""
    _providers[name] = find


def where_used(identifier: str) -> list[Use]:
    """Everything that uses an element and that the running scope may see."""
    return [use for find in _providers.values() for use in find(identifier)]


def _factors(identifier: str) -> list[Use]:
    """Amounts of energy are converted by the factors of their kind: ``energy.<kind>.amount``."""
    parts = identifier.split(".")
    if len(parts) != 3 or parts[0] != "energy" or parts[2] != "amount":
        return []
    kinds = {item.code: item.label for item in resolve.code_items("energy_kind", timezone.localdate())}
    if parts[1] not in resolve.current().factors:
        return []
    return [Use(_("折算系数"), kinds.get(parts[1], parts[1]), reverse("standards:factor", args=[parts[1]]))]


provide("standards", _factors)
