"""The check before publishing: finds each fault of the collection, passes what is sound, and says it in words."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from shuzheng.kernel.bpmn import BpmnError, Surroundings, check, read
from shuzheng.kernel.expr import BOOLEAN, DATE, NUMBER, TEXT, Domain, list_of
from shuzheng.kernel.findings import Severity
from tests.kernel.bpmn.drawing import draw, read_collection

HERE = Path(__file__).parent
FAULTY = read_collection(HERE / "faulty.txt")
SOUND = read_collection(HERE / "sound.txt")
AROUND = Surroundings(
    names={
        "金额": Domain(NUMBER, low=Decimal(0)),
        "限额": Domain(NUMBER, low=Decimal(0)),
        "人数": Domain(NUMBER, low=Decimal(0), whole=True),
        "类别": Domain(TEXT, values=("车辆", "房屋", "其他")),
        "结果": Domain(TEXT, values=("同意", "退回", "不同意")),
        "急件": Domain(BOOLEAN),
        "日期": Domain(DATE),
        "事由": Domain(TEXT),
        "名单": Domain(list_of(TEXT)),
    },
    processes=frozenset({"purchase"}),
    decisions=frozenset({"level"}),
    messages=frozenset({"已缴费", "撤回申请", "下级来文"}),
    signals=frozenset({"年度结转"}),
    longest=6,
)


def test_the_collections_are_large_enough():
    assert len(FAULTY) >= 32
    assert len(SOUND) >= 30
    assert len({code for sample in FAULTY for code, _ in sample.expected}) >= 35


@pytest.mark.parametrize("sample", FAULTY, ids=lambda s: s.title)
def test_every_fault_is_found_and_nothing_else_is_said(sample):
    found = check(read(sample.xml), AROUND)
    assert sorted((f.code, f.place.id) for f in found) == sorted(sample.expected)
    lines = sample.xml.decode().split("\n")
    for finding in found:
        assert f'"{finding.place.id}"' in lines[finding.place.line - 1]
        assert str(finding).startswith(f"第 {finding.place.line} 行：")


@pytest.mark.parametrize("sample", SOUND, ids=lambda s: s.title)
def test_what_is_sound_passes(sample):
    assert [str(f) for f in check(read(sample.xml), AROUND)] == []


def said(text: str, around: Surroundings = AROUND) -> list[str]:
    return [finding.message for finding in check(read(draw(text)), around)]


def sample(title: str) -> list[str]:
    one = next(s for s in FAULTY if s.title.startswith(title))
    return [finding.message for finding in check(read(one.xml), AROUND)]


def test_findings_say_the_case_and_the_way():
    assert sample("金额有空隙") == ["“金额多大”有情形无路可走：金额 等于 1000 时没有一条出线的条件成立，也没有默认出线"]
    assert sample("金额重叠") == ["“金额多大”的出线“g_a”与“g_b”重叠：金额 不低于 5000 且不高于 10000 时两个条件都成立"]
    assert sample("是否只写了") == [
        "“g”有情形无路可走：急件 为 “否”，金额 不高于 100 时没有一条出线的条件成立，也没有默认出线"
    ]
    assert sample("先二选一") == ["“汇合”永远等不齐：要等的分支不会都来（甲）"]
    assert sample("催办又走回") == ["“归档”会执行两次：并行的分支没有先汇合就走到一处（审批 → 三天 → 归档 → 归档）"]
    assert sample("不支持的元素") == ["“复杂网关”是平台不支持的元素 <complexGateway>"]
    assert sample("条件里的数据项") == ["连线“g_a”的条件“金而 > 1000”用到了没有的数据项：“金而”"]


def test_an_example_is_told_where_a_condition_cannot_be_taken_apart():
    drawing = "start s\nxor g\nend e\nend x\ns > g\ng > e : year(日期) = 2026\ng > x : year(日期) > 2026"
    outcome = said(drawing)
    assert outcome == ["“g”没有默认出线，而条件是否包括了所有情形无法事先判定"]
    overlap = drawing.replace("> 2026", "> 2025")
    assert "日期 例如 2026-01-01 时两个条件都成立" in said(overlap)[0]


def test_what_is_not_known_is_not_checked_but_conditions_are_read():
    drawing = "start s\nxor g\ncall c | of=anything\nend e\ns > g\ng > c : 未知 > 1\ng > e : *\nc > e"
    assert said(drawing, Surroundings()) == []
    assert "没有默认出线" in said(drawing.replace(": *", ": 未知 <= 1"), Surroundings())[0]
    assert "无法使用" in said(drawing.replace("> 1", "> "), Surroundings())[0]


def test_an_app_tells_who_has_a_step_and_what_it_does_not_run():
    drawing = "start s\nuser a | nobody\nscript x\nend e\ns > a > x > e"
    assert said(drawing, replace(AROUND, assigned=lambda node: node.id == "a")) == []
    refused = replace(AROUND, refused=frozenset({"scriptTask"}), assigned=lambda node: True)
    assert said(drawing, refused) == ["“x”是平台不支持的元素 <scriptTask>"]


@pytest.mark.parametrize(
    ("attribute", "inner", "assigned"),
    [
        ("", "", False),
        ("", "<bpmn:potentialOwner />", False),
        ("", "<bpmn:humanPerformer><bpmn:resourceRef>r</bpmn:resourceRef></bpmn:humanPerformer>", True),
        ('x:assignee="张三"', "", True),
        ('x:candidateGroups=""', "", False),
        ("", '<bpmn:extensionElements><x:assignmentDefinition assignee="a" /></bpmn:extensionElements>', True),
        ("", "<bpmn:dataInputAssociation><bpmn:assignment /></bpmn:dataInputAssociation>", False),
    ],
)
def test_a_step_is_assigned_in_the_notations_of_the_common_editors(attribute, inner, assigned):
    step = f'raw <bpmn:userTask id="a" xmlns:x="urn:x" {attribute}>{inner}</bpmn:userTask>'
    found = check(read(draw(f"start s\nend e\ns > a > e\n{step}")), AROUND)
    assert [f.code for f in found] == ([] if assigned else ["step-unassigned"])


def test_every_finding_of_the_collection_stands_in_the_manual():
    manual = (HERE.parents[2] / "docs/flows-checks.md").read_text(encoding="utf-8")
    assert [c for sample in FAULTY for c, _ in sample.expected if f"`{c}`" not in manual] == []


def test_large_processes_are_checked_whole():
    """Three hundred steps with returns, and forty branches at once: far more orders of play than could be tried one by one."""
    lines = ["start s", "and f", "and j", "end e", "s > f", "j > e"]
    for b in range(40):
        last = "f"
        for n in range(4):
            lines += [f"user u{b}_{n}", f"xor g{b}_{n}", f"{last} > u{b}_{n} > g{b}_{n}"]
            lines.append(f"g{b}_{n} > u{b}_{n} : 结果 = " + '"退回"')
            last = f"g{b}_{n}"
            lines += [f"xor m{b}_{n}", f"{last} > m{b}_{n} : *"]
            last = f"m{b}_{n}"
        lines.append(f"{last} > j")
    assert said("\n".join(lines)) == []


def test_what_is_too_entangled_is_said_and_its_faults_are_found_all_the_same():
    lines = ["start s", "and f", "and j 汇合", "end e", "s > f", "j > e"]
    for n in range(16):
        lines += [f"user a{n} 处室{n}", f"xor g{n}", f"end x{n}", f"f > a{n} > g{n}"]
        lines += [f'g{n} > j : 结果 = "同意"', f"g{n} > x{n} : *"]
    found = check(read(draw("\n".join(lines))), AROUND)
    assert sorted((f.code, f.place.id, f.severity) for f in found) == [
        ("join-stuck", "j", Severity.ERROR),
        ("too-large", "p", Severity.NOTE),
    ]


def test_what_is_no_bpmn_is_refused():
    with pytest.raises(BpmnError, match="这不是 BPMN 2.0"):
        read(b"<definitions/>")
    empty = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"/>'
    assert [f.code for f in check(read(empty))] == ["no-process"]
