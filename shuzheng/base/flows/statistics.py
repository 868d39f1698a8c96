"""How processes run: how long steps take and with whom, what is late, what comes back, where it piles up; by place and tier.

Figures are counted over all cases where the reader holds ``flows.statistics.view``, by the scope ``flows.count``: a tier sees
the figures of those below, and not their cases. Persons are told of the reader's own organ only. Durations are seconds, of working
time (``standards.working_time``: weekends and holidays of the place left out, a working day being 86,400) and by the clock.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from shuzheng.base.access.pages import within
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.scope import Range
from shuzheng.base.flows.models import Case, Definition, Step, Task
from shuzheng.base.org.models import Node, Tier
from shuzheng.base.registers.workbooks import SheetColumn, write_xlsx
from shuzheng.base.standards.working_time import Calendar, WorkingTime
from shuzheng.kernel.errors import Invalid, Missing

PERMISSION = "flows.statistics.view"
USUAL = timedelta(days=90)
LONGEST = 1100
"""Days of a period."""
MOST = 200
"""Rows of places and persons."""
LEVELS = 5
SORTS = ("work", "clock")


class Spread(Aggregate):
    """The median of durations and what nine in ten do not exceed, by one sort of them."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(DurationField())


@dataclass(frozen=True)
class Asked:
    """What is counted: cases that were started from one day to another, at and below a place of those that may be looked at."""

    actor: Actor
    since: date
    until: date
    place: str | None = None

    @cached_property
    def calendar(self) -> Calendar:
        """The working days that its cases may lie on: a day more at both ends, for clocks that differ."""
        return Calendar(self.since - timedelta(days=1), timezone.localdate() + timedelta(days=1))

    @property
    def cases(self) -> Q:
        """Of cases; of their own path."""
        first = timezone.make_aware(datetime.combine(self.since, time.min))
        last = timezone.make_aware(datetime.combine(self.until + timedelta(days=1), time.min))
        found = Q(started_at__gte=first, started_at__lt=last) & within(self.actor, PERMISSION)
        if self.place is None:
            return found
        span = Range.subtree(self.place)
        return found & Q(path__gte=span.lo, path__lt=span.hi)


def asked(actor: Actor, since: date | None = None, until: date | None = None, place: str | None = None) -> Asked:
    """A question, the last ninety days unless told.

    Raises:
        Denied: the right is missing.
        Invalid: the days are the wrong way round, or too many.
        Missing: the place is none that the actor may look at.
    """
    actor.require(PERMISSION)
    until = until or timezone.localdate()
    since = since or until - USUAL
    if until < since or (until - since).days > LONGEST:
        raise Invalid.one("since", _("开始日期不晚于结束日期，最长三年。"))
    if place and not any(r.covers(Range.subtree(place)) for r in actor.grants.get(PERMISSION, ())):
        raise Missing()
    return Asked(actor, since, until, place or None)


@dataclass(frozen=True)
class Took:
    """How long things took, in seconds: the median, and what nine in ten do not exceed; none where nothing has come to its end."""

    median: float | None
    p90: float | None


@dataclass(frozen=True)
class Totals:
    """Of a number of cases. ``late`` are steps that were closed, or still stand, past their limit."""

    started: int
    running: int
    done: int
    refused: int
    other: int
    work: Took
    clock: Took


@dataclass(frozen=True)
class OfProcess:
    """A process in the overview."""

    code: str
    name: str
    totals: Totals
    late: int
    waiting: int


@dataclass(frozen=True)
class OfStep:
    """A step of a process. ``waited`` is all the working time that cases stood there, those that stand there now included."""

    element: str
    name: str
    visits: int
    standing: int
    work: Took
    clock: Took
    waited: float
    clock_waited: float
    late: int
    returns: int
    level: int = 0
    """From 1 to 5 by ``waited``: the bottleneck is 5."""


@dataclass(frozen=True)
class OfPerson:
    """What one person of the reader's organ did in the process."""

    person: str
    done: int
    standing: int
    work: Took
    clock: Took
    late: int
    returns: int


@dataclass(frozen=True)
class OfPlace:
    """Cases that an organ started, or (``path`` empty) all of a tier."""

    name: str
    tier: int
    path: str
    totals: Totals


@dataclass(frozen=True)
class Figures:
    """All about one process."""

    code: str
    name: str
    totals: Totals
    steps: list[OfStep] = field(default_factory=list)
    persons: list[OfPerson] = field(default_factory=list)
    places: list[OfPlace] = field(default_factory=list)
    tiers: list[OfPlace] = field(default_factory=list)

    @property
    def late(self) -> int:
        return sum(s.late for s in self.steps)

    @property
    def returns(self) -> int:
        return sum(s.returns for s in self.steps)


STATES = Case.State
NOTHING = Took(None, None)
COUNTS: Mapping[str, Any] = {
    "started": Count("pk"),
    "running": Count("pk", filter=Q(state=STATES.RUNNING)),
    "done": Count("pk", filter=Q(state=STATES.DONE)),
    "refused": Count("pk", filter=Q(state=STATES.REFUSED)),
    "other": Count("pk", filter=Q(state__in=(STATES.REVOKED, STATES.TERMINATED))),
}
CLOSED = Q(state__in=(Step.State.PASSED, Step.State.REFUSED, Step.State.RETURNED))
STANDS = Q(state__in=(Step.State.OPEN, Step.State.PARKED))


def _clock(first: str, last: Any) -> Any:
    return ExpressionWrapper((F(last) if isinstance(last, str) else last) - F(first), output_field=DurationField())


def _spread(first: str, last: str, calendar: Calendar, counted: Q) -> dict[str, Any]:
    """Both sorts of durations of what is counted."""
    return {
        "work": Spread(WorkingTime(first, last, calendar), filter=counted),
        "clock": Spread(_clock(first, last), filter=counted),
    }


def _of_cases(question: Asked) -> dict[str, Any]:
    return {**COUNTS, **_spread("started_at", "ended_at", question.calendar, Q(ended_at__isnull=False))}


def _took(row: Mapping[str, Any]) -> dict[str, Took]:
    return {name: Took(*(d.total_seconds() for d in row[name])) if row[name] else NOTHING for name in SORTS}


def _totals(row: Mapping[str, Any]) -> Totals:
    return Totals(**{name: row[name] for name in COUNTS}, **_took(row))


def overview(question: Asked) -> list[OfProcess]:
    """Every process of which cases were started, those with most first. Three questions, however many."""
    cases = Case.objects.filter(question.cases).exclude(state=STATES.DRAFT)
    now, of_cases = timezone.now(), _of_cases(question)
    with system_actor("flows.count").scope.activate():
        rows = list(cases.values(code=F("definition__code")).annotate(**of_cases).order_by("-started", "code"))
        waits = Task.objects.filter(case_id__in=cases.filter(state=STATES.RUNNING).values("pk"), state=Task.State.OPEN)
        tasks = waits.exclude(role__in=Task.TO_READ).values("code").order_by("code")
        open_ = {t["code"]: t for t in tasks.annotate(waiting=Count("pk"), late=Count("pk", filter=Q(due__lt=now)))}
        names = _names([r["code"] for r in rows])
    return [
        OfProcess(
            row["code"], names.get(row["code"], row["code"]), _totals(row), open_.get(row["code"], {}).get("late", 0),
            open_.get(row["code"], {}).get("waiting", 0),
        )
        for row in rows
    ]  # fmt: skip


def _names(codes: list[str]) -> dict[str, str]:
    rows = Definition.objects.filter(code__in=codes).exclude(state=Definition.State.DRAFT)
    return {row.code: row.label for row in rows.only("code", "name", "name_en", "edition").order_by("published_at")}


def latest(code: str) -> Definition:
    """The edition of a process whose diagram is shown: the one that was published last, of those in sight.

    Raises:
        Missing: there is none.
    """
    rows = Definition.objects.filter(code=code).exclude(state=Definition.State.DRAFT)
    found = rows.order_by("published_at").last()
    if found is None:
        raise Missing()
    return found


def figures(question: Asked, code: str, name: str) -> Figures:
    """All about one process. Seven questions, however many cases, steps and people."""
    now, of_cases = timezone.now(), _of_cases(question)
    with system_actor("flows.count").scope.activate():
        editions = list(Definition.objects.filter(code=code).values_list("pk", flat=True))
        cases = Case.objects.filter(question.cases, definition_id__in=editions).exclude(state=STATES.DRAFT)
        ids = cases.values("pk")
        totals = _totals(cases.aggregate(**of_cases))
        steps = _steps(ids, now, question.calendar)
        persons = _persons(question, ids, now)
        by_tier = cases.values(tier=F("node__tier")).annotate(**of_cases).order_by("tier")
        tiers = [OfPlace(str(Tier(r["tier"]).label), r["tier"], "", _totals(r)) for r in by_tier]
        by_node = cases.values("node__name", "node__path", tier=F("node__tier")).annotate(**of_cases)
        places = [
            OfPlace(r["node__name"], r["tier"], r["node__path"], _totals(r))
            for r in by_node.order_by("-started", "node__path")[:MOST]
        ]
    return Figures(code, name, totals, steps, persons, places, tiers)


def _steps(ids: Any, now: datetime, calendar: Calendar) -> list[OfStep]:
    visits, left = Step.objects.filter(case_id__in=ids).exclude(token=""), Coalesce(F("closed_at"), now)
    rows = visits.values("element").annotate(
        visits=Count("pk"), standing=Count("pk", filter=STANDS), **_spread("opened_at", "closed_at", calendar, CLOSED),
        waited=Sum(WorkingTime("opened_at", left, calendar)), clock_waited=Sum(_clock("opened_at", left)),
        late=Count("pk", filter=Q(due__isnull=False) & (Q(closed_at__gt=F("due")) | (STANDS & Q(due__lt=now)))),
        label=Max("name"),
    )  # fmt: skip
    sent_back = Task.objects.filter(case_id__in=ids, verdict=Task.Verdict.RETURNED).values("step__element")
    returns = {r["step__element"]: r["n"] for r in sent_back.annotate(n=Count("pk")).order_by()}
    found = sorted(rows, key=lambda r: r["waited"], reverse=True)
    most = max((r["waited"].total_seconds() for r in found), default=0) or 1
    return [
        OfStep(
            r["element"], r["label"], r["visits"], r["standing"], **_took(r), waited=r["waited"].total_seconds(),
            clock_waited=r["clock_waited"].total_seconds(), late=r["late"], returns=returns.get(r["element"], 0),
            level=_level(r["waited"].total_seconds() / most),
        )
        for r in found
    ]  # fmt: skip


def _level(share: float) -> int:
    """1 to 5 in equal parts of the most."""
    return min(LEVELS, 1 + int(share * LEVELS))


def _persons(question: Asked, ids: Any, now: datetime) -> list[OfPerson]:
    own = Range.subtree(question.actor.organ_path)
    tasks = Task.objects.filter(case_id__in=ids, path__gte=own.lo, path__lt=own.hi).exclude(role__in=Task.TO_READ)
    done = Q(state=Task.State.DONE) & ~Q(verdict=Task.Verdict.SKIPPED)
    rows = tasks.filter(state__in=(Task.State.OPEN, Task.State.DONE)).values("person_id", "person").annotate(
        done=Count("pk", filter=done), standing=Count("pk", filter=Q(state=Task.State.OPEN)),
        **_spread("opened_at", "done_at", question.calendar, done),
        late=Count("pk", filter=Q(due__isnull=False) & (Q(done_at__gt=F("due")) | Q(state=Task.State.OPEN, due__lt=now))),
        returns=Count("pk", filter=Q(verdict=Task.Verdict.RETURNED)),
    )  # fmt: skip
    return [
        OfPerson(r["person"], r["done"], r["standing"], **_took(r), late=r["late"], returns=r["returns"])
        for r in rows.order_by("-done", "person_id")[:MOST]
    ]


def place_name(path: str) -> str:
    """What a place is called."""
    row = Node.objects.filter(path=path).only("name").first()
    if row is None:
        raise Missing()
    return row.name


# as a workbook


def xlsx(found: Figures, question: Asked) -> bytes:
    """One table of all: totals, steps, persons, tiers and places."""
    spans = [
        (_("中位用时（工作时间）"), _("工作日")),
        (_("九成不超过（工作时间）"), _("工作日")),
        (_("中位用时（钟点）"), _("小时")),
        (_("九成不超过（钟点）"), _("小时")),
    ]
    columns = [
        SheetColumn(_("范围")), SheetColumn(_("名称"), width=28), *(SheetColumn(h, "integer") for h in (_("件数（次）"), _("在办"))),
        *(SheetColumn(name, "number", unit, places=2) for name, unit in spans),
        *(SheetColumn(h, "integer") for h in (_("超时"), _("退回"), _("未通过"))),
    ]  # fmt: skip

    def took(row: Totals | OfStep | OfPerson) -> list[float | None]:
        given = [(row.work.median, 86400), (row.work.p90, 86400), (row.clock.median, 3600), (row.clock.p90, 3600)]
        return [round(seconds / unit, 2) if seconds is not None else None for seconds, unit in given]

    def of_cases(kind: str, name: str, t: Totals) -> list[Any]:
        return [kind, name, t.started, t.running, *took(t), None, None, t.refused]

    rows = [of_cases(_("全部"), found.name, found.totals)]
    rows += [[_("环节"), s.name, s.visits, s.standing, *took(s), s.late, s.returns, None] for s in found.steps]
    rows += [[_("人员"), p.person, p.done, p.standing, *took(p), p.late, p.returns, None] for p in found.persons]
    rows += [of_cases(_("层级"), t.name, t.totals) for t in found.tiers]
    rows += [of_cases(_("发起单位"), p.name, p.totals) for p in found.places]
    file = io.BytesIO()
    period = f"{question.since.isoformat()} – {question.until.isoformat()}"
    write_xlsx(file, columns, rows, name=_("流程统计"), properties={"process": found.code, "period": period})
    return file.getvalue()
