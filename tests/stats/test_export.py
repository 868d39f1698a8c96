"""From PostgreSQL to the lake: what counts, for whom, what a killed export leaves, what is written again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from shuzheng.base.core.actor import system_actor
from shuzheng.base.core.arrow import ArrowReader, numbers
from shuzheng.base.core.scope import system_scope
from shuzheng.base.events import deliver, dispatch
from shuzheng.base.forms import actions, rollup
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.org.actions import move_nodes
from shuzheng.base.stats import exporting, jobs
from shuzheng.base.stats import lake as lakes
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.models import Partition
from shuzheng.base.stats.question import Question
from tests.addresses import database_url
from tests.forms.conftest import UNIT, due
from tests.stats.conftest import scope

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
SECOND = "33/11/23/0/u2/"
COUNTY, OTHER, PREFECTURE, PROVINCE = "33/11/23/", "33/11/22/", "33/11/", "33/"


def value(name: str, reader: str, **question: object) -> Decimal | None:
    answer = stats.ask(Question((name,), **question), scope=scope(reader))
    return answer.total.values[0] if answer.total else None


def test_a_number_counts_at_the_tier_that_approved_it_and_equals_the_roll_up(reporting, export):
    reporting.handed_in(UNIT, e01_m1=10000, e02_m1=30, e02_cost=120)
    reporting.handed_in(SECOND, e01_m1="2500.125")
    reporting.approve(COUNTY, UNIT, SECOND)
    reporting.approve(PREFECTURE, UNIT)
    export()
    assert value("energy.electricity", COUNTY) == Decimal("12500.125")
    assert value("energy.electricity", PREFECTURE) == 10000
    assert value("energy.electricity", PROVINCE) is None, "the province has approved nothing yet"
    assert value("energy.electricity", OTHER) is None
    with system_scope("tests").activate():
        sums, counted = rollup.totals(reporting.round, COUNTY)
    assert counted == 2
    for name, code in (("energy.total", "tce"), ("energy.electricity", "e01_q"), ("energy.water", "e02_q")):
        assert value(name, COUNTY) == sums[code]
    assert value("energy.cost", COUNTY) == sums["e01_cost"] + sums["e02_cost"]
    assert value("energy.per_head", COUNTY) == pytest.approx(sums["tce"] * 1000 / sums["people"], abs=Decimal("1e-9"))


def test_numbers_leave_postgresql_digit_by_digit():
    sent = [Decimal(n) for n in ("999999999999999999.999999", "-999999999999999999.999999", "-0.000001", "0", "900.5")]
    sql = "SELECT n::numeric(24, 6) AS n FROM unnest(%s::numeric[]) WITH ORDINALITY AS t(n, place) ORDER BY place"
    with system_scope("tests").activate(), ArrowReader() as source:
        for _ in range(2):  # one connection serves several questions
            with source.read(sql, [sent]) as rows:
                assert numbers(rows.read_all().column("n"), exporting.NUMBER).to_pylist() == sent


def test_questions_read_ahead_are_answered_in_order_and_a_fault_is_raised_at_its_own():
    rows, fault = "SELECT n FROM generate_series(1, %s) AS n ORDER BY n", "SELECT 1 / %s AS n"
    with system_scope("tests").activate(), ArrowReader() as source:
        with source.ahead([(rows, [3]), (rows, [0]), (fault, [0]), (rows, [5])]) as answers:
            for wanted in ([1, 2, 3], []):
                assert [n for batch in next(answers) for n in batch.column("n").to_pylist()] == wanted
            with pytest.raises(Exception, match="division by zero"):
                list(next(answers))
        with source.ahead([(rows, [10])] * 20):  # nobody takes any of it
            pass
        with source.read(rows, [2]) as read:
            assert read.read_all().num_rows == 2


def test_by_month_and_kind_the_same_energy_comes_from_monthly_amounts_and_the_factors_of_the_period(reporting, export):
    reporting.handed_in(UNIT, e01_m1=10000, e01_m2=20000, e01_cost=15000, e05_m3=100, e05_cost=800)
    reporting.approve(COUNTY, UNIT)
    export()
    answer = stats.ask(Question(("energy.total",), ("month", "kind")), scope=scope(COUNTY))
    found = {r.keys: r.values[0] for r in answer.rows if r.values[0]}
    assert found[("202607", "e01")] == Decimal("1.229")
    assert found[("202608", "e01")] == Decimal("2.458")
    assert found[("202609", "e05")] == Decimal("0.1088836")
    assert answer.total.values[0] == sum(found.values()) == Decimal("3.7958836")
    # The form keeps its own result to six decimals: that is all by which the two may differ, for each submission.
    assert abs(answer.total.values[0] - value("energy.total", COUNTY)) <= Decimal("0.0000005")
    assert value("energy.total_equal", COUNTY) > value("energy.total", COUNTY)


def test_own_solar_power_is_not_bought_and_emits_nothing(reporting, export):
    reporting.handed_in(UNIT, e01_m1=10000, e011_m1=4000)
    reporting.approve(COUNTY, UNIT)
    export()
    assert value("energy.carbon", COUNTY) == Decimal("6000") * Decimal("0.5306") / 1000


def test_completeness_counts_institutions_that_have_handed_in_whatever_tier_approved(reporting, export):
    reporting.handed_in(UNIT)
    export()
    answer = stats.ask(Question(("reporting.asked", "reporting.complete", "reporting.approved")), scope=scope(COUNTY))
    assert [round(v, 1) for v in answer.rows[0].values[:2]] == [2, 50]
    assert answer.rows[0].values[2] in (None, 0)
    assert value("reporting.asked", "") == reporting.round.asked


def test_events_mark_what_changed_and_only_that_is_written_again(reporting, export, lake):
    reporting.handed_in(UNIT)
    reporting.handed_in("32/0/u1/")
    reporting.approve(COUNTY, UNIT)
    export()
    before = {k: f.path for k, f in lakes.current().manifest().files.items()}
    assert {k.split("/")[1] for k in before} == {"32", "33"}
    _drain()
    exporting.run(system_scope("stats.export"))
    settled = {k: f.path for k, f in lakes.current().manifest().files.items()}
    reporting.approve("32/", "32/0/u1/")
    _drain()
    assert exporting.run(system_scope("stats.export")) == 1
    after = {k: f.path for k, f in lakes.current().manifest().files.items()}
    assert [k.split("/")[1] for k in after if after[k] != settled[k]] == ["32"]
    assert exporting.run(system_scope("stats.export")) == 0, "nothing is stale now"


def test_a_returned_submission_leaves_the_lake(reporting, export):
    reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    export()
    assert value("energy.electricity", COUNTY) == 10000
    actions.return_(
        [reporting.submission(UNIT)], actor=reporting.reviewer(PREFECTURE), why="核对电量", cells=["e01_m1"]
    )
    _drain()
    exporting.run(system_scope("stats.export"))
    assert value("energy.electricity", COUNTY) is None


def test_a_killed_export_leaves_the_lake_as_it_was_and_goes_on_afterwards(reporting, export, lake, settings):
    reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    export()
    held = lakes.current().manifest()
    reporting.handed_in(SECOND, e01_m1=500)
    reporting.approve(COUNTY, SECOND)
    _drain()
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.stats.slow_export"], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "DATABASE_URL": database_url(), "SZ_LAKE": str(lake), "SZ_DB_POOL": "0"},
    )  # fmt: skip
    assert worker.stdout.readline() == "in the middle\n"
    half = [p for p in lake.rglob("*.parquet") if str(p.relative_to(lake)) not in _named(held)]
    assert half, "a file is being written"
    assert exporting.run(system_scope("stats.export")) == 0, "one exporter at a time"
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    worker.stdout.close()
    assert lakes.current().manifest() == held
    assert value("energy.electricity", COUNTY) == 10000
    with system_scope("tests").activate():
        assert Partition.objects.extra(where=["wanted > written"]).exists()
    assert exporting.run(system_scope("stats.export")) > 0
    assert value("energy.electricity", COUNTY) == 10500
    lakes.current().tidy(keep=0)
    assert {str(p.relative_to(lake)) for p in lake.rglob("*.parquet")} == _named(lakes.current().manifest())


def _named(manifest: lakes.Manifest) -> set[str]:
    return {f.path for f in (*manifest.files.values(), *manifest.nodes.values())}


def test_numbers_that_a_bigint_of_millionths_can_not_hold_are_exact(reporting, export):
    huge = Decimal("999999999999999.000001")
    with system_scope("tests").activate():
        row = reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    with system_scope("tests").activate():
        Cell.objects.filter(submission=row, code="e01_q").update(value=huge)
    export()
    assert value("energy.electricity", COUNTY) == huge


def test_the_tree_as_it_was_and_as_it_is_now(reporting, export):
    reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    nation = reporting.nation
    mover = nation.actor("0/ngoa/", "business_admin", at="")
    with system_scope("tests").activate():
        node = nation.organ(UNIT)
        node.refresh_from_db()
    move_nodes([node], actor=mover, to=nation.organ(OTHER), on=date(2026, 11, 1), codes={node.pk: "u9"})
    with system_scope("tests").activate():
        node.refresh_from_db()
        assert node.path.startswith(OTHER)
    export()
    tier4 = {"tier": 4}
    now = stats.ask(Question(("energy.electricity",), ("county",), tree="now", **tier4), scope=scope(PREFECTURE))
    then = stats.ask(Question(("energy.electricity",), ("county",), tree="then", **tier4), scope=scope(PREFECTURE))
    assert [(r.keys, r.values) for r in now.rows] == [((OTHER,), (10000,))]
    assert [(r.keys, r.values) for r in then.rows] == [((COUNTY,), (10000,))]
    old_county = Question(("energy.electricity",), tree="then")
    assert stats.ask(old_county, scope=scope(COUNTY)).total.values == (10000,), "what its own total was made of"
    assert stats.ask(Question(("energy.electricity",)), scope=scope(COUNTY)).total is None


def test_the_nightly_job_catches_what_no_event_told(reporting, lake):
    reporting.handed_in(UNIT)
    reporting.approve(COUNTY, UNIT)
    jobs.export_nightly()
    assert value("energy.electricity", COUNTY) == 10000


def test_an_institution_asked_twice_counts_once(reporting, export):
    issuer = reporting.nation.actor("33/0/goa/", "business_admin", at="33/")
    with issuer.scope.activate():
        [again] = actions.issue_rounds(
            [reporting.nation.organ("33/")],
            actor=issuer,
            definition=reporting.definition,
            period="2026Q3",
            due_at=due(),
        )
    actions.open_rounds([again], actor=system_actor("forms.open"))
    export()
    assert value("reporting.asked", "") == reporting.round.asked


def test_drilling_names_the_submissions_their_cells_and_who_approved(reporting, export):
    reporting.handed_in(UNIT, e01_m1=10000)
    reporting.handed_in(SECOND, e01_m1=20000)
    reporting.approve(COUNTY, UNIT, SECOND)
    export()
    question = Question(("energy.electricity",), ("county",))
    with system_scope("tests").activate():
        ids = {str(p): s for s, p in Submission.objects.values_list("pk", "path")}
    found = stats.drill(question, {"county": COUNTY}, scope=scope(COUNTY))
    assert [(o.path, o.value) for o in found] == [(SECOND, 20000), (UNIT, 10000)]
    assert found[0].submission == ids[SECOND]
    assert [(c[0], c[2]) for c in found[0].cells] == [("e01_q", 20000)]
    assert str(ids[SECOND]) in found[0].link
    assert stats.drill(question, {"county": COUNTY}, scope=scope(OTHER)) == []


def _drain() -> None:
    """Let everybody who listens take up what happened."""
    dispatch.dispatch()
    while due := dispatch.due():
        for name in due:
            deliver.deliver(name)
