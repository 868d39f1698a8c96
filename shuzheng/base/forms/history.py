"""What a form is told besides what is typed: earlier periods, other forms, facts of registers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Q

from shuzheng.base.forms import facts
from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.spec import LAST_YEAR, PREVIOUS, CellSpec, FormSpec, GivenSpec, Value, load
from shuzheng.base.forms.values import from_columns
from shuzheng.kernel.periods import Period

REPORTED = (Submission.State.SUBMITTED, Submission.State.APPROVED)


def before(submission: Submission) -> dict[str, Value]:
    """Given names by ``prev_<cell>``, ``ly_<cell>`` and as the form calls them. At most three queries.

    Numbers of other periods and forms come from submissions of the same institution that were handed in.
    """
    spec = load(submission.round.definition.spec)
    period = Period.parse(submission.round.period)
    wanted: Mapping[str, str] = {
        str(found): prefix
        for prefix, found in ((PREVIOUS, period.previous), (LAST_YEAR, period.last_year))
        if found is not None
    }
    code = submission.round.definition.code
    here = Q(submission__round__definition__code=code, submission__round__period__in=wanted)
    names = _names(spec, period)
    for other, at in names:
        here |= Q(submission__round__definition__code=other, submission__round__period=at)
    rows = (
        Cell.objects.filter(here, submission__node_id=submission.node_id, submission__state__in=REPORTED)
        .order_by("submission__submitted_at")
        .values_list("submission__round__definition__code", "submission__round__period", "code", "value", "text")
    )
    found: dict[str, Value] = {}
    for form, at, cell_code, number, text in rows:
        if form == code and at in wanted and (cell := spec.cells.get(cell_code)):
            found[wanted[at] + cell_code] = from_columns(cell, number, text)
        for given in names.get((form, at), ()):
            if given.cell == cell_code:
                found[given.name] = from_columns(_as_cell(given), number, text)
    asked = {g.fact: g.name for g in spec.givens if g.fact}
    found |= {asked[fact]: value for fact, value in facts.of_node(submission.node_id, asked).items()} if asked else {}
    return found


def past(submission: Submission, code: str, back: int = 12) -> list[tuple[Period, Decimal]]:
    """A number in up to ``back`` earlier periods in which the same institution handed it in, the oldest first. One query."""
    period, periods = Period.parse(submission.round.period), dict[str, Period]()
    while len(periods) < back and (previous := period.previous) is not None:
        period = periods[str(previous)] = previous
    rows = Cell.objects.filter(
        submission__round__definition__code=submission.round.definition.code, submission__round__period__in=periods,
        submission__node_id=submission.node_id, submission__state__in=REPORTED, code=code, value__isnull=False,
    ).order_by("submission__submitted_at").values_list("submission__round__period", "value")  # fmt: skip
    found = {periods[at]: value for at, value in rows}
    return sorted(found.items())


def _names(spec: FormSpec, period: Period) -> dict[tuple[str, str], list[GivenSpec]]:
    """Names bound to cells of other forms, by form and period."""
    at = moments(period)
    found: dict[tuple[str, str], list[GivenSpec]] = defaultdict(list)
    for given in spec.givens:
        if given.form and (when := at[given.period]) is not None:
            found[given.form, str(when)].append(given)
    return found


def moments(period: Period) -> dict[str, Period | None]:
    """What the periods of other forms are called: relative to this one, its year, the quarters of the year it begins in."""
    year = period.start.year
    return {
        "same": period,
        "previous": period.previous,
        "last_year": period.last_year,
        "year": Period.full_year(year),
        "next_q1": Period.quarter(year + 1, 1),
        **{f"q{n}": Period.quarter(year, n) for n in (1, 2, 3, 4)},
    }


def _as_cell(given: GivenSpec) -> CellSpec:
    return CellSpec(given.cell, given.label, "", "", 0, "", "", "", type=given.type)
