"""Instances of the ten-step process driven from start to end by workers that are killed at random: none lost, no step twice.

A worker takes every so-manieth instance, starts it under a key of its own, and lets each holder decide, each decision under a key
of its own. Killed anywhere, the next one finds in the database what is done, asks again under the same keys for what may not be,
and goes on. Workers are forked from a process that has loaded the program (``bench.nursery``): what is measured is decisions, and
not how long Python takes to begin.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass
class Run:
    """What a run came to."""

    seconds: float
    kills: int
    decisions: int

    @property
    def throughput(self) -> float:
        return self.decisions / self.seconds


def drive(
    instances: int, code: str, starter: str, *, workers: int, kills: tuple[int, int], environment: Mapping[str, str]
) -> Run:
    """Let workers finish so many instances, and kill one of them every so many decisions (drawn between the two of ``kills``).

    Decisions, not seconds: on a slow machine a worker would be killed before it has done anything, for ever.
    """
    chance, before = random.Random(7), decided(code)
    os.environ |= environment  # of the nursery, which lends it to all
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.nursery"])

    def hire(number: int) -> multiprocessing.process.BaseProcess:
        worker = context.Process(target=work, args=(number, workers, instances, code, starter, ticks.name))
        worker.start()
        return worker

    with tempfile.NamedTemporaryFile() as ticks:
        crew = {number: hire(number) for number in range(workers)}
        begin, killed, due = time.monotonic(), 0, chance.randint(*kills)
        while crew:
            time.sleep(0.02)
            if os.path.getsize(ticks.name) >= due:
                victim = chance.choice(sorted(crew))
                crew[victim].kill()
                crew[victim].join()
                crew[victim] = hire(victim)
                killed, due = killed + 1, due + chance.randint(*kills)
            for number, worker in list(crew.items()):
                if worker.exitcode == 0:
                    del crew[number]
                elif worker.exitcode is not None:
                    raise RuntimeError(f"a worker ended with {worker.exitcode}")
    return Run(time.monotonic() - begin, killed, decided(code) - before)


def decided(code: str) -> int:
    """Decisions taken so far."""
    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.flows.models import Task

    with system_scope("flows.engine").activate():
        return Task.objects.filter(code=code, state=Task.State.DONE).count()


def work(number: int, workers: int, instances: int, code: str, starter: str, ticks: str) -> None:
    """One worker's share, from wherever the one before it was killed; each decision adds a byte to the file of ticks."""
    from bench import cases, house
    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.flows.models import Case

    house.set_up()
    place = cases.found(code, starter)
    told = os.open(ticks, os.O_WRONLY | os.O_APPEND)
    with system_scope("flows.engine").activate():
        over = set(Case.objects.filter(definition__code=code, state=Case.State.DONE).values_list("title", flat=True))
    for instance in range(number, instances, workers):
        name = f"{code}-{instance:07}"
        if name in over:
            continue
        case = place.begin(name)
        while waiting := cases.open_tasks(case.pk):
            for task in waiting:
                place.decide(task)
                os.write(told, b".")


def exact(instances: int, code: str, signers: list[int]) -> str:
    """What is wrong with what the workers left, in words; empty when each instance is there once and each step was done once."""
    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.events.models import Event
    from shuzheng.base.flows.models import Case, Opinion, Step

    with system_scope("flows.engine").activate():
        rows = Case.objects.filter(definition__code=code)
        titles = list(rows.values_list("title", flat=True))
        if sorted(titles) != [f"{code}-{n:07}" for n in range(instances)]:
            return f"{len(titles)} instances, {len(set(titles))} different ones, of {instances}"
        if unfinished := rows.exclude(state=Case.State.DONE).count():
            return f"{unfinished} instances have not come to their end"
        steps = Counter(Step.objects.filter(case_id__in=rows.values("pk")).values_list("element", "state"))
        if steps != {(f"t{n}", "passed"): instances for n in range(len(signers))}:
            return f"steps: {steps}"
        said = Opinion.objects.filter(case_id__in=rows.values("pk"))
        signed = Counter(said.filter(verb="pass").values_list("step_id", "person_id"))
        if (
            len(signed) != sum(signers) * instances
            or set(signed.values()) != {1}
            or said.filter(verb="start").count() != instances
        ):
            return f"{len(signed)} verdicts of {sum(signers) * instances}, the most of one person in one step: {max(signed.values())}"
    ended = Counter(
        Event.objects.filter(name="flows.case.ended", payload__process=code).values_list("payload__case", flat=True)
    )
    if len(ended) != instances or set(ended.values()) != {1}:
        return f"{len(ended)} instances have told that they ended, of {instances}"
    return ""
