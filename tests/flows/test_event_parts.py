"""Event sub-processes: what may happen at any time while the rest goes on, ended by it or not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import actions, jobs, trials
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.models import Case, Definition, Timer
from shuzheng.kernel.errors import Invalid
from tests.flows.conftest import Desk, fresh, story, waiting
from tests.flows.test_checking import flow, task
from tests.flows.test_parts import drawn

pytestmark = pytest.mark.django_db

MESSAGE = '<bpmn:messageEventDefinition messageRef="m"/>'
SOON = "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>"
FAILED = '<bpmn:error id="er" name="不成" errorCode="no"/>'


def by_event(event: str, inside: str = "c", *, interrupts: bool = True, ident: str = "u") -> str:
    start = f'<bpmn:startEvent id="{ident}s" name="来了" isInterrupting="{str(interrupts).lower()}">{event}</bpmn:startEvent>'
    body = f'{start}{task(inside, "善后")}<bpmn:endEvent id="{ident}e"/>{flow(f"{ident}s", inside)}{flow(inside, f"{ident}e")}'
    return f'<bpmn:subProcess id="{ident}" name="意外" triggeredByEvent="true">{body}</bpmn:subProcess>'


TWO = task("a", "初审") + task("b", "复审") + flow("s", "a") + flow("a", "b") + flow("b", "e")


def send(case: Case) -> None:
    with system_scope("flows.engine").activate():
        from shuzheng.base.core.actor import system_actor

        actions.deliver([case], actor=system_actor("flows.engine"), message="到货")


def fire(case: Case) -> None:
    with system_scope("tests").activate():
        row = Case.objects.get(pk=case.pk)
        for tasks in (row.engine["flow"]["tasks"], *(s["tasks"] for s in row.engine["flow"]["subprocesses"].values())):
            for one in tasks.values():
                if isinstance(one["internal_data"].get("event_value"), str):
                    one["internal_data"]["event_value"] = (timezone.now() - timedelta(minutes=1)).isoformat()
        Case.objects.filter(pk=case.pk).update(engine=row.engine)
        Timer.objects.filter(case_id=case.pk, done_at=None).update(at=timezone.now() - timedelta(minutes=1))
    jobs.tick()


def test_a_message_from_outside_ends_the_rest_and_begins_it(desk: Desk):
    case = desk.start("经办", desk.publish_text(drawn(TWO + by_event(MESSAGE)), "buy"), amount="1")
    desk.agree("主任", case)
    assert fresh(case).stands_at == "复审"
    send(case)
    assert fresh(case).stands_at == "善后" and "系统 message" in story(case)
    send(case)  # once more comes too late
    assert fresh(case).stands_at == "善后" and "系统 early" in story(case)
    desk.agree("主任", case)
    assert fresh(case).state == "done"


def test_one_that_does_not_interrupt_goes_on_beside_and_is_waited_for(desk: Desk):
    case = desk.start("经办", desk.publish_text(drawn(TWO + by_event(SOON, interrupts=False)), "buy"), amount="1")
    fire(case)
    assert fresh(case).stands_at == "初审、善后" and waiting(case) == ["主任", "主任"]
    for _n in range(2):
        with desk.people["主任"].scope.activate():
            from shuzheng.base.flows.models import Task

            first = Task.objects.filter(case_id=case.pk, state="open").exclude(step_name="善后").get()
            actions.decide([first], actor=desk.people["主任"], verdict="pass")
    assert fresh(case).state == "running" and fresh(case).stands_at == "善后"
    desk.agree("主任", case)
    assert fresh(case).state == "done"


def test_where_nothing_happens_nothing_is_seen_of_it(desk: Desk):
    """Sending back, too, goes as if it were not there."""
    case = desk.start(
        "经办", desk.publish_text(drawn(TWO + by_event(MESSAGE) + by_event(SOON, "w", ident="v")), "buy"), amount="1"
    )
    desk.agree("主任", case)
    desk.do("主任", actions.send_back, case, text="再看", to="a")
    assert fresh(case).stands_at == "初审"
    for _n in range(2):
        desk.agree("主任", case)
    assert fresh(case).state == "done"
    with system_scope("tests").activate():
        assert not Timer.objects.filter(case_id=case.pk, done_at=None).exists()


def test_an_error_inside_a_part_is_caught_there_and_the_case_goes_on():
    """The part is over when what caught the error is over; test cases play it in memory."""
    inner = (
        '<bpmn:startEvent id="ps"/><bpmn:exclusiveGateway id="g" default="f-g-pe"/><bpmn:endEvent id="pe"/><bpmn:endEvent id="bad">'
        '<bpmn:errorEventDefinition errorRef="er"/></bpmn:endEvent>' + task("a", "核查") + flow("ps", "a") + flow("a", "g") + flow("g", "pe")
        + flow("g", "bad", "amount &gt; 100") + by_event('<bpmn:errorEventDefinition errorRef="er"/>')
    )  # fmt: skip
    body = (
        f'<bpmn:subProcess id="part" name="核查部分">{inner}</bpmn:subProcess>'
        + task("z", "归档")
        + flow("s", "part")
        + flow("part", "z")
        + flow("z", "e")
    )
    text = drawn(body).replace("<bpmn:message ", FAILED + "<bpmn:message ", 1)
    row = Definition(code="buy", bpmn=text, tables={})
    for amount, way in (("10", ["a", "z"]), ("500", ["a", "c", "z"])):
        [made] = trials.clean([{
            "name": amount, "values": {"subject": "纸", "amount": amount}, "do": [{"step": one} for one in way],
            "expect": {"path": way, "outcome": "done"},
        }])  # fmt: skip
        assert trials.run(row, made).faults == []


@pytest.mark.parametrize(
    ("part", "element", "said"),
    [
        (by_event(""), "u", "要由一个定时、消息、信号、错误或升级事件开始"),
        (by_event(SOON.replace("timeDuration", "timeCycle").replace("P3D", "R2/P1D")), "us", "循环定时只用于不打断"),
        (by_event('<bpmn:errorEventDefinition errorRef="er"/>', interrupts=False), "us", "总是打断"),
    ],
    ids=["no event", "a cycle that interrupts", "an error that does not"],
)
def test_what_can_begin_none_is_said(part: str, element: str, said: str):
    with pytest.raises(Invalid) as refused:
        look(drawn(TWO + part).replace("<bpmn:message ", FAILED + "<bpmn:message ", 1))
    [fault] = refused.value.faults
    assert fault.field == element and said in fault.message
