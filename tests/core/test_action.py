"""The write path: one action is permission, state, transaction, save, audit and event."""

from __future__ import annotations

import pytest

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.notify.actions import send
from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import OrganProfile
from shuzheng.kernel.errors import Conflict, Denied, Missing

pytestmark = pytest.mark.django_db


@pytest.fixture
def profiles(nation):
    rows = []
    with system_scope("tests").activate():
        for path in ("33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/22/0/u1/"):
            row = OrganProfile(floor_area=100, contact="张三")
            row.own(nation.organ(path))
            row.save(force_insert=True)
            rows.append(row)
    return rows


def stored(row):
    with system_scope("tests").activate():
        return OrganProfile.objects.get(pk=row.pk)


def entries(row):
    with system_scope("tests").activate():
        return list(Entry.objects.filter(object_id=str(row.pk)).order_by("id"))


def test_own_record_is_changed_audited_and_published(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    change_profiles([stored(profiles[0])], actor=clerk, floor_area=250)

    assert stored(profiles[0]).floor_area == 250
    assert stored(profiles[0]).version == 2
    [entry] = entries(profiles[0])
    assert (entry.action, entry.before, entry.after) == (
        "org.profile.change",
        {"floor_area": "100.00"},
        {"floor_area": "250"},
    )
    assert (entry.person_id, entry.handed_over, entry.path) == (clerk.person_id, False, "33/11/23/0/u1/")
    event = Event.objects.get()
    assert (event.name, event.ids) == ("org.profile.changed", [str(profiles[0].pk)])


def test_another_organs_record_does_not_exist_for_a_clerk(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    with pytest.raises(Missing):
        change_profiles([profiles[1]], actor=clerk, floor_area=250)
    assert stored(profiles[1]).floor_area == 100


def test_own_record_without_the_right_is_denied(nation, profiles):
    visitor = nation.actor("33/11/23/0/u1/")
    with pytest.raises(Denied, match="修改机构信息"):
        change_profiles([profiles[0]], actor=visitor, floor_area=250)


def test_handover_lets_the_authority_write_what_it_supervises_and_the_trail_says_so(nation, profiles):
    county = nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    change_profiles(profiles[:2], actor=county, floor_area=300)

    assert [stored(p).floor_area for p in profiles] == [300, 300, 100]
    assert [e.handed_over for e in entries(profiles[0])] == [True]
    assert entries(profiles[0])[0].path == "33/11/23/0/u1/"


def test_batch_with_one_row_out_of_reach_changes_nothing(nation, profiles):
    county = nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with pytest.raises(Missing):
        change_profiles(profiles, actor=county, floor_area=300)
    assert [stored(p).floor_area for p in profiles] == [100, 100, 100]


def test_retry_with_the_same_key_has_no_second_effect(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    first = change_profiles([profiles[0]], actor=clerk, key="k1", floor_area=250)
    again = change_profiles([stored(profiles[0])], actor=clerk, key="k1", floor_area=250)
    assert [r.pk for r in again] == [r.pk for r in first]
    assert stored(profiles[0]).version == 2
    assert Event.objects.count() == 1


def test_key_used_for_another_request_is_a_conflict(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    change_profiles([profiles[0]], actor=clerk, key="k1", floor_area=250)
    with pytest.raises(Conflict, match="幂等键"):
        change_profiles([stored(profiles[0])], actor=clerk, key="k1", floor_area=999)
    assert stored(profiles[0]).floor_area == 250


def test_stale_change_shows_both_versions_and_writes_nothing(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    change_profiles([stored(profiles[0])], actor=clerk, seen={profiles[0].pk: 1}, floor_area=250)
    with pytest.raises(Conflict) as caught:
        change_profiles([profiles[0]], actor=clerk, seen={profiles[0].pk: 1}, floor_area=260)
    assert caught.value.current["floor_area"] == "250.00"
    assert stored(profiles[0]).floor_area == 250


def test_retry_of_an_action_that_answers_another_kind_of_record_gives_the_same_ones(nation):
    clerk = nation.actor("33/11/23/0/goa/", "clerk", at="33/11/23/")
    [first] = send([nation.organ("33/11/23/0/u1/")], actor=clerk, key="k2", title="通知")
    [again] = send([nation.organ("33/11/23/0/u1/")], actor=clerk, key="k2", title="通知")
    assert again.pk == first.pk
