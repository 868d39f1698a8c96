"""Many at once, as a web server has them: processes with threads, each thread with a connection of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from bench.house import set_up

PROCESSES, THREADS = 10, 5
"""Together fifty."""


class Crowd:
    """Processes that do what they are sent. ``work`` names a module and a function in it: ``bench.approvals:work``.

    The function is called with the kind of work and one item, in a thread of a process that holds Django; what it returns
    comes back and must be plain.
    """

    def __init__(self, work: str, processes: int = PROCESSES, threads: int = THREADS) -> None:
        self.work, self.processes, self.threads = work, processes, threads
        self.members: list[tuple[Any, Connection]] = []

    def __enter__(self) -> Crowd:
        context = multiprocessing.get_context("spawn")
        for _ in range(self.processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_member, args=(theirs, self.work, self.threads), daemon=True)
            process.start()
            theirs.close()
            self.members.append((process, ours))
        for _process, pipe in self.members:
            pipe.recv()
        return self

    def __exit__(self, *fault: object) -> None:
        for process, pipe in self.members:
            if process.is_alive():
                pipe.send(None)
                process.join(20)
            process.close()

    def send(self, kind: str, items: Sequence[Any]) -> None:
        """Deal the items out."""
        for place, (_process, pipe) in enumerate(self.members):
            pipe.send((kind, list(items[place :: len(self.members)])))

    def collect(self) -> list[Any]:
        """What came of them, when all are done.

        Raises:
            RuntimeError: one failed.
        """
        found = []
        for _process, pipe in self.members:
            said = pipe.recv()
            if isinstance(said, str):
                raise RuntimeError(said)
            found += said
        return found

    def do(self, kind: str, items: Sequence[Any]) -> float:
        """Seconds of the clock from the first word to the last answer."""
        begin = time.perf_counter()
        self.send(kind, items)
        self.collect()
        return time.perf_counter() - begin


def _member(pipe: Connection, work: str, threads: int) -> None:
    """One process: does its share, says what came of it, waits for more."""
    set_up()
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 -- loads every app's pages, and with them what listens to events
    module, name = work.split(":")
    do = getattr(importlib.import_module(module), name)
    with ThreadPoolExecutor(threads) as pool:
        pipe.send("ready")
        while (message := pipe.recv()) is not None:
            kind, items = message
            try:
                pipe.send(list(pool.map(do, [kind] * len(items), items)))
            except Exception as fault:  # noqa: BLE001 -- said to the one who waits
                pipe.send(repr(fault))
