"""The check before publishing: a process that would run astray is not published, and the page says where and why."""

from __future__ import annotations

import pytest

from shuzheng.base.flows import defining
from shuzheng.base.flows.models import Definition
from shuzheng.kernel.errors import Invalid
from tests.flows.conftest import OFFICE, Desk
from tests.flows.test_pages import browser

pytestmark = pytest.mark.django_db

SHELL = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:sz="urn:shuzheng:flows" id="d">
  <bpmn:process id="p" name="采购" isExecutable="true">
    <bpmn:extensionElements><sz:process code="buy"/><sz:form>
      <sz:field code="subject" label="事由" required="true"/><sz:field code="amount" label="金额" kind="money" required="true"/>
    </sz:form></bpmn:extensionElements>
    <bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>
    {body}
  </bpmn:process>
</bpmn:definitions>"""


def task(id: str, name: str) -> str:
    who = '<bpmn:extensionElements><sz:step/><sz:who rule="role:leader@organ"/></bpmn:extensionElements>'
    return f'<bpmn:userTask id="{id}" name="{name}">{who}</bpmn:userTask>'


def flow(source: str, target: str, condition: str = "") -> str:
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="f-{source}-{target}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


SPLIT = (
    task("a", "科长审批") + task("b", "局长审批") + '<bpmn:exclusiveGateway id="g" name="金额多大"/>' + flow("s", "g")
)
JOINED = '<bpmn:parallelGateway id="j" name="都办完"/>' + flow("a", "j") + flow("b", "j") + flow("j", "e")
MERGED = flow("a", "e") + flow("b", "e")


@pytest.mark.parametrize(
    ("body", "element", "said"),
    [
        (SPLIT + flow("g", "a", "amount &lt; 1000") + flow("g", "b", "= amount &gt; 1000") + MERGED, "g", "1000"),
        (SPLIT + flow("g", "a", "amount &lt; 1000") + flow("g", "b", "amount &gt;= 1000") + JOINED, "j", "都办完"),
        (
            task("a", "科长审批") + task("b", "局长审批") + flow("s", "a") + flow("a", "e") + flow("b", "e"),
            "b",
            "局长审批",
        ),
    ],
    ids=["a gap in the conditions", "a join that never fires", "a step that nobody reaches"],
)
def test_what_would_run_astray_is_not_published_and_said_in_words(desk: Desk, body: str, element: str, said: str):
    admin = desk.hire("管理", OFFICE, "business_admin", at="33/11/23/")
    draft = Definition(code="buy", node_id=admin.organ_id, path=admin.organ_path)
    with admin.scope.activate():
        defining.save_definitions([draft], actor=admin, bpmn=SHELL.format(body=body))  # what is drawn is kept
    with pytest.raises(Invalid) as refused, admin.scope.activate():
        defining.publish([draft], actor=admin)
    assert said in next(f.message for f in refused.value.faults if f.field == element)
    page = browser(desk, "管理").get(f"/flows/definitions/{draft.pk}/").content.decode()
    assert "处才能发布" in page and said in page


def test_what_runs_but_hardly_as_meant_is_published_and_told(desk: Desk):
    overlapping = flow("g", "a", "amount &lt;= 1000") + flow("g", "b", "amount &gt;= 1000")
    definition = desk.publish_text(SHELL.format(body=SPLIT + overlapping + MERGED), "buy")
    desk.hire("管理", OFFICE, "business_admin", at="33/11/23/")
    page = browser(desk, "管理").get(f"/flows/definitions/{definition.pk}/").content.decode()
    assert "先看看是不是本意" in page and "处才能发布" not in page
