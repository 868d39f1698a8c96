"""The standards as registers: lists, and entering through the action that drafts."""

from __future__ import annotations

import pytest
from django.test import Client

from shuzheng.base.core.scope import system_scope
from shuzheng.base.registers.declare import REGISTERS
from shuzheng.base.standards.models import Rule, RulePack

pytestmark = pytest.mark.django_db
NAMES = ["elements", "codesets", "codes", "units", "factors", "rulepacks", "rules", "workdays"]


@pytest.fixture
def keeper(standards):
    client = Client()
    client.force_login(standards.account("33/0/goa/", "business_admin", at="33/"))
    return client


@pytest.mark.parametrize("name", NAMES)
def test_each_register_lists_what_ships(keeper, name):
    answer = keeper.get(f"/r/{name}/")
    assert answer.status_code == 200


def test_rule_entered_in_the_register_is_a_draft_for_ones_own_division(standards, keeper):
    with system_scope("tests").activate():
        pack = RulePack.objects.get(code="reporting")
    values = {
        "pack": str(pack.pk), "code": "REPORT-YOY-LIMIT", "name": "同比变动", "name_en": "", "key": "", "scope_level": "0",
        "value": "15", "unit": "%", "bound": "at_most", "effective_from": "2026-01-01", "effective_to": "",
        "source": "", "article": "", "confidence": "C", "note": "",
    }  # fmt: skip
    answer = keeper.post("/r/rules/new/", values)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    with system_scope("tests").activate():
        row = Rule.objects.get(code="REPORT-YOY-LIMIT", region="33/")
    assert (row.value, row.state, row.audience, row.edition) == (15, "draft", "33/0/goa/", 1)
    again = keeper.post("/r/rules/new/", {**values, "value": "12", "effective_from": "2027-01-01"})
    assert again.status_code == 302, again.content.decode()[:3000]
    with system_scope("tests").activate():
        editions = Rule.objects.filter(code="REPORT-YOY-LIMIT", region="33/").order_by("edition")
        assert [(r.value, r.edition) for r in editions] == [(15, 1), (12, 2)]


def test_published_rows_offer_no_change_and_no_deletion():
    for name in NAMES:
        assert not REGISTERS[name].has("change")
        assert not REGISTERS[name].has("delete")
