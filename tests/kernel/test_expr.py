"""The expression language in Python: results, faults in words, limits, order of computed cells."""

import time
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuzheng.kernel.expr import (
    BOOLEAN,
    NUMBER,
    TEXT,
    ExprError,
    Type,
    compile,
    compile_test,
    evaluation_order,
    list_of,
    parse,
    parse_unary,
    references,
)
from tests.kernel.expr_cases import CASES, ENVS, NAMES, SUITE, Case, expressions

ERROR_NAMES = {name: Type.named(t) for name, t in SUITE["errors"]["names"].items()}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.text)
def test_expression_gives_the_value_of_the_suite(case: Case):
    value = case.program()(case.env)
    assert value == case.value
    assert type(value) is type(case.value)


@pytest.mark.parametrize(("text", "message"), SUITE["errors"]["cases"])
def test_expression_refused_with_place_and_reason(text, message):
    with pytest.raises(ExprError) as caught:
        compile(text, ERROR_NAMES)
    assert message in caught.value.message
    assert caught.value.at is None or 0 <= caught.value.at <= len(text)
    assert caught.value.http == 422


def test_numbers_come_out_plain():
    assert str(compile("1000 * 1000", {})({})) == "1000000"
    assert str(compile("round(1.5, 2)", {})({})) == "1.5"
    assert str(compile("0 * -1", {})({})) == "0"


def test_expected_type_is_held():
    assert compile("null", {}, NUMBER).type == NUMBER
    assert compile("[]", {}, list_of(NUMBER))({}) == ()
    with pytest.raises(ExprError, match="表达式的结果应为是/否，这里是数字"):
        compile("1 + 1", {}, BOOLEAN)


def test_name_left_out_is_null():
    assert compile("a + 1", {"a": NUMBER})({}) is None


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("number", 1.5), ("number", "1"), ("number", True), ("number", Decimal("NaN")), ("number", Decimal("1e30")),
        ("text", 1), ("boolean", 1), ("date", "2026-01-01"), ("date", datetime(2026, 1, 1)), ("list[number]", Decimal(1)),
        ("list[number]", ["a"]),
    ],
)  # fmt: skip
def test_value_of_another_type_is_refused_by_name(type_, value):
    declared = Type.named(type_)
    with pytest.raises(ExprError, match="“a”"):
        compile("count(a)" if declared.of else "a = null", {"a": declared})({"a": value})


def test_values_finer_than_the_language_are_rounded():
    assert compile("a", {"a": NUMBER})({"a": Decimal("0.000000000000000000005")}) == Decimal("1e-20")
    assert compile("a + 1", {"a": NUMBER})({"a": 41}) == 42


# Limits: a hostile text ends quickly with a fault.


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000,
        "-" * 3000 + "1",
        "not(" * 900,
        "+".join("1" * 1500),
        "[" * 3000,
        "1 in (" * 600,
        "(1 in (" * 500,
        "if true then " * 300,
        "1 " * 2000,
        "1" * 4000,
        "a." * 1999 + "a",
        '"' + "x" * 5000,
        "*".join(["9" * 30] * 100),
        "((((2**9)**9)**9)**9)**9",
        "x in [" + "1.." * 1000,
    ],
    ids=lambda t: t[:12],
)
def test_hostile_text_ends_quickly_with_a_fault(text):
    start = time.perf_counter()
    with pytest.raises(ExprError):
        compile(text, {"x": NUMBER})
    assert time.perf_counter() - start < 2


def test_long_sum_is_written_with_sum():
    names = {f"c{i}": NUMBER for i in range(500)}
    program = compile(f"sum({', '.join(names)})", names)
    assert program(dict.fromkeys(names, 2)) == 1000


@given(st.text(alphabet=st.sampled_from('a1.()[]<>=!+-*/," \\?电,(ifthenelseandornotin'), max_size=60))
def test_any_text_parses_or_is_a_fault(text):
    for read in (parse, parse_unary):
        try:
            read(text)
        except ExprError as error:
            assert error.at is None or 0 <= error.at <= len(text)


@given(expressions(), ENVS)
def test_well_typed_expression_always_runs(text, env):
    try:
        program = compile(text, NAMES)
    except ExprError as error:
        assert "过大" in error.message
        return
    value = program(env)
    kinds = {"number": Decimal, "text": str, "boolean": bool, "date": date}
    assert value is None or isinstance(value, kinds[program.type.kind])


# What an expression speaks of


def test_references_are_the_names():
    tree = parse('if 电.7月 > 0 then sum(a, b) else x in (c, [d..e]) and "f" = null')
    assert references(tree) == {"电.7月", "a", "b", "x", "c", "d", "e"}
    assert compile_test("< 上限", NUMBER, {"上限": NUMBER}).references == {"?", "上限"}


def test_parsed_once():
    assert parse("a + 1") is parse("a + 1")


def test_computed_cells_come_after_what_they_use():
    cells = {"合计": parse("电费 + 水费"), "电费": parse("电 * 单价"), "水费": parse("水 * 单价"), "单价": parse("0.5")}
    order = evaluation_order(cells)
    assert sorted(order) == sorted(cells)
    for name, tree in cells.items():
        assert all(order.index(used) < order.index(name) for used in references(tree) & cells.keys())
    assert evaluation_order({"a": parse("1"), "b": parse("2")}) == ["a", "b"]


def test_circle_of_computed_cells_is_named():
    cells = {"a": parse("b + 1"), "b": parse("c"), "c": parse("a * 2"), "d": parse("a")}
    with pytest.raises(ExprError, match="计算项互相引用") as caught:
        evaluation_order(cells, {"a": "甲", "b": "乙", "c": "丙"})
    shown = caught.value.message.split("：")[1].split(" → ")
    assert shown[0] == shown[-1]
    assert set(shown) == {"甲", "乙", "丙"}
    # each arrow points at what is used: 甲 uses 乙, 乙 uses 丙
    assert shown[shown.index("甲") + 1] == "乙"
    with pytest.raises(ExprError, match="甲 → 甲"):
        evaluation_order({"a": parse("a")}, {"a": "甲"})


def test_type_names():
    assert str(Type.named("list[text]")) == "list[text]"
    assert list_of(TEXT).label == "文字列表"
    for bad in ("list", "list[list[number]]", "list[null]", "int", "list[number"):
        with pytest.raises(ValueError, match="没有这样的类型"):
            Type.named(bad)


def test_a_thousand_cells_are_checked_quickly():
    names = {f"c{i}": NUMBER for i in range(1000)}
    programs = [compile(f"c{i} >= 0 and c{i} <= c{(i + 1) % 1000} * 1.5 + 10", names, BOOLEAN) for i in range(1000)]
    env = {name: Decimal(i) for i, name in enumerate(names)}
    start = time.perf_counter()
    outcomes = [program(env) for program in programs]
    assert time.perf_counter() - start < 0.5  # about 5 ms on a quiet machine
    assert outcomes.count(False) == 1
