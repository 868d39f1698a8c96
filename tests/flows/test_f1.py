"""The rows of the matrix of workflow engines (anchors, F1), each as what an office does with it."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from shuzheng.base.accounts.models import Account, Person
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, jobs, simple, trials
from shuzheng.base.flows.bpmn.reading import read
from shuzheng.base.flows.models import Case, Definition, Delegation, Step, Task, Timer
from shuzheng.base.standards import working_days
from shuzheng.kernel.errors import Denied, Invalid, TooMany
from tests.flows.conftest import OFFICE, Desk, fresh, step, steps, story, waiting

pytestmark = pytest.mark.django_db

THREE = [
    step("draft", "核稿", "role:reviewer@organ", mode="any"),
    step("head", "审签", "role:leader@organ"),
    step("upper", "批办", "role:leader@upper"),
]
BOTH = [step("sign", "会签", "role:reviewer@organ", mode="all"), step("head", "签发", "role:leader@organ")]


def test_bpmn_import_export(desk: Desk):
    definition = desk.publish(THREE)
    assert definition.bpmn == desk.publish_text(definition.bpmn, "ask").bpmn  # word for word
    assert [s.name for s in read(definition.bpmn).steps.values()] == ["核稿", "审签", "批办"]


def test_unsupported_elements_are_refused_with_name_and_place(desk: Desk):
    text = desk.publish(THREE).bpmn.replace(
        '<bpmn:endEvent id="end"',
        '<bpmn:adHocSubProcess id="free" name="自由办"/>\n<bpmn:transaction id="whole" name="整体"/>\n<bpmn:endEvent id="end"',
    )
    with pytest.raises(Invalid) as caught:
        read(text)
    assert [(f.field, f.row) for f in caught.value.faults] == [("free", 36), ("whole", 37)]
    assert "自由办" in caught.value.faults[0].message and "adHocSubProcess" in caught.value.faults[0].message


def test_simple_designer_beside_bpmn():
    told = {
        "code": "buy", "name": "采购", "name_en": "", "group": "", "about": "", "basis": "", "title": "", "withdraw": "first",
        "fields": [{"code": "amount", "label": "金额", "label_en": "", "kind": "money", "required": True, "unit": "元",
                    "options": [], "help": "", "start": "edit"}],
        "steps": [
            {"type": "step", "id": "a", "name": "审", "kind": "approve", "mode": "any", "who": ["head"], "cc": ["starter"]},
            {"type": "branch", "id": "b", "name": "金额", "arms": [
                {"name": "大额", "when": "amount > 5000", "steps": [
                    {"type": "together", "id": "t", "name": "", "arms": [
                        {"name": "", "steps": [{"type": "step", "id": "c", "name": "财务", "kind": "approve", "mode": "share",
                                                "share": "0.6", "who": ["role:reviewer@organ"], "cc": [], "due": "2d",
                                                "skip": True, "fields": {"amount": "required"}}]},
                        {"name": "", "steps": [{"type": "step", "id": "d", "name": "知会", "kind": "copy", "mode": "single",
                                                "who": ["starter"], "cc": []}]},
                    ]},
                ]},
                {"name": "其余", "steps": [], "when": ""},
            ]},
        ],
    }  # fmt: skip
    assert simple.from_bpmn(simple.to_bpmn(told)) == told


def test_countersign_any_and_sequence(desk: Desk):
    case = desk.start("经办", desk.publish(BOTH))
    for name in ("甲", "乙", "丙"):
        assert name in waiting(case)
        desk.agree(name, case)
    assert waiting(case) == ["主任"]
    either = desk.start("经办", desk.publish([{**BOTH[0], "mode": "any"}, BOTH[1]]))
    assert waiting(either) == ["丙", "乙", "甲"]
    desk.agree("乙", either)
    assert waiting(either) == ["主任"]
    row = desk.start("经办", desk.publish([{**BOTH[0], "mode": "sequence"}, BOTH[1]]))
    for name in ("甲", "乙", "丙"):
        assert waiting(row) == [name]
        desk.agree(name, row)
    assert waiting(row) == ["主任"]


def test_add_and_remove_signers(desk: Desk):
    case = desk.start("经办", desk.publish(BOTH))
    desk.do("甲", actions.add_signers, case, to=[desk.post("局长")], before=True)
    assert waiting(case) == ["丙", "乙", "局长"]  # 甲 waits for whom they asked first
    desk.agree("局长", case, text="请补依据")
    assert waiting(case) == ["丙", "乙", "甲"]
    desk.do("甲", actions.add_signers, case, to=[desk.post("局长"), desk.post("主任")], before=False)
    with system_scope("tests").activate():
        other = Task.objects.get(case_id=case.pk, person="主任", state="queued")
    desk.do("甲", actions.remove_signer, case, other=other.pk)
    for name in ("甲", "乙", "丙"):
        desk.agree(name, case)
    assert waiting(case) == ["局长"]  # added after: all others have signed
    desk.agree("局长", case)
    assert waiting(case) == ["主任"]
    assert "甲 sign_before" in story(case) and "甲 unsign" in story(case)


def test_transfer_delegate_and_standing_delegation(desk: Desk):
    definition = desk.publish(THREE)
    case = desk.start("经办", definition)
    desk.do("甲", actions.transfer, case, to=desk.post("局长"), text="归您管")
    assert "甲" not in waiting(case) and "局长" in waiting(case)
    desk.agree("局长", case)
    desk.do("主任", actions.delegate, case, to=desk.post("乙"))
    assert waiting(case) == ["乙"]
    desk.agree("乙", case, text="核过了")
    assert waiting(case) == ["主任"]  # 委派 comes back
    head, today = desk.people["主任"], timezone.localdate()
    row = Delegation()
    row.node_id, row.path = head.organ_id, head.organ_path
    with head.scope.activate():
        actions.save_delegations([row], actor=head, to=desk.post("丙"), first=today, last=today, codes=["ask"])
    other = desk.start("经办", definition)
    desk.agree("甲", other)
    assert waiting(other) == ["丙"]
    assert desk.task("丙", other).behalf == "主任"
    with head.scope.activate():
        actions.end_delegations([row], actor=head)
    last = desk.start("经办", definition)
    desk.agree("甲", last)
    assert waiting(last) == ["主任"]


def test_return_to_any_step_and_recall(desk: Desk):
    case = desk.start("经办", desk.publish(THREE))
    desk.agree("甲", case)
    desk.agree("主任", case)
    desk.do("局长", actions.send_back, case, text="依据不清", to="draft")
    assert waiting(case) == ["甲"]  # whoever did it, does it again
    desk.agree("甲", case)
    desk.agree("主任", case)
    desk.do("局长", actions.send_back, case, text="改标题", to="", straight=True)
    assert waiting(case) == ["经办"]
    desk.agree("经办", case, values={"subject": "买打印纸"})
    assert waiting(case) == ["局长"] and fresh(case).title == "买打印纸"  # straight back to who returned it
    desk.do("局长", actions.send_back, case, text="再议", to="")
    assert waiting(case) == ["经办"]
    desk.agree("经办", case)
    assert waiting(case) == ["甲"]  # from the beginning
    with desk.people["经办"].scope.activate():
        actions.withdraw([fresh(case)], actor=desk.people["经办"])
    assert waiting(case) == ["经办"]
    desk.agree("经办", case)
    desk.agree("甲", case)
    with desk.people["甲"].scope.activate():
        mine = Task.objects.filter(case_id=case.pk, person_id=desk.people["甲"].person_id).latest("done_at")
        actions.undo([mine], actor=desk.people["甲"])
    assert waiting(case) == ["丙", "乙", "甲"]  # 或签: open to all of them again


def test_a_loop_is_returned_forty_times(desk: Desk):
    case = desk.start("经办", desk.publish(THREE[1:]))
    for _round in range(40):
        desk.agree("主任", case)
        desk.do("局长", actions.send_back, case, text="再核")
    desk.agree("主任", case)
    desk.agree("局长", case)
    assert fresh(case).state == "done"


def test_revoke_and_terminate(desk: Desk):
    definition = desk.publish(THREE)
    one, two = desk.start("经办", definition), desk.start("经办", definition)
    with desk.people["甲"].scope.activate(), pytest.raises(Denied):
        actions.revoke([fresh(one)], actor=desk.people["甲"], text="我不想批")
    with desk.people["经办"].scope.activate():
        actions.revoke([one], actor=desk.people["经办"], text="不买了")
    with desk.people["主任"].scope.activate():
        actions.terminate([two], actor=desk.people["主任"], text="重复")
    assert (fresh(one).state, fresh(two).state) == ("revoked", "ended")
    assert waiting(one) == waiting(two) == []


def test_claim_and_urge(desk: Desk):
    case = desk.start("经办", desk.publish([step("pool", "受理", "role:reviewer@organ", mode="claim")]))
    desk.do("乙", actions.claim, case)
    assert waiting(case) == ["乙"]
    with desk.people["经办"].scope.activate():
        actions.urge([fresh(case)], actor=desk.people["经办"], text="下午要用")
        with pytest.raises(TooMany):
            actions.urge([fresh(case)], actor=desk.people["经办"])


def test_copies_and_passing_round_with_marks(desk: Desk):
    case = desk.start("经办", desk.publish([step("one", "审批", "role:leader@organ", cc=["role:reviewer@organ"])]))
    desk.agree("甲", case)  # 已阅
    desk.agree("主任", case)
    assert fresh(case).state == "done"  # nobody waits for those who get a copy
    with desk.people["主任"].scope.activate():
        actions.hand_round([fresh(case)], actor=desk.people["主任"], to=[desk.post("局长")], role="read")
    with system_scope("tests").activate():
        read_by = {t.person: bool(t.done_at) for t in Task.objects.filter(case_id=case.pk, role__in=Task.TO_READ)}
    assert read_by == {"甲": True, "乙": False, "丙": False, "局长": False}


def test_same_person_again_is_skipped(desk: Desk):
    again = step("again", "复核", "role:leader@organ", skip=True)
    case = desk.start("经办", desk.publish([THREE[1], again, THREE[2]]))
    desk.agree("主任", case)
    assert waiting(case) == ["局长"]
    assert "主任 skip" in story(case)


def test_field_rights_per_node_hide(desk: Desk):
    definition = desk.publish([step("one", "审批", "role:leader@organ", fields={"amount": "hidden"})])
    case = desk.start("经办", definition, amount="5")
    with pytest.raises(Invalid):
        desk.agree("主任", case, values={"amount": "6"})


@pytest.mark.parametrize(
    ("overdue", "then", "said"),
    [
        ("remind", ["主任"], "系统 remind"),
        ("escalate", ["主任", "副局长"], "系统 escalate"),
        ("pass", ["局长"], "系统 auto_pass"),
        ("return", ["经办"], "系统 auto_back"),
    ],
)
def test_timeout_actions(desk: Desk, overdue: str, then: list[str], said: str):
    if overdue == "escalate":
        desk.hire("副局长", OFFICE, "leader")
        only = step("one", "审批", f"person:{_number(desk, '主任')}", due="1d", overdue=overdue)
    else:
        only = step("one", "审批", "role:leader@organ", due="1d", overdue=overdue, every="1d")
    case = desk.start("经办", desk.publish([only, THREE[2]]))
    with system_scope("tests").activate():
        timer = Timer.objects.get(case_id=case.pk)
        assert timer.at > timezone.now()
        Timer.objects.filter(pk=timer.pk).update(at=timezone.now() - timedelta(days=40))  # the system was down
    jobs.tick()
    jobs.tick()
    assert waiting(case) == then
    assert story(case).count(said) == 1
    if overdue == "remind":  # and again the next working day
        with system_scope("tests").activate():
            again = Timer.objects.get(case_id=case.pk, done_at=None)
            assert (again.what, again.every) == ("remind", "1d") and again.at > timezone.now()
            Timer.objects.filter(pk=again.pk).update(at=timezone.now() - timedelta(hours=1))
        jobs.tick()
        assert story(case).count(said) == 2


def _number(desk: Desk, who: str) -> str:
    with system_scope("tests").activate():
        return Person.objects.get(pk=desk.people[who].person_id).number


def test_dmn(desk: Desk):
    """Who decides is read from a decision table as dmn-js writes it."""
    dmn = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="x">
    <decision id="level" name="审批层级"><decisionTable id="t" hitPolicy="UNIQUE">
      <input id="i"><inputExpression id="e" typeRef="number"><text>amount</text></inputExpression></input>
      <output id="o" name="approver" typeRef="string"/>
      <rule id="r1"><inputEntry id="a"><text>&lt; 5000</text></inputEntry><outputEntry id="b"><text>"role:leader@organ"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c"><text>[5000..100000)</text></inputEntry><outputEntry id="d"><text>"role:leader@upper"</text></outputEntry></rule>
    </decisionTable></decision></definitions>"""
    text = simple.to_bpmn(
        {"code": "dmn", "name": "分级", "fields": [{"code": "subject", "label": "事由"}, {"code": "amount", "label": "金额", "kind": "money"}],
         "steps": [step("one", "审批", "head")]}
    )  # fmt: skip
    text = text.replace('rule="head"', 'rule="=approver"').replace(
        'sourceRef="start" targetRef="one"', 'sourceRef="start" targetRef="rule"'
    ).replace(
        '<bpmn:endEvent id="end"',
        '<bpmn:businessRuleTask id="rule" name="定层级"><bpmn:extensionElements><x:calledDecisionId'
        ' xmlns:x="http://spiffworkflow.org/bpmn/schema/1.0/core">level</x:calledDecisionId></bpmn:extensionElements>'
        '</bpmn:businessRuleTask><bpmn:sequenceFlow id="f9" sourceRef="rule" targetRef="one"/><bpmn:endEvent id="end"',
    )  # fmt: skip
    definition = desk.publish_text(text, "dmn", {"level": dmn})
    assert waiting(desk.start("经办", definition, amount="300")) == ["主任"]
    assert waiting(desk.start("经办", definition, amount="5000")) == ["局长"]


def test_instances_keep_their_edition(desk: Desk):
    case = desk.start("经办", desk.publish(THREE))
    desk.publish(THREE[2:])  # replaced in mid-flight
    desk.agree("甲", case)
    assert waiting(case) == ["主任"]
    assert fresh(case).definition.edition == 1 and fresh(case).definition.state == "retired"
    assert steps(case) == [("核稿", "passed"), ("审签", "open")]


def test_no_script_of_an_administrator_runs(desk: Desk):
    """The engine's own script engine evaluates Python; ours has no way to it."""
    text = desk.publish([step("one", "审批", "head")], "evil").bpmn
    for script in ("x = __import__('os').getcwd()", "import os", "x = open('/etc/passwd').read()", "x = 9 ** 9 ** 9"):
        bad = text.replace(
            '<bpmn:endEvent id="end"',
            f'<bpmn:scriptTask id="s"><bpmn:script>{script}</bpmn:script></bpmn:scriptTask><bpmn:endEvent id="end"',
        )
        with pytest.raises(Invalid):
            read(bad)
    with pytest.raises(Invalid):
        read('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + text)


def test_migrate_running_instance(desk: Desk):
    definition = desk.publish(THREE)
    passed, stuck = desk.start("经办", definition), desk.start("经办", definition)
    desk.agree("甲", passed)
    newer = desk.publish([THREE[0], THREE[1], step("both", "会签", "role:reviewer@organ", mode="all")])
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.admin.person_id))
    desk.publish([*THREE[1:], step("last", "归档", "starter")])
    newest = desk.publish([step("new", "预审", "role:reviewer@organ"), *THREE[1:]])
    shown = client.get(f"/flows/definitions/{newest.pk}/").content.decode()
    assert "走不到“审签”" in shown and "走不到“核稿”" in shown  # told beforehand: a new first step stands in the way
    assert newer.edition == 2 and newest.edition == 4
    last = desk.publish([THREE[0], THREE[1], step("last", "归档", "starter")])
    moved = client.post(f"/flows/definitions/{last.pk}/do/migrate/", {"case": [str(passed.pk), str(stuck.pk)]})
    assert moved.status_code == 302
    assert fresh(passed).definition.edition == fresh(stuck).definition.edition == 5
    assert waiting(passed) == ["主任"] and waiting(stuck) == ["丙", "乙", "甲"]
    desk.agree("主任", passed)
    assert waiting(passed) == ["经办"]  # by the new edition


def test_unit_tests_of_diagrams(desk: Desk):
    """A definition carries test cases; one that fails keeps the next edition from being published, and says where."""
    size = {"type": "branch", "id": "size", "name": "金额", "arms": [
        {"name": "大额", "when": "amount >= 5000", "steps": [BOTH[0], THREE[2]]}, {"name": "其余", "when": "", "steps": [BOTH[1]]},
    ]}  # fmt: skip
    definition = desk.publish([size])
    told = [
        {"name": "小额，主任签发", "values": {"subject": "买纸", "amount": "300"}, "do": [{"step": "head"}],
         "expect": {"path": ["head"], "outcome": "done", "end": "end"}},
        {"name": "大额，一人不同意", "values": {"subject": "买车", "amount": "60000"}, "people": {"sign": 3},
         "do": [{"step": "sign", "count": 2}, {"step": "sign", "verb": "refuse"}],
         "expect": {"path": ["sign"], "outcome": "refused"}},
    ]  # fmt: skip
    with desk.admin.scope.activate():
        trials.save_trials([definition], actor=desk.admin, trials=trials.clean(told))
    results = [trials.run(definition, t) for t in definition.trials]
    assert [r.faults for r in results] == [[], []]
    assert trials.coverage(definition, results).missed_steps == ["批办"]
    size["arms"][0]["when"] = "amount >= 200"
    with pytest.raises(Invalid) as caught:
        desk.publish([size])
    assert [f.message for f in caught.value.faults] == [
        "测试用例“小额，主任签发”没有通过：第 1 步：轮到“签发”同意时，流程停在“会签”。应到“签发”，实到“会签”。"
        "应到“办结”，实为“没有到结束”。结果应为“已通过”，实为“办理中”。"
    ]  # fmt: skip
    with system_scope("tests").activate():
        assert not Case.objects.exists()  # no case was touched


def test_heat_map_of_load(desk: Desk):
    """The step at which cases stand longest is the darkest of the diagram."""
    definition = desk.publish(THREE)
    for _n in range(2):
        case = desk.start("经办", definition)
        desk.agree("甲", case)
        desk.agree("主任", case)
        with system_scope("tests").activate():
            today = timezone.localdate()
            for element, days in (("head", 9), ("upper", 5)):
                first, last = (
                    timezone.make_aware(datetime.combine(day, time.min))
                    for day in (working_days.add(today, -days), today)
                )
                Step.objects.filter(case_id=case.pk, element=element).update(opened_at=first, closed_at=last)
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.people["主任"].person_id))
    shown = client.get("/flows/statistics/ask/").content.decode()
    looks = re.findall(r'<g class="nd (\w+)".*?class="a">(.*?)<', shown)
    assert looks == [("h1", "核稿"), ("h5", "审签"), ("h3", "批办")]
    assert "停留最久的环节：审签 18.0 个工作日、批办 10.0 个工作日、核稿" in shown


def test_soundness_deadlock_check_at_publish(desk: Desk):
    """A join that can never fire keeps a process from being published, and is named with its line."""
    both = {"type": "together", "id": "both", "name": "同时", "arms": [
        {"name": "", "steps": [BOTH[0]]}, {"name": "", "steps": [BOTH[1]]},
    ]}  # fmt: skip
    text = desk.publish([both]).bpmn
    stuck = text.replace(
        '<bpmn:parallelGateway id="both" name="同时"', '<bpmn:exclusiveGateway id="both" name="同时" default="flow3"'
    )
    flow = re.search(r'<bpmn:sequenceFlow id="(flow\d+)" sourceRef="both" targetRef="sign"/>', stuck)
    other = re.search(r'<bpmn:sequenceFlow id="(flow\d+)" sourceRef="both" targetRef="head"/>', stuck)
    assert flow and other
    condition = "<bpmn:conditionExpression>amount > 5</bpmn:conditionExpression>"
    stuck = stuck.replace(flow[0], f"{flow[0][:-2]}>{condition}</bpmn:sequenceFlow>").replace(
        'default="flow3"', f'default="{other[1]}"'
    )
    with pytest.raises(Invalid) as caught:
        desk.publish_text(stuck, "ask")
    [fault] = caught.value.faults
    assert (fault.field, "永远等不齐" in fault.message) == ("both_join", True) and fault.row
    with system_scope("tests").activate():
        assert Definition.objects.get(code="ask", state="published").edition == 1
