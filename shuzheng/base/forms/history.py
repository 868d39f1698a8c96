"""What an institution reported before: the previous period and the same period last year."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from shuzheng.base.forms.models import Cell, Submission
from shuzheng.base.forms.spec import LAST_YEAR, PREVIOUS
from shuzheng.kernel.periods import Period

REPORTED = (Submission.State.SUBMITTED, Submission.State.APPROVED)


def before(submission: Submission) -> dict[str, Decimal | None]:
    """Values by ``prev_<cell>`` and ``ly_<cell>``, from submissions of the same form that were handed in. One query."""
    period = Period.parse(submission.round.period)
    wanted: Mapping[str, str] = {
        str(found): prefix
        for prefix, found in ((PREVIOUS, period.previous), (LAST_YEAR, period.last_year))
        if found is not None
    }
    rows = Cell.objects.filter(
        submission__node_id=submission.node_id,
        submission__round__definition__code=submission.round.definition.code,
        submission__round__period__in=wanted,
        submission__state__in=REPORTED,
    ).values_list("submission__round__period", "code", "value")
    return {wanted[period_] + code: value for period_, code, value in rows}
