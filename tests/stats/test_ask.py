"""Questions: exact sums against plain arithmetic, whose rows they are, what is refused, hidden, cut and ordered."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from shuzheng.base.core.scope import Range
from shuzheng.base.stats import plan as plans
from shuzheng.base.stats import queries as stats
from shuzheng.base.stats.declare import INDICATORS
from shuzheng.base.stats.question import Question
from shuzheng.kernel.errors import Invalid, Missing
from tests.stats.conftest import scope

NATION, COUNTY, OTHER = scope(""), scope("11/01/01/"), scope("12/01/01/")
YEAR = ("2025", "2025")


def sql(made, text: str) -> list[tuple]:
    """A question of plain SQL over the same files."""
    files = f"'{made}/facts/*/*/*.parquet'"
    return duckdb.sql(text.format(facts=files, tree=f"'{made}/nodes/tree.parquet'")).fetchall()


def test_sums_equal_plain_sql_to_the_last_digit(made):
    answer = stats.ask(Question(("energy.consumption",), ("province", "month", "kind"), YEAR), scope=NATION)
    plain = sql(
        made,
        "SELECT n.province, f.month, f.kind, sum(f.value) FROM {facts} f JOIN {tree} n ON f.node = n.key "
        "WHERE f.measure = 'amount' AND f.tier <= 1 GROUP BY ALL ORDER BY ALL",
    )
    assert len(plain) == 3 * 12 * 8
    assert [(*r.keys, r.values[0]) for r in answer.rows] == [(p, str(m), k, v) for p, m, k, v in plain]


def test_ratios_are_ratios_of_sums_with_the_mean_of_standing_amounts(made):
    [[tce, vehicle, area]] = sql(
        made,
        "SELECT sum(value) FILTER (code = 'tce'), sum(value) FILTER (code = 'vehicle_tce'), sum(value) FILTER (code = 'area') "
        "FROM {facts} WHERE tier <= 1",
    )
    answer = stats.ask(Question(("energy.per_area",), (), YEAR), scope=NATION)
    expected = (tce - vehicle) * 1000 / (area / 4)
    assert abs(answer.total.values[0] - expected) < Decimal("1e-9")
    assert answer.rows[0].values == answer.total.values


def test_a_county_sees_only_its_rows(made):
    question = Question(("energy.electricity",), ("county", "institution"), YEAR)
    mine, all_ = stats.ask(question, scope=COUNTY), stats.ask(question, scope=scope("11/", "12/", "13/"))
    assert {r.keys[0] for r in mine.rows} == {"11/01/01/"}
    assert 0 < mine.found < all_.found
    seen = {r.keys: r.values for r in all_.rows}
    for row in mine.rows:
        assert row.values == seen.get(row.keys, row.values)
    assert stats.ask(Question(("energy.electricity",), where={"region": ("12/01/01/",)}), scope=COUNTY).rows == ()
    assert stats.ask(question, scope=OTHER).rows[0].keys[0] == "12/01/01/"


def test_several_ranges_add_up_and_no_range_sees_nothing(made):
    question = Question(("energy.electricity",), (), YEAR, tier=4)
    both = stats.ask(question, scope=scope("11/01/01/", "12/01/01/")).total.values[0]
    parts = [stats.ask(question, scope=s).total.values[0] for s in (COUNTY, OTHER)]
    assert both == sum(parts)
    assert stats.ask(question, scope=scope("99/")).total is None


def test_what_only_the_county_approved_does_not_count_for_the_nation(made):
    asked = Question(("energy.people",), (), ("2025Q1", "2025Q1"))
    nation, counties = (stats.ask(Question(**{**asked.__dict__, "tier": t}), scope=NATION) for t in (1, 4))
    assert nation.total.values[0] < counties.total.values[0]
    assert stats.ask(asked, scope=NATION).total.values == nation.total.values


@pytest.mark.parametrize(
    ("ranges", "tier"),
    [
        (("",), 1),
        (("33/",), 2),
        (("33/11/",), 3),
        (("33/11/23/",), 4),
        (("33/11/23/", "32/"), 2),
        (("33/11/0/u1/",), 4),
    ],
)
def test_the_tier_of_a_reader_is_that_of_the_widest_range(ranges, tier):
    assert plans.tier_of(scope(*ranges)) == tier


def test_periods_bound_quarters_and_months(made):
    half = stats.ask(Question(("energy.electricity",), ("period",), ("2025Q2", "2025Q3")), scope=NATION)
    assert [r.keys[0] for r in half.rows] == ["2025Q2", "2025Q3"]
    months = stats.ask(Question(("energy.electricity",), ("month",), ("2025-03", "2025-04")), scope=NATION)
    assert [r.keys[0] for r in months.rows] == ["202503", "202504"]
    assert {s.period for s in months.sources} == {"2025Q1", "2025Q2"}
    assert stats.ask(Question(("energy.electricity",), (), ("2031", "2031")), scope=NATION).rows == ()


def test_where_narrows_by_any_dimension(made):
    question = {"indicators": ("energy.consumption",), "by": ("type", "kind"), "periods": YEAR}
    answer = stats.ask(
        Question(**question, where={"type": ("21",), "kind": ("e01", "e02"), "month": ("202501",), "tier": ("4",)}),
        scope=NATION,
    )
    assert [r.keys for r in answer.rows] == [("21", "e01"), ("21", "e02")]


def test_order_and_limit_keep_the_total_of_all(made):
    question = Question(("energy.electricity",), ("prefecture",), YEAR, order="-energy.electricity", limit=3)
    top = stats.ask(question, scope=NATION)
    everything = stats.ask(Question(("energy.electricity",), ("prefecture",), YEAR), scope=NATION)
    values = sorted((r.values[0] for r in everything.rows), reverse=True)
    assert [r.values[0] for r in top.rows] == values[:3]
    assert top.found == len(values) > 3
    assert top.total.values == everything.total.values == (sum(values),)


def test_kilowatt_hours_and_tons_are_not_added(made):
    answer = stats.ask(Question(("energy.consumption",), ("kind",), YEAR), scope=NATION)
    assert answer.total.values == (None,)
    assert answer.rows[0].labels == ("电 (kWh)",)
    one = stats.ask(Question(("energy.consumption",), ("kind",), YEAR, {"kind": ("e01",)}), scope=NATION)
    assert one.total.values == one.rows[0].values


def test_few_institutions_are_hidden_and_can_not_be_told_from_the_total(made):
    question = Question(("energy.electricity",), ("county",), YEAR, tier=4)
    sizes = {r.keys: r.units for r in stats.ask(Question(**{**question.__dict__, "minimum": 1}), scope=NATION).rows}
    least = sorted(sizes.values())[1]
    hidden = [
        r for r in stats.ask(Question(**{**question.__dict__, "minimum": least}), scope=NATION).rows if r.suppressed
    ]
    assert len(hidden) != 1, "one hidden row would be the total less the others"
    assert all(r.values == (None,) and r.units is None for r in hidden)


def test_one_small_row_takes_the_next_smallest_with_it():
    from shuzheng.base.stats.asking import suppress
    from shuzheng.base.stats.question import Row

    rows = [Row((k,), (k,), (Decimal(v),), n) for k, v, n in (("a", 1, 2), ("b", 2, 30), ("c", 3, 12))]
    total = Row(("",), ("",), (Decimal(6),))
    shown, kept = suppress(Question(("x",), ("county",), minimum=10), rows, total)
    assert [r.suppressed for r in shown] == [True, False, True]
    assert kept == total
    alone, hidden = suppress(Question(("x",), ("county",), minimum=10), rows[:1], total)
    assert alone[0].values == hidden.values == (None,)


def test_a_hidden_number_is_not_drilled_into(made):
    question = Question(("energy.electricity",), ("county",), YEAR, minimum=10_000)
    with pytest.raises(Invalid, match="太少"):
        stats.drill(question, {"county": "11/01/01/"}, scope=NATION)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question(()), "至少选一个指标"),
        (Question(("energy.total",), ("planet",)), "没有维度"),
        (Question(("energy.per_head",), ("kind",)), "不能按"),
        (Question(("energy.total",), ("province",), ("2026Q3", "2025Q1")), "晚于"),
        (Question(("energy.total",), ("province",), ("第三季", "")), "看不懂"),
        (Question(("energy.total",), tree="before"), "机构树"),
        (Question(("energy.total",), order="-energy.cost"), "排序"),
    ],
)
def test_a_question_without_sense_is_refused_in_words(made, question, words):
    with pytest.raises(Invalid, match=words):
        stats.ask(question, scope=NATION)


@pytest.mark.django_db
def test_an_unknown_indicator_is_missing(made):
    with pytest.raises(Missing):
        stats.ask(Question(("own.nothing",)), scope=NATION)


def test_an_empty_lake_answers_with_nothing(lake):
    answer = stats.ask(Question(("energy.total",), ("province",)), scope=NATION)
    assert (answer.rows, answer.total, answer.as_of) == ((), None, None)


def test_every_shipped_indicator_answers_by_every_dimension_it_offers(made):
    for name, item in INDICATORS.items():
        if not name.startswith(("energy.", "reporting.")) or item.form != "energy-quarterly":
            continue
        for dimension in item.dimensions:
            answer = stats.ask(Question((name,), (dimension,), YEAR), scope=scope("11/"))
            assert answer.rows or name == "energy.other", (name, dimension)
            assert all(len(r.keys) == len(r.labels) == 1 for r in answer.rows)


def test_a_lake_in_an_object_store_answers_alike(made, settings):
    import fsspec

    store = fsspec.filesystem("memory")
    for path in made.rglob("*"):
        if path.is_file():
            store.pipe_file(f"/stats-lake/{path.relative_to(made)}", path.read_bytes())
    question = Question(("energy.total",), ("province",), YEAR)
    local = stats.ask(question, scope=NATION)
    settings.SZ_LAKE = "memory://stats-lake"
    assert stats.ask(question, scope=NATION).rows == local.rows
    store.rm("/stats-lake", recursive=True)


def test_a_trend_goes_on_with_last_years_season_and_a_band(made):
    from shuzheng.base.stats.trends import forecast
    from shuzheng.kernel.periods import Period

    found = stats.trend("energy.electricity", scope=NATION, by="month", ahead=3)
    assert len([p for p in found.points if not p.is_forecast]) == 12
    assert [p.period for p in found.points if p.is_forecast] == ["2026-01", "2026-02", "2026-03"]
    assert found.points[12].value == found.points[0].value
    assert found.points[12].low is None, "one year tells nothing of the errors"
    quarters = [Period.quarter(y, q) for y in (2023, 2024, 2025) for q in (1, 2, 3, 4)]
    series = dict(zip(quarters, map(Decimal, (10, 20, 30, 40, 12, 22, 32, 42, 15, 24, 33, 44)), strict=True))
    [q1, q2] = forecast(series, 4, 2)
    assert (q1.period, q1.value) == ("2026Q1", 15 + Decimal(2))
    assert q1.low < q1.value < q1.high
    assert q2.value == 24 + Decimal(2)
    assert forecast({}, 4, 2) == [] == forecast(dict(list(series.items())[:3]), 4, 2)


def test_own_organ_alone_is_a_range_of_its_own(made):
    [[path]] = sql(made, "SELECT path FROM {tree} WHERE kind = 'organ' AND tier = 4 ORDER BY path LIMIT 1")
    from shuzheng.base.core.scope import Scope

    organ = Scope("test", Range.subtree(path))
    answer = stats.ask(Question(("energy.people",), ("institution",), YEAR), scope=organ)
    assert answer.found == 1
