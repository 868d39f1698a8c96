"""A case from its start to its end, and the signatures of a step."""

from __future__ import annotations

import pytest
from django.db import connection

from shuzheng.base.flows import actions
from shuzheng.base.flows.reaching import inbox
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from tests.flows.conftest import OFFICE, Desk, fresh, step, steps, story, waiting

pytestmark = pytest.mark.django_db


def test_a_request_goes_by_its_amount_to_the_head_and_to_the_tier_above(desk: Desk):
    definition = desk.publish([
        step("check", "核对", "role:leader@organ"),
        {"type": "branch", "id": "big", "arms": [
            {"name": "五千以上", "when": "amount > 5000", "steps": [step("upper", "上级审批", "role:leader@upper")]},
            {"name": "其余", "when": "", "steps": []},
        ]},
    ])  # fmt: skip
    small, big = desk.start("经办", definition, amount="300"), desk.start("经办", definition, amount="8000.50")
    assert small.number != big.number and small.title == "买纸"
    assert waiting(small) == ["主任"]
    desk.agree("主任", small)
    assert fresh(small).state == "done"
    desk.agree("主任", big, text="拟同意")
    assert waiting(big) == ["局长"]
    desk.refuse("局长", big)
    assert fresh(big).state == "refused"
    assert story(big) == ["经办 start", "主任 pass", "局长 refuse"]


@pytest.mark.parametrize(
    ("mode", "votes", "left", "state"),
    [
        ("all", {"甲": True, "乙": False}, ["丙"], "running"),  # everybody is heard
        ("all", {"甲": True, "乙": False, "丙": True}, [], "refused"),
        ("all", {"甲": True, "乙": True, "丙": True}, [], "done"),
        ("veto", {"甲": True, "乙": False}, [], "refused"),
        ("share", {"甲": True, "乙": True}, [], "done"),
        ("share", {"甲": False, "乙": False}, [], "refused"),
        ("any", {"乙": True}, [], "done"),
        ("sequence", {"甲": True}, ["乙"], "running"),
        ("sequence", {"甲": True, "乙": False}, [], "refused"),
    ],
)
def test_signatures_of_a_step(desk: Desk, mode: str, votes: dict[str, bool], left: list[str], state: str):
    definition = desk.publish([step("sign", "会签", "role:reviewer@organ", mode=mode, share="0.6")])
    case = desk.start("经办", definition)
    for name, agrees in votes.items():
        desk.agree(name, case) if agrees else desk.refuse(name, case)
    assert (waiting(case), fresh(case).state) == (left, state)


def test_nobody_decides_twice_nor_for_somebody_else(desk: Desk):
    case = desk.start("经办", desk.publish([step("sign", "会签", "role:reviewer@organ", mode="all")]))
    task = desk.task("甲", case)
    desk.agree("甲", case)
    with desk.people["甲"].scope.activate(), pytest.raises(Conflict):
        actions.decide([task], actor=desk.people["甲"], verdict="refuse", text="改主意")
    with desk.people["乙"].scope.activate(), pytest.raises(Denied):
        actions.decide([desk.task("丙", case)], actor=desk.people["乙"], verdict="pass")


def test_nobody_for_a_step_goes_by_its_rule_and_never_silently(desk: Desk):
    desk.hire("管理员", OFFICE, "business_admin")
    to_admin = desk.publish([step("one", "审批", "post:没有这个岗位@organ")], "one")
    skipped = desk.publish(
        [step("one", "审批", "post:没有@organ", empty="skip"), step("two", "签发", "role:leader@organ")], "two"
    )
    refused = desk.publish([step("one", "审批", "post:没有@organ", empty="refuse")], "three")
    assert "管理员" in waiting(desk.start("经办", to_admin))
    case = desk.start("经办", skipped)
    assert waiting(case) == ["主任"]
    assert story(case) == ["经办 start", "经办 skip"] and steps(case)[0] == ("审批", "skipped")
    with pytest.raises(Invalid, match="没有人可以办"):
        desk.start("经办", refused)


def test_the_form_is_checked_by_the_rights_of_the_step(desk: Desk):
    definition = desk.publish([
        step("check", "核价", "role:leader@organ", fields={"amount": "required"}),
        step("sign", "签发", "role:leader@upper"),
    ])  # fmt: skip
    with pytest.raises(Invalid):
        desk.start("经办", definition, subject="")
    case = desk.start("经办", definition)
    with pytest.raises(Invalid, match="表单还没填好"):
        desk.agree("主任", case)
    with pytest.raises(Invalid, match="表单还没填好"):
        desk.agree("主任", case, values={"amount": "10", "subject": "改了"})
    desk.agree("主任", case, values={"amount": "1,200.5"})
    assert fresh(case).values["amount"] == "1200.5"
    assert waiting(case) == ["局长"]


def test_the_inbox_is_one_question_of_one_index(desk: Desk, django_assert_num_queries):
    definition = desk.publish([step("one", "审批", "role:leader@organ")])
    urgent = desk.start("经办", definition, urgent=True)
    desk.start("经办", definition)
    with desk.people["主任"].scope.activate():
        with django_assert_num_queries(1):
            first = list(inbox(desk.people["主任"])[:50])
        assert first[0].case_id == urgent.pk and len(first) == 2
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = inbox(desk.people["主任"])[:50].explain()
    assert "flows_task_inbox" in plan and "Sort" not in plan, plan
