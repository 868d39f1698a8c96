"""The pages of statistics: one address is one question, within the reader's scope; saving, sharing, exports."""

from __future__ import annotations

import io
import re

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from shuzheng.base.audit.models import Entry
from shuzheng.base.core.scope import system_scope
from shuzheng.base.notify.models import Receipt
from shuzheng.base.stats import page_jobs
from shuzheng.base.stats.models import OwnIndicator
from shuzheng.base.stats.models_pages import View
from tests.factories import Nation, actor_of
from tests.stats.conftest import OTHER, UNIT

pytestmark = pytest.mark.django_db

PERIOD = "from=2026Q3&to=2026Q3"


def browser(nation: Nation, organ: str, *roles: str, at: str | None = None) -> Client:
    client = Client()
    client.force_login(nation.account(organ, *(roles or ("reviewer", "leader")), at=at))
    return client


@pytest.fixture
def province(counted) -> Client:
    return browser(counted.nation, "33/0/goa/", at="33/")


def test_explorer_opens_with_nothing_in_the_lake(province, lake):
    answer = province.get("/stats/")
    assert answer.status_code == 200
    assert "还没有可统计的数" in answer.content.decode()


def test_explorer_counties_of_the_province(counted, province):
    text = province.get(f"/stats/?i=energy.electricity&by=county&{PERIOD}").content.decode()
    assert "10,000" in text and "4,000" in text and "14,000" in text
    assert "甲县" in text and "乙县" in text


def test_explorer_county_sees_only_its_own(counted):
    client = browser(counted.nation, "33/11/23/0/goa/", at="33/11/23/")
    text = client.get(f"/stats/?i=energy.electricity&by=county&{PERIOD}").content.decode()
    assert "10,000" in text and "4,000" not in text and "14,000" not in text


@pytest.mark.parametrize("look", ["table", "bar", "line", "stack", "rank", "map", "dist", "peers", "trend"])
def test_explorer_every_look_opens(counted, province, look):
    answer = province.get(f"/stats/?i=energy.electricity&by=county&{PERIOD}&look={look}")
    assert answer.status_code == 200
    assert "10,000" in answer.content.decode() or look in ("bar", "line", "stack", "trend", "dist")
    assert province.get(f"/stats/embed/?i=energy.electricity&by=county&{PERIOD}&look={look}").status_code == 200


def test_explorer_columns_across_months(counted, province):
    text = province.get(f"/stats/?i=energy.electricity&by=county&across=month&{PERIOD}").content.decode()
    assert text.count('<th class="num"') == 3  # July, August, September


def test_explorer_unknown_words_are_left_out(counted, province):
    answer = province.get("/stats/?i=energy.nothing&by=planet&from=tomorrow&look=hologram&limit=-3")
    assert answer.status_code == 200


def test_explorer_small_counts_are_hidden(counted, province):
    text = province.get(f"/stats/?i=energy.electricity&by=county&min=2&{PERIOD}").content.decode()
    assert re.search(r">\s*4,000", text) is None  # 14,000 is the whole, and may stand there


def test_drill_leads_to_the_submission_and_its_approval(counted, province):
    query = f"i=energy.electricity&by=county&{PERIOD}&cell.county=33/11/23/&of=energy.electricity"
    text = province.get(f"/stats/drill/?{query}").content.decode()
    assert f"/forms/entry/{counted.submission(UNIT).pk}/" in text
    assert f"/forms/entry/{counted.submission(OTHER).pk}/" not in text
    assert "10,000" in text


def test_drill_of_another_county_finds_nothing(counted):
    client = browser(counted.nation, "33/11/23/0/goa/", at="33/11/23/")
    query = f"i=energy.electricity&by=county&{PERIOD}&cell.county=33/11/22/"
    text = client.get(f"/stats/drill/?{query}").content.decode()
    assert str(counted.submission(OTHER).pk) not in text


def test_export_workbook_has_the_rows_and_stands_in_the_trail(counted, province):
    answer = province.get(f"/stats/export/xlsx/?i=energy.electricity&by=county&{PERIOD}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert [r[1] for r in rows[1:]] == [4000, 10000, 14000]
    with system_scope("tests").activate():
        entry = Entry.objects.filter(action="stats.answer.export").get()
    assert entry.after["what"] == "xlsx"


def test_export_csv_and_pdf(counted, province):
    assert "10000" in province.get(f"/stats/export/csv/?i=energy.electricity&by=county&{PERIOD}").content.decode(
        "utf-8-sig"
    )
    assert province.get(f"/stats/export/pdf/?i=energy.electricity&by=county&{PERIOD}").content.startswith(b"%PDF")
    assert province.post(f"/stats/export/png/?i=energy.electricity&by=county&{PERIOD}").status_code == 204
    assert province.get("/stats/export/exe/").status_code == 404


def test_share_gives_the_question_and_each_sees_their_own(counted, province):
    nation = counted.nation
    account = nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/", number="K0001")
    province.post("/stats/views/save/", {"name": "各县用电", "query": f"i=energy.electricity&by=county&{PERIOD}"})
    with system_scope("tests").activate():
        view = View.objects.get()
    answer = province.post(f"/stats/views/{view.pk}/share/", {"posts": "K0001", "organ": ""})
    assert answer.status_code == 302
    other = Client()
    other.force_login(account)
    assert "各县用电" in other.get("/stats/views/").content.decode()
    with system_scope("tests").activate():
        given = View.objects.exclude(pk=view.pk).get()
    assert given.path == "33/11/23/0/goa/" and given.query == view.query
    text = other.get(f"/stats/?{given.query}").content.decode()
    assert "10,000" in text and "14,000" not in text


def test_share_again_brings_it_up_to_date(counted, province):
    counted.nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/", number="K0001")
    province.post("/stats/views/save/", {"name": "甲", "query": "i=energy.water"})
    with system_scope("tests").activate():
        view = View.objects.get()
    for _ in range(2):
        province.post(f"/stats/views/{view.pk}/share/", {"posts": "K0001"})
    with system_scope("tests").activate():
        assert View.objects.count() == 2


def test_share_tells_the_receiver(counted, province, monkeypatch):
    account = counted.nation.account("33/11/23/0/goa/", "reviewer", at="33/11/23/", number="K0001")
    province.post("/stats/views/save/", {"name": "甲", "query": "i=energy.water"})
    with system_scope("tests").activate():
        view = View.objects.get()
    province.post(f"/stats/views/{view.pk}/share/", {"posts": "K0001"})
    from shuzheng.base.core.actor import system_actor
    from shuzheng.base.events.models import Event

    with system_scope("tests").activate():
        event = Event.objects.filter(name="stats.view.shared").get()
    actor = system_actor("stats.tell")
    with actor.scope.activate():
        page_jobs.view_shared(event, actor)
        page_jobs.view_shared(event, actor)  # tried again: nobody hears of it twice
    with system_scope("tests").activate():
        assert Receipt.objects.filter(post_id=actor_of(account).id).count() == 1


def test_share_upwards_is_refused(counted):
    client = browser(counted.nation, "33/11/23/0/goa/", at="33/11/23/")
    counted.nation.account("33/0/goa/", "reviewer", at="33/", number="K0002")
    client.post("/stats/views/save/", {"name": "甲", "query": "i=energy.water"})
    with system_scope("tests").activate():
        view = View.objects.get()
    assert client.post(f"/stats/views/{view.pk}/share/", {"posts": "K0002"}).status_code == 403


def test_view_of_another_organ_is_not_there(counted, province):
    province.post("/stats/views/save/", {"name": "甲", "query": "i=energy.water"})
    with system_scope("tests").activate():
        view = View.objects.get()
    client = browser(counted.nation, "33/11/0/goa/", at="33/11/")
    assert client.post(f"/stats/views/{view.pk}/remove/").status_code == 404
    assert province.post(f"/stats/views/{view.pk}/remove/").status_code == 302


def test_cockpit_numbers_equal_the_rollup(counted, province):
    text = province.get("/stats/cockpit/?at=33/").content.decode()
    assert "14,000" in text
    assert "已审 2 家" in text
    assert "甲市" in text


def test_cockpit_of_a_place_out_of_sight_is_not_there(counted):
    client = browser(counted.nation, "33/11/23/0/goa/", at="33/11/23/")
    assert client.get("/stats/cockpit/?at=33/11/22/").status_code == 404
    assert client.get("/stats/cockpit/").status_code == 200


def test_cockpit_without_supervision_says_where_to_look(counted):
    client = browser(counted.nation, UNIT, "clerk")
    assert "当前岗位不监管下级单位" in client.get("/stats/cockpit/").content.decode()


def test_cockpit_asks_as_much_for_one_as_for_many(counted, province, django_assert_max_num_queries):
    province.get("/stats/cockpit/?at=33/")
    with django_assert_max_num_queries(32):
        province.get("/stats/cockpit/?at=33/")


def test_wall_is_dark_and_refreshes_itself(counted, province):
    text = province.get("/stats/wall/?at=33/").content.decode()
    assert 'data-bs-theme="dark"' in text and "every 60s" in text
    part = province.get("/stats/wall/?at=33/&part=1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "14,000" in part


def test_own_indicator_is_tried_and_kept(counted):
    client = browser(counted.nation, "33/0/goa/", "business_admin", at="33/")
    values = {
        "name": "人均用电", "code": "power_head", "form": "energy-quarterly", "formula": "e01_q / people", "unit": "kWh/人",
        "places": "1", "direction": "lower",
    }  # fmt: skip
    text = client.post("/stats/indicators/new/", {**values, "try": "1"}).content.decode()
    assert "140.0" in text  # 14,000 kWh of 100 people
    with system_scope("tests").activate():
        assert not OwnIndicator.objects.exists()
    assert client.post("/stats/indicators/new/", values).status_code == 302
    assert "200.0" in client.get(f"/stats/?i=own.power_head&by=county&{PERIOD}").content.decode()
    with system_scope("tests").activate():
        row = OwnIndicator.objects.get()
    assert client.post(f"/stats/indicators/{row.pk}/", {**values, "name": "人均电耗"}).status_code == 302
    assert client.post(f"/stats/indicators/{row.pk}/retire/").status_code == 302


def test_own_indicator_with_a_bad_formula_says_why(counted):
    client = browser(counted.nation, "33/0/goa/", "business_admin", at="33/")
    values = {"name": "甲", "code": "a", "form": "energy-quarterly", "formula": "e01_q / nothing", "places": "1"}
    answer = client.post("/stats/indicators/new/", values)
    assert answer.status_code == 422 and "nothing" in answer.content.decode()
