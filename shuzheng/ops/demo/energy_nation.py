"""The nation's energy in numbers, shaped to what was published of 2020 (domain dossier §5.6), for the lake and its tests.

1.586 million institutions × 12 months × 8 kinds are made by DuckDB from the institution's number, the kind and the month
alone: the same every time, in any order, on any number of threads. The national totals of energy (1.64 亿 tce), water
(106.97 亿 m³), 18.48 kgce/㎡, 329.56 kgce a head and 21.53 m³ a head come out to within 0.2 per cent. How energy divides
into kinds was not published: ``SHARES`` is ours. Seeded faults lie where ``FAULTS`` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

INSTITUTIONS = 1_586_000
ENERGY = Decimal("164000000000")
"""kgce in 2020 (1.64 亿 tce), by equivalent heat."""
WATER = Decimal("10697000000")
"""m³ in 2020."""
PER_AREA, PER_HEAD = Decimal("18.48"), Decimal("329.56")
ROWS = ("e01", "e02", "e03", "e04", "e05", "e06", "e07", "e08")
FACTORS = {
    "e01": "0.1229",
    "e03": "714.3",
    "e04": "1.33",
    "e05": "1.088836",
    "e06": "1.238535",
    "e07": "1.7143",
    "e08": "34.12",
}
"""kgce a unit of the form (t, m³, L, kg, GJ)."""
SHARES = {"e01": "0.42", "e03": "0.12", "e04": "0.18", "e05": "0.08", "e06": "0.04", "e07": "0.02", "e08": "0.14"}
VEHICLES = ("e05", "e06")
SEASON = (115, 105, 85, 75, 80, 100, 135, 140, 110, 80, 90, 85)
"""Electricity by month, in per cent of the mean: cooling and heating. They add up to 1200."""
HEATED = (300, 250, 150, 0, 0, 0, 0, 0, 0, 0, 200, 300)
"""Heat and coal by month, likewise."""
SCALE = 1_000_000
"""Amounts are made in millionths, as whole numbers: sums are exact."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault: institutions with ``n % INSTITUTIONS_EACH = rest`` have it in one kind and month."""

    kind: str
    rest: int
    row: str
    month: int
    factor: int
    """What the right amount is multiplied by; 0 makes a month without use, −1 a negative one."""


FAULTS = (
    Fault("tenfold", 17, "e01", 5, 10),
    Fault("hundredfold", 1_709, "e02", 9, 100),
    Fault("nothing_used", 3_511, "e01", 7, 0),
    Fault("negative", 8_209, "e04", 2, -1),
)
EACH = 15_860
"""One institution in so many has a fault of each kind: 100 of a whole nation."""


def seeded(institutions: int = INSTITUTIONS) -> dict[str, int]:
    """How many faults of each kind a nation of that size holds."""
    return {f.kind: len(range(f.rest, institutions, EACH)) for f in FAULTS}


def total_of(row: str, institutions: int = INSTITUTIONS) -> Decimal:
    """What the nation uses of a kind in a year, in the form's unit; a smaller nation uses its share."""
    whole = WATER if row == "e02" else ENERGY * Decimal(SHARES[row]) / Decimal(FACTORS[row])
    return whole * institutions / INSTITUTIONS


def area_of_nation() -> Decimal:
    """㎡, so that energy without vehicle fuel comes to 18.48 kgce/㎡."""
    vehicles = sum((Decimal(SHARES[row]) for row in VEHICLES), Decimal(0))
    return ENERGY * (1 - vehicles) / PER_AREA


def people_of_nation() -> Decimal:
    return ENERGY / PER_HEAD


def weight(n: str) -> str:
    """SQL: the size of an institution in millionths of the mean, between a quarter and seven quarters of it."""
    return f"(250000 + (({n}) * 7919 % 1000003) * 1500000 // 1000002)"


def amount(n: str, k: str, month: str, *, faulty: bool = True) -> str:
    """SQL: what institution ``n`` (from 0) used of kind ``k`` (from 1) in ``month`` (1 to 12), in millionths, a ``BIGINT``.

    Size × season × a wobble of five per cent either way; with ``faulty`` the seeded faults are in it.
    """
    means = ", ".join(f"{int(total_of(row) / INSTITUTIONS / 12 * SCALE)}::HUGEINT" for row in ROWS)
    power, heat, even = (f"[{', '.join(map(str, months))}]" for months in (SEASON, HEATED, [100] * 12))
    season = f"CASE {k} WHEN 1 THEN {power} WHEN 3 THEN {heat} WHEN 8 THEN {heat} ELSE {even} END[{month}]"
    wobble = f"(950000 + (({n}) * 104729 + ({k}) * 7907 + ({month}) * 613) % 100001)"
    made = f"([{means}][{k}] * {weight(n)} // {SCALE} * {season} // 100 * {wobble} // {SCALE})"
    if faulty:
        cases = " ".join(
            f"WHEN ({n}) % {EACH} = {f.rest} AND ({k}) = {ROWS.index(f.row) + 1} AND ({month}) = {f.month} THEN {f.factor}"
            for f in FAULTS
        )
        made = f"({made} * CASE {cases} ELSE 1 END)"
    return f"({made})::BIGINT"


def write(folder: Path, institutions: int = INSTITUTIONS, *, faulty: bool = True) -> int:
    """Write ``facts.parquet`` (institution, kind, month, value) and ``institutions.parquet`` (size); returns how many facts.

    A nation's 152 million facts take no more memory than a row group.
    """
    folder.mkdir(parents=True, exist_ok=True)
    db = duckdb.connect()
    rows = ", ".join(f"({number}, '{row}')" for number, row in enumerate(ROWS, 1))
    value = f"({amount('i', 'k', 'm', faulty=faulty)}::DECIMAL(24,0) * 0.000001::DECIMAL(7,6))::DECIMAL(24,6)"
    db.execute(
        f"""COPY (
            SELECT i::INTEGER AS institution, row AS kind, m::TINYINT AS month, {value} AS value
            FROM range({institutions}) a(i), (VALUES {rows}) r(k, row), range(1, 13) b(m)
        ) TO '{folder}/facts.parquet' (COMPRESSION zstd, ROW_GROUP_SIZE 500000)"""  # noqa: S608 -- our own numbers and a folder
    )
    area, people = (int(whole / INSTITUTIONS * SCALE) for whole in (area_of_nation(), people_of_nation()))
    db.execute(
        f"""COPY (
            SELECT i::INTEGER AS institution, ({area}::HUGEINT * {weight("i")} // {SCALE} / {SCALE})::DECIMAL(14,2) AS area,
                   greatest(1, {people}::HUGEINT * {weight("i")} // {SCALE} // {SCALE})::INTEGER AS people
            FROM range({institutions}) a(i)
        ) TO '{folder}/institutions.parquet' (COMPRESSION zstd)"""  # noqa: S608 -- as above
    )
    [facts] = db.execute(f"SELECT count(*) FROM '{folder}/facts.parquet'").fetchone() or (0,)  # noqa: S608 -- as above
    return int(facts)
