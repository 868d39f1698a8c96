"""A typed tree as a PostgreSQL expression (15 or later), for whole sets of rows.

The caller says which SQL stands for each name: a quoted column of the declared type (`numeric`, `text`, `boolean`,
`date`, or an array of one). That SQL is trusted; everything else is made here, and texts go as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from shuzheng.kernel.expr.types import SCALE, ExprError, Node, Type
from shuzheng.kernel.words import gettext

MAX_SQL = 100_000
"""Longest SQL made from one expression; some operators must write their argument out more than once."""

_TYPES = {"number": "numeric", "text": "text", "boolean": "boolean", "date": "date", "null": "text"}
_INFIX = {
    "add": "+",
    "sub": "-",
    "concat": "||",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "AND",
    "or": "OR",
    "eq": "IS NOT DISTINCT FROM",
    "ne": "IS DISTINCT FROM",
}
_PLAIN = {
    "neg": "(- {0})",
    "abs": "abs({0})",
    "floor": "floor({0})",
    "ceiling": "ceil({0})",
    "not": "(NOT {0})",
    "length": "char_length({0})::numeric",
    "year": "extract(year FROM {0})",
    "month": "extract(month FROM {0})",
    "day": "extract(day FROM {0})",
    "mul": f"round({{0}} * {{1}}, {SCALE})",
    "contains": "(position({1} IN {0}) > 0)",
    "starts_with": "starts_with({0}, {1})",
    "ends_with": "starts_with(reverse({0}), reverse({1}))",
    "days_between": "({1} - {0})::numeric",
}
_MORE = Decimal(10) ** (SCALE + 1)
_LESS = Decimal(10) ** -(SCALE + 1)
# One digit more than is kept, cut off exactly, then rounded: numeric's own "/" would round twice.
_DIVIDE = f"round(div({{0}} * {_MORE:f}, nullif({{1}}, 0)) * {_LESS:f}, {SCALE})"
_MONTHS = "(extract(year FROM age({1}::timestamp, {0}::timestamp)) * 12 + extract(month FROM age({1}::timestamp, {0}::timestamp)))"
_OVER_LISTS = {
    "sum": "(SELECT sum(s.v) FROM unnest({0}) AS s(v))",
    "min": "(SELECT min(s.v) FROM unnest({0}) AS s(v))",
    "max": "(SELECT max(s.v) FROM unnest({0}) AS s(v))",
    "count": "(SELECT count(s.v) FROM unnest({0}) AS s(v))::numeric",
    "mean": "(SELECT " + _DIVIDE.format("sum(s.v)", "count(s.v)") + " FROM unnest({0}) AS s(v))",  # noqa: S608 -- two constants
}
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=", "ne": "<>"}


@dataclass(frozen=True, slots=True)
class Sql:
    """SQL with `%s` for each of `params`, in order. Hand both to the driver, also when there are no parameters."""

    text: str
    params: tuple[str, ...] = ()


def to_sql(tree: Node, columns: Mapping[str, str], *, condition: bool = False) -> Sql:
    """The SQL of a tree that came from `check`. `columns` gives the SQL of every name.

    `condition=True` is for a WHERE clause, where false and null are alike: it lets `=` use an index.
    Raises ExprError when the SQL would get too long, KeyError for a name without a column.
    """
    made = _Writer(columns).write(tree, condition)
    return Sql(f"trim_scale({made.text})", made.params) if tree.type.kind == "number" else made


def sql_type(type_: Type) -> str:
    """PostgreSQL's name of a type."""
    return f"{_TYPES[type_.of.kind]}[]" if type_.of else _TYPES[type_.kind]


class _Writer:
    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = columns

    def write(self, tree: Node, condition: bool = False) -> Sql:
        op = tree.op
        if op == "lit":
            return _literal(tree)
        if op == "name":
            # A percent sign in a column's name would be read as a placeholder.
            return Sql(self.columns[str(tree.value)].replace("%", "%%"))
        if op == "in":
            return self.membership(tree)
        if op == "eq" and condition and any(a.op == "lit" and a.value is not None for a in tree.args):
            return _join("({0} = {1})", *map(self.write, tree.args))
        if op in ("and", "or"):
            return _join(f"({{0}} {_INFIX[op]} {{1}})", *(self.write(a, condition) for a in tree.args))
        args = [self.write(a) for a in tree.args]
        if op in _INFIX:
            return _join(f"({{0}} {_INFIX[op]} {{1}})", *args)
        if op in _PLAIN:
            return _join(_PLAIN[op], *args)
        if op in _OVER_LISTS:
            return _join(_OVER_LISTS[op], *args)
        match op:
            case "div":
                return _join(_DIVIDE, *args)
            case "months_between":
                return _join(_MONTHS, *args)
            case "pow":
                return _power(args[0], int(str(tree.value)))
            case "round":
                return _join(f"round({{0}}, {tree.value})", *args)
            case "list":
                return _list(args, f"ARRAY[{{}}]::{sql_type(tree.type)}")
            case "coalesce":
                return _list(args, "coalesce({})")
            case "if":
                return _join("CASE WHEN {0} THEN {1} ELSE {2} END", *args)
        raise AssertionError(f"operator without SQL: {op}")

    def membership(self, tree: Node) -> Sql:
        subject = self.write(tree.args[0])
        same = [self.write(t.args[0]) for t in tree.args[1:] if t.op == "same"]
        tests = [_join("({0} IN {1})", subject, _list(same, "({})"))] if same else []
        tests += [self.test(subject, t) for t in tree.args[1:] if t.op != "same"]
        if not tests:
            return Sql("false")
        return _list(tests, "({})", " OR ")

    def test(self, subject: Sql, tree: Node) -> Sql:
        args = [self.write(a) for a in tree.args]
        match tree.op:
            case "range":
                ends = str(tree.value)
                above, below = ">=" if ends[0] == "[" else ">", "<=" if ends[1] == "]" else "<"
                return _join(f"({{0}} {above} {{1}} AND {{0}} {below} {{2}})", subject, *args)
            case "cmp":
                return _join(f"({{0}} {_SIGNS[str(tree.value)]} {{1}})", subject, *args)
            case "member":
                return _join("({0} = ANY({1}))", subject, *args)
            case "isnull":
                return _join("({0} IS NULL)", subject)
        raise AssertionError(f"test without SQL: {tree.op}")


def _literal(tree: Node) -> Sql:
    value = tree.value
    type_ = sql_type(tree.type)
    match value:
        case None:
            return Sql(f"NULL::{type_}")
        case bool():
            return Sql("true" if value else "false")
        case Decimal():
            return Sql(f"{value:f}::numeric" if value >= 0 else f"({value:f})::numeric")
        case date():
            return Sql(f"'{value.isoformat()}'::date")
        case _:
            return Sql("%s::text", (str(value),))


def _power(base: Sql, exponent: int) -> Sql:
    if exponent == 0:
        # Null to the power of 0 is null.
        return _join("({0} * 0 + 1)", base)
    out = base
    for _ in range(exponent - 1):
        out = _join(f"round({{0}} * {{1}}, {SCALE})", out, base)
    return out


def _join(template: str, *parts: Sql) -> Sql:
    """Puts parts in the places `{0}`, `{1}`…, and their parameters in the order in which the places stand."""
    text: list[str] = []
    params: list[str] = []
    length = 0
    pieces = template.split("{")
    text.append(pieces[0])
    for piece in pieces[1:]:
        number, _, rest = piece.partition("}")
        part = parts[int(number)]
        text += (part.text, rest)
        params += part.params
        length += len(part.text) + len(rest)
        if length > MAX_SQL:
            raise ExprError(gettext("表达式太复杂，无法成批计算"))
    return Sql("".join(text), tuple(params))


def _list(parts: list[Sql], around: str, between: str = ", ") -> Sql:
    inner = between.join(f"{{{i}}}" for i in range(len(parts)))
    return _join(around.replace("{}", inner), *parts)


__all__ = ["MAX_SQL", "Sql", "sql_type", "to_sql"]
