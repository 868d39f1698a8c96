"""A quarter of the scheme from the institutions to the nation: seeded faults are found, and the totals are those of plain arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest

from shuzheng.apps.energy import figures, quality, tables
from shuzheng.base.core.scope import Range, system_scope
from shuzheng.base.forms import actions, rollup
from shuzheng.base.forms.models import Rollup, Submission
from shuzheng.kernel.errors import Invalid
from shuzheng.ops.demo import energy
from tests.apps.energy.conftest import COUNTY, true_form

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
D = Decimal


def plainly(forms) -> dict[str, Decimal]:
    """The nation's totals, added up from the generator's own numbers with the factors of the dossier written out."""
    sums: dict[str, Decimal] = {"units": D(0), "tce": D(0), "people": D(0), "area": D(0)}
    for form in forms.values():
        quarter = {
            row: sum((form[f"{row}_m{n}"] for n in (1, 2, 3)), D(0))
            for row in ("e01", "e011", "e02", "e03", "e04", "e05", "e06", "e07", "e08", "e09")
        }
        kilograms = (
            quarter["e01"] * D("0.1229")
            + quarter["e03"] * 1000 * D("0.7143")
            + quarter["e04"] * D("1.33")
            + quarter["e05"] * D("0.74") * D("1.4714")
            + quarter["e06"] * D("0.85") * D("1.4571")
            + quarter["e07"] * D("1.7143")
            + quarter["e08"] * D("34.12")
        )
        tce = (kilograms / 1000 + quarter["e09"]).quantize(D("0.000001"), ROUND_HALF_UP)
        for row, amount in quarter.items():
            sums[f"{row}_q"] = sums.get(f"{row}_q", D(0)) + amount
        sums["tce"] += tce
        sums["people"] += form["people"]
        sums["area"] += form["area"]
        sums["units"] += 1
    return sums


def findings_of(scheme, path) -> set[str]:
    """Codes of the checks that object to what was filled in, as the page that is filled in says them."""
    from shuzheng.base.forms.engine import check
    from shuzheng.base.forms.factors import resolve
    from shuzheng.base.forms.history import before
    from shuzheng.base.forms.spec import load
    from shuzheng.base.forms.values import stored_values

    row = scheme.submission(path)
    spec = load(row.round.definition.spec)
    with system_scope("tests").activate():
        factors = resolve(spec, row.round.period, row.path)
        return {f.check.code for f in check(spec, stored_values(row), factors.values, before(row), {})}


def test_quarter_closes_from_county_to_nation_with_every_seeded_fault_found_and_plain_totals(scheme, institutions):
    for path in institutions:  # last year, so that changes can be told
        scheme.hand_in(path, true_form(scheme.nation, path, "2025Q3"), scheme.last)
    county = {path: dict(scheme.forms[path]) for path in institutions if path.startswith(COUNTY)}
    seeded = {s.path: s.fault for s in energy.seed(county)}
    assert len(seeded) == sum(energy.COUNTS.values())

    # Faults of the checks stop the form or ask for a reason, and name what was done.
    for path, fault in seeded.items():
        actions.fill([scheme.submission(path)], actor=scheme.unit(path), values=county[path])
        if fault.found_by == energy.CHECK:
            assert fault.name in findings_of(scheme, path), (path, fault.kind)
            with pytest.raises(Invalid):
                actions.submit([scheme.submission(path)], actor=scheme.unit(path))
    # Warnings pass with a reason; what only a comparison of many can tell is handed in like that.
    for path, fault in seeded.items():
        if fault.level == "warning":
            reasons = dict.fromkeys(findings_of(scheme, path), "已核对票据")
            actions.fill([scheme.submission(path)], actor=scheme.unit(path), values={}, explanations=reasons)
            actions.submit([scheme.submission(path)], actor=scheme.unit(path))
    for path in institutions:
        if path not in seeded:
            scheme.hand_in(path, scheme.forms[path])

    reviewer = scheme.office(COUNTY)
    with reviewer.scope.activate():
        found = {s.code: s for s in quality.sorts(scheme.round, scheme.nation.organ(COUNTY))}
    for path, fault in seeded.items():
        if fault.found_by == energy.QUALITY:
            assert path in {f.path for f in found[fault.name].rows}, (path, fault.kind)
    assert found["copied"].count == energy.COUNTS["months_copied"]
    odd = {p for p, f in seeded.items() if f.kind in ("far_from_peers", "water_jump")}
    assert {f.path for f in found["outliers"].rows} == odd, "those far from their kind, and nobody else"
    hard = [f.kind for f in seeded.values() if f.level == "error"]
    assert found["errors"].count == len(hard)
    assert found["explained"].count >= energy.COUNTS["tenfold_price"] + energy.COUNTS["all_solar"]

    # The county sends back what is wrong; everybody corrects it to the true numbers.
    wrong = [p for p, f in seeded.items() if f.level == "warning"]
    actions.return_([scheme.submission(p) for p in wrong], actor=reviewer, why="与票据不符，核对后改正。")
    for path in seeded:
        scheme.hand_in(path, scheme.forms[path])
    with reviewer.scope.activate():
        again = {s.code: s.count for s in quality.sorts(scheme.round, scheme.nation.organ(COUNTY))}
    assert again["errors"] == again["unexplained"] == again["copied"] == again["outliers"] == 0

    # Four tiers approve; each signs its roll-up.
    for tier in (4, 3, 2, 1):
        divisions = [p for p, n in scheme.nation.nodes.items() if n.kind == "division" and n.tier == tier]
        for division in divisions:
            office = scheme.office(division)
            below = Range.subtree(division)
            with system_scope("tests").activate():
                rows = list(
                    Submission.objects.select_related("node", "round__definition").filter(
                        round=scheme.round, waiting_tier=tier, path__gte=below.lo, path__lt=below.hi
                    )
                )
            if rows:
                actions.approve(rows, actor=office)
                actions.sign_rollups([scheme.nation.organ(division)], actor=office, round=scheme.round)

    want = plainly(scheme.forms)
    nation = scheme.office("")
    with nation.scope.activate():
        sums, units = rollup.totals(scheme.round, "")
        signed = Rollup.objects.get(round=scheme.round, division=scheme.nation.organ(""))
        assert units == want["units"] == signed.counted == signed.asked
        assert (sums, units) == rollup.recount(scheme.round, "", 1)
        for code, value in want.items():
            if code != "units":
                assert sums[code] == value, code
                assert D(signed.values[code]) == value, code
        # The three tables of the scheme come to the same, whatever they are told apart by.
        for way in tables.WAYS:
            total = tables.total(tables.lines(scheme.round, scheme.nation.organ(""), way))
            assert total.units == want["units"], way
            assert {code: total.sums[code] for code in want if code != "units"} == {
                code: value for code, value in want.items() if code != "units"
            }, way
        year = figures.of_year(2026, "").whole
    assert (year.quarters, year.tce, year.water, year.people) == (1, want["tce"], want["e02_q"], want["people"])
    equal = want["tce"] + want["e01_q"] * (D("0.305") - D("0.1229")) / 1000
    assert year.tce_equal == equal
    carbon = (
        (want["e01_q"] - want["e011_q"]) * D("0.5306")
        + want["e03_q"] * 1900
        + want["e04_q"] * D("2.1622")
        + want["e05_q"] * D("0.74") * D("2.925")
        + want["e06_q"] * D("0.85") * D("3.096")
        + want["e07_q"] * D("3.101")
        + want["e08_q"] * 110
    ) / 1000
    assert year.carbon == carbon
