"""A decision made ready and run. Cells are typed when a table is made ready, so a running one meets no wrong types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from shuzheng.kernel.dmn.model import Decision, DmnError, Drawing, Input, Output, Rule, Table
from shuzheng.kernel.expr import DATE, NULL, NUMBER, ExprError, Program, Type, Value, compile, compile_test, list_of
from shuzheng.kernel.expr import parse as parse_expression
from shuzheng.kernel.expr.numbers import add
from shuzheng.kernel.findings import Place, listed
from shuzheng.kernel.words import gettext

LISTS = frozenset({"RULE ORDER", "OUTPUT ORDER", "COLLECT"})
"""Policies whose result is a list (COLLECT with a sum excepted)."""

Row = Any
"""Results of one rule: the value of the only output, or a dict by the outputs' names."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided, and the rules that decided it, in the order of the table.

    `value` is a scalar, a dict by output where there are several, or a list of these for the list policies. No rule and
    no default give None, or an empty list. `needed` holds the outcomes of the decisions it built on, by id.
    """

    value: Any
    rules: tuple[Place, ...] = ()
    needed: Mapping[str, Outcome] | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A condition column made ready."""

    input: Input
    value: Program
    allowed: Program | None

    @property
    def type(self) -> Type:
        return self.value.type


@dataclass(frozen=True, slots=True)
class Result:
    """A result column made ready. `ranks` orders its values where the policy asks for it, the first being the highest."""

    output: Output
    type: Type
    allowed: Program | None
    ranks: Mapping[Any, int]
    default: Program | None

    def accepts(self, value: Any) -> bool:
        return value is None or self.allowed is None or self.allowed({"?": value}) is True


@dataclass(frozen=True, slots=True)
class Line:
    """A rule made ready. A test of None always holds."""

    place: Place
    tests: tuple[Program | None, ...]
    results: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A table made ready; see `run`."""

    table: Table
    columns: tuple[Column, ...]
    results: tuple[Result, ...]
    lines: tuple[Line, ...]

    def run(self, env: Mapping[str, Any]) -> tuple[Any, tuple[Place, ...]]:
        hits = self.hits(env)
        table, places = self.table, tuple(hit.place for hit in hits)
        if table.hit == "UNIQUE" and len(hits) > 1:
            raise DmnError(
                gettext("“{table}”要求只命中一条规则，却同时命中了{rules}").format(
                    table=table.place, rules=listed(places)
                ),
                table.place,
            )
        if not hits:
            return self._without_hits(env), ()
        rows = [self._row(line, env) for line in hits]
        match table.hit:
            case "ANY":
                if any(row != rows[0] for row in rows):
                    raise DmnError(
                        gettext("“{table}”要求同时命中的规则结果相同，{rules}的结果却不同").format(
                            table=table.place, rules=listed(places)
                        ),
                        table.place,
                    )
                return self._said(rows[0]), places
            case "PRIORITY":
                return self._said(min(rows, key=self._rank)), places
            case "OUTPUT ORDER":
                return [self._said(row) for row in sorted(rows, key=self._rank)], places
            case "RULE ORDER":
                return [self._said(row) for row in rows], places
            case "COLLECT":
                return self._collected(rows), places
            case _:
                return self._said(rows[0]), places

    def hits(self, env: Mapping[str, Any]) -> list[Line]:
        """The rules that hold. Raises DmnError for a value that a column does not allow."""
        values = [column.value(env) for column in self.columns]
        for column, value in zip(self.columns, values, strict=True):
            if value is not None and column.allowed is not None and column.allowed({"?": value}) is not True:
                raise DmnError(
                    gettext("“{column}”不能是“{value}”").format(column=column.input.place, value=value),
                    column.input.place,
                )
        inner = dict(env)
        found = []
        for line in self.lines:
            for test, value in zip(line.tests, values, strict=True):
                inner["?"] = value
                if test is not None and test(inner) is not True:
                    break
            else:
                found.append(line)
                if self.table.hit == "FIRST":
                    break
        return found

    def _row(self, line: Line, env: Mapping[str, Any]) -> tuple[Any, ...]:
        row = tuple(program(env) for program in line.results)
        for result, value in zip(self.results, row, strict=True):
            if not result.accepts(value):
                raise _not_allowed(line.place, result, value)
        return row

    def _said(self, row: Sequence[Any]) -> Row:
        if len(self.results) == 1:
            return row[0]
        return {r.output.name: value for r, value in zip(self.results, row, strict=True)}

    def _rank(self, row: Sequence[Any]) -> tuple[int, ...]:
        return tuple(r.ranks.get(value, len(r.ranks)) for r, value in zip(self.results, row, strict=True))

    def _without_hits(self, env: Mapping[str, Any]) -> Any:
        if any(result.default for result in self.results):
            row = [result.default(env) if result.default else None for result in self.results]
            return [self._said(row)] if self.table.hit in LISTS and not self.table.sum else self._said(row)
        if self.table.sum == "COUNT":
            return self._collected([])
        return [] if self.table.hit in LISTS and not self.table.sum else None

    def _collected(self, rows: Sequence[Sequence[Any]]) -> Any:
        if not self.table.sum:
            return [self._said(row) for row in rows]
        if self.table.sum == "COUNT":
            return len(rows)
        values = [row[0] for row in rows if row[0] is not None]
        if not values:
            return None
        if self.table.sum == "SUM":
            total = values[0]
            for value in values[1:]:
                total = add(total, value)
            return total
        return min(values) if self.table.sum == "MIN" else max(values)


@dataclass(frozen=True, slots=True)
class Decider:
    """A decision made ready. Call it with the values of its names (Decimal or int, str, bool, date, None)."""

    decision: Decision
    needs: tuple[Decider, ...]
    logic: Ready | Program

    def __call__(self, env: Mapping[str, Any]) -> Outcome:
        """Raises DmnError when the hit policy is broken or a value is not allowed, ExprError for a wrong type."""
        needed: dict[str, Outcome] = {}
        inner = dict(env)
        for need in self.needs:
            outcome = need(env)
            needed[need.decision.id] = outcome
            inner.update(_offered(need.decision.variable, outcome.value))
        if isinstance(self.logic, Program):
            return Outcome(self.logic(inner), (), needed)
        value, rules = self.logic.run(inner)
        return Outcome(value, rules, needed)

    @property
    def types(self) -> dict[str, Type]:
        """The names under which others may use its result, with their types."""
        name = self.decision.variable
        if isinstance(self.logic, Program):
            return {name: self.logic.type}
        table, results = self.logic.table, self.logic.results
        if table.sum == "COUNT":
            return {name: NUMBER}
        if table.hit in LISTS and not table.sum:
            return {name: list_of(results[0].type)} if len(results) == 1 else {}
        if len(results) == 1:
            return {name: results[0].type}
        return {f"{name}.{result.output.name}": result.type for result in results}


def _offered(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {f"{name}.{key}": part for key, part in value.items()}
    return {name: value}


def compile_decision(drawing: Drawing, id: str, names: Mapping[str, Type] | None = None) -> Decider:
    """A decision of the drawing made ready, with all that it builds on.

    `names` declares what its expressions may speak of; input data of the drawing, and columns that are a plain name with
    a type, declare themselves. Raises DmnError with the place of what cannot be accepted.
    """
    if id not in drawing.decisions:
        raise DmnError(gettext("没有名为“{id}”的决策").format(id=id))
    return _decider(drawing, id, {**drawing.data, **(names or {})}, {}, ())


def _decider(
    drawing: Drawing, id: str, names: Mapping[str, Type], made: dict[str, Decider], above: tuple[str, ...]
) -> Decider:
    decision = drawing.decisions[id]
    if id in above:
        circle = [drawing.decisions[other].place for other in (*above[above.index(id) :], id)]
        raise DmnError(gettext("决策互相依赖：{circle}").format(circle=" → ".join(map(str, circle))), decision.place)
    if id not in made:
        needs = tuple(_decider(drawing, need, names, made, (*above, id)) for need in decision.needs)
        known = dict(names)
        for need in needs:
            known.update(need.types)
        if isinstance(decision.logic, Table):
            logic: Ready | Program = ready(decision, decision.logic, known)
        elif not decision.logic:
            raise DmnError(gettext("“{name}”没有决策表，也没有表达式").format(name=decision.place), decision.place)
        else:
            with _placed(decision.place):
                logic = compile(decision.logic, known, decision.type)
        made[id] = Decider(decision, needs, logic)
    return made[id]


def ready(decision: Decision, table: Table, names: Mapping[str, Type]) -> Ready:
    """A table made ready over declared names. Raises DmnError."""
    known = dict(names)
    for number, input in enumerate(table.inputs, 1):
        if not input.text:
            raise DmnError(gettext("第 {n} 个输入列没有写明取哪个数据项").format(n=number), input.place)
        with _placed(input.place):
            if input.type is not None and parse_expression(input.text).op == "name":
                known.setdefault(input.text, input.type)
    columns = tuple(_column(input, known) for input in table.inputs)
    tests = [_tests(rule, columns, known) for rule in table.rules]
    results, programs = [], []
    for at, output in enumerate(table.outputs):
        written = [(rule.place, rule.results[at] or "null") for rule in table.rules]
        type_ = output.type or (decision.type if len(table.outputs) == 1 and table.hit not in LISTS else None)
        result = _result(table, output, type_ or _inferred(written, output, known), known)
        results.append(result)
        programs.append([_cell(place, text, result, known) for place, text in written])
    _summable(table, results)
    lines = tuple(
        Line(rule.place, tests[n], tuple(column[n] for column in programs)) for n, rule in enumerate(table.rules)
    )
    return Ready(table, columns, tuple(results), lines)


def _column(input: Input, names: Mapping[str, Type]) -> Column:
    with _placed(input.place):
        value = compile(input.text, names, input.type)
    if value.type == NULL or value.type.of is not None:
        raise DmnError(
            gettext("输入列“{column}”应是单个值，这里是{type}").format(column=input.place, type=value.type.label),
            input.place,
        )
    with _placed(input.place):
        allowed = compile_test(input.allowed, value.type) if input.allowed else None
    return Column(input, value, allowed)


def _tests(rule: Rule, columns: Sequence[Column], names: Mapping[str, Type]) -> tuple[Program | None, ...]:
    tests = []
    for text, column in zip(rule.conditions, columns, strict=True):
        with _placed(rule.place, column.input.place):
            tests.append(None if text in ("", "-") else compile_test(text, column.type, names))
    return tuple(tests)


def _inferred(written: Sequence[tuple[Place, str]], output: Output, names: Mapping[str, Type]) -> Type:
    """The type of the first result that is not null."""
    for place, text in written:
        with _placed(place, output.place):
            type_ = compile(text, names).type
        if type_ != NULL:
            return type_
    raise DmnError(gettext("输出列“{name}”没有写明类型").format(name=_named(output)), output.place)


def _cell(place: Place, text: str, result: Result, names: Mapping[str, Type]) -> Program:
    with _placed(place, result.output.place):
        program = compile(text, names, result.type)
    if not program.references and not result.accepts(value := program({})):
        raise _not_allowed(place, result, value)
    return program


def _result(table: Table, output: Output, type_: Type, names: Mapping[str, Type]) -> Result:
    ordered: Value = ()
    with _placed(output.place):
        allowed = compile_test(output.allowed, type_) if output.allowed else None
        default = compile(output.default, names, type_) if output.default else None
        if table.hit in ("PRIORITY", "OUTPUT ORDER") and output.allowed:
            ordered = compile(f"[{output.allowed}]", {}, list_of(type_))({})
    if table.hit in ("PRIORITY", "OUTPUT ORDER") and not ordered:
        raise DmnError(
            gettext("命中规则 {hit} 要求输出列“{name}”按优先次序列出可取的值").format(
                hit=table.hit, name=_named(output)
            ),
            output.place,
        )
    ranks = {value: rank for rank, value in enumerate(ordered)} if isinstance(ordered, tuple) else {}
    return Result(output, type_, allowed, ranks, default)


def _summable(table: Table, results: Sequence[Result]) -> None:
    if not table.sum or table.sum == "COUNT":
        return
    fits = {"SUM": (NUMBER,), "MIN": (NUMBER, DATE), "MAX": (NUMBER, DATE)}[table.sum]
    if len(results) > 1 or results[0].type not in fits:
        raise DmnError(
            gettext("汇总方式 {sum} 只能用于一个数字（MIN、MAX 也可日期）输出列").format(sum=table.sum), table.place
        )


def _named(output: Output) -> str:
    return output.name or str(output.place)


def _not_allowed(place: Place, result: Result, value: Any) -> DmnError:
    return DmnError(
        gettext("{rule}的结果“{value}”不在输出列“{name}”可取的值中").format(
            rule=place, value=value, name=_named(result.output)
        ),
        place,
    )


@contextmanager
def _placed(place: Place, column: Place | None = None) -> Iterator[None]:
    """Says of a fault in an expression where it stands."""
    try:
        yield
    except ExprError as fault:
        reason = fault.message
        if column is not None:
            reason = gettext("列“{column}”：{reason}").format(column=column, reason=reason)
        raise DmnError(gettext("{name}，{reason}").format(name=place, reason=reason), place) from fault


__all__ = ["Column", "Decider", "Line", "Outcome", "Ready", "Result", "compile_decision", "ready"]
