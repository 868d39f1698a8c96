"""The designers' pages: beginning a process, keeping what is drawn, telling faults at their place, clashes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuzheng.base.accounts.models import Account, Person
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows import simple
from shuzheng.base.flows.models import Definition
from tests.flows.conftest import Desk, step

SHIPPED = Path(simple.__file__).parent / "data"
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="who" name="谁批"><decisionTable id="t" hitPolicy="FIRST"><input id="i"><inputExpression id="e" typeRef="number">
<text>amount</text></inputExpression></input><output id="o" name="approver" typeRef="string"/>
<rule id="r"><inputEntry id="x"><text>-</text></inputEntry><outputEntry id="y"><text>"head"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


@pytest.mark.parametrize("name", ["seal", "instruct", "purchase", "room", "trip", "news"])
def test_office_processes_open_in_the_simple_designer_and_come_back_the_same(name: str):
    told = simple.from_bpmn((SHIPPED / f"{name}.bpmn").read_text(encoding="utf-8"))
    assert simple.from_bpmn(simple.to_bpmn(told)) == told


def test_what_the_simple_designer_would_lose_is_not_opened_there():
    text = simple.to_bpmn({"code": "ask", "name": "请示", "steps": [step("one", "审批", "head")]})
    noted = text.replace("</bpmn:userTask>", "<bpmn:documentation>看清附件</bpmn:documentation></bpmn:userTask>")
    with pytest.raises(simple.NotSimple, match="documentation"):
        simple.from_bpmn(noted)
    foreign = text.replace("<sz:step", '<other:listener xmlns:other="urn:other" class="x"/><sz:step')
    with pytest.raises(simple.NotSimple, match="listener"):
        simple.from_bpmn(foreign)


def browser(desk: Desk) -> Client:
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.admin.person_id))
    return client


def put(client: Client, url: str, **body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.put(f"{url}draft/", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def data(client: Client, url: str) -> dict[str, Any]:
    """What the page hands to the designer."""
    page = client.get(url).content.decode()
    return json.loads(page.split('<script type="application/json">')[1].split("</script>")[0])


@pytest.mark.django_db
def test_begin_draw_clash_and_publish(desk: Desk):
    admin = browser(desk)
    refused = admin.post("/flows/definitions/new/", {"way": "empty", "name": "用车", "code": "Car Use"})
    assert refused.status_code == 422 and "小写字母" in refused.content.decode()
    begun = admin.post("/flows/definitions/new/", {"way": "empty", "name": "用车", "code": "car"})
    url = begun.url.removesuffix("design/")
    held = data(admin, begun.url)
    told, version = held["simple"], held["version"]
    assert (told["name"], held["faults"]) == ("用车", [])
    assert {"leader"} <= {r["code"] for r in held["roles"]} and "security_officer" not in {
        r["code"] for r in held["roles"]
    }
    arms = [{"name": "大额", "when": "amount >", "steps": [step("two", "会签")]}, {"name": "", "when": "", "steps": []}]
    told["fields"].append({"code": "amount", "label": "金额", "kind": "money"})
    told["steps"].append({"type": "branch", "id": "gate", "name": "金额", "arms": arms})
    status, kept = put(admin, url, version=version, simple=told)
    assert status == 200 and {(f["at"], f["arm"]) for f in kept["faults"]} == {("gate", 0), ("two", -1)}
    assert all("第 " not in f["message"].partition("：")[0] and f["at"] not in f["message"] for f in kept["faults"])
    assert 'data-id="two"' in kept["svg"]
    status, other = put(admin, url, version=version, simple={**told, "name": "别的"})
    assert status == 409 and other["simple"]["name"] == "用车" and other["version"] == kept["version"]
    arms[0]["when"], arms[0]["steps"][0]["who"] = "amount > 5000", ["role:reviewer@organ"]
    status, kept = put(admin, url, version=kept["version"], simple=told)
    assert status == 200 and kept["faults"] == []
    admin.post(f"{url}do/publish/", {"key": "p1"})
    # the first change of a published edition begins the draft of the next, and a second window is told of it
    published = data(admin, f"{url}design/")
    status, draft = put(admin, url, version=published["version"], simple={**told, "name": "用车申请"})
    assert status == 200 and draft["at"] != f"{url}design/" and admin.get(f"{url}design/").url == draft["at"]
    status, other = put(admin, url, version=published["version"], simple=told)
    assert status == 409 and other["simple"]["name"] == "用车申请" and other["saveUrl"] == draft["saveUrl"]


@pytest.mark.django_db
def test_copies_and_files(desk: Desk):
    admin = browser(desk)
    origin = desk.publish([step("one", "审批", "role:leader@organ")])
    copy = admin.post(
        "/flows/definitions/new/", {"way": "copy", "from": str(origin.pk), "name": "另一个", "code": "ask-2"}
    )
    told = data(admin, copy.url)["simple"]
    assert (told["code"], told["name"], [s["name"] for s in told["steps"]]) == ("ask-2", "另一个", ["审批"])
    again = admin.post("/flows/definitions/new/", {"way": "copy", "from": str(origin.pk), "name": "x", "code": "ask-2"})
    assert again.status_code == 422 and "已有代码" in again.content.decode()
    text = simple.to_bpmn({"code": "bought", "name": "采购", "fields": [{"code": "amount", "label": "金额", "kind": "money"}], "steps": [step("one", "审批", "=approver")]})  # fmt: skip
    text = text.replace("<bpmn:endEvent", '<bpmn:businessRuleTask id="rule" name="定谁批"><bpmn:extensionElements><x:calledDecisionId xmlns:x="http://spiffworkflow.org/bpmn/schema/1.0/core">who</x:calledDecisionId></bpmn:extensionElements></bpmn:businessRuleTask><bpmn:endEvent', 1)  # fmt: skip
    text = text.replace('sourceRef="start" targetRef="one"', 'sourceRef="start" targetRef="rule"').replace("<bpmn:endEvent", '<bpmn:sequenceFlow id="fx" sourceRef="rule" targetRef="one"/><bpmn:endEvent', 1)  # fmt: skip
    files = {"way": "files", "file": SimpleUploadedFile("a.bpmn", text.encode()), "tables": SimpleUploadedFile("a.dmn", TABLE.encode())}  # fmt: skip
    sent = admin.post("/flows/definitions/new/", files)
    assert sent.status_code == 302, sent.content.decode()
    with system_scope("tests").activate():
        row = Definition.objects.get(code="bought")
    assert row.tables == {"who": TABLE} and row.bpmn == text  # as they were written
    led = admin.get(sent.url)
    assert led.url == f"/flows/definitions/{row.pk}/expert/"
    status, refused = put(admin, f"/flows/definitions/{row.pk}/", version=row.version, bpmn=text.replace("manualTask", "adHocSubProcess").replace("bpmn:userTask", "bpmn:adHocSubProcess"), tables=row.tables)  # fmt: skip
    assert status == 422 and refused["faults"][0]["id"] == "one"


@pytest.mark.django_db
def test_what_rules_may_name_is_found_by_typing(desk: Desk):
    admin = browser(desk)
    people = admin.get("/flows/definitions/lookup/?what=person&q=主任").content.decode()
    with system_scope("tests").activate():
        number = Person.objects.get(name="主任").number
    assert number and f'data-value="{number}"' in people
    assert 'data-value="33/11/23/0/goa/"' in admin.get("/flows/definitions/lookup/?what=node").content.decode()
    assert admin.get("/flows/definitions/lookup/?what=post").status_code == 200
