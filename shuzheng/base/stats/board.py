"""The numbers of a division in one round, from its roll-up: folded plus pending, as they stand this moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from shuzheng.base.forms import rollup
from shuzheng.base.forms.models import Round
from shuzheng.base.stats import own
from shuzheng.base.stats.declare import INDICATORS, LOWER, Indicator
from shuzheng.base.stats.question import Board, Column, Figure

HEADLINES = (
    "energy.total", "energy.electricity", "energy.water", "energy.cost", "energy.per_area", "energy.per_head",
    "energy.water_per_head",
)  # fmt: skip
"""What a cockpit shows first of the energy scheme, and what it ranks divisions by. Other forms: ``headlines_of``, ``ranked_of``."""
RANKED = "energy.per_head"


def _declared(form: str) -> tuple[str, ...]:
    return tuple(name for name in INDICATORS if INDICATORS[name].form == form)


def headlines_of(form: str) -> tuple[str, ...]:
    """What a cockpit shows first of a form: the indicators that count its facts, in the order of their declaration."""
    found = _declared(form)
    return HEADLINES if not found or set(HEADLINES) & set(found) else found


def ranked_of(form: str) -> str:
    """By which indicator of a form divisions are ranked: the first declared ratio of which less is better."""
    found = _declared(form)
    if not found or RANKED in found:
        return RANKED
    ratios = (n for n in found if "/" in INDICATORS[n].formula and INDICATORS[n].direction == LOWER)
    return next(ratios, found[0])


def board(round_: Round, division: str, names: Sequence[str] = HEADLINES, *, last: Round | None = None) -> Board:
    """Indicators of a division (its path) in a round, as its tier has approved them; with ``last`` the year before beside them.

    Rows outside the active scope count for nothing: a division that the reader does not supervise has no numbers.

    Raises:
        Missing: no such indicator.
    """
    indicators = [item for item in map(own.find, names) if _from_rollup(item)]
    codes = codes_of(indicators)
    sums, counted = rollup.totals(round_, division, codes)
    before = rollup.totals(last, division, codes)[0] if last else {}
    figures = tuple(
        Figure(
            Column(i.name, "indicator", i.label, i.label_en, i.unit, i.places, i.direction),
            _value(i, sums),
            _value(i, before) if last else None,
        )
        for i in indicators
    )
    return Board(round_.pk, division, round_.period, counted, round_.asked, figures)


def codes_of(indicators: Iterable[Indicator]) -> list[str]:
    """Cells that the indicators are made of."""
    return sorted({code for item in indicators for part in item.parts.values() for code in part.codes})


def _from_rollup(item: Indicator) -> bool:
    """Whether every part of it is a sum of cells that roll-ups hold."""
    return all(p.codes and not p.codes[0].startswith("_") for p in item.parts.values())


def _value(item: Indicator, sums: dict[str, Decimal]) -> Decimal | None:
    env = {}
    for name, part in item.parts.items():
        known = [sums[code] for code in part.codes if code in sums]
        env[name] = sum(known, Decimal(0)) if known else None
    result = item.program(env)
    return result if isinstance(result, Decimal) else None
