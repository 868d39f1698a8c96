"""A car, from the request on a phone to the quarter's report: asked, approved, proposed, driven with a terminal, seen moving, paid for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from shuzheng.protocols.jt808.location import Location
from shuzheng.protocols.jt808.simulator import Terminal, drive
from tests.journeys.conftest import Desk, serious

pytestmark = pytest.mark.browser

GOAL, SEAT, VOUCHER = "大柘镇政府", (28_592_500, 119_271_200), "PZ-JOURNEY-1"
"""Where to, the county's seat in millionths of a degree, and the number of a bill."""


def ask(page: Page) -> str:
    """Ask for a car as one does on a phone: three fields and a press; returns the address of the trip."""
    page.goto("/vehicles/ask/")
    page.fill("input[name=subject]", "乡镇食堂检查")
    page.fill("input[name=destination]", GOAL)
    page.fill("input[name=people]", "3")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/vehicles/trips/**")
    expect(page.get_by_text("待部门审批").first).to_be_visible()
    return page.url


def approve(page: Page, title: str) -> None:
    """Agree to whatever of that title waits for this person."""
    for _turn in range(3):
        page.goto("/flows/")
        waiting = page.get_by_role("link", name=re.compile(title))
        if not waiting.count():
            return
        waiting.first.click()
        page.fill("#decide [name=text]", "同意")
        with page.expect_navigation():
            page.get_by_role("button", name="同意", exact=True).first.click()


def come_back(page: Page, goal: str, km: int, *, voucher: str = "") -> None:
    """The driver enters what the odometer says, and what was paid."""
    card = page.locator("section.sz-card", has=page.locator("form")).filter(has_text=goal)
    odometer = card.get_by_label("收车里程表读数")
    odometer.fill(str(float(odometer.input_value()) + km))
    if voucher:
        card.get_by_label("停车费").fill("12")
        card.get_by_label("凭证号").fill(voucher)
    card.get_by_role("button", name="收车").click()
    expect(page.locator("section.sz-card", has_text="近三天")).to_contain_text(goal)


def report(address: str, number: str, plate: str) -> Terminal:
    """A terminal in the car registers and tells where it is, on its way out of the county's seat."""

    async def road() -> AsyncIterator[Location]:
        begun = datetime.now().astimezone() - timedelta(seconds=50)
        for n in range(6):
            yield Location(
                begun + timedelta(seconds=n * 10), SEAT[0] - n * 2_000, SEAT[1] - n * 4_000, speed=480, direction=245
            )

    terminal = Terminal(number, plate)
    host = urlsplit(address)
    way = drive(terminal, host.hostname or "", (host.port or 0) + 808, road())
    with ThreadPoolExecutor(1) as beside:  # the browser's driver keeps a loop running in this thread
        beside.submit(lambda: asyncio.run(asyncio.wait_for(way, 30))).result()
    return terminal


def test_a_car_from_request_to_report(desk: Desk, address: str) -> None:
    driver = desk("sc.driver", phone=True)
    driver.goto("/vehicles/driving/")
    come_back(driver, "北界镇政府", 34)
    clerk = desk("sc.clerk", phone=True)
    trip = ask(clerk)
    approve(desk("sc.review"), f"用车：{GOAL}")
    clerk.goto(trip)
    expect(clerk.get_by_text("待派车").first).to_be_visible()

    dispatcher = desk("sc.dispatch")
    dispatcher.goto("/vehicles/dispatch/")
    dispatcher.get_by_role("button", name="建议方案").click()
    offer = dispatcher.locator("table.dp-offers tr", has_text=GOAL)
    expect(offer).to_have_count(1)
    expect(offer.locator("td").last).not_to_be_empty()
    assert serious(dispatcher) == []
    dispatcher.get_by_role("button", name="采用勾选的").click()
    name = (driver.locator("button[aria-label$='账户']").first.get_attribute("aria-label") or "").split("，")[0]
    dispatcher.goto(trip)
    expect(dispatcher.get_by_text("已派车").first).to_be_visible()
    if not dispatcher.get_by_text(name, exact=True).count():  # whoever was proposed: this driver takes it over
        dispatcher.get_by_role("link", name="改派").click()
        chosen = dispatcher.locator("select[name=driver] option", has_text=name).get_attribute("value")
        dispatcher.select_option("select[name=driver]", chosen)
        dispatcher.get_by_role("button", name="派车", exact=True).click()
        dispatcher.wait_for_url(re.compile(r"/vehicles/trips/[^/]+/$"))
    plate = (dispatcher.get_by_text(re.compile(r"^浙\S+ ")).first.text_content() or "").split()[0]

    driver.goto("/vehicles/driving/")
    card = driver.locator("section.sz-card", has_text=GOAL)
    card.get_by_role("button", name="接单").click()
    card.get_by_role("button", name="出车").click()
    expect(driver.locator("section.sz-card", has_text=GOAL).get_by_text("在途").first).to_be_visible()
    assert serious(driver) == []

    dispatcher.goto("/r/terminals/")
    number = dispatcher.locator("tbody tr", has_text=plate).locator("a.strong").inner_text()
    assert report(address, number, plate).stored == 6
    leader = desk("sc.review")
    leader.goto("/vehicles/map/")
    expect(leader.locator(".mp-list li", has_text=plate)).to_contain_text("48 km/h")

    come_back(driver, GOAL, 31, voucher=VOUCHER)

    leader.goto(f"/r/fees/?q={VOUCHER}")
    expect(leader.locator("tbody tr")).to_have_count(1)
    expect(leader.locator("tbody tr")).to_contain_text(plate)
    clerk.goto(trip)
    clerk.get_by_role("button", name="确认用车").click()
    expect(clerk.get_by_text("已确认").first).to_be_visible()

    statistician = desk("sc.clerk")
    statistician.goto("/forms/")
    statistician.locator("tr", has_text="公务用车季报").filter(has_text="填报").get_by_role(
        "link", name="填报"
    ).first.click()
    statistician.wait_for_url("**/forms/entry/**")
    filled = [field.input_value() for field in statistician.locator("sz-grid td[data-cell] input").all()]
    assert len([value for value in filled if value]) >= 10, "the registers fill the quarter's report"
