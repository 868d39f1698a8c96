"""Reporting through the API: one round from filling to drilling, and what is refused."""

from __future__ import annotations

import pytest

from shuzheng.base.core.action import new_key
from tests.api.conftest import program  # noqa: F401 -- the fixture
from tests.forms.conftest import UNIT, full

pytestmark = pytest.mark.django_db
COUNTY = "33/11/23/"


def test_a_program_fills_in_and_the_county_returns_approves_and_drills(reporting, program):  # noqa: F811
    own = program(UNIT, "clerk")
    county = program(f"{COUNTY}0/goa/", "reviewer", at=COUNTY)
    assert [r["period"] for r in own.get("/forms/rounds").json()["rows"]] == ["2026Q3"]
    [mine] = own.get("/forms/submissions").json()["rows"]
    url = f"/forms/submissions/{mine['id']}"

    cells = {code: None if value is None else str(value) for code, value in full(e01_m1=10000).items()}
    saved = own.call(
        "PUT", f"{url}/cells", {"cells": {**cells, "e02_m1": "若干"}},
        Idempotency_Key=new_key(), If_Match=f'"{mine["version"]}"',
    )  # fmt: skip
    assert saved.status_code == 200, saved.content
    assert set(saved.json()["faults"]) == {"e02_m1"}
    assert saved.json()["values"]["tce"] == "1.229"
    signed = {"statistics": "李统计", "head": "王校长"}
    assert own.post(f"{url}/submit", signed).status_code == 422
    fixed = own.call(
        "PUT", f"{url}/cells", {"cells": {"e02_m1": "0"}},
        Idempotency_Key=new_key(), If_Match=f'"{saved.json()["version"]}"',
    )  # fmt: skip
    assert fixed.json()["faults"] == {}
    key = new_key()
    first, again = (own.post(f"{url}/submit", signed, key=key) for _ in range(2))
    assert (first.json()["state"], again.json()["version"]) == ("submitted", first.json()["version"])

    seen = county.get(url)
    assert seen.json()["factors"]["f_electricity"]["value"].startswith("0.1229")
    stale = county.call("POST", f"{url}/approve", Idempotency_Key=new_key(), If_Match='"1"')
    assert stale.status_code == 409
    done = county.call("POST", f"{url}/approve", Idempotency_Key=new_key(), If_Match=seen["ETag"])
    assert done.json()["approved_tier"] == 4
    total = county.get(f"/forms/rounds/{mine['round']}/rollup").json()
    assert (total["values"]["e01_q"], total["counted"]) == ("10000", 1)
    parts = county.get(f"/forms/rounds/{mine['round']}/rollup/e01_q").json()["parts"]
    assert [(p["name"], p["value"]) for p in parts] == [("甲县第1小学", "10000")]
    back = county.call(
        "POST", f"{url}/return", {"why": "核对", "cells": ["e01_m1"]},
        Idempotency_Key=new_key(), If_Match=f'"{done.json()["version"]}"',
    )  # fmt: skip
    assert (back.json()["state"], back.json()["approved_tier"]) == ("submitted", 4)  # one cell, no approval is lost
    [asked] = program(UNIT, "clerk").get("/forms/amendments").json()["rows"]
    assert (asked["state"], asked["cells"]) == ("asked", [{"code": "e01_m1", "reason": "核对"}])
    answered = program(UNIT, "clerk").call(
        "POST", f"/forms/amendments/{asked['id']}/answer", {"cells": {"e01_m1": "9000"}}, Idempotency_Key=new_key()
    )
    assert (answered.json()["state"], answered.json()["waiting_tier"]) == ("answered", 4)
    confirmed = county.call(
        "POST", f"/forms/amendments/{asked['id']}/confirm", Idempotency_Key=new_key(),
        If_Match=f'"{answered.json()["version"]}"',
    )  # fmt: skip
    assert confirmed.json()["state"] == "done"
    total = county.get(f"/forms/rounds/{mine['round']}/rollup").json()
    assert (total["values"]["e01_q"], total["counted"]) == ("9000", 1)


def test_a_neighbour_sees_nothing_and_a_reader_may_not_write(reporting, program):  # noqa: F811
    row = reporting.submission()
    neighbour = program("33/11/22/0/goa/", "reviewer", at="33/11/22/")
    assert neighbour.get(f"/forms/submissions/{row.pk}").status_code == 404
    assert neighbour.get(f"/forms/rounds/{reporting.round.pk}/rollup?at={COUNTY}").status_code == 404
    county = program(f"{COUNTY}0/goa/", "reviewer", at=COUNTY)
    answer = county.call(
        "PUT", f"/forms/submissions/{row.pk}/cells", {"cells": {"e01_m1": "1"}},
        Idempotency_Key=new_key(), If_Match=f'"{row.version}"',
    )  # fmt: skip
    assert answer.status_code == 403


def test_what_the_schema_does_not_know_is_refused_with_its_place(reporting, program):  # noqa: F811
    own = program(UNIT, "clerk")
    row = reporting.submission()
    answer = own.call(
        "PUT", f"/forms/submissions/{row.pk}/cells", {"cells": {}, "more": 1},
        Idempotency_Key=new_key(), If_Match='"1"',
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"].endswith("more")


def test_a_cell_that_somebody_else_changed_is_a_conflict_with_their_value(reporting, program):  # noqa: F811
    own, row = program(UNIT, "clerk"), reporting.submission()
    url = f"/forms/submissions/{row.pk}/cells"
    stale = f'"{row.version}"'
    own.call("PUT", url, {"cells": {"e01_m1": "5"}}, Idempotency_Key=new_key(), If_Match=stale)
    clash = own.call("PUT", url, {"cells": {"e01_m1": "6"}}, Idempotency_Key=new_key(), If_Match=stale)
    assert clash.status_code == 409
    assert clash.json()["current"]["cells"] == {"e01_m1": "5"}


def test_a_county_passes_all_it_looked_at_in_one_call_or_none_of_them(reporting, program):  # noqa: F811
    rows = [reporting.handed_in(path, e01_m1=1000) for path in (UNIT, "33/11/23/0/u2/")]
    county = program(f"{COUNTY}0/goa/", "reviewer", at=COUNTY)
    seen = [{"id": str(row.pk), "version": row.version} for row in rows]
    stale = [seen[0], {**seen[1], "version": seen[1]["version"] + 1}]
    assert county.post("/forms/submissions/approve", {"submissions": stale}).status_code == 409
    states = [county.get(f"/forms/submissions/{s['id']}").json()["approved_tier"] for s in seen]
    assert states == [5, 5]
    assert county.post("/forms/submissions/approve", {"submissions": seen}).json() == {"approved": 2}
    own = program(UNIT, "clerk").post("/forms/submissions/approve", {"submissions": seen})
    assert own.status_code == 404  # the neighbour's is not there for them
