"""Ways in: one-time passwords, passkeys, and what repeated wrong passwords lead to."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import Page, expect

from shuzheng.ops.demo.personas import PASSWORD
from tests.journeys.conftest import Desk

pytestmark = pytest.mark.browser


def sign_out(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name=re.compile("，账户$")).click()
    page.get_by_role("menuitem", name="退出登录").click()
    expect(page.get_by_role("heading", name="登录统一门户")).to_be_visible()


def say_who(page: Page, account: str, password: str = PASSWORD) -> None:
    page.fill("input[name=login]", account)
    page.fill("input[name=password]", password)
    page.click("form[action='/sign-in/'] button[type=submit]")


def confirm_password(page: Page) -> None:
    """Before a factor changes, the password is asked for once more, unless it was given a moment ago."""
    if "/again/" in page.url or "/reauthenticate/" in page.url:
        page.fill("input[name=password]", PASSWORD)
        page.locator("main button[type=submit]").last.click()


def one_time_password(secret: str, at: float) -> str:
    """RFC 6238, as the app on somebody's telephone computes it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(at // 30)), "sha1")
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def within_one_period() -> None:
    """A password is good for its 30 seconds only: near their end, wait for the next ones."""
    if (left := 30 - time.time() % 30) < 5:
        time.sleep(left)


def test_a_one_time_password_is_set_up_and_asked_for(desk: Desk) -> None:
    page = desk("gj.admin")
    page.goto("/sign-in/factors/totp/activate/")
    confirm_password(page)
    expect(page.locator("input[name=code]")).to_be_visible()
    secret = re.search(r"\b[A-Z2-7]{16,}\b", page.locator("main").inner_text() + page.content()).group()
    within_one_period()
    page.fill("input[name=code]", one_time_password(secret, time.time()))
    page.locator("main button[type=submit]").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("恢复代码")  # for the day the telephone is lost

    sign_out(page)
    say_who(page, "gj.admin")
    expect(page.locator("input[name=code]")).to_be_visible()
    page.fill("input[name=code]", "000000")
    page.press("input[name=code]", "Enter")
    expect(page.locator("input[name=code][aria-invalid=true]")).to_be_visible()
    within_one_period()
    page.fill("input[name=code]", one_time_password(secret, time.time()))
    page.press("input[name=code]", "Enter")
    expect(page.locator(".sz-node")).to_be_visible()

    page.goto("/sign-in/factors/totp/deactivate/")
    confirm_password(page)
    page.locator("main button[type=submit]").last.click()
    expect(page).to_have_url(re.compile("/sign-in/factors/"))


def test_a_passkey_signs_in_without_a_password(desk: Desk) -> None:
    page = desk("sc.clerk")
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }
        },
    )  # fmt: skip
    page.goto("/sign-in/factors/webauthn/add/")
    confirm_password(page)
    page.fill("input[name=name]", "办公电脑")
    passwordless = page.locator("input[name=passwordless]")
    if passwordless.count():
        passwordless.check()
    page.locator("main button[type=submit], main #mfa_webauthn_add").last.click()
    page.wait_for_url(re.compile("/sign-in/factors/(?!webauthn/add)"))

    sign_out(page)
    page.locator("#passkey_login").click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))
    expect(page.locator(".sz-node")).to_contain_text("遂昌县")

    page.goto("/sign-in/factors/webauthn/")
    page.get_by_role("link", name=re.compile("删除|移除")).or_(page.locator("a[href*='/remove/']")).first.click()
    confirm_password(page)
    page.locator("main button[type=submit]").last.click()
    expect(page.locator("main")).not_to_contain_text("办公电脑")


def test_wrong_passwords_lock_the_way_in_and_say_for_how_long(desk: Desk) -> None:
    page = desk(quiet=False)  # the refusal answers 429, which the console reports
    for _ in range(6):
        if page.locator("input[name=login]").count():
            say_who(page, "nobody.at.all", "Wrong-2026-wrong")
            page.wait_for_load_state()
    expect(page.get_by_role("heading", level=1)).to_have_text("暂停登录")
    expect(page.locator("main")).to_contain_text("15 分钟后再试")
