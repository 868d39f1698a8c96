"""Which cases conditions tell apart: the values of a name, split so that within a case no condition changes.

`金额 < 1000` and `金额 in [1000..5000)` split the numbers into five cases: below 1000, 1000, between, 5000, above. One
value of each then stands for all, and running the conditions themselves on these shows where two hold at once or none
does. Nothing is decided by a second reading of the language: what is shown is what will happen.

A split is `exact` when each condition only compares the name with fixed values. Where it is not (`a > b`, `year(a)`),
the cases are examples: what they show is so, what they don't show may still be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from typing import Any

from shuzheng.kernel.expr.evaluate import compile_closure
from shuzheng.kernel.expr.graph import references
from shuzheng.kernel.expr.numbers import add, divide
from shuzheng.kernel.expr.types import BOOLEAN, DATE, NUMBER, Node, Scalar, Type, Value
from shuzheng.kernel.words import gettext

_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_DAY = timedelta(days=1)
_WHOLE = frozenset({"count", "length", "year", "month", "day", "months_between", "days_between", "floor", "ceiling"})


@dataclass(frozen=True, slots=True)
class Domain:
    """What a name can be.

    `values` is a closed list (a list of choices); `low` and `high`, both included, bound a number or date. `whole` says
    that a number has no fraction. `optional` says that it may be left empty.
    """

    type: Type
    values: tuple[Scalar, ...] | None = None
    low: Any = None
    high: Any = None
    whole: bool = False
    optional: bool = False


def domain_of(tree: Node, whole: bool = False) -> Domain:
    """What a typed expression can be, as far as its outermost function tells: a year has no fraction."""
    return Domain(tree.type, whole=whole or tree.op in _WHOLE)


@dataclass(frozen=True, slots=True)
class Case:
    """Values that no condition tells apart; `value` is one of them.

    `kind` is `point` (just this value), `span` (all between `low` and `high`, both excluded, None: without end), `other`
    (any text that is named nowhere) or `null`.
    """

    kind: str
    value: Value
    low: Any = None
    high: Any = None


@dataclass(frozen=True, slots=True)
class Split:
    """The cases of one name, numbers and dates in order; see above for `exact`."""

    cases: tuple[Case, ...]
    exact: bool


def split(domain: Domain, trees: Iterable[Node], name: str) -> Split:
    """The cases that the conditions (typed trees) tell apart for `name`."""
    points: set[Scalar] = set()
    exact = True
    for tree in trees:
        exact = _collect(tree, name, points) and exact
    cases: list[Case]
    if domain.type.of is not None:
        return Split((Case("other", ()),), exact)  # of lists, the empty one is an example
    if domain.values is not None or domain.type == BOOLEAN:
        cases = [Case("point", value) for value in (domain.values if domain.values is not None else (True, False))]
        exact = True
    elif domain.type in (NUMBER, DATE):
        cases = _spans(domain, sorted(points))
    else:
        cases = [Case("point", text) for text in sorted(map(str, points))]
        cases.append(Case("other", _unnamed(points)))
    if domain.optional:
        cases.append(Case("null", None))
    return Split(tuple(cases), exact)


def _collect(tree: Node, name: str, points: set[Scalar]) -> bool:
    """Gathers the values that `name` is compared with; whether it is only compared with fixed ones."""
    if tree.op == "name":
        return tree.value != name
    if tree.op in _COMPARISONS or tree.op == "in":
        subject, *rest = tree.args
        if tree.op != "in" and _is(rest[0], name):
            subject, rest = rest[0], [subject]
        if _is(subject, name):
            return _all(_fixed(part, name, points) for part in rest)
    return _all(_collect(part, name, points) for part in tree.args)


def _all(outcomes: Iterable[bool]) -> bool:
    """Whether all are true, having gone through them all: each gathers values on its way."""
    return not [outcome for outcome in outcomes if not outcome]


def _is(tree: Node, name: str) -> bool:
    return tree.op == "name" and tree.value == name


def _fixed(tree: Node, name: str, points: set[Scalar]) -> bool:
    """Gathers the values of one side of a comparison or one test after `in`; whether all are fixed."""
    if tree.op in ("range", "cmp", "same", "member"):
        return _all(_fixed(part, name, points) for part in tree.args)
    if tree.op == "isnull":
        return True
    if references(tree):
        _collect(tree, name, points)
        return False
    value = compile_closure(tree)({})
    points.update(v for v in (value if isinstance(value, tuple) else (value,)) if v is not None)
    return True


def _spans(domain: Domain, found: Sequence[Any]) -> list[Case]:
    low, high = domain.low, domain.high
    inside = {p for p in found if (low is None or p >= low) and (high is None or p <= high)}
    points = sorted(inside | {end for end in (low, high) if end is not None})
    if not points:
        return [Case("span", date(2026, 1, 1) if domain.type == DATE else Decimal(0))]
    cases = []
    if low is None:
        cases.append(_span(domain, None, points[0]))
    for before, after in pairwise([*points, None]):
        if not domain.whole or before == before.to_integral_value():
            cases.append(Case("point", before))
        if after is not None or high is None:
            cases.append(_span(domain, before, after))
    return [case for case in cases if case is not None]


def _span(domain: Domain, low: Any, high: Any) -> Case | None:
    """All between two neighbouring points; None where no value lies there."""
    value: Any
    if domain.type == DATE:
        if low == date.max or (low is None and high == date.min):
            return None
        value = low + _DAY if low is not None else high - _DAY
    elif domain.whole:
        value = _next_whole(low) if low is not None else -_next_whole(-high)
    elif low is not None and high is not None:
        value = divide(add(low, high), Decimal(2))
    else:
        value = add(low, Decimal(1)) if low is not None else add(high, Decimal(-1))
    if (high is not None and value >= high) or (low is not None and value <= low):
        return None
    return Case("span", value, low, high)


def _next_whole(value: Decimal) -> Decimal:
    return value.to_integral_value(ROUND_FLOOR) + 1


def _unnamed(points: Collection[Scalar]) -> str:
    text = gettext("其他")
    while text in points:
        text += "·"
    return text


# In words


def tell(name: str, domain: Domain, whole: Split, chosen: Collection[int]) -> str:
    """The chosen cases in words, with the name: “金额 低于 1000”; an example where the split is not exact. All: empty."""
    if not whole.exact:
        return gettext("{name} 例如 {value}").format(name=name, value=_value(whole.cases[min(chosen)].value))
    words = say(domain, whole.cases, chosen)
    return gettext("{name} {words}").format(name=name, words=words) if words else ""


def say(domain: Domain, cases: Sequence[Case], chosen: Collection[int]) -> str:
    """The chosen cases (by their place) in words, without the name: “不低于 1000 且低于 5000”. All of them: empty."""
    picked = sorted(chosen)
    if len(picked) == len(cases):
        return ""
    parts = []
    if domain.values is None and domain.type in (NUMBER, DATE):
        ordered = [i for i in picked if cases[i].kind != "null"]
        parts += [_run([cases[i] for i in run], domain) for run in _runs(ordered)]
    else:
        named = [_value(cases[i].value) for i in picked if cases[i].kind == "point"]
        if named:
            parts.append(gettext("为 {values}").format(values=gettext("、").join(named)))
        if any(cases[i].kind == "other" for i in picked):
            left = [_value(case.value) for i, case in enumerate(cases) if case.kind == "point" and i not in picked]
            if left:
                parts = [gettext("不是 {values}").format(values=gettext("、").join(left))]
            else:
                parts.append(gettext("为其他内容"))
    if any(cases[i].kind == "null" for i in picked):
        parts.append(gettext("没有填"))
    return gettext("，或").join(parts)


def _runs(places: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _run(run: Sequence[Case], domain: Domain) -> str:
    first, last = run[0], run[-1]
    if len(run) == 1 and first.kind == "point":
        return gettext("等于 {value}").format(value=_value(first.value))
    low = first.value if first.kind == "point" else first.low
    high = last.value if last.kind == "point" else last.high
    parts = []
    if low is not None and not (first.kind == "point" and low == domain.low):
        text = gettext("不低于 {value}") if first.kind == "point" else gettext("高于 {value}")
        if domain.type == DATE:
            text = gettext("不早于 {value}") if first.kind == "point" else gettext("晚于 {value}")
        parts.append(text.format(value=_value(low)))
    if high is not None and not (last.kind == "point" and high == domain.high):
        text = gettext("不高于 {value}") if last.kind == "point" else gettext("低于 {value}")
        if domain.type == DATE:
            text = gettext("不晚于 {value}") if last.kind == "point" else gettext("早于 {value}")
        parts.append(text.format(value=_value(high)))
    return gettext(" 且").join(parts) or gettext("为任何值")


def _value(value: Value) -> str:
    if value is None:
        return gettext("空值")
    if isinstance(value, tuple):
        return gettext("空名单")
    if isinstance(value, bool):
        return gettext("“是”") if value else gettext("“否”")
    if isinstance(value, str):
        return gettext("“{name}”").format(name=value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


__all__ = ["Case", "Domain", "Split", "domain_of", "say", "split", "tell"]
