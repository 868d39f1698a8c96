"""Many at once: two reviewers, a fill beside a submit, folding beside approvals; and any order of verbs adds up."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import actions, rollup
from shuzheng.base.forms.jobs import fold_once
from shuzheng.base.forms.models import RollupDelta, Submission
from shuzheng.base.org.models import NodeKind
from shuzheng.kernel.errors import Conflict, Fault
from tests.factories import DIVISIONS, add_node
from tests.forms.conftest import UNIT, full

pytestmark = pytest.mark.slow

COUNTY, PREFECTURE = "33/11/23/", "33/11/"
SECOND, OTHER, LEVEL = "33/11/23/0/u2/", "33/11/22/0/u1/", "33/11/0/u1/"
CHAINS = {
    UNIT: [COUNTY, PREFECTURE, "33/", ""],
    SECOND: [COUNTY, PREFECTURE, "33/", ""],
    OTHER: ["33/11/22/", PREFECTURE, "33/", ""],
    LEVEL: [PREFECTURE, "33/", ""],
}


def both(*works) -> list[object]:
    """Run functions at the same moment, each on its own connection; what each returned or raised."""
    gate, found = threading.Barrier(len(works)), [None] * len(works)

    def run(n: int) -> None:
        try:
            gate.wait(10)
            found[n] = works[n]()
        except Fault as fault:
            found[n] = fault
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def agree(reporting) -> None:
    """At every division the totals equal the recount."""
    with system_scope("tests").activate():
        for path in DIVISIONS:
            tier = reporting.nation.organ(path).tier
            sums, units = rollup.totals(reporting.round, path)
            again, counted = rollup.recount(reporting.round, path, tier)
            assert units == counted, path
            assert {k: v for k, v in sums.items() if v} == {k: v for k, v in again.items() if v}, path


@pytest.mark.django_db(transaction=True)
def test_of_two_reviewers_one_gets_a_conflict_and_the_number_counts_once(reporting):
    reporting.handed_in(UNIT, e01_m1=1000)
    actors = [reporting.reviewer(COUNTY), reporting.reviewer(COUNTY)]
    rows = [reporting.submission(), reporting.submission()]
    found = both(*(lambda a=a, r=r: actions.approve([r], actor=a) for a, r in zip(actors, rows, strict=True)))
    assert sum(isinstance(f, Conflict) for f in found) == 1
    assert sum(isinstance(f, list) for f in found) == 1
    with system_scope("tests").activate():
        assert rollup.totals(reporting.round, COUNTY) == (rollup.recount(reporting.round, COUNTY, 4))
        assert rollup.totals(reporting.round, COUNTY)[1] == 1


@pytest.mark.django_db(transaction=True)
def test_approving_and_returning_at_once_leaves_one_of_them_and_the_sums_right(reporting):
    reporting.handed_in(UNIT, e01_m1=1000)
    one, other = reporting.reviewer(COUNTY), reporting.reviewer(COUNTY)
    first, second = reporting.submission(), reporting.submission()
    both(
        lambda: actions.approve([first], actor=one),
        lambda: actions.return_([second], actor=other, why="核对"),
    )
    agree(reporting)


@pytest.mark.django_db(transaction=True)
def test_two_that_fill_different_cells_lose_nothing(reporting):
    actors = [reporting.unit(), reporting.unit()]
    actions.fill([reporting.submission()], actor=actors[0], values={"e01_m1": Decimal(1)})
    rows = [reporting.submission(), reporting.submission()]
    values = [{"e01_m2": Decimal(2)}, {"e01_m3": Decimal(3)}]
    both(*(lambda n=n: actions.fill([rows[n]], actor=actors[n], values=values[n]) for n in (0, 1)))
    with system_scope("tests").activate():
        assert reporting.submission().cells.get(code="e01_q").value == 6


@pytest.mark.django_db(transaction=True)
def test_folding_beside_approvals_loses_and_doubles_nothing(reporting):
    for path in (UNIT, SECOND, OTHER):
        reporting.handed_in(path, e01_m1=100)
    reporting.approve(COUNTY, UNIT)
    folder = system_actor("forms.fold")
    county, second = reporting.reviewer(COUNTY), reporting.submission(SECOND)
    other, third = reporting.reviewer("33/11/22/"), reporting.submission(OTHER)
    both(
        lambda: actions.approve([second], actor=county),
        lambda: actions.approve([third], actor=other),
        lambda: [fold_once(folder) for _ in range(5)],
        lambda: [fold_once(folder) for _ in range(5)],
    )
    agree(reporting)
    while fold_once(folder):
        pass
    agree(reporting)
    with system_scope("tests").activate():
        assert not RollupDelta.objects.exists()


VERBS = st.lists(
    st.tuples(st.sampled_from(sorted(CHAINS)), st.sampled_from(["submit", "approve", "return", "fold", "rebuild"])),
    min_size=4,
    max_size=14,
)


@pytest.mark.django_db
@settings(
    max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(steps=VERBS, amount=st.integers(1, 10**9))
def test_any_order_of_verbs_leaves_totals_that_equal_the_recount(reporting, steps, amount):
    for n, (path, verb) in enumerate(steps):
        row = reporting.submission(path)
        if verb == "submit" and row.state in ("todo", "draft", "returned"):
            values = full(e01_m1=amount + n)
            actions.fill([row], actor=reporting.unit(path), values=values, explanations={"price_e01": "合同价"})
            actions.submit([reporting.submission(path)], actor=reporting.unit(path))
        elif verb == "approve" and row.state == "submitted":
            reporting.approve(next(d for d in CHAINS[path] if _tier(reporting, d) == row.waiting_tier), path)
        elif verb == "return" and row.state in ("submitted", "approved"):
            reached = row.waiting_tier or row.approved_tier
            by = next(d for d in CHAINS[path] if _tier(reporting, d) == reached)
            actions.return_([row], actor=reporting.reviewer(by), why="核对")
        elif verb == "fold":
            fold_once(system_actor("forms.fold"))
        elif verb == "rebuild":
            with system_scope("tests").activate():
                rollup.rebuild(reporting.round, PREFECTURE, 3)
    agree(reporting)


def _tier(reporting, division: str) -> int:
    return reporting.nation.organ(division).tier


@pytest.mark.django_db
def test_a_batch_is_approved_in_as_many_statements_for_one_as_for_three(reporting):
    with system_scope("tests").activate():
        for n in range(3, 7):
            path = f"{COUNTY}0/u{n}/"
            add_node(reporting.nation, path, f"甲县第{n}小学", NodeKind.ORGAN, type="21", is_reporting=True)
    actions.open_rounds([reporting.round], actor=system_actor("forms.open"))
    paths = [f"{COUNTY}0/u{n}/" for n in range(1, 7)]
    for path in paths:
        reporting.handed_in(path, e01_m1=10)
    reviewer = reporting.reviewer(COUNTY)

    def asked(*some: str) -> int:
        with system_scope("tests").activate():
            rows = list(Submission.objects.select_related("node", "round__definition").filter(path__in=some))
        with CaptureQueriesContext(connection) as queries:
            actions.approve(rows, actor=reviewer)
        return len(queries)

    asked(paths[0])
    assert asked(paths[1]) == asked(*paths[2:5])
