"""An expression ready for use: parsed, checked, and compiled for each place where it may run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shuzheng.kernel.expr.check import check
from shuzheng.kernel.expr.evaluate import Closure, Env, compile_closure
from shuzheng.kernel.expr.graph import references
from shuzheng.kernel.expr.parser import parse, parse_unary
from shuzheng.kernel.expr.to_sql import Sql, to_sql
from shuzheng.kernel.expr.to_ts import Json, to_json
from shuzheng.kernel.expr.types import BOOLEAN, Node, Type, Value


@dataclass(frozen=True, slots=True)
class Program:
    """A checked expression. Immutable; make it once with `compile` or `compile_test` and keep it."""

    text: str
    tree: Node
    run: Closure = field(repr=False, compare=False)

    @property
    def type(self) -> Type:
        return self.tree.type

    @property
    def references(self) -> frozenset[str]:
        """Names it speaks of."""
        return references(self.tree)

    def __call__(self, env: Env) -> Value:
        """Its value. `env` gives Decimal (or int), str, bool, date, None, or a list of them; a name left out is null.

        Raises ExprError when a value is not of the declared type.
        """
        return self.run(env)  # type: ignore[no-any-return]

    def sql(self, columns: Mapping[str, str], *, condition: bool = False) -> Sql:
        """Its SQL for a set of rows; see `to_sql`."""
        return to_sql(self.tree, columns, condition=condition)

    def json(self) -> dict[str, Json]:
        """Its form for the browser; see `to_ts`."""
        return to_json(self.tree)


def compile(text: str, names: Mapping[str, Type], expect: Type | None = None) -> Program:
    """An expression over declared names, of the type its place asks for. Raises ExprError."""
    tree = check(parse(text), names, expect)
    return Program(text, tree, compile_closure(tree))


def compile_test(text: str, subject: Type, names: Mapping[str, Type] | None = None) -> Program:
    """A cell of a decision table as a condition on the name `?` of type `subject`. It holds only where it is true.

    Raises ExprError.
    """
    tree = check(parse_unary(text), {**(names or {}), "?": subject}, BOOLEAN)
    return Program(text, tree, compile_closure(tree))


__all__ = ["Program", "compile", "compile_test"]
