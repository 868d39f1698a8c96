"""Decision tables of a process: the kernel's (``kernel/dmn``), deciding under the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from shuzheng.kernel import dmn
from shuzheng.kernel.dmn import Decider, DmnError
from shuzheng.kernel.dmn.table import LISTS, Ready
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import NUMBER, ExprError, Type, list_of


@dataclass(frozen=True)
class Table:
    """A decision made ready over the names of a process."""

    decider: Decider

    @property
    def outputs(self) -> dict[str, Type]:
        """What it fills, with types: its columns by name; a column that has none, and an expression, by the decision's name."""
        logic, name = self.decider.logic, self.decider.decision.variable
        if not isinstance(logic, Ready):
            return {name: logic.type}
        types = {r.output.name or name: r.type for r in logic.results}
        if logic.table.sum == "COUNT":
            return dict.fromkeys(types, NUMBER)
        if logic.table.hit in LISTS and not logic.table.sum:
            return {key: list_of(type_) for key, type_ in types.items()}
        return types

    def decide(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs by name. Without a rule that fits, all are null (or, collected, empty).

        Raises:
            Invalid: several rules fit where only one may, or a value is not among those allowed.
        """
        found, keys = self.decider(values).value, list(self.outputs)
        if isinstance(found, list):
            rows = [row if isinstance(row, dict) else {keys[0]: row} for row in found]
            return {key: tuple(row[key] for row in rows) for key in keys}
        return found if isinstance(found, dict) else dict.fromkeys(keys, found)


def ready(code: str, text: str, names: Mapping[str, Type]) -> Table:
    """The decision ``code`` of a DMN text, over the names that a process has.

    Raises:
        Invalid: no DMN, not this decision, something in it that we do not run, or a name that the process does not have.
    """
    try:
        drawing = dmn.read(text.encode())
        if code not in drawing.decisions:
            raise Invalid.one(code, _("没有决策表“%(code)s”。") % {"code": code})
        table = Table(dmn.compile_decision(drawing, code, names))
        for name, where in _drawn(table.decider):
            if name not in names:
                raise DmnError(_("用到了没有的数据项“%(name)s”。") % {"name": name}, where)
    except (DmnError, ExprError) as fault:
        said = _("决策表“%(table)s”：%(why)s") % {"table": code, "why": fault.message}
        raise Invalid(said, [FieldFault(code, said)]) from fault
    return table


def _drawn(decider: Decider) -> Iterator[tuple[str, Any]]:
    """The names that a decision draws on, its needs included, each with the place that names it."""
    own = {name for need in decider.needs for name in need.types}
    for need in decider.needs:
        yield from _drawn(need)
    if isinstance(decider.logic, Ready):
        for column in decider.logic.columns:
            yield from ((n, column.input.place) for n in column.value.references if n not in own)
        for line in decider.logic.lines:
            cells = [cell for cell in (*line.tests, *line.results) if cell is not None]
            yield from ((n, line.place) for cell in cells for n in cell.references if n not in {*own, "?"})
    else:
        yield from ((n, decider.decision.place) for n in decider.logic.references if n not in own)
