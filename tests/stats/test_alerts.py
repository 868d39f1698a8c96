"""Alerts: rules over the lake, in the scope of whoever made them; dealt with once, over when the number is back in order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.notify.models import Receipt
from shuzheng.base.stats import alerts, page_jobs
from shuzheng.base.stats.conditions import worded
from shuzheng.base.stats.models_pages import Alert, AlertRule
from shuzheng.kernel.errors import Invalid
from tests.factories import actor_of
from tests.stats.conftest import OTHER, UNIT

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def make_rule(actor, **values) -> AlertRule:
    given = {"name": "用电", "indicator": "energy.electricity", "by": "county", "condition": "value > 9000", **values}
    row = AlertRule(made_by=actor.id, **given)
    row.node_id, row.path = actor.organ_id, actor.organ_path
    alerts.set_rules([row], actor=actor)
    return row


def check() -> int:
    return alerts.run(system_actor("stats.alert"))


def stored() -> list[Alert]:
    with system_scope("tests").activate():
        return list(Alert.objects.select_related("rule").order_by("key"))


@pytest.fixture
def province(counted):
    return counted.nation.actor("33/0/goa/", "reviewer", "leader", at="33/")


def test_condition_fires_where_it_holds(province):
    make_rule(province)
    assert check() == 1
    [row] = stored()
    assert (row.label, row.value, row.state) == ("甲县", Decimal(10000), "open")
    assert alerts.shown(row).reason == "10,000 kWh，高于 9000 kWh"


def test_condition_checked_again_makes_nothing_new(province):
    make_rule(province)
    assert (check(), check()) == (1, 0)
    assert len(stored()) == 1


def test_alert_is_over_when_the_number_is_back(province):
    rule = make_rule(province)
    check()
    alerts.set_rules([rule], actor=province, condition="value > 99000")
    check()
    assert [a.state for a in stored()] == ["over"]


def test_rule_sees_no_more_than_its_maker(counted):
    county = counted.nation.actor("33/11/22/0/goa/", "reviewer", at="33/11/22/")
    make_rule(county, condition="value > 0")
    check()
    assert [a.label for a in stored()] == ["乙县"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"condition": "value >"}, "condition"),
        ({"condition": "value + 1"}, "condition"),
        ({"condition": "secret > 1"}, "condition"),
        ({"indicator": "energy.nothing"}, "indicator"),
        ({"indicator": "energy.per_head", "by": "month"}, "by"),
        ({"kind": "deviation", "factor": Decimal(0)}, "factor"),
    ],
)
def test_rule_that_cannot_be_computed_is_refused(province, values, field):
    with pytest.raises(Invalid) as refused:
        make_rule(province, **values)
    assert refused.value.faults[0].field == field


def test_acknowledge_needs_a_word_and_happens_once(province):
    make_rule(province)
    check()
    [row] = stored()
    with pytest.raises(Invalid):
        alerts.acknowledge([row], actor=province, note=" ")
    alerts.acknowledge([row], actor=province, note="已核实，新增机房")
    with pytest.raises(Invalid):
        alerts.acknowledge(stored(), actor=province, note="再来")
    check()
    assert stored()[0].state == "seen"


def test_subscribers_hear_of_new_ones_once(province):
    make_rule(province, posts=[province.id])
    check()
    actor = system_actor("stats.tell")
    with actor.scope.activate():
        event = Event.objects.filter(name="stats.alert.fired").get()
        page_jobs.alert_fired(event, actor)
        page_jobs.alert_fired(event, actor)
        assert Receipt.objects.filter(post_id=province.id).count() == 1


def test_history_outside_its_range_and_its_deviation():
    from shuzheng.base.stats.declare import INDICATORS
    from shuzheng.kernel.periods import Period

    item = INDICATORS["energy.electricity"]
    quarters = [Period.quarter(2025, q) for q in (1, 2, 3, 4)] + [Period.quarter(2026, 1)]
    values = dict(zip(quarters, map(Decimal, (100, 110, 90, 100, 160)), strict=True))
    outside = alerts._history(AlertRule(kind="range"), item)(values, quarters[-1])
    assert outside is not None and outside[0] == "above" and outside[1]["most"] == "110"
    away = alerts._history(AlertRule(kind="deviation", factor=Decimal(3)), item)(values, quarters[-1])
    assert away is not None and away[1]["z"] == "7.3"  # (160 − 100) / 8.165
    assert alerts._history(AlertRule(kind="range"), item)({quarters[-1]: Decimal(1)}, quarters[-1]) is None


def test_pages_of_alerts(counted):
    account = counted.nation.account("33/0/goa/", "reviewer", "leader", at="33/")
    client = Client()
    client.force_login(account)
    make_rule(actor_of(account))
    check()
    [row] = stored()
    assert "甲县" in client.get("/stats/alerts/").content.decode()
    assert client.get(f"/stats/alerts/{row.pk}/").status_code == 200
    assert client.post(f"/stats/alerts/{row.pk}/", {"note": ""}).status_code == 422
    assert client.post(f"/stats/alerts/{row.pk}/", {"note": "已核实"}).status_code == 302
    values = {
        "name": "乙", "indicator": "energy.electricity", "by": "county", "kind": "condition", "condition": "value > 1",
        "factor": "3", "level": "warn", "is_active": "on",
    }  # fmt: skip
    tried = client.post("/stats/alerts/rules/new/", {**values, "try": "1"}).content.decode()
    assert "看了 2 处，触发 2 处" in tried
    assert client.post("/stats/alerts/rules/new/", values).status_code == 302
    assert client.get(f"/stats/alerts/rules/{row.rule_id}/").status_code == 200
    assert client.post(f"/stats/alerts/rules/{row.rule_id}/remove/").status_code == 302
    other = Client()
    other.force_login(counted.nation.account("33/11/0/goa/", "reviewer", at="33/11/"))
    assert other.get(f"/stats/alerts/{row.pk}/").status_code == 404


__all__ = ["OTHER", "UNIT"]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("value < 74", "低于 74%"),
        ("change > 30", "同比高于 30%"),
        ("value > target and change >= 0", "高于目标，同比不低于 0%"),
        ("value > previous * 2", "符合条件“value > previous * 2”"),
    ],
)
def test_a_condition_is_read_in_words(condition: str, said: str):
    assert worded(condition, "%") == said
