"""Checks as sets say what the engine says one by one; outliers agree with a plain reference."""

from __future__ import annotations

import statistics
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shuzheng.base.core.scope import system_scope
from shuzheng.base.forms import setcheck
from shuzheng.base.forms.engine import check, compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.models import Cell, Definition, Round, Submission
from shuzheng.base.forms.spec import load
from shuzheng.base.forms.values import cell_row
from tests.forms.conftest import UNIT, due

SECOND = "33/11/23/0/u2/"
MIXED = {
    "code": "mixed", "name": "混合", "period": "quarter",
    "given": {"floor": {"fact": "floor_area", "label": "建筑面积"}},
    "sections": [
        {"code": "b", "kind": "fields", "name": "基本", "fields": [
            {"code": "kind", "name": "类别", "type": "choice", "options": [{"code": "a", "name": "甲"}, {"code": "b", "name": "乙"}]},
            {"code": "own", "name": "自有", "type": "boolean", "require": "true"},
            {"code": "since", "name": "启用", "type": "date"},
            {"code": "area", "name": "面积", "unit": "㎡", "places": 2, "show": 'kind = "a"', "least": 0, "require": "own = true"},
            {"code": "note", "name": "备注", "type": "text"},
        ]},
        {"code": "t", "kind": "table", "name": "表", "columns": [
            {"code": "c1", "kind": "value", "name": "预算", "unit": "元"}, {"code": "c2", "kind": "value", "name": "执行", "unit": "元"},
            {"code": "p", "kind": "formula", "name": "比例", "unit": "%", "expr": "{row}_c2 / {row}_c1 * 100"}],
         "rows": [{"code": "r1", "name": "办公", "unit": ""}, {"code": "r2", "name": "印刷", "unit": ""}]},
        {"code": "d", "kind": "rows", "name": "明细", "columns": [
            {"code": "what", "name": "品名", "type": "text", "require": "true"},
            {"code": "n", "name": "数量"}, {"code": "price", "name": "单价", "unit": "元"},
            {"code": "sum", "name": "金额", "unit": "元", "expr": "row.n * row.price"}]},
    ],
    "checks": [
        {"code": "k1", "level": "error", "cell": "area", "expr": "area <= floor", "message": "面积大于登记的面积。"},
        {"code": "k2", "level": "warning", "cell": "r1_p", "expr": "r1_p <= 100 or prev_r1_c2 = null or r1_c2 <= prev_r1_c2 * 2", "message": "超出预算。"},
        {"code": "k3", "level": "error", "cell": "d_sum", "expr": "coalesce(d_sum, 0) <= 500 and count(d.what) <= 3", "message": "合计过大。"},
        {"code": "k4", "level": "error", "line": "d", "cell": "n", "expr": "row.n > 0 and (own = true or row.price < 50)", "message": "数量应大于 0。"},
        {"code": "k5", "level": "error", "cell": "since", "expr": "since <= date(\"2026-06-30\")", "message": "日期过晚。"},
        {"code": "k6", "level": "error", "cell": "note", "expr": 'not(contains(note, "%"))', "message": "备注有百分号。"},
    ],
}  # fmt: skip

small = st.one_of(st.none(), st.integers(-2, 200).map(Decimal))
FORMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([None, "a", "b"]), "own": st.sampled_from([None, True, False]),
        "since": st.sampled_from([None, date(2026, 1, 1), date(2026, 9, 1)]), "note": st.sampled_from([None, "5%", "好"]),
        "area": small, "r1_c1": small, "r1_c2": small, "r2_c1": small,
        "d_1_what": st.sampled_from([None, "笔"]), "d_1_n": small, "d_1_price": small,
        "d_7_what": st.sampled_from([None, "纸"]), "d_7_n": small, "d_7_price": small,
    }
)  # fmt: skip


@pytest.fixture
def mixed(standards):
    """A round of a form with every kind of section, and the same for the quarter before."""
    with system_scope("tests").activate():
        nation = standards.organ("0/ngoa/")
        form = Definition(code="mixed", name="混合", period_kind="quarter", spec=MIXED, state="published")
        form.own(nation)
        form.save(force_insert=True)
        rounds = []
        for period in ("2026Q2", "2026Q3"):
            one = Round(definition=form, title=period, period=period, due_at=due(), tier=1, state="open", audience="")
            one.own(nation)
            one.save(force_insert=True)
            for path in (UNIT, SECOND):
                row = Submission(round=one, own_tier=4, due_at=due(), state="submitted")
                row.own(standards.organ(path))
                row.save(force_insert=True)
            rounds.append(one)
    return rounds


def store(round_: Round, path: str, values: dict) -> Submission:
    spec = load(MIXED)
    row = Submission.objects.select_related("round__definition").get(round=round_, path=path)
    made = compute(spec, values, {}, before(row))
    row.cells.all().delete()
    Cell.objects.bulk_create([cell_row(row, code, v, "hand") for code, v in made.items() if v is not None])
    return row


@given(now=st.tuples(FORMS, FORMS), then=FORMS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_checks_as_sets_say_what_the_engine_says(mixed, now, then):
    spec = load(MIXED)
    with system_scope("tests").activate():
        store(mixed[0], UNIT, then)
        expected = set()
        for path, values in zip((UNIT, SECOND), now, strict=True):
            row = store(mixed[1], path, values)
            earlier = before(row)
            made = compute(spec, values, {}, earlier)
            expected |= {(row.pk, f.check.code, f.check.cell) for f in check(spec, made, {}, earlier, {})}
        found = {
            (f.submission_id, f"{f.check.code}.{f.row}" if f.row else f.check.code, f.cell)
            for f in setcheck.findings(mixed[1], "")
        }
    assert found == expected


def test_the_energy_form_is_checked_as_a_set(reporting):
    first = reporting.handed_in(UNIT, e01_m1=900)
    reporting.handed_in(SECOND, e01_m1=10)
    spec = load(reporting.definition.spec)
    with system_scope("tests").activate():
        Cell.objects.filter(submission=first, code="e011_q").update(value=Decimal(5000))
        stored = dict(first.cells.values_list("code", "value"))
        factors = resolve(spec, "2026Q3", UNIT).values
        expected = {f.check.code for f in check(spec, stored, factors, before(first), {})}
        found = {f.check.code for f in setcheck.findings(reporting.round, "33/11/") if f.submission_id == first.pk}
        assert found == expected >= {"part.e011"}
        assert {f.check.code for f in setcheck.findings(reporting.round, "33/11/", only="part")} == {"part.e011"}


def test_outliers_agree_with_plain_arithmetic(mixed, standards):
    earlier = [Decimal(n) for n in (10, 12, 11, 9, 13, 10)]
    with system_scope("tests").activate():
        form = mixed[1].definition
        for n, value in enumerate(earlier):
            year, quarter = divmod(n, 4)
            one = Round(
                definition=form,
                title=str(n),
                period=f"{2024 + year}Q{quarter + 1}",
                due_at=due(),
                tier=1,
                state="closed",
            )
            one.own(standards.organ("0/ngoa/"))
            one.save(force_insert=True)
            row = Submission(round=one, own_tier=4, due_at=due(), state="approved")
            row.own(standards.organ(UNIT))
            row.save(force_insert=True)
            Cell.objects.bulk_create([cell_row(row, "r1_c1", value, "hand")])
        mine = store(mixed[1], UNIT, {"r1_c1": Decimal(40)})
        [found] = list(setcheck.outliers(mixed[1], "33/", ["r1_c1"]))
    plain = [float(v) for v in earlier]
    median = statistics.median(plain)
    mad = statistics.median(abs(v - median) for v in plain)
    assert found.submission_id == mine.pk
    assert found.z == pytest.approx((40 - statistics.mean(plain)) / statistics.stdev(plain))
    assert found.modified_z == pytest.approx(0.6745 * (40 - median) / mad)
    assert found.methods == ["z", "modified", "range"]
