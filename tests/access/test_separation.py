"""Three officers, three persons, and nothing beside it: across posts, in time, and when two decide at once."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from shuzheng.base.access.actions import ask_grants, decide_grants
from shuzheng.base.access.models import Grant, RoleChange
from shuzheng.base.accounts.models import Post
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import Node, OrganProfile
from shuzheng.kernel.errors import Denied, Invalid
from tests.access.conftest import COUNTY, ORGAN, SCHOOL, actor, county, fresh, post_of, role, span
from tests.access.test_delegation import ask, decide, grants_of
from tests.factories import small_nation

pytestmark = pytest.mark.django_db
OFFICERS = ("system_officer", "security_officer", "audit_officer")


def waiting(by, account, code, at=COUNTY, valid=None, post=None):
    """A request that is stored without being checked, so that deciding is what has to see the conflict."""
    with system_scope("tests").activate():
        node = Node.objects.get(path=at)
        change = RoleChange(verb="grant", post=post or post_of(account), role=role(code), at=node, valid=valid or span(),
                            reason="工作需要", asked_by=post_of(by))  # fmt: skip
        change.node_id, change.path = change.post.node_id, change.post.path
        change.save(force_insert=True)
    return change


@pytest.mark.parametrize(("held", "asked"), list(itertools.permutations([*OFFICERS, "business_admin"], 2)))
def test_an_officer_is_nothing_else(nation, here, held, asked):
    person = nation.account(ORGAN, held, at=COUNTY)
    with pytest.raises(Invalid, match="三员"):
        ask(here.system, person, asked, at=COUNTY)
    with pytest.raises(Invalid, match="三员"):
        decide(here.security, waiting(here.system, person, asked))
    assert len(grants_of(person)) == 1


@pytest.mark.parametrize("code", OFFICERS)
def test_the_same_duty_in_two_places_is_one_duty(nation, here, code):
    person = nation.account(ORGAN, code, at=COUNTY)
    decide(here.security, ask(here.system, person, code, at=ORGAN))
    assert len(grants_of(person)) == 2


def test_duty_in_another_post_out_of_sight_counts(nation, here):
    person = nation.account("32/0/goa/", "audit_officer", at="32/")  # another province: this county can't see it
    with system_scope("tests").activate():
        second = Post(person_id=person.person_id, name="挂职", valid=span(), is_main=False)
        second.own(nation.organ(ORGAN))
        second.save(force_insert=True)
        second = Post.objects.select_related("person", "node__organ__division").get(pk=second.pk)
    with pytest.raises(Invalid, match="另有角色"):
        ask_grants([second], actor=actor(here.system), role=role("system_officer"), at=nation.organ(COUNTY), valid=span(),
                   reason="挂职")  # fmt: skip


def test_duties_that_follow_one_another_are_fine(nation, here):
    person = nation.account(ORGAN)
    today = timezone.localdate()
    decide(here.security, ask(here.system, person, "system_officer", COUNTY, span(today, today + timedelta(days=30))))
    decide(here.security, ask(here.system, person, "audit_officer", COUNTY, span(today + timedelta(days=30))))
    with pytest.raises(Invalid, match="另有角色"):
        ask(
            here.system,
            person,
            "security_officer",
            COUNTY,
            span(today + timedelta(days=29), today + timedelta(days=31)),
        )


def test_two_requests_of_one_batch_do_not_slip_through_together(nation, here):
    person = nation.account(ORGAN)
    changes = [waiting(here.system, person, code) for code in ("system_officer", "audit_officer")]
    with pytest.raises(Invalid, match="另有角色"):
        decide_grants([fresh(c) for c in changes], actor=actor(here.security), verdict="approve", opinion="同意")
    assert grants_of(person) == []


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_do_not_make_one_person_two_officers():
    nation = small_nation()
    here = county(nation, COUNTY)
    second = nation.account(ORGAN, "security_officer", at=COUNTY)
    person = nation.account(ORGAN)
    changes = [waiting(here.system, person, code) for code in ("system_officer", "audit_officer")]
    deciders = [actor(here.security), actor(second)]
    barrier, outcomes = threading.Barrier(2), []

    def run(change, by):
        try:
            row = fresh(change)
            barrier.wait(10)
            decide_grants([row], actor=by, verdict="approve", opinion="同意")
            outcomes.append("done")
        except Invalid:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in zip(changes, deciders, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "refused"]
    assert len(grants_of(person)) == 1


# What an officer sees and can't do


@pytest.fixture
def profiles(nation):
    with system_scope("tests").activate():
        for path in (ORGAN, SCHOOL, "33/11/22/0/u1/"):
            row = OrganProfile(contact="张三")
            row.own(nation.organ(path))
            row.save(force_insert=True)


@pytest.mark.parametrize("code", OFFICERS)
def test_an_officer_reads_no_business_line(nation, here, code):
    scope = actor(nation.account(ORGAN, code, at=COUNTY)).scope
    assert not scope.may_read("general", ORGAN)
    assert not scope.may_read("general", SCHOOL)
    assert scope.may_read("org", SCHOOL)
    assert scope.may_read("audit", SCHOOL) is (code == "audit_officer")


@pytest.mark.parametrize(
    ("code", "can", "cannot"),
    [
        (
            "system_officer",
            ["accounts.account.create", "accounts.account.signout", "access.grant.ask"],
            ["access.grant.decide", "access.role.change", "audit.entry.view", "org.profile.change", "accounts.policy.change"],
        ),
        (
            "security_officer",
            ["access.grant.decide", "access.role.change", "accounts.policy.change"],
            ["access.grant.ask", "accounts.account.create", "audit.entry.view", "org.profile.change"],
        ),
        (
            "audit_officer",
            ["audit.entry.view", "audit.entry.export", "access.grant.view"],
            ["access.grant.ask", "access.grant.decide", "access.role.change", "accounts.account.change", "org.profile.change",
             "accounts.person.change", "accounts.policy.change"],
        ),
    ],
)  # fmt: skip
def test_each_officer_can_what_is_theirs_and_nothing_of_the_others(nation, here, code, can, cannot):
    officer = actor(nation.account(ORGAN, code, at=COUNTY))
    assert [p for p in can if not officer.may(p, SCHOOL)] == []
    assert [p for p in cannot if officer.may(p)] == []


@pytest.mark.parametrize("code", ["system_officer", "audit_officer"])
def test_officers_without_the_decision_can_not_grant(nation, here, code):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    with pytest.raises(Denied):
        decide(nation.account(ORGAN, code, at=COUNTY), change)
    with system_scope("tests").activate():
        assert not Grant.objects.filter(post__person=teacher.person_id).exists()
