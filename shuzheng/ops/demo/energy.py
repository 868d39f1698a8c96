"""Energy forms with faults on purpose: so many of each kind, in known institutions, so that what should find them can be held to it.

The same every time. ``seed`` changes filled quarterly forms; ``Seeded`` says of each what was done and what has to find it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

Form = MutableMapping[str, Decimal | None]

CHECK, QUALITY = "check", "quality"
"""Found by a check of the form while it is filled in; found by comparing many."""


@dataclass(frozen=True)
class Fault:
    """A kind of fault: what it does to a form, and the check or sort of finding that has to name it."""

    kind: str
    found_by: str
    name: str
    level: str
    apply: Callable[[Form], None]


@dataclass(frozen=True)
class Seeded:
    """A fault that was put into the form of one institution."""

    path: str
    fault: Fault


def _times(form: Form, row: str, factor: str) -> None:
    for code in (f"{row}_m1", f"{row}_m2", f"{row}_m3", f"{row}_cost"):
        form[code] = ((form[code] or Decimal(0)) * Decimal(factor)).quantize(Decimal("0.01"))


def _part_exceeds(form: Form) -> None:
    for n in (1, 2, 3):
        form[f"e011_m{n}"] = (form[f"e01_m{n}"] or Decimal(0)) * 2


def _same_months(form: Form) -> None:
    form["e01_m2"] = form["e01_m3"] = form["e01_m1"]
    form["e01_cost"] = ((form["e01_m1"] or Decimal(0)) * 3 * Decimal("0.78")).quantize(Decimal("0.01"))


def _all_solar(form: Form) -> None:
    form.update({f"e011_m{n}": form[f"e01_m{n}"] for n in (1, 2, 3)})


def _tenfold_price(form: Form) -> None:
    form["e01_cost"] = (form["e01_cost"] or Decimal(0)) * 10


FAULTS = (
    Fault("part_exceeds_whole", CHECK, "part.e011", "error", _part_exceeds),
    Fault("cost_missing", CHECK, "cost.e02", "error", lambda form: form.update(e02_cost=None)),
    Fault("month_missing", CHECK, "missing.e04_m2", "error", lambda form: form.update(e04_m2=None)),
    Fault("negative", CHECK, "negative.e05_m1", "error", lambda form: form.update(e05_m1=Decimal(-5))),
    Fault("nobody", CHECK, "people_zero", "error", lambda form: form.update(people=Decimal(0))),
    Fault("tenfold_price", CHECK, "price_e01", "warning", _tenfold_price),
    Fault("all_solar", CHECK, "solar_only", "warning", _all_solar),
    Fault("water_jump", CHECK, "yoy.e02", "warning", lambda form: _times(form, "e02", "1.8")),
    Fault("far_from_peers", QUALITY, "outliers", "warning", lambda form: _times(form, "e01", "15")),
    Fault("months_copied", QUALITY, "copied", "warning", _same_months),
)

COUNTS: Mapping[str, int] = {
    "part_exceeds_whole": 3, "cost_missing": 2, "month_missing": 3, "negative": 2, "nobody": 1, "tenfold_price": 3,
    "all_solar": 2, "water_jump": 3, "far_from_peers": 2, "months_copied": 2,
}  # fmt: skip
"""How many of each kind a seeded quarter holds."""


def seed(forms: Mapping[str, Form], counts: Mapping[str, int] = COUNTS) -> list[Seeded]:
    """Put faults into forms, at most one into each; which ones depends on the paths alone.

    Raises:
        ValueError: more faults than forms.
    """
    paths = sorted(forms)
    Random("faults").shuffle(paths)
    if sum(counts.values()) > len(paths):
        raise ValueError(f"{sum(counts.values())} faults do not fit into {len(paths)} forms")
    made = []
    for fault in FAULTS:
        for _n in range(counts.get(fault.kind, 0)):
            path = paths.pop()
            fault.apply(forms[path])
            made.append(Seeded(path, fault))
    return made
