"""Passwords: how they are kept, and what is refused."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from shuzheng.base.accounts.models import PasswordPolicy
from shuzheng.base.accounts.passwords import PolicyValidator, is_common, must_renew, policy, remember, weaknesses

RULES = PasswordPolicy(valid_from=date(2020, 1, 1))


def test_hash_is_argon2id_at_the_stated_cost():
    encoded = make_password("x")
    assert re.match(r"argon2sm3\$argon2id\$v=19\$m=19456,t=2,p=1\$", encoded)
    assert identify_hasher(encoded).must_update(encoded) is False
    assert check_password("x", encoded)
    assert not check_password("y", encoded)


def test_hash_is_worth_nothing_without_the_pepper(settings):
    encoded = make_password("x")
    settings.SZ_PEPPER = "another"
    assert not check_password("x", encoded)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Ab1!", "至少 10 位"),
        ("abcdefghij", "至少 3 类"),
        ("长" * 200, "缩短"),
        ("Admin@20261", "常见密码"),
        ("P@ssw0rd2026!", "常见密码"),
        ("Woaini5201314!", "常见密码"),
        ("Jgsw@2026!!", "常见密码"),
        ("Qx!88888tzW", "88888"),
        ("Tr-45678-kmZ", "45678"),
        ("Km-edcba-19Z", "edcba"),
    ],
)
def test_weak_password_is_refused_with_the_reason(password, fault):
    assert any(fault in said for said in weaknesses(password, RULES))


@pytest.mark.parametrize("password", ["测试口令之-Aa1!", "山高-Yue1xiao", "Tq7#vLm2pX", "correct Horse 7 battery"])
def test_good_password_passes(password):
    assert weaknesses(password, RULES) == []


@pytest.mark.parametrize("password", ["5201314", "Qwerty!!", "1qaz2wsx", "qwerty123", "WOAINI", "adm1n"])
def test_common_habits_are_known(password):
    assert is_common(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["Zhang-san-77!", "-Zhangsan8x!", "张三的密码-Aa1", "K1001-Aa-xyz!"])
def test_name_and_number_of_the_holder_are_refused(nation, password):
    account = nation.account("33/11/23/0/u1/", name="张三", number="K1001")
    if password.startswith("Zhang-san"):  # letters apart from each other are not the name
        PolicyValidator().validate(password, account)
        return
    with pytest.raises(ValidationError, match="含有姓名、账号或工号"):
        PolicyValidator().validate(password, account)


@pytest.mark.django_db
def test_past_passwords_do_not_come_back(nation):
    account = nation.account("33/11/23/0/u1/")
    past = [f"山高-Yue{n}xiao-Q" for n in range(6)]
    for password in past:
        account.set_password(password)
        account.save()
    with pytest.raises(ValidationError, match="最近 5 次"):
        PolicyValidator().validate(past[1], account)
    PolicyValidator().validate(past[0], account)


@pytest.mark.django_db
def test_past_passwords_are_kept_up_to_the_most_a_policy_asks_for(nation):
    account = nation.account("33/11/23/0/u1/")
    for _ in range(30):
        remember(account)
    assert account.past_passwords.count() == 24


@pytest.mark.django_db
def test_rules_hold_from_their_day_on():
    today = timezone.localdate()
    PasswordPolicy.objects.create(valid_from=today - timedelta(days=10), min_length=12)
    PasswordPolicy.objects.create(valid_from=today - timedelta(days=1), min_length=14)
    PasswordPolicy.objects.create(valid_from=today + timedelta(days=1), min_length=20)
    assert policy().min_length == 14


@pytest.mark.django_db
def test_password_grows_too_old(nation):
    account = nation.account("33/11/23/0/u1/")
    assert not must_renew(account, RULES)
    account.password_changed_at = timezone.now() - timedelta(days=90)
    assert must_renew(account, RULES)
    assert not must_renew(account, PasswordPolicy(valid_from=date(2020, 1, 1), max_age_days=0))
