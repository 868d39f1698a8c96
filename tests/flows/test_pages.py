"""The pages, as people press them; the API, as programs call it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from shuzheng.base.accounts.models import Account
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.models import Case, Definition, Task
from tests.api.conftest import token_for
from tests.flows.conftest import Desk, fresh, step, waiting

pytestmark = pytest.mark.django_db


def browser(desk: Desk, who: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(person_id=desk.people[who].person_id))
    return client


def test_from_the_start_page_to_the_printed_sheet(desk: Desk):
    definition = desk.publish([step("one", "审批", "role:leader@organ", due="2d"), step("two", "批办", "chosen")])
    clerk, head = browser(desk, "经办"), browser(desk, "主任")
    assert "请示" in clerk.get("/flows/start/").content.decode()
    page = clerk.get(f"/flows/start/{definition.pk}/").content.decode()
    assert 'name="f-subject"' in page and "<svg" in page
    bad = clerk.post(f"/flows/start/{definition.pk}/", {"f-amount": "五元", "send": "1"})
    assert bad.status_code == 422 and "不是数字" in bad.content.decode()
    sent = clerk.post(
        f"/flows/start/{definition.pk}/", {"f-subject": "买纸", "f-amount": "12", "urgent": "on", "send": "1"}
    )
    case_url = sent.url
    assert "等 主任 办“审批”" in clerk.get(case_url).content.decode()
    assert "买纸" in head.get("/flows/").content.decode()
    assert "买纸 · 审批" in head.get("/").content.decode()  # the workbench
    shown = head.get(case_url).content.decode()
    assert 'class="nd now"' in shown and "剩 2 天" in shown or "时限" in shown
    missing = head.post(f"{case_url}do/pass/", {"text": "拟同意"})
    assert missing.status_code == 422 and "由谁办" in missing.content.decode()
    assert head.post(f"{case_url}do/pass/", {"text": "拟同意", "chosen-two": str(desk.post("局长"))}).status_code == 302
    boss = browser(desk, "局长")
    assert boss.post("/flows/batch/", {"row": str(desk.task("局长", _case(desk)).pk)}).status_code == 302
    assert fresh(_case(desk)).state == "done"
    sheet = clerk.get(f"{case_url}sheet/")
    assert sheet["Content-Type"] == "application/pdf" and sheet.content.startswith(b"%PDF")
    assert browser(desk, "甲").get(case_url).status_code == 200  # answers for the organ's cases
    other = desk.hire("邻", "33/11/22/0/goa/", "reviewer")
    assert other and browser(desk, "邻").get(case_url).status_code == 404


def _case(desk: Desk):
    with system_scope("tests").activate():
        return Case.objects.latest("created_at")


def test_every_way_is_a_press(desk: Desk):
    definition = desk.publish(
        [step("one", "核稿", "role:leader@organ"), step("two", "会签", "role:reviewer@organ", mode="all")]
    )
    case = desk.start("经办", definition)
    url, head = f"/flows/{case.pk}/", browser(desk, "主任")
    head.post(f"{url}do/delegate/", {"to": str(desk.post("甲"))})
    assert waiting(case) == ["甲"]
    browser(desk, "甲").post(f"{url}do/pass/", {"text": "可以"})
    head.post(f"{url}do/sign/", {"to": str(desk.post("乙")), "when": "after"})
    head.post(f"{url}do/unsign/", {"to": str(Task_of(case, "乙").pk)})
    head.post(f"{url}do/share/", {"to": str(desk.post("局长")), "role": "read"})
    assert "买纸" in browser(desk, "局长").get("/flows/?tab=read").content.decode()
    refused = head.post(f"{url}do/back/", {"target": "", "text": ""})
    assert refused.status_code == 422 and "退回要写明理由" in refused.content.decode()
    head.post(f"{url}do/back/", {"target": "", "straight": "on", "text": "补依据"})
    clerk = browser(desk, "经办")
    assert 'name="f-subject"' in clerk.get(url).content.decode()
    clerk.post(f"{url}do/pass/", {"f-subject": "买打印纸", "f-amount": "1"})
    assert waiting(case) == ["主任"] and fresh(case).title == "买打印纸"
    head.post(f"{url}do/pass/")
    head.post(f"{url}do/undo/")
    assert waiting(case) == ["主任"]
    head.post(
        f"{url}do/reassign/", {"task": str(Task_of(case, "主任").pk), "to": str(desk.post("乙")), "text": "主任外出"}
    )
    assert waiting(case) == ["乙"]
    clerk.post(f"{url}do/urge/", {"text": "急"})
    clerk.post(f"{url}do/withdraw/")
    assert waiting(case) == ["经办"]
    clerk.post(f"{url}do/revoke/", {"text": "不要了"})
    assert fresh(case).state == "revoked"


def Task_of(case, person: str) -> Task:
    with system_scope("tests").activate():
        return Task.objects.filter(case_id=case.pk, person=person).latest("opened_at")


class Caller:
    """A program with somebody's token; what it sends is taken, or the test says why not."""

    def __init__(self, actor: Actor) -> None:
        self.program = token_for(Account.objects.get(person_id=actor.person_id))

    def get(self, path: str) -> Any:
        return self._said(self.program.get(path))

    def send(self, method: str, path: str, body: Any) -> Any:
        return self._said(self.program.call(method, path, body, Idempotency_Key=new_key()))

    @staticmethod
    def _said(answer: Any) -> Any:
        assert answer.status_code in (200, 201), answer.content.decode()
        return answer.json()


def test_designers_and_programs_by_the_api(desk: Desk):
    admin, definition = Caller(desk.admin), desk.publish([step("one", "审批", "role:leader@organ")])
    base = f"/flows/definitions/{definition.pk}"
    told = admin.get(f"{base}/simple")["simple"]
    told["steps"].append(step("two", "签发", "role:leader@upper"))
    draft = admin.send("PUT", f"{base}/simple", {"simple": told})
    assert (draft["edition"], draft["state"], draft["faults"]) == (2, "draft", [])
    xml = admin.get(f"/flows/definitions/{draft['id']}")["bpmn"]
    half = {
        "type": "branch",
        "id": "b",
        "name": "金额",
        "arms": [{"when": "amount >", "steps": []}, {"when": "", "steps": []}],
    }
    unfinished = admin.send(
        "PUT", f"{base}/simple", {"simple": {**told, "steps": [*told["steps"], half, step("x", "谁办")]}}
    )
    assert len(unfinished["faults"]) == 2 and "由谁办" in unfinished["faults"][1]
    refused = admin.program.post(f"/flows/definitions/{draft['id']}/publish", {})
    assert refused.status_code == 422
    saved = admin.send("PUT", f"/flows/definitions/{draft['id']}", {"bpmn": xml.replace("签发", "批办")})
    assert admin.send("POST", f"/flows/definitions/{saved['id']}/publish", {})["state"] == "published"
    clerk, head = Caller(desk.people["经办"]), Caller(desk.people["主任"])
    case = clerk.send("POST", "/flows/cases", {"code": "ask", "values": {"subject": "买纸", "amount": "3.50"}})
    assert case["why"] and case["values"]["amount"] == "3.50"
    [task] = head.get("/flows/tasks")["rows"]
    assert task["case_id"] == case["id"]
    assert head.send("POST", f"/flows/cases/{case['id']}/act", {"verb": "pass", "text": "同意"})["stands_at"] == "批办"
    with system_scope("tests").activate():
        assert Definition.objects.get(pk=definition.pk).state == "retired"
