"""2020 baselines, 2025 targets and quotas, from the rules of the standards: nothing of it stands in code. Domain §5.5, §5.6."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from shuzheng.apps.energy.figures import Year
from shuzheng.base.standards.book import Book

PLAN = date(2025, 12, 31)
"""Targets and baselines are those of the plan that ended then; the next plan's are entered as rules of its years."""


@dataclass(frozen=True)
class Aim:
    """An indicator with its 2020 baseline and its target; ``is_total`` ones are caps on the whole nation's amount."""

    key: str
    label: str
    unit: str
    places: int
    value: Callable[[Year], Decimal | None]
    is_total: bool = False


AIMS = (
    Aim("energy_per_area", _("单位建筑面积能耗"), "kgce/㎡", 2, lambda y: y.per_area()),  # type: ignore[arg-type]
    Aim("energy_per_head", _("人均综合能耗"), "kgce/人", 2, lambda y: y.per_head()),  # type: ignore[arg-type]
    Aim("water_per_head", _("人均用水量"), "m³/人", 2, lambda y: y.water_per_head),  # type: ignore[arg-type]
    Aim("carbon_per_area", _("单位建筑面积碳排放"), "kgCO₂/㎡", 2, lambda y: y.carbon_per_area),  # type: ignore[arg-type]
    Aim("energy_total", _("能源消费总量"), "tce", 0, lambda y: y.yearly(y.tce), True),  # type: ignore[arg-type]
    Aim("water_total", _("用水总量"), "m³", 0, lambda y: y.yearly(y.water), True),  # type: ignore[arg-type]
    Aim("carbon_total", _("二氧化碳排放总量"), "tCO₂", 0, lambda y: y.yearly(y.carbon), True),  # type: ignore[arg-type]
)


@dataclass(frozen=True)
class Progress:
    """How far an indicator is. ``done`` is the share of the way from baseline to target, in per cent (above 100: beyond)."""

    aim: Aim
    value: Decimal | None
    base: Decimal | None
    target: Decimal | None
    cut: Decimal | None
    """The fall asked for, in per cent of the baseline."""
    fell: Decimal | None
    """The fall so far, in per cent: (基期 − 报告期) / 基期."""
    done: Decimal | None

    @property
    def is_met(self) -> bool | None:
        return None if self.value is None or self.target is None else self.value <= self.target


def target_of(base: Decimal, cut: Decimal) -> Decimal:
    """``base`` less ``cut`` per cent: 18.48 less 5 per cent is 17.556."""
    return base * (100 - cut) / 100


def progress(aim: Aim, year: Year, path: str, book: Book, on: date = PLAN) -> Progress:
    """Where the year stands against baseline and target; a region's own rules go before the nation's."""
    value = aim.value(year) if year.quarters else None

    def rule(code: str) -> Decimal | None:
        found = book.rule(code, on, path, aim.key, 0)
        return found.value if found else None

    base, cut = rule("TARGET-BASE-2020"), rule("TARGET-CUT-2025")
    if aim.is_total:
        target = rule("TARGET-2025")
    else:
        target = target_of(base, cut) if base is not None and cut is not None else None
    fell = (base - value) * 100 / base if base and value is not None else None
    way = base - target if base is not None and target is not None else None
    done = (base - value) * 100 / way if base is not None and way and way > 0 and value is not None else None
    return Progress(aim, value, base, target, cut, fell, done)


@dataclass(frozen=True)
class Quota:
    """Three values, the smaller the better: 约束值 ≥ 基准值 ≥ 引导值."""

    constraint: Decimal
    benchmark: Decimal
    guide: Decimal

    def standing(self, value: Decimal) -> str:
        """``over`` above the constraint (a reason in writing is due, 条例 Art. 17), ``warn``, ``ok``, or ``best``."""
        if value > self.constraint:
            return "over"
        if value > self.benchmark:
            return "warn"
        return "ok" if value > self.guide else "best"


def quota(key: str, on: date, path: str, tier: int, book: Book) -> Quota | None:
    """The quota of an indicator (``per_head``, ``per_area``) at a place and tier; None where one of its values is missing."""
    found = [book.rule(f"QUOTA-{part}", on, path, key, tier) for part in ("CONSTRAINT", "BENCHMARK", "GUIDE")]
    if any(rule is None for rule in found):
        return None
    return Quota(*(rule.value for rule in found if rule is not None))
