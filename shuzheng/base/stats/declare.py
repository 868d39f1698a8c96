"""Declaring indicators: in ``indicators.py`` of an app, as Ibis expressions over facts, put together by a formula.

A fact is one cell of one institution in one period (``export.COLUMNS``). A part of an indicator is an exact sum over the
facts that its condition picks; the formula makes the number from the parts, by the one evaluator of ``kernel/expr``. So
a ratio is the ratio of sums (not the mean of ratios), and DuckDB, Spark and the roll-ups in PostgreSQL give the same digits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from shuzheng.base.core.manifest import modules
from shuzheng.base.core.registry import Registry
from shuzheng.base.portal.formats import in_language
from shuzheng.kernel import expr
from shuzheng.kernel.expr import Program

PLACES = ("province", "prefecture", "county", "institution")
ORGANS = ("tier", "type")
TIMES = ("year", "period")
EVERYWHERE = (*PLACES, *ORGANS, *TIMES)
"""Dimensions by which every fact can be told apart."""
FINE = ("month", "kind")
"""Dimensions that only monthly amounts by kind have."""

LOWER, HIGHER, NEITHER = "lower", "higher", ""
"""Which way is better; for colours, ranking and alerts."""


@dataclass(frozen=True)
class Part:
    """An exact sum over facts.

    Attributes:
        where: the Ibis condition that picks the facts, of their table.
        value: what is summed, an Ibis column made from the table's; the fact's value unless given.
        codes: the cells of a form's roll-up that come to the same sum: the board reads those.
        stock: a standing amount (people, floor area) and no flow: over several periods its mean counts.
    """

    where: Callable[[Any], Any]
    value: Callable[[Any], Any] | None = None
    codes: tuple[str, ...] = ()
    stock: bool = False


def weighted(rate: str) -> Callable[[Any], Any]:
    """The value times a rate of the fact (``tce``, ``equal``, ``co2``), exact: six decimals times six are twelve.

    The cast says to Ibis what both engines make of it anyway; it takes the product to be as wide as its wider factor.
    """
    return lambda t: (t.value * t[rate]).cast("decimal(38, 12)")


@dataclass(frozen=True)
class Target:
    """What is to be reached by a year, and from where."""

    year: int
    value: Decimal
    base_year: int = 0
    base: Decimal | None = None
    source: str = ""


@dataclass(frozen=True)
class Indicator:
    """A number that can be asked.

    Attributes:
        name: ``<subject>.<word>``, in questions and links.
        label, label_en, unit, places: how it is shown; no unit means that each kind has its own.
        formula: in the expression language, over the names of ``parts``.
        form: code of the form whose facts it counts.
        fine: parts and formula for questions by month or kind, where they differ from the coarse ones; None where such
            questions have no answer.
        owner: who answers for the definition; source: the document that it is from.
    """

    name: str
    label: str
    label_en: str
    unit: str
    formula: str
    parts: Mapping[str, Part]
    form: str
    places: int = 2
    dimensions: tuple[str, ...] = EVERYWHERE
    direction: str = NEITHER
    fine: tuple[str, Mapping[str, Part]] | None = None
    owner: str = "国家机关事务管理局"
    source: str = ""
    note: str = ""
    note_en: str = ""
    targets: Sequence[Target] = field(default=())
    is_own: bool = False
    """Defined by a user, and not shipped."""

    @property
    def title(self) -> str:
        """In the reader's language."""
        return in_language(self.label, self.label_en)

    @cached_property
    def program(self) -> Program:
        return expr.compile(self.formula, dict.fromkeys(self.parts, expr.NUMBER), expr.NUMBER)

    @cached_property
    def fine_program(self) -> Program:
        formula, parts = self.fine or (self.formula, self.parts)
        return expr.compile(formula, dict.fromkeys(parts, expr.NUMBER), expr.NUMBER)

    def at(self, fine: bool) -> tuple[Program, Mapping[str, Part]]:
        """Formula and parts for a question, by month or kind (``fine``) or not."""
        return (self.fine_program, self.fine[1]) if fine and self.fine else (self.program, self.parts)


@dataclass(frozen=True)
class Kind:
    """A kind of energy or resource of a form's rows: what the dimension 种类 tells apart.

    ``energy`` is its code in the standards, by which it is converted; empty for what is no energy (water). ``less`` is
    the row that is taken off for carbon: own solar power was not bought.
    """

    form: str
    row: str
    label: str
    label_en: str
    unit: str
    energy: str = ""
    less: str = ""


INDICATORS: Registry[Indicator] = Registry("indicator")
KINDS: dict[tuple[str, str], Kind] = {}


def load_all() -> None:
    """Take up ``indicators.py`` of every app: ``INDICATORS`` and ``KINDS``."""
    for _manifest, module in modules("indicators"):
        for item in module.INDICATORS:
            INDICATORS.register(item.name, item)
            item.at(False), item.at(True)  # a formula that does not parse is a crash at start
        for kind in getattr(module, "KINDS", ()):
            KINDS[kind.form, kind.row] = kind
    INDICATORS.close()
