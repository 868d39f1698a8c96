"""The dossier's vectors for energy and statistics (§13), and figures of §5.6 that follow from them.

Those of office space, vehicles, assets, receptions and document numbers stand with the apps that need them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuzheng.apps.energy import figures, targets
from shuzheng.apps.energy.figures import Year
from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import resolve, working_days
from shuzheng.kernel.periods import Period
from shuzheng.kernel.uscc import is_valid
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2022, 12, 31)


@pytest.fixture(autouse=True)
def _in_scope(standards):  # noqa: F811
    with system_scope("tests").activate():
        yield


def _tce(amount: int, unit: str, energy: str) -> Decimal:
    found = resolve.convert(D(amount), unit, energy, on=DAY)
    assert found.unit == "tce" and found.versions, "a result names the factors it used"
    return found.value


def _due(code: str, start: date) -> date:
    return working_days.due(code, start).day


def _carbon(year: int, **amounts: int) -> Decimal:
    """Tonnes of carbon of amounts in a year's last quarter."""
    of = figures.rates(Period.quarter(year, 4), "", resolve.current())
    return figures.kilograms_of_carbon({code: D(n) for code, n in amounts.items()}, of) / 1000


VECTORS = {
    "USCC: the example of the standard": (lambda: is_valid("91350100M000100Y43"), True),
    "USCC: 9131000013221158XC": (lambda: is_valid("9131000013221158XC"), True),
    "USCC: 11100000000013127D": (lambda: is_valid("11100000000013127D"), True),
    "USCC: fictitious 11990000000000019A": (lambda: is_valid("11990000000000019A"), True),
    "USCC: fictitious 129900000000000272": (lambda: is_valid("129900000000000272"), True),
    "USCC: 911100001000015497 is invalid": (lambda: is_valid("911100001000015497"), False),
    "tce (当量): 10,000 kWh": (lambda: _tce(10_000, "kWh", "electricity"), D("1.229")),
    "tce (当量): 1,000 m³ gas": (lambda: _tce(1_000, "m³", "natural_gas"), D("1.33")),
    "tce (当量): 1 t 汽油": (lambda: _tce(1, "t", "gasoline"), D("1.4714")),
    "tce (当量): 100 GJ": (lambda: _tce(100, "GJ", "heat"), D("3.412")),
    "per-area target": (lambda: targets.target_of(D("18.48"), D(5)), D("17.556")),
    "carbon: 10,000 kWh × 0.5366": (lambda: _carbon(2022, e01_q=10_000), D("5.366")),
    "second office vacate: 免兼": (lambda: _due("VACATE-SECOND-OFFICE", date(2025, 3, 10)), date(2025, 5, 10)),
    "second office vacate: 退休": (lambda: _due("VACATE-AFTER-LEAVING", date(2025, 3, 10)), date(2025, 4, 10)),
    "energy annual report: FY2025": (lambda: _due("ENERGY-ANNUAL-REPORT", date(2025, 12, 31)), date(2026, 3, 31)),
}
"""By the titles of the dossier's table, those that belong to standards, calendar and the energy scheme."""


@pytest.mark.parametrize("title", VECTORS)
def test_vector_of_the_dossier(title):
    compute, expected = VECTORS[title]
    assert compute() == expected


def test_own_solar_power_is_not_bought():
    assert _carbon(2022, e01_q=10_000, e011_q=4_000) == D("3.2196")


@pytest.mark.parametrize(("year", "factor"), [(2021, "0.5568"), (2022, "0.5366"), (2023, "0.5306")])
def test_a_past_year_keeps_its_factor(year, factor):
    assert figures.rates(Period.quarter(year, 4), "", resolve.current()).carbon["e01_q"] == D(factor)


def test_target_per_area_is_the_baseline_less_five_per_cent():
    book = resolve.current()
    found = {aim.key: targets.progress(aim, Year(), "", book) for aim in targets.AIMS}
    assert found["energy_per_area"].target == D("17.556")
    assert found["energy_per_head"].target == D("309.7864")  # ≈309.79
    assert found["water_per_head"].target == D("20.2382")  # ≈20.24
    assert found["energy_total"].target == 189_000_000
    assert found["water_total"].target == 12_400_000_000
    assert found["carbon_total"].target == 400_000_000
    assert found["carbon_per_area"].cut == 7 and found["carbon_per_area"].target is None  # no baseline was published


def test_progress_is_the_share_of_the_way_from_baseline_to_target():
    year = Year(quarters=4, tce=D("18.018"), area_sum=D(4000), people_sum=D(400))
    [per_area] = [targets.progress(a, year, "", resolve.current()) for a in targets.AIMS if a.key == "energy_per_area"]
    assert per_area.value == D("18.018")  # kgce/㎡: 18.018 tce on 1,000 ㎡
    assert per_area.fell == D("2.5") and per_area.done == 50 and per_area.is_met is False


def test_vehicle_fuel_is_left_out_of_energy_per_area_only():
    year = Year(quarters=4, tce=D(20), vehicle=D(2), area_sum=D(4000), people_sum=D(400))
    assert (year.per_area(), year.per_head()) == (D(18), D(200))


def test_fewer_quarters_are_scaled_to_a_year():
    half = Year(quarters=2, tce=D(10), area_sum=D(2000), people_sum=D(200))
    assert (half.per_area(), half.per_head(), half.is_whole) == (D(20), D(200), False)
    assert Year().per_area() is None


@pytest.mark.parametrize(
    ("value", "standing"),
    [("500", "over"), ("494.34", "warn"), ("329.57", "warn"), ("329.56", "ok"), ("309.80", "ok"), ("309.79", "best")],
)
def test_quota_has_four_standings(value, standing):
    quota = targets.quota("per_head", date(2025, 12, 31), "", 4, resolve.current())
    assert quota.standing(D(value)) == standing
