"""Rounds of the demo: two that are done, one in mid-flight, so that every state is there to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from django.utils import timezone

from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.models import plain
from shuzheng.base.forms import rollup
from shuzheng.base.forms.engine import Values, check, compute
from shuzheng.base.forms.factors import Factors, resolve
from shuzheng.base.forms.models import NOT_APPROVED, Cell, Definition, Edition, Explanation, Round, Submission
from shuzheng.base.forms.spec import LAST_YEAR, PREVIOUS, FormSpec, load
from shuzheng.base.forms.tiers import Step, chains
from shuzheng.base.org.models import Node, OrganProfile
from shuzheng.base.standards import working_days
from shuzheng.kernel.periods import Period, PeriodKind
from shuzheng.ops.demo.energy import FAULTS, Fault
from shuzheng.ops.demo.nation import Nation, Tick
from shuzheng.ops.demo.personas import COUNTY, PREFECTURE

State = Submission.State
CHUNK = 400

FAULTY = {22: "part_exceeds_whole", 29: "tenfold_price", 36: "water_jump"}
"""Institutions of that county whose form of the round going on has a fault, by their place: handed in before the checks knew it."""

SEASON = {1: 1.15, 2: 1.05, 3: 0.85, 4: 0.75, 5: 0.8, 6: 1.0, 7: 1.35, 8: 1.4, 9: 1.1, 10: 0.8, 11: 0.9, 12: 1.1}
"""Monthly use of electricity against the mean: cooling and heating."""


@dataclass(frozen=True)
class Plan:
    """A round: whether it is done, and below which division it was asked."""

    period: Period
    due_at: datetime
    is_done: bool
    where: str = ""


def plans(today: date) -> list[Plan]:
    """The quarter that ended last is due in two working days; last year's is done, and so is the one before, in one prefecture."""
    current = Period.containing(today, PeriodKind.QUARTER).previous
    earlier = [(current.last_year, ""), (current.previous, PREFECTURE)]
    evening = time(18)
    closing = timezone.make_aware(datetime.combine(working_days.add(today, 2), evening))
    return [
        *(
            Plan(p, timezone.make_aware(datetime.combine(p.end + timedelta(days=15), evening)), True, where)
            for p, where in earlier
        ),
        Plan(current, closing, False),
    ]


def report(nation: Nation, definition: Definition, today: date, tick: Tick) -> list[Round]:
    """Make the rounds with their submissions, cells, editions, explanations and roll-ups."""
    spec = load(definition.spec)
    office = nation.offices[""]
    steps = chains(n.path for n in nation.institutions)
    history: dict[str, dict[str, dict[str, Decimal | None]]] = {}
    rounds = []
    for plan in plans(today):
        row = Round(
            definition=definition, title=f"{definition.name} {plan.period.label_zh}", period=str(plan.period), audience=plan.where,
            due_at=plan.due_at, tier=1, state=Round.State.CLOSED if plan.is_done else Round.State.OPEN,
            asked=sum(n.path.startswith(plan.where) for n in nation.institutions), instructions="按月填写实物量，金额按季合计。没有消费填 0。",
        )  # fmt: skip
        row.own(office)
        insert_many([row])
        factors = resolve(spec, str(plan.period), "")
        _Round(nation, spec, row, plan, factors, steps, history, tick).fill()
        rounds.append(row)
    return rounds


class _Round:
    """One round being made, ``CHUNK`` institutions at a time."""

    def __init__(
        self, nation: Nation, spec: FormSpec, row: Round, plan: Plan, factors: Factors, steps: dict[str, list[Step]],
        history: dict[str, dict[str, dict[str, Decimal | None]]], tick: Tick,
    ) -> None:  # fmt: skip
        self.nation, self.spec, self.row, self.plan = nation, spec, row, plan
        self.factors, self.steps, self.tick = factors, steps, tick
        self.history = history
        self.values = history.setdefault(str(plan.period), {})

    def fill(self) -> None:
        organs = self.nation.institutions
        organs = [o for o in organs if o.path.startswith(self.plan.where)]
        for start in range(0, len(organs), CHUNK):
            self._chunk(organs[start : start + CHUNK], start)
            self.tick(self.row.period, min(start + CHUNK, len(organs)), len(organs))

    def _chunk(self, organs: list[Node], start: int) -> None:
        submissions, cells, editions, explanations = [], [], [], []
        summed: dict[UUID, dict[str, Decimal]] = {}
        for index, organ in enumerate(organs, start):
            random = Random(f"{self.row.period} {organ.code}")
            submission = self._submission(organ, index, random)
            submissions.append(submission)
            if submission.state == State.TODO:
                continue
            values = self._measure(organ, submission, random)
            explanations += self._explain(submission, values, organ)
            cells += self._cells(submission, values, random)
            summed[submission.pk] = {c: v for c, v in values.items() if v is not None and self.spec.cells[c].additive}
            if submission.edition:
                editions.append(_edition(submission, values))
        insert_many(submissions)
        insert_many(cells)
        insert_many(editions)
        insert_many(explanations)
        counted = [s for s in submissions if s.approved_tier < NOT_APPROVED]
        reached = {s.path: [p for p in self.steps[s.path] if p.tier >= s.approved_tier] for s in counted}
        rollup.add(self.row, counted, reached, +1, summed)

    def _submission(self, organ: Node, index: int, random: Random) -> Submission:
        row = Submission(
            round=self.row, own_tier=organ.tier, due_at=self.plan.due_at, factors=dict(self.factors.record)
        )
        row.own(organ)
        row.state, reach = self._state(organ, index, random)
        chain = self.steps[organ.path]
        if row.state in (State.SUBMITTED, State.APPROVED):
            passed = [s for s in chain if s.tier >= reach]
            row.approved_tier = passed[-1].tier if passed else NOT_APPROVED
            above = chain[len(passed)].tier if len(passed) < len(chain) else None
            row.waiting_tier, row.state = above, State.SUBMITTED if above else State.APPROVED
        if row.state in (State.SUBMITTED, State.APPROVED, State.RETURNED):
            base = self.plan.due_at - timedelta(days=random.randint(1, 6), minutes=random.randint(0, 500))
            row.submitted_at = min(base, timezone.now() - timedelta(hours=random.randint(2, 60)))
            row.edition, row.sealed_path = 1, organ.path
            row.is_late = self.plan.is_done and random.random() < 0.03
        if row.state == State.RETURNED:
            row.returned_reason, row.returned_cells = "柴油与加油卡对账单相差较大，核对后改正。", ["e06_m3"]
        row.filler = "" if row.state == State.TODO else "统计员"
        return row

    def _state(self, organ: Node, index: int, random: Random) -> tuple[str, int]:
        """State, and the tier up to which it was approved (for those handed in)."""
        if self.plan.is_done:
            return State.APPROVED, 1
        if organ.path.startswith(COUNTY):  # the county that the newcomer looks at first: something of everything
            place = self._place(organ)
            if place == 0:
                return State.DRAFT, NOT_APPROVED
            if place == 1 or place == 20:
                return State.RETURNED, NOT_APPROVED
            return {0: (State.TODO, 5), 1: (State.SUBMITTED, 5), 2: (State.DRAFT, 5)}.get(
                place % 7, (State.SUBMITTED, 4 - place % 4)
            )
        roll = random.random()
        for limit, state, reach in (
            (0.10, State.TODO, 5),
            (0.18, State.DRAFT, 5),
            (0.21, State.RETURNED, 5),
            (0.33, State.SUBMITTED, 5),
            (0.50, State.SUBMITTED, 4),
            (0.68, State.SUBMITTED, 3),
            (0.80, State.SUBMITTED, 2),
        ):
            if roll < limit:
                return state, reach
        return State.APPROVED, 1

    def _place(self, organ: Node) -> int:
        """The how-many-eth institution of the county that the newcomer looks at first; -1 elsewhere."""
        if not organ.path.startswith(COUNTY):
            return -1
        return [n for n in self.nation.institutions if n.path.startswith(COUNTY)].index(organ)

    def _fault(self, organ: Node) -> Fault | None:
        """What is wrong with a form of the round that is going on, for the county to find."""
        kind = None if self.plan.is_done else FAULTY.get(self._place(organ))
        return next((f for f in FAULTS if f.kind == kind), None)

    def _measure(self, organ: Node, submission: Submission, random: Random) -> dict[str, Decimal | None]:
        inputs = consumption(organ, self.nation.profiles[organ.pk], self.plan.period, random)
        if submission.state == State.DRAFT:
            for code in list(inputs)[int(len(inputs) * random.uniform(0.4, 0.9)) :]:
                inputs[code] = None
        if fault := self._fault(organ):
            fault.apply(inputs)
        values = compute(self.spec, inputs, self.factors.values, self._before(organ.path))
        if submission.state != State.DRAFT:
            self.values[organ.path] = values
        return values

    def _before(self, path: str) -> Values:
        found: dict[str, Decimal | None] = {}
        for prefix, period in ((PREVIOUS, self.plan.period.previous), (LAST_YEAR, self.plan.period.last_year)):
            held = self.history.get(str(period), {}).get(path, {})
            found |= {prefix + code: value for code, value in held.items()}
        return found

    def _explain(self, submission: Submission, values: Values, organ: Node) -> Iterator[Explanation]:
        findings = check(self.spec, values, self.factors.values, self._before(organ.path), {})
        submission.errors = sum(f.check.level == "error" for f in findings)
        submission.filled = sum(values[c.code] is not None for c in self.spec.inputs)
        for finding in findings:
            if finding.check.level == "warning" and submission.state != State.DRAFT and not self._fault(organ):
                row = Explanation(
                    submission=submission,
                    check_code=finding.check.code,
                    by="统计员",
                    text="新增用能设备，与上年相比使用时间延长。",
                )
                row.own(organ)
                yield row
            elif finding.check.level == "warning":
                submission.unexplained += 1

    def _cells(self, submission: Submission, values: Values, random: Random) -> Iterator[Cell]:
        for code, value in values.items():
            if value is None:
                continue
            cell = self.spec.cells[code]
            source = Cell.Source.COMPUTED if cell.expr else Cell.Source.HAND
            if cell.fact:
                source = Cell.Source.REGISTER
            if cell.row == "e01" and cell.column.startswith("m") and submission.path > "33/1":
                source = Cell.Source.METER
            yield Cell(
                submission_id=submission.pk,
                round_id=self.row.pk,
                path=submission.path,
                code=code,
                value=value,
                source=source,
            )


def _edition(submission: Submission, values: Values) -> Edition:
    row = Edition(
        submission=submission, number=1, values=plain(dict(values)), factors=submission.factors, by="统计员",
        at=submission.submitted_at,
    )  # fmt: skip
    row.node_id, row.path = submission.node_id, submission.path
    return row


def consumption(organ: Node, profile: OrganProfile, period: Period, random: Random) -> dict[str, Decimal | None]:
    """A quarter's use that fits the institution's size, kind and season; costs at ordinary prices."""
    steady = Random(f"use {organ.code}")
    area, people = float(profile.floor_area), profile.energy_headcount
    per_month = area * steady.uniform(2.6, 6.2)
    has = {
        k: steady.random() < share
        for k, share in (("solar", 0.25), ("gas", 0.6), ("petrol", 0.55), ("diesel", 0.2), ("lpg", 0.15))
    }
    form: dict[str, Decimal | None] = {
        "area": profile.floor_area,
        "people": Decimal(people),
        "nev": Decimal(steady.randint(0, 3)),
    }
    months = [m.start.month for m in period.months()]
    growth = 1 + (period.start.year - 2025) * 0.015 + random.uniform(-0.06, 0.06)
    for n, month in enumerate(months, 1):
        power = per_month * SEASON[month] * growth * random.uniform(0.95, 1.05)
        form[f"e01_m{n}"] = _whole(power)
        form[f"e011_m{n}"] = _whole(power * 0.12 if has["solar"] else 0)
        form[f"e012_m{n}"] = _whole(power * 0.05 if organ.type == "22" else 0)
        form[f"e02_m{n}"] = _whole(people * random.uniform(1.1, 1.9))
        form[f"e021_m{n}"] = Decimal(0)
        form[f"e03_m{n}"] = Decimal(0)
        form[f"e04_m{n}"] = _whole(people * random.uniform(1.4, 2.2) if has["gas"] else 0)
        form[f"e05_m{n}"] = _tenth(random.uniform(160, 520) if has["petrol"] else 0)
        form[f"e06_m{n}"] = _tenth(random.uniform(80, 340) if has["diesel"] else 0)
        form[f"e07_m{n}"] = _tenth(random.uniform(20, 60) if has["lpg"] else 0)
        form[f"e08_m{n}"] = Decimal(0)
        form[f"e09_m{n}"] = Decimal(0)
    prices = {"e01": 0.78, "e02": 4.0, "e03": 0, "e04": 3.6, "e05": 8.0, "e06": 7.6, "e07": 7.2, "e08": 0, "e09": 0}
    for row, price in prices.items():
        used = sum((form[f"{row}_m{n}"] or Decimal(0)) for n in (1, 2, 3))
        form[f"{row}_cost"] = (used * Decimal(str(price))).quantize(Decimal("0.01"))
    return form


def _whole(number: float) -> Decimal:
    return Decimal(round(number))


def _tenth(number: float) -> Decimal:
    return Decimal(round(number * 10)) / 10
