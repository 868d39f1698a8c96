"""Calls of other definitions: one case for all of it, the edition taken when the call begins, and a check of what must fit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, calling, comparing, defining, packages, trials
from shuzheng.base.flows.models import Definition, Step
from shuzheng.kernel.errors import Invalid
from tests.flows.conftest import OFFICE, UPPER, Desk, fresh, step, steps, story, waiting
from tests.flows.test_pages import browser

pytestmark = pytest.mark.django_db

COPIES = {"code": "copies", "label": "份数", "kind": "number", "required": True}
DONE = {"code": "sealed", "label": "印章名称", "kind": "text", "start": "read"}
SUBJECT = {"code": "subject", "label": "事由", "kind": "text", "required": True}
SEAL = [
    step("check", "核稿", "role:reviewer@organ", fields={"sealed": "hidden"}, back="any"),
    step("stamp", "盖章", "=if copies > 5 then \"role:leader@organ\" else \"starter\"", fields={"sealed": "required"}),
]  # fmt: skip
GIVEN = '<sz:input name="copies" value="amount * 2"/><sz:output name="seal_name" value="sealed"/>'
OURS = [
    SUBJECT, {"code": "amount", "label": "金额", "kind": "money", "unit": "元"},
    {"code": "seal_name", "label": "所用印章", "kind": "text", "start": "read"},
]  # fmt: skip


def seal(desk: Desk, code: str = "seal", **values: Any) -> Definition:
    return desk.publish(SEAL, code, **{"name": "用印", "fields": [SUBJECT, COPIES, DONE], **values})


def calling_text(given: str = GIVEN, code: str = "seal", own: str = "doc", fields: Any = None) -> str:
    """发文: 审核, then a call of 用印, then 归档 by whom the seal's name says nothing about."""
    from shuzheng.base.flows import simple

    drawn = simple.to_bpmn(
        {
            "code": own, "name": "发文", "title": "{subject}", "fields": OURS if fields is None else fields,
            "steps": [step("a", "审核", "role:leader@organ"), step("use", "去用印", "starter"), step("z", "归档", "starter")],
        }
    )  # fmt: skip
    inside = f"<bpmn:extensionElements><sz:call>{given}</sz:call></bpmn:extensionElements>"
    call = f'<bpmn:callActivity id="use" name="去用印" calledElement="{code}">{inside}</bpmn:callActivity>'
    return re.sub(r'<bpmn:userTask id="use".*?</bpmn:userTask>', call, drawn, flags=re.S)


def opened(desk: Desk, definition: Definition, amount: str = "2") -> Any:
    case = desk.start("经办", definition, amount=amount)
    desk.agree("主任", case)
    return case


def test_a_case_runs_through_the_definition_that_it_calls(desk: Desk):
    seal(desk)
    case = opened(desk, desk.publish_text(calling_text(), "doc"))
    now = fresh(case)
    assert waiting(case) == ["丙", "乙", "甲"] and now.stands_at == "核稿"
    assert (
        now.values["use.copies"] == "4" and now.values["use.sealed"] is None
    )  # what was given; what only it has is empty
    page = browser(desk, "甲").get(f"/flows/{case.pk}/").content.decode()
    assert (
        "用印 · 份数" in page and "金额" not in page.split("流程</h2>")[0]
    )  # its people see what it was given, and no more
    assert page.count('data-id="use.') == 2 and 'data-id="a"' in page and '<g class="fr">' in page
    desk.agree("甲", case)
    assert waiting(case) == ["经办"]  # the rule of the called process is worked out among its own fields
    with pytest.raises(Invalid, match="表单还没填好"):
        desk.agree("经办", case)
    desk.agree("经办", case, values={"use.sealed": "行政章"})
    now = fresh(case)
    assert now.stands_at == "归档" and now.values["seal_name"] == "行政章"
    page = browser(desk, "经办").get(f"/flows/{case.pk}/").content.decode()
    assert "所用印章" in page and "行政章" in page
    desk.agree("经办", case)
    assert fresh(case).state == "done"
    assert [name for name, _state in steps(case)] == ["审核", "核稿", "盖章", "归档"]


def test_the_edition_is_the_one_in_force_when_the_call_begins(desk: Desk):
    seal(desk)
    definition = desk.publish_text(calling_text(), "doc")
    early, late = (desk.start("经办", definition, amount="2") for _n in range(2))
    desk.agree("主任", early)
    changed = [SEAL[0] | {"name": "严格核稿"}, *SEAL[1:]]
    second = desk.publish(changed, "seal", name="用印", fields=[SUBJECT, COPIES, DONE])
    desk.agree("主任", late)
    assert (fresh(early).stands_at, fresh(late).stands_at) == ("核稿", "严格核稿")
    assert fresh(late).links == {"use": str(second.pk)}
    desk.agree("甲", early)
    assert fresh(early).stands_at == "盖章"


def test_it_is_sent_back_out_of_a_call_and_comes_again(desk: Desk):
    seal(desk)
    case = opened(desk, desk.publish_text(calling_text(), "doc"), amount="1")
    desk.do("甲", actions.send_back, case, text="金额不对", to="a")
    assert fresh(case).stands_at == "审核"
    desk.agree("主任", case)
    assert fresh(case).stands_at == "核稿"
    desk.agree("甲", case)
    desk.do("经办", actions.send_back, case, text="再核", to="use.check")
    assert waiting(case) == ["甲"]  # who had it has it again
    desk.agree("甲", case)
    desk.agree("经办", case, values={"use.sealed": "党组章"})
    desk.agree("经办", case)
    assert fresh(case).state == "done" and "甲 back" in story(case)


def test_the_same_is_called_twice_and_a_called_one_calls_on(desk: Desk):
    """Each call has its own fields; what calls on is named behind it."""
    seal(desk)
    desk.publish_text(calling_text(own="middle"), "middle")
    outer = calling_text('<sz:input name="amount" value="amount + 1"/>', "middle", "outer", OURS)
    case = opened(desk, desk.publish_text(outer, "outer"), amount="2")
    assert fresh(case).stands_at == "审核"
    desk.agree("主任", case)
    now = fresh(case)
    assert now.values["use.amount"] == "3" and now.values["use.use.copies"] == "6"
    desk.agree("甲", case)
    assert waiting(case) == ["主任"]  # more than five copies
    desk.agree("主任", case, values={"use.use.sealed": "钢印"})
    assert fresh(case).values["seal_name"] == "钢印"  # the middle one's field is the outer's: they have the same name
    for _n in range(2):
        desk.agree("经办", case)
    assert fresh(case).state == "done"


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (GIVEN, "stamp", "没有发布"),
        (GIVEN, "doc", "不能调用自己"),
        ("", "seal", "要填“份数”，没有给它"),
        (GIVEN.replace("amount * 2", "subject"), "seal", "份数："),
        (GIVEN.replace('name="copies"', 'name="pages"'), "seal", "没有字段“pages”"),
        (GIVEN.replace("seal_name", "stamped"), "seal", "这里没有“stamped”"),
        (GIVEN.replace('value="sealed"', 'value="amount"'), "seal", "所用印章："),
    ],
    ids=["not published", "itself", "a field missing", "a wrong type", "no such field", "nowhere to put it", "not theirs to name"],
)  # fmt: skip
def test_what_does_not_fit_is_said_before_publishing(desk: Desk, given: str, code: str, said: str):
    seal(desk)
    with pytest.raises(Invalid) as refused:
        desk.publish_text(calling_text(given, code), "doc")
    assert any(said in fault.message and fault.field == "use" for fault in refused.value.faults)


def test_a_circle_and_a_field_of_another_kind_are_refused(desk: Desk):
    seal(desk)
    desk.publish_text(calling_text(), "doc")
    with pytest.raises(Invalid) as refused:
        desk.publish_text(calling_text("", "doc", "seal"), "seal")
    assert "seal → doc → seal" in refused.value.faults[0].message
    seal(desk, "other", fields=[SUBJECT | {"kind": "long"}, COPIES, DONE])
    with pytest.raises(Invalid) as refused:
        desk.publish_text(calling_text(code="other", own="two"), "two")
    assert "同名字段“subject”" in refused.value.faults[0].message


def test_who_is_called_is_neither_broken_nor_retired(desk: Desk):
    definition = seal(desk)
    desk.publish_text(calling_text(), "doc")
    more = {"code": "leader", "label": "批准人", "kind": "text", "required": True}
    with pytest.raises(Invalid) as refused:
        seal(desk, fields=[SUBJECT, COPIES, DONE, more])
    assert "“发文”在调用它" in refused.value.faults[0].message and "批准人" in refused.value.faults[0].message
    with pytest.raises(Invalid, match="这些流程在调用它，不能停用：发文"), desk.admin.scope.activate():
        defining.retire([definition], actor=desk.admin)


def test_a_case_that_runs_goes_on_when_all_is_retired(desk: Desk):
    """Before its call, and afterwards; what it has taken it keeps."""
    called, definition = seal(desk), desk.publish_text(calling_text(), "doc")
    case = desk.start("经办", definition, amount="2")
    with desk.admin.scope.activate():
        for row in (definition, called):
            row.refresh_from_db()
            defining.retire([row], actor=desk.admin)
    desk.agree("主任", case)
    assert fresh(case).stands_at == "核稿" and fresh(case).links == {"use": str(called.pk)}
    assert "核稿" in browser(desk, "甲").get(f"/flows/{case.pk}/").content.decode()


def test_the_nearest_in_force_is_called(desk: Desk):
    """A county that has its own 用印 calls its own; until then that of the city above."""
    upper = desk.nation.actor(UPPER, "business_admin", at="33/11/")
    with upper.scope.activate():
        row = Definition(code="seal", node_id=upper.organ_id, path=upper.organ_path)
        text = seal(desk).bpmn.replace("核稿", "市里核稿")
        [row] = defining.save_definitions([row], actor=upper, bpmn=text)
        defining.publish([row], actor=upper)
    own = calling.current("seal", OFFICE)
    assert own is not None and own.node_id == desk.admin.organ_id
    with desk.admin.scope.activate():
        defining.retire([own], actor=desk.admin)
    case = opened(desk, desk.publish_text(calling_text(), "doc"))
    assert fresh(case).stands_at == "市里核稿"


def test_test_cases_go_through_calls_and_packages_say_what_they_need(desk: Desk):
    seal(desk)
    definition = desk.publish_text(calling_text(), "doc")
    [made] = trials.clean([{
        "name": "六份", "values": {"subject": "函", "amount": "3"},
        "do": [{"step": "a"}, {"step": "use.check"}, {"step": "use.stamp", "values": {"use.sealed": "行政章"}}, {"step": "z"}],
        "expect": {"path": ["a", "use.check", "use.stamp", "z"], "outcome": "done"},
    }])  # fmt: skip
    with desk.admin.scope.activate():
        assert trials.run(definition, made).faults == []
        needs = packages.needs(packages.pack(definition))
    assert [(n["code"], n["name"]) for n in needs] == [("seal", "用印")]
    text, _tables, _tests = packages.unpack(packages.pack(definition))
    assert text == definition.bpmn


def test_another_call_is_a_difference(desk: Desk):
    one, other = (comparing.Side.of(calling_text(given), {}) for given in (GIVEN, GIVEN.replace("* 2", "* 3")))
    [found] = comparing.differences(one, other)
    assert found.of == "part" and "amount * 2" in found.words and "amount * 3" in found.words


def test_a_definition_that_calls_shows_whom(desk: Desk):
    seal(desk)
    definition = desk.publish_text(calling_text(), "doc")
    desk.hire("管理", OFFICE, "business_admin", at="33/11/23/")
    page = browser(desk, "管理").get(f"/flows/definitions/{definition.pk}/").content.decode()
    assert "调用“用印”" in page and 'data-id="use.check"' in page
    with system_scope("tests").activate():
        assert not Step.objects.filter(element="use").exists()
