"""Numbers of official vehicles that can be asked at four tiers, compared with peers and put on a cockpit. Domain §3.7.

From the quarterly report; over several quarters standing amounts (held, quota) count with their mean, so a cost per vehicle
of a year is the year's cost over the vehicles held on average.
"""

from __future__ import annotations

from shuzheng.apps.vehicles.offers import QUARTERLY, YEARLY
from shuzheng.base.stats.declare import EVERYWHERE, HIGHER, LOWER, NEITHER, Indicator, Part

RULES = "《党政机关公务用车管理办法》（中办发〔2017〕71号）第二十三条"


def cell(code: str, *, stock: bool = False) -> Part:
    """One cell of a form, summed."""
    return Part(lambda t: t.code == code, codes=(code,), stock=stock)


def _indicator(
    name: str, label: str, label_en: str, unit: str, formula: str, parts: dict[str, Part], places: int, direction: str,
    *, form: str = QUARTERLY, note: str = "", note_en: str = "",
) -> Indicator:  # fmt: skip
    return Indicator(
        f"vehicles.{name}", label, label_en, unit, formula, parts, form, places, EVERYWHERE, direction, source=RULES, note=note,
        note_en=note_en,
    )  # fmt: skip


HELD, QUOTA, NEV = cell("held", stock=True), cell("quota", stock=True), cell("nev", stock=True)
RUNNING, KM = cell("running"), cell("km")

INDICATORS = [
    _indicator("held", "公务用车实有数", "Official vehicles held", "辆", "held", {"held": HELD}, 0, NEITHER),
    _indicator("quota", "公务用车编制数", "Vehicle quota", "辆", "quota", {"quota": QUOTA}, 0, NEITHER),
    _indicator("over", "超编车辆", "Vehicles over quota", "辆", "over", {"over": cell("over", stock=True)}, 0, LOWER),
    _indicator(
        "new_energy_share", "新能源汽车占比", "Share of new energy vehicles", "%", "nev * 100 / held", {"nev": NEV, "held": HELD},
        1, HIGHER,
    ),
    _indicator(
        "cost_per_vehicle", "单车运行费", "Running cost a vehicle", "元", "running / held", {"running": RUNNING, "held": HELD}, 0,
        LOWER, note="期内运行维护费除以平均实有数。", note_en="Running costs of the time over the vehicles held on average.",
    ),
    _indicator(
        "cost_per_km", "每公里运行费", "Running cost a kilometre", "元/km", "running / km", {"running": RUNNING, "km": KM}, 2, LOWER
    ),
    _indicator(
        "fuel_per_100km", "百公里油耗", "Fuel in 100 km", "L", "litres * 100 / km",
        {"litres": cell("litres"), "km": cell("fuel_km")}, 1, LOWER,
    ),
    _indicator(
        "utilisation", "出车率", "Utilisation", "%", "out * 100 / able", {"out": cell("out_days"), "able": cell("able_days")}, 1,
        HIGHER, note="出车车日除以可用车日。", note_en="Vehicle days on the road over vehicle days available.",
    ),
    _indicator(
        "warnings", "用车预警数", "Warnings", "条", "warnings", {"warnings": cell("warnings")}, 0, LOWER,
        note="黄色和红色。", note_en="Amber and red.",
    ),
    _indicator(
        "handling_rate", "预警处置率", "Warnings decided", "%", "handled * 100 / warnings",
        {"handled": cell("handled"), "warnings": cell("warnings")}, 1, HIGHER,
    ),
    _indicator(
        "coverage", "平台纳管率", "Vehicles on the platform", "%", "platform * 100 / held",
        {"platform": cell("platform", stock=True), "held": HELD}, 1, HIGHER,
    ),
    _indicator(
        "bought_cost", "公务用车购置费", "Vehicle purchases", "元", "paid", {"paid": cell("all_paid")}, 0, LOWER, form=YEARLY,
        note="三公经费 31013。", note_en="Line 31013 of the three public expenses.",
    ),
]  # fmt: skip
