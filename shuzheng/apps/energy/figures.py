"""What the scheme comes to for a division and a year: sums of the quarters' roll-ups, and the indicators made from them.

Formulas: domain dossier §5.4 (indicators), §5.3 (both electricity methods), §5.7 (carbon). Sums are exact; every quarter is
converted with the factors of its own last day and of the division's region. Ratios are ratios of sums, never means of
ratios; people and floor area count with the mean of the quarters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from shuzheng.apps.energy.offers import QUARTERLY
from shuzheng.base.core.scope import ancestors
from shuzheng.base.forms.models import RollupDelta, RollupTotal, Round
from shuzheng.base.standards import resolve
from shuzheng.base.standards.book import Book
from shuzheng.base.standards.resolve import Method
from shuzheng.kernel.periods import Period

Sums = Mapping[str, Decimal]
ZERO = Decimal(0)
AMOUNTS = ("e01_q", "e011_q", "e02_q", "e03_q", "e04_q", "e05_q", "e06_q", "e07_q", "e08_q", "e09_q")
CODES = (*AMOUNTS, "tce", "vehicle_tce", "people", "area")

FUELS = {"e03_q": ("raw_coal", "", 1000), "e04_q": ("natural_gas", "", 1), "e05_q": ("gasoline", "kg", 1),
         "e06_q": ("diesel", "kg", 1), "e07_q": ("lpg", "", 1), "e08_q": ("heat", "", 1)}  # fmt: skip
"""Energy, the unit of its density where amounts are litres, and how many of the factor's units are in one of the form's."""


@dataclass(frozen=True)
class Rates:
    """Conversion of one quarter at one place: kgce a kWh by both methods, kgCO₂ a unit of each amount."""

    heat_value: Decimal
    equal_value: Decimal
    carbon: Mapping[str, Decimal]
    versions: Mapping[str, str] = field(default_factory=dict)
    """Id of each factor used, so that a result can name what it was computed with."""


def rates(period: Period, path: str, book: Book) -> Rates:
    """Raises ``Missing`` when a factor was not in force on the period's last day."""
    versions: dict[str, str] = {}

    def of(energy: str, method: str = Method.EQUIVALENT_HEAT, to: str = "kgce") -> Decimal:
        found = resolve.factor(energy, method, on=period.end, path=path, to_unit=to, book=book)
        versions[f"{energy}:{method}:{to}"] = str(found.id)
        return found.value

    carbon = {"e01_q": of("electricity", Method.NATIONAL_AVERAGE, "kgCO2")}
    for code, (energy, density, units) in FUELS.items():
        carbon[code] = of(energy, to="kgCO2") * units * (of(energy, to=density) if density else 1)
    return Rates(of("electricity"), of("electricity", Method.EQUAL_VALUE), carbon, versions)


def kilograms_of_carbon(sums: Sums, of: Rates) -> Decimal:
    """Fuels, bought heat, and electricity from the grid: own solar power was not bought; 其他能源 is not known by kind."""
    bought = sums.get("e01_q", ZERO) - sums.get("e011_q", ZERO)
    return bought * of.carbon["e01_q"] + sum(
        (sums.get(code, ZERO) * factor for code, factor in of.carbon.items() if code != "e01_q"), ZERO
    )


@dataclass
class Year:
    """What was counted of a part of the tree in a year's quarters so far. Energy in tce, water in m³, carbon in tonnes."""

    quarters: int = 0
    counted: int = 0
    """Institutions in the latest quarter."""
    tce: Decimal = ZERO
    tce_equal: Decimal = ZERO
    vehicle: Decimal = ZERO
    water: Decimal = ZERO
    power: Decimal = ZERO
    solar: Decimal = ZERO
    carbon: Decimal = ZERO
    people_sum: Decimal = ZERO
    area_sum: Decimal = ZERO

    def add(self, sums: Sums, of: Rates, units: int) -> None:
        """Count one quarter in."""
        self.quarters += 1
        self.counted = units
        power = sums.get("e01_q", ZERO)
        tce = sums.get("tce", ZERO)
        self.tce += tce
        self.tce_equal += tce + power * (of.equal_value - of.heat_value) / 1000
        self.vehicle += sums.get("vehicle_tce", ZERO)
        self.water += sums.get("e02_q", ZERO)
        self.power += power
        self.solar += sums.get("e011_q", ZERO)
        self.carbon += kilograms_of_carbon(sums, of) / 1000
        self.people_sum += sums.get("people", ZERO)
        self.area_sum += sums.get("area", ZERO)

    @property
    def people(self) -> Decimal:
        return self.people_sum / self.quarters if self.quarters else ZERO

    @property
    def area(self) -> Decimal:
        return self.area_sum / self.quarters if self.quarters else ZERO

    @property
    def is_whole(self) -> bool:
        return self.quarters == 4

    def yearly(self, amount: Decimal) -> Decimal:
        """An amount over four quarters, as the quarters so far would make it (折年): equal to it once all four are there."""
        return amount * 4 / self.quarters if self.quarters else ZERO

    def per_area(self, *, equal: bool = False) -> Decimal | None:
        """kgce/㎡ a year, without vehicle fuel."""
        energy = (self.tce_equal if equal else self.tce) - self.vehicle
        return self.yearly(energy) * 1000 / self.area if self.area else None

    def per_head(self, *, equal: bool = False) -> Decimal | None:
        """kgce a head and year."""
        energy = self.tce_equal if equal else self.tce
        return self.yearly(energy) * 1000 / self.people if self.people else None

    @property
    def water_per_head(self) -> Decimal | None:
        return self.yearly(self.water) / self.people if self.people else None

    @property
    def power_per_area(self) -> Decimal | None:
        return self.yearly(self.power) / self.area if self.area else None

    @property
    def carbon_per_area(self) -> Decimal | None:
        """kgCO₂/㎡ a year."""
        return self.yearly(self.carbon) * 1000 / self.area if self.area else None


def rounds_of(year: int, division: str) -> list[Round]:
    """The quarterly rounds of a year that asked a division, or a part of it, the earliest first; one a quarter.

    Where two asked the same quarter, the one that asked more of the tree counts.
    """
    periods = [str(Period.quarter(year, n)) for n in (1, 2, 3, 4)]
    found = Round.objects.select_related("definition").filter(
        definition__code=QUARTERLY, period__in=periods, audience__in=[*ancestors(division), division]
    )
    best: dict[str, Round] = {}
    for row in found.order_by("created_at"):
        if row.period not in best or len(row.audience) < len(best[row.period].audience):
            best[row.period] = row
    return [best[p] for p in periods if p in best]


def years_held(division: str) -> list[int]:
    """Years of which there is a quarterly round, the latest first."""
    found = Round.objects.filter(definition__code=QUARTERLY, audience__in=[*ancestors(division), division])
    return sorted({Period.parse(p).start.year for p in found.values_list("period", flat=True)}, reverse=True)


def sums_by_member(
    rounds: Sequence[Round], division: str, codes: Iterable[str] = CODES
) -> dict[tuple[UUID, str], tuple[dict[str, Decimal], int]]:
    """Sums and number of institutions by round and by what stands just below the division. One statement."""
    wanted = [*codes, ""]
    parts = [
        model.objects.filter(round__in=rounds, path=division, code__in=wanted)
        .order_by()
        .values_list("round_id", "member", "code")
        .annotate(Sum("value"), Sum("units"))
        for model in (RollupTotal, RollupDelta)
    ]
    sums: dict[tuple[UUID, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    units: dict[tuple[UUID, str], int] = defaultdict(int)
    for round_id, member, code, value, count in parts[0].union(parts[1], all=True):
        if code:
            sums[round_id, member][code] += value
        else:
            units[round_id, member] += count
    return {key: (dict(sums.get(key, {})), n) for key, n in units.items() if n}


@dataclass(frozen=True)
class Held:
    """A division's year: as a whole, and by what stands just below it."""

    rounds: tuple[Round, ...]
    whole: Year
    members: Mapping[str, Year]
    latest: Mapping[str, int]
    """Institutions counted in the latest round, by member."""


def of_year(year: int, division: str) -> Held:
    """The figures of a division in a year, from its roll-ups."""
    rounds = tuple(rounds_of(year, division))
    book = resolve.current()
    found = sums_by_member(rounds, division)
    whole, members = Year(), defaultdict[str, Year](Year)
    latest: dict[str, int] = {}
    for round_ in rounds:
        mine = {member: part for (pk, member), part in found.items() if pk == round_.pk}
        if not mine:
            continue
        of = rates(Period.parse(round_.period), division, book)
        total: dict[str, Decimal] = defaultdict(Decimal)
        for member, (sums, units) in mine.items():
            members[member].add(sums, of, units)
            for code, value in sums.items():
                total[code] += value
        whole.add(total, of, sum(units for _sums, units in mine.values()))
        latest = {member: units for member, (_sums, units) in mine.items()}
    return Held(rounds, whole, dict(members), latest)
