"""Eight writers at once: an action with its permission, key, trail and event, against a bare INSERT."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from bench.house import set_up
from bench.measure import Result

WRITERS = 8
ACTIONS = 25
"""Actions of each writer in one round."""
ROUNDS = 11
USERNAME = "sc.clerk"


def run() -> Iterator[Result]:
    """Rounds of both in turn; each writer is a process with a connection of its own."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for number in range(WRITERS):
        ours, theirs = context.Pipe()
        writer = context.Process(target=_write, args=(theirs, number), daemon=True)
        writer.start()
        pipes.append((writer, ours))
    for _writer, pipe in pipes:
        pipe.recv()
    taken: dict[str, list[float]] = {"action": [], "insert": []}
    for count in range(ROUNDS + 2):
        for kind in ("action", "insert") if count % 2 else ("insert", "action"):
            seconds = _round([pipe for _writer, pipe in pipes], kind)
            if count >= 2:
                taken[kind].append(seconds / (WRITERS * ACTIONS))
    for writer, pipe in pipes:
        pipe.send("end")
        writer.join()
    yield Result(
        "action, 8 writers", statistics.median(taken["action"]),
        "a new place: permission, key, audit, outbox event; seconds of the clock per action, against a bare INSERT in its own"
        " transaction; fsync on", statistics.median(taken["insert"]), 3,
    )  # fmt: skip


def _round(pipes: list[Connection], kind: str) -> float:
    begin = time.perf_counter()
    for pipe in pipes:
        pipe.send(kind)
    for pipe in pipes:
        if (said := pipe.recv()) != "done":
            raise RuntimeError(said)
    return time.perf_counter() - begin


def _write(pipe: Connection, number: int) -> None:
    """One writer: waits for a word, does its share, says so."""
    set_up()
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018 -- loads every app's pages, and with them the registers
    kinds = {"action": action(USERNAME), "insert": insert(USERNAME)}
    pipe.send("ready")
    count, begun = 0, int(time.time()) % 10**8  # numbers are taken once, also in a deployment that was kept
    while (kind := pipe.recv()) != "end":
        for _ in range(ACTIONS):
            count += 1
            kinds[kind](f"{kind[0]}{os.getpid()}-{count}-{begun}")
        pipe.send("done")


def action(username: str) -> Callable[[str], Any]:
    """A function that makes a place by the register's action."""
    from bench import stock
    from shuzheng.base.core.action import new_key
    from shuzheng.base.masters.models import Place
    from shuzheng.base.org.models import Node
    from shuzheng.base.registers.service import get

    actor, register = stock.actor(username), get("places")
    with actor.scope.activate():
        node = Node.objects.get(pk=actor.organ_id)

    def create(name: str) -> Any:
        place = Place(number=name, name=name, full_name=name, kind="building", gross_area=1200, net_area=900)
        place.own(node)
        return register.write("create", [place], actor=actor, key=new_key())

    return create


def insert(username: str) -> Callable[[str], Any]:
    """A function that inserts a place barely."""
    from bench import stock
    from bench.reference.actions import create
    from shuzheng.base.org.models import Node

    actor = stock.actor(username)
    node = Node.objects.using("owner").get(pk=actor.organ_id)
    return lambda name: create(node, name, name)
