"""SpiffWorkflow alone: the same ten-step process, its instance loaded from a row, stepped and saved, as its manual does it."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.db import connections, transaction
from lxml import etree
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.util.task import TaskState

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TABLE = "CREATE TABLE IF NOT EXISTS bench_spiff (id uuid PRIMARY KEY, state text NOT NULL)"


class Plain:
    """Instances of a process in a table of their own, as the owner."""

    def __init__(self, steps: list[int]) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_xml(etree.fromstring(drawn(steps)))
        self.spec = parser.get_spec("plain")
        self.serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(SPIFF_CONFIG))
        with connections["owner"].cursor() as cursor:
            cursor.execute(TABLE)

    def start(self) -> UUID:
        """A new instance at its first step."""
        flow, ident = BpmnWorkflow(self.spec), uuid4()
        flow.do_engine_steps()
        with connections["owner"].cursor() as cursor:
            cursor.execute("INSERT INTO bench_spiff VALUES (%s, %s)", [ident, self.serializer.serialize_json(flow)])
        return ident

    def step(self, ident: UUID) -> bool:
        """Load it, do the next human task, go on, save it; whether it is over."""
        with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
            cursor.execute("SELECT state FROM bench_spiff WHERE id = %s FOR UPDATE", [ident])
            [state] = cursor.fetchone()
            flow: Any = self.serializer.deserialize_json(state)
            flow.get_next_task(state=TaskState.READY, manual=True).run()
            flow.do_engine_steps()
            cursor.execute(
                "UPDATE bench_spiff SET state = %s WHERE id = %s", [self.serializer.serialize_json(flow), ident]
            )
            return bool(flow.is_completed())


def drawn(steps: list[int]) -> bytes:
    """BPMN of steps in a row; one that several sign is a parallel multi-instance task."""
    inside, before = "", "start"
    for number, signers in enumerate(steps):
        loop = f"<multiInstanceLoopCharacteristics><loopCardinality>{signers}</loopCardinality></multiInstanceLoopCharacteristics>"
        inside += f'<userTask id="t{number}">{loop if signers > 1 else ""}</userTask>'
        inside += f'<sequenceFlow id="f{number}" sourceRef="{before}" targetRef="t{number}"/>'
        before = f"t{number}"
    inside += f'<sequenceFlow id="last" sourceRef="{before}" targetRef="end"/>'
    return (
        f'<definitions xmlns="{MODEL}" targetNamespace="bench"><process id="plain" isExecutable="true"><startEvent id="start"/>'
        f'{inside}<endEvent id="end"/></process></definitions>'
    ).encode()
