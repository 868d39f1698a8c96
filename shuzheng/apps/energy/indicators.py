"""Numbers of the scheme's yearly tables ③ and ④; those of the quarterly table stand with it in ``base.forms``."""

from __future__ import annotations

from shuzheng.base.stats.declare import EVERYWHERE, LOWER, Indicator, Part

DATACENTRE, HEATING = "energy-datacentre", "energy-heating"
SCHEME = "公共机构能源资源消费统计调查制度（2025年修订）"


def cell(code: str) -> Part:
    """One cell of a form, summed."""
    return Part(lambda t: t.code == code, codes=(code,))


INDICATORS = [
    Indicator(
        "energy.room_power", "数据中心机房用电量", "Electricity of data centres", "kWh", "total",
        {"total": cell("total_kwh")}, DATACENTRE, 0, EVERYWHERE, LOWER, source=SCHEME,
    ),
    Indicator(
        "energy.pue", "PUE", "PUE", "", "total / it", {"total": cell("total_kwh"), "it": cell("it_kwh")},
        DATACENTRE, 2, EVERYWHERE, LOWER, source=SCHEME,
        note="机房总用电量与信息设备用电量之比；先求和后相除。",
        note_en="Electricity of the rooms over that of IT equipment; a ratio of sums.",
    ),
    Indicator(
        "energy.racks", "机柜数", "Racks", "个", "racks", {"racks": cell("racks")}, DATACENTRE, 0, EVERYWHERE,
        source=SCHEME,
    ),
    Indicator(
        "energy.heating", "采暖能耗（当量值）", "Energy for heating (equivalent heat)", "tce", "tce",
        {"tce": cell("heat_tce")}, HEATING, 2, EVERYWHERE, LOWER, source=SCHEME,
    ),
    Indicator(
        "energy.heating_intensity", "采暖能耗强度", "Heating energy per area", "kgce/㎡", "tce * 1000 / area",
        {"tce": cell("heat_tce"), "area": cell("heated_area")}, HEATING, 2, EVERYWHERE, LOWER, source="DB11/T 1958—2022",
    ),
    Indicator(
        "energy.heated_area", "采暖面积", "Heated area", "㎡", "area", {"area": cell("heated_area")}, HEATING, 2,
        EVERYWHERE, source=SCHEME,
    ),
]  # fmt: skip
