"""The standards in the portal."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuzheng.base.standards import uses, working_days

pytestmark = pytest.mark.django_db


def client_of(nation, organ, *roles, at=None):
    client = Client()
    client.force_login(nation.account(organ, *roles, at=at))
    return client


@pytest.fixture
def reader(standards):
    return client_of(standards, "33/11/23/0/u1/")


@pytest.fixture
def keeper(standards):
    return client_of(standards, "0/ngoa/", "business_admin", at="")


def text(response):
    assert response.status_code == 200, response.content[:2000]
    return response.content.decode()


def test_search_finds_across_all_kinds(reader):
    page = text(reader.get("/standards/", {"q": "天然气"}))
    assert "energy.natural_gas.amount" in page
    assert "/standards/factors/natural_gas/" in page
    assert "energy.water.amount" not in page
    assert "没有找到" in text(reader.get("/standards/", {"q": "没有这种东西"}))


def test_what_is_unverified_is_marked(reader):
    page = text(reader.get("/standards/"))
    assert "待核" in page
    assert "待核" in text(reader.get("/standards/rules/REPORT-YOY-LIMIT/"))


def test_element_shows_the_columns_of_the_standard_and_where_it_is_used(reader):
    page = text(reader.get("/standards/elements/energy.electricity.amount/"))
    for column in ("数据项名称", "数据类型", "数据格式", "值域", "备注"):
        assert f"<th>{column}</th>" in page
    assert "/standards/factors/electricity/" in page


def test_use_that_another_app_names_is_listed(reader, monkeypatch):
    monkeypatch.setattr(uses, "_providers", dict(uses._providers))
    uses.provide("tests", lambda identifier: [uses.Use("报表", "能源季报", "/x/")])
    assert "能源季报" in text(reader.get("/standards/elements/energy.headcount/"))


def test_factor_has_its_history_with_citations(reader):
    page = text(reader.get("/standards/factors/raw_coal/"))
    assert "GB/T 2589—2008" in page
    assert "GB/T 2589—2020" in page
    assert "0.7143<" in page


def test_rule_has_its_citation_and_says_which_holds_here(reader):
    page = text(reader.get("/standards/rules/ENERGY-ANNUAL-REPORT/"))
    assert "第十五条" in page
    assert "03-31" in page
    assert "本单位现行" in page


def test_code_set_lists_its_codes(reader):
    assert "教育类事业单位" in text(reader.get("/standards/codes/institution_type/"))


@pytest.mark.parametrize(
    "address",
    ["elements/nope/", "codes/nope/", "factors/nope/", "rules/NOPE/", "calendar/?month=2026-13"],
)
def test_what_does_not_exist_is_not_found(reader, address):
    assert reader.get(f"/standards/{address}").status_code == 404


def test_calendar_marks_holidays_and_days_worked(reader):
    page = text(reader.get("/standards/calendar/", {"month": "2026-10"}))
    assert page.count('<sup class="r">休</sup>') == 7
    assert page.count('<sup class="w">班</sup>') == 1
    assert "国办发明电〔2025〕7号" in page


def test_calendar_of_a_year_that_is_not_loaded_says_so(reader):
    assert "2027 年的放假安排尚未装入" in text(reader.get("/standards/calendar/", {"month": "2027-02"}))


def test_day_is_changed_by_who_may_and_refused_to_others(reader, keeper):
    values = {"day": "2027-02-08", "kind": "holiday", "name": "春节", "source": "测试"}
    assert reader.post("/standards/calendar/day/", values).status_code == 403
    assert keeper.post("/standards/calendar/day/", values).status_code == 302
    assert not working_days.is_working_day(date(2027, 2, 8))


def test_year_is_loaded_from_an_uploaded_sheet(keeper):
    out = BytesIO()
    book = xlsxwriter.Workbook(out)
    for n, row in enumerate([("日期", "类别", "名称"), ("2027-01-01", "休", "元旦")]):
        book.get_worksheet_by_name("Sheet1") or book.add_worksheet("Sheet1")
        book.get_worksheet_by_name("Sheet1").write_row(n, 0, row)
    book.close()
    file = SimpleUploadedFile("2027.xlsx", out.getvalue())
    done = keeper.post("/standards/calendar/year/", {"year": 2027, "source": "测试通知", "file": file})
    assert done.status_code == 302
    assert working_days.is_loaded(date(2027, 1, 1))


def test_shipped_content_is_shown_in_english_on_english_pages(reader):
    reader.cookies["django_language"] = "en"
    answer = reader.get("/standards/codes/institution_type/")
    assert answer.headers["Content-Language"] == "en"
    assert "Institution type" in text(answer)
