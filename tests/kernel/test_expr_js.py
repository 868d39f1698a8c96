"""The browser's interpreter (`islands/expr.ts`) gives what Python gives."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from shuzheng.kernel.expr import NUMBER, ExprError, compile
from tests.kernel.expr_cases import CASES, ENVS, NAMES, Case, Node, expressions


@pytest.fixture(scope="module")
def node():
    process = Node()
    yield process
    process.close()


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.text)
def test_browser_gives_the_value_of_the_suite(node, case: Case):
    assert node.value(case.program(), case.env) == case.value


def test_browser_refuses_what_is_no_number(node):
    program = compile("a + 1", {"a": NUMBER})
    for wrong in ("x", "", "1e5", True, "1" * 31):
        assert "error" in node.answer(program, {"a": wrong})
    assert node.answer(program, {"a": 2.5}) == {"value": "3.5"}
    assert node.answer(program, {}) == {"value": None}
    assert node.answer(program, {"a": Decimal("0.000000000000000000005")}) == {"value": "1.00000000000000000001"}


@settings(max_examples=400, deadline=None)
@given(expressions(), ENVS)
def test_browser_gives_what_python_gives(node, text, env):
    try:
        program = compile(text, NAMES)
    except ExprError as error:
        assert "过大" in error.message
        return
    assert node.value(program, env) == program(env)
