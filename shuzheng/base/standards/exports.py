"""The standard as files: a workbook in the layout of GB/T 43243, and JSON Schema for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _

from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.base.standards import formats, ranges
from shuzheng.base.standards.book import Book, CodeSetValue, ElementValue
from shuzheng.base.standards.models import Confidence, DataElement

DIALECT = "https://json-schema.org/draft/2020-12/schema"
HEADS = (
    "标识符", "数据项名称", "数据类型", "数据格式", "值域", "备注", "计量单位", "代码集", "数据集", "必填", "数源",
    "英文名称", "版次", "生效日期", "来源文件", "条款", "可信度",
)  # fmt: skip
"""Columns of the export: those of GB/T 43243 in its order and words, after the identifier; then what this platform adds."""
_WIDTHS = (30, 24, 10, 14, 28, 40, 10, 20, 20, 6, 18, 28, 6, 12, 40, 20, 8)


def elements_in_force(
    book: Book, on: date, path: str, *, group: str = "", dataset: str = "", identifiers: Iterable[str] = ()
) -> list[ElementValue]:
    """The elements that hold on a day at a place, by group and data set as their standard orders them."""
    wanted = list(identifiers) or book.elements.keys()
    found = [e for name in wanted if (e := book.element(name, on, path))]
    if group:
        found = [e for e in found if e.group == group]
    if dataset:
        found = [e for e in found if e.dataset == dataset]
    groups = {value: place for place, value in enumerate(DataElement.Group.values)}
    sets = book.code_set("element_dataset", on, path)
    datasets = {item.code: place for place, item in enumerate(sets.items)} if sets else {}
    return sorted(found, key=lambda e: (groups.get(e.group, 99), datasets.get(e.dataset, 9999), e.id.int))


def write_elements(file: IO[bytes] | str, elements: Sequence[ElementValue], book: Book, on: date, path: str) -> None:
    """One sheet a group in the official layout, and one with the codes of every code set that is named."""
    work = xlsxwriter.Workbook(file, {"constant_memory": True})
    head = work.add_format({"bold": True, "bg_color": "#F6F8FB", "bottom": 1, "font_name": "等线", "font_size": 11})
    body = work.add_format({"font_name": "等线", "font_size": 11, "text_wrap": True, "valign": "top"})
    by_group: dict[str, list[ElementValue]] = {}
    for element in elements:
        by_group.setdefault(element.group, []).append(element)
    for group, rows in by_group.items():
        sheet = work.add_worksheet(str(DataElement.Group(group).label)[:31])
        _head(sheet, HEADS, _WIDTHS, head)
        for number, element in enumerate(rows, 1):
            for place, value in enumerate(_row(element)):
                sheet.write_string(number, place, value, body)
    sets = [found for name in dict.fromkeys(e.code_set for e in elements if e.code_set)
            if (found := book.code_set(name, on, path))]  # fmt: skip
    if sets or not by_group:
        _write_codes(work.add_worksheet(_("代码集")), sets, head, body)
    work.close()


def _head(sheet: Any, heads: Sequence[str], widths: Sequence[int], shape: Any) -> None:
    sheet.freeze_panes(1, 2)
    for place, (name, width) in enumerate(zip(heads, widths, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, name, shape)


def _row(e: ElementValue) -> list[str]:
    return [
        e.identifier, e.name, str(DataElement.Type(e.data_type).label), e.data_format, e.value_domain, e.note, e.unit,
        e.code_set, e.dataset, "是" if e.required else "", e.authority, e.name_en, str(e.edition),
        e.effective_from.isoformat(), e.source, e.article, f"{e.confidence} {Confidence(e.confidence).label}",
    ]  # fmt: skip


def _write_codes(sheet: Any, sets: Sequence[CodeSetValue], head: Any, body: Any) -> None:
    heads = ("代码集", "代码集名称", "代码", "名称", "上级代码", "国标代码", "英文名称", "版次", "可信度")
    _head(sheet, heads, (24, 28, 14, 36, 14, 14, 36, 6, 8), head)
    number = 0
    for found in sets:
        for item in found.items:
            number += 1
            values = (found.code, found.name, item.code, item.name, item.parent_code, item.std_code, item.name_en,
                      str(found.edition), found.confidence)  # fmt: skip
            for place, value in enumerate(values):
                sheet.write_string(number, place, value, body)


ITEM_COLUMNS = ("代码", "名称", "英文名称", "上级代码", "国标代码", "替代上一版代码", "启用日期", "停用日期", "备注")
"""Headings of the sheet in which the items of a code set are drafted."""


def write_items(file: IO[bytes] | str, rows: Iterable[Sequence[Any]], name: str, *, template: bool) -> int:
    """The items of a code set as a sheet that can be filled in and sent back."""
    helps = {
        "代码": _("本版内不重复。"),
        "上级代码": _("须是本表里的代码。"),
        "替代上一版代码": _("上一版里由它取代的代码，多个用顿号分开。"),
    }
    columns = [
        SheetColumn(
            head, "date" if head in ("启用日期", "停用日期") else "text", help=helps.get(head, ""),
            required=head in ("代码", "名称"),
        )
        for head in ITEM_COLUMNS
    ]  # fmt: skip
    return write_xlsx(file, columns, rows, name=name[:31] or "代码", template=template)


# JSON Schema


def schema(
    elements: Sequence[ElementValue], book: Book, on: date, path: str, *, title: str, address: str = ""
) -> dict[str, Any]:
    """A schema with a definition for each element, and an object for each data set with its required properties.

    With one data set the document describes a row of it; otherwise an object with an array of rows for each data set.
    """
    by_set: dict[str, list[ElementValue]] = {}
    for element in elements:
        by_set.setdefault(element.dataset or element.group, []).append(element)
    sets = book.code_set("element_dataset", on, path)
    names = {item.code: item.name for item in sets.items} if sets else {}
    tables = {name: _table(names.get(name, name), rows) for name, rows in by_set.items()}
    document: dict[str, Any] = {"$schema": DIALECT}
    if address:
        document["$id"] = address
    if len(tables) == 1:
        document |= next(iter(tables.values())) | {"title": title}
    else:
        document |= {"title": title, "type": "object", "additionalProperties": False}
        document["properties"] = {
            name: {"type": "array", "items": {"$ref": f"#/$defs/{_pointer('dataset:' + name)}"}} for name in tables
        }
    document["$defs"] = {e.identifier: property_of(e, book, on, path) for e in elements}
    if len(tables) != 1:
        document["$defs"] |= {f"dataset:{name}": found for name, found in tables.items()}
    return document


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _table(title: str, elements: Sequence[ElementValue]) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "properties": {e.identifier: {"$ref": f"#/$defs/{_pointer(e.identifier)}"} for e in elements},
        "required": [e.identifier for e in elements if e.required],
        "additionalProperties": False,
    }


def property_of(e: ElementValue, book: Book, on: date, path: str) -> dict[str, Any]:
    """The schema of one element's value."""
    found: dict[str, Any] = {"title": e.name}
    if e.note:
        found["description"] = e.note
    found |= _typed(e, book, on, path)
    found |= {"x-identifier": e.identifier, "x-edition": e.edition, "x-confidence": e.confidence}
    for key, value in (("x-unit", e.unit), ("x-authority", e.authority), ("x-format", e.data_format),
                       ("x-domain", e.value_domain), ("x-code-set", e.code_set)):  # fmt: skip
        if value:
            found[key] = value
    return found


def _typed(e: ElementValue, book: Book, on: date, path: str) -> dict[str, Any]:
    shape, domain = formats.parse(e.data_format), ranges.parse(e.value_domain)
    if e.data_type == "number":
        return _number(shape, domain)
    if e.data_type == "boolean":
        return {"type": "boolean"}
    if e.data_type == "code":
        codes = book.code_set(e.code_set, on, path)
        items = codes.on(on) if codes else ()
        return {"type": "string", "oneOf": [{"const": item.code, "title": item.name} for item in items]}
    if e.data_type in ("date", "datetime") and not shape.pattern:
        shape = formats.parse("YYYYMMDD" if e.data_type == "date" else "YYYY-MM-DD hh:mm")
    found: dict[str, Any] = {"type": "string"}
    if shape.pattern == "YYYY-MM-DD":
        found["format"] = "date"
    if shape.regex:
        found["pattern"] = f"^{shape.regex}$"
    if not shape.pattern:
        if shape.least:
            found["minLength"] = shape.least
        if shape.length is not None:
            found["maxLength"] = shape.length
    return found


def _number(shape: formats.Format, domain: ranges.Range) -> dict[str, Any]:
    places = shape.decimals or 0
    found: dict[str, Any] = {"type": "number" if places else "integer"}
    if places:
        found["multipleOf"] = float(Decimal(1).scaleb(-places))
    if shape.length is not None:
        found["exclusiveMaximum"] = 10 ** (shape.length - places)
        found["exclusiveMinimum"] = -(10 ** (shape.length - places))
    if domain.low is not None:
        found.pop("exclusiveMinimum", None)
        found["exclusiveMinimum" if domain.low_open else "minimum"] = _plain(domain.low)
    if domain.high is not None:
        found.pop("exclusiveMaximum", None)
        found["exclusiveMaximum" if domain.high_open else "maximum"] = _plain(domain.high)
    return found


def _plain(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


__all__ = ["HEADS", "ITEM_COLUMNS", "elements_in_force", "property_of", "schema", "write_elements", "write_items"]
