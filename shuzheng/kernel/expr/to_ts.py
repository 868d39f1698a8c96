"""A typed tree as data for the browser, where `islands/expr.ts` builds closures from it.

The content security policy allows no code made from text, so the browser gets a tree of plain JSON and never a source.
A node is `[op, …]`; numbers and dates are texts, exact as written. Form of the special nodes:
`["lit", type, value]`, `["name", type, name]`, `["pow" | "round", node, integer]`, `["range", low, high, "[)"]`,
`["cmp", sign, node]`. All others are `[op, …nodes]`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from shuzheng.kernel.expr.types import Node

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

VERSION = 1
"""Version of the form; the island refuses another."""


def to_json(tree: Node) -> dict[str, Json]:
    """`{"v": 1, "type": "number", "tree": […]}` for a tree that came from `check`."""
    return {"v": VERSION, "type": str(tree.type), "tree": _node(tree)}


def _node(tree: Node) -> Json:
    args = [_node(a) for a in tree.args]
    match tree.op:
        case "lit":
            return ["lit", str(tree.type), _value(tree)]
        case "name":
            return ["name", str(tree.type), str(tree.value)]
        case "pow" | "round":
            return [tree.op, *args, int(str(tree.value))]
        case "range":
            return ["range", *args, str(tree.value)]
        case "cmp":
            return ["cmp", str(tree.value), *args]
        case _:
            return [tree.op, *args]


def _value(tree: Node) -> Json:
    match tree.value:
        case None | bool():
            return tree.value
        case Decimal():
            return f"{tree.value:f}"
        case date():
            return tree.value.isoformat()
        case _:
            return str(tree.value)


__all__ = ["VERSION", "Json", "to_json"]
