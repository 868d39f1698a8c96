"""Main pages in both languages, at a desk and on a phone: no fault on the console, none that axe calls serious, no sideways scroll."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import Desk, serious

pytestmark = pytest.mark.browser

PAGES = {
    "sc.unit": ["/", "/todos/", "/apps/", "/help/", "/forms/", "first:main a[href*='/forms/entry/']"],
    "sc.review": ["/", "/forms/", "/r/places/", "/notify/", "/search/?q=遂昌", "/flows/", "first:.fl-list a.strong"],
    "sc.clerk": [
        "/flows/start/",
        "first:.fl-kinds a.strong",
        "/flows/?tab=started",
        "/flows/delegations/",
        "/flows/mine/",
    ],
    "zj.admin": [
        "/flows/definitions/new/",
        "/flows/definitions/",
        "first:tr:has(.code:text-is('seal')) a.strong",
        "first:.acts a[href$='/replay/']",
        "/flows/statistics/",
        "first:.sz-table a.strong",
        "/org/tree/",
        "/r/nodes/",
        "/r/people/",
        "/standards/",
        "/standards/calendar/",
        "/forms/rounds/issue/",
    ],
    "zj.review": ["/stats/cockpit/", "/stats/?look=rank", "/energy/", "/energy/tables/", "/forms/ledger/"],
    "gj.admin": [
        "/forms/definitions/new/",
        "/forms/burden/",
        "/collect/new/",
        "/flows/definitions/",
        "first:tr:has(.code:text-is('seal')) a.strong",  # what journeys draw meanwhile stands in the list, too
        "first:.acts a[href$='/tests/']",
        "first:a[href$='/tests/0/']",
    ],
    "zj.system": ["/access/accounts/", "/events/", "/accounts/me/"],
    "zj.security": ["/access/changes/", "/access/roles/", "/accounts/policy/"],
    "zj.audit": ["/audit/"],
}


@pytest.mark.parametrize("account", PAGES)
@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_pages_are_sound(desk: Desk, account: str, phone: bool) -> None:
    page = desk(account, phone=phone, language="en-US" if phone else "zh-CN")
    found = {}
    for path in PAGES[account]:
        if path.startswith("first:"):  # the page behind the first such link of the page before
            path = page.locator(path.removeprefix("first:")).first.get_attribute("href") or "/"
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        page.wait_for_load_state("networkidle")
        wider = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        found[path] = [*serious(page), *([f"scrolls sideways by {wider} px"] if wider > 1 else [])]
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_sign_in_page_is_sound(desk: Desk) -> None:
    assert serious(desk()) == []


def test_a_wrong_password_tells_nothing_about_the_account(desk: Desk) -> None:
    answers = []
    for account in ("sc.unit2", "nobody.here"):
        page = desk(quiet=False)
        page.fill("input[name=login]", account)
        page.fill("input[name=password]", "Wrong-2026-wrong")
        page.click("form[action='/sign-in/'] button[type=submit]")
        answers.append(page.locator("[role=alert], .invalid-feedback, .sz-fault").first.inner_text())
    assert answers[0] == answers[1] != ""
