"""What the worker does all the time, beside its queue: sealing the trail about every second, dispatching events.

Each loop is a thread. It asks the database every so often; a look that finds nothing takes a fraction of a millisecond.
(Waking by NOTIFY would make every writer's commit wait for the others': docs/adr/0008-events-and-jobs.md.)
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connections
from psycopg_pool import PoolTimeout

from shuzheng.base.audit.sealer import Sealer
from shuzheng.base.events import dispatch
from shuzheng.base.jobs.jobs import deliver_events

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds to wait after the database, or the disk, was away."""


@dataclass(frozen=True)
class Loop:
    """Something done every ``every`` seconds, by one worker at a time (it takes an advisory lock itself)."""

    name: str
    every: float
    step: Callable[[], object]


def dispatch_events() -> None:
    """Hand new events out, and see that a job delivers them for each subscriber."""
    dispatch.dispatch()
    for subscriber in dispatch.due():
        deliver_events.later(subscriber=subscriber, lock=f"events:{subscriber}", once=f"events:{subscriber}")


def loops() -> list[Loop]:
    return [Loop("audit.seal", 1.0, Sealer()), Loop("events.dispatch", 0.3, dispatch_events)]


@contextmanager
def running() -> Iterator[None]:
    """Run all loops in the background; on leaving they end after their present step."""
    over = threading.Event()
    threads = [threading.Thread(target=_run, args=(loop, over), name=loop.name, daemon=True) for loop in loops()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(timeout=10)


def _run(loop: Loop, over: threading.Event) -> None:
    wait = loop.every
    while not over.wait(wait):
        try:
            loop.step()
            wait = loop.every
        except (DatabaseError, InterfaceError, PoolTimeout, OSError) as error:
            log.warning("%s: %s; trying again in %.0f s", loop.name, error, PATIENCE)
            wait = PATIENCE
        except BaseException:
            # A fault of ours. A worker that looks alive while nothing is sealed would be worse than one that restarts.
            log.exception("%s failed; the worker stops", loop.name)
            os.kill(os.getpid(), signal.SIGTERM)
            raise
        finally:
            connections.close_all()
