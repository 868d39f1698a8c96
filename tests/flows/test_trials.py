"""Test cases of definitions, and past cases played again by a new edition."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from shuzheng.base.accounts.models import Account
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, packages, replaying, shipped, simple, trials
from shuzheng.base.flows.models import Case, Definition
from shuzheng.kernel.errors import Invalid
from tests.flows.conftest import FIELDS, Desk, fresh, step

pytestmark = pytest.mark.django_db

SMALL = [step("head", "审签", "role:leader@organ")]
JOINT = [step("sign", "会签", "role:reviewer@organ", mode="all"), step("upper", "批办", "role:leader@upper")]


def branch(limit: int, large: list, small: list) -> dict:
    arms = [
        {"name": "大额", "when": f"amount >= {limit}", "steps": large},
        {"name": "其余", "when": "", "steps": small},
    ]
    return {"type": "branch", "id": "size", "name": "金额", "arms": arms}


def drawn(*steps: dict, tables: dict[str, str] | None = None, **values: object) -> Definition:
    """A definition that is nowhere stored."""
    told = {"code": "ask", "name": "请示", "title": "{subject}", "fields": FIELDS, "steps": list(steps), **values}
    row = Definition(code="ask", name="请示", bpmn=simple.to_bpmn(told), tables=tables or {})
    row.path = "33/11/23/0/goa/"
    return row


def trial(
    do: list | None = None, *, path: list | None = None, outcome: str = "", end: str = "", **values: object
) -> dict:
    [made] = trials.clean([{
        "name": "甲", "values": {"subject": "买纸", "amount": "300"}, "do": do or [],
        "expect": {"path": path or [], "outcome": outcome, "end": end}, **values,
    }])  # fmt: skip
    return made


def faults(definition: Definition, made: dict) -> list[str]:
    return trials.run(definition, made).faults


def test_a_case_tells_where_first_it_goes_another_way():
    definition = drawn(branch(5000, JOINT, SMALL))
    small = trial([{"step": "head"}], path=["head"], outcome="done", end="end")
    assert faults(definition, small) == []
    assert faults(definition, {**small, "values": {"subject": "买车", "amount": "5000"}}) == [
        "第 1 步：轮到“审签”同意时，流程停在“会签”。", "应到“审签”，实到“会签”。",
        "应到“办结”，实为“没有到结束”。", "结果应为“已通过”，实为“办理中”。",
    ]  # fmt: skip
    assert faults(definition, trial([{"step": "head"}, {"step": "head"}])) == [
        "第 2 步：事项已经办结，这一步没有用上。"
    ]
    assert faults(definition, trial(values={"amount": "三百"}))[0].startswith("发起：表单还没填好。")


@pytest.mark.parametrize(
    ("mode", "do", "path", "outcome"),
    [
        ("all", [{"step": "sign", "count": 2}, {"step": "sign", "verb": "refuse"}], ["sign"], "refused"),
        ("all", [{"step": "sign"}], ["sign", "upper"], "running"),
        ("veto", [{"step": "sign", "verb": "refuse"}], ["sign"], "refused"),
        ("share", [{"step": "sign", "count": 2}, {"step": "upper"}], ["sign", "upper"], "done"),
        ("sequence", [{"step": "sign", "count": 1}, {"step": "sign", "count": 2}, {"step": "upper"}], ["sign", "upper"], "done"),
        ("any", [{"step": "sign", "count": 1}, {"step": "upper", "verb": "refuse"}], ["sign", "upper"], "refused"),
        ("all", [{"step": "sign", "verb": "back", "to": "", "straight": True}, {"step": ""}, {"step": "sign"}],
         ["sign", "upper"], "running"),
        ("all", [{"step": "sign"}, {"step": "upper", "verb": "back", "to": "sign"}, {"step": "sign"}, {"step": "upper"}],
         ["sign", "upper", "sign", "upper"], "done"),
        ("all", [{"step": "sign", "verb": "sign_after", "count": 2}, {"step": "sign", "count": 3}, {"step": "sign", "count": 1},
                 {"step": "sign", "verb": "refuse"}], ["sign"], "refused"),
        ("all", [{"step": "sign", "verb": "sign_before"}, {"step": "sign", "verb": "unsign"}, {"step": "sign"}],
         ["sign", "upper"], "running"),
        ("all", [{"step": "sign"}, {"step": "sign", "verb": "undo"}, {"step": "sign"}, {"step": "upper"}], ["sign", "upper"], None),
        ("all", [{"verb": "withdraw"}, {"step": ""}, {"step": "sign", "verb": "late"}, {"verb": "revoke"}], ["sign", "sign"],
         "revoked"),
    ],
)  # fmt: skip
def test_all_that_people_do_can_be_played(mode: str, do: list, path: list, outcome: str | None):
    first = {**JOINT[0], "mode": mode, "share": "0.6", "due": "1d"}
    made = trial(do, path=path, outcome=outcome or "", people={"sign": 3})
    found = trials.run(drawn(first, JOINT[1]), made)
    if outcome is None:  # taken back: the step opened after it is dropped, and opens again
        assert found.run.path == ["sign", "upper", "upper"] and found.run.outcome == "done"
    else:
        assert found.faults == []


def test_time_limits_and_nobody():
    passes = drawn(step("one", "审批", "head", due="2d", overdue="pass"), step("two", "批办", "head"))
    assert faults(passes, trial([{"step": "one", "verb": "late"}], path=["one", "two"], outcome="running")) == []
    skips = drawn(step("one", "审批", "role:leader@organ", empty="skip"), step("two", "批办", "role:leader@organ"))
    assert faults(skips, trial([{"step": "two"}], path=["one", "two"], outcome="done", people={"one": 0})) == []
    again = drawn(step("one", "审批", "role:leader@organ"), step("two", "复核", "role:leader@organ", skip=True))
    assert faults(again, trial([{"step": "one"}], path=["one", "two"], outcome="done")) == []


def test_coverage_names_what_no_case_passed():
    definition = drawn(branch(5000, JOINT, SMALL))
    small = trials.run(definition, trial([{"step": "head"}]))
    found = trials.coverage(definition, [small])
    assert found.missed_steps == ["会签", "批办"]
    assert found.missed_flows == ["金额 → 会签（大额）", "会签 → 批办", "批办 → size_join"]
    large = trials.run(
        definition, trial([{"step": "sign"}, {"step": "upper"}], values={"subject": "车", "amount": "5000"})
    )
    whole = trials.coverage(definition, [small, large])
    assert (whole.share, whole.missed_steps, whole.missed_flows) == (1, [], [])
    assert ("会签", "本单位 审核人") in large.whom


def test_tables_timers_and_messages(desk: Desk):
    """A boundary timer, a message that is waited for, and a decision table that names who decides."""
    dmn = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
    <decision id="level" name="层级"><decisionTable id="t" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="e" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="o" name="approver" typeRef="string"/>
      <rule id="r1"><inputEntry id="a"><text>&lt; 5000</text></inputEntry><outputEntry id="b"><text>"role:leader@organ"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c"><text>[5000..100000)</text></inputEntry><outputEntry id="d"><text>"role:leader@upper"</text></outputEntry></rule>
    </decisionTable></decision></definitions>"""
    definition = drawn(step("one", "审批", "head"))
    definition.bpmn = definition.bpmn.replace('rule="head"', 'rule="=approver"').replace(
        'sourceRef="start" targetRef="one"', 'sourceRef="start" targetRef="rule"'
    ).replace('sourceRef="one" targetRef="end"', 'sourceRef="one" targetRef="paid"').replace(
        '<bpmn:endEvent id="end"',
        '<bpmn:businessRuleTask id="rule" name="定层级"><bpmn:extensionElements><x:calledDecisionId'
        ' xmlns:x="http://spiffworkflow.org/bpmn/schema/1.0/core">level</x:calledDecisionId></bpmn:extensionElements>'
        '</bpmn:businessRuleTask><bpmn:sequenceFlow id="f9" sourceRef="rule" targetRef="one"/>'
        '<bpmn:receiveTask id="paid" name="等付款" messageRef="m1"/><bpmn:boundaryEvent id="long" attachedToRef="paid">'
        '<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
        '<bpmn:sequenceFlow id="f11" sourceRef="long" targetRef="late"/><bpmn:endEvent id="late" name="没有付"/>'
        '<bpmn:sequenceFlow id="f10" sourceRef="paid" targetRef="end"/><bpmn:endEvent id="end"',
    ).replace("<bpmn:process ", '<bpmn:message id="m1" name="付款"/><bpmn:process ')  # fmt: skip
    definition.tables = {"level": dmn}
    small = trial([{"step": "one"}, {"verb": "message", "to": "付款"}], end="end", outcome="done")
    found = trials.run(definition, small)
    assert (found.faults, found.whom) == ([], [("审批", "本单位 负责人")])
    large = trial(
        [{"step": "one"}, {"verb": "timer", "step": "long"}], end="late", values={"subject": "车", "amount": "6000"}
    )
    found = trials.run(definition, large)
    assert (found.faults, found.whom) == ([], [("审批", "上级主管部门 负责人")])
    assert faults(definition, trial([{"verb": "message", "to": "付款"}])) == ["第 1 步：没有在等消息“付款”。"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": ""}], "0.name"),
        ([{"name": "甲"}, {"name": "甲"}], "重复"),
        ([{"name": "甲", "do": [{"verb": "eval"}]}], "0.do.0.verb"),
        ([{"name": "甲", "more": 1}], "0.more"),
        ({"name": "甲"}, "写得不对"),
    ],
)
def test_what_is_no_test_case_is_refused(rows: object, said: str):
    with pytest.raises(Invalid) as caught:
        trials.clean(rows)
    assert said in caught.value.faults[0].message


def test_publishing_runs_them_and_the_next_edition_keeps_them(desk: Desk):
    definition = desk.publish([branch(5000, JOINT, SMALL)])
    small = trial([{"step": "head"}], path=["head"], outcome="done")
    with desk.admin.scope.activate():
        trials.save_trials([definition], actor=desk.admin, trials=[small])
    with pytest.raises(Invalid) as caught:
        desk.publish([branch(200, JOINT, SMALL)])  # now three hundred is a large sum
    assert "测试用例“甲”没有通过" in caught.value.faults[0].message
    warned = desk.publish([branch(200, JOINT, SMALL)], tests="warn")
    assert (warned.edition, warned.trials, warned.state) == (2, [small], "published")


@pytest.mark.parametrize("file", sorted(shipped.DATA.glob("*.bpmn")), ids=lambda f: f.stem)
def test_shipped_processes_are_tested_through(file: Path):
    """Every step and flow of what ships is passed by a test case that goes as expected."""
    tables = {t.stem.partition(".")[2]: t.read_text(encoding="utf-8") for t in file.parent.glob(f"{file.stem}.*.dmn")}
    row = Definition(code=file.stem, bpmn=file.read_text(encoding="utf-8"), tables=tables)
    results = [
        trials.run(row, t) for t in trials.read_file(file.with_suffix(".tests.json").read_text(encoding="utf-8"))
    ]
    assert [r.faults for r in results if r.faults] == []
    found = trials.coverage(row, results)
    assert (found.missed_steps, found.missed_flows) == ([], [])


# past cases


def _finished(desk: Desk) -> tuple[Case, Case]:
    """Two cases that are over: a small one, and one that was returned and grew on the way."""
    definition = desk.publish([branch(5000, JOINT, SMALL)])
    small = desk.start("经办", definition, amount="4000")
    desk.agree("主任", small)
    grown = desk.start("经办", definition, amount="300")
    desk.do("主任", actions.send_back, grown, text="数量不对", to="")
    desk.agree("经办", grown, values={"subject": "买车", "amount": "60000"})
    for name in ("甲", "乙"):
        desk.agree(name, grown)
    desk.refuse("丙", grown)
    assert (fresh(small).state, fresh(grown).state) == ("done", "refused")
    return small, grown


def test_a_past_case_becomes_a_test_case(desk: Desk):
    _small, grown = _finished(desk)
    with desk.people["主任"].scope.activate():
        made = replaying.trial_of(fresh(grown), "退回后改大")
    assert made["values"] == {"subject": "（事由）", "amount": "300"}  # who reads the test may not see the case
    assert made["do"] == [
        {"step": "head", "verb": "back", "count": 0, "values": {}, "to": "", "straight": False},
        {"step": "", "verb": "pass", "count": 1, "values": {"subject": "（事由）", "amount": "60000"}, "to": None, "straight": False},
        {"step": "sign", "verb": "pass", "count": 2, "values": {}, "to": None, "straight": False},
        {"step": "sign", "verb": "refuse", "count": 1, "values": {}, "to": None, "straight": False},
    ]  # fmt: skip
    assert made["expect"] == {"path": ["head", "sign"], "end": "", "outcome": "refused"}
    assert faults(fresh(grown).definition, made) == []


def test_replay_tells_which_would_go_another_way(desk: Desk, django_assert_num_queries):
    small, grown = _finished(desk)
    with desk.admin.scope.activate():
        [draft] = _draft(desk, [branch(3000, JOINT, SMALL)])
        cases = replaying.finished(desk.admin, draft)
        assert {c.pk for c in cases} == {small.pk, grown.pk}
        with django_assert_num_queries(8, exact=False):
            found = {r.case.pk: r for r in replaying.replay(cases, draft)}
    assert not found[grown.pk].differs
    other = found[small.pk]
    assert other.where == "发起之后"
    assert other.why == "原到“审签”，现到“会签”。分支“金额”原走“其余”，现走“大额”。"


@pytest.mark.parametrize(
    ("steps", "where", "why"),
    [
        ([step("new", "预审", "head"), branch(5000, JOINT, SMALL)], "发起之后", "新版多了“预审”。"),
        ([branch(5000, JOINT, [step("other", "核稿", "head")])], "发起之后", "新版多了“核稿”。"),
        ([branch(5000, JOINT, [{**SMALL[0], "fields": {"number": "required"}}])], "审签 同意", "表单还没填好。请填写“文号”。"),
        ([branch(5000, JOINT, [*SMALL, step("last", "归档", "starter")])], "“审签”之后", "新版多了“归档”。"),
    ],
)  # fmt: skip
def test_replay_says_where_and_why(desk: Desk, steps: list, where: str, why: str):
    small, _grown = _finished(desk)
    more = {"fields": [*FIELDS, {"code": "number", "label": "文号", "kind": "text", "start": "hidden"}]}
    with desk.admin.scope.activate():
        [draft] = _draft(desk, steps, **more)
        found = {r.case.pk: r for r in replaying.replay(replaying.finished(desk.admin, draft), draft)}
    assert (found[small.pk].where, found[small.pk].why) == (where, why)


def test_who_took_part_replays_a_case_of_another_organ_and_sees_no_other(desk: Desk):
    definition = desk.publish([step("one", "审签", "role:leader@organ"), step("two", "批办", "role:leader@upper")])
    passed, refused = desk.start("经办", definition), desk.start("经办", definition)
    desk.agree("主任", passed)
    desk.agree("局长", passed)
    desk.refuse("主任", refused)
    newer = desk.publish(SMALL)
    seen = {}
    for who in (desk.people["局长"], desk.admin, desk.hire("邻", "33/11/22/0/goa/", "leader"), desk.people["甲"]):
        with who.scope.activate():
            seen[who.name] = {r.case.pk: r.differs for r in replaying.replay(replaying.finished(who, newer), newer)}
    assert seen["局长"] == {passed.pk: True}, "supervises the county, and sees what came to them alone"
    assert seen[desk.admin.name] == seen["甲"] == {passed.pk: True, refused.pk: True}
    assert seen["邻"] == {}


def _draft(desk: Desk, steps: list, **values: object) -> list[Definition]:
    from shuzheng.base.flows.defining import save_definitions

    told = {"code": "ask", "name": "请示", "title": "{subject}", "fields": FIELDS, "steps": steps, **values}
    row = Definition.objects.get(code="ask", state="published")
    return save_definitions([row], actor=desk.admin, bpmn=simple.to_bpmn(told))


# pages and programs


def test_the_page_adds_tries_and_keeps_a_case(desk: Desk):
    definition = desk.publish([branch(5000, JOINT, SMALL)])
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.admin.person_id))
    base = f"/flows/definitions/{definition.pk}"
    assert "还没有测试用例" in client.get(f"{base}/tests/").content.decode()
    sent = {
        "name": "大额", "tier": "4", "f-subject": "买车", "f-amount": "60000", "people-sign": "3",
        "step-0": "sign", "verb-0": "pass", "step-1": "upper", "verb-1": "refuse", "step-2": "sign", "verb-2": "",
    }  # fmt: skip
    tried = client.post(f"{base}/tests/new/", {**sent, "path": "sign head", "try": "1"}).content.decode()
    assert "应到“审签”，实到“批办”" in tried and "上级主管部门 负责人" in tried
    assert client.post(f"{base}/tests/new/", {**sent, "verb-0": "hack", "save": "1"}).status_code == 422
    assert client.post(f"{base}/tests/new/", {**sent, "take": "1"}).status_code == 302
    with system_scope("tests").activate():
        [kept] = Definition.objects.get(pk=definition.pk).trials
    assert kept["expect"] == {"path": ["sign", "upper"], "end": "", "outcome": "refused"} and kept["people"] == {
        "sign": 3
    }
    shown = client.get(f"{base}/tests/").content.decode()
    assert "全部通过" in shown and "没有经过的环节" in shown and "审签" in shown
    assert 'value="refuse" selected' in client.get(f"{base}/tests/0/").content.decode()
    file = client.get(f"{base}/tests.json")
    assert trials.read_file(file.content.decode()) == [kept] and packages.unpack(packages.pack(definition))[2] == []
    definition.trials = [kept]
    assert packages.unpack(packages.pack(definition))[2] == [kept]
    client.post(f"{base}/tests/do/delete/", {"name": "大额"})
    assert "还没有测试用例" in client.get(f"{base}/tests/").content.decode()
    from io import BytesIO

    upload = BytesIO(file.content)
    upload.name = "ask.tests.json"
    client.post(f"{base}/tests/do/import/", {"file": upload})
    assert "全部通过" in client.get(f"{base}/tests/").content.decode()


def test_the_page_of_past_cases(desk: Desk):
    small, _grown = _finished(desk)
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.people["主任"].person_id))
    with system_scope("tests").activate():
        definition = fresh(small).definition
    assert client.get(f"/flows/definitions/{definition.pk}/tests/").status_code == 200
    desk.publish([branch(3000, JOINT, SMALL)])
    with system_scope("tests").activate():
        newer = Definition.objects.get(code="ask", state="published")
    shown = client.get(f"/flows/definitions/{newer.pk}/replay/").content.decode()
    assert "走法不同" in shown and "分支“金额”原走“其余”，现走“大额”。" in shown
    assert client.post(f"/flows/definitions/{newer.pk}/tests/do/past/", {"case": str(small.pk)}).status_code == 403
    editor = Client()
    editor.force_login(Account.objects.get(person_id=desk.admin.person_id))
    assert editor.post(f"/flows/definitions/{newer.pk}/tests/do/past/", {"case": str(small.pk)}).status_code == 302
    with system_scope("tests").activate():
        [made] = Definition.objects.get(pk=newer.pk).trials
    assert made["expect"]["path"] == ["head"] and small.number in made["name"]


def test_programs_run_and_replay(desk: Desk):
    from tests.flows.test_pages import Caller

    small, grown = _finished(desk)
    admin = Caller(desk.admin)
    first = fresh(small).definition
    kept = admin.send(
        "PUT", f"/flows/definitions/{first.pk}/tests", {"tests": [{"name": "小", "do": [{"step": "head"}]}]}
    )
    assert kept["tests"][0]["expect"] == {"path": [], "end": "", "outcome": ""}
    found = admin.send("POST", f"/flows/definitions/{first.pk}/tests/run", {})
    assert not found["passed"] and found["results"][0]["faults"][0].startswith("发起：表单还没填好。请填写“事由”")
    both = admin.send("POST", f"/flows/definitions/{first.pk}/tests/past", {"case": str(grown.pk), "name": "改大"})
    assert [t["name"] for t in both["tests"]] == ["小", "改大"]
    with desk.admin.scope.activate():
        [draft] = _draft(desk, [branch(3000, JOINT, SMALL)])
    assert [t["name"] for t in draft.trials] == ["小", "改大"]
    said = admin.get(f"/flows/definitions/{draft.pk}/replay?limit=10")
    assert (said["total"], said["same"], [r["number"] for r in said["rows"]]) == (2, 1, [small.number])
