"""A collection is made by clicks in less than two minutes, answered on a phone by its link, and adds up without a reload."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Desk, serious

pytestmark = pytest.mark.browser


def make(page: Page) -> str:
    """The clicks of somebody who sees the page for the first time; returns the link."""
    page.goto("/collect/")
    page.get_by_role("link", name=re.compile("新建收集表")).click()
    page.fill("input[name=title]", "周五培训报名")
    labels = page.locator("input[name=q_label]")
    labels.nth(0).fill("参加人数")
    page.locator("select[name=q_kind]").nth(0).select_option("number")
    labels.nth(1).fill("是否用餐")
    page.locator("select[name=q_kind]").nth(1).select_option("choice")
    page.locator("textarea[name=q_more]").nth(1).fill("用餐\n不用")
    page.locator("sz-questions [data-add]").click()
    labels.nth(2).fill("想说的话")
    page.select_option("select[name=audience]", "open")
    page.select_option("select[name=per]", "any")
    page.get_by_role("button", name="发出").click()
    expect(page.locator(".cq-qr svg")).to_be_visible()
    return page.locator(".cq-link").inner_text()


def fill(page: Page, people: str) -> None:
    page.get_by_label("参加人数").fill(people)
    page.get_by_label("用餐", exact=True).check()
    page.get_by_label("想说的话").fill("早点开始")


def test_made_in_two_minutes_answered_on_a_phone_and_adding_up_by_itself(desk: Desk) -> None:
    office = desk("sc.clerk")
    began = time.monotonic()
    link = make(office)
    assert time.monotonic() - began < 120
    assert serious(office) == []

    phone = desk(phone=True, quiet=False)
    phone.goto(link)
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert serious(phone) == []
    fill(phone, "三人")
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator("[data-question=q1] [data-fault]")).not_to_be_empty()
    fill(phone, "12")
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("已收到")).to_be_visible()
    expect(office.locator("[data-answers]")).to_have_text("1")  # nobody pressed reload
    expect(office.locator("[data-total]")).to_have_text("12")

    # The network drops: the answer waits on the device, also when the page is opened anew, and goes by itself, once.
    phone.goto(link)
    fill(phone, "30")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("答卷存在本机")).to_be_visible()
    phone.context.set_offline(False)
    expect(phone.get_by_text("已收到")).to_be_visible()
    expect(office.locator("[data-answers]")).to_have_text("2")
    expect(office.locator("[data-total]")).to_have_text("42")

    # Closed while somebody types: refused in words, and what was typed is still there.
    phone.goto(link)
    fill(phone, "7")
    office.get_by_role("button", name="结束收集").click()
    office.get_by_role("dialog").get_by_role("button", name="结束收集").click()
    expect(office.get_by_text("已结束，不再收").first).to_be_visible()
    phone.get_by_role("button", name="提交").click()
    expect(phone.get_by_text("已经截止，没有存上")).to_be_visible()
    expect(phone.get_by_label("参加人数")).to_have_value("7")
