"""The pages of the tree, through the browser's door."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.actions import create_nodes, rename_nodes
from shuzheng.base.org.models import Reorganisation
from shuzheng.base.org.places import draft_node
from tests.org.conftest import BEFORE, ON
from tests.org.test_files import HEADS, book
from tests.queries import Trips

pytestmark = pytest.mark.django_db


def client_of(nation, organ, *roles, at=None):
    client = Client()
    client.force_login(nation.account(organ, *roles, at=at))
    return client


@pytest.fixture
def browser(nation):
    """The business administrator of the nation."""
    return client_of(nation, "0/ngoa/", "business_admin", "leader", at="")


@pytest.fixture
def staff(nation):
    return client_of(nation, "33/11/23/0/u1/")


def html(response, status=200):
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def test_tree_opens_the_nation_and_fetches_the_rest_by_branch(tree, staff):
    page = html(staff.get(reverse("org:tree"))).split("<main", 1)[1]
    assert "甲省" in page
    assert "甲县" not in page
    branch = html(staff.get(reverse("org:children", args=[tree.at("33/11/").pk])))
    assert branch.count('role="treeitem"') == 5
    assert "甲县" in branch
    assert "小学" in branch


def test_tree_shows_the_names_of_the_day(tree, staff, admin):
    rename_nodes([tree.at("33/11/23/")], actor=admin, on=ON, name="新县")
    address = reverse("org:children", args=[tree.at("33/11/").pk])
    assert "新县" in html(staff.get(address))
    assert "新县" not in html(staff.get(address, {"on": BEFORE.isoformat()}))
    assert "这是" in html(staff.get(reverse("org:tree"), {"on": BEFORE.isoformat()}))


@pytest.mark.parametrize("count", [1, 3])
def test_a_branch_takes_as_many_queries_however_many_children(tree, staff, admin, count):
    parent = tree.at("32/")
    create_nodes([draft_node(parent, f"市{n}", "division", code=f"2{n}") for n in range(count)], actor=admin, on=ON)
    staff.get(reverse("org:tree"))
    with Trips() as queries:
        html(staff.get(reverse("org:children", args=[parent.pk])))
    assert len(queries.about('"org_node')) == 2


def test_long_branches_come_in_pieces(tree, staff, admin, monkeypatch):
    monkeypatch.setattr("shuzheng.base.org.pages.BRANCH", 2)
    address = reverse("org:children", args=[tree.at("33/11/23/").pk])
    first = html(staff.get(address))
    assert first.count('role="treeitem"') == 2
    assert "start=2" in first
    assert html(staff.get(address, {"start": 2})).count('role="treeitem"') == 1


def test_search_finds_and_says_where(tree, staff):
    page = html(staff.get(reverse("org:tree"), {"q": "甲县第1"}))
    assert "甲县第1小学" in page
    assert "甲省 / 甲市 / 甲县" in page
    part = html(staff.get(reverse("org:tree"), {"q": "没有的"}, headers={"HX-Request": "true"}))
    assert "没有找到" in part
    assert "<html" not in part


def test_suggestions_carry_the_path(tree, staff):
    assert "甲县第1小学 · 33/11/23/0/u1/" in html(staff.get(reverse("org:suggest"), {"to": "甲县第1"}))


def test_node_page_shows_history_and_offers_verbs_to_those_who_may(tree, browser, staff, admin):
    node = tree.at("33/11/23/0/u1/")
    tree.profile(node.path, contact="张三")
    rename_nodes([node], actor=admin, on=ON, name="新校")
    page = html(browser.get(reverse("org:node", args=[node.pk])))
    assert page.count("甲县第1小学") == 1
    assert "划转" in page
    assert "张三" in page
    own = html(staff.get(reverse("org:node", args=[node.pk])))
    assert "划转" not in own
    assert "张三" not in own


def test_reorganisation_is_previewed_then_applied(tree, browser):
    county, to = tree.at("33/11/23/"), tree.at("33/10/")
    address = reverse("org:move", args=[county.pk])
    assert "预览影响" in html(browser.get(address))
    fields = {"to": "乙市 · 33/10/", "code": "", "on": ON.isoformat(), "basis": "国函 1 号", "step": "preview"}
    page = html(browser.post(address, fields))
    assert "涉及机构 5 个" in page
    assert "生效日期在以前" in page
    assert tree.again(county).path == "33/11/23/"
    assert browser.post(address, {**fields, "step": "do"}).status_code == 302
    assert tree.again(county).path == "33/10/23/"
    assert tree.again(county).parent_id == to.pk


def test_faults_stand_at_their_fields(tree, browser):
    address = reverse("org:move", args=[tree.at("33/11/23/0/u1/").pk])
    page = html(browser.post(address, {"to": "不存在", "on": ON.isoformat(), "step": "do"}), 422)
    assert "从提示里选" in page
    page = html(browser.post(address, {"to": "乙县 · 33/11/22/", "on": ON.isoformat(), "step": "do"}), 422)
    assert "换一个代码" in page


@pytest.mark.parametrize(
    ("verb", "fields", "path"),
    [
        ("create", {"kind": "department", "name": "总务处", "code": "zw"}, "33/11/23/0/u2/zw/"),
        ("rename", {"name": "新校", "type": "21"}, "33/11/23/0/u2/"),
        ("merge", {"into": "甲县第1小学"}, "33/11/23/0/u1/"),
        ("split", {"parts": "南校\n北校", "heir": "2"}, "33/11/23/0/u1/"),
        ("abolish", {"with_children": "on"}, "33/11/23/0/u1/"),
    ],
)
def test_each_verb_works_through_its_page(tree, browser, verb, fields, path):
    node = tree.at("33/11/23/0/u2/")
    browser.post(reverse(f"org:{verb}", args=[node.pk]), {**fields, "on": ON.isoformat(), "step": "do"})
    with system_scope("tests").activate():
        [row] = Reorganisation.objects.all()
    assert (row.verb, row.state) == (verb, "applied")
    assert tree.at(path)


def test_planned_change_is_listed_and_cancelled(tree, browser, nation):
    node = tree.at("33/11/23/0/u1/")
    browser.post(
        reverse("org:rename", args=[node.pk]), {"name": "新校", "type": "21", "on": (tree.today + timedelta(days=9)).isoformat(), "step": "do"}
    )  # fmt: skip
    page = html(browser.get(reverse("org:reorganisations")))
    assert "甲县第1小学" in page
    with system_scope("tests").activate():
        [row] = Reorganisation.objects.all()
    stranger = client_of(nation, "33/11/22/0/goa/", "business_admin", at="33/11/22/")
    assert stranger.post(reverse("org:change_cancel", args=[row.pk])).status_code == 404
    browser.post(reverse("org:change_cancel", args=[row.pk]), {"version": row.version})
    assert tree.again(row).state == "cancelled"


def test_those_without_the_right_get_no_page(tree, staff):
    node = tree.at("33/11/23/0/u1/")
    assert staff.get(reverse("org:move", args=[node.pk])).status_code == 403
    assert staff.get(reverse("org:reorganisations")).status_code == 403
    assert staff.get(reverse("org:import")).status_code == 403


def test_differences_are_listed(tree, browser, admin):
    rename_nodes([tree.at("33/11/23/")], actor=admin, on=ON, name="新县")
    page = html(browser.get(reverse("org:differences"), {"from": BEFORE.isoformat(), "to": ON.isoformat()}))
    assert "更名" in page
    assert "新县" in page


def test_import_checks_first_and_then_writes(tree, browser):
    def upload(step, *rows):
        file = SimpleUploadedFile("机构.xlsx", book(*rows, heads=HEADS[:4]))
        return browser.post(reverse("org:import"), {"file": file, "step": step}, headers={"HX-Request": "true"})

    assert "1 行都可以导入" in html(upload("check", ["甲馆", "331123", "", "g"]))
    assert tree.paths(code="g") == []
    assert "没有这个区划" in html(upload("do", ["甲馆", "339999", "", "g"]), 422)
    assert "已导入 1 家" in html(upload("do", ["甲馆", "331123", "", "g"]))
    assert tree.paths(code="g") == ["33/11/23/0/g/"]


def test_template_and_exports_are_files(tree, browser):
    for name in ("template", "export", "export_csv"):
        response = browser.get(reverse(f"org:{name}"))
        assert response.status_code == 200
        content = io.BytesIO(b"".join(response.streaming_content)).getvalue()
        assert content[:2] == (b"PK" if name != "export_csv" else "\ufeff".encode()[:2])
