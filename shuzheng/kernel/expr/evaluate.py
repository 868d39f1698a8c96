"""Evaluation in Python: a typed tree becomes nested closures, built once and called for each row.

What null means, here and in SQL and in the browser alike:
- arithmetic, joining of texts, functions of one value, and `< <= > >=` give null when a part is null; so does `x / 0`;
- `=` and `!=` never give null: null equals null and nothing else;
- `and`, `or`, `not` are three-valued (false and null is false, true or null is true, else null);
- `in` is the `or` of its tests, where comparing with an unknown value is null; a literal `null` among the tests means
  "is empty"; `in` an empty list is false, in a null list null;
- `if` takes the else branch unless its condition is true;
- `sum`, `mean`, `min`, `max`, `count` pass over nulls; of nothing, `count` is 0 and the others null.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shuzheng.kernel.expr import numbers
from shuzheng.kernel.expr.types import ExprError, Node, Type
from shuzheng.kernel.words import gettext

Env = Mapping[str, Any]
Closure = Callable[[Env], Any]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}


def months_between(a: date, b: date) -> Decimal:
    """Full months from a to b; negative when b is earlier."""
    if b < a:
        return -months_between(b, a)
    return Decimal((b.year - a.year) * 12 + b.month - a.month - (b.day < a.day))


_ONE_VALUE: dict[str, Callable[[Any], Any]] = {
    "neg": numbers.negative,
    "abs": numbers.absolute,
    "floor": numbers.floor,
    "ceiling": numbers.ceiling,
    "not": operator.not_,
    "length": lambda s: Decimal(len(s)),
    "year": lambda d: Decimal(d.year),
    "month": lambda d: Decimal(d.month),
    "day": lambda d: Decimal(d.day),
}
_TWO_VALUES: dict[str, Callable[[Any, Any], Any]] = {
    "add": numbers.add,
    "sub": numbers.subtract,
    "mul": numbers.multiply,
    "div": numbers.divide,
    "concat": operator.add,
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "months_between": months_between,
    "days_between": lambda a, b: Decimal((b - a).days),
    **{name: _COMPARE[name] for name in ("lt", "le", "gt", "ge")},
}


def _sum(values: Sequence[Decimal]) -> Decimal:
    total = values[0]
    for value in values[1:]:
        total = numbers.add(total, value)
    return total


_OVER_LISTS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "sum": _sum,
    "min": min,
    "max": max,
    "mean": lambda values: numbers.divide(_sum(values), Decimal(len(values))),
}


def compile_closure(tree: Node) -> Closure:
    """A function from the values of the names to the result. `tree` must come from `check`.

    A name without a value is null. Raises ExprError when called with a value of another type than declared.
    """
    inner = _build(tree)
    if tree.type.kind != "number":
        return inner

    def tidied(env: Env) -> Any:
        value = inner(env)
        return None if value is None else numbers.tidy(value)

    return tidied


def _build(tree: Node) -> Closure:
    op, args = tree.op, tree.args
    if op in _TWO_VALUES:
        return _two_values(_TWO_VALUES[op], _build(args[0]), _build(args[1]))
    if op in _ONE_VALUE:
        return _one_value(_ONE_VALUE[op], _build(args[0]))
    if op in _OVER_LISTS:
        return _over_list(_OVER_LISTS[op], _build(args[0]))
    return _BUILDERS[op](tree)


def _one_value(function: Callable[[Any], Any], inner: Closure) -> Closure:
    def run(env: Env) -> Any:
        value = inner(env)
        return None if value is None else function(value)

    return run


def _two_values(function: Callable[[Any, Any], Any], left: Closure, right: Closure) -> Closure:
    def run(env: Env) -> Any:
        a = left(env)
        if a is None:
            return None
        b = right(env)
        return None if b is None else function(a, b)

    return run


def _over_list(function: Callable[[Sequence[Any]], Any], inner: Closure) -> Closure:
    def run(env: Env) -> Any:
        values = [v for v in inner(env) or () if v is not None]
        return function(values) if values else None

    return run


def _literal(tree: Node) -> Closure:
    value = tree.value
    return lambda env: value


def _name(tree: Node) -> Closure:
    name, read = str(tree.value), _reader(tree.type)

    def run(env: Env) -> Any:
        value = env.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except ExprError as error:
            raise ExprError(gettext("“%(name)s”：%(reason)s") % {"name": name, "reason": error.reason}) from error

    return run


def _reader(type_: Type) -> Callable[[Any], Any]:
    if type_.kind == "number":
        return numbers.number_in
    if type_.of is not None:
        member = _reader(type_.of)

        def read_list(value: Any) -> tuple[Any, ...]:
            if not isinstance(value, list | tuple):
                raise ExprError(
                    gettext("应为%(want)s，实为 %(found)s") % {"want": type_.label, "found": type(value).__name__}
                )
            return tuple(None if v is None else member(v) for v in value)

        return read_list
    wanted: type = {"text": str, "boolean": bool, "date": date}[type_.kind]

    def read(value: Any) -> Any:
        # A datetime is a date to Python, but not to this language: which day it is depends on the place.
        if not isinstance(value, wanted) or isinstance(value, datetime):
            raise ExprError(
                gettext("应为%(want)s，实为 %(found)s") % {"want": type_.label, "found": type(value).__name__}
            )
        return value

    return read


def _list(tree: Node) -> Closure:
    items = tuple(map(_build, tree.args))
    return lambda env: tuple([item(env) for item in items])


def _power(tree: Node) -> Closure:
    exponent = int(str(tree.value))
    return _one_value(lambda value: numbers.power(value, exponent), _build(tree.args[0]))


def _round(tree: Node) -> Closure:
    places = int(str(tree.value))
    return _one_value(lambda value: numbers.round_to(value, places), _build(tree.args[0]))


def _equal(tree: Node) -> Closure:
    left, right = map(_build, tree.args)
    return lambda env: left(env) == right(env)


def _unequal(tree: Node) -> Closure:
    left, right = map(_build, tree.args)
    return lambda env: left(env) != right(env)


def _and(tree: Node) -> Closure:
    left, right = map(_build, tree.args)

    def run(env: Env) -> bool | None:
        a = left(env)
        if a is False:
            return False
        b = right(env)
        if b is False:
            return False
        return None if a is None or b is None else True

    return run


def _or(tree: Node) -> Closure:
    left, right = map(_build, tree.args)

    def run(env: Env) -> bool | None:
        a = left(env)
        if a is True:
            return True
        b = right(env)
        if b is True:
            return True
        return None if a is None or b is None else False

    return run


def _if(tree: Node) -> Closure:
    condition, yes, no = map(_build, tree.args)
    return lambda env: yes(env) if condition(env) is True else no(env)


def _coalesce(tree: Node) -> Closure:
    parts = tuple(map(_build, tree.args))

    def run(env: Env) -> Any:
        for part in parts:
            value = part(env)
            if value is not None:
                return value
        return None

    return run


def _count(tree: Node) -> Closure:
    inner = _build(tree.args[0])
    return lambda env: Decimal(sum(v is not None for v in inner(env) or ()))


# Tests after `in`: functions of the subject and the values of the names.

Test = Callable[[Any, Env], bool | None]


def _in(tree: Node) -> Closure:
    subject = _build(tree.args[0])
    tests = tuple(_TESTS[t.op](t) for t in tree.args[1:])

    def run(env: Env) -> bool | None:
        value, unknown = subject(env), False
        for test in tests:
            outcome = test(value, env)
            if outcome is True:
                return True
            unknown = unknown or outcome is None
        return None if unknown else False

    return run


def _test_range(tree: Node) -> Test:
    low, high = map(_build, tree.args)
    above = operator.ge if str(tree.value)[0] == "[" else operator.gt
    below = operator.le if str(tree.value)[1] == "]" else operator.lt

    def test(value: Any, env: Env) -> bool | None:
        if value is None:
            return None
        a, b = low(env), high(env)
        # One end that is missed decides, whatever the other end is.
        if (a is not None and not above(value, a)) or (b is not None and not below(value, b)):
            return False
        return None if a is None or b is None else True

    return test


def _test_compare(tree: Node) -> Test:
    other, compare = _build(tree.args[0]), _COMPARE[str(tree.value)]

    def test(value: Any, env: Env) -> bool | None:
        b = other(env)
        return None if value is None or b is None else compare(value, b)

    return test


def _test_same(tree: Node) -> Test:
    other = _build(tree.args[0])

    def test(value: Any, env: Env) -> bool | None:
        b = other(env)
        return None if value is None or b is None else bool(value == b)

    return test


def _test_null(tree: Node) -> Test:
    return lambda value, env: value is None


def _test_member(tree: Node) -> Test:
    inner = _build(tree.args[0])

    def test(value: Any, env: Env) -> bool | None:
        values = inner(env)
        if values is None:
            return None
        if value is None:
            return None if values else False
        if value in values:
            return True
        return None if None in values else False

    return test


_TESTS: dict[str, Callable[[Node], Test]] = {
    "range": _test_range,
    "cmp": _test_compare,
    "same": _test_same,
    "isnull": _test_null,
    "member": _test_member,
}
_BUILDERS: dict[str, Callable[[Node], Closure]] = {
    "lit": _literal,
    "name": _name,
    "list": _list,
    "pow": _power,
    "round": _round,
    "eq": _equal,
    "ne": _unequal,
    "and": _and,
    "or": _or,
    "if": _if,
    "in": _in,
    "coalesce": _coalesce,
    "count": _count,
}


__all__ = ["Closure", "Env", "compile_closure", "months_between"]
