"""Statistics over the API: the scope of the token, exact texts, faults as problems."""

from __future__ import annotations

import pytest

from tests.api.conftest import program

pytestmark = pytest.mark.django_db
COUNTY = "11/01/01/"
__all__ = ["program"]


@pytest.fixture
def county(made, nation, program):
    """The office of the county 33/11/23 of the small nation; the made-up lake knows no such place."""
    return program("33/11/23/0/goa/", "reviewer", at="33/11/23/")


@pytest.fixture
def root(made, nation, program):
    return program("0/ngoa/", "business_admin", at="")


def test_the_catalogue_says_what_can_be_asked(root):
    found = root.get("/stats/catalogue").json()
    offered = {i["name"]: i for i in found["indicators"]}
    assert offered["energy.per_head"]["unit"] == "kgce/人"
    assert "kind" not in offered["energy.per_head"]["dimensions"]
    assert found["periods"] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]


def test_answers_are_exact_texts_within_the_scope_of_the_token(root, county):
    body = {"indicators": ["energy.electricity"], "by": ["province"], "first": "2025", "last": "2025"}
    answer = root.post("/stats/ask", body).json()
    assert [r["keys"] for r in answer["rows"]] == [["11/"], ["12/"], ["13/"]]
    assert answer["total"]["values"][0].replace(".", "").isdigit()
    assert len(answer["sources"]) == 4
    theirs = county.post("/stats/ask", body).json()
    assert (theirs["rows"], theirs["total"]) == ([], None)


def test_what_makes_no_sense_is_a_problem_in_words(root):
    wrong = root.post("/stats/ask", {"indicators": ["energy.per_head"], "by": ["kind"]})
    assert wrong.status_code == 422
    assert "不能按" in wrong.json()["detail"]
    assert root.post("/stats/ask", {"indicators": ["energy.nothing"]}).status_code == 404
    assert root.post("/stats/ask", {"indicators": ["energy.total"], "planet": 1}).status_code == 422


def test_a_trend_over_the_api(root):
    found = root.get("/stats/trend?indicator=energy.water&by=month&ahead=2").json()
    assert [p["forecast"] for p in found["points"]] == [False] * 12 + [True] * 2
    assert "不足两年" in found["method"]


def test_drilling_finds_no_submission_that_the_database_does_not_hold(root):
    assert root.post("/stats/drill", {"indicators": ["energy.total"], "cell": {"province": "11/"}}).json() == []
