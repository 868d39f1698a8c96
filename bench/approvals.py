"""Fifty reviewers of one province approve at the same moment, in a small tree and in a large one, while readers read and a job folds."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from functools import cache

from django.db import connections
from django.utils import timezone

from bench import stock
from bench.crowd import PROCESSES, THREADS, Crowd
from bench.measure import Result
from bench.reference import approvals as reference
from shuzheng.base.core.action import new_key
from shuzheng.base.core.actor import Actor, system_actor
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.forms import actions, rollup
from shuzheng.base.forms.jobs import fold_once
from shuzheng.base.forms.models import Definition, RollupDelta, Round, Submission
from shuzheng.base.org.models import Node, NodeKind, Tier
from shuzheng.base.org.places import draft_node
from shuzheng.base.org.versions import first_version

AT_ONCE = PROCESSES * THREADS
ROUNDS, WARM = 9, 2
APPROVED = (ROUNDS + WARM + 1) * AT_ONCE
GROWN = 30_000
"""Institutions that the province gets for the second measurement."""
FORM, PERIOD, AMOUNT = "energy-quarterly", "2024Q2", Decimal(900)
DIVISION, USERNAME = "33/", "zj.review"
BAR = 3


def run() -> Iterator[Result]:
    """Each size with two rounds of the same form: one whose approvals are rolled up, and one for the reference."""
    with Crowd("bench.approvals:work") as reviewers:
        for size in ("the demo's tree", f"{GROWN:,} institutions more"):
            if size != "the demo's tree":
                grow(GROWN)
            rounds = {kind: issue(f"approvals, {kind}") for kind in ("ours", "plain")}
            yield measure(reviewers, rounds, size)


def measure(reviewers: Crowd, rounds: dict[str, Round], size: str) -> Result:
    """Rounds of both in turn; the totals that were read meanwhile held together, and in the end equal the recount."""
    waiting = {kind: _waiting(round_) for kind, round_ in rounds.items()}
    taken: dict[str, list[float]] = {"ours": [], "plain": []}
    with _Watch(rounds["ours"]) as watch:
        for count in range(ROUNDS + WARM):
            for kind in ("ours", "plain") if count % 2 else ("plain", "ours"):
                batch = [waiting[kind].pop() for _ in range(AT_ONCE)]
                seconds = reviewers.do(kind, batch)
                if count >= WARM:
                    taken[kind].append(seconds)
    reviewers.do("ours", waiting["ours"])  # the last fifty are not folded yet when the roll-up is compared
    pending = _hold(rounds["ours"])
    how = (
        f"50 at once by reviewers of one province, {rounds['ours'].asked:,} institutions in the round; the same with no roll-up."
        f" {watch.reads:,} reads meanwhile held together; equal to the recount with {pending:,} deltas pending and with none"
    )
    mine, theirs = (statistics.median(t) for t in (taken["ours"], taken["plain"]))
    return Result(f"50 approvals at once, {size}", mine, how, theirs, BAR)


# What is approved


def issue(title: str) -> Round:
    """A round for everybody, opened by the job. What will be approved is handed in and has reached the province, as sets of rows."""
    actor = stock.actor("gj.admin")
    with actor.scope.activate():
        definition = Definition.objects.get(code=FORM, state=Definition.State.PUBLISHED)
        [made] = actions.issue_rounds(
            [Node.objects.get(path="")], actor=actor, definition=definition, period=PERIOD, title=title,
            due_at=timezone.now() + timedelta(days=20),
        )  # fmt: skip
    opener = system_actor("forms.open")
    with opener.scope.activate():
        [opened] = actions.open_rounds([made], actor=opener)
        codes = rollup.additive(opened)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE forms_submission SET state = 'submitted', edition = 1, approved_tier = 3, waiting_tier = 2,"
            " submitted_at = now(), sealed_path = path WHERE id IN (SELECT id FROM forms_submission"
            " WHERE round_id = %s AND path LIKE %s AND own_tier > 2 ORDER BY md5(id::text) LIMIT %s)",
            [opened.pk, f"{DIVISION}%", APPROVED],
        )
        cursor.execute(
            "INSERT INTO forms_cell (submission_id, round_id, path, code, value, text, source, version)"
            " SELECT s.id, s.round_id, s.path, c.code, %s, '', 'hand', 1 FROM forms_submission s, unnest(%s::text[]) AS c(code)"
            " WHERE s.round_id = %s AND s.state = 'submitted'",
            [AMOUNT, codes, opened.pk],
        )
        cursor.execute("ANALYZE forms_cell, forms_submission")
    return opened


def grow(institutions: int) -> None:
    """Put so many more institutions into the province's counties."""
    actor = system_actor("demo.load")
    with actor.scope.activate():
        counties = list(Node.objects.filter(kind=NodeKind.DIVISION, tier=Tier.COUNTY, path__startswith=DIVISION))
        since = min(c.valid_from for c in counties)
        made = [
            draft_node(
                counties[n % len(counties)], f"公共机构{n:06d}", NodeKind.ORGAN, code=f"b{n:06d}", type="22",
                is_reporting=True, valid_from=since,
            )
            for n in range(institutions)
        ]  # fmt: skip
        insert_many(made)
        insert_many([first_version(node) for node in made])


def _waiting(round_: Round) -> list[str]:
    """Ids of what waits for the province, out of all its counties."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT id::text FROM forms_submission WHERE round_id = %s AND waiting_tier = 2 ORDER BY md5(id::text)",
            [round_.pk],
        )
        return [pk for [pk] in cursor.fetchall()]


# Readers


class _Watch:
    """Reads the province's roll-up over and over and folds, until it is left; whatever it reads must hold together."""

    def __init__(self, round_: Round) -> None:
        self.round, self.reads = round_, 0
        self._end = threading.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self._end.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        reader, folder = stock.actor(USERNAME), system_actor("forms.fold")
        last = 0
        try:
            while not self._end.wait(0.02):
                with reader.scope.activate():
                    sums, units = rollup.totals(self.round, DIVISION)
                if units < last or any(value != AMOUNT * units for value in sums.values()):
                    raise AssertionError(f"{units} institutions after {last}, and {set(sums.values())}")
                last, self.reads = units, self.reads + 1
                if self.reads % 10 == 0:
                    fold_once(folder)
        except BaseException as fault:  # noqa: BLE001 -- raised again where it is waited for
            self._fault = fault
        finally:
            connections.close_all()


def _hold(round_: Round) -> int:
    """The roll-up equals the recount, with deltas pending and when all are folded; returns how many were pending."""
    actor = stock.actor(USERNAME)
    with actor.scope.activate():
        pending = RollupDelta.objects.filter(round=round_).count()
    for fold in (False, True):
        while fold and fold_once(system_actor("forms.fold")):
            pass
        with actor.scope.activate():
            counted = rollup.recount(round_, DIVISION, Tier.PROVINCE)
            if rollup.totals(round_, DIVISION) != counted or counted[1] != APPROVED:
                raise AssertionError(f"the roll-up is not the recount of {APPROVED}")
    return pending


# Reviewers


@cache
def _reviewer() -> Actor:
    return stock.actor(USERNAME)


def work(kind: str, pk: str) -> None:
    """Look one submission up and approve it, rolled up unless it is the reference's."""
    actor = _reviewer()
    with actor.scope.activate():
        row = Submission.objects.select_related("node", "round__definition").get(pk=pk)
    if kind == "plain":
        reference.approve(row, actor)
    else:
        actions.approve([row], actor=actor, key=new_key())


__all__ = ["run", "work"]
