"""The main job, from an institution to the nation: filled in, returned, corrected, approved, added up, drilled down."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Desk

pytestmark = pytest.mark.browser

UNIT = "遂昌县第一小学"
WRONG, RIGHT = "9876", "4321"


def fill_in(page: Page) -> str:
    """Open the form from the workbench, fill every empty cell, explain what is asked, hand in; returns the address."""
    page.locator("ul.sz-rows a.wb-act").first.click()
    page.wait_for_url("**/forms/entry/**")
    expect(page.locator("sz-grid")).to_be_visible()
    for field in page.locator("sz-grid td[data-cell] input").all():
        if field.is_editable() and not field.input_value():
            cost = "_cost" in (field.locator("xpath=ancestor::td").get_attribute("data-cell") or "")
            field.fill("500" if cost else "0")
            field.press("Enter")
    put(page, "e02_m3", WRONG)
    explain(page)
    hand_in(page)
    return page.url


def put(page: Page, code: str, value: str) -> None:
    field = page.locator(f"sz-grid td[data-cell='{code}'] input")
    field.fill(value)
    field.press("Enter")


def explain(page: Page) -> None:
    """Give a reason wherever one is asked for."""
    for reason in page.locator("[data-checks] textarea[data-reason]").all():
        if not reason.input_value():
            reason.fill("用量已与账单核对。")
            reason.press("Tab")
    expect(page.locator("[data-submit-form]")).to_be_enabled(timeout=20_000)


def hand_in(page: Page) -> None:
    page.locator("[data-submit-form]").click()
    page.fill("#s-stat", "王统计")
    page.fill("#s-head", "李校长")
    page.locator("dialog form[data-after-saving] button[type=submit]").click()
    expect(page.get_by_text("已提交，内容锁定")).to_be_visible()


def choose(page: Page, name: str) -> None:
    """In the reviewer's queue, the institution of that name."""
    page.goto("/forms/")
    page.locator("table.wb-rounds a.strong").first.click()
    page.get_by_role("link", name=re.compile("审核 ")).first.click()
    page.wait_for_url("**/review/**")
    if not page.locator("h2#un-h", has_text=name).count():
        page.locator(".rv-queue a", has_text=name).first.click()
    expect(page.locator("h2#un-h")).to_have_text(name)


def test_a_number_goes_up_four_tiers_and_leads_back_to_its_cell(desk: Desk) -> None:
    unit = desk("sc.unit")
    form = fill_in(unit)

    county = desk("sc.review")
    choose(county, UNIT)
    county.locator("[data-cell='e02_m3'] button.rv-cell").first.click()
    county.fill("[data-return-pop] textarea[name=why]", "9 月用水与水费单不符，核对后改正。")
    county.locator("[data-return-pop] button[type=submit]").click()
    county.wait_for_load_state("networkidle")

    unit.goto(form)
    expect(unit.get_by_text("9 月用水与水费单不符")).to_be_visible()
    unit.get_by_role("link", name="去答复").click()
    unit.fill("input[name=e02_m3]", RIGHT)
    unit.fill("textarea[name=note]", "按水费单改正")
    unit.get_by_role("button", name="答复").click()
    unit.wait_for_load_state("networkidle")

    choose(county, UNIT)
    expect(county.locator("del", has_text="9,876")).to_be_visible()  # both submissions side by side
    county.locator("[data-approve]").click()
    county.wait_for_load_state("networkidle")

    for account in ("ls.review", "zj.review", "gj.review"):
        upper = desk(account)
        upper.goto(form)  # the record of an institution below is open to the tiers above
        choose_through_the_tree(upper, form)
        upper.context.close()

    nation = desk("gj.review")
    nation.goto("/forms/")
    nation.locator("table.wb-rounds a.strong").first.click()
    nation.goto(nation.url.split("?")[0].rstrip("/") + "/drill/e02_m3/")
    for step in ("浙江省", "丽水市", "遂昌县", UNIT):
        nation.locator("table.fm-drill a.strong", has_text=step).first.click()
        nation.wait_for_load_state("networkidle")
    expect(nation.get_by_text("4,321").first).to_be_visible()


def choose_through_the_tree(page: Page, form: str) -> None:
    """Approve the institution at this tier, in the queue of its county."""
    page.goto("/forms/")
    page.locator("table.wb-rounds a.strong").first.click()
    base = page.url.split("?")[0].rstrip("/")
    submission = form.rstrip("/").rsplit("/", 1)[-1]
    page.goto(f"{base}/review/?at=33/11/23/&s={submission}")
    expect(page.locator("h2#un-h")).to_have_text(UNIT)
    page.locator("[data-approve]").click()
    page.wait_for_load_state("networkidle")
