"""Accounts kept by officers, and the second officer that an officer's account takes."""

from __future__ import annotations

import pytest

from shuzheng.base.access.officers import confirm_codes, reset_accounts
from shuzheng.base.accounts.account_actions import create_accounts, set_active, sign_out
from shuzheng.base.accounts.models import Account, Person
from shuzheng.base.accounts.signin import accept_invitation
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from tests.access.conftest import OTHER_SCHOOL, SCHOOL, actor

pytestmark = pytest.mark.django_db
GOOD = "山高-Yue1xiao"


def row(account):
    with system_scope("tests").activate():
        return Account.objects.select_related("person").get(pk=account.pk)


def someone(nation, path=SCHOOL, number="N1"):
    with system_scope("tests").activate():
        person = Person(name="新人", number=number)
        person.own(nation.organ(path))
        person.save(force_insert=True)
        return person


def test_account_is_opened_with_a_code_and_the_holder_sets_the_password(nation, here):
    [account] = create_accounts([someone(nation)], actor=actor(here.system))
    assert account.username == "n1"
    assert not row(account).has_usable_password()
    accept_invitation("N1", account.code.lower(), GOOD)
    assert row(account).check_password(GOOD)
    with pytest.raises(Invalid, match="不符"):
        accept_invitation("n1", account.code, "另一个-Mima77x")


@pytest.mark.parametrize("who", ["admin", "security", "audit"])
def test_only_the_system_officer_opens_accounts(nation, here, who):
    with pytest.raises(Denied, match="开通账号"):
        create_accounts([someone(nation)], actor=actor(getattr(here, who)))


def test_officer_keeps_the_accounts_of_the_own_subtree_only(nation, here):
    neighbour = nation.account(OTHER_SCHOOL)
    for run in (sign_out, reset_accounts):
        with pytest.raises(Denied):
            run([row(neighbour)], actor=actor(here.system))
    with pytest.raises(Denied):
        set_active([row(neighbour)], actor=actor(here.system), active=False)
    with pytest.raises(Denied):
        create_accounts([someone(nation, OTHER_SCHOOL)], actor=actor(here.system))


def test_taken_name_and_second_account_are_refused(nation, here):
    teacher = nation.account(SCHOOL)
    with pytest.raises(Invalid, match="已有账号"):
        create_accounts([row(teacher).person], actor=actor(here.system))
    with pytest.raises(Invalid, match="已有人使用"):
        create_accounts([someone(nation)], actor=actor(here.system), usernames=[teacher.username.upper()])


def test_reset_of_an_ordinary_account_works_at_once(nation, here):
    teacher = nation.account(SCHOOL)
    [done] = reset_accounts([row(teacher)], actor=actor(here.system), reason="忘记密码")
    assert not done.needs_second
    assert not row(teacher).has_usable_password()
    accept_invitation(teacher.username, done.code, GOOD)


def test_officers_code_is_void_until_another_officer_confirms_it(nation, here):
    [done] = reset_accounts([row(here.security)], actor=actor(here.system), reason="忘记密码")
    assert done.needs_second
    with pytest.raises(Invalid, match="不符"):
        accept_invitation(here.security.username, done.code, GOOD)
    for by in (here.security, here.system, here.admin):
        with pytest.raises(Denied):
            confirm_codes([row(here.security)], actor=actor(by))
    confirm_codes([row(here.security)], actor=actor(here.audit))
    accept_invitation(here.security.username, done.code, GOOD)
    with pytest.raises(Conflict, match="没有待核准"):
        confirm_codes([row(here.security)], actor=actor(here.audit))


def test_nobody_resets_or_disables_themselves(nation, here):
    with pytest.raises(Invalid, match="自己"):
        reset_accounts([row(here.system)], actor=actor(here.system))
    with pytest.raises(Invalid, match="自己"):
        set_active([row(here.system)], actor=actor(here.system), active=False)
