"""Approvals: one step against SpiffWorkflow alone, two thousand instances, an inbox among a million tasks, fifty who sign at once."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from functools import cache, partial
from uuid import UUID

from django.db import OperationalError, close_old_connections, connections

from bench import cases, stock
from bench.crowd import PROCESSES, THREADS, Crowd
from bench.lists import fetch, watched
from bench.measure import Result, interleaved, timed
from bench.reference.flows import Plain
from shuzheng.base.core.bulk import insert_many
from shuzheng.base.core.scope import system_scope
from shuzheng.base.flows.models import Case, Opinion, Step, Task, Timer
from shuzheng.base.flows.reaching import face

INSTANCES = 2_000
STEP_BAR, INBOX_BAR = 4, 1.3
ROUNDS, WARM = 12, 2
"""Instances that go from their first step to their end beside the reference's."""
TASKS, HOLDERS = 1_000_000, 10_000
AT_ONCE = PROCESSES * THREADS
PATIENCE = 10
READER = "zj.review"


def run() -> Iterator[Result]:
    house = cases.house()
    yield step(house)
    yield instances(house)
    yield at_once()
    yield inbox()


def step(house: cases.House) -> Result:
    """Every decision of some instances, each followed (or preceded) by the same step of the reference's."""
    plain, ours, theirs = Plain(cases.SIGNERS), list[float](), list[float]()
    for count in range(ROUNDS + WARM):
        [case], other = house.start(), plain.start()
        for number in range(cases.DECISIONS):
            task = cases.open_tasks(case.pk)[0]
            pair = [(ours, partial(house.decide, task)), (theirs, partial(plain.step, other))]
            for taken, do in pair if number % 2 else pair[::-1]:
                seconds = timed(do)
                if count >= WARM:
                    taken.append(seconds)
        _is_done(case.pk)
    return Result(
        "flow step", statistics.median(ours),
        "complete a task of a ten-step process with two countersignatures: rights, form, signatures counted, next tasks for their"
        " holders with limits, trail, event, inbox; against SpiffWorkflow loading, stepping and saving the same from a row",
        statistics.median(theirs), STEP_BAR,
    )  # fmt: skip


def _is_done(case: UUID) -> None:
    with system_scope("flows.engine").activate():
        if Case.objects.get(pk=case).state != Case.State.DONE:
            raise AssertionError("an instance of the bench did not come to its end")


def instances(house: cases.House) -> Result:
    """So many instances take one step each, by as many workers as there are cores."""
    [first] = house.start()
    waiting = copies(first.pk, INSTANCES)
    with Crowd("bench.flows:work", processes=os.cpu_count() or 1, threads=1) as workers:
        workers.do("warm", waiting[:20])
        seconds = workers.do("step", waiting[20:])
    with system_scope("flows.engine").activate():
        passed = Opinion.objects.filter(task_id__in=waiting, verb="pass")
        if passed.count() != INSTANCES:
            raise AssertionError("an instance of the bench has not taken its step, or more than one")
    return Result(
        f"{INSTANCES:,} flow instances",
        (INSTANCES - 20) / seconds,
        f"one step each, by {os.cpu_count()} workers",
        unit="steps/s",
    )


def copies(case: UUID, count: int) -> list[UUID]:
    """Instances that stand where this one stands, as sets of rows; the ids of what waits in them."""
    with system_scope("flows.engine").activate():
        [row], [step], [task] = (list(m.objects.filter(case_id=case)) for m in (Case, Step, Task))
        [said], timers = list(Opinion.objects.filter(case_id=case)), list(Timer.objects.filter(case_id=case))
        made: dict[type, list] = {Case: [], Step: [], Task: [], Opinion: [], Timer: []}
        for number in range(count):
            fresh = row.alike(number=f"B{number:07}")
            fresh.case_id = fresh.pk
            at = step.alike(case_id=fresh.pk)
            made[Case].append(fresh)
            made[Step].append(at)
            made[Task].append(task.alike(case_id=fresh.pk, step=at))
            made[Opinion].append(said.alike(case_id=fresh.pk))
            made[Timer] += [timer.alike(case_id=fresh.pk, step=at) for timer in timers]
        for rows in made.values():
            insert_many(rows)
        return [t.pk for t in made[Task]]


@cache
def _house() -> cases.House:
    return cases.house()


def work(kind: str, task: UUID) -> bool:
    """One decision, in a worker's process."""
    house = _house() if kind != "sign" else _signing()
    with system_scope("flows.engine").activate():
        row = Task.objects.get(pk=task)
    for _again in range(PATIENCE):
        try:
            house.decide(row)
        except OperationalError:  # no connection was free in time: asked again under the same key, as a browser does
            continue
        finally:
            close_old_connections()
        return True
    raise TimeoutError("a decision never got through")


@cache
def _signing() -> cases.House:
    return cases.house([AT_ONCE, 1], "bench-sign")


def at_once() -> Result:
    """Everybody of one countersignature approves at the same moment: each counts once, and the next step opens once."""
    house, taken = _signing(), []
    with Crowd("bench.flows:work") as signers:
        for _round in range(4):
            [case] = house.start()
            seconds = signers.do("sign", [t.pk for t in cases.open_tasks(case.pk)])
            _exact(case.pk)
            taken.append(seconds)
    how = f"{AT_ONCE} people of one countersignature, each with a connection of their own; every verdict counted once, the next step opened once"
    return Result(f"{AT_ONCE} sign at once", statistics.median(taken[1:]), how)


def _exact(case: UUID) -> None:
    with system_scope("flows.engine").activate():
        steps = sorted(Step.objects.filter(case_id=case).values_list("element", "state"))
        signed = Opinion.objects.filter(case_id=case, verb="pass").values_list("person_id", flat=True)
        waits = Task.objects.filter(case_id=case, state="open").count()
        if (
            steps != [("t0", "passed"), ("t1", "open")]
            or len(set(signed)) != AT_ONCE
            or len(signed) != AT_ONCE
            or waits != 1
        ):
            raise AssertionError(f"a countersignature of {AT_ONCE} is not exact: {steps}, {len(signed)}, {waits}")


_FILL = """
INSERT INTO flows_task (id, node_id, path, version, created_at, updated_at, case_id, step_id, post_id, person_id, person,
    post_name, organ_name, behalf, role, state, verdict, place, added_by, is_before, opened_at, done_at, due, is_urgent, title,
    process, code, step_name, starter, starter_organ, number)
SELECT gen_random_uuid(), CASE WHEN n % {holders} = 0 THEN '{node}'::uuid ELSE t.node_id END,
    CASE WHEN n % {holders} = 0 THEN '{path}' ELSE t.path END, 1, now(), now(), t.case_id, t.step_id,
    CASE WHEN n % {holders} = 0 THEN '{reader}'::uuid ELSE md5('holder ' || n % {holders})::uuid END, t.person_id, t.person,
    t.post_name, t.organ_name, '', 'approve', 'open', '', 0, NULL, false, now() - n * interval '1 second', NULL, NULL, n % 50 = 0,
    t.title, t.process, t.code, t.step_name, t.starter, t.starter_organ, 'M' || n
FROM generate_series(1, {tasks}) AS n, (SELECT * FROM flows_task WHERE id = '{like}') AS t
"""
_BARE = """
SELECT {columns} FROM flows_task WHERE post_id = '{reader}' AND state = 'open' AND role NOT IN ('read', 'copy')
ORDER BY is_urgent DESC, opened_at DESC LIMIT 50
"""


def inbox() -> Result:
    """The first page of somebody who has a hundred of a million open tasks; the statement as it is sent, in the scope."""
    actor = stock.actor(READER)
    with system_scope("flows.engine").activate():
        like = Task.objects.filter(state=Task.State.OPEN).first()
    if like is None:
        raise AssertionError("nothing waits in the bench")
    begin = time.perf_counter()
    with stock.loading("flows_task") as cursor:
        cursor.execute(
            _FILL.format(
                holders=HOLDERS, reader=actor.id, node=actor.node_id, path=actor.path, tasks=TASKS, like=like.pk
            )
        )
        cursor.execute("ANALYZE flows_task")
    loaded = time.perf_counter() - begin
    app, owner = connections["default"], connections["owner"]
    with actor.scope.activate():
        with watched("default") as asked:
            rows = list(face(actor, "todo")[:50])
        [page] = asked
        columns = page[0].removeprefix("SELECT ").partition(" FROM ")[0]
        plain = _BARE.format(columns=columns, reader=actor.id)
        if [row.pk for row in rows] != [row[1] for row in fetch(owner, plain, None)]:
            raise AssertionError("the inbox is not the reference's")
        mine, theirs = interleaved(lambda: fetch(app, *page), lambda: fetch(owner, plain, None))
    how = f"50 of {TASKS // HOLDERS} open tasks of one of {HOLDERS:,} people, loaded in {loaded:.0f} s; against the bare indexed query as owner"
    return Result(f"inbox, {TASKS:,} open tasks", mine, how, theirs, INBOX_BAR)
