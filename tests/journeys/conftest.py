"""Browsers that sign in to the running program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from shuzheng.ops.demo.personas import PASSWORD
from tests.journeys.program import run_name, running

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}

Desk = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    quiet = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": quiet}


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with running(run_name()) as found:
        yield found


@pytest.fixture
def desk(browser: Browser, address: str) -> Iterator[Desk]:
    """``desk("sc.unit")``: a browser in which somebody has signed in. Faults on the console fail the test."""
    opened: list[Page] = []
    faults: list[str] = []

    def open_desk(account: str = "", *, phone: bool = False, language: str = "zh-CN", quiet: bool = True) -> Page:
        context = browser.new_context(
            base_url=address, locale=language, timezone_id="Asia/Shanghai", viewport=PHONE if phone else DESK
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        if quiet:
            page.on("console", lambda m: faults.append(f"{page.url}: {m.text}") if m.type == "error" else None)
            page.on("pageerror", lambda e: faults.append(f"{page.url}: {e}"))
        opened.append(page)
        page.goto("/")
        if account:
            page.fill("input[name=login]", account)
            page.fill("input[name=password]", PASSWORD)
            page.click("form[action='/sign-in/'] button[type=submit]")
            page.wait_for_url("**/")
        return page

    yield open_desk
    for page in opened:
        page.context.close()
    assert faults == []


def serious(page: Page) -> list[str]:
    """What axe finds that is serious or critical on the page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['nodes'][0]['html'][:120]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
