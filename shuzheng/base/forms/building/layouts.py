"""A form from a spreadsheet's layout: headings become columns, labels rows, empty cells what is filled in.

What cannot be taken over is named with its cell and the reason, never dropped in silence.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zipfile import BadZipFile

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from shuzheng.base.forms.building.formulas import NotTaken, translate
from shuzheng.base.forms.spec import load
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.text import fold

MAX_ROWS, MAX_COLUMNS, MAX_SHEETS = 400, 60, 20
NUMBER_HEADS = ("序号", "行次", "代码", "编号", "No")
UNIT_HEADS = ("单位", "计量单位")
STOP = re.compile(r"^(填表人|制表人|单位负责人|统计负责人|审核人|填报日期|说明|注|备注)\s*[：:]")
BRACKETS = re.compile(r"^(.*?)[（(]\s*([^（）()]{1,12})\s*[）)]\s*$", re.DOTALL)
UNIT = re.compile(r"^(?:单位[：:])?([\w㎡³²%‰/·.]+)$")
NONE_MARKS = frozenset({"—", "-", "－", "–", "×", "/", "／", "*", "※"})
WORDS = (
    "姓名",
    "名称",
    "备注",
    "地址",
    "型号",
    "编号",
    "电话",
    "联系人",
    "职务",
    "说明",
    "部门",
    "用途",
    "号牌",
    "证号",
)


@dataclass(frozen=True)
class LeftOut:
    """Something in the file that the form does not have: the cell and why."""

    cell: str
    why: str


@dataclass
class Layout:
    """What was read: a draft's specification, and what was not taken over."""

    raw: dict[str, Any]
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass
class _Grid:
    """A sheet's visible cells, closed up; merged areas hold their text in every cell."""

    name: str
    values: list[list[Any]]
    rows: list[int]
    columns: list[int]
    wide: dict[tuple[int, int], tuple[int, int]]
    """The bottom right of each merged area by its top left, as places here."""
    lists: dict[tuple[int, int], list[str]]

    def at(self, row: int, column: int) -> Any:
        return self.values[row][column] if row < len(self.values) and column < len(self.values[row]) else None

    def ref(self, row: int, column: int) -> str:
        return f"{self.name}!{get_column_letter(self.columns[column] + 1)}{self.rows[row] + 1}"

    @property
    def width(self) -> int:
        return len(self.columns)


def read_layout(content: bytes, *, code: str, name: str, period: str) -> Layout:
    """A draft of a form from an .xlsx file. Computed cells that do not stand are left out with the reason.

    Raises:
        Invalid: it is no workbook, or nothing in it looks like a form.
    """
    try:
        book = openpyxl.load_workbook(io.BytesIO(content))
    except (InvalidFileException, BadZipFile, KeyError, ValueError, OSError) as fault:
        raise Invalid(_("读不了这个文件。另存为 .xlsx 再上传。")) from fault
    layout = Layout({"code": code, "name": name, "period": period, "sections": []})
    for number, sheet in enumerate(book.worksheets[:MAX_SHEETS], 1):
        if sheet.sheet_state != "visible":
            layout.left_out.append(LeftOut(sheet.title, _("工作表是隐藏的")))
            continue
        _Sheet(_grid(sheet, layout), number, layout).read()
    if not layout.raw["sections"]:
        raise Invalid(_("没有找到表格：上面要有列标题，左边要有行名，或一行标题下留空行。"))
    _unique_names(layout.raw["sections"])
    _until_it_stands(layout)
    layout.raw["left_out"] = [{"cell": x.cell, "why": x.why} for x in layout.left_out]
    return layout


def _grid(sheet: Any, layout: Layout) -> _Grid:
    """The visible part of a sheet."""
    if sheet.max_row > MAX_ROWS or sheet.max_column > MAX_COLUMNS:
        layout.left_out.append(LeftOut(sheet.title, _("只读前 %(r)d 行、%(c)d 列") % {"r": MAX_ROWS, "c": MAX_COLUMNS}))
    rows = [r for r in range(min(sheet.max_row, MAX_ROWS)) if not sheet.row_dimensions[r + 1].hidden]
    hidden = _hidden_columns(sheet)
    columns = [c for c in range(min(sheet.max_column, MAX_COLUMNS)) if c not in hidden]
    for row in range(min(sheet.max_row, MAX_ROWS)):
        if row not in set(rows) and any(c.value is not None for c in sheet[row + 1]):
            layout.left_out.append(LeftOut(f"{sheet.title}!{row + 1}:{row + 1}", _("隐藏的行")))
    for column in sorted(hidden):
        layout.left_out.append(LeftOut(f"{sheet.title}!{get_column_letter(column + 1)}", _("隐藏的列")))
    values = [[_value(sheet.cell(r + 1, c + 1).value) for c in columns] for r in rows]
    wide = {}
    for area in sheet.merged_cells.ranges:
        own = [r for r in rows if area.min_row - 1 <= r < area.max_row]
        across = [c for c in columns if area.min_col - 1 <= c < area.max_col]
        if not own or not across:
            continue
        text = _value(sheet.cell(area.min_row, area.min_col).value)
        top, left = rows.index(own[0]), columns.index(across[0])
        wide[top, left] = (rows.index(own[-1]), columns.index(across[-1]))
        for r in own:
            for c in across:
                values[rows.index(r)][columns.index(c)] = text
    return _Grid(sheet.title, values, rows, columns, wide, _lists(sheet, rows, columns))


def _hidden_columns(sheet: Any) -> set[int]:
    hidden: set[int] = set()
    for shape in sheet.column_dimensions.values():
        if shape.hidden:
            hidden |= set(range((shape.min or 1) - 1, shape.max or shape.min or 1))
    return hidden


def _lists(sheet: Any, rows: list[int], columns: list[int]) -> dict[tuple[int, int], list[str]]:
    """Drop-downs whose choices stand in the rule itself."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        text = rule.formula1 or ""
        if rule.type != "list" or not text.startswith('"'):
            continue
        choices = [c.strip() for c in text.strip('"').split(",") if c.strip()]
        for area in rule.sqref.ranges:
            for r in range(area.min_row - 1, min(area.max_row, MAX_ROWS)):
                for c in range(area.min_col - 1, min(area.max_col, MAX_COLUMNS)):
                    if r in rows and c in columns:
                        found[rows.index(r), columns.index(c)] = choices
    return found


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub(r"\s*\n\s*", "", value).strip() or None
    return getattr(value, "text", value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith("=")


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("=")


class _Sheet:
    """One sheet: fields above, then a table or repeating rows."""

    def __init__(self, grid: _Grid, number: int, layout: Layout) -> None:
        self.grid, self.number, self.layout = grid, number, layout
        self.names: dict[tuple[int, int], str] = {}
        self.formulas: dict[tuple[int, int], str] = {}

    def leave_out(self, row: int, column: int, why: str) -> None:
        self.layout.left_out.append(LeftOut(self.grid.ref(row, column), why))

    def read(self) -> None:
        top = self._head_row()
        fields = list(self._fields(0, top if top is not None else len(self.grid.values)))
        if fields:
            self.layout.raw["sections"].append(
                {"code": f"s{self.number}", "kind": "fields", "name": self.grid.name, "fields": fields}
            )
        if top is not None:
            self._table(top)

    # Where the headings are

    def _texts(self, row: int) -> list[tuple[int, str]]:
        """Texts of a row with their columns; a merged area counts once."""
        found: list[tuple[int, str]] = []
        for column, value in enumerate(self.grid.values[row]):
            inside = any(r <= row <= b and left < column <= right for (r, left), (b, right) in self.grid.wide.items())
            if _is_text(value) and not inside:
                found.append((column, value))
        return found

    def _head_row(self) -> int | None:
        """The first row that looks like headings: most of its places are text, and rows to fill in follow."""
        for row in range(len(self.grid.values)):
            filled = [c for c, v in enumerate(self.grid.values[row]) if v is not None]
            texts = self._texts(row)
            solid = len(filled) * 4 >= self.grid.width * 3 and all(_is_text(self.grid.values[row][c]) for c in filled)
            if len(texts) >= 2 and solid and not any(STOP.match(t) for _c, t in texts):
                return row
        return None

    def _head_bottom(self, top: int) -> int:
        """The last row of the headings: below merged areas, and below groups that stand over several columns."""
        bottom = top
        while True:
            areas = [b for (r, _c), (b, _right) in self.grid.wide.items() if top <= r <= bottom]
            grouped = any(r == bottom and right > left for (r, left), (_b, right) in self.grid.wide.items())
            lower = max([bottom, *areas, bottom + 1 if grouped else 0])
            if lower == bottom or lower >= len(self.grid.values):
                return bottom
            bottom = lower

    # Fields: a label with an empty cell to its right

    def _fields(self, top: int, bottom: int) -> Iterator[dict[str, Any]]:
        count = 0
        for row in range(top, bottom):
            for column, text in self._texts(row):
                right = self.grid.wide.get((row, column), (row, column))[1] + 1
                label = text.rstrip("：: ")
                below_title = right < self.grid.width and self.grid.at(row, right) is None
                if (
                    not below_title
                    or STOP.match(text)
                    or len(label) > 40
                    or (column == 0 and len(self._texts(row)) == 1 and right > 2)
                ):
                    continue
                count += 1
                name, unit = _split(label)
                code = f"f{self.number}{count:02d}"
                self.names[row, right] = code
                yield {"code": code, "name": name, "unit": unit, **self._kind(name, unit, row, right, words=True)}

    def _kind(self, name: str, unit: str, row: int, column: int, *, words: bool) -> dict[str, Any]:
        """The type that a heading, a unit or a drop-down tells."""
        choices = self.grid.lists.get((row, column))
        if choices:
            if set(choices) == {"是", "否"}:
                return {"type": "boolean"}
            return {"type": "choice", "options": [{"code": str(n), "name": c} for n, c in enumerate(choices, 1)]}
        if unit:
            return {"type": "number", "places": 2}
        if "日期" in name or name.endswith(("时间", "年月")):
            return {"type": "date"}
        if name.startswith("是否"):
            return {"type": "boolean"}
        if words and any(w in name for w in WORDS):
            return {"type": "text"}
        return {"type": "number", "places": 2}

    # Tables

    def _table(self, top: int) -> None:
        head_bottom = self._head_bottom(top)
        body = list(self._body(head_bottom + 1))
        heads = {c: self._heading(top, head_bottom, c) for c in range(self.grid.width)}
        heads = {c: h for c, h in heads.items() if h[0]}
        labels = [c for c in heads if body and self._is_label(c, heads[c][0], body)]
        named = [c for c in labels if heads[c][0] not in NUMBER_HEADS and heads[c][0] not in UNIT_HEADS]
        if named:
            self._fixed(heads, labels, named, body)
        else:
            self._repeating(heads, head_bottom + 1, body)

    def _body(self, start: int) -> Iterator[int]:
        for row in range(start, len(self.grid.values)):
            texts = self._texts(row)
            if any(STOP.match(t) for _c, t in texts):
                return
            spans = [right for (r, left), (_b, right) in self.grid.wide.items() if r == row and left == 0]
            if texts and len(texts) == 1 and spans and spans[0] >= self.grid.width - 1:
                self.leave_out(row, 0, _("整行合并的文字，改成说明分节"))
                continue
            yield row

    def _heading(self, top: int, bottom: int, column: int) -> tuple[str, str, str]:
        """Name, unit and group of a column, from the rows of its heading."""
        texts: list[str] = []
        for row in range(top, bottom + 1):
            value = self.grid.at(row, column)
            if _is_text(value) and value not in texts:
                texts.append(value)
        if not texts:
            return "", "", ""
        name, unit = _split(texts[-1])
        return fold(name) or name, unit, "".join(texts[:-1])

    def _is_label(self, column: int, head: str, body: list[int]) -> bool:
        texts = sum(_is_text(self.grid.at(r, column)) and self.grid.at(r, column) not in NONE_MARKS for r in body)
        numbered = head in NUMBER_HEADS and sum(self.grid.at(r, column) is not None for r in body) * 2 >= len(body)
        return numbered or texts * 5 >= len(body) * 3

    def _fixed(
        self, heads: Mapping[int, tuple[str, str, str]], labels: list[int], named: list[int], body: list[int]
    ) -> None:
        data = [c for c in heads if c not in labels]
        columns = [
            {
                "code": f"c{n}",
                "kind": "value",
                "name": heads[c][0],
                "unit": heads[c][1],
                "group": heads[c][2],
                "places": 2,
            }
            for n, c in enumerate(data, 1)
        ]
        unit_column = next((c for c in labels if heads[c][0] in UNIT_HEADS), None)
        number_column = next((c for c in labels if heads[c][0] in NUMBER_HEADS), None)
        rows: list[dict[str, Any]] = []
        cells: dict[str, dict[str, Any]] = {}
        for row in body:
            said = [str(self.grid.at(row, c)) for c in named if self.grid.at(row, c) is not None]
            if not said:
                continue
            name, unit = _split(" · ".join(dict.fromkeys(said)))
            code = f"r{self.number}{len(rows) + 1:02d}"
            number = self.grid.at(row, number_column) if number_column is not None else None
            given = str(self.grid.at(row, unit_column) or "") if unit_column is not None else ""
            rows.append({"code": code, "name": name, "unit": given or unit, "number": str(number or ""), "places": 2})
            for n, column in enumerate(data, 1):
                self._cell(row, column, f"{code}_c{n}", cells)
        if not rows or not data:
            self.leave_out(body[0] if body else 0, 0, _("没有认出要填的列"))
            return
        self.layout.raw["sections"].append(
            {"code": f"t{self.number}", "kind": "table", "name": self.grid.name, "columns": columns, "rows": rows,
             "cells": cells}
        )  # fmt: skip
        self._computed(cells)

    def _cell(self, row: int, column: int, code: str, cells: dict[str, dict[str, Any]]) -> None:
        value = self.grid.at(row, column)
        self.names[row, column] = code
        if _is_formula(value):
            self.formulas[row, column] = value
        elif isinstance(value, str) and value in NONE_MARKS:
            cells[code] = {"none": True}
            del self.names[row, column]
        elif isinstance(value, str):
            self.leave_out(row, column, _("格里是文字“%(text)s”，改为要填的格") % {"text": value[:20]})
        elif value is not None:
            self.leave_out(row, column, _("格里原有的数 %(value)s 没有带入") % {"value": value})
        if (row, column) in self.grid.lists:
            cells.setdefault(code, {}).update(self._kind("", "", row, column, words=False))

    def _computed(self, cells: dict[str, dict[str, Any]]) -> None:
        places = {(self.grid.rows[r], self.grid.columns[c]): name for (r, c), name in self.names.items()}

        def lookup(row: int, column: int) -> str:
            if (row, column) not in places:
                raise NotTaken(
                    _("引用的 %(place)s 不是表里的格") % {"place": f"{get_column_letter(column + 1)}{row + 1}"}
                )
            return places[row, column]

        for (row, column), formula in self.formulas.items():
            try:
                cells.setdefault(self.names[row, column], {})["expr"] = translate(formula, lookup)
            except NotTaken as why:
                self.leave_out(
                    row, column, _("公式 %(text)s：%(why)s，改为要填的格") % {"text": formula[:60], "why": why}
                )

    def _repeating(self, heads: Mapping[int, tuple[str, str, str]], first: int, body: list[int]) -> None:
        data = [c for c in heads if heads[c][0] not in NUMBER_HEADS]
        columns = []
        codes = {c: f"c{n}" for n, c in enumerate(data, 1)}
        for column in data:
            name, unit, _group = heads[column]
            item = {
                "code": codes[column],
                "name": name,
                "unit": unit,
                **self._kind(name, unit, first, column, words=True),
            }
            formula = next((self.grid.at(r, column) for r in body if _is_formula(self.grid.at(r, column))), None)
            if formula:
                item |= self._row_formula(formula, first, column, codes)
            columns.append(item)
        self.layout.raw["sections"].append(
            {"code": f"t{self.number}", "kind": "rows", "name": self.grid.name, "columns": columns, "most": 500}
        )

    def _row_formula(self, formula: str, row: int, column: int, codes: Mapping[int, str]) -> dict[str, Any]:
        """A formula that stands in every row: it may speak of its own row only."""
        at = next(r for r in range(row, len(self.grid.values)) if self.grid.at(r, column) == formula)

        def lookup(to_row: int, to_column: int) -> str:
            here = self.grid.columns.index(to_column) if to_column in self.grid.columns else -1
            if to_row != self.grid.rows[at] or here not in codes:
                raise NotTaken(_("引用了别的行"))
            return f"row.{codes[here]}"

        try:
            return {"expr": translate(formula, lookup)}
        except NotTaken as why:
            self.leave_out(at, column, _("公式 %(text)s：%(why)s，改为要填的列") % {"text": formula[:60], "why": why})
            return {}


def _split(label: str) -> tuple[str, str]:
    """``金额（万元）`` is a name and a unit; brackets that hold something else stay."""
    found = BRACKETS.match(label)
    unit = UNIT.match(found[2]) if found else None
    if found and unit and found[1].strip() and len(unit[1]) <= 8:
        return found[1].strip(), unit[1]
    return label.strip(), ""


def _unique_names(sections: list[dict[str, Any]]) -> None:
    seen: dict[str, int] = {}
    for section in sections:
        name = section["name"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            section["name"] = f"{name} {seen[name]}"


def _until_it_stands(layout: Layout) -> None:
    """Take out formulas that the form cannot compute (a circle, a wrong type), each with its reason."""
    while True:
        try:
            load(layout.raw)
            return
        except Invalid as fault:
            removed = False
            for one in fault.faults:
                for section in layout.raw["sections"]:
                    if section.get("cells", {}).get(one.field, {}).pop("expr", None):
                        removed = True
                        layout.left_out.append(LeftOut(one.field, f"{one.message}，改为要填的格"))
                    for column in section["columns"] if section["kind"] == "rows" else ():
                        if one.field == f"{section['code']}.{column['code']}" and column.pop("expr", None):
                            removed = True
                            layout.left_out.append(LeftOut(one.field, f"{one.message}，改为要填的列"))
            if not removed:
                raise


__all__ = ["Layout", "LeftOut", "read_layout"]
