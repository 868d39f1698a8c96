"""What the rules say of vehicles, each with its citation: domain dossier §3.2–3.5 and the vectors of §13."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from shuzheng.apps.vehicles import licences, models, rules
from shuzheng.apps.vehicles.actions import fleet
from shuzheng.apps.vehicles.models import Plan
from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import resolve
from shuzheng.kernel.errors import Invalid
from tests.apps.vehicles.conftest import vehicle
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
D, DAY = Decimal, date(2026, 12, 1)
LAW = "《党政机关公务用车管理办法》（中办发〔2017〕71号）"


@pytest.fixture(autouse=True)
def _in_scope(standards):  # noqa: F811
    with system_scope("tests").activate():
        rules.take_book()
        yield


def judged(nation, **values) -> dict[str, rules.Finding]:
    row = vehicle(nation.organ("33/11/23/0/u1/"), "浙K00001", **values)
    return {f.code: f for f in rules.vehicle(row, DAY)}


SPECIFICATIONS = {
    "机要 12.0 万/1.6 L ok": ({"use": "1", "price": D(120_000), "displacement": D("1.6")}, "ok", "ok", "第九条"),
    "机要 12.01 万 → over": ({"use": "1", "price": D(120_100), "displacement": D("1.6")}, "over", "ok", "第九条"),
    "机要 1.7 L → over": ({"use": "1", "price": D(110_000), "displacement": D("1.7")}, "ok", "over", "第九条"),
    "NEV 轿车 18.0 ok": ({"use": "1", "fuel": "5", "price": D(180_000), "displacement": None}, "ok", None, "第十条"),
    "NEV 轿车 18.01 → over": ({"fuel": "5", "price": D(180_100), "displacement": None}, "over", None, "第十条"),
    "应急 18/1.8 ok": ({"use": "2", "price": D(180_000), "displacement": D("1.8")}, "ok", "ok", "第十条"),
    "其他 18.5 → over": ({"use": "5", "price": D(185_000), "displacement": D("1.8")}, "over", "ok", "第十条"),
    "情况特殊小型客车 25/3.0 ok": (
        {"use": "5", "body": "2", "is_special_case": True, "price": D(250_000), "displacement": D("3.0")}, "ok", "ok", "第十条"),
    "情况特殊中型客车 25.1 → over": (
        {"use": "5", "body": "3", "is_special_case": True, "price": D(251_000), "displacement": D("3.0")}, "over", "ok", "第十条"),
    "大型客车 45 ok": ({"use": "5", "body": "4", "price": D(450_000), "displacement": D("6.5")}, "ok", None, "第十条"),
    "执法执勤一般 12/1.6 ok": ({"use": "3", "price": D(120_000), "displacement": D("1.6")}, "ok", "ok", "第十一条"),
    "执法执勤工作需要 18/1.8 ok": (
        {"use": "3", "is_special_case": True, "price": D(180_000), "displacement": D("1.8")}, "ok", "ok", "第十一条"),
    "执法执勤一般 13 → over": ({"use": "3", "price": D(130_000), "displacement": D("1.6")}, "over", "ok", "第十一条"),
}  # fmt: skip


@pytest.mark.parametrize("title", SPECIFICATIONS)
def test_price_and_displacement_by_use_and_body(nation, title):
    values, price, displacement, article = SPECIFICATIONS[title]
    found = judged(nation, **values)
    assert found["VEH-PRICE"].tone == price
    assert found["VEH-PRICE"].article == LAW + article
    assert (found["VEH-DISPL"].tone if "VEH-DISPL" in found else None) == displacement


def test_special_technical_vehicles_have_no_limit_here_and_an_approval_turns_over_into_a_doubt(nation):
    assert judged(nation, use="4", price=D(900_000))["VEH-PRICE"].tone == "ok"
    over = judged(nation, price=D(200_000), approval="浙公车〔2025〕8号")["VEH-PRICE"]
    assert over.tone == "warn"
    assert "浙公车〔2025〕8号" in over.words
    assert judged(nation, body="5")["VEH-OFF-ROAD"].tone == "over"
    assert "VEH-OFF-ROAD" not in judged(nation, body="5", approval="函〔2024〕1号")


@pytest.mark.parametrize(("on", "tone"), [(date(2024, 3, 1), "ok"), (date(2024, 3, 2), "warn")])
def test_renewal_from_the_day_after_eight_years_are_full(on, tone):
    found = rules.renewal(date(2016, 3, 1), on)
    assert (found.tone, found.article) == (tone, LAW + "第二十二条")


def test_title_marking_and_papers(nation):
    found = judged(
        nation,
        title_holder="某某公司",
        marking="due",
        compulsory_to=date(2026, 11, 30),
        inspection_to=date(2026, 12, 20),
    )
    assert (found["VEH-TITLE"].tone, found["VEH-MARKING"].tone) == ("over", "warn")
    assert (found["compulsory"].tone, found["inspection"].tone) == ("late", "warn")
    assert "commercial" not in found


def test_every_shipped_rule_names_its_source():
    rows = [rule for rules_ in resolve.current().rules.values() for rule in rules_ if rule.code.startswith("VEH-")]
    assert len(rows) >= 30
    assert [r.code for r in rows if not r.source] == []
    assert {r.confidence for r in rows} <= {"A*", "A", "C"}


def test_codes_are_those_of_the_shipped_code_sets():
    sets = {
        "vehicle_use": models.Use, "vehicle_body": models.Body, "fuel_kind": models.Fuel, "vehicle_state": models.VehicleState,
        "trip_reason": models.Purpose, "dispatch_state": models.TripState, "vehicle_disposal": models.fleet.Disposal,
        "vehicle_warning": models.Warned, "vehicle_violation": models.Violation, "warning_colour": models.Colour,
    }  # fmt: skip
    for code, choices in sets.items():
        items = [c for c in resolve.code_items(code, DAY) if not c.parent_code]
        assert {str(value): str(label) for value, label in choices.choices} == {c.code: c.name for c in items}, code
        with translation.override("en"):
            assert {str(value): str(label) for value, label in choices.choices} == {c.code: c.name_en for c in items}, (
                code
            )


@pytest.mark.parametrize(
    ("licence", "body", "may"),
    [("C1", "1", True), ("C1", "3", False), ("B1", "3", True), ("B1", "4", False), ("A1", "4", True)],
)
def test_licence_classes(nation, licence, body, may):
    assert licences.may_drive(licence, vehicle(nation.organ("33/11/23/0/u1/"), "浙K1", body=body)) is may


def test_a_plan_beyond_the_quota_is_over_and_a_renewal_before_its_time_too(nation):
    node = nation.organ("33/11/23/0/u1/")
    old, young = vehicle(node, "浙K00001", registered_on=date(2015, 1, 1)), vehicle(node, "浙K00002")
    for row in (old, young):
        row.save(force_insert=True)

    def plan(**values) -> dict[str, str]:
        row = Plan(year=2026, use="2", body="1", fuel="5", price=D(150_000), reason="甲", **values)
        row.own(node)
        return {f.code: f.tone for f in fleet.plan_findings(row, DAY)}

    assert plan(kind="new")["VEH-QUOTA"] == "over"
    quota = models.Quota(use="2", amount=2, since=date(2020, 1, 1), document="核1号")
    quota.own(node)
    quota.save(force_insert=True)
    assert plan(kind="new")["VEH-QUOTA"] == "over"
    assert plan(kind="renewal", replaces=old) == {"VEH-PRICE": "ok", "VEH-QUOTA": "ok", "VEH-RENEW-YEARS": "ok"}
    assert plan(kind="renewal", replaces=young)["VEH-RENEW-YEARS"] == "over"


def test_a_sheet_of_vehicles_says_what_is_wrong_at_its_field(nation):
    row = vehicle(
        nation.organ("33/11/23/0/u1/"),
        "浙k·00 001",
        displacement=None,
        is_special_case=True,
        registered_on=date(2021, 1, 1),
    )
    with pytest.raises(Invalid) as fault:
        fleet.check_vehicles([row])
    assert {f.field for f in fault.value.faults} == {"displacement", "approval", "registered_on"}
    assert row.plate == "浙K00001"
