"""What expressions speak of, and the order in which computed cells can be computed."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from shuzheng.kernel.expr.types import ExprError, Node
from shuzheng.kernel.words import gettext


def references(tree: Node) -> frozenset[str]:
    """Names that an expression speaks of."""
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        at = waiting.pop()
        if at.op == "name":
            found.add(str(at.value))
        waiting += at.args
    return frozenset(found)


def evaluation_order(cells: Mapping[str, Node], labels: Mapping[str, str] | None = None) -> list[str]:
    """Names of computed cells, each after those it uses; cells free to stand anywhere keep the order given.

    Names that are no computed cell are entered by people and do not matter here. Raises ExprError that names the cells
    of a circle, by their `labels` where given.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, tree in cells.items():
        used = references(tree)
        sorter.add(name, *(other for other in cells if other in used))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        shown = " → ".join((labels or {}).get(name, name) for name in reversed(error.args[1]))
        raise ExprError(
            gettext("计算项互相引用，无法计算：%(circle)s") % {"circle": shown}, names=tuple(error.args[1])
        ) from error


__all__ = ["evaluation_order", "references"]
