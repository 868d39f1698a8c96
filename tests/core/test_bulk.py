"""Set-wise writes keep every value as it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DataError
from django.utils import timezone
from psycopg.types.range import DateRange

from shuzheng.base.access.models import Role
from shuzheng.base.accounts.models import Person, PersonContact, Post
from shuzheng.base.audit.models import Entry
from shuzheng.base.core.bulk import FEW, insert_many, update_many
from shuzheng.base.core.keys import decrypt, is_ciphertext
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.models import OrganProfile
from tests.rows import stored

pytestmark = pytest.mark.django_db

AWKWARD = ['a"b', "a\\b", "a,b{c}", "NULL", " ", "", "第 1 行\n第 2 行", "'; DROP TABLE org_node; --", "\\x41", "%s"]


@pytest.fixture(autouse=True)
def scope(nation):
    with system_scope("tests").activate():
        yield


def profiles(nation, **values):
    rows = [OrganProfile(**values) for _ in nation.nodes.values()]
    for row, node in zip(rows, nation.nodes.values(), strict=True):
        row.own(node)
    return rows


def test_texts_of_every_kind_arrive_as_they_were(nation):
    rows = profiles(nation)[: len(AWKWARD)]
    for row, text in zip(rows, AWKWARD, strict=True):
        row.address, row.floor_area = text, Decimal("12345678901.25")
    insert_many(rows)
    stored = OrganProfile.objects.in_bulk([r.pk for r in rows])
    assert [stored[r.pk].address for r in rows] == AWKWARD
    assert {p.floor_area for p in stored.values()} == {Decimal("12345678901.25")}
    assert all(p.created_at for p in stored.values())


def test_arrays_spans_booleans_and_nothing_arrive(nation):
    organ = nation.organ("33/11/23/0/u1/")
    account = nation.account(organ.path)
    spans = [DateRange(date(2020, 1, 1), None), DateRange(date(2020, 1, 1), date(2021, 1, 1))]
    posts = [Post(person=account.person, name=f"岗位{n}", valid=span, is_main=bool(n)) for n, span in enumerate(spans)]
    for post in posts:
        post.own(organ)
    insert_many(posts)
    assert [Post.objects.get(pk=p.pk).valid for p in posts] == spans
    assert [Post.objects.get(pk=p.pk).is_main for p in posts] == [False, True]
    role = Role(code="x", name="角色", permissions=AWKWARD[:4])
    role.own(organ)
    insert_many([role])
    assert Role.objects.get(pk=role.pk).permissions == AWKWARD[:4]


@pytest.mark.parametrize("shared", [True, False], ids=["one for all", "each its own"])
def test_columns_that_are_lists_arrive_however_many_rows_there_are(nation, shared):
    one = AWKWARD[:2]
    rows = [Role(code=f"x{n}", name="角色", permissions=one if shared else AWKWARD[: n % 3]) for n in range(FEW + 2)]
    for row in rows:
        row.own(nation.organ("33/11/23/0/u1/"))
    insert_many(rows)
    assert [Role.objects.get(pk=r.pk).permissions for r in rows] == [r.permissions for r in rows]


@pytest.mark.parametrize("alike", [True, False], ids=["one for all", "each its own"])
def test_json_arrives_as_it_was_however_many_rows_there_are(alike):
    said = {"text": AWKWARD, "n": 12345678901234567890, "nested": {"“": [None, 1.5, True, ""]}}
    rows = [
        Entry(at=timezone.now(), action="x", actor="a", model="m", object_id=f"{n}", label="", path="33/", after=after)
        for n, after in enumerate([said] * 9 if alike else [{**said, "of": text} for text in AWKWARD] + [{}])
    ]
    insert_many(rows)
    stored = Entry.objects.in_bulk([row.pk for row in rows])
    assert [stored[row.pk].after for row in rows] == [row.after for row in rows]
    assert {entry.before == {} for entry in stored.values()} == {True}


def test_a_changed_column_is_written_back_row_by_row(nation):
    rows = profiles(nation, contact="张三")
    insert_many(rows)
    for n, row in enumerate(rows):
        row.contact = f'李"{n}"'
    assert update_many(rows, ["contact"]) == len(rows)
    assert [OrganProfile.objects.get(pk=r.pk).contact for r in rows] == [f'李"{n}"' for n in range(len(rows))]


def test_a_field_that_encrypts_does_so_here_too(nation):
    """Written set-wise or one by one: what lies in the table is no clear text."""
    with system_scope("tests").activate():
        person = stored(Person, nation.organ("33/11/23/0/u1/"), name="甲", number="N1")
        contact = PersonContact(person=person, mobile="13800001234")
        contact.own(nation.organ("33/11/23/0/u1/"))
        insert_many([contact])
        held = PersonContact.objects.values_list("mobile", flat=True).get(person=person)
    assert is_ciphertext(held) and decrypt(held) == "13800001234"


def test_a_text_that_would_end_the_statement_is_refused(nation):
    """PostgreSQL holds no NUL; to the server a statement with one would end there."""
    rows = profiles(nation, contact="张\0三")
    with pytest.raises(DataError):
        insert_many(rows[:1])
    with pytest.raises(DataError):
        insert_many(rows)


def test_few_and_many_rows_hold_the_same(nation):
    """One travels as VALUES, many as arrays, what all share said once: the table can't tell."""
    values = {"address": "a\"b\\c'd", "floor_area": Decimal("1.50")}
    one, *many = profiles(nation, **values)
    insert_many([one])
    insert_many(many)
    columns = [
        f.attname
        for f in OrganProfile._meta.concrete_fields
        if f.name not in {"id", "node", "path", "created_at", "updated_at"}
    ]
    assert len(many) > FEW and len(set(OrganProfile.objects.values_list(*columns))) == 1


def test_a_record_alike_has_an_id_of_its_own_and_leaves_the_pattern_alone(nation):
    organ = nation.organ("33/11/23/0/u1/")
    pattern = Person(name="甲", number="N1")
    made = pattern.alike(number="N2", node=organ, path=organ.path)
    insert_many([made])
    assert made.pk != pattern.pk and (pattern.number, pattern.path) == ("N1", "")
    found = Person.objects.get(number="N2")
    assert (found.name, found.node_id, found.is_active) == ("甲", organ.pk, True)
