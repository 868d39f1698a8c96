"""The conversion factors and rules that a form's expressions name, as they held at the end of the reported period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from shuzheng.base.forms.spec import FormSpec
from shuzheng.base.standards import resolve as standards
from shuzheng.kernel.periods import Period


@dataclass(frozen=True)
class Factors:
    """Values by the name that expressions use, and what to keep with the result: value, version, source."""

    values: Mapping[str, Decimal]
    record: Mapping[str, Mapping[str, str]]


def resolve(spec: FormSpec, period: str, path: str) -> Factors:
    """A past period is computed with that period's factors, and with those of the institution's region.

    Raises:
        Missing: a factor was not in force then.
    """
    on = Period.parse(period).end
    book = standards.current()
    values: dict[str, Decimal] = {}
    record: dict[str, dict[str, str]] = {}
    for name, source in spec.factors.items():
        if "rule" in source:
            found = standards.rule(source["rule"], on, path, key=source.get("key", ""), book=book)
        else:
            found = standards.factor(
                source["factor"],
                source.get("method", standards.Method.EQUIVALENT_HEAT),
                on=on,
                path=path,
                to_unit=source.get("to", "kgce"),
                book=book,
            )
        values[name] = found.value
        record[name] = {"value": str(found.value), "version": str(found.id), "source": found.source, "name": found.name}
    return Factors(values, record)
