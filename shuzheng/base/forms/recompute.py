"""Making a signed roll-up again: from the very versions that it summed, and, for comparison, with today's factors.

A roll-up keeps the factors it was computed with. Made again with those it is the same to the last digit; made again after a
factor was corrected it shows the difference, cell by cell, and what was signed stays as it was signed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet

from shuzheng.base.forms.engine import compute, derive
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.history import before
from shuzheng.base.forms.models import Edition, Rollup, RollupMember
from shuzheng.base.forms.spec import FormSpec, Value, load
from shuzheng.base.forms.values import from_texts

CHUNK = 500
INLINE = 2000
"""Members that are computed anew while one waits; a larger roll-up is compared where its parts are."""


@dataclass(frozen=True)
class Compared:
    """One cell of a signed roll-up and the same made again. Empty numbers are None."""

    code: str
    signed: Decimal | None
    again: Decimal | None

    @property
    def equal(self) -> bool:
        return self.signed == self.again

    @property
    def difference(self) -> Decimal:
        return (self.again or Decimal(0)) - (self.signed or Decimal(0))


@dataclass(frozen=True)
class FactorChange:
    """A factor that is another today than when the roll-up was signed."""

    name: str
    then: str
    now: str


def again(row: Rollup) -> list[Compared]:
    """The roll-up summed anew from the versions in its list of members, with the factors it kept."""
    spec = load(row.round.definition.spec)
    kept = _kept(row, spec)
    return _compared(row, spec, derive(spec, _sums(row, spec), kept))


def with_factors_of_today(row: Rollup) -> tuple[list[Compared], list[FactorChange]]:
    """The same with every member computed anew from what it had typed in and today's factors; and which factors differ."""
    spec = load(row.round.definition.spec)
    found = resolve(spec, row.round.period, row.division.path)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    looks_back = _looks_back(spec)
    for edition, values in _members(row, spec):
        factors = resolve(spec, row.round.period, edition.path).values
        earlier = before(edition.submission) if looks_back else None
        inputs = {c: v for c, v in values.items() if (cell := spec.find(c)) and cell.is_input}
        for code, value in compute(spec, inputs, factors, earlier).items():
            if isinstance(value, Decimal) and (cell := spec.cells.get(code)) and cell.additive:
                sums[code] += value
    kept = {name: str(item["value"]) for name, item in row.factors.items()}
    changes = [
        FactorChange(name, kept[name], str(value))
        for name, value in found.values.items()
        if name in kept and Decimal(kept[name]) != value
    ]
    return _compared(row, spec, derive(spec, sums, found.values)), changes


def members(row: Rollup) -> list[dict[str, Any]]:
    """The versions that were summed: institution, version, when and by whom it was handed in."""
    rows = _editions(row).order_by("path", "submission_id")
    return list(rows.values("submission_id", "number", "by", "at", "path", name=F("submission__node__name")))


def _editions(row: Rollup) -> QuerySet[Edition]:
    mine = RollupMember.objects.filter(
        rollup=row, submission_id=OuterRef("submission_id"), edition=OuterRef("number")
    )  # fmt: skip
    return Edition.objects.filter(Exists(mine))


def _members(row: Rollup, spec: FormSpec) -> Iterator[tuple[Edition, dict[str, Value]]]:
    for edition in _editions(row).order_by("pk").iterator(CHUNK):
        yield edition, from_texts(spec, edition.values)


def _looks_back(spec: FormSpec) -> bool:
    """Whether a computed cell needs more than the form's own cells and factors."""
    used = {name for cell in spec.computed for name in spec.programs[cell.code].references}
    return bool(used - set(spec.cells) - set(spec.factors))


def _sums(row: Rollup, spec: FormSpec) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for _edition, values in _members(row, spec):
        for code, value in values.items():
            if isinstance(value, Decimal) and (cell := spec.cells.get(code)) and cell.additive:
                sums[code] += value
    return sums


def _kept(row: Rollup, spec: FormSpec) -> dict[str, Any]:
    if row.factors:
        return {name: Decimal(str(item["value"])) for name, item in row.factors.items()}
    return dict(resolve(spec, row.round.period, row.division.path).values)


def _compared(row: Rollup, spec: FormSpec, values: Any) -> list[Compared]:
    found = []
    for code, cell in spec.cells.items():
        text, now = row.values.get(code), values.get(code)
        if text is None and now is None:
            continue
        if cell.type not in ("number", "integer"):
            continue
        found.append(Compared(code, None if text is None else Decimal(text), now))
    return found


__all__ = ["INLINE", "Compared", "FactorChange", "again", "members", "with_factors_of_today"]
