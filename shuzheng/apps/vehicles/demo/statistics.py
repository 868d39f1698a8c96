"""Two quarterly reports of the province in the demo: the one before last is done; of the last one a county's office still has to hand in."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from shuzheng.apps.vehicles import offers
from shuzheng.apps.vehicles.costs import below
from shuzheng.apps.vehicles.demo.common import COUNTY, PROVINCE, Nation
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.models import plain
from shuzheng.base.forms import rollup
from shuzheng.base.forms.engine import compute
from shuzheng.base.forms.factors import resolve
from shuzheng.base.forms.models import Cell, Definition, Edition, Round, Submission
from shuzheng.base.forms.spec import load as load_spec
from shuzheng.base.forms.tiers import chains
from shuzheng.base.org.models import Node
from shuzheng.base.standards import working_days
from shuzheng.kernel.periods import Period, PeriodKind


def load(nation: Nation, today: date) -> None:
    """The rounds, filled from the registers. Runs under a system scope, after the fleet."""
    definition = Definition.objects.filter(code=offers.QUARTERLY, state=Definition.State.PUBLISHED).first()
    last = Period.containing(today, PeriodKind.QUARTER).previous
    if definition is None or last is None or last.previous is None:
        return
    organs = list(offers.asked(below(Node.objects.all(), PROVINCE), last).order_by("path"))
    closing = timezone.make_aware(datetime.combine(working_days.add(today, 2), time(18)))
    ended = timezone.make_aware(datetime.combine(last.previous.end + timedelta(days=15), time(18)))
    _round(nation, definition, last.previous, organs, ended, done=True)
    _round(nation, definition, last, organs, closing, done=False)


def _round(
    nation: Nation, definition: Definition, period: Period, organs: list[Node], due_at: datetime, *, done: bool
) -> None:
    spec = load_spec(definition.spec)
    row = Round(
        definition=definition, title=f"{definition.name} {period.label_zh}", period=str(period), audience=PROVINCE, due_at=due_at,
        tier=2, state=Round.State.CLOSED if done else Round.State.OPEN, asked=len(organs),
        instructions="各格由台账带出，核对后提交。",
    )  # fmt: skip
    row.own(nation.offices[PROVINCE])
    insert_many([row])
    factors = resolve(spec, str(period), "")
    steps = chains(o.path for o in organs)
    submissions: list[Submission] = []
    cells: list[Cell] = []
    editions: list[Edition] = []
    summed: dict[UUID, dict[str, Decimal]] = {}
    for organ in organs:
        submission = Submission(round=row, own_tier=organ.tier, due_at=due_at, factors=dict(factors.record))
        submission.own(organ)
        submissions.append(submission)
        if not done and organ.path.startswith(COUNTY):
            continue  # to be done: its form is filled from the registers when it is opened
        values: dict[str, Any] = dict(compute(spec, offers.quarter(organ.pk, period), factors.values, {}))
        submission.state, submission.filler, submission.edition, submission.sealed_path = (
            "approved",
            "经办人",
            1,
            organ.path,
        )
        submission.submitted_at = min(due_at - timedelta(days=3), timezone.now() - timedelta(hours=20))
        submission.approved_tier, submission.waiting_tier = row.tier, None
        submission.filled = sum(values[c.code] is not None for c in spec.inputs)
        for code, value in values.items():
            if value is not None:
                source = Cell.Source.COMPUTED if spec.cells[code].expr else Cell.Source.REGISTER
                cells.append(
                    Cell(
                        submission_id=submission.pk,
                        round_id=row.pk,
                        path=organ.path,
                        code=code,
                        value=value,
                        source=source,
                    )
                )
        edition = Edition(
            submission=submission,
            number=1,
            values=plain(values),
            factors=submission.factors,
            by="经办人",
            at=submission.submitted_at,
        )
        edition.node_id, edition.path = organ.pk, organ.path
        editions.append(edition)
        summed[submission.pk] = {c: v for c, v in values.items() if v is not None and spec.cells[c].additive}
    insert_many(submissions)
    insert_many(cells)
    insert_many(editions)
    counted = [s for s in submissions if s.state == "approved"]
    reached = {s.path: [p for p in steps[s.path] if p.tier >= row.tier] for s in counted}
    rollup.add(row, counted, reached, +1, summed)
