"""Questions and answers: what pages, the API and briefs exchange with statistics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

MAX_ROWS = 50_000
"""Most rows of one answer; more are cut, and the answer says so."""

NOW, THEN = "now", "then"
"""As the tree is today, and as it was at the end of each period."""


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        indicators: names, shipped ones or a user's own.
        by: dimensions, the outermost first: ``province prefecture county institution tier type year period month kind``.
        periods: the first and the last, both included, of any kind: ``("2025Q4", "2026Q3")``, ``("2026", "2026")``.
        where: allowed values by dimension; ``region`` takes paths of divisions and means all that lies below.
        tree: ``now`` or ``then``.
        order: a dimension or an indicator, ``-`` before it for the largest first; by the dimensions unless given.
        limit: how many rows; 0 for all (at most ``MAX_ROWS``).
        minimum: rows of fewer institutions are not shown (小样本保护); 0 shows all.
        tier: count what this tier has approved (1 nation … 4 county); 0 for the reader's own.
    """

    indicators: tuple[str, ...]
    by: tuple[str, ...] = ()
    periods: tuple[str, str] = ("", "")
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tree: str = NOW
    order: str = ""
    limit: int = 0
    minimum: int = 0
    tier: int = 0


@dataclass(frozen=True)
class Column:
    """A column of an answer: ``kind`` is ``dimension`` or ``indicator``."""

    name: str
    kind: str
    label: str
    label_en: str
    unit: str = ""
    places: int = 0
    direction: str = ""


@dataclass(frozen=True)
class Row:
    """A row: keys and labels by dimension, exact values by indicator. ``units`` counts institutions where it was asked."""

    keys: tuple[str, ...]
    labels: tuple[str, ...]
    values: tuple[Decimal | None, ...]
    units: int | None = None
    suppressed: bool = False
    """Hidden because it stands for too few institutions, or because another hidden row could be told from it."""


@dataclass(frozen=True)
class Source:
    """A round that the answer counted, and when its facts were taken."""

    round: UUID
    form: str
    period: str
    title: str
    facts: int
    at: datetime


@dataclass(frozen=True)
class Answer:
    """What was found. ``total`` is over all rows, those beyond the limit too; None where adding makes no sense."""

    question: Question
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: Row | None
    as_of: datetime | None
    sources: tuple[Source, ...]
    found: int = 0
    """Rows in all; more than ``len(rows)`` when a limit cut them."""

    @property
    def dimensions(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.kind == "dimension")

    @property
    def indicators(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.kind == "indicator")


@dataclass(frozen=True)
class Dimension:
    """A way to tell facts apart, in words; ``values`` where there are few: ``(key, label)``."""

    name: str
    label: str
    label_en: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Offer:
    """An indicator as the catalogue lists it."""

    name: str
    label: str
    label_en: str
    unit: str
    places: int
    formula: str
    dimensions: tuple[str, ...]
    direction: str
    owner: str
    source: str
    note: str
    is_own: bool
    targets: tuple[tuple[int, Decimal], ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """What can be asked: indicators, dimensions, and the periods of which there are facts, the earliest first."""

    indicators: tuple[Offer, ...]
    dimensions: tuple[Dimension, ...]
    periods: tuple[str, ...]
    as_of: datetime | None


@dataclass(frozen=True)
class Origin:
    """A submission behind a number: its cells that were counted, and who approved it last."""

    submission: UUID
    node: UUID
    name: str
    path: str
    round: UUID
    period: str
    state: str
    approved_tier: int
    value: Decimal | None
    """What the institution adds, where the indicator is one plain sum."""
    cells: tuple[tuple[str, str, Decimal, str], ...]
    """Code, name, value and source of each counted cell."""
    link: str
    approved_by: str = ""
    approved_at: datetime | None = None


@dataclass(frozen=True)
class Point:
    """A point of a trend. A forecast has ``low`` and ``high``, between which four of five outcomes are expected."""

    period: str
    label: str
    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    is_forecast: bool = False


@dataclass(frozen=True)
class Trend:
    """A series in time with its forecast, and the method in words."""

    column: Column
    points: tuple[Point, ...]
    method: str
    as_of: datetime | None


@dataclass(frozen=True)
class Figure:
    """An indicator of a division in one round, from the roll-up as it stands this moment."""

    column: Column
    value: Decimal | None
    last: Decimal | None = None
    """The same a year before, from that round's roll-up."""


@dataclass(frozen=True)
class Board:
    """The numbers of a division in one round."""

    round: UUID
    path: str
    period: str
    counted: int
    """Institutions whose numbers are in it."""
    asked: int
    figures: tuple[Figure, ...]
    on: date | None = None
