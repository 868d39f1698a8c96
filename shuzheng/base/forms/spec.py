"""Reading a form's specification: rows and columns become named cells, templates of checks become checks.

A cell's name (``e01_m1``) is its code in the database, in expressions, in Excel and in the API. Names beginning with
``prev_`` and ``ly_`` stand for the same cell in the period before and in the same period last year.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from shuzheng.kernel import expr
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import Program
from shuzheng.kernel.periods import Period

PREVIOUS, LAST_YEAR = "prev_", "ly_"


@dataclass(frozen=True)
class CellSpec:
    """One cell: typed in (``input``), or computed by ``expr``. ``additive`` ones are summed in roll-ups."""

    code: str
    name: str
    name_en: str
    unit: str
    places: int
    section: str
    row: str
    column: str
    expr: str = ""
    additive: bool = True
    required: bool = False
    prefill: str = ""

    @property
    def is_input(self) -> bool:
        return not self.expr


@dataclass(frozen=True)
class CheckSpec:
    """A condition that holds in a right form. ``error`` stops submission; ``warning`` passes with an explanation."""

    code: str
    level: str
    cell: str
    expr: str
    message: str
    message_en: str = ""
    phrases: tuple[str, ...] = ()
    """Reasons that are often given, to pick from."""


@dataclass(frozen=True)
class RowSpec:
    code: str
    number: str
    name: str
    name_en: str
    unit: str
    places: int
    of: str = ""
    has_cost: bool = False


@dataclass(frozen=True)
class ColumnSpec:
    code: str
    kind: str
    name: str
    name_en: str
    unit: str = ""
    places: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class SectionSpec:
    code: str
    name: str
    name_en: str
    rows: tuple[RowSpec, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormSpec:
    """A form as people fill it in: sections of rows x columns, cells in order of computation, checks."""

    code: str
    name: str
    name_en: str
    period_kind: str
    columns: tuple[ColumnSpec, ...]
    sections: tuple[SectionSpec, ...]
    cells: Mapping[str, CellSpec]
    computed: tuple[CellSpec, ...]
    checks: tuple[CheckSpec, ...]
    factors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    digest: str = ""
    programs: Mapping[str, Program] = field(default_factory=dict, repr=False)
    """The compiled expression of each computed cell and each check, by code."""

    @property
    def inputs(self) -> list[CellSpec]:
        return [c for c in self.cells.values() if c.is_input]

    @property
    def results(self) -> list[CellSpec]:
        """Computed cells that stand on their own (not in a row): the indicators at the foot of the form."""
        return [c for c in self.cells.values() if c.expr and not c.row]

    def cell(self, row: str, column: str) -> CellSpec | None:
        return self.cells.get(f"{row}_{column}")

    def column_label(self, column: ColumnSpec, period: Period, english: bool = False) -> str:
        """The heading of a column in a given period: the month for months."""
        if column.kind != "month":
            return column.name_en if english else column.name
        month = period.months()[column.offset]
        return month.start.strftime("%b") if english else f"{month.start.month} 月"


def load(raw: Mapping[str, Any]) -> FormSpec:
    """The form that a specification describes, with every expression parsed and typed.

    Raises:
        Invalid: one fault for each expression that does not parse, names an unknown cell, or goes round in a circle.
    """
    return _load(json.dumps(raw, sort_keys=True, ensure_ascii=False))


@lru_cache(maxsize=64)
def _load(text: str) -> FormSpec:
    raw = json.loads(text)
    columns = tuple(
        ColumnSpec(
            c["code"],
            c["kind"],
            c.get("name", ""),
            c.get("name_en", ""),
            c.get("unit", ""),
            c.get("places"),
            c.get("offset", 0),
        )
        for c in raw["columns"]
    )
    sections: list[SectionSpec] = []
    cells: dict[str, CellSpec] = {}
    for section in raw["sections"]:
        rows = tuple(
            RowSpec(
                r["code"],
                r["number"],
                r["name"],
                r.get("name_en", ""),
                r["unit"],
                r.get("places", 0),
                r.get("of", ""),
                r.get("cost", False),
            )
            for r in section.get("rows", ())
        )
        fields = [_field(f, section["code"]) for f in section.get("fields", ())]
        for cell in [*fields, *(c for r in rows for c in _row_cells(r, columns, section["code"]))]:
            cells[cell.code] = cell
        sections.append(
            SectionSpec(
                section["code"], section["name"], section.get("name_en", ""), rows, tuple(f.code for f in fields)
            )
        )
    for item in raw.get("computed", ()):
        cells[item["code"]] = CellSpec(
            item["code"], item["name"], item.get("name_en", ""), item["unit"], item.get("places", 2), "", "", "",
            expr=item["expr"], additive=item.get("additive", False),
        )  # fmt: skip
    spec = FormSpec(
        raw["code"], raw["name"], raw.get("name_en", ""), raw["period"], columns, tuple(sections), cells,
        (), (), raw.get("factors", {}), hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip
    checks = tuple(c for item in raw.get("checks", ()) for c in _checks(item, spec))
    return _verified(spec, checks)


def _field(item: Mapping[str, Any], section: str) -> CellSpec:
    return CellSpec(
        item["code"], item["name"], item.get("name_en", ""), item["unit"], item.get("places", 0), section, "", "",
        required=item.get("required", False), prefill=item.get("prefill", ""),
    )  # fmt: skip


def _row_cells(row: RowSpec, columns: tuple[ColumnSpec, ...], section: str) -> Iterator[CellSpec]:
    months = [c for c in columns if c.kind == "month"]
    for column in columns:
        code = f"{row.code}_{column.code}"
        name = f"{row.name} · {column.name or column.code}"
        base = {"code": code, "name_en": row.name_en, "section": section, "row": row.code, "column": column.code}
        if column.kind == "month":
            yield CellSpec(name=row.name, unit=row.unit, places=row.places, **base)
        elif column.kind == "total":
            total = " + ".join(f"coalesce({row.code}_{m.code}, 0)" for m in months)
            none = " and ".join(f"{row.code}_{m.code} = null" for m in months)
            yield CellSpec(
                name=name, unit=row.unit, places=row.places, expr=f"if {none} then null else {total}", **base
            )
        elif column.kind == "input" and row.has_cost:
            yield CellSpec(name=name, unit=column.unit, places=2, **base)
        elif column.kind == "derived" and row.has_cost:
            yield CellSpec(
                name=name, unit=column.unit, places=column.places or 2,
                expr=f"{row.code}_cost / {row.code}_q", additive=False, **base,
            )  # fmt: skip


def _checks(item: Mapping[str, Any], spec: FormSpec) -> Iterator[CheckSpec]:
    """A check as it stands, or one for each row or cell that ``each`` names."""
    for names in _each(item.get("each", ""), spec):
        code = f"{item['code']}.{names['cell' if 'cell' in names else 'code']}" if names else item["code"]
        yield CheckSpec(
            code,
            item["level"],
            item["cell"].format(**names),
            item["expr"].format(**names),
            item["message"].format(**names),
            item.get("message_en", "").format(**names),
            tuple(item.get("phrases", ())),
        )


def _each(kind: str, spec: FormSpec) -> Iterator[dict[str, str]]:
    rows = {r.code: r for s in spec.sections for r in s.rows}
    if kind == "":
        yield {}
    elif kind in ("of", "cost", "main"):
        for row in rows.values():
            if {"of": bool(row.of), "cost": row.has_cost, "main": not row.of}[kind]:
                of = rows.get(row.of)
                yield {
                    "code": row.code, "name": row.name, "name_en": row.name_en,
                    "of": row.of, "of_name": of.name if of else "", "of_name_en": of.name_en if of else "",
                }  # fmt: skip
    else:
        months = {c.code: c for c in spec.columns if c.kind == "month"}
        for cell in spec.inputs:
            wanted = {"input": True, "required": cell.required, "month": cell.column in months}[kind]
            if wanted:
                number = str(months[cell.column].offset + 1) if cell.column in months else ""
                column = f"第 {number} 个月" if number else ""
                yield {
                    "cell": cell.code, "name": cell.name, "name_en": cell.name_en, "column": column, "number": number,
                }  # fmt: skip


def _verified(spec: FormSpec, checks: tuple[CheckSpec, ...]) -> FormSpec:
    """With computed cells in order of dependency and every expression typed against the form's names."""
    names = known_names(spec)
    faults: list[FieldFault] = []
    programs: dict[str, Program] = {}
    for code, text, kind in [
        *((c.code, c.expr, expr.NUMBER) for c in spec.cells.values() if c.expr),
        *((c.code, c.expr, expr.BOOLEAN) for c in checks),
    ]:
        try:
            programs[code] = expr.compile(text, names, kind)
        except expr.ExprError as fault:
            faults.append(FieldFault(code, fault.message))
    faults += [FieldFault(c.code, f"检查指向不存在的格 {c.cell}。") for c in checks if c.cell not in spec.cells]
    if faults:
        raise Invalid("报表的表达式有误。", faults)
    trees = {c.code: programs[c.code].tree for c in spec.cells.values() if c.expr}
    order = expr.evaluation_order(trees, {c.code: c.name for c in spec.cells.values()})
    return replace(spec, computed=tuple(spec.cells[code] for code in order), checks=checks, programs=programs)


def known_names(spec: FormSpec) -> dict[str, Any]:
    """Every name that an expression of the form may use, all of them numbers."""
    own = list(spec.cells)
    return dict.fromkeys(
        [*own, *(PREVIOUS + c for c in own), *(LAST_YEAR + c for c in own), *spec.factors], expr.NUMBER
    )
