"""Bad days: people leave, messages come early or twice, many decide at once."""

from __future__ import annotations

import json
import re
import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.accounts.models import Person, Post
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, jobs
from shuzheng.base.flows.models import Delegation, Timer
from shuzheng.kernel.errors import Conflict, Invalid
from tests.flows.conftest import OFFICE, Desk, fresh, step, steps, story, waiting
from tests.flows.test_pages import browser


@pytest.mark.django_db
def test_the_approver_leaves(desk: Desk):
    case = desk.start(
        "经办", desk.publish([step("one", "审批", "role:leader@organ"), step("two", "复核", "role:reviewer@organ")])
    )
    desk.hire("新主任", OFFICE, "leader")
    with system_scope("tests").activate():
        Person.objects.filter(pk=desk.people["主任"].person_id).update(is_active=False)
    jobs.rehouse()
    jobs.rehouse()
    assert waiting(case) == ["新主任"]
    desk.agree("新主任", case)
    assert waiting(case) == ["丙", "乙", "甲"]


@pytest.mark.django_db
def test_the_approver_is_on_leave(desk: Desk):
    """What comes in these days goes to the deputy, and says for whom; what waited already, the head's office gives on."""
    definition = desk.publish([step("one", "审批", "role:leader@organ")])
    waited, head = desk.start("经办", definition), desk.people["主任"]
    row, today = Delegation(), timezone.localdate()
    row.node_id, row.path = head.organ_id, head.organ_path
    with head.scope.activate():
        actions.save_delegations([row], actor=head, to=desk.post("甲"), first=today, last=today, reason="年休假")
    came = desk.start("经办", definition)
    assert waiting(came) == ["甲"] and desk.task("甲", came).behalf == "主任"
    keeper, task = desk.hire("管理员", OFFICE, "business_admin"), desk.task("主任", waited)
    with keeper.scope.activate():
        actions.reassign([task], actor=keeper, to=desk.post("甲"), text="主任年休假")
    assert waiting(waited) == ["甲"]


@pytest.mark.django_db
def test_the_post_is_abolished(desk: Desk):
    """Nobody holds a post like it any more: the nearest business administrator gets what waited there, and the story says so."""
    desk.hire("管理员", OFFICE, "business_admin")
    case = desk.start("经办", desk.publish([step("one", "审批", "role:leader@organ")]))
    with system_scope("tests").activate():
        Post.objects.filter(pk=desk.post("主任")).update(valid=DateRange(date(2020, 1, 1), timezone.localdate()))
    jobs.rehouse()
    assert "主任" not in waiting(case) and waiting(case)
    assert "系统 admin" in story(case)


@pytest.mark.django_db
def test_two_people_take_the_same_task(desk: Desk):
    """The first has it; the other is told in words, on the page, too."""
    case = desk.start("经办", desk.publish([step("pool", "受理", "role:reviewer@organ", mode="claim")]))
    late = desk.task("丙", case)
    desk.do("乙", actions.claim, case)
    with desk.people["丙"].scope.activate(), pytest.raises(Conflict, match="已经办过或已取消"):
        actions.claim([late], actor=desk.people["丙"])
    page = browser(desk, "丙").post(f"/flows/{case.pk}/do/claim/", follow=True)
    assert page.status_code in (404, 409) or "已" in page.content.decode()
    assert waiting(case) == ["乙"]


@pytest.mark.django_db
def test_the_form_fails_a_check_at_the_fifth_step(desk: Desk):
    """Nothing of the decision stays, the page says which field and why, and the same person can put it right."""
    four = [step(f"s{n}", f"第{n}步", "role:leader@organ") for n in range(1, 5)]
    fifth = step("s5", "核价", "role:leader@organ", fields={"amount": "required"})
    case = desk.start("经办", desk.publish([*four, fifth, step("s6", "办结", "starter")]))
    for _n in range(4):
        desk.agree("主任", case)
    head = browser(desk, "主任")
    page = head.post(f"/flows/{case.pk}/do/pass/", {"f-amount": "五十元", "text": "同意。"})
    assert page.status_code == 422 and "不是数字" in page.content.decode() and "五十元" in page.content.decode()
    assert waiting(case) == ["主任"] and story(case).count("主任 pass") == 4 and "amount" not in fresh(case).values
    head.post(f"/flows/{case.pk}/do/pass/", {"f-amount": "50", "text": "同意。"})
    assert waiting(case) == ["经办"] and fresh(case).values["amount"] == "50"


@pytest.mark.django_db
def test_a_message_comes_early_and_twice(desk: Desk):
    text = desk.publish([step("one", "审批", "role:leader@organ"), step("two", "验收", "role:leader@upper")]).bpmn
    text = text.replace('sourceRef="one" targetRef="two"', 'sourceRef="one" targetRef="goods"').replace(
        '<bpmn:endEvent id="end"',
        '<bpmn:receiveTask id="goods" name="等到货" messageRef="m"/>'
        '<bpmn:sequenceFlow id="f9" sourceRef="goods" targetRef="two"/><bpmn:endEvent id="end"',
    ).replace("<bpmn:process ", '<bpmn:message id="m" name="到货"/><bpmn:process ')  # fmt: skip
    case = desk.start("经办", desk.publish_text(text, "ask"))

    def deliver() -> None:
        actor = system_actor("flows.engine")
        with actor.scope.activate():
            actions.deliver([fresh(case)], actor=actor, message="到货")

    deliver()
    assert waiting(case) == ["主任"]
    desk.agree("主任", case)
    assert waiting(case) == []
    deliver()
    deliver()
    assert waiting(case) == ["局长"]
    assert [s for s in story(case) if s.startswith("系统")] == ["系统 early", "系统 message", "系统 early"]


@pytest.mark.django_db
def test_a_timer_of_the_process_falls_while_the_system_is_down(desk: Desk):
    """A timer on the border of a step takes the case on when it is noticed, and not when somebody acts next."""
    text = desk.publish([step("one", "审批", "role:leader@organ"), step("two", "催办", "role:reviewer@organ")]).bpmn
    text = text.replace('sourceRef="one" targetRef="two"', 'sourceRef="one" targetRef="end"').replace(
        '<bpmn:endEvent id="end"',
        '<bpmn:boundaryEvent id="late" attachedToRef="one"><bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration>'
        '</bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:sequenceFlow id="f9" sourceRef="late" targetRef="two"/>'
        '<bpmn:endEvent id="end"',
    )  # fmt: skip
    case = desk.start("经办", desk.publish_text(text, "ask"))
    assert waiting(case) == ["主任"]
    with system_scope("tests").activate():
        timer = Timer.objects.get(case_id=case.pk, done_at=None)
        assert timedelta(days=2, hours=23) < timer.at - timezone.now() <= timedelta(days=3)
        long_ago = re.sub(
            r'"event_value": "[^"]+"', '"event_value": "2020-01-01T00:00:00+00:00"', json.dumps(fresh(case).engine)
        )
        Timer.objects.update(at=timezone.now() - timedelta(days=9))
        type(case).objects.filter(pk=case.pk).update(engine=json.loads(long_ago))
    jobs.tick()
    jobs.tick()
    assert waiting(case) == ["丙", "乙", "甲"]
    desk.agree("甲", case)
    assert fresh(case).state == "done"


@pytest.mark.django_db
def test_a_process_that_goes_in_a_circle_by_itself_is_stopped(desk: Desk):
    text = desk.publish([{"type": "branch", "id": "b", "name": "", "arms": [
        {"name": "", "when": "amount > 0", "steps": [step("one", "审批", "post:没有@organ", empty="skip")]},
        {"name": "", "when": "", "steps": []},
    ]}]).bpmn.replace('sourceRef="one" targetRef="b_join"', 'sourceRef="one" targetRef="b"')  # fmt: skip
    with pytest.raises(Invalid, match="绕了圈"):
        desk.start("经办", desk.publish_text(text, "ask"), amount="1")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_countersign_at_once(nation, monkeypatch):
    """Each decision counts once, whatever the order; nobody waits for ever. Fifty connections, not those of one worker's pool."""
    monkeypatch.delitem(connection.settings_dict["OPTIONS"], "pool", raising=False)
    desk = Desk(nation)
    desk.hire("经办", OFFICE)
    names = [f"签{n}" for n in range(50)]
    for name in names:
        desk.hire(name, OFFICE, "reviewer")
    case = desk.start(
        "经办", desk.publish([step("one", "会签", "role:reviewer@organ", mode="all"), step("two", "办", "starter")])
    )
    ready, faults = threading.Barrier(len(names)), []

    def sign(name: str) -> None:
        try:
            ready.wait(timeout=30)
            desk.agree(name, case)
        except Exception as fault:
            faults.append(fault)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert faults == []
    assert waiting(case) == ["经办"]
    assert steps(case) == [("会签", "passed"), ("办", "open")]
    assert sorted(story(case)) == sorted(["经办 start", *(f"{name} pass" for name in names)])
