"""Moving a county with 100,000 rows under another prefecture, and how long others wait meanwhile."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.utils import timezone

from bench import stock
from bench.measure import Result, timed
from bench.reference import reorganise as reference
from shuzheng.base.core.action import new_key
from shuzheng.base.masters.models import Place
from shuzheng.base.org.actions import move_nodes
from shuzheng.base.org.models import Node
from shuzheng.base.registers.service import get

MOVER, OTHER = "zj.admin", "sc.clerk"
NEW = "33/07/"
ROUNDS = 5
PAUSE = 0.005


def run() -> Iterator[Result]:
    """There and back, both ways in turn on the same rows; beside it somebody in another county notes how long changes take."""
    here = stock.MOVED
    there = NEW + here.rstrip("/").rsplit("/", 1)[-1] + "/"
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM masters_place")
        cursor.execute("VACUUM search_doc")
    with _Other() as other:
        time.sleep(3)
    usual = other.waits
    ours, plain, longest, rows = [], [], [], 0
    for count in range(ROUNDS + 1):
        old, new = (here, there) if count % 2 == 0 else (there, here)
        with _Other() as other:
            seconds = timed(lambda old=old, new=new: move(old, new))
        back = timed(lambda old=old, new=new: reference.move(new, old))
        begin = time.perf_counter()
        rows = reference.move(old, new)
        again = time.perf_counter() - begin
        if count:  # the first round warms
            ours.append(seconds)
            plain += [back, again]
            longest.append(max(other.waits))
    yield Result(
        "reorganisation", statistics.median(ours),
        f"a county with {rows:,} scoped rows (places and their entries for search) to another prefecture: nodes, versions, posts,"
        " every table, trail and event; against a plain UPDATE of the path column of the same rows", statistics.median(plain), 3,
    )  # fmt: skip
    yield Result(
        "reorganisation, others' longest wait", max(longest),
        f"a place of another county changed again and again during the moves; without one the median is"
        f" {statistics.median(usual) * 1000:.0f} ms and the longest {max(usual) * 1000:.0f} ms. Nobody waits for the lock on that"
        " county but who moves it or a part of it",
    )  # fmt: skip


def move(old: str, new: str) -> None:
    """Put the division at ``old`` where ``new`` says, by the action that the page calls."""
    actor = stock.actor(MOVER)
    with actor.scope.activate():
        node = Node.objects.get(path=old)
        to = Node.objects.get(path=new[: new.rstrip("/").rindex("/") + 1])
    move_nodes([node], actor=actor, to=to, on=timezone.localdate(), basis="bench", key=new_key())


class _Other(threading.Thread):
    """Somebody in another county who changes a place again and again; ``waits`` are the seconds of each change."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.waits: list[float] = []
        self.ended = threading.Event()

    def run(self) -> None:
        actor, register = stock.actor(OTHER), get("places")
        with actor.scope.activate():
            place = Place.objects.filter(path__startswith=actor.organ_path).first()
        while not self.ended.is_set():
            self.waits.append(timed(lambda: self._change(register, actor, place)))
            time.sleep(PAUSE)
        connections.close_all()

    def _change(self, register: Any, actor: Any, place: Any) -> None:
        changes = {str(place.pk): {"note": str(len(self.waits))}}
        register.write("change", [place], actor=actor, key=new_key(), changes=changes)

    def __enter__(self) -> _Other:
        self.start()
        while not self.waits and self.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.ended.set()
        self.join()
