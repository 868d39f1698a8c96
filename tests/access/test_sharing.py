"""Sharing across subtrees: data appears and disappears, both sides' trail says so, and what does not fit is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shuzheng.base.access import sharing
from shuzheng.base.access.models import Sharing
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import SLOTS, system_scope
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Conflict, Denied, Invalid
from tests.access.conftest import span
from tests.factories import actor_of

pytestmark = pytest.mark.django_db
HERE, ASKER = "33/11/23/", "33/11/22/0/goa/"
EVERYWHERE = [
    "33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/22/0/goa/", "33/11/22/0/u1/", "33/11/0/u1/", "32/0/u1/",
]  # fmt: skip


@pytest.fixture
def county(nation):
    """Profiles here, next door and further away; the leader of this county and an administrator next door."""
    with system_scope("tests").activate():
        for path in EVERYWHERE:
            row = OrganProfile(contact="张三")
            row.own(nation.organ(path))
            row.save(force_insert=True)
    nation.leader = nation.account("33/11/23/0/goa/", "leader", at=HERE)
    nation.asker = nation.account(ASKER, "business_admin", at="33/11/22/")
    return nation


def sees(account):
    with actor_of(account).scope.activate():
        return set(OrganProfile.objects.values_list("path", flat=True))


def asked(county, shared=HERE, line="org", valid=None, by=None):
    [row] = sharing.ask(
        [county.organ(HERE)], actor=actor_of(by or county.asker), line=line, shared=county.organ(shared),
        valid=valid or span(), purpose="跨县合办",
    )  # fmt: skip
    return row


def stored(row):
    with system_scope("tests").activate():
        return Sharing.objects.select_related("node", "to", "asked_by").get(pk=row.pk)


def decided(county, row, verdict="approve", by=None, opinion="同意"):
    [row] = sharing.decide([stored(row)], actor=actor_of(by or county.leader), verdict=verdict, opinion=opinion)
    return row


OWN = {"33/11/22/0/goa/", "33/11/22/0/u1/"}
SHARED = {"33/11/23/0/goa/", "33/11/23/0/u1/", "33/11/23/0/u2/"}


def test_data_appears_when_the_owner_agrees_and_disappears_when_it_ends(county):
    other = county.account("32/0/goa/")
    before = sees(other)
    row = asked(county)
    assert sees(county.asker) == OWN
    decided(county, row)
    assert sees(county.asker) == OWN | SHARED
    assert sees(other) == before
    sharing.end([stored(row)], actor=actor_of(county.leader), reason="合办结束")
    assert sees(county.asker) == OWN


def test_one_organ_is_shared_and_not_its_neighbours(county):
    decided(county, asked(county, shared="33/11/23/0/u1/"))
    assert sees(county.asker) == OWN | {"33/11/23/0/u1/"}


def test_everybody_in_the_receiving_organ_sees_and_nobody_may_write(county):
    decided(county, asked(county))
    colleague = county.account(ASKER, "clerk")
    assert sees(colleague) == OWN | SHARED
    actor = actor_of(colleague)
    assert not actor.may("org.profile.change", "33/11/23/0/u1/")
    with actor.scope.activate():
        assert OrganProfile.objects.filter(path="33/11/23/0/u1/").update(contact="改") == 0


def test_sharing_begins_and_ends_by_its_dates(county):
    today = timezone.localdate()
    decided(county, asked(county, valid=span(today + timedelta(days=1))))
    assert sees(county.asker) == OWN
    decided(county, asked(county, shared="33/11/23/0/u1/", valid=span(today - timedelta(days=3), today)))
    assert sees(county.asker) == OWN


def test_another_line_stays_closed(county):
    decided(county, asked(county, line="general"))
    assert sees(county.asker) == OWN
    assert actor_of(county.asker).scope.may_read("general", "33/11/23/0/u1/")


def test_refused_request_opens_nothing_and_needs_a_reason(county):
    row = asked(county)
    with pytest.raises(Invalid, match="驳回理由"):
        decided(county, row, "refuse", opinion="")
    assert decided(county, row, "refuse", opinion="与用途不符").state == Sharing.State.REFUSED
    assert sees(county.asker) == OWN
    with pytest.raises(Conflict, match="已办理"):
        decided(county, row)


def test_offered_to_all_is_had_by_asking(county):
    sharing.offer([county.organ(HERE)], actor=actor_of(county.leader), line="org", shared=county.organ(HERE),
                  mode="unconditional", valid=span(), purpose="便民")  # fmt: skip
    assert sees(county.asker) == OWN
    assert asked(county).state == Sharing.State.ACTIVE
    assert sees(county.asker) == OWN | SHARED


def test_not_shared_is_said_with_its_basis(county):
    sharing.offer([county.organ(HERE)], actor=actor_of(county.leader), line="org", shared=county.organ(HERE), mode="none",
                  valid=span(), purpose="某条例第 3 条")  # fmt: skip
    with pytest.raises(Invalid, match="某条例第 3 条"):
        asked(county)


def test_the_nearest_word_of_the_owner_counts(county):
    leader = actor_of(county.leader)
    sharing.offer([county.organ(HERE)], actor=leader, line="org", shared=county.organ(HERE), mode="unconditional",
                  valid=span(), purpose="便民")  # fmt: skip
    sharing.offer([county.organ(HERE)], actor=leader, line="org", shared=county.organ("33/11/23/0/u1/"), mode="none",
                  valid=span(), purpose="未成年人信息")  # fmt: skip
    with pytest.raises(Invalid, match="未成年人信息"):
        asked(county, shared="33/11/23/0/u1/")
    assert asked(county, shared="33/11/23/0/u2/").state == Sharing.State.ACTIVE


def test_owner_opens_to_one_organ(county):
    sharing.offer([county.organ(HERE)], actor=actor_of(county.leader), line="org", shared=county.organ(HERE),
                  mode="on_request", valid=span(), purpose="支援", to=county.organ(ASKER))  # fmt: skip
    assert sees(county.asker) == OWN | SHARED


@pytest.mark.parametrize(
    ("organ", "role", "at", "outcome"),
    [
        ("33/11/23/0/goa/", "leader", HERE, "done"),
        ("33/11/0/goa/", "leader", "33/11/", "done"),  # the tier above
        ("33/11/23/0/goa/", "clerk", HERE, "denied"),
        ("33/11/23/0/goa/", "business_admin", HERE, "denied"),
        ("33/11/22/0/goa/", "leader", "33/11/22/", "denied"),  # the asker's own leader
        ("33/11/23/0/u1/", "leader", "33/11/23/0/u1/", "denied"),  # an organ below the owner
        ("33/11/23/0/u1/", "leader", HERE, "denied"),  # holds the role there, but is not competent: sees nothing
        ("33/11/23/0/goa/", "security_officer", HERE, "denied"),
    ],
)
def test_who_may_decide(county, organ, role, at, outcome):
    by = county.account(organ, role, at=at)
    row = asked(county)
    if outcome == "done":
        decided(county, row, by=by)
        assert sees(county.asker) == OWN | SHARED
    else:
        with pytest.raises(Denied):
            decided(county, row, by=by)
        assert sees(county.asker) == OWN


@pytest.mark.parametrize(
    ("organ", "role", "at", "outcome"),
    [
        ("33/11/23/0/goa/", "business_admin", HERE, "done"),
        ("33/11/22/0/goa/", "business_admin", "33/11/22/", "done"),
        ("33/11/0/goa/", "leader", "33/11/", "done"),
        ("33/11/23/0/goa/", "clerk", HERE, "denied"),
        ("33/10/0/goa/", "leader", "33/10/", "denied"),
    ],
)
def test_either_side_ends_it_and_nobody_else(county, organ, role, at, outcome):
    row = decided(county, asked(county))
    by = actor_of(county.account(organ, role, at=at))
    if outcome == "done":
        sharing.end([stored(row)], actor=by, reason="到期")
        assert sees(county.asker) == OWN
    else:
        with pytest.raises(Denied):
            sharing.end([stored(row)], actor=by, reason="到期")
        assert sees(county.asker) == OWN | SHARED


def test_asking_needs_the_right_and_another_owner(county):
    with pytest.raises(Denied, match="申请数据共享"):
        asked(county, by=county.account(ASKER, "clerk"))
    with pytest.raises(Invalid, match="不必重复"):
        asked(county)
        asked(county)
    with pytest.raises(Invalid, match="审计"):
        asked(county, line="audit")
    with pytest.raises(Invalid, match="甲县 之内"):
        asked(county, shared="33/11/22/0/u1/")


def test_what_does_not_fit_is_refused_when_decided_and_the_receiver_goes_on_working(county):
    far = ["0/ngoa/", "32/0/u1/", "33/0/u1/", "33/10/0/u1/", "33/11/0/u1/"]
    with system_scope("tests").activate():
        for path in far[: SLOTS - 2]:  # the own county is one range
            row = Sharing(line="org", mode="on_request", state="active", shared_path=path, to=county.organ(ASKER), valid=span(),
                          purpose="x")  # fmt: skip
            row.own(county.organ(path))
            row.save(force_insert=True)
    fits = asked(county, shared="33/11/23/0/u2/")
    decided(county, fits)
    row = asked(county, shared="33/11/23/0/goa/")
    with pytest.raises(Invalid, match=f"已有 {SLOTS} 段"):
        decided(county, row)
    assert sees(county.asker) == OWN | {"32/0/u1/", "33/11/23/0/u2/"}


def test_both_sides_find_it_in_their_trail(county):
    row = decided(county, asked(county))
    with system_scope("tests").activate():
        lines = Entry.objects.filter(object_id=str(row.pk)).order_by("id")
        assert [(e.action, e.path, e.actor_organ) for e in lines] == [
            ("access.sharing.ask", HERE, "乙县机关事务中心"),
            ("access.sharing.decide", HERE, "甲县机关事务中心"),
        ]
