"""From an answer to what is drawn: pivot, ranking, tiles, distribution, peers, charts. Plain values, no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shuzheng.base.portal.formats import in_language
from shuzheng.base.stats.question import Answer, Column, Row, Trend

TILES = {
    "23": (1, 8), "65": (2, 1), "15": (2, 5), "11": (2, 6), "21": (2, 7), "22": (2, 8),
    "66": (3, 1), "62": (3, 2), "64": (3, 3), "14": (3, 4), "13": (3, 5), "12": (3, 6), "37": (3, 7),
    "54": (4, 1), "63": (4, 2), "61": (4, 3), "41": (4, 4), "34": (4, 5), "32": (4, 6), "31": (4, 7),
    "51": (5, 2), "50": (5, 3), "42": (5, 4), "36": (5, 5), "33": (5, 6),
    "53": (6, 2), "52": (6, 3), "43": (6, 4), "44": (6, 5), "35": (6, 6), "71": (6, 7),
    "45": (7, 3), "82": (7, 4), "81": (7, 5), "46": (8, 3),
}  # fmt: skip
"""Row and column of each province-level division in its compass place, by the first two digits of its code."""
UNCOUNTED = {"71": "台湾", "81": "香港", "82": "澳门"}
"""On the map, and outside these statistics."""
STEPS = 5
BINS = 12


def word(column: Column) -> str:
    """A column's name in the reader's language."""
    return in_language(column.label, column.label_en)


@dataclass(frozen=True)
class Value:
    """A number in a table: where it stands (keys by dimension) leads to what it is made of."""

    number: Decimal | None
    places: int
    keys: tuple[tuple[str, str], ...]
    indicator: str
    suppressed: bool = False


@dataclass(frozen=True)
class Line:
    """A row of a table: its labels, its numbers."""

    labels: tuple[str, ...]
    keys: tuple[str, ...]
    values: tuple[Value | None, ...]


@dataclass(frozen=True)
class Head:
    """A column of numbers: the value of the dimension across, and the indicator."""

    text: str
    unit: str
    indicator: str
    across: str = ""


@dataclass(frozen=True)
class Pivot:
    """A table of two directions."""

    dimensions: tuple[str, ...]
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    total: Line | None


def _values(answer: Answer, row: Row, skip: int | None = None) -> tuple[Value, ...]:
    names = [c.name for c in answer.dimensions]
    keys = tuple((n, k) for n, k in zip(names, row.keys, strict=True) if k != "" or row is not answer.total)
    if row is answer.total:
        keys = ()
    return tuple(
        Value(v, c.places, keys, c.name, row.suppressed) for c, v in zip(answer.indicators, row.values, strict=True)
    )


def pivot(answer: Answer, across: str = "") -> Pivot:
    """Rows by the dimensions, columns by ``across`` and indicator, in the order in which they come."""
    names = [c.name for c in answer.dimensions]
    indicators = answer.indicators
    if across not in names:
        heads = tuple(Head(word(c), c.unit, c.name) for c in indicators)
        lines = tuple(Line(r.labels, r.keys, _values(answer, r)) for r in answer.rows)
        total = answer.total
        foot = Line(total.labels, (), _values(answer, total)) if total and len(answer.rows) > 1 and names else None
        if not names and answer.rows:
            lines = (Line((), (), _values(answer, answer.rows[0])),)
        return Pivot(tuple(word(c) for c in answer.dimensions), heads, lines, foot)
    at = names.index(across)
    columns = {r.keys[at]: r.labels[at] for r in sorted(answer.rows, key=lambda r: r.keys[at])}
    grouped: dict[tuple[str, ...], tuple[tuple[str, ...], dict[str, tuple[Value, ...]]]] = {}
    for row in answer.rows:
        key = row.keys[:at] + row.keys[at + 1 :]
        labels = row.labels[:at] + row.labels[at + 1 :]
        grouped.setdefault(key, (labels, {}))[1][row.keys[at]] = _values(answer, row)
    many = len(indicators) > 1
    heads = tuple(
        Head(f"{label} · {word(c)}" if many else label, c.unit, c.name, key)
        for key, label in columns.items()
        for c in indicators
    )
    none = (None,) * len(indicators)
    lines = tuple(
        Line(labels, key, tuple(v for column in columns for v in found.get(column, none)))
        for key, (labels, found) in grouped.items()
    )
    dimensions = tuple(word(c) for i, c in enumerate(answer.dimensions) if i != at)
    return Pivot(dimensions, heads, lines, None)


def known(answer: Answer, at: int = 0) -> list[tuple[Row, Decimal]]:
    """Rows with a number of the indicator at ``at``, and the number."""
    return [(r, v) for r in answer.rows if (v := r.values[at]) is not None]


def chart(answer: Answer, across: str = "", most: int = 24) -> dict[str, Any]:
    """Data for ``sz-chart``: one point a row, one series a column. At most ``most`` points are drawn."""
    table = pivot(answer, across)
    lines = table.lines[:most]
    return {
        "x": [" · ".join(line.labels) or "—" for line in lines],
        "unit": table.heads[0].unit if len({h.unit for h in table.heads}) == 1 else "",
        "series": [
            {"name": head.text, "data": [_plain(line.values[i]) for line in lines]}
            for i, head in enumerate(table.heads[:7])
        ],
    }


def _plain(value: Value | None) -> float | None:
    if value is None or value.number is None:
        return None
    return float(round(value.number, value.places))


def trend_chart(trend: Trend, band: str, forecast: str) -> dict[str, Any]:
    """A series, its forecast dashed, the band behind it. The forecast begins at the last known point."""
    places = trend.column.places
    points = trend.points
    first = next((i for i, p in enumerate(points) if p.is_forecast), len(points))

    def number(value: Decimal | None) -> float | None:
        return None if value is None else float(round(value, places))

    ahead = [number(p.value) if i >= first - 1 else None for i, p in enumerate(points)]
    data: dict[str, Any] = {
        "x": [p.label for p in points],
        "unit": trend.column.unit,
        "series": [{"name": word(trend.column), "data": [None if p.is_forecast else number(p.value) for p in points]}],
    }
    if first < len(points):
        data["series"].append({"name": forecast, "data": ahead, "dash": True, "grey": True})
    if any(p.low is not None for p in points):
        # before the forecast the band is as thin as the line
        data["low"] = [number(p.low if p.low is not None else p.value) or 0 for p in points]
        data["high"] = [number(p.high if p.high is not None else p.value) or 0 for p in points]
        data["bandName"] = band
    return data


@dataclass(frozen=True)
class Ranked:
    """A place in a ranking: ``share`` of the greatest in percent, ``against`` the middle in percent."""

    rank: int
    row: Row
    label: str
    value: Decimal
    share: str
    against: Decimal | None
    tone: str


def ranking(answer: Answer) -> tuple[list[Ranked], Decimal | None]:
    """Rows by the first indicator, the worse first where one way is better; and their median."""
    rows = known(answer)
    if not rows:
        return [], None
    better_low = answer.indicators[0].direction != "higher"
    rows.sort(key=lambda item: (item[1], item[0].keys), reverse=better_low)
    middle = quantile(sorted(v for _r, v in rows), Decimal("0.5"))
    top = max(abs(v) for _r, v in rows) or Decimal(1)
    fence = fences([v for _r, v in rows])
    found = []
    for rank, (row, value) in enumerate(rows, 1):
        against = (value - middle) * 100 / abs(middle) if middle else None
        outside = fence is not None and (value > fence[1] if better_low else value < fence[0])
        tone = "warn" if outside and answer.indicators[0].direction else ""
        share = f"{abs(value) * 100 / top:.2f}%"
        found.append(Ranked(rank, row, " · ".join(row.labels), value, share, against, tone))
    return found, middle


def quantile(values: Sequence[Decimal], at: Decimal) -> Decimal:
    """Of sorted values, by linear interpolation between neighbours (type 7, as spreadsheets do)."""
    place = at * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def fences(values: Sequence[Decimal]) -> tuple[Decimal, Decimal] | None:
    """Tukey's: one and a half times the middle half beyond it. None for fewer than five values."""
    if len(values) < 5:
        return None
    found = sorted(values)
    low, high = quantile(found, Decimal("0.25")), quantile(found, Decimal("0.75"))
    reach = (high - low) * Decimal("1.5")
    return low - reach, high + reach


@dataclass(frozen=True)
class Spread:
    """How values lie: the usual points, and how many stand in each of equal steps."""

    count: int
    least: Decimal
    p10: Decimal
    p25: Decimal
    median: Decimal
    p75: Decimal
    p90: Decimal
    most: Decimal
    mean: Decimal
    bins: tuple[tuple[Decimal, Decimal, int], ...]


def spread(values: Sequence[Decimal], bins: int = BINS) -> Spread | None:
    """The distribution of values; None of none. Equal values make one step."""
    if not values:
        return None
    found = sorted(values)
    low, high = found[0], found[-1]
    count = min(bins, len(set(found)))
    width = (high - low) / count if high > low else Decimal(0)
    counts = [0] * count
    for value in found:
        counts[min(int((value - low) / width), count - 1) if width else 0] += 1
    steps = tuple((low + width * i, low + width * (i + 1), n) for i, n in enumerate(counts))
    points = [quantile(found, Decimal(p)) for p in ("0.1", "0.25", "0.5", "0.75", "0.9")]
    return Spread(
        len(found), low, points[0], points[1], points[2], points[3], points[4], high,
        sum(found, Decimal(0)) / len(found), steps,
    )  # fmt: skip


@dataclass(frozen=True)
class Tile:
    """An equal tile: shade 1 (pale) to 5 (deep), 0 without a number; place by row and column, 0 to follow the one before."""

    key: str
    label: str
    value: Decimal | None
    shade: int
    row: int = 0
    column: int = 0
    keys: tuple[tuple[str, str], ...] = ()


def tiles(answer: Answer, names: Sequence[str] = ()) -> list[Tile]:
    """A tile for each division of the first dimension. Provinces stand in their compass places, others in order."""
    dimension = answer.dimensions[0].name if answer.dimensions else ""
    numbers = sorted(v for _r, v in known(answer))
    found = []
    for row in answer.rows:
        value = row.values[0]
        at = TILES.get(row.keys[0][:2], (0, 0)) if dimension == "province" else (0, 0)
        shade = 0 if value is None else shade_of(numbers, value)
        found.append(Tile(row.keys[0], row.labels[0], value, shade, *at, keys=((dimension, row.keys[0]),)))
    if dimension == "province" and len(found) > 1:
        here = {t.key[:2] for t in found}
        found += [Tile(k, v, None, 0, *TILES[k]) for k, v in UNCOUNTED.items() if k not in here]
    return found


def shade_of(numbers: Sequence[Decimal], value: Decimal) -> int:
    """Which fifth of the sorted numbers a value falls in, 1 to 5."""
    below = sum(1 for n in numbers if n < value)
    return min(STEPS, 1 + below * STEPS // len(numbers))
