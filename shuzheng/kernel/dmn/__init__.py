"""Decision tables: DMN 1.3 as dmn-js writes it, run with exact decimals and checked before use.

    drawing = read(xml)
    decide = compile_decision(drawing, "approver", {"金额": NUMBER})
    decide({"金额": Decimal(8000)}).value  # "处长"
    for finding in check(drawing, {"金额": Domain(NUMBER, low=Decimal(0))}):
        print(finding)

Cells are in the one expression language (`kernel/expr`); nothing in a table is ever run as code. A decision is a table
or one expression, and may build on other decisions of the same drawing. All hit policies are known: UNIQUE, FIRST, ANY,
PRIORITY, RULE ORDER, OUTPUT ORDER and COLLECT with or without SUM, MIN, MAX, COUNT.
"""

from shuzheng.kernel.dmn.check import check
from shuzheng.kernel.dmn.model import Decision, DmnError, Drawing
from shuzheng.kernel.dmn.read import read
from shuzheng.kernel.dmn.table import Decider, Outcome, compile_decision

__all__ = ["Decider", "Decision", "DmnError", "Drawing", "Outcome", "check", "compile_decision", "read"]
