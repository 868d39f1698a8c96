"""Registers over the API: the same rights, checks and verbs as on pages."""

from __future__ import annotations

import pytest

from shuzheng.base.accounts.models import Account
from shuzheng.base.api import limits
from shuzheng.base.core.action import new_key
from shuzheng.base.core.scope import system_scope
from shuzheng.base.masters.models import Place

pytestmark = pytest.mark.django_db
UNIT, OTHER, COUNTY = "33/11/23/0/u1/", "33/11/23/0/u2/", "33/11/23/"
SITE = {"number": "A1", "name": "行政中心", "kind": "site", "gross_area": "21860.50"}


@pytest.fixture(autouse=True)
def fresh_limits():
    limits._counts.clear()


def test_without_a_token_nothing_is_told(client):
    answer = client.get("/api/v1/places")
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_cookie_opens_nothing_here(client, nation):
    client.force_login(
        Account.objects.get(pk=nation.account(UNIT, "clerk").pk),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    assert client.get("/api/v1/places").status_code == 401


def test_a_token_says_whom_it_acts_for(program):
    me = program(UNIT, "clerk").get("/me").json()
    assert (me["organ_path"], me["tier"]) == (UNIT, 4)
    assert "masters.place.create" in me["permissions"]


def test_a_record_lives_through_create_read_change_delete(program):
    unit = program(UNIT, "clerk")
    made = unit.post("/places", SITE)
    assert made.status_code == 201, made.content
    place = made.json()
    assert (place["name"], place["gross_area"], place["version"]) == ("行政中心", "21860.50", 1)

    read = unit.get(f"/places/{place['id']}")
    assert read["ETag"] == '"1"'
    assert unit.get(f"/places/{place['id']}", If_None_Match='"1"').status_code == 304

    changed = unit.patch(f"/places/{place['id']}", {"name": "行政中心东区"}, 1)
    assert (changed.status_code, changed.json()["name"], changed["ETag"]) == (200, "行政中心东区", '"2"')
    assert unit.delete(f"/places/{place['id']}", 2).status_code == 200
    assert unit.get(f"/places/{place['id']}").status_code == 404


def test_a_retry_with_the_same_key_makes_one_record(program):
    unit, key = program(UNIT, "clerk"), new_key()
    first, again = unit.post("/places", SITE, key), unit.post("/places", SITE, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    with system_scope("tests").activate():
        assert Place.objects.count() == 1


def test_a_stale_change_answers_with_both_versions(program):
    unit = program(UNIT, "clerk")
    place = unit.post("/places", SITE).json()
    unit.patch(f"/places/{place['id']}", {"name": "甲"}, 1)
    late = unit.patch(f"/places/{place['id']}", {"name": "乙"}, 1)
    assert late.status_code == 409
    assert (late.json()["seen"]["version"], late.json()["current"]["name"]) == (1, "甲")


def test_another_organs_record_is_not_there_and_ones_own_without_the_right_is_refused(program):
    place = program(UNIT, "clerk").post("/places", SITE).json()
    stranger, reader = program(OTHER, "clerk"), program(UNIT, "leader")
    assert stranger.get(f"/places/{place['id']}").status_code == 404
    assert stranger.patch(f"/places/{place['id']}", {"name": "x"}, 1).status_code == 404
    assert reader.get(f"/places/{place['id']}").status_code == 200
    refused = reader.patch(f"/places/{place['id']}", {"name": "x"}, 1)
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")


def test_a_token_narrows_what_its_post_may_do(program):
    narrow = program(UNIT, "clerk", permissions=["masters.place.view"])
    assert narrow.get("/places").status_code == 200
    assert narrow.post("/places", SITE).status_code == 403


def test_a_token_bound_to_addresses_is_refused_from_elsewhere(program):
    bound = program(UNIT, "clerk", addresses=["10.0.0.0/8"])
    answer = bound.get("/places")
    assert (answer.status_code, answer.json()["code"]) == (403, "token-address")


def test_faults_name_the_field_and_nothing_is_written(program):
    unit = program(UNIT, "clerk")
    answer = unit.post("/places", {**SITE, "kind": "planet"})
    assert answer.status_code == 422
    assert [f["field"] for f in answer.json()["faults"]] == ["kind"]
    unknown = unit.post("/places", {**SITE, "colour": "red"})
    assert [f["field"] for f in unknown.json()["faults"]] == ["colour"]
    with system_scope("tests").activate():
        assert Place.objects.count() == 0


def test_pages_of_a_list_join_without_gap_or_repeat_and_hold_only_ones_own(program):
    unit, other = program(UNIT, "clerk"), program(OTHER, "clerk")
    for n in range(7):
        unit.post("/places", {**SITE, "number": f"A{n}"})
    other.post("/places", {**SITE, "number": "B1"})
    seen, cursor = [], ""
    for _ in range(10):
        page = unit.get(f"/places?limit=3&cursor={cursor}").json()
        seen += [r["number"] for r in page["rows"]]
        cursor = page["next"]
        if not cursor:
            break
    assert sorted(seen) == [f"A{n}" for n in range(7)]
    assert len(seen) == 7


def test_too_many_calls_are_told_when_to_come_again(program, settings):
    settings.SZ_API_RATE = 2
    unit = program(UNIT, "clerk")
    answers = [unit.get("/places") for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 61


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_takes_the_same_number_of_queries_for_any_number_of_rows(program, rows, django_assert_max_num_queries):
    unit = program(UNIT, "clerk")
    for n in range(rows):
        unit.post("/places", {**SITE, "number": f"A{n}"})
    unit.get("/places")
    with django_assert_max_num_queries(7):
        assert len(unit.get("/places").json()["rows"]) == rows
