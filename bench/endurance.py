"""Instances of the ten-step process driven from start to end by workers that are killed at random: none lost, no step twice.

``python -m bench.endurance WORKER WORKERS INSTANCES CODE STARTER`` is one worker: it takes every so-manieth instance, starts it
under a key of its own, and lets each holder decide, each decision under a key of its own. Killed anywhere, the next one finds in
the database what is done, asks again under the same keys for what may not be, and goes on.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TICKS = "SZ_BENCH_TICKS"
"""Names the file that grows by a byte with each decision of a worker."""


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
    with tempfile.NamedTemporaryFile() as ticks:
        environment = {**environment, TICKS: ticks.name}
        crew = {n: _hire(n, workers, instances, code, starter, environment) for n in range(workers)}
        begin, killed, due = time.monotonic(), 0, chance.randint(*kills)
        while crew:
            time.sleep(0.02)
            if os.path.getsize(ticks.name) >= due:
                victim = chance.choice(sorted(crew))
                os.kill(crew[victim].pid, signal.SIGKILL)
                crew[victim].wait()
                crew[victim] = _hire(victim, workers, instances, code, starter, environment)
                killed, due = killed + 1, due + chance.randint(*kills)
            for number, worker in list(crew.items()):
                if worker.poll() == 0:
                    del crew[number]
                elif worker.poll() is not None:
                    raise RuntimeError(f"a worker ended with {worker.returncode}")
    return Run(time.monotonic() - begin, killed, decided(code) - before)


def _hire(
    number: int, workers: int, instances: int, code: str, starter: str, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "bench.endurance", *map(str, (number, workers, instances)), code, starter]
    return subprocess.Popen(words, cwd=ROOT, env={**os.environ, **environment})


def decided(code: str) -> int:
    """Decisions taken so far."""
    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.flows.models import Task

    with system_scope("flows.engine").activate():
        return Task.objects.filter(code=code, state=Task.State.DONE).count()


def work(number: int, workers: int, instances: int, code: str, starter: str) -> None:
    """One worker's share, from wherever the one before it was killed."""
    from bench import cases
    from shuzheng.base.core.scope import system_scope
    from shuzheng.base.flows.models import Case

    house = cases.found(code, starter)
    ticks = os.open(os.environ[TICKS], os.O_WRONLY | os.O_APPEND)
    with system_scope("flows.engine").activate():
        over = set(Case.objects.filter(definition__code=code, state=Case.State.DONE).values_list("title", flat=True))
    for instance in range(number, instances, workers):
        name = f"{code}-{instance:07}"
        if name in over:
            continue
        case = house.begin(name)
        while waiting := cases.open_tasks(case.pk):
            for task in waiting:
                house.decide(task)
                os.write(ticks, b".")


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


if __name__ == "__main__":
    from bench.house import set_up

    set_up()
    work(*map(int, sys.argv[1:4]), *sys.argv[4:])
