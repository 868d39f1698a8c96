"""Asking for rights and deciding on them: who, for whom, which, where. The rules are those of ``access.delegation``."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shuzheng.base.access.actions import ask_grants, decide_grants, define_roles, withdraw_grants
from shuzheng.base.access.actors import identify
from shuzheng.base.access.models import Grant, RoleChange
from shuzheng.base.accounts.models import Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.registry import UnknownName
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.kernel.errors import Conflict, Denied, Invalid, Missing
from tests.access.conftest import COUNTY, ORGAN, OTHER_SCHOOL, SCHOOL, actor, fresh, post_of, role, span

pytestmark = pytest.mark.django_db


def ask(by, account, code="clerk", at=SCHOOL, valid=None, verb="grant"):
    with system_scope("tests").activate():
        from shuzheng.base.org.models import Node

        node = Node.objects.get(path=at)
    [change] = ask_grants(
        [post_of(account)],
        actor=actor(by),
        role=role(code),
        at=node,
        valid=valid or span(),
        reason="工作需要",
        verb=verb,
    )
    return fresh(change)


def decide(by, change, verdict="approve", opinion="同意"):
    [done] = decide_grants([fresh(change)], actor=actor(by), verdict=verdict, opinion=opinion)
    return done


def grants_of(account):
    with system_scope("tests").activate():
        return [
            (g.role.code, g.at_path)
            for g in Grant.objects.filter(post__person=account.person_id).select_related("role")
        ]


def test_asked_and_approved_right_holds_from_the_next_request_on(nation, here):
    teacher = nation.account(SCHOOL)
    assert not actor(teacher).may("org.profile.change", SCHOOL)
    change = ask(here.admin, teacher)
    assert not actor(teacher).may("org.profile.change", SCHOOL)
    decide(here.security, change)
    assert actor(teacher).may("org.profile.change", SCHOOL)
    assert not actor(teacher).may("org.profile.change", OTHER_SCHOOL)
    assert grants_of(teacher) == [("clerk", SCHOOL)]


def test_both_steps_are_in_the_trail_of_the_posts_organ_and_published(nation, here):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    decide(here.security, change)
    with system_scope("tests").activate():
        lines = Entry.objects.filter(action__startswith="access.grant.").order_by("id")
        seen = [(e.action, e.model, e.path, e.handed_over) for e in lines]
        assert seen == [
            ("access.grant.ask", "access.rolechange", SCHOOL, True),
            ("access.grant.decide", "access.grant", SCHOOL, True),
            ("access.grant.decide", "access.rolechange", SCHOOL, True),
        ]
        assert list(Event.objects.order_by("at").values_list("name", flat=True)) == [
            "access.grant.asked",
            "access.grant.changed",
        ]


@pytest.mark.parametrize(
    ("asker", "code", "allowed"),
    [
        ("admin", "clerk", True),
        ("admin", "reviewer", True),
        ("admin", "leader", True),
        ("admin", "business_admin", True),
        ("admin", "system_officer", False),
        ("admin", "security_officer", False),
        ("admin", "audit_officer", False),
        ("system", "clerk", False),
        ("system", "leader", False),
        ("system", "business_admin", True),
        ("system", "system_officer", True),
        ("system", "security_officer", True),
        ("system", "audit_officer", True),
        ("security", "clerk", False),
        ("security", "system_officer", False),
        ("audit", "clerk", False),
        ("audit", "audit_officer", False),
    ],
)
def test_who_may_ask_for_which_role(nation, here, asker, code, allowed):
    teacher = nation.account(SCHOOL)
    by = getattr(here, asker)
    if allowed:
        assert ask(by, teacher, code).state == RoleChange.State.ASKED
    else:
        with pytest.raises(Denied):
            ask(by, teacher, code)


@pytest.mark.parametrize("code", ["clerk", "reviewer", "leader"])
def test_holders_of_business_roles_pass_nothing_on(nation, here, code):
    holder, teacher = nation.account(ORGAN, code, at=COUNTY), nation.account(SCHOOL)
    with pytest.raises(Denied, match="申请授权变更"):
        ask(holder, teacher)


@pytest.mark.parametrize(
    ("organ", "at", "fault"),
    [
        (OTHER_SCHOOL, OTHER_SCHOOL, Denied),  # another county's post
        (SCHOOL, OTHER_SCHOOL, Denied),  # own post, another county's place
        (SCHOOL, "33/11/", Denied),  # above the asker
        ("33/11/0/u1/", "33/11/0/u1/", Denied),  # the tier above
    ],
)
def test_nobody_asks_outside_the_own_subtree(nation, here, next_door, organ, at, fault):
    with pytest.raises(fault):
        ask(here.admin, nation.account(organ), at=at)


def test_a_role_holds_within_the_division_of_the_posts_organ(nation):
    from tests.access.conftest import county

    city = county(nation, "33/11/")
    with pytest.raises(Invalid, match="甲县 之内"):
        ask(city.admin, nation.account(SCHOOL), at="33/11/")


@pytest.mark.parametrize(
    ("who", "verdict"),
    [
        ("here.security", "allowed"),
        ("here.admin", "denied"),
        ("here.system", "denied"),
        ("here.audit", "denied"),
        ("next_door.security", "missing"),
        ("teacher", "denied"),
    ],
)
def test_only_the_security_officer_of_that_subtree_decides(nation, here, next_door, who, verdict):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    people = {"teacher": teacher}
    side, _, name = who.partition(".")
    by = people.get(who) or getattr({"here": here, "next_door": next_door}[side], name)
    if verdict == "allowed":
        assert decide(by, change).state == RoleChange.State.APPROVED
    else:
        with pytest.raises(Missing if verdict == "missing" else Denied):
            decide(by, change)
        assert grants_of(teacher) == []


def test_the_security_officer_of_the_tier_above_may_decide(nation, here):
    above = nation.account("33/11/0/goa/", "security_officer", at="33/11/")
    decide(above, ask(here.admin, nation.account(SCHOOL)))


@pytest.mark.parametrize("verdict", ["approve", "refuse"])
def test_nobody_decides_on_their_own_request(nation, here, verdict):
    both = nation.account(
        ORGAN, "business_admin", "security_officer", at=COUNTY
    )  # no such grant comes about; if it did
    teacher = nation.account(SCHOOL)
    change = ask(both, teacher)
    with pytest.raises(Denied, match="自己"):
        decide(both, change, verdict)


@pytest.mark.parametrize("verdict", ["approve", "refuse"])
def test_nobody_decides_on_their_own_rights_in_whatever_post(nation, here, verdict):
    with system_scope("tests").activate():
        second = Post(person_id=here.security.person_id, name="兼岗", valid=span(), is_main=False)
        second.own(nation.organ(SCHOOL))
        second.save(force_insert=True)
        second = Post.objects.select_related("person", "node__organ__division").get(pk=second.pk)
        change = RoleChange(verb="grant", post=second, role=role("clerk"), at=nation.organ(SCHOOL), valid=span(), reason="x",
                            asked_by=post_of(here.admin))  # fmt: skip
        change.own(nation.organ(SCHOOL))
        change.save(force_insert=True)
    with pytest.raises(Denied, match="涉及自己"):
        decide(here.security, change, verdict, opinion="不行")


def test_request_dies_with_the_askers_own_rights(nation, here):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    with system_scope("tests").activate():
        Grant.objects.filter(post__person=here.admin.person_id).delete()
    with pytest.raises(Conflict, match="申请人现在已无权"):
        decide(here.security, change)
    assert decide(here.security, change, "refuse", "申请人已调离").state == RoleChange.State.REFUSED


def test_closed_request_is_not_decided_again(nation, here):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    decide(here.security, change)
    with pytest.raises(Conflict, match="已批准"):
        decide(here.security, change, "refuse", "改主意")
    assert grants_of(teacher) == [("clerk", SCHOOL)]


def test_withdrawing_is_the_askers(nation, here):
    change = ask(here.admin, nation.account(SCHOOL))
    other = nation.account(ORGAN, "business_admin", at=COUNTY)
    with pytest.raises(Denied, match="只有申请人"):
        withdraw_grants([fresh(change)], actor=actor(other))
    [done] = withdraw_grants([fresh(change)], actor=actor(here.admin))
    assert done.state == RoleChange.State.WITHDRAWN
    with pytest.raises(Conflict, match="已撤回"):
        decide(here.security, change)


def test_refusal_needs_a_reason_and_gives_nothing(nation, here):
    teacher = nation.account(SCHOOL)
    change = ask(here.admin, teacher)
    with pytest.raises(Invalid, match="驳回理由"):
        decide(here.security, change, "refuse", "")
    decide(here.security, change, "refuse", "岗位不符")
    assert grants_of(teacher) == []


def test_ending_a_role_takes_effect_on_its_day(nation, here):
    teacher = nation.account(SCHOOL)
    decide(here.security, ask(here.admin, teacher, valid=span(timezone.localdate() - timedelta(days=5))))
    decide(here.security, ask(here.admin, teacher, verb="end"))
    assert not actor(teacher).may("org.profile.change")
    with pytest.raises(Invalid, match="没有此项授权"):
        ask(here.admin, teacher, verb="end")


def test_grant_ends_by_its_date_and_begins_by_its_date(nation, here):
    today = timezone.localdate()
    past, future, now = nation.account(SCHOOL), nation.account(SCHOOL), nation.account(SCHOOL)
    decide(here.security, ask(here.admin, past, valid=span(today - timedelta(days=9), today)))
    decide(here.security, ask(here.admin, future, valid=span(today + timedelta(days=1))))
    decide(here.security, ask(here.admin, now, valid=span(today, today + timedelta(days=1))))
    assert [actor(a).may("org.profile.change") for a in (past, future, now)] == [False, False, True]


def test_role_of_a_node_holds_what_its_definer_may_grant_and_there_only(nation, here, next_door):
    with pytest.raises(UnknownName):
        actor(here.security).may("org.profile.chnage")
    for bad in ("accounts.account.create", "access.grant.decide", "org.profile.chnage"):
        with pytest.raises(Invalid, match="不能放进"):
            define_roles([nation.organ(COUNTY)], actor=actor(here.security), code="x", name="某", permissions=[bad])
    with pytest.raises(Denied):
        define_roles(
            [nation.organ(COUNTY)], actor=actor(here.admin), code="x", name="某", permissions=["org.profile.change"]
        )
    with pytest.raises(Denied):
        define_roles(
            [nation.organ("33/11/22/")],
            actor=actor(here.security),
            code="x",
            name="某",
            permissions=["org.profile.change"],
        )

    define_roles(
        [nation.organ(COUNTY)],
        actor=actor(here.security),
        code="keeper",
        name="机构信息员",
        permissions=["org.profile.change"],
    )
    teacher = nation.account(SCHOOL)
    decide(here.security, ask(here.admin, teacher, "keeper"))
    assert actor(teacher).may("org.profile.change", SCHOOL)
    with pytest.raises(Invalid, match="只能在 甲县 内使用"):
        ask(next_door.admin, nation.account(OTHER_SCHOOL), "keeper", at=OTHER_SCHOOL)


def test_custom_role_of_an_officers_permission_gives_nothing_even_if_it_were_stored(nation, here):
    define_roles(
        [nation.organ(COUNTY)],
        actor=actor(here.security),
        code="keeper",
        name="信息员",
        permissions=["org.profile.change"],
    )
    teacher = nation.account(SCHOOL)
    decide(here.security, ask(here.admin, teacher, "keeper"))
    with system_scope("tests").activate():
        stored = role("keeper")
        stored.permissions = ["org.profile.change", "audit.entry.view", "gone.app.verb"]
        stored.save()
    assert not actor(teacher).may("audit.entry.view")
    assert actor(teacher).may("org.profile.change", SCHOOL)


def test_identity_is_one_question_to_the_database(nation, here, django_assert_num_queries):
    with django_assert_num_queries(1):
        identify(here.admin.pk)
