"""Units of measure and exact conversion between units of one dimension.

Conversions between dimensions (kWh to standard coal, litres of petrol to kilograms) depend on dated factors and are
data of the standards; here they are refused. Standard coal is therefore a dimension of its own although it is an energy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shuzheng.kernel.rounding import WIDE, round_half_up
from shuzheng.kernel.words import gettext

Dimensions = tuple[tuple[str, int], ...]


class UnitError(ValueError):
    """An unknown unit, or a conversion between unlike dimensions. The text is for users."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `factor` is how many base units of its dimension one of it is (exact), `dimensions` are sorted powers."""

    code: str
    name_zh: str
    name_en: str
    dimensions: Dimensions
    factor: Decimal

    def __str__(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A row of the table of units. `dimension` is a plain name; `factor` counts base units of that dimension."""

    code: str
    name_zh: str
    name_en: str
    dimension: str
    factor: Decimal
    aliases: tuple[str, ...] = ()


def _row(code: str, zh: str, en: str, dimension: str, factor: str, *aliases: str) -> UnitRow:
    return UnitRow(code, zh, en, dimension, Decimal(factor), aliases)


DEFAULT_UNITS: tuple[UnitRow, ...] = (
    _row("kJ", "千焦", "kilojoule", "energy", "0.001"),
    _row("MJ", "兆焦", "megajoule", "energy", "1"),
    _row("GJ", "吉焦", "gigajoule", "energy", "1000", "百万千焦"),
    _row("kWh", "千瓦时", "kilowatt-hour", "energy", "3.6", "度", "kW·h"),
    _row("MWh", "兆瓦时", "megawatt-hour", "energy", "3600"),
    _row("万kWh", "万千瓦时", "10,000 kWh", "energy", "36000", "万度"),
    _row("kgce", "千克标准煤", "kilogram of standard coal", "standard coal", "1"),
    _row("tce", "吨标准煤", "tonne of standard coal", "standard coal", "1000"),
    _row("kgCO2", "千克二氧化碳", "kilogram of CO₂", "carbon dioxide", "1", "kgCO₂"),
    _row("tCO2", "吨二氧化碳", "tonne of CO₂", "carbon dioxide", "1000", "tCO₂"),
    _row("kW", "千瓦", "kilowatt", "power", "1"),
    _row("MW", "兆瓦", "megawatt", "power", "1000"),
    _row("g", "克", "gram", "mass", "0.001"),
    _row("kg", "千克", "kilogram", "mass", "1", "公斤"),
    _row("t", "吨", "tonne", "mass", "1000"),
    _row("万t", "万吨", "10,000 tonnes", "mass", "10000000"),
    _row("L", "升", "litre", "volume", "0.001", "l"),
    _row("m³", "立方米", "cubic metre", "volume", "1", "m3", "㎥", "方"),
    _row("万m³", "万立方米", "10,000 cubic metres", "volume", "10000", "万m3"),
    _row("m", "米", "metre", "length", "1"),
    _row("km", "千米", "kilometre", "length", "1000", "公里"),
    _row("㎡", "平方米", "square metre", "area", "1", "m²", "m2", "平米"),
    _row("万㎡", "万平方米", "10,000 square metres", "area", "10000", "万m²", "万m2"),
    _row("hm²", "公顷", "hectare", "area", "10000", "ha"),
    _row("人", "人", "person", "person", "1"),
    _row("辆", "辆", "vehicle", "vehicle", "1"),
    _row("台", "台", "set", "set", "1"),
    _row("件", "件", "piece", "piece", "1"),
    _row("个", "个", "item", "item", "1"),
    _row("户", "户", "unit", "body", "1", "家"),
    _row("次", "次", "time", "occasion", "1"),
    _row("元", "元", "yuan", "money", "1"),
    _row("万元", "万元", "10,000 yuan", "money", "10000"),
    _row("亿元", "亿元", "100 million yuan", "money", "100000000"),
    _row("min", "分钟", "minute", "time", "60"),
    _row("h", "小时", "hour", "time", "3600"),
    _row("d", "日", "day", "time", "86400", "天"),
    _row("a", "年", "year", "year", "1"),
    _row("℃", "摄氏度", "degree Celsius", "temperature", "1"),
    _row("1", "无量纲", "ratio", "", "1"),
    _row("%", "百分比", "per cent", "", "0.01"),
    _row("‰", "千分比", "per mille", "", "0.001"),
)


class Units:
    """A table of units, from data. Composed codes (`kgce/㎡`, `元/人`, `kWh/㎡/a`) are understood without a row."""

    def __init__(self, rows: Iterable[UnitRow] = DEFAULT_UNITS) -> None:
        self._units: dict[str, Unit] = {}
        self._aliases: dict[str, str] = {}
        for row in rows:
            if not row.factor.is_finite() or row.factor <= 0:
                raise UnitError(gettext("计量单位“%(code)s”的换算系数须为正数") % {"code": row.code})
            dimensions: Dimensions = ((row.dimension, 1),) if row.dimension else ()
            others = {row.name_zh, *row.aliases} - {row.code}
            for code in (row.code, *others):
                if code in self._units or code in self._aliases:
                    raise UnitError(gettext("计量单位“%(code)s”重复") % {"code": code})
            self._units[row.code] = Unit(row.code, row.name_zh, row.name_en, dimensions, row.factor)
            self._aliases |= dict.fromkeys(others, row.code)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units.values())

    def get(self, code: str) -> Unit:
        """The unit of a code, a Chinese name or an alias. Raises UnitError."""
        code = code.strip()
        if known := self._units.get(self._aliases.get(code, code)):
            return known
        head, *below = code.split("/")
        if not below or not all((head, *below)):
            raise UnitError(gettext("没有登记的计量单位：“%(code)s”") % {"code": code})
        unit = self.get(head)
        for part in below:
            unit = divide_units(unit, self.get(part))
        return unit

    def convert(self, value: Decimal, source: str, target: str) -> Decimal:
        """`value` in `target` units, exact where a decimal can be (100 significant digits). Raises UnitError."""
        return convert(value, self.get(source), self.get(target))

    def quantity(self, value: Decimal | int, code: str) -> Quantity:
        return Quantity(Decimal(value), self.get(code), self)


def _compose(a: Unit, b: Unit, sign: int) -> Dimensions:
    powers = Counter(dict(a.dimensions))
    for name, power in b.dimensions:
        powers[name] += sign * power
    return tuple(sorted((n, p) for n, p in powers.items() if p))


def multiply_units(a: Unit, b: Unit) -> Unit:
    return Unit(
        f"{a.code}·{b.code}",
        f"{a.name_zh}·{b.name_zh}",
        f"{a.name_en} × {b.name_en}",
        _compose(a, b, 1),
        WIDE.multiply(a.factor, b.factor),
    )


def divide_units(a: Unit, b: Unit) -> Unit:
    return Unit(
        f"{a.code}/{b.code}",
        f"{a.name_zh}每{b.name_zh}",
        f"{a.name_en} per {b.name_en}",
        _compose(a, b, -1),
        WIDE.divide(a.factor, b.factor),
    )


def convert(value: Decimal, source: Unit, target: Unit) -> Decimal:
    """`value` of `source` expressed in `target`. Raises UnitError between unlike dimensions."""
    if source.dimensions != target.dimensions:
        raise UnitError(
            gettext("“%(source)s”与“%(target)s”不是同一类计量单位，不能直接换算")
            % {"source": source.code, "target": target.code}
        )
    if source.factor == target.factor:
        return value
    out = WIDE.divide(WIDE.multiply(value, source.factor), target.factor).normalize(WIDE)
    # 1E+3 reads badly; keep whole numbers whole.
    return out.quantize(Decimal(1), context=WIDE) if out == out.to_integral_value() else out


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit. Sums take the left unit; products and quotients compose units; compare after `to()`."""

    value: Decimal
    unit: Unit
    units: Units

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit.code}"

    def to(self, code: str) -> Quantity:
        target = self.units.get(code)
        return Quantity(convert(self.value, self.unit, target), target, self.units)

    def rounded(self, places: int) -> Quantity:
        return Quantity(round_half_up(self.value, places), self.unit, self.units)

    def __add__(self, other: Quantity) -> Quantity:
        added = WIDE.add(self.value, convert(other.value, other.unit, self.unit))
        return Quantity(added, self.unit, self.units)

    def __sub__(self, other: Quantity) -> Quantity:
        return self + Quantity(-other.value, other.unit, other.units)

    def __mul__(self, other: Quantity | Decimal | int) -> Quantity:
        if isinstance(other, Quantity):
            unit = multiply_units(self.unit, other.unit)
            return Quantity(WIDE.multiply(self.value, other.value), unit, self.units)
        return Quantity(WIDE.multiply(self.value, Decimal(other)), self.unit, self.units)

    def __truediv__(self, other: Quantity | Decimal | int) -> Quantity:
        if isinstance(other, Quantity):
            return Quantity(WIDE.divide(self.value, other.value), divide_units(self.unit, other.unit), self.units)
        return Quantity(WIDE.divide(self.value, Decimal(other)), self.unit, self.units)


UNITS = Units()
"""The units shipped. Deployments may build their own table from data."""


def from_mapping(rows: Iterable[Mapping[str, str]]) -> Units:
    """A table from plain data (a code-set file): keys code, name_zh, name_en, dimension, factor, aliases (by `|`)."""
    return Units(
        UnitRow(
            r["code"],
            r["name_zh"],
            r["name_en"],
            r["dimension"],
            Decimal(r["factor"]),
            tuple(filter(None, r.get("aliases", "").split("|"))),
        )
        for r in rows
    )


__all__ = [
    "DEFAULT_UNITS",
    "UNITS",
    "Dimensions",
    "Quantity",
    "Unit",
    "UnitError",
    "UnitRow",
    "Units",
    "convert",
    "divide_units",
    "from_mapping",
    "multiply_units",
]
