"""The register of institutions by period, the monthly ledger, and what the scheme's forms take from both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuzheng.apps.energy import actions as energy
from shuzheng.apps.energy import roster
from shuzheng.apps.energy.events import tree_changed
from shuzheng.apps.energy.models import Member, Month
from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events.models import Event
from shuzheng.base.forms import actions
from shuzheng.base.forms.models import Cell, Definition, Submission
from shuzheng.base.org.actions import abolish_nodes, merge_nodes
from shuzheng.base.org.models import Node
from shuzheng.kernel.errors import Invalid
from shuzheng.kernel.periods import Period
from tests.apps.energy.conftest import open_round
from tests.forms.conftest import definition, standards  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db
UNIT, SECOND = "33/11/23/0/u1/", "33/11/23/0/u2/"
Q2, Q3 = Period.parse("2026Q2"), Period.parse("2026Q3")


def member(nation, path: str, since: date) -> Member:
    row = Member(since=since)
    row.own(nation.organ(path))
    return row


def enter(nation, path: str, since: date) -> Member:
    keeper = nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    with keeper.scope.activate():
        row = member(nation, path, since)
        row.node = Node.objects.get(path=path)
    energy.enter_members([row], actor=keeper)
    with system_scope("tests").activate():
        return Member.objects.get(pk=row.pk)


def paths(period: Period) -> set[str]:
    with system_scope("tests").activate():
        return set(roster.asked(Node.objects.all(), period).values_list("path", flat=True))


def test_an_institution_reports_the_periods_on_whose_last_day_it_is_on_the_register(nation):
    row = enter(nation, UNIT, date(2026, 7, 10))
    assert UNIT not in paths(Q2)
    assert UNIT in paths(Q3)
    keeper = nation.actor("33/11/23/0/goa/", "business_admin", at="33/11/23/")
    energy.leave_members([row], actor=keeper, on=date(2026, 10, 1), why="划出公共机构")
    assert UNIT in paths(Q3), "it was there on 30 September"
    assert UNIT not in paths(Period.parse("2026Q4"))
    with system_scope("tests").activate():
        assert Node.objects.get(path=UNIT).is_reporting is False


def test_without_a_line_whoever_the_tree_lists_reports(nation):
    assert SECOND in paths(Q3)
    assert not any("goa" in p for p in paths(Q3))


def test_nobody_is_entered_twice_for_the_same_days(nation):
    enter(nation, UNIT, date(2026, 1, 1))
    with pytest.raises(Invalid) as caught:
        enter(nation, UNIT, date(2026, 7, 1))
    assert caught.value.faults[0].field == "since"


def test_a_department_is_no_institution(nation):
    row = member(nation, "33/11/23/0/u1/fin/", date(2026, 1, 1))
    with system_scope("tests").activate(), pytest.raises(Invalid):
        energy.check_members([row])


def told(nation, verb) -> None:
    """The change of the tree is told to the register, twice: a repeat changes nothing."""
    with system_scope("tests").activate():
        event = Event.objects.filter(name="org.node.reorganised").latest("at")
    for _n in range(2):
        actor = system_actor("energy.follow")
        with actor.scope.activate():
            tree_changed(event, actor)


def test_merger_and_abolition_end_the_lines(nation):
    for path in (UNIT, SECOND):
        enter(nation, path, date(2026, 1, 1))
    office = nation.actor("33/11/0/goa/", "business_admin", at="33/11/")
    merge_nodes([nation.organ(UNIT)], actor=office, into=nation.organ(SECOND), on=date(2026, 8, 1), basis="合并办学")
    told(nation, "merge")
    with system_scope("tests").activate():
        row = Member.objects.get(node=nation.organ(UNIT))
        assert (row.state, row.until, row.successor_id) == ("merged", date(2026, 8, 1), nation.organ(SECOND).pk)
    assert UNIT not in paths(Q3) and SECOND in paths(Q3)
    abolish_nodes([nation.organ(SECOND)], actor=office, on=date(2026, 9, 1), basis="撤销", with_children=True)
    told(nation, "abolish")
    with system_scope("tests").activate():
        row = Member.objects.get(node=nation.organ(SECOND))
        assert (row.state, row.until) == ("abolished", date(2026, 9, 1))


def test_a_round_asks_who_is_on_the_register_of_its_period(standards, definition):  # noqa: F811
    enter(standards, UNIT, date(2026, 10, 5))
    round_ = open_round(standards, definition, "2026Q3")
    with system_scope("tests").activate():
        asked = set(Submission.objects.filter(round=round_).values_list("path", flat=True))
    assert UNIT not in asked and SECOND in asked


def month(nation, path: str, number: int, **values) -> Month:
    row = Month(month=date(2026, number, 15), **{k: Decimal(str(v)) for k, v in values.items()})
    row.own(nation.organ(path))
    return row


def keep_ledger(nation, path: str, *rows: Month) -> None:
    with system_scope("tests").activate():
        energy.check_months(rows)
        for row in rows:
            row.save(force_insert=True)


def test_the_quarter_starts_from_the_ledger_and_says_so(standards, definition):  # noqa: F811
    keep_ledger(
        standards, UNIT,
        *(month(standards, UNIT, n, electricity=1000 + n, water=10, electricity_cost="780.10") for n in (7, 8, 9)),
    )  # fmt: skip
    round_ = open_round(standards, definition, "2026Q3")
    actor = standards.actor(UNIT, "clerk")
    with system_scope("tests").activate():
        row = Submission.objects.select_related("node", "round__definition").get(round=round_, path=UNIT)
    actions.fill([row], actor=actor, values={"people": Decimal(20)})
    with system_scope("tests").activate():
        cells = {c.code: c for c in Cell.objects.filter(submission=row)}
    assert [cells[f"e01_m{n}"].value for n in (1, 2, 3)] == [1007, 1008, 1009]
    assert cells["e01_cost"].value == Decimal("2340.30")
    assert {cells["e01_m1"].source, cells["people"].source} == {"register", "hand"}
    assert "e04_m1" not in cells, "what was not kept is not nought"


def test_a_cost_is_told_only_when_all_its_months_are_kept(standards, definition):  # noqa: F811
    from shuzheng.apps.energy.offers import quarter_of_months

    keep_ledger(standards, UNIT, month(standards, UNIT, 7, electricity=5, electricity_cost=4))
    with system_scope("tests").activate():
        found = quarter_of_months(standards.organ(UNIT).pk, Q3)
    assert found == {"e01_m1": 5}


def test_a_part_never_exceeds_its_whole_in_the_ledger(nation):
    with pytest.raises(Invalid) as caught:
        energy.check_months([month(nation, UNIT, 7, electricity=5, solar=6)])
    assert [f.field for f in caught.value.faults] == ["solar"]


def test_every_table_of_the_scheme_is_published(standards, definition):  # noqa: F811
    with system_scope("tests").activate():
        codes = set(Definition.objects.filter(state="published").values_list("code", flat=True))
    assert {"energy-basic", "energy-quarterly", "energy-datacentre", "energy-heating"} <= codes
