"""A number in time, and where it is heading.

The forecast is the plainest that respects seasons: the same season of the year before, moved on by the change between the
last two years' matching points. The band is where four of five outcomes lie if the method errs as it did in the past:
1.2816 standard deviations of its one-year errors, wider by the square root of the years ahead. With less than two
years of points there is a forecast without a band; with less than one, none.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from shuzheng.base.core.scope import Scope
from shuzheng.base.stats.asking import ask
from shuzheng.base.stats.labels import period_word
from shuzheng.base.stats.question import NOW, Point, Question, Trend
from shuzheng.kernel.periods import Period, PeriodKind

EIGHTY = Decimal("1.2816")
"""Standard deviations on either side of the mean that hold 80 % of a normal distribution."""
SEASON = {PeriodKind.MONTH: 12, PeriodKind.QUARTER: 4, PeriodKind.HALF: 2}


def trend(
    indicator: str,
    *,
    scope: Scope,
    by: str = "period",
    periods: tuple[str, str] = ("", ""),
    where: Mapping[str, tuple[str, ...]] | None = None,
    tree: str = NOW,
    ahead: int = 4,
    tier: int = 0,
) -> Trend:
    """The series of one indicator by ``period`` or ``month``, and up to ``ahead`` steps of forecast. Raises as ``ask``."""
    answer = ask(Question((indicator,), (by,), periods, where or {}, tree, tier=tier), scope=scope)
    column = answer.indicators[0]
    found = {_period(row.keys[0]): row.values[0] for row in answer.rows if row.keys[0] not in ("", "0")}
    points = [Point(str(p), period_word(str(p)), found[p]) for p in sorted(found)]
    last = max(found) if found else None
    season = SEASON.get(last.kind, 1) if last else 1
    known: dict[Period, Decimal] = {p: v for p, v in found.items() if v is not None}
    ahead = max(0, min(ahead, 3 * season))
    coming = forecast(known, season, ahead) if last else []
    return Trend(column, (*points, *coming), _method(season, known), answer.as_of)


def _period(key: str) -> Period:
    return Period.parse(f"{key[:4]}-{key[4:]}" if len(key) == 6 and key.isdigit() else key)


def _method(season: int, known: Mapping[Period, Decimal]) -> str:
    if len(known) < season:
        return _("不足一年，不作预测。")
    if len(known) < 2 * season:
        return _("取上年同期为预测值；不足两年，没有误差带。")
    return _("取上年同期加最近一年的变化为预测值，误差带按以往误差取 80%。")


def forecast(known: Mapping[Period, Decimal], season: int, ahead: int) -> list[Point]:
    """Points after the last known one. ``known`` may have gaps; a step whose season is unknown is left out."""
    if len(known) < season or ahead < 1:
        return []
    values = dict(known)
    last = max(known)
    changes = [
        value - before for period, value in known.items() if (before := known.get(_back(period, season))) is not None
    ]
    recent = [known[p] - known[_back(p, season)] for p in sorted(known)[-season:] if _back(p, season) in known]
    drift = sum(recent, Decimal(0)) / len(recent) if recent else Decimal(0)
    spread = _deviation(changes) if len(changes) >= 2 else None
    found = []
    period: Period | None = last
    for step in range(1, ahead + 1):
        period = period.shift(1) if period else None
        if period is None:
            break
        base = values.get(_back(period, season))
        if base is None:
            continue
        value = values[period] = base + drift
        years = Decimal((step - 1) // season + 1)
        band = EIGHTY * spread * years.sqrt() if spread is not None else None
        found.append(
            Point(
                str(period), period_word(str(period)), value, value - band if band is not None else None,
                value + band if band is not None else None, True,
            )
        )  # fmt: skip
    return found


def _back(period: Period, season: int) -> Period:
    return period.shift(-season) or period  # only one-off spans have no neighbours; they are no series


def _deviation(values: list[Decimal]) -> Decimal:
    mean = sum(values, Decimal(0)) / len(values)
    return (sum(((v - mean) ** 2 for v in values), Decimal(0)) / (len(values) - 1)).sqrt()
