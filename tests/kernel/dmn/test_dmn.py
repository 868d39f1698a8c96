"""Decision tables: reading what dmn-js writes, every hit policy, exact numbers, and faults in words."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuzheng.kernel.dmn import DmnError, check, compile_decision, read
from shuzheng.kernel.expr import DATE, NUMBER, TEXT, Domain
from shuzheng.kernel.xml import XmlError
from tests.kernel.dmn.writing import expression, file, table

AMOUNT = {"金额": "number"}
APPROVER = (AMOUNT | {"类别": "string"}, {"审批人": "string"})


def decide(xml: bytes, env: dict, names: dict | None = None, id: str = "t"):
    return compile_decision(read(xml), id, names)(env)


def test_a_table_as_dmn_js_writes_it_decides():
    xml = file(
        table(
            AMOUNT | {"类别": "string", "日期": "date", "急件": "boolean"},
            {"审批人": "string"},
            '< 1000 | "车辆","会议" | | | "科长"',
            '[1000..10000[ | not("基建") | >= date("2026-01-01") | false | "处长"',
            ']0..10000] | - | [date("2026-01-01")..date("2026-12-31")] | true | "局长"',
            hit="FIRST",
        )
    )
    env = {"金额": Decimal("999.99"), "类别": "会议", "日期": date(2026, 5, 1), "急件": True}
    assert decide(xml, env).value == "科长"
    assert decide(xml, env | {"金额": 1000}).value == "局长"
    outcome = decide(xml, env | {"金额": Decimal("9999.99"), "急件": False})
    assert outcome.value == "处长" and [p.id for p in outcome.rules] == ["t_r2"]
    assert outcome.rules[0].line == xml.decode().split("\n").index('      <rule id="t_r2">') + 1
    assert decide(xml, env | {"金额": Decimal("10000.01")}).value is None
    assert decide(xml, env | {"金额": None}).value is None


RULES = ('>= 0 | "甲"', '>= 10 | "乙"', '>= 20 | "丙"')


@pytest.mark.parametrize(
    ("hit", "amount", "value", "rules"),
    [
        ("UNIQUE", 5, "甲", 1),
        ("FIRST", 25, "甲", 1),
        ("ANY", 5, "甲", 1),
        ("PRIORITY", 25, "丙", 3),
        ("PRIORITY", 15, "乙", 2),
        ("RULE ORDER", 25, ["甲", "乙", "丙"], 3),
        ("OUTPUT ORDER", 25, ["丙", "乙", "甲"], 3),
        ("COLLECT", 15, ["甲", "乙"], 2),
        ("COLLECT", -1, [], 0),
        ("UNIQUE", -1, None, 0),
    ],
)
def test_hit_policies(hit, amount, value, rules):
    xml = file(table(AMOUNT, {"人": "string"}, *RULES, hit=hit, allowed={"人": '"丙","乙","甲"'}))
    outcome = decide(xml, {"金额": amount})
    assert outcome.value == value
    assert len(outcome.rules) == rules


@pytest.mark.parametrize(
    ("sum", "value", "none"),
    [("SUM", "0.3", None), ("MIN", "0.1", None), ("MAX", "0.2", None), ("COUNT", "2", 0)],
)
def test_collected_numbers_are_exact(sum, value, none):
    xml = file(table(AMOUNT, {"加": "number"}, "> 0 | 金额 * 0.1", "> 0 | 金额 * 0.2", hit="COLLECT", sum=sum))
    assert decide(xml, {"金额": 1}).value == Decimal(value)
    assert decide(xml, {"金额": 0}).value == none


def test_unique_and_any_violated_are_said_with_their_rules():
    unique = file(table(AMOUNT, {"人": "string"}, '>= 0 | "甲"', '>= 10 | "甲"', id="t", name="批谁"))
    with pytest.raises(DmnError, match="“批谁”要求只命中一条规则，却同时命中了“规则 1”、“规则 2”"):
        decide(unique, {"金额": 10})
    differs = file(table(AMOUNT, {"人": "string"}, '>= 0 | "甲"', '>= 10 | "乙"', hit="ANY"))
    with pytest.raises(DmnError, match="结果却不同"):
        decide(differs, {"金额": 10})
    assert decide(file(table(AMOUNT, {"人": "string"}, *['> 0 | "甲"'] * 2, hit="ANY")), {"金额": 1}).value == "甲"


def test_several_outputs_defaults_and_decisions_that_build_on_others():
    xml = file(
        expression("total", "合计", "单价 * 数量"),
        table({"合计": "number"}, {"级": "number", "人": "string"}, '>= 100 | 2 | "处长"', id="level", needs=("total",),
              name="级别", defaults={"级": "1", "人": '"科长"'}),
        table({"级别.级": "number"}, {"": "string"}, '1 | "简易"', '2 | "一般：" + 级别.人', needs=("level",)),
    )  # fmt: skip
    names = {"单价": NUMBER, "数量": NUMBER}
    high = decide(xml, {"单价": Decimal("33.4"), "数量": 3}, names)
    assert high.value == "一般：处长"
    assert high.needed["level"].value == {"级": 2, "人": "处长"}
    assert high.needed["level"].needed["total"].value == Decimal("100.2")
    assert decide(xml, {"单价": Decimal("33.3"), "数量": 3}, names).value == "简易"


def test_values_not_allowed_are_refused():
    xml = file(table({"类别": "string"}, {"人": "string"}, '"a" | "甲"', allowed={"类别": '"a","b"'}))
    assert decide(xml, {"类别": "b"}).value is None
    with pytest.raises(DmnError, match="“类别”不能是“c”"):
        decide(xml, {"类别": "c"})


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"<definitions/>", "这不是 DMN"),
        (file(table(AMOUNT, {"人": "string"}, '> "a" | "甲"')), r"第 \d+ 行：规则 1，列“金额”：第 3 个字符：比较的另一边应为数字"),
        (file(table(AMOUNT, {"人": "string"}, "> 1 | 5")), "规则 1，列“人”：.*应为文字，这里是数字"),
        (file(table(AMOUNT, {"人": "string"}, '> 1 | "甲"', hit="PRIORITY")), "要求输出列“人”按优先次序列出"),
        (file(table(AMOUNT, {"人": "string"}, '> 1 | "丁"', allowed={"人": '"甲"'})), "规则 1的结果“丁”不在"),
        (file(table(AMOUNT, {"人": "string"}, '> 1 | "甲"', hit="COLLECT", sum="SUM")), "SUM 只能用于一个数字"),
        (file(table(AMOUNT, {"人": "string"}, '> 1 | "甲"', hit="BEST")), "不认识的命中规则“BEST”"),
        (file(table(AMOUNT, {"人": "string"}, '"甲"')), "规则 1的单元格数与列数不符"),
        (file(table({"": "string"}, {"人": "string"})), "第 1 个输入列没有写明取哪个数据项"),
        (file(table({"时": "dateTime"}, {"人": "string"})), "不支持的类型“dateTime”"),
        (file(table({"year(日)": "number"}, {"人": "string"}, '1 | "甲"')), "没有名为“日”的数据项"),
        (file(table(AMOUNT, {"人": "string"}, '__import__("os") | "甲"')), "没有名为“__import__”的函数"),
        (file(table(AMOUNT, {"a": "string"}, needs=("x",))), "依赖的决策“x”不在文件中"),
        (file(expression("t", "t", "u", ("u",)), expression("u", "u", "t", ("t",))), "互相依赖：t → u → t"),
        (file('<decision id="t" name="空"/>'), "“空”没有决策表，也没有表达式"),
        (file('<decision id="t"><invocation/></decision>'), "不支持的元素 <invocation>"),
    ],
)  # fmt: skip
def test_what_cannot_be_accepted_is_said_with_its_place(xml, reason):
    with pytest.raises(DmnError, match=reason):
        compile_decision(read(xml), "t")


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "第 1 行：文件带有 DTD 声明"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DTD"),
        (b"<a>\n<b></a>", "第 2 行：不是完整的 XML"),
        (b"<a>" * 300, "层次或元素过多"),
        (b"<a>" + b" " * 4 * 1024 * 1024, "文件过大"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "编码"),
    ],
)
def test_dangerous_and_broken_files_are_refused(xml, reason):
    with pytest.raises(XmlError, match=reason):
        read(xml)


# The check before use


def said(xml: bytes, **names: Domain) -> list[tuple[str, str]]:
    return [(f.code, f.message) for f in check(read(xml), names)]


def test_overlaps_and_gaps_of_numbers_dates_and_choices_in_words():
    positive = Domain(NUMBER, low=Decimal(0))
    xml = file(table(AMOUNT, {"人": "string"}, '< 1000 | "甲"', '(1000..5000] | "乙"', '>= 5000 | "丙"'))
    assert said(xml, 金额=positive) == [
        ("dmn-overlap", "规则 2与规则 3重叠：金额 等于 5000 时两条都命中"),
        ("dmn-gap", "决策表“t”有遗漏：金额 等于 1000 时没有规则"),
    ]
    xml = file(table({"日": "date"}, {"人": "string"}, '< date("2026-01-01") | "甲"', '> date("2026-01-31") | "乙"'))
    assert said(xml) == [
        ("dmn-gap", "决策表“t”有遗漏：日 不早于 2026-01-01 且不晚于 2026-01-31 时没有规则"),
    ]
    kinds = Domain(TEXT, values=("车", "房", "地"))
    xml = file(table({"类": "string", "急": "boolean"}, {"人": "string"}, '"车" | - | "甲"', '"车","房" | true | "乙"'))
    assert said(xml, 类=kinds) == [
        ("dmn-overlap", "规则 1与规则 2重叠：类 为 “车”，急 为 “是” 时两条都命中"),
        ("dmn-gap", "决策表“t”有遗漏：类 为 “房”，急 为 “否” 时没有规则"),
        ("dmn-gap", "决策表“t”有遗漏：类 为 “地” 时没有规则"),
    ]


def test_whole_numbers_and_listed_values_leave_no_false_gap():
    whole = file(table({"人数": "integer"}, {"人": "string"}, '<= 5 | "甲"', '>= 6 | "乙"'))
    assert said(whole) == []
    assert said(whole, 人数=Domain(NUMBER))[0][0] == "dmn-gap"  # five and a half
    assert said(whole, 人数=Domain(NUMBER, whole=True, optional=True)) == [
        ("dmn-gap", "决策表“t”有遗漏：人数 没有填 时没有规则")
    ]
    listed = file(table({"类": "string"}, {"人": "string"}, '"a" | "甲"', '"b" | "乙"', allowed={"类": '"a","b"'}))
    assert said(listed) == []


def test_hidden_never_empty_and_differing_rules_are_found_and_lists_may_leave_gaps():
    rules = ('< 10 | "甲"', '[3..5] | "乙"', '[9..2] | "丙"', '- | "丁"')
    assert said(file(table(AMOUNT, {"人": "string"}, *rules, hit="FIRST"))) == [
        ("dmn-never", "规则 3永远不会命中：列“金额”的条件没有一个值能满足"),
        ("dmn-hidden", "规则 2永远轮不到：它的情形都已被前面的规则取走"),
    ]
    assert said(file(table(AMOUNT, {"人": "string"}, '< 10 | "甲"', '[3..5] | "乙"', hit="COLLECT"))) == []
    assert [c for c, _ in said(file(table(AMOUNT, {"人": "string"}, '< 10 | "甲"', '>= 3 | "乙"', hit="ANY")))] == [
        "dmn-any-differs"
    ]
    assert said(file(table(AMOUNT, {"人": "string"}, '< 10 | "甲"', '>= 3 | "甲"', hit="ANY"))) == []
    assert said(file(table(AMOUNT, {"人": "string"})))[0][0] == "dmn-empty"
    assert said(file(table(AMOUNT, {"人": "string"}, '> "x" | "甲"')))[0][0] == "dmn-invalid"


def test_what_cannot_be_proven_is_said_and_no_false_alarm_raised():
    xml = file(table(AMOUNT, {"人": "string"}, '< 限额 | "甲"', '>= 限额 | "乙"'))
    assert [c for c, _ in said(xml, 限额=Domain(NUMBER))] == ["dmn-unproven"]


def test_columns_that_draw_on_the_same_item_raise_no_false_alarm():
    twice = file(
        table({"金额": "number", "金额 + 0": "number"}, {"人": "string"}, '>= 1 | < 5 | "甲"', '>= 5 | - | "乙"')
    )
    assert [c for c, _ in said(twice)] == ["dmn-unproven"]
    level = table(AMOUNT, {"级": "number"}, "< 100 | 1", ">= 100 | 2", id="level", name="级别")
    through = table({"级别": "number", "金额": "number"}, {"人": "string"}, '1 | < 100 | "甲"', '2 | >= 100 | "乙"',
                    needs=("level",))  # fmt: skip
    assert [c for c, _ in said(file(level, through))] == ["dmn-unproven"]
    years = file(table({"year(日)": "number"}, {"人": "string"}, '<= 2025 | "甲"', '>= 2026 | "乙"'))
    assert said(years, 日=Domain(DATE)) == []


cells = {
    "n": st.sampled_from(["-", "< 2", "<= 3", "> 1", "[1..3]", "]1..3[", "2, 4", "not(3)", "(2..4), 1", "not([2..3])"]),
    "s": st.sampled_from(["-", '"a"', '"a","b"', 'not("a")', 'not("b","c")']),
    "b": st.sampled_from(["-", "true", "false"]),
}
NUMBERS = [Decimal(n) / 2 for n in range(12)]
ALL = [(n, s, b) for n in NUMBERS for s in "abc" for b in (True, False)]


def plain(cell: str, value) -> bool:
    """What a cell means, read by hand."""
    return {
        "-": lambda v: True, "< 2": lambda v: v < 2, "<= 3": lambda v: v <= 3, "> 1": lambda v: v > 1,
        "[1..3]": lambda v: 1 <= v <= 3, "]1..3[": lambda v: 1 < v < 3, "2, 4": lambda v: v in (2, 4),
        "not(3)": lambda v: v != 3, "(2..4), 1": lambda v: 2 < v < 4 or v == 1, "not([2..3])": lambda v: not 2 <= v <= 3,
        '"a"': lambda v: v == "a", '"a","b"': lambda v: v in "ab", 'not("a")': lambda v: v != "a",
        'not("b","c")': lambda v: v == "a", "true": lambda v: v is True, "false": lambda v: v is False,
    }[cell](value)  # fmt: skip


POLICIES = ["UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT"]
LISTS = {"RULE ORDER", "OUTPUT ORDER", "COLLECT"}
SUMS = {"": list, "SUM": sum, "MIN": min, "MAX": max, "COUNT": len}


def expected(hit: str, total: str, hits: list[int]):
    """The result of a table whose rule k gives k, higher ones first in priority. Raises where the policy is broken."""
    if hit in ("UNIQUE", "ANY") and len(hits) > 1:
        raise DmnError("")
    if hit == "COLLECT":
        return SUMS[total](hits) if hits or total in ("", "COUNT") else None
    if hit in LISTS:
        return hits if hit == "RULE ORDER" else hits[::-1]
    if not hits:
        return None
    return hits[-1] if hit == "PRIORITY" else hits[0]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(cells["n"], cells["s"], cells["b"]), min_size=1, max_size=5),
    st.sampled_from(POLICIES),
    st.sampled_from(sorted(SUMS)),
)
def test_tables_agree_with_a_plain_reading_and_so_does_their_check(rules, hit, total):
    texts = [f"{n} | {s} | {b} | {k}" for k, (n, s, b) in enumerate(rules)]
    total = total if hit == "COLLECT" else ""
    columns = {"n": "number", "s": "string", "b": "boolean"}
    xml = file(table(columns, {"k": "number"}, *texts, hit=hit, sum=total, allowed={"k": "4,3,2,1,0"}))
    decider = compile_decision(read(xml), "t")
    hits = {}
    for point in ALL:
        hits[point] = [k for k, rule in enumerate(rules) if all(map(plain, rule, point))]
        env = dict(zip("nsb", point, strict=True))
        try:
            wanted = expected(hit, total, hits[point])
        except DmnError:
            with pytest.raises(DmnError):
                decider(env)
        else:
            assert decider(env).value == wanted
    names = {"n": Domain(NUMBER, low=NUMBERS[0], high=NUMBERS[-1]), "s": Domain(TEXT, values=tuple("abc"))}
    codes = {f.code for f in check(read(xml), names)}
    many, none = any(len(h) > 1 for h in hits.values()), any(not h for h in hits.values())
    assert ("dmn-gap" in codes) == (none and (hit not in LISTS or total not in ("", "COUNT")))
    assert ("dmn-overlap" in codes) == (many and hit == "UNIQUE")
    assert ("dmn-any-differs" in codes) == (many and hit == "ANY")
    idle = any(not any(h[:1] == [k] for h in hits.values()) for k in range(len(rules)))
    if hit == "FIRST":
        assert ({"dmn-hidden", "dmn-never"} & codes != set()) == idle
