"""Signing in through the pages: the right password, the wrong one, too many of them, and what must come first."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shuzheng.base.accounts.hashing import PepperedArgon2Hasher
from shuzheng.base.accounts.models import Account, PasswordPolicy
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
SCHOOL = "33/11/23/0/u1/"
LOGIN = "/sign-in/"


@pytest.fixture(autouse=True)
def _fresh_counters(db):
    cache.clear()


def sign_in(client, account, password=PASSWORD, **extra):
    name = account if isinstance(account, str) else account.username
    return client.post(LOGIN, {"login": name, "password": password}, **extra)


def trail(*names):
    with system_scope("tests").activate():
        return list(Entry.objects.filter(action__in=names).order_by("id"))


def signed_in(client):
    return "_auth_user_id" in client.session


def test_right_password_signs_in_whatever_the_case_of_the_name(client, nation):
    account = nation.account(SCHOOL)
    response = sign_in(client, account.username.upper())
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert signed_in(client)
    [entry] = trail("accounts.account.signin")
    assert (entry.label, entry.path, entry.person_id) == (account.username, SCHOOL, account.person_id)


@pytest.mark.parametrize("url", ["/accounts/me/", "/access/accounts/", "/access/sharing/", "/accounts/policy/"])
def test_every_page_is_for_signed_in_users(client, nation, url):
    response = client.get(url)
    assert response.status_code == 302
    assert response["Location"].startswith(f"{LOGIN}?next=/")


def test_fragment_asked_without_sign_in_sends_the_whole_page_to_it(client, nation):
    response = client.get("/accounts/me/", headers={"HX-Request": "true"})
    assert response["HX-Redirect"].startswith(LOGIN)


def test_nobody_signs_up_and_no_password_is_reset_by_mail(client):
    for url in ("/sign-in/signup/", "/accounts/signup/", "/sign-in/password/reset/", "/sign-in/email/"):
        assert client.get(url).status_code in (302, 404)
        assert not Account.objects.exists()


def _said(response):
    """The page with what differs by nature (tokens, what was typed) taken out."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|content="[\w]{64}"', "", response.content.decode())
    return re.sub(r'value="[^"]*"', "", text)


def test_unknown_name_and_wrong_password_are_told_apart_by_nothing(nation):
    account = nation.account(SCHOOL)
    disabled = nation.account(SCHOOL)
    Account.objects.filter(pk=disabled.pk).update(is_active=False)
    answers = [sign_in(Client(), name, "错的-Mima123") for name in (account, "nobody-here", disabled)]
    assert {a.status_code for a in answers} == {200}
    assert len({_said(a) for a in answers}) == 1
    assert "账号或密码不对" in answers[0].content.decode()


def test_unknown_name_costs_the_same_hashing(nation, monkeypatch):
    account = nation.account(SCHOOL)
    counted: list[str] = []
    encode, verify = PepperedArgon2Hasher.encode, PepperedArgon2Hasher.verify
    monkeypatch.setattr(PepperedArgon2Hasher, "encode", lambda s, p, salt: counted.append("hash") or encode(s, p, salt))
    monkeypatch.setattr(PepperedArgon2Hasher, "verify", lambda s, p, e: counted.append("hash") or verify(s, p, e))
    hashers.get_hashers.cache_clear()
    costs = []
    for name in (account.username, "nobody-here"):
        counted.clear()
        sign_in(Client(), name, "错的-Mima123")
        costs.append(len(counted))
    assert costs == [1, 1]


def test_five_wrong_tries_lock_the_right_password_out_too(client, nation):
    account, neighbour = nation.account(SCHOOL), nation.account(SCHOOL)
    answers = [sign_in(client, account, "错的-Mima123").status_code for _ in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    response = sign_in(client, account)
    assert response.status_code == 429
    assert "15 分钟后再试" in response.content.decode()
    assert response["Retry-After"] == "900"
    assert not signed_in(client)
    assert sign_in(Client(), neighbour).status_code == 302
    assert [e.action for e in trail("accounts.account.failed", "accounts.account.locked")] == [
        *["accounts.account.failed"] * 5,
        "accounts.account.locked",
    ]


def test_unknown_names_lock_just_the_same_and_leave_no_trace_of_what_was_typed(client, nation):
    answers = [sign_in(client, "my-Secret-password", "x").status_code for _ in range(6)]
    assert answers == [200, 200, 200, 200, 429, 429]
    assert {e.label for e in trail("accounts.account.failed")} == {"未知账号"}


def test_lock_is_of_the_address_and_ends_by_itself(client, nation):
    account = nation.account(SCHOOL)
    for _ in range(5):
        sign_in(client, account, "错的-Mima123", REMOTE_ADDR="10.0.0.1")
    assert sign_in(Client(), account, REMOTE_ADDR="10.0.0.2").status_code == 302
    assert sign_in(client, account, REMOTE_ADDR="10.0.0.1").status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(client, account, REMOTE_ADDR="10.0.0.1").status_code == 302


def test_many_addresses_together_lock_the_account(nation):
    account = nation.account(SCHOOL)
    for host in range(20):
        assert sign_in(Client(), account, "错的-Mima123", REMOTE_ADDR=f"10.0.0.{host}").status_code in (200, 429)
    assert sign_in(Client(), account, REMOTE_ADDR="10.9.9.9").status_code == 429


def test_number_of_tries_is_a_rule_of_the_deployment(client, nation):
    PasswordPolicy.objects.create(valid_from=timezone.localdate(), tries=3, lock_minutes=60)
    account = nation.account(SCHOOL)
    assert [sign_in(client, account, "错的-Mima123").status_code for _ in range(3)] == [200, 200, 429]
    assert sign_in(client, account)["Retry-After"] == "3600"


def test_password_that_must_be_changed_comes_before_everything_else(client, nation):
    account = nation.account(SCHOOL)
    Account.objects.filter(pk=account.pk).update(must_change_password=True)
    sign_in(client, account)
    change = reverse("account_change_password")
    assert client.get("/accounts/me/")["Location"] == change
    weak = client.post(change, {"oldpassword": PASSWORD, "password1": "Admin@2026", "password2": "Admin@2026"})
    assert "常见密码" in weak.content.decode()
    client.post(change, {"oldpassword": PASSWORD, "password1": "山高-Yue1xiao", "password2": "山高-Yue1xiao"})
    account.refresh_from_db()
    assert account.check_password("山高-Yue1xiao")
    assert not account.must_change_password
    assert client.get("/accounts/me/").status_code == 200
    assert {e.after["password"] for e in trail("accounts.password.change")} == {"***"}


def test_password_grown_too_old_has_to_be_new(client, nation):
    account = nation.account(SCHOOL)
    Account.objects.filter(pk=account.pk).update(password_changed_at=timezone.now() - timedelta(days=91))
    sign_in(client, account)
    assert client.get("/accounts/me/")["Location"] == reverse("account_change_password")


def test_idle_session_ends(client, nation):
    sign_in(client, nation.account(SCHOOL))
    session = client.session
    session["sz"] = {**session["sz"], "seen": session["sz"]["seen"] - 31 * 60}
    session.save()
    assert client.get("/accounts/me/").status_code == 302
    assert not signed_in(client)


@pytest.mark.parametrize(("mode", "role", "asked"), [
    ("nobody", "system_officer", False), ("officers", "system_officer", True), ("officers", "clerk", False), ("all", "clerk", True),
])  # fmt: skip
def test_second_factor_is_asked_of_whom_the_rules_name(client, nation, mode, role, asked):
    PasswordPolicy.objects.create(valid_from=timezone.localdate(), second_factor=mode)
    sign_in(client, nation.account(SCHOOL, role))
    response = client.get("/accounts/me/")
    assert (response.status_code == 302 and response["Location"] == reverse("mfa_index")) is asked


def test_totp_is_the_second_step_and_a_code_counts_once(client, nation):
    account = nation.account(SCHOOL)
    secret = generate_totp_secret()
    TOTP.activate(account, secret)
    stored = Authenticator.objects.get(user=account)
    assert secret not in str(stored.data)
    response = sign_in(client, account)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not signed_in(client)
    code = f"{hotp_value(secret, next(iter(yield_hotp_counters_from_time()))):06}"
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert signed_in(client)
    again = Client()
    sign_in(again, account)
    assert again.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
    assert not signed_in(again)


def test_code_page_sets_the_password_once(client, nation):
    from shuzheng.base.accounts.account_actions import create_accounts
    from shuzheng.base.accounts.models import Invitation, Person
    from tests.factories import actor_of

    officer = nation.account("33/11/23/0/goa/", "system_officer", at="33/11/23/")
    with system_scope("tests").activate():
        person = Person(name="新人", number="N7")
        person.own(nation.organ(SCHOOL))
        person.save(force_insert=True)
    [account] = create_accounts([person], actor=actor_of(officer))
    form = {"username": "n7", "code": account.code, "password": "山高-Yue1xiao", "again": "山高-Yue1xiao"}
    wrong = client.post("/accounts/code/", {**form, "code": "AAAA-BBBB-CCCC-DDDD"})
    unknown = client.post("/accounts/code/", {**form, "username": "nobody"})
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert _said(wrong) == _said(unknown)
    assert (
        "与最近"
        not in client.post(
            "/accounts/code/", {**form, "password": "Admin@20261", "again": "Admin@20261"}
        ).content.decode()
    )
    assert client.post("/accounts/code/", form)["Location"] == LOGIN
    assert client.post("/accounts/code/", form).status_code == 422
    assert Invitation.objects.get().used_at is not None
    assert sign_in(client, "n7", "山高-Yue1xiao").status_code == 302


def test_code_grows_too_old(client, nation):
    from shuzheng.base.accounts.models import Invitation

    test_code_page_sets_the_password_once(client, nation)
    Invitation.objects.update(used_at=None, expires_at=timezone.now() - timedelta(minutes=1))
    form = {"username": "n7", "code": "AAAA-BBBB-CCCC-DDDD", "password": "海阔-Tian2kong", "again": "海阔-Tian2kong"}
    assert client.post("/accounts/code/", form).status_code == 422


# Sessions


def test_my_sessions_and_ending_the_others(nation):
    account, other = nation.account(SCHOOL), nation.account(SCHOOL)
    here, there, noise = Client(), Client(), Client()
    for client, who in ((here, account), (there, account), (noise, other)):
        sign_in(client, who)
    page = here.get("/accounts/me/sessions/").content.decode()
    assert page.count("<tr>") == 3  # heading and two
    here.post("/accounts/me/sessions/", {"others": "1"})
    assert here.get("/accounts/me/").status_code == 200
    assert there.get("/accounts/me/").status_code == 302
    assert noise.get("/accounts/me/").status_code == 200


def test_officer_ends_sessions_at_once(nation):
    teacher = nation.account(SCHOOL)
    officer = nation.account("33/11/23/0/goa/", "system_officer", at="33/11/23/")
    client, desk = Client(), Client()
    sign_in(client, teacher)
    sign_in(desk, officer)
    assert client.get("/accounts/me/").status_code == 200
    assert desk.post(f"/access/accounts/{teacher.pk}/signout/", {"reason": "离岗"}).status_code == 302
    assert client.get("/accounts/me/").status_code == 302
    assert desk.get("/accounts/me/").status_code == 200


def test_disabled_account_is_out_at_the_next_request(nation):
    teacher = nation.account(SCHOOL)
    client = Client()
    sign_in(client, teacher)
    Account.objects.filter(pk=teacher.pk).update(is_active=False)
    assert client.get("/accounts/me/").status_code == 302
