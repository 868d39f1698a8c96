"""A form as data for ``<sz-grid>``, which computes, checks and asks as the server does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shuzheng.base.forms import names
from shuzheng.base.forms.grids import Filled, Values, choices_of
from shuzheng.base.forms.numbers import exact
from shuzheng.base.forms.spec import CellSpec, CellType, CheckSpec, FormSpec, SectionSpec
from shuzheng.base.forms.spec.verify import line_order


def browser_data(filled: Filled, factors: Values, reasons: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """What ``<sz-grid>`` computes with: cells, order, given values and checks, expressions as data (``program.json()``)."""
    spec = filled.spec
    cells = {cell.code: _browser_cell(filled, cell) for cell in spec.cells.values()}
    given = {name: exact(value) for name, value in {**filled.before, **factors}.items()}
    return {
        "cells": cells,
        "order": [c.code for c in spec.computed],
        "given": given,
        "givenTypes": {g.name: g.type for g in spec.givens if g.type == CellType.BOOLEAN},
        "checks": [_browser_check(spec, item) for item in spec.checks if not item.line],
        "shows": _shows(spec),
        "lines": {code: _browser_line(filled, section) for code, section in spec.lines.items()},
        "lineValues": {
            code: exact(value)
            for code, value in filled.typed.items()
            if code not in spec.cells and value is not None
        },
        "reasons": dict(reasons),
        "unread": dict(filled.unread),
        **more,
    }  # fmt: skip


def _browser_cell(filled: Filled, cell: CellSpec, program: str = "") -> dict[str, Any]:
    return {
        "label": names.label(cell) if program else names.cell_title(filled.spec, cell, filled.period),
        "unit": names.unit(cell.unit),
        "places": cell.places,
        "value": exact(filled.typed.get(cell.code, filled.values.get(cell.code))),
        **({"type": cell.type} if cell.type != CellType.NUMBER else {}),
        **({"options": choices_of(cell)} if choices_of(cell) else {}),
        **({"length": cell.length} if cell.type == CellType.TEXT else {}),
        **({"expr": filled.spec.programs[program or cell.code].json()} if cell.expr else {}),
    }


def _browser_check(spec: FormSpec, item: CheckSpec) -> dict[str, Any]:
    return {
        "code": item.code,
        "level": item.level,
        "cell": item.cell,
        "expr": spec.programs[item.code].json(),
        "message": names.message(item),
        "phrases": list(item.phrases),
    }


def _browser_line(filled: Filled, section: SectionSpec) -> dict[str, Any]:
    """A repeating section: its columns, those computed in order, and what is asked of every row."""
    spec = filled.spec
    return {
        "label": names.label(section),
        "most": section.most,
        "columns": {c.code: _browser_cell(filled, c, f"{section.code}.{c.code}") for c in section.line},
        "order": line_order(spec, section),
        "checks": [_browser_check(spec, item) for item in spec.checks if item.line == section.code],
        "shows": [
            {"column": c.code, "expr": spec.programs[f"show:{section.code}.{c.code}"].json()}
            for c in section.line if c.show
        ],
    }  # fmt: skip


def _shows(spec: FormSpec) -> list[dict[str, Any]]:
    """When sections, rows and cells are asked, in the order of the form: the cells that each decides on."""
    found = []
    for section in spec.sections:
        own = [c for c in spec.cells.values() if c.section == section.code]
        if section.show:
            codes = [c.code for c in own]
            found.append(
                {"section": section.code, "cells": codes, "expr": spec.programs[f"show:{section.code}"].json()}
            )
        for row in section.rows:
            if row.show:
                codes = [c.code for c in own if c.row == row.code]
                found.append({"cells": codes, "expr": spec.programs[f"show:{row.code}"].json()})
        found += [
            {"cells": [c.code], "expr": spec.programs[f"show:{c.code}"].json()}
            for c in own if f"show:{c.code}" in spec.programs
        ]  # fmt: skip
    return found
