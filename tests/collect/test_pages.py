"""Pages of collections: made in one go, what is held already is decided first, results, exports, the page behind the link."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from shuzheng.base.collect.models import Collection
from shuzheng.base.collect.questions import paste
from shuzheng.base.core.scope import system_scope
from tests.collect.conftest import OFFICE, UNIT, answer, colleague, fresh, stored

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(nation) -> Client:
    client = Client()
    client.force_login(nation.account(OFFICE, "clerk", "business_admin", at="33/11/23/"))
    return client


def form(*questions: tuple[str, str, str], do: str = "open", **more: str) -> dict[str, object]:
    rows = [("", kind, label, extra, "0", "") for label, kind, extra in questions]
    columns = dict(zip(("code", "kind", "label", "more", "need", "prefill"), zip(*rows, strict=True), strict=True))
    at = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    base = {"title": "摸底", "audience": "level", "per": "organ", "closes_at": at, "may_edit": "on", "do": do}
    return base | {f"q_{name}": list(values) for name, values in columns.items()} | more


def only() -> Collection:
    with system_scope("tests").activate():
        return Collection.objects.get()


def test_one_page_makes_it_and_sends_it_out(office):
    sent = office.post(reverse("collect:make"), form(("会议次数", "number", "次"), ("时段", "choice", "上午\n下午")))
    assert sent.status_code == 302
    row = only()
    assert (row.state, row.asked) == ("open", 2)
    assert row.questions[1]["options"] == ["上午", "下午"]
    shown = office.get(reverse("collect:results", args=[row.pk])).content.decode()
    assert "<svg" in shown and row.token in shown


def test_what_is_wrong_is_said_and_what_was_typed_stays(office):
    refused = office.post(reverse("collect:make"), form(("时段", "choice", "上午"), ("电话", "phone", ""), title=""))
    page = refused.content.decode()
    assert refused.status_code == 422 and "至少写两个选项" in page and 'value="电话"' in page
    refused = office.post(reverse("collect:make"), form(("联系电话", "phone", "")))
    assert refused.status_code == 422 and "写明收集目的" in refused.content.decode()
    with system_scope("tests").activate():
        assert not Collection.objects.exists()


def test_what_the_register_holds_is_decided_before_it_is_asked_again(office, nation):
    asked = form(("总建筑面积", "number", "㎡"), ("会议次数", "number", "次"))
    refused = office.post(reverse("collect:make"), asked)
    assert refused.status_code == 422 and "机构信息" in refused.content.decode()
    asked["q_code"] = ["q1", "q2"]
    assert office.post(reverse("collect:make"), asked | {"once-q1": "keep", "why-q1": ""}).status_code == 422
    assert office.post(reverse("collect:make"), asked | {"once-q1": "prefill"}).status_code == 302
    assert only().questions[0]["prefill"] == "floor_area"


def test_pasted_lines_become_questions():
    found = paste(
        "1. 姓名*\n人数（人）\n是否参加：是/否\n可选：甲/乙/丙（多选）\n联系电话\t现场照片\t值班日期\n食堂满意度\n是否住宿"
    )
    assert [(q.kind, q.label, q.required) for q in found] == [
        ("text", "姓名", True), ("number", "人数", False), ("choice", "是否参加", False), ("choices", "可选", False),
        ("phone", "联系电话", False), ("file", "现场照片", False), ("date", "值班日期", False),
        ("rating", "食堂满意度", False), ("choice", "是否住宿", False),
    ]  # fmt: skip
    assert found[1].unit == "人" and found[3].options == ("甲", "乙", "丙")


def test_the_figures_are_sent_again_only_when_something_came(office, nation, make):
    row = make()
    url = reverse("collect:figures", args=[row.pk])
    first = office.get(url)
    stamp = first.content.decode().split('data-stamp="')[1].split('"')[0]
    assert office.get(url, {"seen": stamp}).status_code == 204
    answer(row, nation.actor(UNIT), q1="12.5")
    assert ">12.5<" in office.get(url, {"seen": stamp}).content.decode()


def test_answers_are_narrowed_and_exported(office, nation, make):
    row = make(lines="参加人数（人）*\n是否参加：参加/请假*\n联系电话\n现场照片", audience="level")
    given = SimpleUploadedFile("说明.txt", "楼".encode())
    answer(row, nation.actor(UNIT), q1="3", q3="13800001234", files={"q4": given})
    page = office.get(reverse("collect:answers", args=[row.pk]), {"code": "q2", "text": "参加"}).content.decode()
    assert "138****1234" in page and "甲县第1小学" in page
    none = office.get(reverse("collect:answers", args=[row.pk]), {"code": "q2", "text": "请假"}).content.decode()
    assert "甲县第1小学" not in none
    sheet = office.get(reverse("collect:export", args=[row.pk, "answers"])).content
    [head, line] = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    assert head[3:5] == ["参加人数（人）", "是否参加"] and line[3:6] == [3.0, "参加", "13800001234"]
    bundle = b"".join(office.get(reverse("collect:export", args=[row.pk, "files"])).streaming_content)
    [name] = zipfile.ZipFile(io.BytesIO(bundle)).namelist()
    assert name.endswith("说明.txt") and "甲县第1小学" in name


def test_the_page_behind_the_link_takes_keeps_and_thanks(nation, make):
    row = make(audience="open", per="any")
    guest, url = Client(), reverse("collect:answer", args=[row.token])
    assert "参加人数" in guest.get(url).content.decode()
    bad = guest.post(url, {"q1": "三人", "q2": "参加", "ticket": "t1"}, headers={"accept": "application/json"})
    assert bad.status_code == 422 and set(bad.json()["faults"]) == {"q1"}
    plain = guest.post(url, {"q1": "三人", "q2": "参加", "ticket": "t1"})
    assert plain.status_code == 422 and "三人" in plain.content.decode()
    for _twice in range(2):
        good = guest.post(url, {"q1": "3", "q2": "参加", "ticket": "t1"}, headers={"accept": "application/json"})
        assert good.json()["next"].endswith("?done=1")
    assert len(stored(row)) == 1
    trapped = guest.post(url, {"q1": "3", "q2": "参加", "website": "http://x"})
    assert trapped.status_code == 302 and len(stored(row)) == 1


def test_who_is_not_signed_in_is_sent_there_and_comes_back(nation, make):
    row = make()
    url = reverse("collect:answer", args=[row.token])
    away = Client().get(url)
    assert away.status_code == 302 and away["Location"].startswith("/sign-in/?next=")
    late = Client().post(url, {}, headers={"accept": "application/json"})
    assert late.status_code == 401


def test_too_many_answers_from_one_address_and_too_many_guesses(nation, make, monkeypatch):
    from shuzheng.base.collect.pages import answer as pages

    monkeypatch.setattr(pages, "A_MINUTE", 2)
    monkeypatch.setattr(pages, "GUESSES", 2)
    row = make(audience="open", per="any")
    guest, url = Client(), reverse("collect:answer", args=[row.token])
    codes = [guest.post(url, {"q1": "3", "q2": "参加"}).status_code for _n in range(3)]
    assert codes == [302, 302, 429]
    assert [guest.get(reverse("collect:answer", args=["x"])).status_code for _n in range(3)] == [404, 404, 429]


def test_what_one_is_asked_stands_in_a_list_of_ones_own(nation, make):
    row = make()
    client = Client()
    client.force_login(colleague(nation, UNIT)[0])
    assert row.title in client.get(reverse("collect:mine")).content.decode()
    client.post(reverse("collect:answer", args=[row.token]), {"q1": "3", "q2": "参加", "ticket": "t"})
    assert "没有待填的收集表" in client.get(reverse("collect:mine")).content.decode()
    assert "改我的答卷" in client.get(reverse("collect:answer", args=[row.token])).content.decode()


def test_closing_reopening_and_copying(office, make):
    row = make()
    office.post(reverse("collect:act", args=[row.pk, "close"]))
    assert fresh(row).state == "closed"
    office.post(reverse("collect:act", args=[row.pk, "reopen"]))
    assert fresh(row).is_taking
    assert 'value="参加人数"' in office.get(reverse("collect:make"), {"copy": str(row.pk)}).content.decode()
    assert office.get(reverse("collect:poster", args=[row.pk])).status_code == 200
