"""The items of a code set as somebody sends them: a sheet, or the rows of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.registers.sheets import letter, read, table
from shuzheng.base.standards.exports import ITEM_COLUMNS
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.text import fold

NAMES = (
    "code", "name", "name_en", "parent_code", "std_code", "replaces", "effective_from", "effective_to", "note",
)  # fmt: skip
"""Fields of an item in the order of ``ITEM_COLUMNS``."""
_LENGTHS = {"code": 40, "name": 120, "name_en": 160, "parent_code": 40, "std_code": 40, "note": 400}


def read_items(content: bytes, filename: str) -> list[dict[str, Any]]:
    """The items of a sheet, in its order.

    Raises:
        Invalid: it can't be read, or a fault a cell, with row and column.
    """
    raw = read(content, filename).sheet()
    found = table(raw, {name: [head] for name, head in zip(NAMES, ITEM_COLUMNS, strict=True)}, ("code", "name"))
    faults = list(found.faults)
    items = []
    for number, values in found.rows:
        item, wrong = item_of(values, number)
        faults += [
            FieldFault(f.field, f.message, row=number, column=letter(found.columns.get(f.field, 0)), value=f.value)
            for f in wrong
        ]
        items.append(item)
    if faults:
        raise Invalid(_("代码表里有 %(n)s 处问题。") % {"n": len(faults)}, faults)
    return items


def item_of(values: Mapping[str, Any], row: int) -> tuple[dict[str, Any], list[FieldFault]]:
    """One item from the texts of its fields, and what is wrong with them."""
    item: dict[str, Any] = {}
    faults = []
    for name in NAMES:
        value = values.get(name, "")
        if name.startswith("effective"):
            item[name], fault = _day(name, value, row)
            faults += fault
            continue
        text = fold(str(int(value)) if isinstance(value, float) and value.is_integer() else str(value))
        if name == "replaces":
            item[name] = [part for part in re.split(r"[、,，;；\s]+", text) if part]
        else:
            if len(text) > _LENGTHS[name]:
                said = _("最多 %(most)s 个字符，这里有 %(has)s 个。") % {"most": _LENGTHS[name], "has": len(text)}
                faults.append(FieldFault(name, said, row=row, value=text[:60]))
            item[name] = text
    for name, head in (("code", ITEM_COLUMNS[0]), ("name", ITEM_COLUMNS[1])):
        if not item[name]:
            faults.append(FieldFault(name, _("“%s”没有填。") % head, row=row))
    return item, faults


def _day(name: str, value: Any, row: int) -> tuple[date | None, list[FieldFault]]:
    if isinstance(value, datetime):
        return value.date(), []
    if value == "" or isinstance(value, date):
        return value or None, []
    try:
        return date.fromisoformat(fold(str(value))), []
    except ValueError:
        return None, [FieldFault(name, _("日期写成 2026-10-14。"), row=row, value=str(value)[:40])]


def rows_of(items: Iterable[Any]) -> list[Sequence[Any]]:
    """Stored items as rows of the sheet."""
    return [
        (
            item.code, item.name, item.name_en, item.parent_code, item.std_code,
            "、".join(item.attributes.get("replaces", ())), item.effective_from, item.effective_to, item.note,
        )
        for item in items
    ]  # fmt: skip


__all__ = ["NAMES", "item_of", "read_items", "rows_of"]
