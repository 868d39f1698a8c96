"""What reporting puts on the workbench: what waits for this post, and how the rounds it looks after stand.

Few queries, whatever the number of rounds and institutions; all inside the reader's scope.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Case, Count, F, QuerySet, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuzheng.base.core.actor import Actor
from shuzheng.base.core.scope import Range
from shuzheng.base.forms import names
from shuzheng.base.forms.desk import beside
from shuzheng.base.forms.models import Round, Submission
from shuzheng.base.forms.queries import UNREPORTED, Progress, counts, progress, segment_below, tier_due
from shuzheng.base.org.models import Node, NodeKind
from shuzheng.base.portal import formats
from shuzheng.base.portal.parts import Segment, Todo

State = Submission.State
LINE = "reporting"
LONG_AGO = datetime.min.replace(tzinfo=UTC)
FIRST = 6
"""Unreported institutions that are listed below a round; the board has them all."""


@dataclass(frozen=True)
class Unreported:
    """An institution that has not handed in: as one line under its round."""

    submission: Submission

    @property
    def name(self) -> str:
        return self.submission.node.name

    @property
    def url(self) -> str:
        return reverse("forms:entry", args=[self.submission.pk])

    @property
    def person(self) -> str:
        return self.submission.filler

    @property
    def state(self) -> str:
        return State(self.submission.state).label

    @property
    def reminded(self) -> str:
        at = self.submission.reminded_at
        return _("%(when)s 已催") % {"when": formats.when(at)} if at else _("尚未催报")


@dataclass(frozen=True)
class RoundRow:
    """A round as one post sees it: the progress it looks after, or its own organ's submission, or both."""

    round: Round
    title: str
    period: str
    url: str
    progress: Progress | None = None
    own: Submission | None = None
    missing: tuple[Unreported, ...] = ()
    """The first few that have not handed in, those that began at the head."""
    may_remind: bool = False
    may_review: bool = False

    @property
    def due_at(self) -> datetime:
        return self.round.due_at

    @property
    def asked(self) -> int:
        return self.progress.asked if self.progress else 0

    @property
    def reported(self) -> int:
        return self.progress.reported if self.progress else 0

    @property
    def unreported(self) -> int:
        return self.progress.unreported if self.progress else 0

    @property
    def percent(self) -> int:
        return self.progress.percent if self.progress else 0

    @property
    def segments(self) -> list[Segment]:
        return segments(self.progress) if self.progress else []

    @property
    def more_missing(self) -> bool:
        return self.unreported > len(self.missing)

    @property
    def action(self) -> str:
        """The next thing to do, as a verb with its count; empty when there is none."""
        if self.may_review and self.progress and self.progress.mine:
            return _("审核 %(n)d 家") % {"n": self.progress.mine}
        if self.may_remind and self.unreported:
            return _("催报 %(n)d 家") % {"n": self.unreported}
        return ""

    @property
    def action_url(self) -> str:
        if self.may_review and self.progress and self.progress.mine:
            return reverse("forms:review", args=[self.round.pk])
        return reverse("forms:round", args=[self.round.pk]) + "#missing"

    @property
    def action_icon(self) -> str:
        return "checklist" if self.may_review and self.progress and self.progress.mine else "bell-ringing"


def segments(counted: Progress) -> list[Segment]:
    """The parts of a progress bar; what is missing to the whole has not been handed in."""
    return [
        Segment(_("已审"), counted.approved, "ok"),
        Segment(_("待本级审"), counted.mine, "info"),
        Segment(_("下级审核中"), counted.below, "blue"),
        Segment(_("已退回"), counted.returned, "over"),
    ]


def supervises(actor: Actor) -> bool:
    """Whether the post's office reads the reporting of its whole division."""
    return actor.scope.may_read(LINE, actor.division) and actor.may("forms.submission.view", actor.division)


def todos(actor: Actor) -> list[Todo]:
    """What waits for this post: its organ's unfinished submissions, and submissions that its tier has to review."""
    return [*_own_todos(actor), *_review_todos(actor), *beside(actor)]


def _own_todos(actor: Actor) -> list[Todo]:
    if not actor.may("forms.submission.fill", actor.organ_path):
        return []
    rows = _own(actor).filter(state__in=UNREPORTED, round__state=Round.State.OPEN).order_by("due_at")
    found = []
    for row in rows:
        title = names.round_title(row.round)
        if row.state == State.RETURNED:
            said = _("修改%(title)s：%(why)s") % {"title": title, "why": row.returned_reason}
        else:
            said = _("填报%(title)s") % {"title": title}
        verb = {State.RETURNED: _("修改"), State.DRAFT: _("继续填")}.get(row.state, _("填报"))  # type: ignore[call-overload]
        note = " · ".join((_("报送"), row.node.name))
        found.append(Todo(said, reverse("forms:entry", args=[row.pk]), note, "table", row.due_at, verb))
    return found


def _own(actor: Actor) -> QuerySet[Submission]:
    mine = Range.subtree(actor.organ_path)
    return Submission.objects.filter(path__gte=mine.lo, path__lt=mine.hi).select_related("node", "round__definition")


def _review_todos(actor: Actor) -> list[Todo]:
    if not (supervises(actor) and actor.may("forms.submission.approve", actor.division)):
        return []
    waiting = _below(actor).filter(state=State.SUBMITTED, waiting_tier=actor.tier, round__state=Round.State.OPEN)
    groups = list(
        waiting.annotate(part=segment_below(actor.division))
        .values("round_id", "part")
        .annotate(n=Count("id"))
        .order_by("round_id", "-n", "part")
    )
    rounds = _rounds({g["round_id"] for g in groups})
    parts = _part_names(actor, {g["part"] for g in groups})
    found = []
    for group in groups:
        round_ = rounds[group["round_id"]]
        at = f"{actor.division}{group['part']}/"
        said = ngettext("审核%(title)s：%(n)d 家已提交", "审核%(title)s：%(n)d 家已提交", group["n"]) % {
            "title": names.round_title(round_), "n": group["n"],
        }  # fmt: skip
        url = f"{reverse('forms:review', args=[round_.pk])}?at={at}"
        due = tier_due(round_, actor.tier)
        found.append(Todo(said, url, " · ".join((_("报送"), parts[group["part"]])), "checklist", due, _("审核")))
    return found


def _rounds(ids: set[UUID]) -> Mapping[UUID, Round]:
    return Round.objects.select_related("definition").in_bulk(list(ids)) if ids else {}


def _part_names(actor: Actor, parts: set[str]) -> dict[str, str]:
    """Names of what stands right below the actor's division, by path segment."""
    paths = [f"{actor.division}{p}/" for p in parts if p != "0"]
    found = (
        dict(Node.objects.filter(path__in=paths, kind=NodeKind.DIVISION).values_list("code", "name")) if paths else {}
    )
    return defaultdict(lambda: _("其他"), {**found, "0": _("本级")})


def _below(actor: Actor) -> QuerySet[Submission]:
    span = Range.subtree(actor.division)
    return Submission.objects.filter(path__gte=span.lo, path__lt=span.hi)


def rounds(actor: Actor, now: datetime | None = None, *, open_only: bool = True, limit: int = 50) -> list[RoundRow]:
    """The rounds that concern this post, the next deadline first and ended ones last; at most four queries.

    With ``open_only`` those in progress that the post looks after, for the workbench; an institution's own is a to-do.
    """
    now = now or timezone.now()
    wanted = Round.objects.select_related("definition")
    if open_only:
        wanted = wanted.exclude(state=Round.State.CLOSED)
    ended = Case(When(state=Round.State.CLOSED, then=1), default=0)
    found = list(wanted.order_by(ended, "-due_at", "pk")[:limit])
    # Of the open ones the next deadline first; of the ended ones the latest.
    found.sort(key=lambda r: (r.state == Round.State.CLOSED, r.due_at if r.state != Round.State.CLOSED else LONG_AGO))
    ids = [r.pk for r in found]
    watched = _progress(actor, ids, now) if ids and supervises(actor) else {}
    own = {} if open_only or not ids else {s.round_id: s for s in _own(actor).filter(round__in=ids)}
    missing = _unreported(actor, [r.pk for r in found if r.state == Round.State.OPEN]) if watched else {}
    remind, review = (actor.may(f"forms.submission.{verb}", actor.division) for verb in ("remind", "approve"))
    rows = []
    for round_ in found:
        mine, counted = own.get(round_.pk), watched.get(round_.pk)
        if counted is None and (open_only or (mine is None and round_.state == Round.State.CLOSED)):
            continue
        is_open = round_.state == Round.State.OPEN
        url = reverse("forms:round", args=[round_.pk])
        rows.append(
            RoundRow(
                round_, names.round_title(round_), names.period_label(round_.period),
                reverse("forms:entry", args=[mine.pk]) if counted is None and mine is not None else url,
                counted, mine, tuple(map(Unreported, missing.get(round_.pk, ()))),
                remind and is_open, review and is_open,
            )
        )  # fmt: skip
    return rows


def _progress(actor: Actor, ids: Sequence[UUID], now: datetime) -> dict[UUID, Progress]:
    rows = _below(actor).filter(round__in=ids).order_by().values("round_id").annotate(**counts(actor.tier, now))
    return {row.pop("round_id"): progress(actor.division, "", NodeKind.DIVISION, row) for row in rows}


def _unreported(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, list[Submission]]:
    rows = (
        _below(actor)
        .filter(round__in=ids, state__in=UNREPORTED)
        .annotate(place=Window(RowNumber(), partition_by=F("round_id"), order_by=[F("filled").desc(), F("path").asc()]))
        .filter(place__lte=FIRST)
        .select_related("node")
        .order_by("round_id", "place")
    )
    found: dict[UUID, list[Submission]] = defaultdict(list)
    for row in rows:
        found[row.round_id].append(row)
    return found
