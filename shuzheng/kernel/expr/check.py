"""Static typing: from the parsed tree to a typed one that evaluators can trust.

The typed tree uses a closed set of operators, `OPERATORS`; what had two meanings (`+` of numbers and of texts) or was
said in several ways (`between`, lists after `in`) has one form there. A null takes the type that its place asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from shuzheng.kernel.expr.types import (
    BOOLEAN,
    DATE,
    MAX_DIGITS,
    NAME_DIGITS,
    NULL,
    NUMBER,
    SCALE,
    TEXT,
    ExprError,
    Node,
    Type,
    list_of,
    node,
)
from shuzheng.kernel.words import gettext

OPERATORS = frozenset(
    [
        "lit",
        "name",
        "list",
        "neg",
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "concat",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "and",
        "or",
        "not",
        "if",
        "in",
        "range",
        "cmp",
        "same",
        "isnull",
        "member",
        "sum",
        "min",
        "max",
        "mean",
        "count",
        "abs",
        "round",
        "floor",
        "ceiling",
        "coalesce",
        "contains",
        "starts_with",
        "ends_with",
        "length",
        "year",
        "month",
        "day",
        "months_between",
        "days_between",
    ]
)

_PLAIN: dict[str, tuple[tuple[Type, ...], Type]] = {
    "not": ((BOOLEAN,), BOOLEAN),
    "abs": ((NUMBER,), NUMBER),
    "floor": ((NUMBER,), NUMBER),
    "ceiling": ((NUMBER,), NUMBER),
    "contains": ((TEXT, TEXT), BOOLEAN),
    "starts_with": ((TEXT, TEXT), BOOLEAN),
    "ends_with": ((TEXT, TEXT), BOOLEAN),
    "length": ((TEXT,), NUMBER),
    "year": ((DATE,), NUMBER),
    "month": ((DATE,), NUMBER),
    "day": ((DATE,), NUMBER),
    "months_between": ((DATE, DATE), NUMBER),
    "days_between": ((DATE, DATE), NUMBER),
}
_ALIASES = {"string_length": "length", "avg": "mean", "ceil": "ceiling"}
_OVER_LISTS: dict[str, tuple[Type, ...]] = {
    "sum": (NUMBER,),
    "mean": (NUMBER,),
    "min": (NUMBER, DATE),
    "max": (NUMBER, DATE),
    "count": (NUMBER, TEXT, BOOLEAN, DATE),
}
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_ORDERING = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_EQUALITY = {"=": "eq", "!=": "ne"}

FUNCTIONS = frozenset(_PLAIN) | frozenset(_OVER_LISTS) | {"round", "coalesce", "date"}
"""Names of the functions of the language."""


def check(tree: Node, names: Mapping[str, Type], expect: Type | None = None) -> Node:
    """The typed tree. `names` declares what the expression may speak of; `expect` is the type its place asks for.

    Raises ExprError with the place and the reason.
    """
    typed = _Checker(names).visit(tree)
    if expect is not None:
        typed = _as(typed, expect, gettext("表达式的结果"))
    _digits(typed)
    return typed


def _as(tree: Node, want: Type, what: str) -> Node:
    if tree.type == want:
        return tree
    if tree.type == NULL:
        return node("lit", at=tree.at, type=want)
    if tree.op == "list" and not tree.args and want.kind == "list":
        return replace(tree, type=want)
    said = {"what": what, "want": want.label, "found": tree.type.label}
    raise ExprError(gettext("%(what)s应为%(want)s，这里是%(found)s") % said, tree.at)


def _common(trees: Sequence[Node], what: str) -> tuple[Type, tuple[Node, ...]]:
    """The one type of all, nulls aside."""
    type_ = next((t.type for t in trees if t.type != NULL), NULL)
    return type_, tuple(_as(t, type_, what) for t in trees)


class _Checker:
    def __init__(self, names: Mapping[str, Type]) -> None:
        self.names = names
        self.visitors: dict[str, Callable[[Node], Node]] = {
            "lit": self.literal,
            "name": self.name,
            "list": self.list,
            "neg": self.negative,
            "pow": self.power,
            "and": self.logic,
            "or": self.logic,
            "if": self.choice,
            "in": self.membership,
            "call": self.call,
            **dict.fromkeys(_ARITHMETIC, self.arithmetic),
            **dict.fromkeys(_ORDERING, self.ordering),
            **dict.fromkeys(_EQUALITY, self.equality),
        }

    def visit(self, tree: Node) -> Node:
        return self.visitors[tree.op](tree)

    def literal(self, tree: Node) -> Node:
        value = tree.value
        if value is None:
            return tree
        if isinstance(value, bool):
            return replace(tree, type=BOOLEAN)
        if isinstance(value, Decimal):
            return replace(tree, type=NUMBER)
        return replace(tree, type=DATE if isinstance(value, date) else TEXT)

    def name(self, tree: Node) -> Node:
        name = str(tree.value)
        if (type_ := self.names.get(name)) is not None:
            return replace(tree, type=type_)
        if name in FUNCTIONS:
            raise ExprError(gettext("没有名为“%(name)s”的数据项，函数请写作 %(name)s(…)") % {"name": name}, tree.at)
        if near := get_close_matches(name, self.names, n=1, cutoff=0.5):
            said = {"name": name, "near": near[0]}
            raise ExprError(gettext("没有名为“%(name)s”的数据项，是否指“%(near)s”") % said, tree.at)
        raise ExprError(gettext("没有名为“%(name)s”的数据项") % {"name": name}, tree.at)

    def list(self, tree: Node) -> Node:
        type_, items = _common([self.visit(a) for a in tree.args], gettext("列表中的各项"))
        if type_.kind == "list":
            raise ExprError(gettext("列表中不能再放列表"), tree.at)
        return node("list", *items, at=tree.at, type=list_of(type_))

    def negative(self, tree: Node) -> Node:
        return node("neg", _as(self.visit(tree.args[0]), NUMBER, gettext("负号后")), at=tree.at, type=NUMBER)

    def power(self, tree: Node) -> Node:
        base = _as(self.visit(tree.args[0]), NUMBER, gettext("乘方的底数"))
        return node("pow", base, value=tree.value, at=tree.at, type=NUMBER)

    def arithmetic(self, tree: Node) -> Node:
        left, right = map(self.visit, tree.args)
        if tree.op == "+" and TEXT in (left.type, right.type):
            parts = (_as(side, TEXT, gettext("与文字相加的")) for side in (left, right))
            return node("concat", *parts, at=tree.at, type=TEXT)
        if tree.op == "-" and left.type == right.type == DATE:
            # a - b counts the days from b to a.
            return node("days_between", right, left, at=tree.at, type=NUMBER)
        what = gettext("“%(op)s”两边") % {"op": tree.op}
        return node(_ARITHMETIC[tree.op], _as(left, NUMBER, what), _as(right, NUMBER, what), at=tree.at, type=NUMBER)

    def ordering(self, tree: Node) -> Node:
        type_, sides = _common([self.visit(a) for a in tree.args], gettext("“%(op)s”两边") % {"op": tree.op})
        self.ordered(type_, tree.at)
        return node(_ORDERING[tree.op], *sides, at=tree.at, type=BOOLEAN)

    def ordered(self, type_: Type, at: int) -> None:
        if type_ not in (NUMBER, DATE, NULL):
            raise ExprError(gettext("只有数字和日期可以比大小，这里是%(found)s") % {"found": type_.label}, at)

    def equality(self, tree: Node) -> Node:
        type_, sides = _common([self.visit(a) for a in tree.args], gettext("“%(op)s”两边") % {"op": tree.op})
        if type_.kind == "list":
            raise ExprError(gettext("列表不能整个相比，请用 in"), tree.at)
        return node(_EQUALITY[tree.op], *sides, at=tree.at, type=BOOLEAN)

    def logic(self, tree: Node) -> Node:
        sides = (_as(self.visit(a), BOOLEAN, gettext("%(op)s 两边") % {"op": tree.op}) for a in tree.args)
        return node(tree.op, *sides, at=tree.at, type=BOOLEAN)

    def choice(self, tree: Node) -> Node:
        condition, yes, no = map(self.visit, tree.args)
        type_, (yes, no) = _common([yes, no], gettext("then 与 else 的结果"))
        if type_ == NULL:
            return node("lit", at=tree.at)
        return node("if", _as(condition, BOOLEAN, gettext("if 的条件")), yes, no, at=tree.at, type=type_)

    def membership(self, tree: Node) -> Node:
        subject = self.visit(tree.args[0])
        if subject.type == NULL or subject.type.kind == "list":
            raise ExprError(gettext("in 之前不能是%(found)s") % {"found": subject.type.label}, subject.at)
        tests = [t for arg in tree.args[1:] for t in self.tests(arg, subject.type)]
        return node("in", subject, *tests, at=tree.at, type=BOOLEAN)

    def tests(self, tree: Node, subject: Type) -> Sequence[Node]:
        """The typed tests of one part after `in`; `subject` is the type of what stands before."""
        if tree.op == "range":
            self.ordered(subject, tree.at)
            ends = (_as(self.visit(a), subject, gettext("区间两端")) for a in tree.args)
            return [node("range", *ends, value=tree.value, at=tree.at, type=BOOLEAN)]
        if tree.op == "cmp":
            return [self.comparing(tree, subject)]
        if tree.op == "list":
            return [t for arg in tree.args for t in self.tests(arg, subject)]
        other = self.visit(tree)
        if other.type == NULL:
            return [node("isnull", at=tree.at, type=BOOLEAN)]
        if other.type.kind == "list":
            return [node("member", _as(other, list_of(subject), gettext("in 之后")), at=tree.at, type=BOOLEAN)]
        return [node("same", _as(other, subject, gettext("in 之后的各项")), at=tree.at, type=BOOLEAN)]

    def comparing(self, tree: Node, subject: Type) -> Node:
        sign = str(tree.value)
        other = self.visit(tree.args[0])
        if sign in _ORDERING:
            self.ordered(subject, tree.at)
        elif other.type == NULL:
            raise ExprError(gettext("与空值相比请写作 null 或 not(null)"), tree.at)
        return node(
            "cmp",
            _as(other, subject, gettext("比较的另一边")),
            value={**_ORDERING, **_EQUALITY}[sign],
            at=tree.at,
            type=BOOLEAN,
        )

    # Functions

    def call(self, tree: Node) -> Node:
        name = _ALIASES.get(str(tree.value), str(tree.value))
        args = [self.visit(a) for a in tree.args]
        if name in _PLAIN:
            wanted, result = _PLAIN[name]
            if len(args) != len(wanted):
                said = {"name": name, "n": len(wanted), "found": len(args)}
                raise ExprError(gettext("%(name)s 应有 %(n)d 个参数，这里有 %(found)d 个") % said, tree.at)
            what = gettext("%(name)s 的参数") % {"name": name}
            typed = (_as(a, t, what) for a, t in zip(args, wanted, strict=True))
            return node(name, *typed, at=tree.at, type=result)
        if name in _OVER_LISTS:
            return self.over_list(name, args, tree.at)
        if name == "round":
            return self.round(args, tree.at)
        if name == "coalesce":
            if len(args) < 2:
                raise ExprError(gettext("%(name)s 至少应有 %(n)d 个参数") % {"name": name, "n": 2}, tree.at)
            type_, args_ = _common(args, gettext("%(name)s 的各个参数") % {"name": name})
            if type_.kind == "list":
                raise ExprError(gettext("%(name)s 不能用于%(found)s") % {"name": name, "found": type_.label}, tree.at)
            return node("lit", at=tree.at) if type_ == NULL else node(name, *args_, at=tree.at, type=type_)
        if near := get_close_matches(name, FUNCTIONS, n=1):
            said = {"name": name, "near": near[0]}
            raise ExprError(gettext("没有名为“%(name)s”的函数，是否指 %(near)s") % said, tree.at)
        raise ExprError(gettext("没有名为“%(name)s”的函数") % {"name": name}, tree.at)

    def over_list(self, name: str, args: Sequence[Node], at: int) -> Node:
        if not args:
            raise ExprError(gettext("%(name)s 至少应有 %(n)d 个参数") % {"name": name, "n": 1}, at)
        if len(args) == 1 and args[0].type.kind == "list":
            inner = args[0]
        elif any(a.type.kind == "list" for a in args):
            raise ExprError(gettext("%(name)s 只能用于一个列表") % {"name": name}, at)
        else:
            type_, items = _common(args, gettext("%(name)s 的各个参数") % {"name": name})
            inner = node("list", *items, at=at, type=list_of(type_))
        member = inner.type.of or NULL
        allowed = _OVER_LISTS[name]
        if member == NULL:
            member, inner = allowed[0], _list_as(inner, allowed[0])
        if member not in allowed:
            raise ExprError(gettext("%(name)s 不能用于%(found)s") % {"name": name, "found": member.label}, at)
        return node(name, inner, at=at, type=NUMBER if name == "count" else member)

    def round(self, args: Sequence[Node], at: int) -> Node:
        if len(args) not in (1, 2):
            raise ExprError(gettext("round 应有 1 或 2 个参数"), at)
        places = 0
        if len(args) == 2:
            written = args[1].args[0] if args[1].op == "neg" else args[1]
            value = written.value
            if written.op != "lit" or not isinstance(value, Decimal) or value != int(value) or value > SCALE:
                raise ExprError(gettext("round 的位数须是 -%(n)d 到 %(n)d 的整数") % {"n": SCALE}, args[1].at)
            places = -int(value) if args[1].op == "neg" else int(value)
        return node(
            "round",
            _as(args[0], NUMBER, gettext("%(name)s 的参数") % {"name": "round"}),
            value=places,
            at=at,
            type=NUMBER,
        )


def _list_as(tree: Node, member: Type) -> Node:
    items = (node("lit", at=a.at, type=member) for a in tree.args)
    return node("list", *items, at=tree.at, type=list_of(member))


def _digits(tree: Node) -> int:
    """Most digits before the point that a part can reach, so that no input whatever makes a number too long to handle."""
    below = [_digits(a) for a in tree.args]
    most = max(below, default=1)
    match tree.op:
        case "lit":
            most = max(1, tree.value.adjusted() + 1) if isinstance(tree.value, Decimal) else 1
        case "name":
            most = NAME_DIGITS
        case "add" | "sub" | "round" | "floor" | "ceiling":
            most += 1
        case "sum":
            most += 7
        case "mul":
            most = sum(below)
        case "div":
            most = below[0] + SCALE
        case "pow":
            most *= max(1, int(str(tree.value)))
        case "count" | "length" | "year" | "month" | "day" | "months_between" | "days_between":
            most = 10
    if tree.type.kind not in ("number", "list"):
        most = 1
    if most > MAX_DIGITS:
        raise ExprError(gettext("连乘、乘方或连除太多，结果可能过大"), tree.at)
    return most


__all__ = ["FUNCTIONS", "OPERATORS", "check"]
