"""The dossier's vectors for energy and statistics (§13), and figures of §5.6 that follow from them.

Those of credit codes stand in tests/kernel/test_uscc.py; of sums and depreciation with the apps that need them.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from shuzheng.apps.energy import figures, targets
from shuzheng.apps.energy.figures import Year
from shuzheng.base.core.scope import system_scope
from shuzheng.base.standards import resolve, working_days
from shuzheng.base.standards.resolve import Method
from shuzheng.kernel.periods import Period
from tests.forms.conftest import standards  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2022, 12, 31)


@pytest.fixture(autouse=True)
def _in_scope(standards):  # noqa: F811
    with system_scope("tests").activate():
        yield


@pytest.mark.parametrize(
    ("amount", "unit", "energy", "tce"),
    [
        (10_000, "kWh", "electricity", "1.229"),
        (1_000, "m³", "natural_gas", "1.33"),
        (1, "t", "gasoline", "1.4714"),
        (100, "GJ", "heat", "3.412"),
    ],
)
def test_standard_coal_by_equivalent_heat(amount, unit, energy, tce):
    found = resolve.convert(D(amount), unit, energy, on=DAY)
    assert (found.value, found.unit) == (D(tce), "tce")
    assert found.versions, "a result names the factors it used"


def test_carbon_of_bought_electricity_by_the_factor_of_2022():
    factor = resolve.factor("electricity", Method.NATIONAL_AVERAGE, on=DAY, to_unit="kgCO2").value
    assert factor == D("0.5366")
    of = figures.rates(Period.parse("2022Q4"), "", resolve.current())
    assert figures.kilograms_of_carbon({"e01_q": D(10_000)}, of) / 1000 == D("5.366")


def test_own_solar_power_is_not_bought():
    of = figures.rates(Period.parse("2022Q4"), "", resolve.current())
    assert figures.kilograms_of_carbon({"e01_q": D(10_000), "e011_q": D(4_000)}, of) / 1000 == D("3.2196")


@pytest.mark.parametrize(("year", "factor"), [(2021, "0.5568"), (2022, "0.5366"), (2023, "0.5306")])
def test_a_past_year_keeps_its_factor(year, factor):
    assert figures.rates(Period.quarter(year, 4), "", resolve.current()).carbon["e01_q"] == D(factor)


def test_target_per_area_is_the_baseline_less_five_per_cent():
    assert targets.target_of(D("18.48"), D(5)) == D("17.556")
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


def test_annual_report_of_2025_is_due_on_the_last_of_march():
    assert working_days.due("ENERGY-ANNUAL-REPORT", date(2025, 12, 31)).day == date(2026, 3, 31)


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
