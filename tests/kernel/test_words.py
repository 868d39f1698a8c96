"""Every refusal of the kernel is said in the reader's language: each of its messages is provoked, in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.utils.translation import gettext as translated
from django.utils.translation import override

import shuzheng.kernel
from shuzheng.kernel import words
from shuzheng.kernel.errors import Busy, Conflict, Denied, Fault, Invalid, Missing, TooMany
from shuzheng.kernel.expr import (
    BOOLEAN,
    DATE,
    NUMBER,
    TEXT,
    Type,
    compile,
    compile_test,
    evaluation_order,
    list_of,
    parse,
)
from shuzheng.kernel.expr.types import MAX_LENGTH, MAX_NESTING
from shuzheng.kernel.ids import NumberRule, uuid7_time
from shuzheng.kernel.money import upper_case, yuan
from shuzheng.kernel.periods import Period, PeriodKind
from shuzheng.kernel.text import MAX_DIGITS, clean_number
from shuzheng.kernel.units import DEFAULT_UNITS, UNITS, UnitRow, Units
from shuzheng.kernel.uscc import check_character, check_uscc, make_uscc, organisation_check_character

KERNEL = Path(shuzheng.kernel.__file__).parent
DRAWINGS = ("bpmn/", "dmn/", "expr/cases.py", "findings.py", "xml.py")
"""What is said of drawings and decision tables is provoked beside their collections (``tests/kernel/bpmn``, ``dmn``)."""
HAN = re.compile("[\u4e00-\u9fff]")
NAMES = {
    "a": NUMBER,
    "b": NUMBER,
    "t": TEXT,
    "d": DATE,
    "ok": BOOLEAN,
    "items": list_of(NUMBER),
    "texts": list_of(TEXT),
}
DAY = date(2026, 10, 14)

EXPRESSIONS = [
    "a +", "(a", "[a", "abs(a", "and", "* a", ") a", "a b", "a < b < 1", "not a", "not", "date(a)", 'date("x")',
    'date("2026-1-1")', 'date("0999-01-01")', "if a", "if ok then a", "a between 1", "a in (1", "a in [1..", "a in [1..2,",
    "a ** b", "a ** 12", "?? 1", '"open', "'x'", "2a", "#", '"\\q"', '"\0"', "(" * (MAX_NESTING + 1), "a" * (MAX_LENGTH + 1),
    "1" * 40, "[[1], [2]]", "[[1]]", '[1, "x"]', "-t", "t ** 2", 'a + t', "a - t", "t < t", "items = items", "a and ok",
    "if ok then a else t", "if a then 1 else 2", "items in [1]", "null in [1]", "a in [t..t]", "a in [1..t]", "a in texts",
    'a in ("x", 1)', "a in (= null)", "a in (< t)", "abs()", "abs(t)", "sum()", "sum(items, a)", 'sum(1, "x")', "sum(t)",
    "round()", "round(a, b)", "round(t)", "coalesce(a)", "coalesce(a, t)", "coalesce(items, items)", "zzqq(a)", "summ(a)",
    "amount_of_nothing", "aa", "sum", "a ** 9 * (a ** 9 * a ** 9)", " + ".join(["a"] * 130), "a in [1..2",
]  # fmt: skip


def _grown() -> str:
    text = "a"
    for _ in range(12):
        text = f"(if (({text}) ** 3 in ([1..2], [3..4], [5..6]) and a > 1) then 1 else 2)"
    return text


def _value(text: str, type_: Type, value: object) -> Callable[[], object]:
    return lambda: compile(text, {"x": type_})({"x": value})


REFUSALS: list[Callable[[], object]] = [
    *(lambda fault=fault: (_ for _ in ()).throw(fault()) for fault in (Fault, Denied, Missing, Invalid, Conflict, Busy, TooMany)),
    *(lambda text=text: compile(text, NAMES) for text in EXPRESSIONS),
    lambda: compile("1 + 1", {}, BOOLEAN),
    lambda: compile_test("not(1 2)", NUMBER),
    lambda: compile_test("[1..2", NUMBER),
    lambda: compile_test("[1 2..3]", NUMBER),
    lambda: compile(_grown(), NAMES).sql({"a": "a"}),
    lambda: evaluation_order({"x": parse("y"), "y": parse("x")}),
    lambda: Type.named("colour"),
    _value("x + 1", NUMBER, "one"),
    _value("x + 1", NUMBER, Decimal("1E40")),
    _value("sum(x)", list_of(NUMBER), 3),
    _value("x", DATE, datetime(2026, 1, 1, tzinfo=UTC)),
    *(lambda text=text: clean_number(text) for text in (
        "", "=A1", "5%", "￥5", "1e5", "1.2.3", "1 2", "1,2", "5 kWh", "abc", "1" * (MAX_DIGITS + 1),
    )),
    lambda: uuid7_time(UUID(int=0)),
    *(lambda text=text: NumberRule(text) for text in ("A", "{seq}-{yyyy}{yyyy}", "{seq}-{what}", "{yyyy}{node}-{seq}")),
    lambda: NumberRule("{node}-{seq}").format(1, on=DAY),
    lambda: NumberRule("{seq}").format(0, on=DAY),
    lambda: NumberRule("{yyyy}-{seq}").parse("x"),
    lambda: NumberRule("{yyyy}{mm}{dd}-{seq}").parse("20261399-1"),
    lambda: NumberRule("{yyyy}-{seq}").parse("2026-0"),
    lambda: yuan(0.1),
    lambda: yuan("NaN"),
    lambda: upper_case(Decimal("0.001")),
    lambda: upper_case(Decimal(10) ** 16),
    *(lambda text=text: Period.parse(text) for text in ("abc", "1234", "2026-10-08/2026-13-01")),
    lambda: Period(PeriodKind.QUARTER, 2026, 5),
    lambda: Period(PeriodKind.ONCE, 2026),
    lambda: Period.once(DAY, date(2026, 1, 1)),
    lambda: Period.containing(DAY, PeriodKind.ONCE),
    lambda: UNITS.convert(Decimal(1), "kWh", "kg"),
    lambda: UNITS.get("ell"),
    lambda: Units([UnitRow("ell", "", "ell", "length", Decimal(0))]),
    lambda: Units([*DEFAULT_UNITS, DEFAULT_UNITS[0]]),
    *(lambda text=text: check_uscc(text) for text in (
        "9", "11100000000013127d", "01100000000013127D", "11A00000000013127D", "11100000000013128D", "11100000000013127E",
        "1110000000I013127D",
    )),
    lambda: check_character("1"),
    lambda: check_character("I" * 17),
    lambda: organisation_check_character("1"),
    lambda: organisation_check_character("1234567-"),
    lambda: make_uscc(body="123456789"),
]  # fmt: skip


def _texts() -> Iterator[str]:
    """Everything that the kernel marks for translation, drawings aside."""
    for path in KERNEL.rglob("*.py"):
        if path.relative_to(KERNEL).as_posix().startswith(DRAWINGS):
            continue
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("gettext", "gettext_noop"):
                found = call.args[0]
                if isinstance(found, ast.Constant) and isinstance(found.value, str):
                    yield found.value


@pytest.fixture
def said(monkeypatch) -> set[str]:
    """What is said from now on."""
    found: set[str] = set()
    monkeypatch.setattr(words, "_translate", lambda text: found.add(text) or translated(text))
    return found


def test_every_refusal_of_the_kernel_can_be_provoked_and_is_said_in_english(said):
    with override("en"):
        for provoke in REFUSALS:
            with pytest.raises((ValueError, Fault)) as caught:
                provoke()
            assert str(caught.value) and not HAN.search(str(caught.value)), str(caught.value)
    assert set(_texts()) - said == set(), "messages that no case here provokes"


def test_no_refusal_is_raised_in_words_that_are_not_translated():
    bare = []
    for path in KERNEL.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = (c for c in ast.walk(tree) if isinstance(c, ast.Call) and getattr(c.func, "id", "") == "gettext")
        marked = {id(n) for call in calls for n in ast.walk(call)}
        bare += [
            f"{path.name}:{n.lineno} {n.value}"
            for r in ast.walk(tree)
            if isinstance(r, ast.Raise)
            for n in ast.walk(r)
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and HAN.search(n.value) and id(n) not in marked
        ]
    assert bare == []


def test_refusals_stay_chinese_for_a_chinese_reader():
    with override("zh-hans"), pytest.raises(Invalid, match="第 4 个字符：表达式不完整"):
        compile("a +", NAMES)
