"""The one expression language: a small typed subset of FEEL (DMN 1.5).

Computed cells, checks, conditions, cells of decision tables, assignment and user-made indicators are written in it.
It is parsed once, checked against declared names, and then runs in Python, as SQL over sets, and in the browser, with
the same result (`tests/kernel/expr_conformance.json`). It cannot loop, call out, or grow without bound.

    program = compile("if 面积 = 0 then null else round(电量 * 0.1229 / 面积, 2)", {"电量": NUMBER, "面积": NUMBER})
    program({"电量": Decimal(10000), "面积": Decimal(800)})  # Decimal("1.54")

- Values: numbers (decimal, 20 digits after the point), texts `"…"`, true, false, `date("2026-01-31")`, null, lists.
- Names: letters, Chinese characters, digits, `_`, parts joined by a dot: `e01_m1`, `电.7月`.
- Operators: `+ - * /`, `**` with an exponent 0 to 9, `= != < <= > >=`, `and or not(…)`, `in`, `between … and …`,
  `if … then … else …`. `a - b` of two dates counts days. Full-width marks and ≥ ≤ ≠ × ÷ are understood.
- After `in`: a range `[a..b)`, a list, a name of a list, or several tests in brackets: `in (1, [3..5], > 9)`.
- Functions: sum, mean, min, max, count (over a list, or over their arguments); abs, round(x, n) halves up, floor,
  ceiling; coalesce; contains, starts with, ends with, string length; year, month, day, months between, days between.
- Tests of decision tables (`compile_test`): `-`, `5`, `< 5`, `[1..3)`, `]1..3[`, `"a","b"`, `not("a")`, `null`, `? > 3`.
- What null means stands in `evaluate.py`; how numbers are rounded, in `numbers.py`.
"""

from shuzheng.kernel.expr.cases import Domain
from shuzheng.kernel.expr.graph import evaluation_order, references
from shuzheng.kernel.expr.parser import parse, parse_unary
from shuzheng.kernel.expr.program import Program, compile, compile_test
from shuzheng.kernel.expr.to_sql import Sql, sql_type
from shuzheng.kernel.expr.types import BOOLEAN, DATE, NULL, NUMBER, TEXT, ExprError, Type, Value, list_of

__all__ = [
    "BOOLEAN",
    "DATE",
    "NULL",
    "NUMBER",
    "TEXT",
    "Domain",
    "ExprError",
    "Program",
    "Sql",
    "Type",
    "Value",
    "compile",
    "compile_test",
    "evaluation_order",
    "list_of",
    "parse",
    "parse_unary",
    "references",
    "sql_type",
]
