"""API tokens: a part of a post's rights, for a time, from some addresses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Grant
from shuzheng.base.access.tokens import identify_token
from shuzheng.base.accounts.account_actions import issue_own, issue_service, revoke_tokens
from shuzheng.base.accounts.models import Account, ApiToken, Person, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.errors import Denied, Invalid
from tests.factories import ALWAYS, actor_of

pytestmark = pytest.mark.django_db
SCHOOL, ORGAN, COUNTY = "33/11/23/0/u1/", "33/11/23/0/goa/", "33/11/23/"
SOON = timedelta(days=30)


def post_of(account):
    with system_scope("tests").activate():
        return Post.objects.get(person=account.person_id)


def own(account, permissions=("org.profile.view",), **values):
    call = {"name": "接口", "permissions": list(permissions), "expires_at": timezone.now() + SOON, **values}
    [token] = issue_own([post_of(account)], actor=actor_of(account), account=account, **call)
    return token


def test_token_acts_in_its_post_with_its_part_of_the_rights(nation):
    clerk = nation.account(SCHOOL, "clerk")
    token = own(clerk)
    identity = identify_token(token.raw, "10.0.0.1")
    assert identity.actor.id == post_of(clerk).pk
    assert identity.actor.may("org.profile.view", SCHOOL)
    assert not identity.actor.may("org.profile.change")
    assert not identity.actor.may("org.node.view")
    assert identity.actor.origin == {"ip": "10.0.0.1", "token": str(token.pk)}


def test_token_is_stored_hashed_and_the_trail_does_not_have_it(nation):
    token = own(nation.account(SCHOOL, "clerk"))
    with system_scope("tests").activate():
        stored = ApiToken.objects.get(pk=token.pk)
        assert token.raw not in stored.digest
        [entry] = Entry.objects.filter(object_id=str(token.pk))
        assert entry.after["digest"] == "***"
        assert token.raw[8:] not in str(entry.after)


def test_right_that_the_post_loses_is_lost_to_the_token_at_once(nation):
    clerk = nation.account(SCHOOL, "clerk")
    token = own(clerk)
    with system_scope("tests").activate():
        Grant.objects.filter(post__person=clerk.person_id).delete()
    assert not identify_token(token.raw, "10.0.0.1").actor.may("org.profile.view")


def test_nobody_puts_more_into_a_token_than_they_hold(nation):
    clerk = nation.account(SCHOOL, "clerk")
    with pytest.raises(Denied):
        own(clerk, ["accounts.person.create"])
    with pytest.raises(Invalid, match="没有权限"):
        own(clerk, ["org.profile.vew"])
    with pytest.raises(Invalid, match="至少选一项"):
        own(clerk, [])


def test_nobody_issues_for_another_post(nation):
    clerk, other = nation.account(SCHOOL, "clerk"), nation.account(SCHOOL, "clerk")
    with pytest.raises(Denied, match="当前岗位"):
        issue_own([post_of(other)], actor=actor_of(clerk), account=clerk, name="x", permissions=["org.profile.view"],
                  expires_at=timezone.now() + SOON)  # fmt: skip


@pytest.mark.parametrize("days", [-1, 0, 367, 4000])
def test_token_lives_a_year_at_most(nation, days):
    with pytest.raises(Invalid, match="最长一年"):
        own(nation.account(SCHOOL, "clerk"), expires_at=timezone.now() + timedelta(days=days, seconds=-1))


def test_token_issues_no_token(nation):
    clerk = nation.account(SCHOOL, "clerk")
    by_token = identify_token(own(clerk).raw, "10.0.0.1").actor
    with pytest.raises(Denied, match="令牌不能签发令牌"):
        issue_own([post_of(clerk)], actor=by_token, account=clerk, name="x", permissions=["org.profile.view"],
                  expires_at=timezone.now() + SOON)  # fmt: skip


@pytest.mark.parametrize(
    ("addresses", "ip", "allowed"),
    [
        ([], "10.0.0.1", True),
        (["10.0.0.0/24"], "10.0.0.99", True),
        (["10.0.0.0/24"], "10.0.1.1", False),
        (["10.0.0.7", "192.168.0.0/16"], "192.168.3.4", True),
        (["fd00::/8"], "fd00::1", True),
        (["10.0.0.0/24"], "", False),
    ],
)
def test_addresses(nation, addresses, ip, allowed):
    token = own(nation.account(SCHOOL, "clerk"), addresses=addresses)
    if allowed:
        assert identify_token(token.raw, ip) is not None
    else:
        with pytest.raises(Denied, match="地址"):
            identify_token(token.raw, ip)


@pytest.mark.parametrize("end", ["revoked", "expired", "disabled", "left", "post ended", "unknown", "cut"])
def test_token_that_has_ended_is_nobody(nation, end):
    clerk = nation.account(SCHOOL, "clerk")
    token = own(clerk)
    raw = token.raw
    with system_scope("tests").activate():
        if end == "expired":
            ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(days=1))
        elif end == "disabled":
            Account.objects.filter(pk=clerk.pk).update(is_active=False)
        elif end == "left":
            Person.objects.filter(pk=clerk.person_id).update(is_active=False)
        elif end == "post ended":
            today = timezone.localdate()
            Post.objects.filter(person=clerk.person_id).update(valid=DateRange(ALWAYS.lower, today))
            second = Post(person_id=clerk.person_id, name="新岗", valid=DateRange(today, None))
            second.own(nation.organ(ORGAN))
            second.save(force_insert=True)
    if end == "revoked":
        revoke_tokens([token], actor=actor_of(clerk))
    elif end == "unknown":
        raw = "szp_" + "x" * 43
    elif end == "cut":
        raw = raw[:-1]
    assert identify_token(raw, "10.0.0.1") is None


def test_service_token_is_the_system_officers_and_bound_to_addresses(nation):
    clerk = nation.account(SCHOOL, "clerk")
    officer = nation.account(ORGAN, "system_officer", at=COUNTY)
    call = {"name": "能耗平台", "permissions": ["org.profile.view"], "expires_at": timezone.now() + SOON}
    with pytest.raises(Denied, match="签发服务令牌"):
        issue_service([post_of(clerk)], actor=actor_of(clerk), addresses=["10.0.0.0/24"], **call)
    with pytest.raises(Invalid, match="限定地址"):
        issue_service([post_of(clerk)], actor=actor_of(officer), addresses=[], **call)
    [token] = issue_service([post_of(clerk)], actor=actor_of(officer), addresses=["10.0.0.0/24"], **call)
    with system_scope("tests").activate():
        Account.objects.filter(pk=clerk.pk).delete()
    assert identify_token(token.raw, "10.0.0.1").actor.may("org.profile.view", SCHOOL)
    with pytest.raises(Denied):
        revoke_tokens([token], actor=actor_of(nation.account(SCHOOL, "clerk")))
    revoke_tokens([token], actor=actor_of(officer))
    assert identify_token(token.raw, "10.0.0.1") is None


def test_service_token_asks_for_no_right_that_the_post_has_not(nation):
    visitor = nation.account(SCHOOL)
    officer = nation.account(ORGAN, "system_officer", at=COUNTY)
    [token] = issue_service([post_of(visitor)], actor=actor_of(officer), addresses=["10.0.0.1"], name="x",
                            permissions=["org.profile.change"], expires_at=timezone.now() + SOON)  # fmt: skip
    assert identify_token(token.raw, "10.0.0.1").actor.grants == {}


def test_last_use_is_noted(nation):
    token = own(nation.account(SCHOOL, "clerk"))
    identify_token(token.raw, "10.0.0.5")
    with system_scope("tests").activate():
        stored = ApiToken.objects.get(pk=token.pk)
    assert stored.last_ip == "10.0.0.5"
    assert timezone.now() - stored.last_used_at < timedelta(minutes=1)
