"""The auditor's pages: only auditors, only where their office holds; what is taken out is on record."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import OrganProfile

pytestmark = pytest.mark.django_db


@pytest.fixture
def changed(nation):
    """One change in each of two counties."""
    for path in ("33/11/23/0/u1/", "33/11/22/0/u1/"):
        with system_scope("tests").activate():
            row = OrganProfile(contact="=1+1")
            row.own(nation.organ(path))
            row.save(force_insert=True)
        change_profiles([row], actor=nation.actor(path, "clerk"), contact="李四", reason="换人")
    with system_scope("tests").activate():
        return {e.path: e for e in Entry.objects.filter(action="org.profile.change")}


@pytest.fixture
def auditor(nation, client):
    client.force_login(nation.account("33/11/23/0/goa/", "audit_officer", at="33/11/23/"))
    return client


def test_auditor_sees_entries_of_their_own_part_of_the_tree(auditor, changed):
    page = auditor.get("/audit/").content.decode()
    assert "甲县第1小学" in page
    assert "乙县第1小学" not in page
    mine, theirs = changed["33/11/23/0/u1/"], changed["33/11/22/0/u1/"]
    detail = auditor.get(f"/audit/{mine.pk}/").content.decode()
    assert "=1+1" in detail
    assert "李四" in detail
    assert "换人" in detail
    assert "等待封存" in detail
    assert auditor.get(f"/audit/{theirs.pk}/").status_code == 404


@pytest.mark.parametrize("role", ["staff", "clerk", "business_admin", "leader", "system_officer", "security_officer"])
def test_nobody_else_sees_the_trail(nation, client, changed, role):
    client.force_login(nation.account("33/11/23/0/goa/", *([role] if role != "staff" else []), at="33/11/23/"))
    assert client.get("/audit/").status_code == 403
    assert client.get(f"/audit/{changed['33/11/23/0/u1/'].pk}/").status_code == 403
    assert client.post("/audit/export").status_code == 403


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"action": "org.profile.change"}, True),
        ({"action": "org.node.rename"}, False),
        ({"organ": "甲县第1小学"}, True),
        ({"organ": "甲县第2小学"}, False),
        ({"object": "甲县第1"}, True),
        ({"model": "org.node"}, False),
        ({"person": "人员"}, True),
        ({"person": "张"}, False),
        ({"since": "2020-01-01"}, True),
        ({"until": "2020-01-01"}, False),
        ({"since": "昨天"}, False),
        ({"before": "x_y"}, True),
    ],
)
def test_filters_narrow_the_list(auditor, changed, asked, found):
    page = auditor.get("/audit/", asked).content.decode()
    assert (f"/audit/{changed['33/11/23/0/u1/'].pk}/" in page) is found


def test_list_is_read_page_by_page(auditor, nation, changed, monkeypatch):
    monkeypatch.setattr("shuzheng.base.audit.pages.PAGE", 1)
    with system_scope("tests").activate():
        row = OrganProfile.objects.get(path="33/11/23/0/u1/")
    change_profiles([row], actor=nation.actor("33/11/23/0/u1/", "clerk"), contact="王五")
    first = auditor.get("/audit/", {"action": "org.profile.change"})
    older = first.context["older"]
    assert "before=" in older
    second = auditor.get("/audit/" + older)
    assert [r.pk for r, *_ in first.context["rows"]] != [r.pk for r, *_ in second.context["rows"]]
    assert second.context["older"] == ""


def test_export_is_a_workbook_and_an_entry_itself(auditor, changed):
    answer = auditor.post("/audit/export", {"action": "org.profile.change"})
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()
    )
    assert len(rows) == 2
    assert rows[1][5] == "甲县第1小学"
    assert rows[1][7] == '{"contact": "=1+1"}'  # a text, and no formula
    with system_scope("tests").activate():
        entry = Entry.objects.get(action="audit.entry.export")
    assert entry.after == {"count": 1, "filters": {"action": "org.profile.change"}}


def test_too_much_at_once_is_refused_in_words(auditor, changed, monkeypatch):
    monkeypatch.setattr("shuzheng.base.audit.pages.EXPORTED", 0)
    answer = auditor.post("/audit/export", {"action": "org.profile.change"})
    assert answer.status_code == 422
    assert "缩小时间范围" in answer.content.decode()
