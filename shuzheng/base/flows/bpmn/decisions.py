"""Decision tables (DMN 1.3): cells in the one expression language, all hit policies that a single table can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from shuzheng.base.flows.bpmn.words import local
from shuzheng.kernel.errors import FieldFault, Invalid
from shuzheng.kernel.expr import BOOLEAN, DATE, NUMBER, TEXT, ExprError, Type, compile, compile_test

TYPES = {
    "number": NUMBER, "integer": NUMBER, "long": NUMBER, "double": NUMBER, "string": TEXT, "boolean": BOOLEAN,
    "date": DATE,
}  # fmt: skip
POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
SUMS = ("", "SUM", "MIN", "MAX", "COUNT")


@dataclass(frozen=True)
class Column:
    """An input (``text`` is its expression) or an output (``name`` is what it fills)."""

    name: str
    text: str
    type: Type
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One decision table as it was drawn."""

    code: str
    name: str
    policy: str
    sum: str
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]
    rules: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    def check(self, names: Mapping[str, Type]) -> list[str]:
        """What is wrong with its cells, in words; each is compiled against the names of the process."""
        faults = []
        for number, (tests, results) in enumerate(self.rules, 1):
            for column, cell in [*zip(self.inputs, tests, strict=True), *zip(self.outputs, results, strict=True)]:
                try:
                    if column in self.inputs:
                        _subject(column, names)
                        compile_test(cell, column.type, names)
                    else:
                        compile(cell, names, column.type)
                except ExprError as fault:
                    faults.append(
                        _("决策表“%(table)s”第 %(row)d 行“%(column)s”：%(why)s")
                        % {"table": self.name, "row": number, "column": column.name, "why": fault.message}
                    )
        return faults

    def decide(self, names: Mapping[str, Type], values: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs by name. Without a rule that fits, all are null (or, collected, empty).

        Raises:
            Invalid: several rules fit where only one may, or ones that differ where they may not.
        """
        subjects = [_subject(c, names)(values) for c in self.inputs]
        hits = []
        for number, (tests, results) in enumerate(self.rules, 1):
            if all(
                compile_test(cell, column.type, names)({**values, "?": subject})
                for column, cell, subject in zip(self.inputs, tests, subjects, strict=True)
            ):
                hits.append(
                    (number, [compile(c, names, o.type)(values) for o, c in zip(self.outputs, results, strict=True)])
                )
        return self._result(hits)

    def _result(self, hits: list[tuple[int, list[Any]]]) -> dict[str, Any]:
        keys = [o.name for o in self.outputs]
        if self.policy in ("COLLECT", "RULE ORDER", "OUTPUT ORDER"):
            columns = [[row[n] for _number, row in hits] for n in range(len(keys))]
            return {key: _summed(self.sum, column) for key, column in zip(keys, columns, strict=True)}
        rows = [row for _number, row in hits]
        apart = self.policy == "UNIQUE" and len(rows) > 1 or self.policy == "ANY" and any(r != rows[0] for r in rows)
        if apart:
            lines = "、".join(str(number) for number, _row in hits)
            raise Invalid(
                _("决策表“%(table)s”第 %(rows)s 行同时成立，无法取舍。") % {"table": self.name, "rows": lines}
            )
        if self.policy == "PRIORITY" and rows:
            rows.sort(key=lambda row: [_rank(o, v) for o, v in zip(self.outputs, row, strict=True)])
        return dict(zip(keys, rows[0] if rows else [None] * len(keys), strict=True))


def _rank(output: Column, value: Any) -> int:
    said = f'"{value}"' if isinstance(value, str) else str(value)
    return output.values.index(said) if said in output.values else len(output.values)


def _summed(how: str, column: list[Any]) -> Any:
    if not how:
        return column
    if how == "COUNT":
        return Decimal(len(column))
    if not column:
        return None
    return {"SUM": sum, "MIN": min, "MAX": max}[how](column)


def _subject(column: Column, names: Mapping[str, Type]) -> Any:
    return compile(column.text, names, column.type)


@lru_cache(maxsize=200)
def read(code: str, text: str) -> Table:
    """A table from its DMN text.

    Raises:
        Invalid: no XML, not this decision, a policy or type we do not have, rows of unequal length.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Invalid.one(code, _("流程文件里不能有 DOCTYPE 或实体声明。"))
    try:
        root = etree.fromstring(text.encode(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except etree.XMLSyntaxError as error:
        raise Invalid.one(code, _("不是完好的 XML：%(why)s") % {"why": error}) from error
    decision = next((n for n in root.iter() if local(n) == "decision" and n.get("id") == code), None)
    table = next((n for n in decision.iter() if local(n) == "decisionTable"), None) if decision is not None else None
    if decision is None or table is None:
        raise Invalid.one(code, _("没有决策表“%(code)s”。") % {"code": code})
    name = decision.get("name") or code
    policy, how = table.get("hitPolicy", "UNIQUE"), table.get("aggregation", "")
    if policy not in POLICIES or how not in SUMS:
        raise Invalid.one(code, _("决策表“%(table)s”：不支持 %(tag)s。") % {"table": name, "tag": policy})
    inputs = tuple(_input(n) for n in table if local(n) == "input")
    outputs = tuple(_output(n, name) for n in table if local(n) == "output")
    rules = tuple(_rule(n) for n in table if local(n) == "rule")
    if any(len(t) != len(inputs) or len(r) != len(outputs) for t, r in rules):
        raise Invalid.one(code, _("决策表“%(table)s”有一行的格数不对。") % {"table": name})
    return Table(code, name, policy, how, inputs, outputs, rules)


def _text(node: Any) -> str:
    return next(((n.text or "").strip() for n in node.iter() if local(n) == "text"), "")


def _type(node: Any, where: str) -> Type:
    said = node.get("typeRef", "string")
    if said not in TYPES:
        raise Invalid(
            faults=[FieldFault(where, _("“%(where)s”的类型“%(type)s”用不了。") % {"where": where, "type": said})]
        )
    return TYPES[said]


def _input(node: Any) -> Column:
    expression = next((n for n in node if local(n) == "inputExpression"), node)
    text = _text(expression)
    return Column(node.get("label") or text, text, _type(expression, text))


def _output(node: Any, table: str) -> Column:
    name = node.get("name") or node.get("label") or ""
    allowed = next((_text(n) for n in node if local(n) == "outputValues"), "")
    return Column(name, name, _type(node, f"{table}.{name}"), tuple(v.strip() for v in allowed.split(",") if v.strip()))


def _rule(node: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    tests = tuple(_text(n) or "-" for n in node if local(n) == "inputEntry")
    results = tuple(_text(n) or "null" for n in node if local(n) == "outputEntry")
    return tests, results
