"""Bad days: people leave, messages come early or twice, many decide at once."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from shuzheng.base.accounts.models import Person
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, jobs
from shuzheng.kernel.errors import Invalid
from tests.flows.conftest import OFFICE, Desk, fresh, step, steps, story, waiting


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
def test_a_process_that_goes_in_a_circle_by_itself_is_stopped(desk: Desk):
    text = desk.publish([{"type": "branch", "id": "b", "name": "", "arms": [
        {"name": "", "when": "amount > 0", "steps": [step("one", "审批", "post:没有@organ", empty="skip")]},
        {"name": "", "when": "", "steps": []},
    ]}]).bpmn.replace('sourceRef="one" targetRef="b_join"', 'sourceRef="one" targetRef="b"')  # fmt: skip
    with pytest.raises(Invalid, match="绕了圈"):
        desk.start("经办", desk.publish_text(text, "ask"), amount="1")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_countersign_at_once(nation):
    """Each decision counts once, whatever the order; nobody waits for ever."""
    desk = Desk(nation)
    desk.hire("经办", OFFICE)
    names = [f"签{n}" for n in range(10)]
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
