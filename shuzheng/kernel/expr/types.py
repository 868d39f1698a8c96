"""Types and limits of the expression language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.words import gettext, gettext_noop

MAX_LENGTH = 4000
"""Longest expression, in characters."""

MAX_NESTING = 50
"""Deepest nesting of brackets, signs and if/else in the text."""

MAX_DEPTH = 120
"""Deepest tree; a chain `a + b + c …` is as deep as it is long. Longer sums are written with `sum(…)`."""

MAX_DIGITS = 400
"""Most digits before the point that any part of an expression could reach (bounded before it is run)."""

NAME_DIGITS = 30
"""Most digits before the point of a number given from outside."""

SCALE = 20
"""Digits kept after the point by every step."""

type_names = {
    "number": gettext_noop("数字"),
    "text": gettext_noop("文字"),
    "boolean": gettext_noop("是/否"),
    "date": gettext_noop("日期"),
    "null": gettext_noop("空值"),
}


@dataclass(frozen=True, slots=True)
class Type:
    """A type: `kind` is number, text, boolean, date, null, or list with its member type in `of`."""

    kind: str
    of: Type | None = None

    def __str__(self) -> str:
        return f"list[{self.of}]" if self.of else self.kind

    @property
    def label(self) -> str:
        """The name said to users."""
        if self.of:
            return gettext("%(member)s列表") % {"member": self.of.label}
        return gettext(type_names[self.kind])

    @classmethod
    def named(cls, name: str) -> Type:
        """The type of its text form: `number`, `list[date]`. Raises ValueError."""
        inner = name.removeprefix("list[").removesuffix("]")
        if inner not in type_names or name not in (inner, f"list[{inner}]") or name == "list[null]":
            raise ValueError(gettext("没有这样的类型：%(name)s") % {"name": name})
        return cls("list", cls(inner)) if name != inner else cls(name)


NUMBER = Type("number")
TEXT = Type("text")
BOOLEAN = Type("boolean")
DATE = Type("date")
NULL = Type("null")


def list_of(member: Type) -> Type:
    return Type("list", member)


Scalar = Decimal | str | bool | date | None
Value = Scalar | tuple[Scalar, ...]


class ExprError(Invalid):
    """An expression that cannot be accepted. `at` is the offset of the fault in the text, from 0."""

    code = "expression"

    def __init__(self, reason: str, at: int | None = None, names: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.at = at
        self.names = names
        """The cells that a circle goes through."""
        message = reason
        if at is not None:
            message = gettext("第 %(n)d 个字符：%(reason)s") % {"n": at + 1, "reason": reason}
        super().__init__(message, [FieldFault("", message)])


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree; `op` comes from a closed set (see `check.py`). Immutable, so trees may be shared."""

    op: str
    args: tuple[Node, ...] = ()
    value: Scalar | int = None
    at: int = 0
    type: Type = NULL
    depth: int = 1


def node(op: str, *args: Node, value: Scalar | int = None, at: int = 0, type: Type = NULL) -> Node:
    """A node over its arguments. Raises ExprError when the tree gets too deep to be walked safely."""
    depth = 1 + max((a.depth for a in args), default=0)
    if depth > MAX_DEPTH:
        raise ExprError(gettext("表达式太长或嵌套太深，连加请改用 sum(…)"), at)
    return Node(op, args, value, at, type, depth)


__all__ = [
    "BOOLEAN",
    "DATE",
    "MAX_DEPTH",
    "MAX_DIGITS",
    "MAX_LENGTH",
    "MAX_NESTING",
    "NAME_DIGITS",
    "NULL",
    "NUMBER",
    "SCALE",
    "TEXT",
    "ExprError",
    "Node",
    "Scalar",
    "Type",
    "Value",
    "list_of",
    "node",
]
