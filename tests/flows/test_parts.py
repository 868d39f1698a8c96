"""Parts of BPMN beyond steps and gateways: service tasks, thrown events, timers that repeat."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.flows import actions, jobs, trials
from shuzheng.base.flows.bpmn.reading import look
from shuzheng.base.flows.models import Case, Definition, Task, Timer
from shuzheng.base.flows.operations import OPERATIONS, Operation, register
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.expr import NUMBER, TEXT
from tests.flows.conftest import Desk, fresh, story, waiting
from tests.flows.test_checking import SHELL, flow, task

pytestmark = pytest.mark.django_db
MESSAGES = '<bpmn:message id="m" name="到货"/><bpmn:signal id="sg" name="好了"/><bpmn:escalation id="es" name="要紧" escalationCode="e1"/>'


def drawn(body: str) -> str:
    return SHELL.format(body=body).replace("<bpmn:process ", MESSAGES + "<bpmn:process ", 1)


def service(inside: str) -> str:
    return f'<bpmn:serviceTask id="call" name="核库存"><bpmn:extensionElements>{inside}</bpmn:extensionElements></bpmn:serviceTask>'


@pytest.fixture
def stock() -> Iterator[list[Any]]:
    """An app that answers how many there are, and refuses what is out of reason."""
    asked: list[Any] = []

    def look_up(actor: Any, case_id: Any, given: Any) -> dict[str, Any]:
        asked.append((actor.origin["system"], case_id, given))
        if given["wanted"] > 1000:
            raise Invalid("库里没有这么多。")
        return {"left": Decimal(40)}

    register(Operation("stock.left", "查库存", {"wanted": NUMBER, "what": TEXT}, {"left": NUMBER}, look_up))
    yield asked
    del OPERATIONS["stock.left"]


CALL = '<sz:call operation="stock.left"><sz:input name="wanted" value="amount * 2"/><sz:input name="what" value="subject"/></sz:call>'
ENOUGH = (
    service(CALL) + '<bpmn:exclusiveGateway id="g" default="f-g-b"/>' + task("a", "领用") + task("b", "采购") + flow("s", "call")
    + flow("call", "g") + flow("g", "a", "left &gt;= amount") + flow("g", "b") + flow("a", "e") + flow("b", "e")
)  # fmt: skip


def test_a_service_task_calls_an_operation_of_an_app(desk: Desk, stock: list[Any]):
    definition = desk.publish_text(drawn(ENOUGH), "buy")
    case = desk.start("经办", definition, amount="3")
    assert stock == [("flows.engine", case.pk, {"wanted": Decimal(6), "what": "买纸"})]
    assert fresh(case).stands_at == "领用" and "经办 call" in story(case)
    assert fresh(desk.start("经办", definition, amount="50")).stands_at == "采购"
    with pytest.raises(Invalid, match="库里没有这么多"):
        desk.start("经办", definition, amount="900")
    with system_scope("tests").activate():
        assert Case.objects.filter(state="running").count() == 2  # what was refused stays a draft


def test_a_test_case_says_what_an_app_answers(stock: list[Any]):
    """A play calls no app, whatever the app would have said."""
    row = Definition(code="buy", bpmn=drawn(ENOUGH), tables={})
    for left, way in (("40", "a"), ("2", "b")):
        [made] = trials.clean([{
            "name": "三件", "values": {"subject": "买纸", "amount": "3"}, "answers": {"stock.left": {"left": left}},
            "do": [{"step": way}], "expect": {"path": [way], "outcome": "done"},
        }])  # fmt: skip
        assert trials.run(row, made).faults == []
    assert stock == []


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("", "写明调用哪个操作"),
        ('<sz:call operation="os.system"/>', "没有“os.system”这个操作"),
        ('<sz:call operation="stock.left"/>', "要填的输入：wanted"),
        (CALL.replace("amount * 2", "__import__('os')"), ""),
        (CALL.replace("amount * 2", "subject"), ""),
    ],
    ids=["nothing", "not registered", "inputs missing", "a script", "a wrong type"],
)
def test_what_is_not_registered_is_not_called(stock: list[Any], inside: str, said: str):
    _outline, faults = look(
        drawn(service(inside) + task("a", "审") + flow("s", "call") + flow("call", "a") + flow("a", "e"))
    )
    assert faults and all(f.field == "call" for f in faults) and any(said in f.message for f in faults)


@pytest.mark.parametrize(
    "sender",
    [
        service('<sz:call message="到货"/>') + flow("call", "e"),
        '<bpmn:intermediateThrowEvent id="call"><bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateThrowEvent>'
        + flow("call", "e"),
        '<bpmn:endEvent id="call"><bpmn:messageEventDefinition messageRef="m"/></bpmn:endEvent>',
        '<bpmn:sendTask id="call" messageRef="m"/>' + flow("call", "e"),
    ],
    ids=["service task", "thrown on the way", "thrown at the end", "send task"],
)
def test_a_message_goes_out_to_apps(desk: Desk, sender: str):
    last = (
        ""
        if "endEvent" not in sender
        else '<bpmn:exclusiveGateway id="g" default="f-g-e"/>' + flow("g", "e") + flow("g", "call", "amount &gt; 0")
    )
    body = task("a", "审") + flow("s", "a") + flow("a", "g" if last else "call") + sender + last
    case = desk.start("经办", desk.publish_text(drawn(body), "buy"), amount="1")
    desk.agree("主任", case)
    assert fresh(case).state == "done"
    assert Event.objects.get(name="flows.message.sent").payload == {
        "case": str(case.pk),
        "process": "buy",
        "message": "到货",
    }


def test_a_signal_reaches_the_branch_beside_and_an_escalation_the_part_around(desk: Desk):
    body = (
        (
            '<bpmn:parallelGateway id="g"/><bpmn:parallelGateway id="j"/><bpmn:intermediateCatchEvent id="c"><bpmn:signalEventDefinition signalRef="sg"/>'
            '</bpmn:intermediateCatchEvent><bpmn:intermediateThrowEvent id="t"><bpmn:signalEventDefinition signalRef="sg"/></bpmn:intermediateThrowEvent>'
            '<bpmn:subProcess id="u"><bpmn:startEvent id="us"/><bpmn:intermediateThrowEvent id="ut"><bpmn:escalationEventDefinition escalationRef="es"/>'
            f'</bpmn:intermediateThrowEvent>{task("x", "核实")}<bpmn:endEvent id="ue"/>{flow("us", "ut")}{flow("ut", "x")}{flow("x", "ue")}</bpmn:subProcess>'
            '<bpmn:boundaryEvent id="b" attachedToRef="u" cancelActivity="false"><bpmn:escalationEventDefinition escalationRef="es"/></bpmn:boundaryEvent>'
            '<bpmn:endEvent id="e2"/>'
        )
        + task("boss", "知情")
        + task("y", "后续")
        + flow("s", "g")
        + flow("g", "c")
        + flow("c", "y")
        + flow("y", "j")
        + flow("g", "u")
    )
    body += flow("u", "t") + flow("t", "j") + flow("j", "e") + flow("b", "boss") + flow("boss", "e2")  # fmt: skip
    case = desk.start("经办", desk.publish_text(drawn(body), "buy"), amount="1")
    assert fresh(case).stands_at == "核实、知情"
    with system_scope("tests").activate():
        one = Task.objects.get(case_id=case.pk, step_name="核实")
    with desk.people["主任"].scope.activate():
        actions.decide([one], actor=desk.people["主任"], verdict="pass")
    assert fresh(case).stands_at == "知情、后续"


def test_a_timer_repeats_as_often_as_it_says_however_late(desk: Desk):
    body = (
        task("a", "审批") + task("r", "跟催") + '<bpmn:endEvent id="e2"/><bpmn:boundaryEvent id="b" name="每天" attachedToRef="a" cancelActivity="false">'
        "<bpmn:timerEventDefinition><bpmn:timeCycle>R2/P1D</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        + flow("s", "a") + flow("a", "e") + flow("b", "r") + flow("r", "e2")
    )  # fmt: skip
    case = desk.start("经办", desk.publish_text(drawn(body), "buy"), amount="1")
    shown = [waiting(case)]
    for _day in range(4):
        _tomorrow(case)
        jobs.tick()
        shown.append(waiting(case))
    assert [len(names) for names in shown] == [1, 2, 3, 3, 3]  # two reminders, and no more
    with system_scope("tests").activate():
        assert not Timer.objects.filter(case_id=case.pk, done_at=None).exists()


def _tomorrow(case: Case) -> None:
    """A day passes: what is stored in the case is moved back by one."""
    with system_scope("tests").activate():
        row = Case.objects.get(pk=case.pk)
        for one in row.engine["flow"]["tasks"].values():
            held = one["internal_data"].get("event_value")
            if isinstance(held, dict) and held.get("cycles"):
                held["next"] = (datetime.fromisoformat(held["next"]) - timedelta(days=1, minutes=1)).isoformat()
        Case.objects.filter(pk=case.pk).update(engine=row.engine)
        Timer.objects.filter(case_id=case.pk, done_at=None).update(at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize(
    ("body", "element", "said"),
    [
        ('<bpmn:intermediateThrowEvent id="t" name="抛"><bpmn:compensateEventDefinition/></bpmn:intermediateThrowEvent>', "t", "compensate"),
        (
            '<bpmn:intermediateCatchEvent id="t" name="等"><bpmn:timerEventDefinition><bpmn:timeCycle>R2/P1D</bpmn:timeCycle>'
            "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>", "t", "循环定时",
        ),
    ],
)  # fmt: skip
def test_what_does_not_run_is_refused_by_name_and_place(body: str, element: str, said: str):
    with pytest.raises(Invalid) as refused:
        look(drawn(body))
    [fault] = refused.value.faults
    assert fault.field == element and said in fault.message and "行" in fault.message
