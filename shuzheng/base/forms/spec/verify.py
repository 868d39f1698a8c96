"""Every expression of a form typed against the names it may use, and computed cells in order of dependency."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from shuzheng.base.forms.spec.parts import (
    EXPR_TYPES,
    LAST_YEAR,
    LINE,
    PREVIOUS,
    CellType,
    CheckSpec,
    FormSpec,
    SectionSpec,
)
from shuzheng.kernel import expr
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import Program, Type


def given_names(spec: FormSpec) -> dict[str, Type]:
    """Names that nobody types into this form: factors, earlier periods, other forms, facts of registers."""
    earlier = {before + c.code: c.expr_type for c in spec.cells.values() for before in (PREVIOUS, LAST_YEAR)}
    return {
        **earlier,
        **dict.fromkeys(spec.factors, expr.NUMBER),
        **{g.name: EXPR_TYPES[CellType(g.type)] for g in spec.givens},
    }


def input_names(spec: FormSpec) -> dict[str, Type]:
    """What the logic of fields may use: cells that are typed in, and given names."""
    return {**{c.code: c.expr_type for c in spec.inputs}, **given_names(spec)}


def known_names(spec: FormSpec) -> dict[str, Type]:
    """Every name that an expression of the form may use, with its type; ``<section>.<column>`` are lists."""
    lists = {
        f"{s.code}.{c.code}": expr.list_of(c.expr_type) for s in spec.lines.values() for c in s.line
    }  # fmt: skip
    return {**{c.code: c.expr_type for c in spec.cells.values()}, **lists, **given_names(spec)}


def line_names(section: SectionSpec, *, inputs: bool = False) -> dict[str, Type]:
    """``row.<column>`` of a repeating section; with ``inputs`` only those that are typed in."""
    return {LINE + c.code: c.expr_type for c in section.line if c.is_input or not inputs}


def verified(spec: FormSpec, checks: tuple[CheckSpec, ...]) -> FormSpec:
    """``spec`` with its programs and checks.

    Raises:
        Invalid: one fault for each expression that cannot stand.
    """
    faults: list[FieldFault] = []
    programs: dict[str, Program] = {}
    for code, text, kind, names in _expressions(spec, checks):
        try:
            programs[code] = expr.compile(text, names, kind)
        except expr.ExprError as fault:
            faults.append(FieldFault(code, fault.message, value=text))
            continue
        if _divides_by_nought(programs[code].tree):
            faults.append(FieldFault(code, _("除数写成了 0，结果总是空的。"), value=text))
    for item in checks:
        if item.line and item.line not in spec.lines:
            faults.append(FieldFault(item.code, _("检查指向不存在的明细表 %(text)s。") % {"text": item.line}))
        elif (spec.lines[item.line].column(item.cell) if item.line else spec.cells.get(item.cell)) is None:
            faults.append(FieldFault(item.code, _("检查指向不存在的格 %(text)s。") % {"text": item.cell}))
    if faults:
        raise Invalid(_("报表的表达式有误。"), faults)
    trees = {c.code: programs[c.code].tree for c in spec.cells.values() if c.expr}
    order = _order(trees, {c.code: c.name for c in spec.cells.values()})
    for section in spec.lines.values():
        own = {LINE + c.code: programs[f"{section.code}.{c.code}"].tree for c in section.line if c.expr}
        _order(own, {LINE + c.code: c.name for c in section.line}, f"{section.code}.")
    return replace(spec, computed=tuple(spec.cells[code] for code in order), checks=checks, programs=programs)


def _order(trees: dict[str, expr.types.Node], labels: dict[str, str], before: str = "") -> list[str]:
    try:
        return expr.evaluation_order(trees, labels)
    except expr.ExprError as fault:
        said = [FieldFault(before + name.removeprefix(LINE), fault.message) for name in dict.fromkeys(fault.names)]
        raise Invalid(_("报表的表达式有误。"), said) from fault


def line_order(spec: FormSpec, section: SectionSpec) -> list[str]:
    """Computed columns of a repeating row, each after those it uses."""
    own = {LINE + c.code: spec.programs[f"{section.code}.{c.code}"].tree for c in section.line if c.expr}
    return [name.removeprefix(LINE) for name in expr.evaluation_order(own)]


def _expressions(spec: FormSpec, checks: tuple[CheckSpec, ...]) -> Iterator[tuple[str, str, Type, dict[str, Type]]]:
    """Each expression: the code it goes by, its text, the type it must have, the names it may use."""
    known, typed = known_names(spec), input_names(spec)
    for cell in spec.cells.values():
        if cell.expr:
            yield cell.code, cell.expr, cell.expr_type, known
        if cell.show and not (cell.row and cell.row in spec.rows_by_code and spec.rows_by_code[cell.row][1].show):
            yield f"show:{cell.code}", cell.show, expr.BOOLEAN, typed
    for section in spec.sections:
        if section.show:
            yield f"show:{section.code}", section.show, expr.BOOLEAN, typed
        for row in section.rows:
            if row.show:
                yield f"show:{row.code}", row.show, expr.BOOLEAN, typed
        for column in section.line:
            if column.expr:
                names = {**typed, **line_names(section)}
                yield f"{section.code}.{column.code}", column.expr, column.expr_type, names
            if column.show:
                names = {**typed, **line_names(section, inputs=True)}
                yield f"show:{section.code}.{column.code}", column.show, expr.BOOLEAN, names
    for check in checks:
        line = spec.lines.get(check.line)
        yield check.code, check.expr, expr.BOOLEAN, {**known, **line_names(line)} if line else known


def _divides_by_nought(tree: expr.types.Node) -> bool:
    """Whether something in it is divided by a written nought: always null, and never meant."""
    if tree.op == "div" and tree.args[1].op == "lit" and tree.args[1].value == 0:
        return True
    return any(_divides_by_nought(a) for a in tree.args)
