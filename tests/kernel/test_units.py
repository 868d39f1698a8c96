"""Units convert exactly within a dimension and never between."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuzheng.kernel.rounding import round_half_up
from shuzheng.kernel.units import DEFAULT_UNITS, UNITS, UnitError, Units, from_mapping


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        ("1", "MWh", "kWh", "1000"),
        ("12000", "度", "万kWh", "1.2"),
        ("1", "kWh", "MJ", "3.6"),
        ("100", "GJ", "MJ", "100000"),
        ("1.4714", "tce", "kgce", "1471.4"),
        ("250", "L", "立方米", "0.25"),
        ("1", "t", "公斤", "1000"),
        ("128000", "元", "万元", "12.8"),
        ("18.48", "kgce/㎡", "tce/万㎡", "184.8"),
        ("5", "%", "1", "0.05"),
        ("30", "元/人", "万元/人", "0.003"),
    ],
)
def test_convert_is_exact(value, source, target, expected):
    assert UNITS.convert(Decimal(value), source, target) == Decimal(expected)


@pytest.mark.parametrize(
    ("source", "target"), [("kWh", "tce"), ("L", "kg"), ("㎡", "人"), ("元", "元/人"), ("个", "台")]
)
def test_convert_refuses_unlike_dimensions(source, target):
    with pytest.raises(UnitError, match="不是同一类"):
        UNITS.convert(Decimal(1), source, target)


@pytest.mark.parametrize("code", ["", "斗", "kWh/", "/人", "kWh/斗"])
def test_unknown_unit_is_named(code):
    with pytest.raises(UnitError, match="没有登记"):
        UNITS.get(code)


def test_quantities_compose():
    electricity = UNITS.quantity(10_000, "kWh")
    coal = electricity * UNITS.quantity(Decimal("0.1229"), "kgce/kWh")
    assert coal.to("tce").value == Decimal("1.229")
    assert (coal / UNITS.quantity(100, "㎡")).to("kgce/㎡").value == Decimal("12.29")
    assert (UNITS.quantity(1, "万元") + UNITS.quantity(500, "元")).value == Decimal("1.05")
    assert (UNITS.quantity(1, "万元") - UNITS.quantity(500, "元")).to("元").value == Decimal(9500)
    assert str((electricity / 3).rounded(2)) == "3333.33 kWh"
    with pytest.raises(UnitError):
        electricity + coal


def test_table_is_data_and_refuses_doubles():
    own = from_mapping(
        [{"code": "斤", "name_zh": "市斤", "name_en": "jin", "dimension": "mass", "factor": "0.5"},
         {"code": "kg", "name_zh": "千克", "name_en": "kilogram", "dimension": "mass", "factor": "1", "aliases": "公斤"}]
    )  # fmt: skip
    assert own.convert(Decimal(3), "斤", "公斤") == Decimal("1.5")
    with pytest.raises(UnitError, match="重复"):
        Units([*DEFAULT_UNITS, DEFAULT_UNITS[0]])


@given(
    st.decimals(-(10**9), 10**9, places=4), st.sampled_from([("kWh", "GJ"), ("L", "万m³"), ("元", "亿元"), ("g", "t")])
)
def test_convert_there_and_back_changes_nothing(value, pair):
    there = UNITS.convert(value, *pair)
    back = UNITS.convert(there, *reversed(pair))
    assert round_half_up(back, 20) == value


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("2.5", 0, "3"),
        ("-2.5", 0, "-3"),
        ("1.005", 2, "1.01"),
        ("1.5", 2, "1.50"),
        ("1250", -2, "1300"),
        ("-0.4", 0, "0"),
    ],
)
def test_round_half_up_goes_away_from_zero(value, places, expected):
    assert str(round_half_up(Decimal(value), places)) == expected
