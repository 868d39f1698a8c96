"""Ask once: duplicates are found, decided, and in the way of publishing until they are; the burden meter counts."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, askonce, burden
from shuzheng.base.forms.alike import likeness, same_unit
from shuzheng.base.forms.models import Definition
from shuzheng.kernel.errors import Invalid
from tests.forms.conftest import due

pytestmark = pytest.mark.django_db

DIVISION = "33/11/"
OFFICE = "33/11/0/goa/"


def spec(*fields: dict[str, Any], code: str = "city-sheet", period: str = "quarter") -> dict[str, Any]:
    return {
        "code": code, "name": "市里的表", "name_en": "A city's form", "period": period, "columns": [],
        "sections": [{"code": "s", "name": "基本情况", "name_en": "Basics", "fields": [*fields]}],
    }  # fmt: skip


def field(code: str, name: str, unit: str = "", **more: Any) -> dict[str, Any]:
    return {"code": code, "name": name, "unit": unit, "places": 0, **more}


def draft(nation, *fields: dict[str, Any], **more: Any) -> Definition:
    with system_scope("tests").activate():
        raw = spec(*fields, **more)
        row = Definition(code=raw["code"], name=raw["name"], period_kind=raw["period"], spec=raw)
        row.own(nation.organ(OFFICE))
        row.audience = DIVISION
        row.save(force_insert=True)
    return row


@pytest.fixture
def admin(definition, standards) -> Actor:
    return standards.actor(OFFICE, "business_admin", at=DIVISION)


def publish(row: Definition, actor: Actor) -> Definition:
    with actor.scope.activate():
        row = Definition.objects.get(pk=row.pk)
        [done] = actions.publish_definitions([row], actor=actor)
    return done


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("建筑面积", "总建筑面积", True),
        ("建筑面积（㎡）", "建筑面积", True),
        ("用能人数", "本单位用能人员数", True),
        ("建筑面积", "建筑面机", True),  # typed by ear
        ("用水量", "用电量", False),
        ("公务用车油耗", "公务用车电耗", False),
        ("职工人数", "女职工人数", False),
        ("1月用电", "2月用电", False),
        ("食堂面积", "建筑面积", False),
    ],
)
def test_names_that_ask_the_same_are_alike(one, other, same):
    assert (likeness(one, other) >= 0.8) is same


def test_units_of_another_quantity_tell_questions_apart():
    assert same_unit("㎡", "平方米") and same_unit("万kWh", "kWh") and same_unit("", "人")
    assert not same_unit("㎡", "人")


def test_a_fact_of_the_register_is_found_and_can_be_taken_from_there(standards, admin):
    row = draft(standards, field("a", "总建筑面积", "㎡"), field("b", "植树株数", "株"))
    with admin.scope.activate():
        [found] = askonce.duplicates(row)
    assert (found.question.code, found.prefill, found.held[0].kind) == ("a", "floor_area", "register")
    with pytest.raises(Invalid) as refused:
        publish(row, admin)
    assert refused.value.code == "forms.once"
    assert [f.field for f in refused.value.faults] == ["a"]


def test_a_unit_of_another_kind_or_another_period_is_no_duplicate(standards, admin):
    kind = draft(standards, field("a", "建筑面积", "人"))
    year = draft(standards, field("a", "自来水", "m³"), code="year-sheet", period="year")
    quarter = draft(standards, field("a", "植树株数", "株"), code="q-sheet")
    with admin.scope.activate():
        assert askonce.duplicates(kind) == []
        assert not any(h.kind == "form" for d in askonce.duplicates(year) for h in d.held)
        assert askonce.duplicates(quarter) == []


def test_a_question_of_a_published_form_of_the_same_period_is_found(standards, admin):
    row = draft(standards, field("a", "汽油", "L"), field("b", "用能人数", "人", prefill="energy_headcount"))
    with admin.scope.activate():
        [found] = askonce.duplicates(row)
    assert "form" in [h.kind for h in found.held]
    assert found.prefill == ""  # nothing takes a value from another form by itself


def test_an_element_with_an_authority_is_found_by_its_identifier(standards, admin):
    row = draft(standards, field("a", "人头", "人", element="organ.staffing"))
    with admin.scope.activate():
        [found] = askonce.duplicates(row)
    assert (found.held[0].kind, found.held[0].key) == ("element", "element:organ.staffing")


def test_each_duplicate_is_decided_before_publishing(standards, admin):
    row = draft(
        standards, field("a", "总建筑面积", "㎡"), field("b", "汽油", "L"), field("c", "用能人员数", "人"),
        field("d", "植树株数", "株"),
    )  # fmt: skip
    client = Client()
    client.force_login(standards_account(standards, admin))
    url = reverse("forms:once", args=[row.pk])
    shown = client.get(url).content.decode()
    assert "3 个问题已有数据" in shown and "机构信息" in shown
    given = {"once-a": "prefill", "once-b": "keep", "why-b": "", "once-c": "drop"}
    refused = client.post(url, given)
    assert refused.status_code == 422 and "写明保留的理由" in refused.content.decode()
    assert client.post(url, {**given, "why-b": "市里按月核油卡，口径不同"}).status_code == 302
    with admin.scope.activate():
        stored = Definition.objects.get(pk=row.pk)
    fields = {f["code"]: f for f in stored.spec["sections"][0]["fields"]}
    assert set(fields) == {"a", "b", "d"} and fields["a"]["prefill"] == "floor_area"
    assert stored.spec["once"]["b"]["why"] == "市里按月核油卡，口径不同"
    assert publish(row, admin).state == "published"


def standards_account(nation, actor: Actor):
    from shuzheng.base.accounts.models import Account

    return Account.objects.get(person_id=actor.person_id)


def test_a_decision_is_about_one_place_and_no_other(standards, admin):
    row = draft(standards, field("a", "总建筑面积", "㎡"))
    with admin.scope.activate():
        decisions = {"a": {"choice": "keep", "why": "x", "held": "register:other.area"}}
        [found] = askonce.find(askonce.questions_of(row.spec), period_kind="quarter", decisions=decisions)
    assert not found.is_decided


def test_a_published_form_is_decided_no_more(standards, admin, definition):
    with admin.scope.activate(), pytest.raises(Invalid):
        askonce.decide([publish(draft(standards, field("a", "植树株数", "株")), admin)], actor=admin, decisions={})


def test_shipped_forms_are_published_as_they_are(definition):
    assert definition.state == "published"


def test_comparing_asks_the_same_questions_for_three_as_for_one(standards, admin):
    one = draft(standards, field("a", "总建筑面积", "㎡"))
    three = draft(
        standards, field("a", "总建筑面积", "㎡"), field("b", "汽油", "L"), field("c", "用能人员数", "人"), code="three"
    )
    with admin.scope.activate():
        askonce.duplicates(one)
        with CaptureQueriesContext(connection) as first:
            askonce.duplicates(one)
        with CaptureQueriesContext(connection) as second:
            askonce.duplicates(three)
    assert len(second) == len(first)


def test_the_meter_counts_questions_times_institutions_times_periods(reporting):
    issuer = reporting.nation.actor("0/ngoa/", "business_admin", at="")
    today = date.today()
    with issuer.scope.activate():
        found = burden.measure(today)
    [line] = found.lines
    asked = reporting.round.asked
    questions = burden.questions_in(reporting.definition)
    assert (line.institutions, line.per_year, line.year) == (asked, 4, questions * asked * 4)
    assert found.months[today.replace(day=1)] == questions * asked
    assert 0 < questions < len(reporting.definition.spec["sections"]) * 100
    file = io.BytesIO()
    with issuer.scope.activate():
        burden.write_sheet(file, found)
    [head, row] = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).get_sheet_by_index(0).to_python()
    assert "每年填报（格）" in head and questions * asked * 4 in row


def test_a_second_period_of_a_form_adds_no_second_line(reporting):
    issuer = reporting.nation.actor("0/ngoa/", "business_admin", at="")
    with issuer.scope.activate():
        with CaptureQueriesContext(connection) as first:
            before = burden.measure()
        actions.issue_rounds(
            [reporting.nation.organ("33/"), reporting.nation.organ("32/")], actor=issuer,
            definition=reporting.definition, period="2026Q4", due_at=due(2027, 1, 20),
        )  # fmt: skip
        with CaptureQueriesContext(connection) as second:
            after = burden.measure()
    assert len(before.lines) == len(after.lines) == 1
    assert len(second) == len(first)


def test_the_meter_is_a_page_and_is_said_when_issuing(reporting):
    issuer = reporting.nation.account("0/ngoa/", "business_admin", at="")
    client = Client()
    client.force_login(issuer)
    assert "个单位每年共要求填报" in client.get(reverse("forms:burden")).content.decode()
    assert client.get(reverse("forms:burden_export")).status_code == 200
    assert "家各问" in client.get(reverse("forms:preview")).content.decode()


def test_last_periods_own_value_is_no_answer_to_what_is_held_elsewhere():
    raw = {"sections": [{"kind": "fields", "fields": [{"code": "a", "name": "面积", "prefill": "previous"}]}]}
    assert askonce.questions_of(raw)[0].prefill == ""
