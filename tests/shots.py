"""``make shots``: pictures of the main pages on the demo nation, into ``build/shots/<page>-<width>-<language>.png``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from shuzheng.ops.demo.personas import PASSWORD
from tests.journeys.program import running

FOLDER = Path(__file__).resolve().parents[1] / "build" / "shots"
SIZES = {1440: 900, 390: 844}
LANGUAGES = {"zh": "zh-CN", "en": "en-US"}

PAGES: dict[str, dict[str, str]] = {
    "": {"sign-in": "/"},
    "sc.unit": {"workbench-institution": "/", "entry": "first:ul.sz-rows a.wb-act"},
    "sc.review": {
        "workbench-county": "/",
        "rounds": "/forms/",
        "review": "first:a[href*='/review/']",
        "places": "/r/places/",
        "notices": "/notify/",
        "flow-inbox": "/flows/",
        "flow-case": "first:table.fl-list a.strong",
    },
    "sc.clerk": {
        "collections": "/collect/",
        "collection-new": "/collect/new/",
        "flow-start": "/flows/start/",
        "flow-form": "first:ul.fl-kinds a.strong",
        "flow-started": "/flows/?tab=started",
        "flow-mine": "first:table.fl-list a.strong",
        "flow-delegations": "/flows/delegations/",
    },
    "zj.review": {
        "board": "first:table.wb-rounds a.strong",
        "rollup": "first:a[href*='/rollup/']",
        "cockpit": "/stats/cockpit/",
        "explorer": "/stats/?look=rank",
        "wall": "/stats/wall/",
        "alerts": "/stats/alerts/",
        "ledger": "/forms/ledger/",
        "energy": "/energy/",
        "energy-tables": "/energy/tables/",
        "energy-quality": "/energy/quality/",
    },
    "gj.admin": {"forms": "/forms/definitions/", "form-new": "/forms/definitions/new/", "burden": "/forms/burden/"},
    "zj.admin": {
        "tree": "/org/tree/",
        "people": "/r/people/",
        "standards": "/standards/",
        "calendar": "/standards/calendar/",
        "issue": "/forms/rounds/issue/",
        "apps": "/apps/",
        "flow-new": "/flows/definitions/new/",
        "flow-definitions": "/flows/definitions/",
        "flow-definition": "first:table.sz-table a.strong",
    },
    "zj.system": {"accounts": "/access/accounts/"},
    "zj.security": {"grant-changes": "/access/changes/"},
    "zj.audit": {"audit": "/audit/"},
}
"""Pages by account; ``first:`` means the page behind the first such link of the page before."""


def sign_in(browser: Browser, address: str, account: str, language: str) -> Page:
    page = browser.new_context(base_url=address, locale=language, timezone_id="Asia/Shanghai").new_page()
    page.set_viewport_size({"width": 1440, "height": SIZES[1440]})
    page.goto("/")
    if account:
        page.fill("input[name=login]", account)
        page.fill("input[name=password]", PASSWORD)
        page.click("form[action='/sign-in/'] button[type=submit]")
        page.wait_for_url("**/")
    return page


def take(page: Page, name: str, where: str, language: str) -> None:
    page.set_viewport_size({"width": 1440, "height": SIZES[1440]})
    if where.startswith("first:"):
        where = page.locator(where.removeprefix("first:")).first.get_attribute("href") or "/"
    for width, height in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(where)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / f"{name}-{width}-{language}.png", full_page=True)


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running(f"shots-{os.getpid()}") as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for language, locale in LANGUAGES.items():
            for account, pages in PAGES.items():
                page = sign_in(browser, address, account, locale)
                for name, where in pages.items():
                    take(page, name, where, language)
                page.context.close()
    sys.stdout.write(f"{len(list(FOLDER.glob('*.png')))} pictures in build/shots\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
