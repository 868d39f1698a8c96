"""The frame around every page: search from the keyboard, language, posts, and what happens when the network goes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Desk

pytestmark = pytest.mark.browser


def test_search_is_a_key_away_and_takes_initials(desk: Desk) -> None:
    page = desk("sc.review")
    page.keyboard.press("Control+k")
    page.keyboard.type("scx")  # 遂昌县, by the initials of its pinyin
    option = page.locator("#sz-suggest [role=option]").first
    expect(option).to_be_visible()
    expect(page.locator("#sz-suggest")).to_contain_text("遂昌县")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(r|org|search)/"))


def test_the_language_is_kept_with_the_account(desk: Desk) -> None:
    page = desk("qy.review")
    page.get_by_role("button", name="English").first.click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))
    expect(page.locator(".sz-rail, nav").first).to_contain_text("Workbench")
    again = desk("qy.review")
    expect(again.locator("html")).to_have_attribute("lang", re.compile("^en"))
    again.get_by_role("button", name="中文").first.click()
    expect(again.locator("html")).to_have_attribute("lang", re.compile("^zh"))


def test_a_second_post_is_switched_to(desk: Desk) -> None:
    page = desk("qy.review")  # whom no other file relies on: the post one acts in is the account's, not the browser's
    page.goto("/accounts/me/")
    name = page.get_by_role("heading", level=1).inner_text()
    admin = desk("zj.admin")
    admin.goto("/r/posts/new/")
    admin.get_by_role("combobox", name="人员").fill(name)
    admin.get_by_role("option", name=name).first.click()
    admin.fill("main [name=name]", "兼职联络员")
    admin.fill("[name=valid_0]", "2026-01-01")
    admin.locator("[name=is_main]").uncheck()
    admin.get_by_role("button", name="保存", exact=True).click()
    expect(admin.get_by_role("heading", level=1)).to_contain_text(name)

    page.goto("/")
    switch = page.locator(".sz-node")
    switch.click()
    page.get_by_role("menuitemradio", name=re.compile("兼职联络员")).click()
    expect(switch).to_contain_text("兼职联络员")
    switch.click()
    page.get_by_role("menuitemradio", name=re.compile("审核人")).click()
    expect(switch).to_contain_text("审核人")


def test_typing_goes_on_without_a_network(desk: Desk) -> None:
    page = desk("sc.unit2", quiet=False)  # requests that fail are reported in the console
    page.goto("/forms/")
    page.locator("main a[href*='/forms/entry/']", has_text=re.compile("继续填|改正|修改")).first.click()
    page.wait_for_url("**/forms/entry/**")
    name = page.locator("sz-grid td[data-cell] input:not([readonly])").first.get_attribute("name")
    cell = page.locator(f"sz-grid input[name='{name}']")
    before = cell.input_value()
    page.context.set_offline(True)
    expect(page.locator("sz-offline")).to_be_visible()
    cell.fill("123")
    cell.press("Tab")
    expect(page.locator("[data-saved]")).not_to_have_attribute("data-state", "saved")
    page.context.set_offline(False)
    expect(page.locator("sz-offline")).to_be_hidden()
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved", timeout=30_000)
    page.reload()
    expect(cell).to_have_value(re.compile("^123"))
    cell.fill(before)
    cell.press("Tab")
    expect(page.locator("[data-saved]")).to_have_attribute("data-state", "saved")
