"""The burden meter: how many answers an office asks of others in a year, by form: questions × institutions × periods.

A form weighs what its latest round in the past year weighed; the months say what was really issued in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import IO
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.forms.models import Definition, Round
from shuzheng.base.forms.names import label
from shuzheng.base.forms.spec import load
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.kernel.periods import PeriodKind

PER_YEAR = {
    PeriodKind.MONTH: 12,
    PeriodKind.QUARTER: 4,
    PeriodKind.HALF: 2,
    PeriodKind.YEAR: 1,
    PeriodKind.HEATING: 1,
    PeriodKind.ONCE: 1,
}
MONTHS = 12


@dataclass
class Line:
    """One form (or other asking) of one office. ``months`` counts the answers asked in each month, by its first day."""

    office: UUID
    office_name: str
    name: str
    url: str
    questions: int
    institutions: int
    per_year: int
    months: dict[date, int] = field(default_factory=dict)

    @property
    def round(self) -> int:
        """Answers that one round asks."""
        return self.questions * self.institutions

    @property
    def year(self) -> int:
        """Answers in a year."""
        return self.round * self.per_year


@dataclass(frozen=True)
class Office:
    """An office and all that it asks, the heaviest first."""

    name: str
    lines: tuple[Line, ...]
    year: int


@dataclass(frozen=True)
class Burden:
    """What the running scope sees of everybody's asking."""

    offices: tuple[Office, ...]
    months: dict[date, int]
    year: int

    @property
    def lines(self) -> list[Line]:
        return [line for office in self.offices for line in office.lines]


_sources: list[Callable[[date], Iterable[Line]]] = []


def provide(source: Callable[[date], Iterable[Line]]) -> None:
    """Have ``source(since)`` asked for what else is asked of institutions; it reads in the running scope."""
    if source not in _sources:
        _sources.append(source)


def months_back(today: date, count: int = MONTHS) -> list[date]:
    """The first days of the last ``count`` months, the running one included, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(last - count + 1, last + 1)]


def questions_in(definition: Definition) -> int:
    """Cells that people fill in: what is computed, or brought along from the register, is no work of theirs."""
    return sum(not c.prefill for c in load(definition.spec).inputs)


def measure(today: date | None = None) -> Burden:
    """Everything that was asked in the past twelve months, as the running scope sees it."""
    months = months_back(today or timezone.localdate())
    lines = [*_forms(months[0])]
    for source in _sources:
        lines += source(months[0])
    grouped: dict[UUID, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line.office, []).append(line)
    offices = [
        Office(own[0].office_name, tuple(sorted(own, key=lambda x: (-x.year, x.name))), sum(x.year for x in own))
        for own in grouped.values()
    ]
    return Burden(
        tuple(sorted(offices, key=lambda o: (-o.year, o.name))),
        {month: sum(line.months.get(month, 0) for line in lines) for month in months},
        sum(line.year for line in lines),
    )


def _forms(since: date) -> Iterator[Line]:
    rounds = Round.objects.filter(created_at__date__gte=since).select_related("definition", "node").order_by("-pk")
    known: dict[tuple[UUID, str], Line] = {}
    latest: dict[tuple[UUID, str], tuple[str, set[str]]] = {}
    for row in rounds:
        key = (row.node_id, row.definition.code)
        questions = questions_in(row.definition)
        line = known.get(key)
        if line is None:
            line = known[key] = Line(
                row.node_id, row.node.name, label(row.definition), reverse("forms:definition", args=[row.definition_id]),
                questions, row.asked, PER_YEAR[PeriodKind(row.definition.period_kind)],
            )  # fmt: skip
            latest[key] = (row.period, {row.audience})
        elif row.period == latest[key][0] and row.audience not in latest[key][1]:
            # Issued to several parts of the tree at once: one round of it, however many rows.
            line.institutions += row.asked
            latest[key][1].add(row.audience)
        month = timezone.localtime(row.created_at).date().replace(day=1)
        line.months[month] = line.months.get(month, 0) + questions * row.asked
    yield from known.values()


def write_sheet(file: IO[bytes], burden: Burden) -> int:
    """The meter as a workbook: a line a form, the heaviest office first."""
    columns: Sequence[SheetColumn] = [
        SheetColumn(_("下达单位"), width=30),
        SheetColumn(_("报表"), width=40),
        SheetColumn(_("每期格数"), "integer"),
        SheetColumn(_("单位数"), "integer"),
        SheetColumn(_("每期填报"), "integer", _("格")),
        SheetColumn(_("每年期数"), "integer"),
        SheetColumn(_("每年填报"), "integer", _("格")),
        *(SheetColumn(month.strftime("%Y-%m"), "integer") for month in burden.months),
    ]
    rows = (
        (
            line.office_name, line.name, line.questions, line.institutions, line.round, line.per_year, line.year,
            *(line.months.get(month, 0) for month in burden.months),
        )
        for line in burden.lines
    )  # fmt: skip
    return write_xlsx(file, columns, rows, name=_("填报负担"))


__all__ = ["Burden", "Line", "Office", "measure", "months_back", "provide", "questions_in", "write_sheet"]
