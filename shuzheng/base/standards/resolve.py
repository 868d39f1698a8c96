"""What holds on a day at a place: factors, rules, codes, elements, units. Results name the version that was used.

Each function compares the cached book with the database by one small query, so nothing is stale after a change in any
process. Work on many rows takes ``current()`` once and asks the book.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from shuzheng.base.standards import book as books
from shuzheng.base.standards.book import Book, Code, CodeSetValue, ElementValue, FactorValue, RuleValue
from shuzheng.base.standards.models import ConversionFactor, Stamp
from shuzheng.kernel.errors import Missing
from shuzheng.kernel.rounding import WIDE
from shuzheng.kernel.units import UnitError, Units

Method = ConversionFactor.Method

_cached: Book | None = None


def current(stamp: UUID | None = None) -> Book:
    """The book as it is now: the cached one if no standard changed since.

    Args:
        stamp: as it was just read together with something else (``STAMP``); else it is asked for.
    """
    global _cached
    stamp = stamp or Stamp.now()
    held = _cached
    if held is not None and stamp is not None and held.stamp == stamp:
        return held
    _cached = held = books.read(stamp)
    return held


def factor(
    energy: str,
    method: str = Method.EQUIVALENT_HEAT,
    *,
    on: date,
    path: str = "",
    to_unit: str = "kgce",
    book: Book | None = None,
) -> FactorValue:
    """The conversion factor of an energy on a day at a place.

    Args:
        energy: a code of the set ``energy_kind``.
        method: 当量 or 等价 for standard coal, whose average for carbon; energies that know no methods ignore it.
        path: of the node or division that the number belongs to.
        to_unit: ``kgce``, ``kgCO2``, or ``kg`` for a density.

    Raises:
        Missing: none was in force.
    """
    found = (book or current()).factor(energy, method, on, path, to_unit)
    if found is None:
        words = _("%(day)s 没有“%(energy)s”折算为 %(unit)s 的系数。在标准规范里补录后再算。")
        raise Missing(words % {"day": on, "energy": energy, "unit": to_unit}, code="no-factor")
    return found


def rule(code: str, on: date, path: str = "", *, key: str = "", tier: int = 0, book: Book | None = None) -> RuleValue:
    """The rule of a code (and subject) on a day at a place; one for the tier goes before one for all.

    Raises:
        Missing: none was in force.
    """
    found = (book or current()).rule(code, on, path, key, tier)
    if found is None:
        subject = f"（{key}）" if key else ""
        words = _("%(day)s 没有规则“%(code)s”%(subject)s。在标准规范里补录后再算。")
        raise Missing(words % {"day": on, "code": code, "subject": subject}, code="no-rule")
    return found


def code_set(code: str, on: date, path: str = "", *, book: Book | None = None) -> CodeSetValue:
    """The edition of a code set in force.

    Raises:
        Missing: there was none.
    """
    found = (book or current()).code_set(code, on, path)
    if found is None:
        raise Missing(_("%(day)s 没有代码集“%(code)s”。") % {"day": on, "code": code}, code="no-code-set")
    return found


def code_items(code: str, on: date, path: str = "", *, book: Book | None = None) -> tuple[Code, ...]:
    """The codes of a set that may be chosen on a day, in order. Raises ``Missing`` as ``code_set``."""
    return code_set(code, on, path, book=book).on(on)


def element(identifier: str, on: date, path: str = "", *, book: Book | None = None) -> ElementValue:
    """The data element of an identifier.

    Raises:
        Missing: there was none.
    """
    found = (book or current()).element(identifier, on, path)
    if found is None:
        raise Missing(_("%(day)s 没有数据元“%(code)s”。") % {"day": on, "code": identifier}, code="no-element")
    return found


def units(*, book: Book | None = None) -> Units:
    """The table of units, as data has it."""
    return (book or current()).units


@dataclass(frozen=True)
class Converted:
    """A number in another unit and the factors that made it, in the order of use."""

    value: Decimal
    unit: str
    factors: tuple[FactorValue, ...]

    @property
    def versions(self) -> tuple[UUID, ...]:
        """Ids of the factors, to keep with the result."""
        return tuple(f.id for f in self.factors)


def convert(
    amount: Decimal,
    unit: str,
    energy: str,
    method: str = Method.EQUIVALENT_HEAT,
    *,
    on: date,
    path: str = "",
    to_unit: str = "tce",
    book: Book | None = None,
) -> Converted:
    """``amount`` of an energy as standard coal (or as carbon, ``to_unit="tCO2"``), unrounded.

    A volume of a fuel whose factor counts mass goes through its density; both factors are named.

    Raises:
        Missing: a factor was not in force.
        UnitError: the unit does not measure this energy.
    """
    book = book or current()
    table = book.units
    base = "kgCO2" if table.get(to_unit).dimensions == table.get("kgCO2").dimensions else "kgce"
    found = factor(energy, method, on=on, path=path, to_unit=base, book=book)
    used: tuple[FactorValue, ...] = (found,)
    asked = table.get(unit)
    if asked.dimensions == table.get("L").dimensions and table.get(found.from_unit).dimensions != asked.dimensions:
        density = factor(energy, "", on=on, path=path, to_unit="kg", book=book)
        amount = WIDE.multiply(table.convert(amount, unit, density.from_unit), density.value)
        unit, used = density.to_unit, (density, found)
    worth = WIDE.multiply(table.convert(amount, unit, found.from_unit), found.value)
    return Converted(table.convert(worth, found.to_unit, to_unit), to_unit, used)


__all__ = [
    "Converted",
    "Method",
    "UnitError",
    "code_items",
    "code_set",
    "convert",
    "current",
    "element",
    "factor",
    "rule",
    "units",
]
