"""Where vehicles are, and a day's track for a reason: on a plain grid, and with MapLibre over tiles under our content policy."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Playwright, Route, expect

from shuzheng.ops.demo.personas import PASSWORD
from tests.journeys.conftest import DESK, Desk

pytestmark = pytest.mark.browser

GL = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]


def test_a_dispatcher_sees_the_cars_and_gives_a_reason_for_a_track(desk: Desk) -> None:
    page = desk("sc.dispatch")
    page.goto("/vehicles/map/")
    expect(page.locator("sz-map")).to_have_attribute("data-ready", "grid")
    cars = page.locator(".mp-list button")
    expect(page.locator(".mp-svg .cr")).to_have_count(cars.count())
    cars.first.click()
    expect(cars.first).to_have_attribute("aria-current", "")

    data = page.locator(".mp-list a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    page.goto(data[0])
    page.fill("input[name=why]", "核对里程")
    page.get_by_role("button", name="查看轨迹").click()
    expect(page.locator("h1")).to_contain_text(re.compile("行驶|没有轨迹"))
    expect(page.locator("form input[name=why]")).to_have_count(0)


def test_maplibre_draws_under_the_policy_and_without_webgl_the_grid_does(playwright: Playwright, address: str) -> None:
    def tiled(route: Route) -> None:
        answer = route.fetch()
        tiles = json.dumps({"url": f"{address.rstrip('/')}/static/none/{{z}}/{{x}}/{{y}}.png", "credit": ""})
        route.fulfill(response=answer, body=answer.text().replace('"tiles": null', f'"tiles": {tiles}'))

    for args, ready, drawn in (
        (GL, "tiles", ".maplibregl-canvas"),
        (["--no-sandbox", "--disable-3d-apis"], "grid", ".mp-svg"),
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=args)
        page = browser.new_context(base_url=address, locale="zh-CN", viewport=DESK, service_workers="block").new_page()
        broken: list[str] = []
        page.on("console", lambda m, broken=broken: broken.append(m.text) if "Content Security" in m.text else None)
        page.goto("/")
        page.fill("input[name=login]", "sc.dispatch")
        page.fill("input[name=password]", PASSWORD)
        page.click("form[action='/sign-in/'] button[type=submit]")
        page.wait_for_url("**/")
        page.route("**/vehicles/map/", tiled)
        page.goto("/vehicles/map/")
        expect(page.locator("sz-map")).to_have_attribute("data-ready", ready)
        expect(page.locator(drawn)).to_have_count(1)
        assert broken == []
        browser.close()
