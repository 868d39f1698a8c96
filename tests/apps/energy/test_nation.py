"""The nation's generator: shaped to the published totals, the same every time, with as many faults as it says."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest

from shuzheng.ops.demo import energy_nation as nation

pytestmark = pytest.mark.slow

SIZE = 31_720
D = Decimal


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("nation")
    assert nation.write(place, SIZE) == SIZE * 12 * 8
    nation.write(place / "right", SIZE, faulty=False)
    return place


def ask(text: str, folder):
    return duckdb.execute(text.format(f=f"'{folder}/facts.parquet'", i=f"'{folder}/institutions.parquet'")).fetchall()


def near(value, want, share="0.002") -> bool:
    return abs(D(value) - want) <= want * D(share)


def test_totals_are_those_published_for_2020(folder):
    sums = dict(ask("SELECT kind, sum(value) FROM {f} GROUP BY 1", folder / "right"))
    for row in nation.ROWS:
        assert near(sums[row], nation.total_of(row, SIZE)), row
    tce = sum(sums[row] * D(factor) for row, factor in nation.FACTORS.items()) / 1000
    share = D(SIZE) / nation.INSTITUTIONS
    assert near(tce, D("164000000") * share)
    assert near(sums["e02"], D("10697000000") * share)
    [[area, people]] = ask("SELECT sum(area), sum(people) FROM {i}", folder)
    vehicles = sum(sums[row] * D(nation.FACTORS[row]) for row in nation.VEHICLES) / 1000
    assert near((tce - vehicles) * 1000 / area, D("18.48"))
    assert near(tce * 1000 / people, D("329.56"), "0.005")  # people are whole
    assert near(sums["e02"] / people, D("21.53"), "0.005")


def test_it_is_the_same_every_time(folder, tmp_path):
    nation.write(tmp_path, SIZE)
    text = "SELECT sum(hash(institution, kind, month, value)) FROM {f}"
    assert ask(text, folder) == ask(text, tmp_path)


def test_every_seeded_fault_is_there_and_plain_rules_find_it(folder):
    """Each against the institution's own other months of the same kind: the rule that a checker would write."""
    text = """
        WITH others AS (
            SELECT *, median(value) OVER (PARTITION BY institution, kind) AS middle FROM {f}
        )
        SELECT CASE WHEN value < 0 THEN 'negative' WHEN value = 0 AND kind = 'e01' THEN 'nothing_used'
                    WHEN value > 50 * middle THEN 'hundredfold' ELSE 'tenfold' END, count(*)
        FROM others
        WHERE value < 0 OR (value = 0 AND kind = 'e01') OR (middle > 0 AND value > 6 * middle)
        GROUP BY 1
    """
    assert dict(ask(text, folder)) == nation.seeded(SIZE)
    assert nation.seeded()["tenfold"] == 100
