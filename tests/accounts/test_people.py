"""People, posts and contact data."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.actors import identify
from shuzheng.base.accounts.actions import (
    appoint,
    change_contacts,
    change_people,
    change_posts,
    clean_identity,
    create_people,
    end_posts,
    masked,
    move_people,
    unmask,
)
from shuzheng.base.accounts.models import Person, PersonContact, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.kernel.errors import Denied, Invalid, Missing

pytestmark = pytest.mark.django_db
SCHOOL, OTHER, ORGAN, COUNTY = "33/11/23/0/u1/", "33/11/22/0/u1/", "33/11/23/0/goa/", "33/11/23/"
TODAY = timezone.localdate()


@pytest.fixture
def admin(nation):
    return nation.actor(ORGAN, "business_admin", at=COUNTY)


def person(nation, path=SCHOOL, **values):
    row = Person(**{"name": "单雄信", "number": f"P{uuid.uuid4().hex[:6]}", **values})
    row.own(nation.organ(path))
    return row


def post(row, node, start=TODAY, end=None, **values):
    made = Post(person=row, valid=DateRange(start, end), **{"name": "科员", **values})
    made.own(node)
    return made


def test_authority_registers_people_of_organs_below_and_names_can_be_found(nation, admin):
    [row] = create_people([person(nation, name="单 雄信")], actor=admin)
    assert (row.pinyin.split(" ")[0], row.initials) == ("shan4", "sxx")
    with pytest.raises(Denied):
        create_people([person(nation, OTHER)], actor=admin)
    with pytest.raises(Denied):
        create_people([person(nation)], actor=nation.actor(SCHOOL, "clerk"))


def test_number_names_one_person(nation, admin):
    create_people([person(nation, number="A1")], actor=admin)
    with pytest.raises(Invalid, match="A1"):
        create_people([person(nation, number="Ａ1")], actor=admin)
    with pytest.raises(Invalid):
        create_people([person(nation, number="B1"), person(nation, number="B1")], actor=admin)


def test_person_moves_with_contact_data_to_where_the_actor_keeps_people_too(nation, admin):
    [row] = create_people([person(nation)], actor=admin)
    contact = PersonContact(person=row)
    contact.own(nation.organ(SCHOOL))
    change_contacts([contact], actor=admin, mobile="13800000001")
    with pytest.raises(Denied):
        move_people([row], actor=admin, to=nation.organ(OTHER))
    move_people([row], actor=admin, to=nation.organ("33/11/23/0/u2/"))
    with system_scope("tests").activate():
        assert Person.objects.get(pk=row.pk).path == "33/11/23/0/u2/"
        assert PersonContact.objects.get(person=row).path == "33/11/23/0/u2/"


def test_leaving_ends_what_the_person_may_do_at_once(nation, admin):
    account = nation.account(SCHOOL, "clerk")
    assert identify(account.pk) is not None
    with system_scope("tests").activate():
        row = Person.objects.get(pk=account.person_id)
    change_people([row], actor=admin, is_active=False)
    assert identify(account.pk) is None


# Posts: when they hold, by date


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [(-10, None, True), (0, None, True), (1, None, False), (-10, 0, False), (-10, 1, True), (-10, -5, False)],
)
def test_post_holds_from_its_first_day_to_the_day_before_its_end(nation, start, end, holds):
    account = nation.account(SCHOOL)
    with system_scope("tests").activate():
        ends = None if end is None else TODAY + timedelta(days=end)
        Post.objects.filter(person=account.person_id).update(valid=DateRange(TODAY + timedelta(days=start), ends))
    assert (identify(account.pk) is not None) is holds


def test_appointing_and_ending(nation, admin):
    [row] = create_people([person(nation)], actor=admin)
    [made] = appoint([post(row, nation.organ(SCHOOL))], actor=admin)
    with pytest.raises(Invalid, match="已任此岗"):
        appoint([post(row, nation.organ(SCHOOL))], actor=admin)
    with pytest.raises(Invalid, match="已有主岗"):
        appoint([post(row, nation.organ(ORGAN), name="副科长")], actor=admin)
    appoint([post(row, nation.organ(ORGAN), name="副科长", is_main=False)], actor=admin)
    with pytest.raises(Invalid, match="应晚于任职日期"):
        end_posts([made], actor=admin, on=TODAY)
    end_posts([made], actor=admin, on=TODAY + timedelta(days=1))
    with pytest.raises(Invalid, match="已于"):
        end_posts([made], actor=admin, on=TODAY + timedelta(days=5))


def test_post_elsewhere_is_not_the_admins_to_give(nation, admin):
    [row] = create_people([person(nation)], actor=admin)
    with pytest.raises(Denied):
        appoint([post(row, nation.organ(OTHER))], actor=admin)


def test_nobody_out_of_service_is_appointed(nation, admin):
    [row] = create_people([person(nation, is_active=False)], actor=admin)
    with pytest.raises(Missing, match="不在职"):
        appoint([post(row, nation.organ(SCHOOL))], actor=admin)


def test_empty_span_is_refused(nation, admin):
    [row] = create_people([person(nation)], actor=admin)
    [made] = appoint([post(row, nation.organ(SCHOOL))], actor=admin)
    with pytest.raises(Invalid, match="晚于开始"):
        change_posts([made], actor=admin, valid=DateRange(TODAY, TODAY))


def test_person_acts_in_one_post_at_a_time(nation, admin):
    account = nation.account(SCHOOL, "clerk")
    with system_scope("tests").activate():
        second = post(Person.objects.get(pk=account.person_id), nation.organ(ORGAN), is_main=False)
        second.save(force_insert=True)
    main = identify(account.pk)
    assert (main.actor.organ_path, len(main.posts)) == (SCHOOL, 2)
    other = identify(account.pk, second.pk).actor
    assert other.organ_path == ORGAN
    assert not other.may("org.profile.change")


# Contact data


@pytest.fixture
def contact(nation, admin):
    account = nation.account(SCHOOL)
    with system_scope("tests").activate():
        row = PersonContact(person=Person.objects.get(pk=account.person_id))
        row.own(nation.organ(SCHOOL))
    change_contacts([row], actor=admin, mobile="138 0000 0001", identity="11010519491231002x", email="a@example.org")
    with system_scope("tests").activate():
        return PersonContact.objects.select_related("person").get(pk=row.pk)


def test_contact_is_stored_encrypted_and_shown_masked(contact):
    assert "13800000001" not in contact.mobile
    assert contact.mobile.startswith("sm4:")
    assert masked(contact) == {"mobile": "138****0001", "identity": "110***********002X", "email": "a***@example.org"}


def test_trail_holds_no_contact_data(contact):
    with system_scope("tests").activate():
        stored = [str(e.after) + str(e.before) for e in Entry.objects.filter(object_id=str(contact.pk))]
    assert stored
    assert not [s for s in stored if "sm4:" in s or "1380000" in s]


def test_unmasking_needs_right_and_reason_and_is_in_the_trail(nation, admin, contact):
    with pytest.raises(Denied, match="查看完整联系方式"):
        unmask(contact, actor=nation.actor(SCHOOL, "clerk"), reason="看看")
    with pytest.raises(Missing):
        unmask(contact, actor=nation.actor("33/11/22/0/goa/", "business_admin", at="33/11/22/"), reason="看看")
    with pytest.raises(Invalid, match="原因"):
        unmask(contact, actor=admin, reason=" ")
    assert unmask(contact, actor=admin, reason="核对身份") == {
        "mobile": "13800000001",
        "identity": "11010519491231002X",
    }
    with system_scope("tests").activate():
        [entry] = Entry.objects.filter(action="accounts.contact.unmask")
    assert (entry.reason, entry.path, entry.person_id) == ("核对身份", SCHOOL, admin.person_id)


def test_same_number_has_the_same_blind_index(nation, admin, contact):
    from shuzheng.base.core import keys

    with admin.scope.activate():
        assert list(PersonContact.objects.filter(mobile_index=keys.blind_index("mobile", "13800000001"))) == [contact]


@pytest.mark.parametrize("text", ["110105194912310021", "11010519491231002", "abc"])
def test_identity_number_is_checked(text):
    with pytest.raises(ValueError, match="身份证号"):
        clean_identity(text)


def test_wrong_contact_data_names_each_field(contact, admin):
    with pytest.raises(Invalid) as caught:
        change_contacts([contact], actor=admin, mobile="12345", identity="1")
    assert {f.field for f in caught.value.faults} == {"mobile", "identity"}
