"""The pages of rights: who reaches which, and that a form does what its action does."""

from __future__ import annotations

import pytest
from django.test import Client

from shuzheng.base.access.models import RoleChange, Sharing
from shuzheng.base.accounts.models import Account, ApiToken, PasswordPolicy
from shuzheng.base.core.scope import system_scope
from tests.access.conftest import COUNTY, ORGAN, OTHER_SCHOOL, SCHOOL, role

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def browser(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


PAGES = {
    "/access/changes/": {"admin", "system", "security", "audit"},
    "/access/roles/": {"admin", "system", "security", "audit"},
    "/access/sharing/": {"admin", "teacher"},
    "/access/accounts/": {"admin", "system", "security", "audit"},
    "/accounts/policy/": {"system", "security", "audit"},
    "/accounts/me/": {"admin", "system", "security", "audit", "teacher"},
    "/accounts/me/sessions/": {"admin", "system", "security", "audit", "teacher"},
    "/accounts/me/tokens/": {"admin", "system", "security", "audit", "teacher"},
    "/accounts/people/import/": {"admin"},
}


def test_each_page_by_role(nation, here):
    here.teacher = nation.account(SCHOOL)
    seen = {
        url: {name for name in ("admin", "system", "security", "audit", "teacher")
              if browser(getattr(here, name)).get(url).status_code == 200}
        for url in PAGES
    }  # fmt: skip
    seen["/access/sharing/"] -= {"system", "security", "audit"}  # may look or not: it is open to everybody by design
    assert seen == PAGES


def test_asking_and_deciding_through_the_pages(nation, here):
    teacher = nation.account(SCHOOL, number="K77")
    form = {
        "verb": "grant",
        "post": "K77",
        "role": role("clerk").pk,
        "at": SCHOOL,
        "start": "2026-01-01",
        "reason": "新任",
    }
    assert browser(here.admin).post("/access/changes/", form).status_code == 302
    with system_scope("tests").activate():
        change = RoleChange.objects.get()
    assert "K77" in browser(here.security).get("/access/changes/").content.decode()
    assert browser(here.admin).post(f"/access/changes/{change.pk}/approve/").status_code == 403
    assert (
        browser(here.security).post(f"/access/changes/{change.pk}/approve/", {"version": change.version}).status_code
        == 302
    )
    assert browser(teacher).get("/accounts/me/").status_code == 200
    with system_scope("tests").activate():
        change.refresh_from_db()
        assert change.state == "approved"
    assert browser(here.security).post(f"/access/changes/{change.pk}/refuse/", {"opinion": "改主意"}).status_code == 409


def test_request_of_another_county_does_not_exist(nation, here, next_door):
    teacher = nation.account(SCHOOL, number="K77")
    form = {
        "verb": "grant",
        "post": "K77",
        "role": role("clerk").pk,
        "at": SCHOOL,
        "start": "2026-01-01",
        "reason": "新任",
    }
    browser(here.admin).post("/access/changes/", form)
    with system_scope("tests").activate():
        change = RoleChange.objects.get()
    assert browser(next_door.security).post(f"/access/changes/{change.pk}/approve/").status_code == 404
    assert "K77" not in browser(next_door.security).get("/access/changes/").content.decode()
    assert teacher.pk


def test_accounts_list_shows_the_own_subtree(nation, here):
    nation.account(SCHOOL, number="K01")
    nation.account(OTHER_SCHOOL, number="K02")
    page = browser(here.system).get("/access/accounts/").content.decode()
    assert "k01" in page
    assert "k02" not in page


def test_account_outside_the_subtree_does_not_exist(nation, here):
    neighbour = nation.account(OTHER_SCHOOL)
    assert browser(here.system).post(f"/access/accounts/{neighbour.pk}/disable/").status_code == 404
    assert Account.objects.get(pk=neighbour.pk).is_active


def test_reset_shows_the_code_once(nation, here):
    teacher = nation.account(SCHOOL)
    page = browser(here.system).post(f"/access/accounts/{teacher.pk}/reset/", {"reason": "忘记"})
    assert page.status_code == 200
    assert "只显示这一次" in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0")


def test_rules_are_changed_by_the_roots_security_officer(nation, here):
    root = nation.account("0/ngoa/", "security_officer", at="")
    with system_scope("tests").activate():
        rules = {name: getattr(PasswordPolicy(), name) for name in (
            "min_length", "classes", "history", "max_age_days", "tries", "account_tries", "lock_minutes", "idle_minutes",
            "invitation_hours", "second_factor")}  # fmt: skip
    form = {**rules, "valid_from": "2030-01-01", "min_length": 12}
    assert browser(here.security).post("/accounts/policy/", form).status_code == 403
    assert browser(root).post("/accounts/policy/", {**form, "min_length": 4}).status_code == 422
    assert browser(root).post("/accounts/policy/", {**form, "valid_from": "2020-01-01"}).status_code == 422
    assert browser(root).post("/accounts/policy/", form).status_code == 302
    assert PasswordPolicy.objects.get().min_length == 12


def test_sharing_through_the_pages(nation, here, next_door):
    form = {"verb": "ask", "ask-owner": COUNTY, "ask-line": "general", "ask-start": "2026-01-01", "ask-purpose": "合办"}
    assert browser(next_door.admin).post("/access/sharing/", form).status_code == 302
    with system_scope("tests").activate():
        row = Sharing.objects.get()
    leader = nation.account(ORGAN, "leader", at=COUNTY)
    assert browser(next_door.admin).post(f"/access/sharing/{row.pk}/approve/").status_code == 403
    assert browser(leader).post(f"/access/sharing/{row.pk}/approve/").status_code == 302
    assert browser(next_door.admin).post(f"/access/sharing/{row.pk}/end/", {"opinion": "办完了"}).status_code == 302


def test_who_may_do_what_names_post_and_role(nation, here):
    node = nation.organ(SCHOOL)
    nation.account(SCHOOL, "clerk", name="甲校经办")
    nation.account(OTHER_SCHOOL, "clerk", name="乙校经办")
    page = browser(here.security).get(f"/access/who/{node.pk}/").content.decode()
    assert "甲校经办" in page
    assert "业务管理员" in page  # holds over the county, so over the school too
    assert "乙校经办" not in page
    only = (
        browser(here.security).get(f"/access/who/{node.pk}/", {"permission": "accounts.policy.change"}).content.decode()
    )
    assert "甲校经办" not in only
    assert browser(here.security).get(f"/access/who/{node.pk}/", {"permission": "no.such.name"}).status_code == 404


def test_token_page_says_the_token_once(nation, here):
    client = browser(nation.account(SCHOOL, "clerk"))
    form = {"name": "脚本", "days": "30", "addresses": "10.0.0.0/24", "permissions": ["org.profile.view"]}
    page = client.post("/accounts/me/tokens/", form).content.decode()
    with system_scope("tests").activate():
        token = ApiToken.objects.get()
    assert page.count("szp_") >= 1
    assert page.split("szp_")[1][:4] == token.prefix[4:]
    assert client.get("/accounts/me/tokens/").content.decode().count(token.prefix) == 1
    client.post("/accounts/me/tokens/", {"revoke": str(token.pk)})
    with system_scope("tests").activate():
        token.refresh_from_db()
    assert token.revoked_at is not None


def test_switches(nation, here):
    account = nation.account(SCHOOL)
    client = browser(account)
    assert client.post("/accounts/language/", {"language": "en", "next": "//evil.example"})["Location"] == "/"
    assert client.post("/accounts/language/", {"language": "xx"}).status_code == 404
    assert (
        client.post("/accounts/density/", {"density": "compact", "next": "/accounts/me/"})["Location"]
        == "/accounts/me/"
    )
    assert client.post("/accounts/act-in/", {"post": str(account.pk)}).status_code == 404
    account.refresh_from_db()
    assert (account.language, account.density) == ("en", "compact")


@pytest.mark.parametrize("register", ["people", "posts", "grants"])
def test_registers_open(nation, here, register):
    assert browser(here.admin).get(f"/r/{register}/").status_code == 200
