"""From a specification as data to a ``FormSpec``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.base.forms.spec.parts import (
    CellSpec,
    CellType,
    CheckSpec,
    ColumnSpec,
    FormSpec,
    GivenSpec,
    Option,
    RowSpec,
    SectionKind,
    SectionSpec,
)
from shuzheng.base.forms.spec.shape import faults_of, section_kind
from shuzheng.base.forms.spec.verify import verified
from shuzheng.kernel.errors import Invalid

MOST_LINES = 200
"""Rows of a repeating section, unless it says how many."""


def load(raw: Mapping[str, Any]) -> FormSpec:
    """The form that a specification describes, with every expression parsed and typed.

    Raises:
        Invalid: one fault for each thing of the wrong shape, or for each expression that does not parse, names an unknown
            cell, or goes round in a circle; ``field`` is the code of what is at fault.
    """
    return _load(json.dumps(raw, sort_keys=True, ensure_ascii=False))


@lru_cache(maxsize=128)
def _load(text: str) -> FormSpec:
    raw = json.loads(text)
    if faults := faults_of(raw):
        raise Invalid(_("报表还不完整。"), faults)
    shared = tuple(_column(c) for c in raw.get("columns", ()))
    cells: dict[str, CellSpec] = {}
    sections = []
    for item in raw["sections"]:
        section, own = _section(item, shared)
        sections.append(section)
        cells |= {cell.code: cell for cell in own}
    for item in raw.get("computed", ()):
        cells[item["code"]] = _cell(
            item, "", expr=item["expr"], additive=item.get("additive", False), places=item.get("places", 2)
        )
    spec = FormSpec(
        raw["code"], raw["name"], raw.get("name_en", ""), raw["period"],
        shared or next((s.columns for s in sections if s.rows), ()), tuple(sections), cells, (), (),
        raw.get("factors", {}), hashlib.sha256(text.encode()).hexdigest(), givens=tuple(_givens(raw)),
    )  # fmt: skip
    checks = [c for item in raw.get("checks", ()) for c in _checks(item, spec)]
    return verified(spec, (*checks, *_own_checks(spec)))


# Sections and cells


def _column(item: Mapping[str, Any]) -> ColumnSpec:
    return ColumnSpec(
        item["code"], item.get("kind", "value"), item.get("name", ""), item.get("name_en", ""), item.get("unit", ""),
        item.get("places"), item.get("offset", 0), item.get("type", CellType.NUMBER), item.get("expr", ""),
        item.get("group", ""),
    )  # fmt: skip


def _section(item: Mapping[str, Any], shared: tuple[ColumnSpec, ...]) -> tuple[SectionSpec, list[CellSpec]]:
    kind, code = section_kind(item), item["code"]
    base = {"code": code, "name": item["name"], "name_en": item.get("name_en", ""), "kind": kind}
    base |= {"show": item.get("show", ""), "text": item.get("text", ""), "text_en": item.get("text_en", "")}
    if kind == SectionKind.FIELDS:
        own = [_cell(f, code) for f in item["fields"]]
        return SectionSpec(**base, fields=tuple(c.code for c in own)), own
    if kind == SectionKind.ROWS:
        line = tuple(_cell(c, code, column=c["code"]) for c in item["columns"])
        section = SectionSpec(**base, line=line, most=item.get("most", MOST_LINES))
        return section, [_sum_of(c, section) for c in line if c.additive and c.is_number]
    if kind == SectionKind.NOTE:
        return SectionSpec(**base), []
    columns = tuple(_column(c) for c in item["columns"]) if item.get("columns") else shared
    rows = tuple(
        RowSpec(
            r["code"], r.get("number", ""), r["name"], r.get("name_en", ""), r.get("unit", ""), r.get("places", 0),
            r.get("of", ""), r.get("cost", False), r.get("expr", ""), r.get("show", ""), r.get("element", ""),
            r.get("cost_element", ""),
        )
        for r in item["rows"]
    )  # fmt: skip
    section = SectionSpec(**base, rows=rows, columns=columns)
    overrides = item.get("cells", {})
    blank = {r["code"]: set(r.get("blank", ())) for r in item["rows"]}
    own = []
    for row in rows:
        for cell in _row_cells(row, columns, code):
            more = overrides.get(cell.code, {})
            if cell.column not in blank[row.code] and not more.get("none"):
                own.append(_overridden(cell, more))
    return section, own


def _cell(item: Mapping[str, Any], section: str, **more: Any) -> CellSpec:
    """A field, a column of a repeating row, or an indicator."""
    type_ = item.get("type", CellType.NUMBER)
    numeric = type_ in (CellType.NUMBER, CellType.INTEGER)
    facts: dict[str, Any] = {
        "code": item["code"],
        "name": item["name"],
        "name_en": item.get("name_en", ""),
        "unit": item.get("unit", ""),
        "places": (item.get("places") or 0) if type_ == CellType.NUMBER else 0,
        "section": section,
        "row": "",
        "column": "",
        "expr": item.get("expr", ""),
        "additive": numeric and item.get("additive", item.get("sum", True)),
        "required": item.get("required", False),
        "prefill": item.get("prefill", ""),
        **_limits(item),
    }
    return CellSpec(**facts | more)


def _limits(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a cell's data element, or whoever made the form, says of its values."""
    return {
        "type": item.get("type", CellType.NUMBER),
        "element": item.get("element", ""),
        "options": tuple(Option(str(o["code"]), o["name"], o.get("name_en", "")) for o in item.get("options", ())),
        "least": _number(item.get("least")),
        "most": _number(item.get("most")),
        "length": item.get("length", 200),
        "show": item.get("show", ""),
        "require": item.get("require", ""),
        "help": item.get("help", ""),
        "help_en": item.get("help_en", ""),
    }


def _number(value: Any) -> Decimal | None:
    return None if value in (None, "") else Decimal(str(value))


def _overridden(cell: CellSpec, more: Mapping[str, Any]) -> CellSpec:
    """A cell of a table that differs from its row and column: a formula of its own, another type, a data element."""
    if not more:
        return cell
    whole = {**_as_data(cell), **more}
    return _cell(whole, cell.section, row=cell.row, column=cell.column)


def _as_data(cell: CellSpec) -> dict[str, Any]:
    keys = (
        "code",
        "name",
        "name_en",
        "unit",
        "places",
        "expr",
        "additive",
        "prefill",
        "type",
        "show",
        "require",
        "element",
    )
    return {key: getattr(cell, key) for key in keys}


def _sum_of(column: CellSpec, section: SectionSpec) -> CellSpec:
    """The sum of a column of a repeating section: the cell that roll-ups add up."""
    return CellSpec(
        f"{section.code}_{column.code}", f"{section.name} · {column.name}合计",
        f"{section.name_en} · {column.name_en}, total" if column.name_en else "", column.unit, column.places,
        section.code, "", column.code, expr=f"sum({section.code}.{column.code})",
    )  # fmt: skip


def _row_cells(row: RowSpec, columns: tuple[ColumnSpec, ...], section: str) -> Iterator[CellSpec]:
    months = [c.code for c in columns if c.kind == "month"]
    parts = months or [c.code for c in columns if c.kind == "value" and c.type in (CellType.NUMBER, CellType.INTEGER)]
    for column in columns:
        name = f"{row.name} · {column.name or column.code}"
        base: dict[str, Any] = {
            "code": f"{row.code}_{column.code}", "name_en": row.name_en, "section": section, "row": row.code,
            "column": column.code, "show": row.show,
        }  # fmt: skip
        places = row.places if column.places is None else column.places
        summed = _filled(row.expr, {"col": column.code})
        if column.kind == "month":
            yield CellSpec(name=row.name, unit=row.unit, places=row.places, expr=summed, element=row.element, **base)
        elif column.kind == "value":
            numeric = column.type in (CellType.NUMBER, CellType.INTEGER)
            yield CellSpec(
                name=name, unit=(column.unit or row.unit) if numeric else "", places=places if numeric else 0,
                type=column.type, additive=numeric, expr=summed if numeric else "",
                element=row.element if numeric else "", **base,
            )  # fmt: skip
        elif column.kind == "total":
            yield CellSpec(
                name=name, unit=row.unit, places=row.places, expr=_total(row.code, parts), element=row.element, **base
            )
        elif column.kind == "formula":
            yield CellSpec(
                name=name, unit=column.unit or row.unit, places=places, expr=_filled(column.expr, {"row": row.code}),
                additive=False, **base,
            )  # fmt: skip
        elif column.kind == "input" and row.has_cost:
            yield CellSpec(name=name, unit=column.unit, places=2, element=row.cost_element, **base)
        elif column.kind == "derived" and row.has_cost:
            yield CellSpec(
                name=name, unit=column.unit, places=column.places or 2,
                expr=f"{row.code}_cost / {row.code}_q", additive=False, **base,
            )  # fmt: skip


def _total(row: str, columns: Sequence[str]) -> str:
    """The sum of a row; empty where nothing was filled in, as no number is not nought."""
    total = " + ".join(f"coalesce({row}_{c}, 0)" for c in columns)
    none = " and ".join(f"{row}_{c} = null" for c in columns)
    return f"if {none} then null else {total}"


def _givens(raw: Mapping[str, Any]) -> Iterator[GivenSpec]:
    for name, item in raw.get("given", {}).items():
        yield GivenSpec(
            name, item.get("label", name), item.get("form", ""), item.get("cell", ""), item.get("period", "same"),
            item.get("fact", ""), item.get("type", CellType.NUMBER),
        )  # fmt: skip


# Checks


_PLACE = re.compile(r"\{([a-z_]+)\}")


def _filled(text: str, names: Mapping[str, str]) -> str:
    """``text`` with ``{name}`` filled in. Not ``str.format``: what people type may not reach into objects."""
    return _PLACE.sub(lambda m: names.get(m[1], m[0]), text)


def _checks(item: Mapping[str, Any], spec: FormSpec) -> Iterator[CheckSpec]:
    """A check as it stands, or one for each row or cell that ``each`` names."""
    for names in _each(item.get("each", ""), item.get("in", ""), spec):
        code = f"{item['code']}.{names['cell' if 'cell' in names else 'code']}" if names else item["code"]
        yield CheckSpec(
            code,
            item["level"],
            _filled(item["cell"], names),
            _filled(item["expr"], names),
            _filled(item["message"], names),
            _filled(item.get("message_en", ""), names),
            tuple(item.get("phrases", ())),
            item.get("line", ""),
        )


def _each(kind: str, section: str, spec: FormSpec) -> Iterator[dict[str, str]]:
    rows = {r.code: r for s in spec.sections for r in s.rows}
    if kind == "":
        yield {}
    elif kind in ("of", "cost", "main", "rows"):
        for row in rows.values():
            if kind == "rows" and spec.rows_by_code[row.code][0].code != section:
                continue
            if {"of": bool(row.of), "cost": row.has_cost, "main": not row.of, "rows": True}[kind]:
                of = rows.get(row.of)
                yield {
                    "code": row.code, "name": row.name, "name_en": row.name_en,
                    "of": row.of, "of_name": of.name if of else "", "of_name_en": of.name_en if of else "",
                }  # fmt: skip
    else:
        months = {c.code: c for c in spec.columns if c.kind == "month"}
        for cell in spec.inputs:
            wanted = {"input": cell.is_number, "required": cell.required, "month": cell.column in months}[kind]
            if wanted:
                number = str(months[cell.column].offset + 1) if cell.column in months else ""
                column = f"第 {number} 个月" if number else ""
                yield {
                    "cell": cell.code, "name": cell.name, "name_en": cell.name_en, "column": column, "number": number,
                }  # fmt: skip


def _own_checks(spec: FormSpec) -> Iterator[CheckSpec]:
    """What cells ask of themselves: to be filled in, and to lie between two numbers."""
    for cell in spec.inputs:
        yield from _of_itself(cell, cell.code, cell.code, "")
    for section in spec.lines.values():
        for column in section.line:
            if column.is_input:
                yield from _of_itself(column, f"row.{column.code}", column.code, section.code)


def _of_itself(cell: CellSpec, name: str, target: str, line: str) -> Iterator[CheckSpec]:
    place = f"{line}.{cell.code}" if line else cell.code
    if cell.require:
        wanted = f"{name} != null" if cell.require.strip() == "true" else f"not({cell.require}) or {name} != null"
        yield CheckSpec(
            f"require.{place}", "error", target, wanted, f"{cell.name}必填。",
            f"{cell.name_en or cell.name} is required.", (), line,
        )  # fmt: skip
    bounds = {">=": cell.least, "<=": cell.most}
    said = {">=": ("不能小于 {}", "not below {}"), "<=": ("不能大于 {}", "not above {}")}
    given = [(sign, bound) for sign, bound in bounds.items() if bound is not None]
    if given and cell.is_number:
        text = " and ".join(f"{name} {sign} {bound:f}" for sign, bound in given)
        zh = "，".join(said[sign][0].format(f"{bound:f}") for sign, bound in given)
        en = ", ".join(said[sign][1].format(f"{bound:f}") for sign, bound in given)
        yield CheckSpec(
            f"range.{place}", "error", target, f"{name} = null or ({text})", f"{cell.name}{zh}。",
            f"{cell.name_en or cell.name}: {en}.", (), line,
        )  # fmt: skip
