"""Search: what is found is what the policies show, narrowed by rights; words, beginnings, initials and numbers find it."""

from __future__ import annotations

import argparse
import json
from uuid import uuid4

import pytest
from django.db import connection

from shuzheng.base.access.models import Role
from shuzheng.base.accounts.models import Person
from shuzheng.base.core.registry import LINES
from shuzheng.base.core.scope import case_scope, system_scope
from shuzheng.base.org.actions import change_profiles
from shuzheng.base.org.models import Node, NodeKind, OrganProfile
from shuzheng.base.search import reindex
from shuzheng.base.search.index import index_records, put
from shuzheng.base.search.models import Doc
from shuzheng.base.search.query import search, tsquery
from shuzheng.base.search.sources import SOURCES, register
from tests.factories import actor_of, add_node

pytestmark = pytest.mark.django_db

EVERY_RULE = [*LINES, "=internal", "=case", "=directory"]
CASE = uuid4()


@pytest.fixture
def sources():
    """A closed set of kinds for the test; what the apps declared comes back after it."""
    before = dict(SOURCES)
    yield SOURCES
    SOURCES.clear()
    SOURCES.update(before)


@pytest.fixture
def profiles(nation, sources):
    """Particulars of every organ, findable by address and by the organ's name."""
    register(
        OrganProfile, label="机构信息", url=lambda pk: f"/p/{pk}/", title="node", fields=("address", "contact"),
        permission="org.profile.view",
    )  # fmt: skip
    rows = []
    with system_scope("tests").activate():
        for node in nation.nodes.values():
            if node.kind == NodeKind.ORGAN:
                row = OrganProfile(address="解放路一号", contact="张三")
                row.own(node)
                row.save(force_insert=True)
                rows.append(row)
        index_records(rows, [])
    return {row.path: row for row in rows}


def found(actor, text, **options):
    with actor.scope.activate():
        return [hit.label for hit in search(actor, text, **options).hits]


# Scope


def docs(nation) -> list[Doc]:
    """An entry of every rule at every place, with and without audience and case."""
    rows = []
    for path in [*nation.nodes, "33/11/23/0/u1/fin/"]:
        for rule in EVERY_RULE:
            audience_of = (None, "", "33/", "33/11/23/") if rule in LINES else (None,)
            for audience in audience_of:
                case = CASE if rule == "=case" else None
                rows.append(
                    Doc(model="x.y", object_id=uuid4(), label=path, name=path, path=path, rule=rule, audience=audience,
                        case_id=case, vec="甲")
                )  # fmt: skip
    return rows


def actors(nation):
    yield nation.actor("33/11/23/0/u1/")
    yield nation.actor("33/11/23/0/u1/fin/", "clerk")
    yield nation.actor("33/11/23/0/goa/", "reviewer", at="33/11/23/")
    yield nation.actor("33/11/0/goa/")
    yield nation.actor("33/0/goa/", "leader", at="33/")
    yield nation.actor("0/ngoa/")
    yield nation.actor("32/0/goa/")
    nation.competent("33/10/0/u1/", "33/11/22/", "org")  # another line elsewhere: several ranges
    nation.competent("33/10/0/u1/", "32/", "general", "org")
    yield nation.actor("33/10/0/u1/", "business_admin")
    yield nation.actor("33/0/u1/", "audit_officer", at="33/")
    yield nation.actor("33/0/u2/", "system_officer", at="33/")


def by_function():
    asked = {"words": "'甲'", "directory": True, "published": True, "most": 500, "cap": 10_000}
    ids = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sz_search(%s::jsonb)", [json.dumps(asked)])
        answer = cursor.fetchone()[0]
    answer = json.loads(answer) if isinstance(answer, str) else answer
    ids = {row["object_id"] for row in answer["rows"]}
    assert answer["total"] == len(answer["rows"]), "the test must fit one answer"
    return ids


def by_policy():
    return {str(pk) for pk in Doc.objects.values_list("object_id", flat=True)}


def test_search_shows_exactly_what_the_policy_shows(nation, sources):
    entries, everybody = docs(nation), list(actors(nation))
    # In lots that fit one answer; together they are every rule at every place.
    for start in range(0, len(entries), 400):
        with system_scope("tests").activate():
            Doc.objects.all().delete()
            Doc.objects.bulk_create(entries[start : start + 400])
            assert by_function() == by_policy()
        for actor in everybody:
            with actor.scope.activate():
                assert by_function() == by_policy(), (actor.organ_path, actor.officer)
                with case_scope(CASE):
                    assert by_function() == by_policy(), ("case", actor.organ_path)


def test_without_a_scope_nothing_is_found(nation, profiles):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.actor', '', true)")
    assert by_function() == set()


def test_only_the_program_may_ask(nation):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_function_privilege('public', 'sz_search(jsonb)', 'execute')")
        assert cursor.fetchone() == (False,)


def test_rights_narrow_what_the_scope_shows(nation, profiles):
    county = "33/11/23/0/goa/"
    assert found(nation.actor(county), "解放路") == []  # no right to view particulars at all
    assert found(nation.actor(county, "reviewer"), "解放路") == ["甲县机关事务中心"]  # in its own organ only
    below = found(nation.actor(county, "reviewer", at="33/11/23/"), "解放路")
    assert set(below) == {"甲县机关事务中心", "甲县第1小学", "甲县第2小学"}
    assert found(nation.actor("33/11/23/0/u1/", "clerk"), "解放路") == ["甲县第1小学"]


# Words


@pytest.fixture
def people(nation, sources):
    rows = []
    with system_scope("tests").activate():
        for number, name in (("A-001", "王小明"), ("A-002", "单田芳"), ("B-003", "李建国")):
            person = Person(name=name, number=number)
            person.own(nation.organ("33/11/23/0/u1/"))
            person.save(force_insert=True)
            rows.append(person)
        index_records([*rows, *nation.nodes.values()], [])
    return rows


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("王小明", "王小明"),
        ("小明", "王小明"),
        ("王", "王小明"),
        ("wxm", "王小明"),
        ("ＷＸ", "王小明"),
        ("stf", "单田芳"),  # 单 as a family name
        ("A-002", "单田芳"),
        ("a-00", "单田芳"),
        ("甲县机关", "甲县机关事务中心"),
        ("机关事务中心 甲县", "甲县机关事务中心"),
        ("jxjgswzx", "甲县机关事务中心"),
        ("第1小学", "甲县第1小学"),
    ],
)
def test_words_beginnings_and_initials_find_a_record(nation, people, typed, label):
    assert label in found(nation.actor("33/11/23/0/goa/"), typed)


@pytest.mark.parametrize(
    "typed", ["", "  ", "？！", "'", "' | 'x", "甲 & !乙 \\", "x" * 500, "王\0明", "%", "(((", ":*"]
)
def test_whatever_is_typed_is_text_and_no_query(nation, people, typed):
    assert isinstance(found(nation.actor("33/11/23/0/goa/"), typed), list)


def test_exact_title_comes_first_and_kinds_are_counted(nation, people):
    with system_scope("tests").activate():
        add_node(nation, "33/11/23/0/goax/", "甲县机关事务中心车队", NodeKind.ORGAN)
        index_records([nation.organ("33/11/23/0/goax/")], [])
    actor = nation.actor("33/11/23/0/u1/")
    with actor.scope.activate():
        answer = search(actor, "甲县机关事务中心")
    assert [hit.label for hit in answer.hits[:2]] == ["甲县机关事务中心", "甲县机关事务中心车队"]
    assert answer.counts == {"org.node": answer.total}
    assert found(actor, "王小明", kinds=["org.node"]) == []


def test_query_asks_for_the_short_words_of_a_long_one():
    assert tsquery("国家机关") == "'国家':* & '机关':*"
    assert tsquery("，。") is None


def test_hit_names_its_owner(nation, people):
    actor = nation.actor("33/11/23/0/goa/")
    with actor.scope.activate():
        [hit] = search(actor, "王小明").hits
    assert hit.sub == "甲县第1小学"


# Keeping in step


def test_change_through_an_action_is_found_at_once(nation, profiles):
    clerk = nation.actor("33/11/23/0/u1/", "clerk")
    change_profiles([profiles["33/11/23/0/u1/"]], actor=clerk, address="和平街九号")
    assert found(clerk, "和平街") == ["甲县第1小学"]
    assert found(clerk, "解放路") == []


def test_record_that_ended_is_no_longer_found(nation, people):
    actor = nation.actor("33/11/23/0/goa/")
    with system_scope("tests").activate():
        people[0].is_active = False
        index_records([people[0]], [])
        index_records([], [people[1]])
    assert found(actor, "王小明") == []
    assert found(actor, "单田芳") == []
    assert found(actor, "李建国") == ["李建国"]


def test_published_record_is_found_below_its_audience(nation, sources):
    register(Role, label="角色", url=lambda pk: "", title="name")
    with system_scope("tests").activate():
        role = Role(code="x", name="公务用车核查员", audience="33/11/")
        role.own(nation.organ("33/0/goa/"))
        role.save(force_insert=True)
        put(SOURCES["access.role"], [role])
    assert found(nation.actor("33/11/23/0/u1/"), "公务用车") == ["公务用车核查员"]
    assert found(nation.actor("33/10/0/u1/"), "公务用车") == []


def test_reindex_brings_the_table_in_step(nation, profiles, capsys):
    with system_scope("tests").activate():
        OrganProfile.objects.filter(path="33/11/23/0/u1/").update(address="和平街九号")
        OrganProfile.objects.filter(path="33/11/23/0/u2/").delete()
        Doc.objects.filter(path="33/11/23/0/goa/").delete()
        Doc.objects.create(model="gone.app", object_id=uuid4(), path="", rule="org", vec="x")
    assert reindex.command(argparse.Namespace(kinds=[])) == 0
    assert f"org.organprofile {len(profiles) - 1}" in capsys.readouterr().out
    with system_scope("tests").activate():
        assert not Doc.objects.filter(model="gone.app").exists()
        assert Doc.objects.filter(model="org.organprofile").count() == len(profiles) - 1
        assert Doc.objects.filter(model="org.node").count() == Node.objects.count()
    assert found(nation.actor("33/11/23/0/u1/", "clerk"), "和平街") == ["甲县第1小学"]
    assert reindex.command(argparse.Namespace(kinds=["no.such"])) == 1


def test_sensitive_field_is_never_indexed(sources):
    from shuzheng.base.accounts.models import PersonContact

    with pytest.raises(ValueError, match="sensitive"):
        register(PersonContact, label="x", url=lambda pk: "", fields=("mobile",))


# Pages


def test_suggestions_come_in_groups_with_the_match_marked(nation, people, client):
    client.force_login(nation.account("33/11/23/0/goa/"))
    answer = client.get("/search/suggest", {"q": "王小"}).json()
    assert answer["groups"][0]["label"] == "人员"
    assert answer["groups"][0]["items"][0]["label"] == "**王小**明"
    assert answer["groups"][0]["items"][0]["hint"] == "甲县第1小学"
    assert client.get("/search/suggest", {"q": ""}).json() == {"groups": []}


def test_page_lists_results_by_kind(nation, people, client):
    client.force_login(nation.account("33/11/23/0/goa/"))
    page = client.get("/search/", {"q": "甲县"}).content.decode()
    assert "甲县机关事务中心" in page
    page = client.get("/search/", {"q": "<script>"}).content.decode()
    assert "<script>“" not in page
    assert client.get("/search/", {"q": "甲县", "kind": "no.such"}).status_code == 200


def test_questions_to_the_database_do_not_grow_with_the_hits(nation, people, django_assert_num_queries):
    actor = actor_of(nation.account("33/11/23/0/goa/"))
    with actor.scope.activate(), django_assert_num_queries(2):
        assert len(search(actor, "机关事务中心").hits) > 5


def test_records_of_a_register_are_found_by_what_its_search_box_looks_into():
    from shuzheng.base.registers.declare import REGISTERS

    for item in REGISTERS.values():
        if item.search:
            assert item.model._meta.label_lower in SOURCES, item.name
    assert SOURCES["org.organprofile"].permission == "org.profile.view"
    assert SOURCES["masters.place"].fields
