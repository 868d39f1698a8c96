"""Standards of a division when the tree changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.org.handlers import handler_for
from shuzheng.base.standards import actions, resolve
from shuzheng.base.standards.events import reread
from shuzheng.base.standards.models import Rule, RulePack
from tests.standards.publishing import publish

pytestmark = pytest.mark.django_db
DAY = date(2026, 9, 30)


@pytest.fixture
def local(standards):
    """A rule of 甲县."""
    county = standards.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with system_scope("tests").activate():
        pack = RulePack.objects.get(code="reporting")
    row = Rule(
        pack=pack, code="REPORT-REVIEW-DAYS", name="审核时限", region="33/11/23/", value=Decimal(3), unit="工作日",
        bound="free", effective_from=date(2026, 1, 1),
    )  # fmt: skip
    [row] = publish(standards, [actions.owned_by(row, standards.organ("33/11/23/0/goa/"))], actor=county)
    return row


def value_at(path):
    return resolve.rule("REPORT-REVIEW-DAYS", DAY, path).value


def test_rule_moves_with_its_division_and_every_process_reads_again(standards, local):
    assert value_at("33/11/23/0/u1/") == 3
    with system_scope("tests").activate():
        handler_for(Rule).recache(Rule, "33/11/23/", "33/10/23/")
        reread(None, system_actor("standards.resolve"))
        row = Rule.objects.get(pk=local.pk)
    assert (row.path, row.region, row.audience) == ("33/10/23/0/goa/", "33/10/23/", "33/10/23/")
    assert (value_at("33/10/23/0/u1/"), value_at("33/11/23/0/u1/")) == (3, 5)


def test_rule_of_an_absorbed_division_does_not_become_the_successors(standards, local):
    with system_scope("tests").activate():
        handler_for(Rule).merge(Rule, standards.organ("33/11/23/"), standards.organ("33/11/22/"), DAY)
        reread(None, system_actor("standards.resolve"))
    assert value_at("33/11/22/0/u1/") == 5
