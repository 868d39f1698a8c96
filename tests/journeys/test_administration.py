"""What keeps the platform: the tree is changed with a preview, rights by two people, a notice is read by name."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Desk, serious

pytestmark = pytest.mark.browser

SCHOOL = "遂昌县第二小学"


def test_a_renaming_is_previewed_planned_and_taken_back(desk: Desk) -> None:
    page = desk("zj.admin")
    page.goto(f"/org/tree/?q={SCHOOL}")
    page.get_by_role("link", name=SCHOOL, exact=True).first.click()
    page.get_by_role("link", name="更名").or_(page.get_by_role("menuitem", name="更名")).first.click()
    page.fill("[name=name]", "遂昌县实验小学")
    page.fill("[name=on]", (date.today() + timedelta(days=30)).isoformat())
    page.locator("main button[type=submit]").first.click()
    expect(page.get_by_role("button", name="列入计划")).to_be_visible()
    assert serious(page) == []
    page.get_by_role("button", name="列入计划").click()
    expect(page.get_by_text("已列入计划")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text(SCHOOL)  # not before its day

    page.goto("/org/changes/")
    row = page.locator("tr", has_text=SCHOOL)
    row.get_by_role("button", name="取消").click()
    confirm = page.get_by_role("dialog").get_by_role("button").last
    if confirm.is_visible():
        confirm.click()
    expect(page.locator("tr", has_text=SCHOOL)).to_have_count(0)


def test_a_right_is_asked_by_one_and_given_by_another(desk: Desk) -> None:
    asking = desk("zj.admin")
    asking.goto("/r/people/?q=周")
    number = re.search(r"\bD\d{7}\b", asking.locator("table tbody tr").first.inner_text()).group()
    asking.goto("/access/changes/")
    asking.fill("main [name=post]", number)
    asking.select_option("[name=role]", label="审核人")
    asking.fill("[name=at]", "浙江省")
    asking.fill("[name=reason]", "顶岗一个月")
    asking.get_by_role("button", name="提交审批").click()
    expect(asking.get_by_text("已提交，等安全管理员审批")).to_be_visible()
    expect(asking.locator("tr", has_text="顶岗一个月").get_by_role("button", name="批准")).to_have_count(0)

    deciding = desk("zj.security")
    deciding.goto("/access/changes/")
    row = deciding.locator("tr", has_text="顶岗一个月")
    row.get_by_role("button", name="批准").click()
    expect(deciding.get_by_text("已批准")).to_be_visible()

    auditor = desk("zj.audit")
    auditor.goto("/audit/?action=access.grant.decide")
    expect(auditor.locator("main table tbody tr").first).to_contain_text("审批授权变更")


def test_a_notice_that_must_be_read_is_read_by_name(desk: Desk) -> None:
    sender = desk("sc.review")
    sender.goto("/notify/new/")
    sender.get_by_label("本级各单位").check()
    sender.fill("[name=title]", "节前安全检查")
    sender.fill("[name=body]", "各单位自查用电用气。")
    sender.get_by_label("必读").check()
    sender.get_by_role("button", name="发出").click()
    expect(sender.get_by_text(re.compile(r"已发出 \d+ 份"))).to_be_visible()
    address = sender.url

    reader = desk("sc.unit2")
    reader.goto("/notify/")
    reader.get_by_role("link", name="节前安全检查").first.click()
    reader.get_by_role("button", name="我已阅读").click()
    expect(reader.get_by_role("button", name="我已阅读")).to_have_count(0)
    assert serious(reader) == []

    sender.goto(address)
    sender.get_by_role("link", name="只看未读").click()
    unread = sender.locator("table tbody tr").count()
    sender.goto(address)
    everybody = sender.locator("table tbody tr").count()
    assert 0 < unread < everybody or unread == 50  # a long list shows a page


def test_a_neighbour_gets_nothing_of_it(desk: Desk) -> None:
    page = desk("qy.review", quiet=False)  # the refusals are reported in the console
    page.goto("/r/places/?q=甲楼")
    expect(page.locator("table tbody tr", has_text="甲楼")).to_have_count(0)
    page.goto("/access/accounts/")
    expect(page.locator("main")).to_contain_text("缺少权限")
