"""What becomes of each car when the fleet is made as large as it needs to be: kept, moved, renewed, or disposed of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from shuzheng.apps.vehicles.planning.problem import Reason
from shuzheng.apps.vehicles.planning.sizing import Kind, Sizing

KEEP, MOVE, RENEW, RENEW_ELECTRIC, DISPOSE = "keep", "move", "renew", "renew_electric", "dispose"


@dataclass(frozen=True, slots=True)
class Held:
    """A car that is there: its site and kind, years since it was registered, yuan a km, days of use a year, km a year."""

    id: str
    site: str
    kind: str
    age: float
    cost_km: float
    days: int
    km: float
    electric: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What is recommended for a car, where it goes when it moves, and why."""

    car: str
    what: str
    reasons: tuple[Reason, ...]
    site: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Cars that a site lacks."""

    site: str
    kind: str
    number: int
    electric: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """The plan: each car's fate, and what is to be bought beside the renewals."""

    fates: tuple[Fate, ...]
    wanted: tuple[Wanted, ...] = field(default=())


def plan(sizing: Sizing, kinds: Sequence[Kind], cars: Sequence[Held], *, years: float, dear: float) -> Renewal:
    """Which cars to keep, move, renew and dispose of.

    Args:
        years: age past which a car may be renewed (the rule's: 超过 8 年); what is younger is never renewed.
        dear: how many times the median of its kind a kilometre may cost before an old car is renewed. An old car that is
            not dear is kept: 达到年限仍能使用的应继续使用.
    """
    usual = {kind.id: median([c.cost_km for c in cars if c.kind == kind.id] or [0.0]) for kind in kinds}
    needs = {(site.site, kind.id): site.cars[n] for site in sizing.sites for n, kind in enumerate(kinds)}
    batteries = {(site.site, kind.id): site.electric[n] for site in sizing.sites for n, kind in enumerate(kinds)}
    kept: dict[tuple[str, str], list[Held]] = {}
    spare: list[Held] = []
    for key in sorted({(car.site, car.kind) for car in cars} | set(needs)):
        # The worst last: old ones that are dear, then those that are dear or hardly used.
        here = [c for c in cars if (c.site, c.kind) == key]
        here.sort(key=lambda c: (c.age > years, c.cost_km > dear * usual[c.kind], -c.days, c.cost_km, c.id))
        need = needs.get(key, 0)
        kept[key], spare = here[:need], [*spare, *here[need:]]
    fates: list[Fate] = []
    moved = _moved(spare, kept, needs, years, fates)
    for key, here in sorted(kept.items()):
        fates += _renewed(
            [car for car in here if car.id not in moved], batteries.get(key, 0), usual, years, dear, needs.get(key, 0)
        )
    for car in spare:
        if car.id not in moved:
            fates.append(Fate(car.id, DISPOSE, tuple(_why(car, usual, years, dear, needs, spared=True))))
    wanted = []
    for key, need in sorted(needs.items()):
        lacking = need - len(kept.get(key, ()))
        if lacking > 0:
            have = sum(c.electric for c in kept.get(key, ()))
            wanted.append(Wanted(*key, lacking, min(lacking, max(0, batteries[key] - have))))
    return Renewal(tuple(sorted(fates, key=lambda f: f.car)), tuple(wanted))


def _moved(
    spare: Sequence[Held], kept: dict[tuple[str, str], list[Held]], needs: Mapping[tuple[str, str], int], years: float,
    fates: list[Fate],
) -> set[str]:  # fmt: skip
    """Cars that one site can spare and another lacks, none that is old already."""
    moved = set()
    for car in sorted(spare, key=lambda c: (c.age, c.cost_km, c.id)):
        short = [key for key, need in sorted(needs.items()) if key[1] == car.kind and len(kept[key]) < need]
        if car.age <= years and short:
            kept[short[0]].append(car)
            moved.add(car.id)
            reasons = (
                Reason("spare", {"need": needs.get((car.site, car.kind), 0)}),
                Reason("lacking", {"site": short[0][0]}),
            )
            fates.append(Fate(car.id, MOVE, reasons, short[0][0]))
    return moved


def _renewed(
    here: Sequence[Held], batteries: int, usual: Mapping[str, float], years: float, dear: float, need: int
) -> list[Fate]:
    left = max(0, batteries - sum(car.electric for car in here))
    found = []
    for car in sorted(here, key=lambda c: (-c.age, c.id)):
        is_dear = car.cost_km > dear * usual[car.kind]
        reasons = [Reason("needed", {"need": need}), *_why(car, usual, years, dear, {}, spared=False)]
        if car.age > years and is_dear and left and not car.electric:
            left -= 1
            found.append(Fate(car.id, RENEW_ELECTRIC, (*reasons, Reason("within_range"))))
        elif car.age > years and is_dear:
            found.append(Fate(car.id, RENEW, tuple(reasons)))
        else:
            found.append(Fate(car.id, KEEP, tuple(reasons)))
    return found


def _why(
    car: Held,
    usual: Mapping[str, float],
    years: float,
    dear: float,
    needs: Mapping[tuple[str, str], int],
    *,
    spared: bool,
) -> list[Reason]:
    found = []
    if spared:
        found.append(Reason("spare", {"need": needs.get((car.site, car.kind), 0)}))
    if car.age > years:
        found.append(Reason("old", {"age": round(car.age, 1), "years": years}))
    if car.cost_km > dear * usual[car.kind]:
        found.append(Reason("dear", {"cost": round(car.cost_km, 2), "usual": round(usual[car.kind], 2)}))
    found.append(Reason("used", {"days": car.days, "km": round(car.km)}))
    return found
