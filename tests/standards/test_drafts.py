"""Draft, review by another person, publication: through the pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import actions, drafting, resolve
from shuzheng.base.standards.drafting import return_drafts
from shuzheng.base.standards.exports import ITEM_COLUMNS
from shuzheng.base.standards.models import CodeSet, DataElement, Rule, State
from shuzheng.kernel.errors import Denied, Invalid, Missing
from tests.standards.publishing import publish
from tests.standards.test_conform import workbook

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DAY = date(2031, 6, 30)
ELEMENT = {
    "identifier": "energy.headcount", "name": "用能人数", "name_en": "Headcount", "group": "energy",
    "dataset": "energy.institution", "data_type": "number", "data_format": "n..9", "value_domain": "≥1", "unit": "人",
    "code_set": "", "authority": "本单位", "effective_from": "2031-01-01", "effective_to": "", "source": "", "article": "",
    "confidence": "C", "note": "改为九位",
}  # fmt: skip


@pytest.fixture
def author(standards):
    return client_of(standards, "business_admin")


@pytest.fixture
def reviewer(standards):
    return client_of(standards, "reviewer")


def client_of(nation, *roles, organ="0/ngoa/", at=""):
    client = Client()
    client.force_login(nation.account(organ, *roles, at=at))
    return client


def one(model, **values):
    with system_scope("tests").activate():
        return model.objects.filter(**values).order_by("edition").last()


def text(response, status=200):
    assert response.status_code == status, response.content.decode()[:3000]
    return response.content.decode()


def test_element_is_drafted_submitted_and_published_by_two_people(standards, author, reviewer):
    answer = author.post("/standards/drafts/element/new/", ELEMENT)
    row = one(DataElement, identifier="energy.headcount")
    address = f"/standards/drafts/element/{row.pk}/"
    assert (answer.status_code, answer.url) == (302, address)
    assert (row.state, row.edition) == (State.DRAFT, 2)
    page = text(author.get(address))
    assert "<del>n..8</del>" in page and "<ins>n..9</ins>" in page

    assert author.post(f"{address}submit/").status_code == 302
    assert resolve.element("energy.headcount", DAY).data_format == "n..8"
    assert "须由另一人审核发布" in text(author.post(f"{address}publish/"), 403)

    assert row.name in text(reviewer.get("/standards/drafts/"))
    assert reviewer.post(f"{address}publish/").status_code == 302
    assert resolve.element("energy.headcount", DAY).data_format == "n..9"
    assert resolve.element("energy.headcount", date(2030, 1, 1)).data_format == "n..8"
    stored = one(DataElement, identifier="energy.headcount")
    assert stored.drafted_by_id != stored.reviewed_by_id and stored.reviewed_at
    assert "n..9" in text(reviewer.get(f"/standards/diff/element/{row.pk}/"))


def test_draft_goes_back_with_a_reason_and_is_changed(standards, author, reviewer):
    author.post("/standards/drafts/element/new/", ELEMENT)
    row = one(DataElement, identifier="energy.headcount")
    address = f"/standards/drafts/element/{row.pk}/"
    author.post(f"{address}submit/")
    assert reviewer.post(f"{address}return/", {"note": ""}).status_code == 422
    assert reviewer.post(f"{address}return/", {"note": "位数没有依据"}).status_code == 302
    assert "位数没有依据" in text(author.get(address))
    changed = author.post(
        f"{address}?edit=1", {**ELEMENT, "data_format": "n..10", "version": one(DataElement, pk=row.pk).version}
    )
    assert changed.status_code == 302
    assert one(DataElement, pk=row.pk).data_format == "n..10"
    stale = author.post(address, {**ELEMENT, "version": 1})
    assert stale.status_code == 409


def test_whoever_changed_a_draft_last_is_its_author(standards):
    author = standards.actor("0/ngoa/", "business_admin", at="")
    other = standards.actor("0/ngoa/", "business_admin", at="")
    row = actions.owned_by(
        DataElement(identifier="energy.test", name="测试", group="energy", data_type="text", effective_from=date(2026, 1, 1)),
        standards.organ("0/ngoa/"),
    )  # fmt: skip
    drafting.draft_elements([row], actor=author)
    drafting.change_drafts([row], actor=other, values={"name": "测试二"})
    drafting.submit_drafts([row], actor=author)
    with pytest.raises(Denied):
        drafting.publish_drafts([row], actor=other)
    with pytest.raises(Invalid, match="草稿里不能改"):
        drafting.change_drafts([row], actor=author, values={"state": "published"})
    drafting.publish_drafts([row], actor=author)
    with pytest.raises(Invalid, match="现在是已发布"):
        drafting.discard_drafts([row], actor=author)


def test_faulty_draft_is_refused_at_its_field(standards, author):
    page = text(author.post("/standards/drafts/element/new/", {**ELEMENT, "data_format": "x9", "unit": "桶"}), 422)
    assert "数据格式“x9”不认识" in page
    assert "没有登记的计量单位“桶”" in page


def test_rule_that_became_looser_than_above_is_not_published(standards):
    """Between draft and review the nation tightens: the review asks the rules again."""
    national = standards.actor("0/ngoa/", "business_admin", at="")
    province = standards.actor("33/0/goa/", "business_admin", at="33/")
    above = one(Rule, code="REPORT-YOY-LIMIT", region="")

    def rule(owner, region, value):
        row = Rule(
            pack_id=above.pack_id, code=above.code, key=above.key, name=above.name, region=region, value=Decimal(value), unit=above.unit,
            bound="at_most", effective_from=date(2026, 1, 1), confidence="C",
        )  # fmt: skip
        return actions.owned_by(row, standards.organ(owner))

    publish(standards, [rule("0/ngoa/", "", 20)], actor=national)
    drafts = drafting.draft_rules([rule("33/0/goa/", "33/", 18)], actor=province)
    drafting.submit_drafts(drafts, actor=province)
    publish(standards, [rule("0/ngoa/", "", 15)], actor=national)
    with pytest.raises(Invalid, match="只能更严"):
        drafting.publish_drafts(drafts, actor=standards.actor("33/0/goa/", "reviewer", at="33/"))


def test_code_set_is_drafted_in_the_browser(standards, author, reviewer):
    values = {
        "code": "funding", "name": "经费供给方式", "name_en": "", "effective_from": "2031-01-01", "effective_to": "",
        "source": "", "article": "", "confidence": "C", "note": "",
        "item-code": ["11", "19", ""], "item-name": ["全额", "其他", ""], "item-name_en": ["", "", ""],
        "item-parent_code": ["", "", ""], "item-std_code": ["", "", ""], "item-replaces": ["1", "2、3", ""],
        "item-note": ["", "", ""],
    }  # fmt: skip
    assert "不在上一版里" in text(
        author.post("/standards/drafts/codeset/new/", {**values, "item-replaces": ["7", "", ""]}), 422
    )
    answer = author.post("/standards/drafts/codeset/new/", values)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    row = one(CodeSet, code="funding")
    page = text(author.get(answer.url))
    assert "新增 2 · 停用 3" in page
    again = {**values, "item-name": ["全额拨款", "其他", ""], "version": row.version}
    assert author.post(answer.url, again).status_code == 302
    author.post(f"{answer.url}submit/")
    assert reviewer.post(f"{answer.url}publish/").status_code == 302
    assert [(c.code, c.name) for c in resolve.code_items("funding", DAY)] == [("11", "全额拨款"), ("19", "其他")]
    assert "19 其他" in text(reviewer.get("/standards/codes/funding/mapping/"))
    assert "停用" in text(reviewer.get(f"/standards/diff/codeset/{row.pk}/"))


def test_code_set_is_drafted_by_excel_and_faults_name_their_cell(standards, author):
    values = {
        "code": "colour", "name": "颜色", "name_en": "", "effective_from": "2031-01-01", "effective_to": "", "source": "",
        "article": "", "confidence": "C", "note": "",
    }  # fmt: skip

    def send(*rows):
        file = SimpleUploadedFile("a.xlsx", workbook(ITEM_COLUMNS, *rows))
        return author.post("/standards/drafts/codeset/new/", {**values, "items": file})

    page = text(send(("1", "红"), ("", "绿"), ("3", "蓝", "", "", "", "", "明天")), 422)
    assert "第 3 行 A：“代码”没有填。" in page
    assert "第 4 行 G：日期写成 2026-10-14。" in page
    assert send(*[(str(n), f"色{n}") for n in range(1, 301)]).status_code == 302
    row = one(CodeSet, code="colour")
    with system_scope("tests").activate():
        assert row.items.count() == 300
    sheet = author.get(f"/standards/drafts/items/{row.pk}/")
    assert BytesIO(sheet.content).read(2) == b"PK"
    kept = author.post(f"/standards/drafts/codeset/{row.pk}/", {**values, "name": "颜色表"})
    assert kept.status_code == 302
    with system_scope("tests").activate():
        assert row.items.count() == 300


def test_overrides_are_listed_with_what_holds_above(standards):
    province = standards.actor("33/0/goa/", "business_admin", at="33/")
    above = one(Rule, code="ENERGY-ANNUAL-REPORT", region="")
    row = Rule(
        pack_id=above.pack_id, code=above.code, name="年度报告", region="33/", value=Decimal(228), unit="MMDD", bound="at_most",
        effective_from=date(2026, 1, 1), confidence="C",
    )  # fmt: skip
    publish(standards, [actions.owned_by(row, standards.organ("33/0/goa/"))], actor=province)
    page = text(client_of(standards, organ="33/11/23/0/u1/", at=None).get("/standards/overrides/"))
    assert "ENERGY-ANNUAL-REPORT" in page and "02-28" in page and "现行" in page
    assert "ENERGY-ANNUAL-REPORT" not in text(
        client_of(standards, organ="32/0/u1/", at=None).get("/standards/overrides/")
    )


def test_draft_of_a_neighbour_is_not_there(standards, author):
    author.post("/standards/drafts/element/new/", ELEMENT)
    row = one(DataElement, identifier="energy.headcount")
    stranger = client_of(standards, "business_admin", organ="33/0/goa/", at="33/")
    assert stranger.get(f"/standards/drafts/element/{row.pk}/").status_code == 404
    assert stranger.post(f"/standards/drafts/element/{row.pk}/publish/").status_code == 404


def test_a_neighbour_returns_no_draft_of_another_office(standards, author):
    author.post("/standards/drafts/element/new/", ELEMENT)
    row = one(DataElement, identifier="energy.headcount")
    neighbour = standards.actor("33/11/22/0/goa/", "reviewer", at="33/11/22/")
    with pytest.raises((Denied, Missing)):
        return_drafts([row], actor=neighbour, note="改")
