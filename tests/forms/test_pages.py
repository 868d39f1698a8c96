"""Pages of reporting as each persona sees them: what is shown, what is refused, and how often the database is asked."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, workbench
from shuzheng.base.forms.models import Cell, Rollup, Round, Submission
from tests.factories import actor_of
from tests.forms.conftest import UNIT, Reporting, full
from tests.portal.test_templates import faults as template_faults

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
COUNTY, PREFECTURE = "33/11/23/", "33/11/"
SECOND, OTHER = "33/11/23/0/u2/", "33/11/22/0/u1/"


@pytest.fixture
def running(reporting) -> Reporting:
    """The round with its deadline still ahead, whatever day it is."""
    with system_scope("tests").activate():
        ahead = timezone.now() + timedelta(days=10)
        Round.objects.update(due_at=ahead)
        Submission.objects.update(due_at=ahead)
        reporting.round.refresh_from_db()
    return reporting


def sign_in(reporting: Reporting, organ: str, *roles: str, at: str | None = None) -> Client:
    client = Client()
    client.force_login(reporting.nation.account(organ, *roles, at=at))
    return client


def unit(reporting: Reporting, path: str = UNIT) -> Client:
    return sign_in(reporting, path, "clerk")


def office(reporting: Reporting, division: str, *roles: str) -> Client:
    organ = f"{division}0/goa/" if division else "0/ngoa/"
    return sign_in(reporting, organ, *(roles or ("reviewer", "leader", "clerk")), at=division)


def patch(client: Client, submission: Submission, cells: dict, version: int | None = None, key: str = "k1"):
    body = {"key": key, "version": submission.version if version is None else version, "cells": cells}
    url = reverse("forms:cells", args=[submission.pk])
    return client.patch(url, json.dumps(body), content_type="application/json")


def cell_values(submission: Submission) -> dict:
    with system_scope("tests").activate():
        return dict(Cell.objects.filter(submission=submission).values_list("code", "value"))


# Who sees what


def pages_of(reporting: Reporting) -> dict[str, str]:
    row, round_ = reporting.submission(), reporting.round
    return {
        "rounds": reverse("forms:rounds"),
        "round": f"{reverse('forms:round', args=[round_.pk])}?at={COUNTY}",
        "review": f"{reverse('forms:review', args=[round_.pk])}?at={COUNTY}",
        "rollup": f"{reverse('forms:rollup', args=[round_.pk])}?at={COUNTY}",
        "recount": f"{reverse('forms:recount', args=[round_.pk])}?at={COUNTY}",
        "drill": f"{reverse('forms:drill', args=[round_.pk, 'e01_q'])}?at={COUNTY}",
        "ratio": f"{reverse('forms:drill', args=[round_.pk, 'per_head'])}?at={COUNTY}",
        "entry": reverse("forms:entry", args=[row.pk]),
        "cell": reverse("forms:cell", args=[row.pk, "tce"]),
        "template": reverse("forms:template", args=[row.pk]),
        "board file": f"{reverse('forms:export', args=[round_.pk, 'board'])}?at={COUNTY}",
        "units file": f"{reverse('forms:export', args=[round_.pk, 'units'])}?at={COUNTY}",
        "rollup file": f"{reverse('forms:export', args=[round_.pk, 'rollup'])}?at={COUNTY}",
        "issue": reverse("forms:issue"),
        "preview": reverse("forms:preview"),
        "definitions": reverse("forms:definitions"),
        "definition": reverse("forms:definition", args=[reporting.definition.pk]),
    }


PERSONAS = {
    "own institution": (UNIT, ("clerk",), None),
    "neighbour in the county": (SECOND, ("clerk",), None),
    "county reviewer": (f"{COUNTY}0/goa/", ("reviewer", "leader"), COUNTY),
    "other county": ("33/11/22/0/goa/", ("reviewer", "leader"), "33/11/22/"),
    "prefecture": (f"{PREFECTURE}0/goa/", ("reviewer", "leader"), PREFECTURE),
    "nation admin": ("0/ngoa/", ("business_admin",), ""),
    "staff of the county": (f"{COUNTY}0/goa/", (), None),
    "audit officer": ("33/0/goa/", ("audit_officer",), "33/"),
}
ALL = {
    "rounds", "round", "review", "rollup", "recount", "drill", "ratio", "entry", "cell", "template", "board file",
    "units file", "rollup file", "definitions", "definition",
}  # fmt: skip
ABOVE = ALL
EXPECTED = {
    "own institution": {"rounds", "entry", "cell", "template", "definitions", "definition"},
    "neighbour in the county": {"rounds", "definitions", "definition"},
    "county reviewer": ABOVE,
    "other county": {"rounds", "definitions", "definition"},
    "prefecture": ABOVE,
    "nation admin": (ABOVE - {"review"}) | {"issue", "preview"},
    "staff of the county": {"rounds", "definitions", "definition"},
    "audit officer": set(),
}


@pytest.mark.parametrize("persona", PERSONAS)
def test_each_persona_gets_its_pages_and_nothing_else(running, persona):
    organ, roles, at = PERSONAS[persona]
    running.handed_in(UNIT, e01_m1=10000)
    running.approve(COUNTY, UNIT)
    client = sign_in(running, organ, *roles, at=at)
    found = {name: client.get(url).status_code for name, url in pages_of(running).items()}
    assert {name for name, status in found.items() if status == 200} == EXPECTED[persona]
    assert set(found.values()) <= {200, 403, 404}


def test_a_stranger_cannot_tell_a_submission_from_none(running):
    client = office(running, "33/11/22/")
    pages = [reverse("forms:entry", args=[pk]) for pk in (running.submission().pk, running.round.pk)]
    assert [client.get(url).status_code for url in pages] == [404, 404]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_keeps_the_content_policy_in_both_languages(running, language):
    running.handed_in(UNIT, e01_m1=10000)
    running.handed_in(SECOND, e01_m1=500)
    running.approve(COUNTY, UNIT)
    actions.return_([running.submission(SECOND)], actor=running.reviewer(COUNTY), why="核对", cells=["e01_m1"])
    county, own, nation = office(running, COUNTY), unit(running, SECOND), office(running, "", "business_admin")
    own_pages = {"entry": reverse("forms:entry", args=[running.submission(SECOND).pk])}
    own_pages["upload"] = reverse("forms:upload", args=[running.submission(SECOND).pk])
    issue = {"issue": reverse("forms:issue")}
    shown = {
        k: v for k, v in pages_of(running).items() if "file" not in k and k not in ("template", "issue", "preview")
    }
    for client, pages in ((county, shown), (own, own_pages), (nation, issue)):
        for name, url in pages.items():
            answer = client.get(url, headers={"accept-language": language})
            assert answer.status_code == 200, name
            assert template_faults(answer.content.decode()) == [], name


# Entry


def test_an_institution_is_led_straight_to_its_own_form(running):
    answer = unit(running).get(reverse("forms:round", args=[running.round.pk]))
    assert answer.url == reverse("forms:entry", args=[running.submission().pk])


def test_autosave_stores_what_can_be_read_and_keeps_the_rest_as_typed(running):
    client, row = unit(running), running.submission()
    answer = patch(client, row, {"e01_m1": "１，０００", "e01_m2": "约二百", "area": "800", "people": "-"})
    said = answer.json()
    assert answer.status_code == 200
    assert "e01_m2" in said["faults"]
    assert set(said["saved"]) == {"e01_m1", "area"} | ({"people"} if "people" in said["saved"] else set())
    assert (said["values"]["e01_m1"], said["values"]["e01_q"]) == ("1000", "1000")
    row = running.submission()
    assert row.unread["e01_m2"] == "约二百"
    page = client.get(reverse("forms:entry", args=[row.pk])).content.decode()
    assert 'value="约二百"' in page
    with pytest.raises(Exception, match="改正"):
        actions.submit([row], actor=running.unit())
    patch(client, running.submission(), {"e01_m2": "200"}, key="k2")
    assert running.submission().unread.get("e01_m2") is None


def test_a_batch_that_arrives_twice_acts_once(running):
    client, row = unit(running), running.submission()
    first = patch(client, row, {"e01_m1": "5"}, key="same")
    again = patch(client, row, {"e01_m1": "5"}, key="same")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["version"] == again.json()["version"] == running.submission().version


def test_the_same_cell_changed_by_two_is_a_conflict_with_both_values_and_other_cells_are_not(running):
    client, row = unit(running), running.submission()
    patch(client, row, {"e01_m1": "5", "e01_m2": "6"}, key="a")
    stale = row.version
    other = unit(running)
    fine = patch(other, row, {"e02_m1": "7"}, version=stale, key="b")
    assert fine.status_code == 200
    clash = patch(other, row, {"e01_m1": "9"}, version=stale, key="c")
    assert clash.status_code == 409
    assert clash.json()["conflicts"] == {"e01_m1": {"yours": "9", "theirs": "5"}}
    assert cell_values(row)["e01_m1"] == 5
    mine = patch(other, row, {"e01_m1": "9"}, version=clash.json()["version"], key="d")
    assert mine.status_code == 200
    assert cell_values(row)["e01_m1"] == 9


def test_what_is_not_json_or_not_cells_is_refused(running):
    client, row = unit(running), running.submission()
    url = reverse("forms:cells", args=[row.pk])
    for body in ("", "[]", '{"cells": [1]}', '{"cells": {"e01_m1": {"a": 1}}}'):
        assert client.patch(url, body, content_type="application/json").status_code == 400


def test_an_incomplete_form_says_what_is_missing_and_stays(running):
    client, row = unit(running), running.submission()
    patch(client, row, {"e01_m1": "5"})
    answer = client.post(reverse("forms:submit", args=[row.pk]), {"statistics": "李统计", "head": "王校长"})
    assert answer.status_code == 422
    assert "改正" in answer.content.decode()
    assert running.submission().state == "draft"


def test_handing_in_needs_the_names_of_who_answers_for_the_numbers(running):
    actions.fill([running.submission()], actor=running.unit(), values=full(e01_m1=10))
    client, row = unit(running), running.submission()
    url = reverse("forms:submit", args=[row.pk])
    assert client.post(url, {"statistics": "李统计"}).status_code == 422
    assert client.post(url, {"statistics": "李统计", "head": "王校长"}).status_code == 302
    row = running.submission()
    assert (row.state, row.signers) == ("submitted", {"statistics": "李统计", "head": "王校长"})
    page = client.get(reverse("forms:entry", args=[row.pk])).content.decode()
    assert '<input type="text" inputmode' not in page
    assert patch(client, row, {"e01_m1": "1"}, key="late").status_code == 422


def test_only_returned_cells_and_their_rows_open_again(running):
    running.handed_in(UNIT, e01_m1=100, e06_m3=5, e06_cost=40)
    actions.return_([running.submission()], actor=running.reviewer(COUNTY), why="柴油不符", cells=["e06_m3"])
    client, row = unit(running), running.submission()
    answer = patch(client, row, {"e06_m3": "6", "e06_cost": "45", "e01_m1": "1"}).json()
    assert set(answer["saved"]) == {"e06_m3", "e06_cost"}
    assert "锁定" in answer["faults"]["e01_m1"]
    assert cell_values(row)["e01_m1"] == 100
    page = client.get(reverse("forms:entry", args=[row.pk])).content.decode()
    assert "柴油不符" in page
    assert "is-returned" in page
    assert "is-locked" in page


def test_the_cell_panel_shows_source_factor_version_and_history(running):
    running.handed_in(UNIT, e01_m1=10000)
    page = office(running, COUNTY).get(reverse("forms:cell", args=[running.submission().pk, "tce"])).content.decode()
    assert "0.1229" in page
    panel = unit(running).get(
        reverse("forms:cell", args=[running.submission().pk, "e01_m1"]), headers={"HX-Request": "true"}
    )
    assert "10,000" in panel.content.decode()
    assert "<html" not in panel.content.decode()


def test_facts_of_the_institution_are_filled_in_once_it_begins(running):
    from shuzheng.base.org.models import OrganProfile

    with system_scope("tests").activate():
        profile = OrganProfile(floor_area=1234, energy_headcount=56)
        profile.own(running.nation.organ(UNIT))
        profile.save(force_insert=True)
    client, row = unit(running), running.submission()
    assert 'value="1,234.00"' in client.get(reverse("forms:entry", args=[row.pk])).content.decode()
    patch(client, row, {"e01_m1": "1"})
    assert (cell_values(row)["area"], cell_values(row)["people"]) == (1234, 56)


# Board and reminders


def test_the_board_says_first_how_many_are_missing_and_by_when(running):
    running.handed_in(UNIT)
    page = office(running, COUNTY).get(reverse("forms:round", args=[running.round.pk])).content.decode()
    assert "2 家中 1 家未报" in page
    assert "截止" in page
    assert "甲县第2小学" in page


def test_reminding_reaches_those_who_were_chosen_and_not_those_who_have_reported(running):
    running.handed_in(UNIT)
    client = office(running, COUNTY)
    url = f"{reverse('forms:remind', args=[running.round.pk])}?at={COUNTY}"
    ids = [str(running.submission(p).pk) for p in (UNIT, SECOND, OTHER)]
    assert client.post(url, {"id": ids}).status_code == 302
    assert running.submission(SECOND).reminded_at is not None
    assert running.submission(UNIT).reminded_at is None
    assert running.submission(OTHER).reminded_at is None
    assert client.post(url, {"id": [ids[0]]}).status_code == 422


def test_a_place_out_of_sight_is_no_place(running):
    client = office(running, COUNTY)
    for at in ("33/11/", "33/11/22/", "nonsense/", "33/11/23/0/u1/"):
        assert client.get(f"{reverse('forms:round', args=[running.round.pk])}?at={at}").status_code == 404


# Review


def test_approving_leads_to_the_next_and_a_stale_page_is_a_conflict(running):
    for path in (UNIT, SECOND):
        running.handed_in(path, e01_m1=10)
    client = office(running, COUNTY)
    first = running.submission(UNIT)
    url = f"{reverse('forms:approve', args=[running.round.pk])}?at={COUNTY}"
    answer = client.post(url, {"id": f"{first.pk}.{first.version}"})
    assert str(running.submission(SECOND).pk) in answer.url
    stale = running.submission(SECOND)
    actions.return_([running.submission(SECOND)], actor=running.reviewer(COUNTY), why="核对")
    assert client.post(url, {"id": f"{stale.pk}.{stale.version}"}).status_code == 409


def test_all_that_wait_in_a_county_pass_at_once(running):
    for path in (UNIT, SECOND):
        running.handed_in(path, e01_m1=10)
        running.approve(COUNTY, path)
    client = office(running, PREFECTURE)
    client.post(f"{reverse('forms:approve', args=[running.round.pk])}?at={COUNTY}", {"all": "1"})
    assert {running.submission(p).approved_tier for p in (UNIT, SECOND)} == {3}


def test_the_review_page_shows_both_submissions_and_what_changed(running):
    running.handed_in(UNIT, e01_m1=100)
    actions.return_([running.submission()], actor=running.reviewer(COUNTY), why="多录一位")
    actions.fill([running.submission()], actor=running.unit(), values={"e01_m1": 10, "e01_cost": 5})
    actions.submit([running.submission()], actor=running.unit())
    page = office(running, COUNTY).get(reverse("forms:review", args=[running.round.pk])).content.decode()
    assert "<del>100</del>" in page
    assert "第 2 次" in page
    assert "多录一位" in page


def test_returning_a_cell_shows_evidence_and_needs_a_reason(running):
    running.handed_in(UNIT, e01_m1=100)
    client, row = office(running, COUNTY), running.submission()
    url = reverse("forms:return", args=[row.pk])
    form = client.get(f"{url}?cell=e01_m1", headers={"HX-Request": "true"}).content.decode()
    assert "电 · 7 月" in form
    assert client.post(url, {"cell": "e01_m1", "why": ""}).status_code == 422
    due = (timezone.now() + timedelta(days=2)).isoformat()
    assert client.post(url, {"cell": "e01_m1", "why": "不符", "due": due, "version": row.version}).status_code == 302
    row = running.submission()
    assert (row.state, row.returned_cells, row.returns) == ("submitted", [], 1)
    with system_scope("tests").activate():
        asked = row.amendments.get()
    assert asked.cells == [{"code": "e01_m1", "reason": "不符"}]
    entry = unit(running)
    assert "不符" in entry.get(reverse("forms:entry", args=[row.pk])).content.decode()
    place = reverse("forms:amendment", args=[asked.pk])
    assert "电 · 7 月" in entry.get(place).content.decode()
    assert entry.post(f"{place}answer/", {"e01_m1": "abc"}).status_code == 422
    assert entry.post(f"{place}answer/", {"e01_m1": "90"}).status_code == 302
    assert cell_values(running.submission())["e01_m1"] == 90


# Roll-up


def test_a_number_leads_down_to_the_cell_of_the_institution(running):
    running.handed_in(UNIT, e01_m1=10000)
    running.approve(COUNTY, UNIT)
    running.approve(PREFECTURE, UNIT)
    client = office(running, PREFECTURE)
    top = client.get(f"{reverse('forms:rollup', args=[running.round.pk])}?at={PREFECTURE}").content.decode()
    drill = reverse("forms:drill", args=[running.round.pk, "e01_q"])
    assert f"{drill}?at={PREFECTURE}" in top
    assert "10,000" in top
    middle = client.get(f"{drill}?at={PREFECTURE}").content.decode()
    assert f"{drill}?at={COUNTY}&amp;tier=3" in middle
    bottom = client.get(f"{drill}?at={COUNTY}&tier=3").content.decode()
    cell = reverse("forms:cell", args=[running.submission().pk, "e01_q"])
    assert cell in bottom
    assert client.get(cell).status_code == 200


def test_the_recount_is_said_to_agree(running):
    running.handed_in(UNIT, e01_m1=10000)
    running.approve(COUNTY, UNIT)
    page = office(running, COUNTY).get(f"{reverse('forms:recount', args=[running.round.pk])}?at={COUNTY}")
    assert "逐家重算一致：1 家" in page.content.decode()


def test_a_leader_signs_and_a_reviewer_cannot(running):
    running.handed_in(UNIT, e01_m1=10000)
    running.approve(COUNTY, UNIT)
    url = f"{reverse('forms:sign', args=[running.round.pk])}?at={COUNTY}"
    assert office(running, COUNTY, "reviewer").post(url).status_code == 403
    assert office(running, COUNTY, "leader").post(url).status_code == 302
    with system_scope("tests").activate():
        assert Rollup.objects.get().counted == 1
    assert office(running, PREFECTURE, "leader").post(url).status_code == 422


# Issuing


def test_issuing_from_the_page_asks_the_chosen_part_with_deadlines_for_each_tier(running):
    client = office(running, "33/", "business_admin")
    due = (timezone.localdate() + timedelta(days=30)).isoformat()
    data = {
        "definition": str(running.definition.pk),
        "period": client.get(reverse("forms:issue"), {"definition": str(running.definition.pk)})
        .context["form"]
        .fields["period"]
        .choices[0][0],
        "whole": "0",
        "divisions": [str(running.nation.organ("33/11/").pk)],
        "due": due,
        "key": "one",
    }
    preview = client.get(reverse("forms:preview"), {**data}).content.decode()
    assert ">6</b>" in preview
    answer = client.post(reverse("forms:issue"), data)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    client.post(reverse("forms:issue"), data)
    with system_scope("tests").activate():
        made = Round.objects.get(path="33/0/goa/")
    assert (made.audience, made.tier, set(made.tier_due)) == ("33/11/", 2, {"2", "3", "4"})


def test_a_past_deadline_or_an_empty_choice_is_said_at_its_field(running):
    client = office(running, "33/", "business_admin")
    answer = client.post(
        reverse("forms:issue"),
        {"definition": str(running.definition.pk), "period": "2026Q3", "whole": "0", "due": "2020-01-01"},
    )
    assert answer.status_code == 422
    assert "选至少一个下级" in answer.content.decode()


# Few queries


def test_rounds_and_workbench_ask_the_same_for_one_round_and_for_three(running, django_assert_max_num_queries):
    def asked() -> list[int]:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        reviewer, own = running.reviewer(COUNTY), actor_of(running.nation.account(UNIT, "clerk"))
        found = []
        for call, actor in ((workbench.rounds, reviewer), (workbench.todos, reviewer), (workbench.todos, own)):
            with (
                actor.scope.activate(),
                CaptureQueriesContext(
                    connection,
                ) as queries,
            ):
                assert call(actor)
            found.append(len(queries))
        return found

    running.handed_in(UNIT, e01_m1=1)
    actions.return_([running.submission()], actor=running.reviewer(COUNTY), why="核对")
    running.handed_in(SECOND, e01_m1=1)
    one = asked()
    issuer = running.nation.actor("0/ngoa/", "business_admin", at="")
    for period in ("2026Q2", "2026Q1"):
        from shuzheng.base.core.actor import system_actor

        [more] = actions.issue_rounds(
            [running.nation.organ("")], actor=issuer, definition=running.definition, period=period,
            due_at=timezone.now() + timedelta(days=5),
        )  # fmt: skip
        actions.open_rounds([more], actor=system_actor("forms.open"))
    assert asked() == one
    assert max(one) <= 4


@pytest.mark.parametrize("name", ["round", "review", "rollup", "drill", "entry"])
def test_pages_ask_the_same_for_one_institution_and_for_three(running, name):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = office(running, COUNTY)

    def asked() -> int:
        url = pages_of(running)[name]
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    running.handed_in(UNIT, e01_m1=10)
    running.approve(COUNTY, UNIT)
    running.handed_in(SECOND, e01_m1=10)
    one = asked()
    from shuzheng.base.core.actor import system_actor
    from shuzheng.base.org.models import NodeKind
    from tests.factories import add_node

    with system_scope("tests").activate():
        for n in (3, 4):
            path = f"{COUNTY}0/u{n}/"
            add_node(running.nation, path, f"甲县第{n}小学", NodeKind.ORGAN, type="21", is_reporting=True)
    actions.open_rounds([running.round], actor=system_actor("forms.open"))
    for n in (3, 4):
        running.handed_in(f"{COUNTY}0/u{n}/", e01_m1=10)
    running.approve(COUNTY, f"{COUNTY}0/u3/")
    assert asked() == one
    assert one <= 40


def test_menus_lead_an_institution_to_no_page_about_a_division(running):
    office_menu, own_menu = (c.get("/apps/").content.decode() for c in (office(running, COUNTY), unit(running)))
    ledger = f'href="{reverse("forms:ledger")}"'
    assert ledger in office_menu
    assert ledger not in own_menu
    assert ledger not in unit(running).get(reverse("forms:circulars")).content.decode()
    assert f'href="{reverse("forms:rounds")}"' in own_menu
