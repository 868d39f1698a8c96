"""Numbers of records: one after the other by day and owner, also past the width of the counter."""

from __future__ import annotations

import pytest
from django.utils import timezone

from shuzheng.base.core.numbers import next_number
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.models import Case, Definition
from shuzheng.kernel.ids import NumberRule, uuid7

pytestmark = pytest.mark.django_db
RULE = NumberRule("LC{yyyy}{mm}{dd}-{seq:2}")


def test_the_next_number_follows_the_last_of_the_day_and_owner(nation):
    mine, other = nation.organ("33/11/23/0/goa/"), nation.organ("33/11/23/0/u1/")
    day = f"{timezone.localdate():%Y%m%d}"
    with system_scope("tests").activate():
        definition = Definition(code="any", name="any", bpmn="")
        definition.own(mine)
        definition.save()

        def keep(number: str, owner=mine) -> None:
            case = Case(definition=definition, number=number, post_id=uuid7(), person_id=uuid7())
            case.own(owner)
            case.save()

        def drawn(owner=mine) -> str:
            return next_number(RULE, Case.objects.filter(node_id=owner.pk), f"test:{owner.pk}")

        for older in ("", "LC20200101-98", f"LC{day}x-55", "ZZ-1"):
            keep(older)
        assert drawn() == f"LC{day}-01"
        for number in ("01", "02", "10", "09"):
            keep(f"LC{day}-{number}")
        keep(f"LC{day}-77", other)
        assert (drawn(), drawn(other)) == (f"LC{day}-11", f"LC{day}-78")
        keep(f"LC{day}-99")
        assert drawn() == f"LC{day}-100"
        for number in ("100", "101", "123"):
            keep(f"LC{day}-{number}")
        assert drawn() == f"LC{day}-124"
        keep(f"LC{day}-999")
        assert drawn() == f"LC{day}-1000"
