"""Numbers that the quarterly energy form answers for: domain dossier §5.4 to §5.7, both electricity methods.

Sums of amounts are exact. Ratios are ratios of sums; a standing amount (people, area) counts with its mean over the periods.
"""

from __future__ import annotations

from decimal import Decimal

from shuzheng.base.stats.declare import EVERYWHERE, FINE, LOWER, Indicator, Kind, Part, Target, weighted

FORM = "energy-quarterly"
SCHEME = "公共机构能源资源消费统计调查制度（2025年修订）"
PLAN = "“十四五”公共机构节约能源资源工作规划"

KINDS = [
    Kind(FORM, "e01", "电", "Electricity", "kWh", "electricity", less="e011"),
    Kind(FORM, "e02", "水", "Water", "m³"),
    Kind(FORM, "e03", "煤炭", "Coal", "t", "raw_coal"),
    Kind(FORM, "e04", "天然气", "Natural gas", "m³", "natural_gas"),
    Kind(FORM, "e05", "汽油", "Petrol", "L", "gasoline"),
    Kind(FORM, "e06", "柴油", "Diesel", "L", "diesel"),
    Kind(FORM, "e07", "液化石油气", "LPG", "kg", "lpg"),
    Kind(FORM, "e08", "热力", "Heat", "GJ", "heat"),
    Kind(FORM, "e09", "其他能源", "Other energy", "tce", "other"),
]

ALL = (*EVERYWHERE, *FINE)
AMOUNTS = Part(lambda t: t.measure == "amount")
COST = Part(lambda t: t.measure == "cost", codes=tuple(f"{k.row}_cost" for k in KINDS))
HEAT_VALUE = Part(lambda t: (t.measure == "amount") & t.tce.notnull(), weighted("tce"))
EQUAL_VALUE = Part(lambda t: (t.measure == "amount") & t.equal.notnull(), weighted("equal"))
CARBON = Part(lambda t: t.measure.isin(["amount", "part"]) & t.co2.notnull(), weighted("co2"))


def cell(code: str, *, stock: bool = False) -> Part:
    """One cell of the form, summed."""
    return Part(lambda t: t.code == code, codes=(code,), stock=stock)


TCE, VEHICLE = cell("tce"), cell("vehicle_tce")
PEOPLE, AREA = cell("people", stock=True), cell("area", stock=True)
WATER = cell("e02_q")


def _amount(kind: Kind, name: str, places: int = 0) -> Indicator:
    """The amount of one kind: from the quarter's total, or by month from the months."""
    row = kind.row
    return Indicator(
        f"energy.{name}", f"{kind.label}消费量", f"{kind.label_en} used", kind.unit, "q",
        {"q": cell(f"{row}_q")}, FORM, places, ALL, LOWER, source=SCHEME,
        fine=("m", {"m": Part(lambda t: (t.measure == "amount") & (t.kind == row))}),
    )  # fmt: skip


INDICATORS = [
    Indicator(
        "energy.consumption", "分品种消费量", "Consumption by kind", "", "m", {"m": AMOUNTS}, FORM, 0, ALL, LOWER,
        source=SCHEME, note="各品种单位不同，按种类分列。", note_en="Each kind in its own unit: ask by kind.",
    ),
    *(
        _amount(kind, name)
        for kind, name in zip(
            KINDS, ("electricity", "water", "coal", "gas", "petrol", "diesel", "lpg", "heat", "other"), strict=True
        )
    ),
    Indicator(
        "energy.solar", "光伏自发自用电量", "Own solar power used", "kWh", "q", {"q": cell("e011_q")}, FORM, 0,
        (*EVERYWHERE, "month"), source=SCHEME,
        fine=("m", {"m": Part(lambda t: (t.measure == "part") & t.code.startswith("e011_"))}),
    ),
    Indicator(
        "energy.total", "综合能耗（当量值）", "Comprehensive energy (equivalent heat)", "tce", "tce", {"tce": TCE},
        FORM, 2, ALL, LOWER, fine=("kgce / 1000", {"kgce": HEAT_VALUE}), source="GB/T 2589—2020",
        targets=[Target(2025, Decimal("189000000"), 2020, Decimal("164000000"), PLAN)],
        note="全国 2020 年基数与 2025 年目标未见采用何种电力折算口径。",
        note_en="Which electricity method the national baseline and target use was not published.",
    ),
    Indicator(
        "energy.total_equal", "综合能耗（等价值）", "Comprehensive energy (equal value)", "tce", "kgce / 1000",
        {"kgce": EQUAL_VALUE}, FORM, 2, ALL, LOWER, source="GB/T 2589—2020",
        note="电力按当年供电标准煤耗折算；同一序列不与当量值混用。",
        note_en="Electricity by the year's coal use of power supply; never mixed with equivalent heat in one series.",
    ),
    Indicator(
        "energy.per_area", "单位建筑面积能耗", "Energy per floor area", "kgce/㎡", "(tce - vehicle) * 1000 / area",
        {"tce": TCE, "vehicle": VEHICLE, "area": AREA}, FORM, 2, EVERYWHERE, LOWER, source=SCHEME,
        targets=[Target(2025, Decimal("17.56"), 2020, Decimal("18.48"), PLAN)],
        note="不含公务用车用油；建筑面积取各期平均。", note_en="Vehicle fuel left out; the mean floor area of the periods.",
    ),
    Indicator(
        "energy.per_head", "人均综合能耗", "Energy per head", "kgce/人", "tce * 1000 / people",
        {"tce": TCE, "people": PEOPLE}, FORM, 2, EVERYWHERE, LOWER, source=SCHEME,
        targets=[Target(2025, Decimal("309.79"), 2020, Decimal("329.56"), PLAN)],
    ),
    Indicator(
        "energy.water_per_head", "人均用水量", "Water per head", "m³/人", "water / people",
        {"water": WATER, "people": PEOPLE}, FORM, 2, EVERYWHERE, LOWER, source=SCHEME,
        targets=[Target(2025, Decimal("20.24"), 2020, Decimal("21.53"), PLAN)],
    ),
    Indicator(
        "energy.power_per_area", "单位建筑面积电耗", "Electricity per floor area", "kWh/㎡", "power / area",
        {"power": cell("e01_q"), "area": AREA}, FORM, 2, EVERYWHERE, LOWER, source="DB11/T 1958—2022",
    ),
    Indicator(
        "energy.cost", "能源资源费用", "Cost of energy and resources", "元", "cost", {"cost": COST}, FORM, 2,
        (*EVERYWHERE, "kind"), LOWER, source=SCHEME,
    ),
    Indicator(
        "energy.carbon", "二氧化碳排放量", "Carbon dioxide emitted", "tCO₂", "kg / 1000", {"kg": CARBON}, FORM, 2, ALL,
        LOWER, source="生态环境部、国家统计局电力排放因子公告",
        targets=[Target(2025, Decimal("400000000"), source=PLAN)],
        note="净购入电按全国平均因子，光伏自用不计；其他能源未计。",
        note_en="Bought electricity by the national average factor, own solar left out; other energy is not counted.",
    ),
    Indicator(
        "energy.carbon_per_area", "单位建筑面积碳排放", "Carbon per floor area", "kgCO₂/㎡", "kg / area",
        {"kg": CARBON, "area": AREA}, FORM, 2, EVERYWHERE, LOWER, source="生态环境部、国家统计局电力排放因子公告",
    ),
    Indicator(
        "energy.people", "用能人数", "Energy-using headcount", "人", "people", {"people": PEOPLE}, FORM, 0, EVERYWHERE,
        source=SCHEME, note="多期取平均。", note_en="The mean of several periods.",
    ),
    Indicator(
        "energy.area", "建筑面积", "Gross floor area", "㎡", "area", {"area": AREA}, FORM, 2, EVERYWHERE, source=SCHEME,
        note="多期取平均。", note_en="The mean of several periods.",
    ),
    Indicator(
        "reporting.asked", "应报机构", "Institutions asked", "家", "asked", {"asked": cell("_asked")}, FORM, 0,
        EVERYWHERE, source=SCHEME,
    ),
    Indicator(
        "reporting.complete", "报送率", "Reported", "%", "reported * 100 / asked",
        {"reported": cell("_reported"), "asked": cell("_asked")}, FORM, 1, EVERYWHERE, "higher", source=SCHEME,
    ),
    Indicator(
        "reporting.timely", "及时率", "Reported in time", "%", "timely * 100 / asked",
        {"timely": cell("_timely"), "asked": cell("_asked")}, FORM, 1, EVERYWHERE, "higher", source=SCHEME,
    ),
    Indicator(
        "reporting.approved", "审核率", "Approved", "%", "approved * 100 / asked",
        {"approved": cell("_approved"), "asked": cell("_asked")}, FORM, 1, EVERYWHERE, "higher", source=SCHEME,
    ),
]  # fmt: skip
