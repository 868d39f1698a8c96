"""Data elements for cells: finding one, and what a cell takes over from it when it is bound.

The facts are copied into the specification: a form in use stays as it was published when an element gets a new edition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from shuzheng.base.forms.spec import CellType
from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import ElementValue
from shuzheng.kernel.text import fold

FOUND = 30
_FORMAT = re.compile(r"n?\.{0,2}(\d+)(?:,(\d+))?")
_LENGTH = re.compile(r"(?:an|a|c|n)\.{0,2}(\d+)")
_RANGE = re.compile(r"([≥>])\s*(-?\d+(?:\.\d+)?)|(-?\d+(?:\.\d+)?)\s*[~～–—-]\s*(-?\d+(?:\.\d+)?)")


def search(words: str, on: date, path: str) -> Sequence[ElementValue]:
    """Elements in force whose name, identifier, unit or note has all words; without words the first ones."""
    wanted = fold(words).lower().split()
    book = resolve.current()
    found = []
    for identifier in sorted(book.elements):
        element = book.element(identifier, on, path)
        if element is None or element.data_type in ("binary", "datetime"):
            continue
        text = fold(f"{element.name} {element.name_en} {identifier} {element.unit} {element.note}").lower()
        if all(w in text for w in wanted):
            found.append(element)
    return found[:FOUND]


def binding(element: ElementValue, on: date, path: str) -> dict[str, Any]:
    """The part of a cell's specification that an element decides: name, type, unit, places, range, choices."""
    cell: dict[str, Any] = {"element": element.identifier, "name": element.name, "name_en": element.name_en}
    match element.data_type:
        case "number":
            shape = _FORMAT.fullmatch(element.data_format)
            places = int(shape[2]) if shape and shape[2] else 0
            whole = places == 0 and bool(shape)
            cell |= {"type": CellType.INTEGER if whole else CellType.NUMBER, "unit": element.unit, "places": places}
            cell |= _range(element.value_domain)
        case "date":
            cell["type"] = CellType.DATE
        case "boolean":
            cell["type"] = CellType.BOOLEAN
        case "code":
            found = resolve.current().code_set(element.code_set, on, path)
            codes = found.on(on) if found else ()
            options = [{"code": c.code, "name": c.name, "name_en": c.name_en} for c in codes]
            cell |= {"type": CellType.CHOICE, "options": options} if options else {"type": CellType.TEXT, "length": 40}
        case _:
            length = _LENGTH.fullmatch(element.data_format)
            cell |= {"type": CellType.TEXT, "length": int(length[1]) if length else 200}
    return cell


def _range(domain: str) -> dict[str, Any]:
    """``≥0`` and ``0~100`` as bounds; what is said otherwise is for people."""
    found = _RANGE.fullmatch(domain.strip())
    if not found:
        return {}
    if found[2] is not None:
        return {"least": Decimal(found[2])} if found[1] == "≥" else {}
    return {"least": Decimal(found[3]), "most": Decimal(found[4])}
